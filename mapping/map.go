package mapping

import (
	"slices"
	"strings"
)

// Reasons of notes about values; they are stable and counted. Those about phones are beside Phone.
const (
	TextCut         = "text_cut"         // the text was longer than MaxText
	UnexpectedValue = "unexpected_value" // the custom field's value does not fit its type; left out
)

// Contact is what Brevo should know about a customer.
type Contact struct {
	Email        string         // lower-cased
	Attributes   map[string]any // string, float64 or bool by attribute name; only those that have a value
	Managed      []string       // attributes in scope now, with a value or without, sorted; touch no others
	Lists        []string       // keys of the lists the person belongs to, sorted
	ManagedLists []string       // keys of the lists whose condition could be decided now, sorted; touch no others
	Notes        []Note         // what was left out, and why
}

// Note says why a target has no value, or less than Zendesk has. It holds no personal data.
type Note struct {
	Target string
	Reason string
}

// Map tells what Brevo should know about a customer who passes Skip. ready says which streams have reached their end once;
// an attribute or list that needs another one is out of scope: neither in Managed nor in Attributes. A nil ready means all.
func (m *Mapper) Map(c Customer, ready func(Stream) bool) Contact {
	if ready == nil {
		ready = func(Stream) bool { return true }
	}
	have := setWhere(ready)
	contact := Contact{
		Email:      strings.ToLower(strings.TrimSpace(c.User.Email)),
		Attributes: make(map[string]any, len(m.bindings)),
	}
	phoneNoted := false
	for _, b := range m.bindings {
		if !have.covers(b.needs) {
			continue
		}
		value, reason := m.value(b, &c)
		if b.untyped && value == nil && reason == "" {
			continue
		}
		contact.Managed = append(contact.Managed, b.target)
		if value != nil {
			contact.Attributes[b.target] = value
		}
		// One phone that goes to several attributes is one phone left out.
		if reason == "" || b.source == sourcePhone && phoneNoted {
			continue
		}
		phoneNoted = phoneNoted || b.source == sourcePhone
		contact.Notes = append(contact.Notes, Note{Target: b.target, Reason: reason})
	}
	for _, list := range m.lists {
		if !have.covers(setOf(list.Streams)) {
			continue
		}
		contact.ManagedLists = append(contact.ManagedLists, list.Key)
		if m.belongs(list.Key, c.Measures) {
			contact.Lists = append(contact.Lists, list.Key)
		}
	}
	return contact
}

// value gives the canonical value of a binding, nil without one, and the reason for a note.
func (m *Mapper) value(b binding, c *Customer) (value any, reason string) {
	if b.source == sourcePhone {
		return m.ownPhone(c)
	}
	value, cut, ok := convert(b.typ, b.value(c))
	switch {
	case !ok:
		return nil, UnexpectedValue
	case value != nil && b.isPhone():
		number, reason := m.phone(value.(string))
		return orNothing(number), reason
	case cut:
		return value, TextCut
	}
	return value, ""
}

func (m *Mapper) ownPhone(c *Customer) (value any, reason string) {
	number, reason := m.phone(c.User.Phone)
	switch {
	case strings.TrimSpace(c.User.Phone) == "":
		return nil, ""
	case c.User.SharedPhone:
		return nil, SharedPhone
	case reason != "":
		return nil, reason
	case c.PhoneHeldBy != 0:
		return nil, PhoneHeldByOlderUser
	}
	return number, ""
}

// belongs decides a list's condition. Satisfaction is compared as CSAT_SCORE shows it, to one decimal.
func (m *Mapper) belongs(list string, measures Measures) bool {
	switch list {
	case AllCustomers:
		return true
	case ActiveTickets:
		return measures.OpenTickets > 0
	case SatisfiedCustomers:
		return measures.Ratings > 0 && score(measures.Satisfaction) >= m.threshold
	}
	return false
}

// listStreams are the streams behind each list's condition.
var listStreams = map[string][]Stream{
	AllCustomers:       fromUsers,
	ActiveTickets:      fromTickets,
	SatisfiedCustomers: fromRatings,
}

// listKeys are the keys a connector may configure, sorted.
func listKeys() []string {
	keys := make([]string, 0, len(listStreams))
	for key := range listStreams {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
