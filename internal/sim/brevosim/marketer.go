package brevosim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Marketer is what an account held before the connector came: contacts, attributes and lists that are not its own. Tests
// compute from it what must be untouched afterwards.
type Marketer struct {
	Contacts     map[string]Contact // as seeded, by address, without those that hold phones
	Attributes   []Attribute
	Lists        []List // members are ids of contacts
	Blocklisted  []string
	Unsubscribed map[string][]int64 // lists that a person has left, by address
	PhoneHolders []Contact          // unrelated people who own one of the taken phones each
}

// marketerShare: one in this many of the given addresses is already a contact.
const marketerShare = 4

// SeedMarketer makes the account of a marketer who has been at work for a while. Of the given addresses every fourth is
// a contact already, with a first name of the marketer's spelling; of these, by turns, one is plain, one has LOYALTY and
// OWN filled and is on the lists Newsletter and VIP, one is blocklisted, one has left the Newsletter. Each taken phone
// belongs to somebody else; without any, +33612345678 does. The same input always gives the same account.
func (s *Server) SeedMarketer(emails []string, taken ...string) Marketer {
	m := Marketer{Contacts: map[string]Contact{}, Unsubscribed: map[string][]int64{}}
	for _, a := range []Attribute{
		{Name: "LOYALTY", Category: "normal", Type: "float"},
		{Name: "OWN", Category: "normal", Type: "text"},
		{Name: "SEGMENT", Category: "category", Type: "text", Options: []Option{{"gold", "Gold"}, {"silver", "Silver"}}},
	} {
		s.SeedAttributeDefinition(a)
		m.Attributes = append(m.Attributes, a)
	}
	newsletter, vip := s.SeedList("Newsletter"), s.SeedList("VIP")
	known := map[string]bool{}
	for i, email := range emails {
		email = strings.ToLower(email)
		if i%marketerShare != 0 || known[email] {
			continue
		}
		known[email] = true
		s.seedMarketed(&m, len(known)-1, email, newsletter, vip)
	}
	if len(taken) == 0 {
		taken = []string{"+33612345678"}
	}
	for i, phone := range taken {
		email := fmt.Sprintf("phone-holder-%d@marketer.example", i)
		s.SeedContact(Contact{Email: email, Attributes: map[string]any{s.attributes.first: "Holder", "SMS": phone}})
		c, _ := s.ContactByEmail(email)
		m.PhoneHolders = append(m.PhoneHolders, c)
	}
	for _, id := range []int64{newsletter, vip} {
		i := slices.IndexFunc(s.Lists(), func(l List) bool { return l.ID == id })
		m.Lists = append(m.Lists, s.Lists()[i])
	}
	return m
}

// seedMarketed makes the nth known contact.
func (s *Server) seedMarketed(m *Marketer, n int, email string, newsletter, vip int64) {
	c := Contact{Email: email, Attributes: map[string]any{s.attributes.first: fmt.Sprintf("Marketed%d", n)}}
	switch n % 4 {
	case 1:
		maps.Copy(c.Attributes, map[string]any{"LOYALTY": float64(10 * n), "OWN": fmt.Sprintf("own note %d", n), "SEGMENT": "gold"})
		c.Lists = []int64{newsletter, vip}
	case 2:
		c.EmailBlacklisted = true
		c.Lists = []int64{newsletter}
		m.Blocklisted = append(m.Blocklisted, email)
	case 3:
		c.Attributes["OWN"] = fmt.Sprintf("own note %d", n)
		c.ListUnsubscribed = []int64{newsletter}
		m.Unsubscribed[email] = []int64{newsletter}
	}
	s.SeedContact(c)
	m.Contacts[email], _ = s.ContactByEmail(email)
}
