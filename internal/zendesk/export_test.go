package zendesk

// ScanAny builds a value with the scanner's own primitives, for comparison with encoding/json.
func ScanAny(body []byte) (any, error) {
	s := &scanner{b: body, intern: map[string]string{}}
	v := scanAny(s)
	s.end()
	return v, s.err
}

func scanAny(s *scanner) any {
	switch s.peek() {
	case '{':
		m := map[string]any{}
		s.object(func(key []byte) {
			name := string(key)
			m[name] = scanAny(s)
		})
		return m
	case '[':
		a := []any{}
		s.array(func() { a = append(a, scanAny(s)) })
		return a
	}
	return s.value()
}

// SkipAll passes over the value and expects nothing behind it.
func SkipAll(body []byte) error {
	s := &scanner{b: body}
	s.skip()
	s.end()
	return s.err
}

// DecodeTickets decodes an export page.
func DecodeTickets(body []byte) ([]Ticket, error) {
	e := &envelope{require: []string{"tickets", "end_of_stream"}}
	err := e.decode(body, map[string]string{})
	return e.tickets, err
}

// DecodeUsers and DecodeOrganizations decode pages of those nouns.
func DecodeUsers(body []byte) ([]User, error) {
	e := &envelope{require: []string{"users"}}
	err := e.decode(body, map[string]string{})
	return e.users, err
}

func DecodeOrganizations(body []byte) ([]Organization, error) {
	e := &envelope{require: []string{"organizations"}}
	err := e.decode(body, map[string]string{})
	return e.organizations, err
}
