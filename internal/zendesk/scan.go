package zendesk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"zendesk-brevo/internal/rest"
)

// maxDepth bounds nesting: Zendesk's objects are less than ten levels deep, encoding/json stops at 10,000.
const maxDepth = 200

// scanner reads JSON from a whole body, member by member. An export page is mostly text that the product must not keep;
// skipping it costs one memory scan here and a full tokenisation in general decoders, several times slower.
//
// The methods here and in scantext.go take exactly what encoding/json takes, and null as the zero value; those in
// scanodd.go forgive values of another type. After the first failure every method returns zero values at once; err holds
// that failure. Strings are checked as they are decoded; a skipped value is checked for its structure only.
type scanner struct {
	b      []byte
	i      int
	depth  int
	err    error
	intern map[string]string // short strings that recur: statuses, channels, tags
}

const maxInterned = 4096

func (s *scanner) fail(why string) {
	if s.err != nil {
		return
	}
	if s.i >= len(s.b) {
		s.err = io.ErrUnexpectedEOF
	} else {
		s.err = &rest.Malformed{Why: fmt.Sprintf("%s at byte %d", why, s.i)}
	}
	s.i = len(s.b)
}

// peek skips white space and returns the next byte without taking it; 0 at the end.
func (s *scanner) peek() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\n', '\t', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte, why string) bool {
	if s.peek() != c || s.err != nil {
		s.fail(why)
		return false
	}
	s.i++
	return true
}

// literal takes the given word.
func (s *scanner) literal(word string) bool {
	if !bytes.HasPrefix(s.b[s.i:], []byte(word)) {
		if bytes.HasPrefix([]byte(word), s.b[s.i:]) {
			s.i = len(s.b)
		}
		s.fail("expected a value")
		return false
	}
	s.i += len(word)
	return true
}

// null takes a null, if that is what comes next.
func (s *scanner) null() bool { return s.peek() == 'n' && s.literal("null") }

// object calls member with each key of an object; member must read or skip the value.
func (s *scanner) object(member func(key []byte)) {
	if s.null() || !s.enter('{', "expected an object") || s.empty('}') {
		return
	}
	for s.err == nil {
		s.peek()
		key := s.text("expected a key")
		if !s.take(':', "expected a colon") {
			return
		}
		member(key)
		if !s.more('}') {
			return
		}
	}
}

// array calls element before each element of an array; element must read or skip it.
func (s *scanner) array(element func()) {
	if s.null() || !s.enter('[', "expected an array") || s.empty(']') {
		return
	}
	for s.err == nil {
		element()
		if !s.more(']') {
			return
		}
	}
}

func (s *scanner) enter(open byte, why string) bool {
	if !s.take(open, why) {
		return false
	}
	if s.depth++; s.depth > maxDepth {
		s.fail("nested too deeply")
		return false
	}
	return true
}

// empty takes the end of an object or array that has no members.
func (s *scanner) empty(end byte) bool {
	if s.peek() != end {
		return false
	}
	s.i++
	s.depth--
	return true
}

// more takes what follows a member: a comma and it goes on, or the end.
func (s *scanner) more(end byte) bool {
	if s.err != nil {
		return false
	}
	switch s.peek() {
	case ',':
		s.i++
		return true
	case end:
		s.i++
		s.depth--
		return false
	}
	s.fail("expected a comma or an end")
	return false
}

func (s *scanner) interned(b []byte) string {
	if known, ok := s.intern[string(b)]; ok {
		return known
	}
	w := string(b)
	if s.intern != nil && len(s.intern) < maxInterned && len(w) <= 64 {
		s.intern[w] = w
	}
	return w
}

// constant takes true, false or null.
func (s *scanner) constant() bool {
	switch s.peek() {
	case 't':
		return s.literal("true")
	case 'f':
		s.literal("false")
		return false
	case 'n':
		s.literal("null")
		return false
	}
	s.fail("expected true or false")
	return false
}

// value takes anything, in the types of encoding/json; a number out of the range of float64 is null. Objects and arrays are rare here: look-up and multi-select fields.
func (s *scanner) value() any {
	switch s.peek() {
	case 'n':
		s.literal("null")
		return nil
	case 't', 'f':
		return s.constant()
	case '"':
		return s.interned(s.text("expected a string"))
	case '{', '[':
		from := s.i
		s.skip()
		if s.err != nil {
			return nil
		}
		var v any
		var odd *json.UnmarshalTypeError // numbers out of range, which encoding/json leaves null as well
		if err := json.Unmarshal(s.b[from:s.i], &v); err != nil && !errors.As(err, &odd) {
			s.fail("malformed value before")
		}
		return v
	}
	f, err := strconv.ParseFloat(string(s.number()), 64)
	if errors.Is(err, strconv.ErrRange) {
		return nil
	}
	if err != nil {
		s.fail("expected a value before")
		return nil
	}
	return f
}
