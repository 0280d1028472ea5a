package zendesk

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// The methods of this file read the members of rows. Zendesk's documents, its pages and its answers do not agree on the
// type of every member, and one odd value must not hold up a whole stream of rows: a value that can be understood in
// another type is, and any other is taken as absent. What decides whether and when a row counts (its id, the times by
// which it is ordered, the end of a stream) is read by the methods with a reason to fail: id, moment and flag.

// members is object for a member that may be missing: any other value has no members. It reports whether it was one.
func (s *scanner) members(member func(key []byte)) bool {
	if s.peek() != '{' {
		s.skip()
		return false
	}
	s.object(member)
	return true
}

// elements is array for a member that may be missing: any other value has no elements.
func (s *scanner) elements(element func()) {
	if s.peek() != '[' {
		s.skip()
		return
	}
	s.array(element)
}

// str takes a string, or a number as it is written.
func (s *scanner) str() string { return string(s.anyText()) }

// word is str for a string that recurs from row to row.
func (s *scanner) word() string { return s.interned(s.anyText()) }

func (s *scanner) anyText() []byte {
	switch s.peek() {
	case '"':
		return s.text("expected a string")
	case '{', '[', 't', 'f', 'n':
		s.skip()
		return nil
	}
	return s.number()
}

// int takes a whole number, also one written as a string or with a fraction of zero. An empty string is 0.
func (s *scanner) int() int64 {
	n, _ := s.whole()
	return n
}

// id is int for a number that has to be right.
func (s *scanner) id() int64 {
	n, ok := s.whole()
	if !ok {
		s.fail("expected a whole number before")
	}
	return n
}

// optionalInt is int that tells null, and what is no whole number, from 0.
func (s *scanner) optionalInt() *int64 {
	if s.null() {
		return nil
	}
	empty := s.peek() == '"' && bytes.HasPrefix(s.b[s.i:], []byte(`""`))
	n, ok := s.whole()
	if !ok || empty {
		return nil
	}
	return &n
}

func (s *scanner) whole() (n int64, ok bool) {
	switch s.peek() {
	case 'n':
		return 0, s.literal("null")
	case '"':
		b := s.text("expected a number")
		if len(b) == 0 {
			return 0, true
		}
		return wholeNumber(b)
	case '{', '[', 't', 'f':
		s.skip()
		return 0, false
	}
	return wholeNumber(s.number())
}

// maxExact is the largest magnitude up to which a float64 holds every whole number.
const maxExact = 1 << 53

func wholeNumber(b []byte) (int64, bool) {
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return n, true
	}
	if !validNumber(b) || !bytes.ContainsAny(b, ".eE") {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > maxExact {
		return 0, false
	}
	return int64(f), true
}

// bool takes true and false, also in quotes; anything else is false.
func (s *scanner) bool() bool {
	v, _ := s.truth()
	return v
}

// flag is bool for a value that has to be right; null is false.
func (s *scanner) flag() bool {
	if s.null() {
		return false
	}
	v, ok := s.truth()
	if !ok {
		s.fail("expected true or false before")
	}
	return v
}

// truth reports whether the value was true or false at all.
func (s *scanner) truth() (v, ok bool) {
	switch s.peek() {
	case 't', 'f':
		return s.constant(), true
	case '"':
		switch string(s.text("expected true or false")) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
		return false, false
	}
	s.skip()
	return false, false
}

// time takes a time; anything else is the zero time.
func (s *scanner) time() time.Time {
	t, _ := s.when()
	return t
}

// leastMillis tells Unix milliseconds from seconds: as milliseconds it is in 1973, as seconds in the year 5138.
const leastMillis = 100_000_000_000

// instant is time that also takes digits, as a number or as text: Unix milliseconds, or seconds where they are too few.
func (s *scanner) instant() time.Time {
	at := *s
	if n := at.int(); n > 0 && at.err == nil {
		*s = at
		if n < leastMillis {
			return time.Unix(n, 0).UTC()
		}
		return time.UnixMilli(n).UTC()
	}
	return s.time()
}

// moment is time for a value that has to be right; null and "" are the zero time.
func (s *scanner) moment() time.Time {
	t, ok := s.when()
	if !ok {
		s.fail("expected an RFC 3339 time before")
	}
	return t
}

// layouts are other ways to write a time that leave no doubt about its zone.
var layouts = []string{"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 UTC"}

// when takes a time and returns it in UTC.
func (s *scanner) when() (t time.Time, ok bool) {
	switch s.peek() {
	case 'n':
		return time.Time{}, s.literal("null")
	case '"':
	default:
		s.skip()
		return time.Time{}, false
	}
	b := s.text("expected a time")
	if len(b) == 0 {
		return time.Time{}, true
	}
	if t.UnmarshalText(b) == nil {
		return t.UTC(), true
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, string(b)); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
