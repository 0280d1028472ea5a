package zendesksim

import (
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// The bodies of pages are appended by hand: the simulator shares its processors with the client that a benchmark
// measures.

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1<<20); return &b }}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[start:i]...), `\ufffd`...)
				start = i + 1
			}
			i += n
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// The helpers below append `,"name":value`; key holds the comma, the quotes and the colon.

func appendText(b []byte, key, s string) []byte { return appendString(append(b, key...), s) }

// appendTextOrNull writes null for the empty string.
func appendTextOrNull(b []byte, key, s string) []byte {
	b = append(b, key...)
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

func appendInt(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(b, key...), n, 10)
}

// appendID writes null for 0.
func appendID(b []byte, key string, id int64) []byte {
	if id == 0 {
		return append(append(b, key...), "null"...)
	}
	return appendInt(b, key, id)
}

func appendBool(b []byte, key string, v bool) []byte {
	return strconv.AppendBool(append(b, key...), v)
}

// appendTime writes UTC with whole seconds, null for the zero time.
func appendTime(b []byte, key string, t time.Time) []byte {
	b = append(b, key...)
	if t.IsZero() {
		return append(b, "null"...)
	}
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	two := func(n int) { b = append(b, byte('0'+n/10%10), byte('0'+n%10)) }
	b = append(b, '"')
	two(y / 100)
	two(y)
	b = append(b, '-')
	two(int(mo))
	b = append(b, '-')
	two(d)
	b = append(b, 'T')
	two(h)
	b = append(b, ':')
	two(mi)
	b = append(b, ':')
	two(s)
	return append(b, 'Z', '"')
}

func appendStrings(b []byte, key string, list []string) []byte {
	b = append(append(b, key...), '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

func appendIDs(b []byte, key string, ids []int64) []byte {
	b = append(append(b, key...), '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return append(b, ']')
}

// appendValue writes the value of a custom field.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case []string:
		return appendStrings(b, "", v)
	default:
		return append(b, "null"...)
	}
}
