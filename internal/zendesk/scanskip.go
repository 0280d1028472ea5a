package zendesk

import "bytes"

// skip passes over one value.
func (s *scanner) skip() {
	switch s.peek() {
	case '"':
		s.skipText()
	case '{':
		s.skipObject()
	case '[':
		s.skipArray()
	case 't', 'f', 'n':
		s.constant()
	default:
		s.number()
	}
}

func (s *scanner) skipObject() {
	if !s.enter('{', "expected an object") || s.empty('}') {
		return
	}
	for s.err == nil {
		if s.peek() != '"' {
			s.fail("expected a key")
			return
		}
		s.skipText()
		if !s.take(':', "expected a colon") {
			return
		}
		s.skip()
		if !s.more('}') {
			return
		}
	}
}

func (s *scanner) skipArray() {
	if !s.enter('[', "expected an array") || s.empty(']') {
		return
	}
	for s.err == nil {
		s.skip()
		if !s.more(']') {
			return
		}
	}
}

// skipText passes over a string, whose opening quote is next.
func (s *scanner) skipText() {
	for i := s.i + 1; ; {
		n := bytes.IndexByte(s.b[i:], '"')
		if n < 0 {
			s.i = len(s.b)
			s.fail("")
			return
		}
		i += n
		// The quote ends the string unless an odd number of backslashes stands before it.
		back := i - 1
		for back > s.i && s.b[back] == '\\' {
			back--
		}
		if (i-back)%2 == 1 {
			s.i = i + 1
			return
		}
		i++
	}
}

// end expects nothing more than white space.
func (s *scanner) end() {
	if s.err == nil && (s.peek() != 0 || s.i < len(s.b)) {
		s.fail("unexpected text after the answer")
	}
}
