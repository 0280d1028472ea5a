package brevosim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Contact is a contact as the account holds it. SMS, WHATSAPP and EXT_ID are among its Attributes, the address is not.
type Contact struct {
	ID               int64
	Email            string
	Attributes       map[string]any // values are string, float64, bool or []string
	Lists            []int64        // ascending
	ListUnsubscribed []int64
	EmailBlacklisted bool
	SMSBlacklisted   bool
	CreatedAt        time.Time
	ModifiedAt       time.Time
}

// Company is a company as the account holds it, without the attributes that the account computes.
type Company struct {
	ID         string
	Name       string
	Attributes map[string]any // by internal name
	Contacts   []int64        // ascending
	CreatedAt  time.Time
	ModifiedAt time.Time
}

// lockSettled takes the account's lock and brings processes up to date; the caller unlocks.
func (s *Server) lockSettled() {
	s.mu.Lock()
	s.settle(s.clock.Now())
}

// Contacts are all contacts, oldest first.
func (s *Server) Contacts() []Contact {
	s.lockSettled()
	defer s.mu.Unlock()
	out := make([]Contact, 0, len(s.contacts.order))
	for _, id := range s.contacts.order {
		out = append(out, s.contacts.byID[id].snapshot())
	}
	return out
}

// ContactByEmail finds a contact by its address in any case.
func (s *Server) ContactByEmail(email string) (Contact, bool) {
	s.lockSettled()
	defer s.mu.Unlock()
	c := s.contacts.find(keyEmail, strings.ToLower(email))
	if c == nil {
		return Contact{}, false
	}
	return c.snapshot(), true
}

func (c *contact) snapshot() Contact {
	return Contact{
		ID: c.id, Email: c.keys[keyEmail], Attributes: c.shown(), Lists: sortedIDs(c.lists), ListUnsubscribed: sortedIDs(c.unsubscribed),
		EmailBlacklisted: c.emailBlacklisted, SMSBlacklisted: c.smsBlacklisted, CreatedAt: c.createdAt, ModifiedAt: c.modifiedAt,
	}
}

// Attributes are the definitions of contact attributes in order of creation.
func (s *Server) Attributes() []Attribute {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Attribute
	for _, name := range s.attributes.order {
		out = append(out, *s.attributes.byName[name])
	}
	return out
}

// NameAttributes are what the account calls first and last name.
func (s *Server) NameAttributes() (first, last string) { return s.attributes.first, s.attributes.last }

// Lists are all lists with their members, in order of creation.
func (s *Server) Lists() []List {
	s.lockSettled()
	defer s.mu.Unlock()
	var out []List
	for _, id := range s.lists.order {
		l := *s.lists.byID[id]
		l.Contacts = []int64{}
		for _, c := range s.contacts.order {
			if s.contacts.byID[c].lists[id] {
				l.Contacts = append(l.Contacts, c)
			}
		}
		out = append(out, l)
	}
	return out
}

// ListByName returns the first list of that name.
func (s *Server) ListByName(name string) (List, bool) {
	for _, l := range s.Lists() {
		if l.Name == name {
			return l, true
		}
	}
	return List{}, false
}

// Folders are all folders in order of creation.
func (s *Server) Folders() []Folder {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lists.folders)
}

// Companies are all companies, oldest first.
func (s *Server) Companies() []Company {
	s.lockSettled()
	defer s.mu.Unlock()
	var out []Company
	for _, id := range s.companies.order {
		c := s.companies.byID[id]
		name, _ := c.attributes["name"].(string)
		out = append(out, Company{
			ID: c.id, Name: name, Attributes: maps.Clone(c.attributes), Contacts: sortedIDs(c.contacts),
			CreatedAt: c.createdAt, ModifiedAt: c.modifiedAt,
		})
	}
	return out
}

// CompanyAttributes are the definitions of company attributes in order of creation.
func (s *Server) CompanyAttributes() []CompanyAttribute {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []CompanyAttribute
	for _, a := range s.companies.attributes {
		out = append(out, *a)
	}
	return out
}

// Events are all accepted events in order of arrival, those of nobody included.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Event
	for _, e := range s.events {
		out = append(out, *e)
	}
	return out
}

// Unattributed are the accepted events that belong to no contact.
func (s *Server) Unattributed() []Event {
	return slices.DeleteFunc(s.Events(), func(e Event) bool { return e.ContactID != 0 })
}

// Emails are the transactional messages sent, oldest first.
func (s *Server) Emails() []Email {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.emails)
}

// Processes are all jobs, oldest first, as they are now.
func (s *Server) Processes() []Process {
	s.lockSettled()
	defer s.mu.Unlock()
	var out []Process
	for _, p := range s.processes.all {
		snapshot := *p
		snapshot.Rejects = maps.Clone(p.Rejects)
		out = append(out, snapshot)
	}
	return out
}

// Writes are the contact writes since ResetWrites.
func (s *Server) Writes() Writes {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// ResetWrites starts the count of contact writes again.
func (s *Server) ResetWrites() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = Writes{}
}

// Misuses are calls that no correct client makes: retired routes, ignored parameters, the API key shown to a file host.
// A test asserts that there are none.
func (s *Server) Misuses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.misuses)
}
