package zendesk

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// text takes a string and returns its bytes, which live as long as the body unless they had to be unescaped.
func (s *scanner) text(why string) []byte {
	if !s.take('"', why) {
		return nil
	}
	start, plain := s.i, true
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			raw := s.b[start:s.i]
			s.i++
			if plain || utf8.Valid(raw) && bytes.IndexByte(raw, '\\') < 0 {
				return raw
			}
			return s.unescape(raw)
		case c == '\\':
			plain = false
			s.i++
		case c >= utf8.RuneSelf:
			plain = false
		case c < ' ':
			s.fail("control character in a string")
			return nil
		}
	}
	s.i = len(s.b)
	s.fail("")
	return nil
}

// unescape resolves escapes and replaces bytes that are not UTF-8, as encoding/json does. A NUL is dropped: it means
// nothing in a name or a tag, and PostgreSQL's text type refuses it.
func (s *scanner) unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			r, size := utf8.DecodeRune(raw[i:])
			out = utf8.AppendRune(out, r)
			i += size
			continue
		}
		// The closing quote was found behind this escape, so it has a second byte.
		c := raw[i+1]
		i += 2
		switch c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, size := hexRune(raw[i:])
			if size == 0 {
				s.fail("bad escape before")
				return nil
			}
			i += size
			if r != 0 {
				out = utf8.AppendRune(out, r)
			}
		default:
			s.fail("bad escape before")
			return nil
		}
	}
	return out
}

// hexRune reads the digits behind \u, and a second \uXXXX when both make a surrogate pair. 0 bytes: malformed.
func hexRune(b []byte) (rune, int) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		if low, ok := hex4(b[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number takes a JSON number and returns its text.
func (s *scanner) number() []byte {
	s.peek()
	start := s.i
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			s.i++
			continue
		}
		break
	}
	if !validNumber(s.b[start:s.i]) {
		s.fail("expected a number")
		return nil
	}
	return s.b[start:s.i]
}

func validNumber(b []byte) bool {
	i := 0
	digits := func() bool {
		from := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return false
	}
	if i < len(b) && b[i] == '.' {
		if i++; !digits() {
			return false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	return i == len(b)
}
