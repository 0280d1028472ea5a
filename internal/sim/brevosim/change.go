package brevosim

import (
	"fmt"
	"net/http"
	"strings"

	"zendesk-brevo/internal/sim"
)

// SeedContact creates a contact as if the marketer had done so. ID, CreatedAt and ModifiedAt of c are ignored when zero;
// attributes SMS, WHATSAPP, LANDLINE_NUMBER and EXT_ID become identifiers. It returns the id, and panics on a contact
// that the account could not hold: that is a mistake in the test.
func (s *Server) SeedContact(c Contact) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &patch{keys: map[key]string{}}
	if c.Email != "" {
		s.seedKey(p, keyEmail, c.Email)
	}
	for k := keyExt; k < keyKinds; k++ {
		if text, _ := c.Attributes[keyAttributes[k]].(string); text != "" {
			s.seedKey(p, k, text)
		}
	}
	if kinds, _ := s.collisions(p, nil); len(kinds) > 0 {
		panic(fmt.Sprintf("brevosim: seeded contact shares %s with another", keyNames[kinds[0]]))
	}
	made := s.contacts.create(s.clock.Now())
	s.apply(made, p, made.createdAt)
	for name, value := range c.Attributes {
		if !identityAttributes[name] {
			made.attributes[name] = value
		}
	}
	for _, id := range c.Lists {
		made.lists[id] = true
	}
	for _, id := range c.ListUnsubscribed {
		made.unsubscribed[id] = true
	}
	made.emailBlacklisted, made.smsBlacklisted = c.EmailBlacklisted, c.SMSBlacklisted
	if !c.CreatedAt.IsZero() {
		made.createdAt, made.modifiedAt = c.CreatedAt, c.CreatedAt
	}
	if !c.ModifiedAt.IsZero() {
		made.modifiedAt = c.ModifiedAt
	}
	return made.id
}

func (s *Server) seedKey(p *patch, k key, text string) {
	if bad := s.setKey(p, k, text); bad != nil {
		panic(fmt.Sprintf("brevosim: seeded contact has an invalid %s", keyNames[k]))
	}
}

// SeedList makes a list in the first folder and returns its id.
func (s *Server) SeedList(name string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lists.create(name, 1).ID
}

// SeedListID makes a list with a given id, such as 30. It panics when the id is taken.
func (s *Server) SeedListID(id int64, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lists.byID[id] != nil {
		panic(fmt.Sprintf("brevosim: list %d exists", id))
	}
	s.lists.put(&List{ID: id, Name: name, FolderID: 1})
}

// SeedAttribute makes a normal attribute of the marketer's: text, date, float or boolean.
func (s *Server) SeedAttribute(name, kind string) {
	s.SeedAttributeDefinition(Attribute{Name: name, Category: "normal", Type: kind})
}

// SeedAttributeDefinition makes any attribute, replacing one of that name.
func (s *Server) SeedAttributeDefinition(a Attribute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attributes.remove(a.Name)
	s.attributes.add(a)
}

// Unsubscribe is a person leaving one list by the link in a campaign.
func (s *Server) Unsubscribe(email string, listID int64) {
	s.edit(email, func(c *contact) {
		c.leave(listID)
		c.unsubscribed[listID] = true
	})
}

// Blocklist is a person unsubscribing from every campaign.
func (s *Server) Blocklist(email string) {
	s.edit(email, func(c *contact) { c.emailBlacklisted = true })
}

// BlocklistSMS is a person who wants no text messages any more.
func (s *Server) BlocklistSMS(email string) {
	s.edit(email, func(c *contact) { c.smsBlacklisted = true })
}

// EditAttribute is the marketer's own change of a contact; a nil value empties the attribute.
func (s *Server) EditAttribute(email, name string, value any) {
	s.edit(email, func(c *contact) {
		if value == nil {
			delete(c.attributes, name)
			return
		}
		c.attributes[name] = value
	})
}

// EditPhone is the marketer's own change of a phone number; empty removes it.
func (s *Server) EditPhone(email, phone string) {
	s.edit(email, func(c *contact) {
		p := &patch{keys: map[key]string{keySMS: ""}}
		if phone != "" {
			s.seedKey(p, keySMS, phone)
		}
		s.contacts.setKey(c, keySMS, p.keys[keySMS])
	})
}

// edit changes a contact that must exist and moves its modification time.
func (s *Server) edit(email string, change func(*contact)) {
	s.lockSettled()
	defer s.mu.Unlock()
	c := s.contacts.find(keyEmail, strings.ToLower(email))
	if c == nil {
		panic("brevosim: no such contact to change")
	}
	change(c)
	c.modifiedAt = s.clock.Now()
}

// DeleteContact is the marketer deleting a contact. It reports whether there was one.
func (s *Server) DeleteContact(email string) bool {
	s.lockSettled()
	defer s.mu.Unlock()
	c := s.contacts.find(keyEmail, strings.ToLower(email))
	if c == nil {
		return false
	}
	s.forget(c)
	return true
}

// RefusePhone makes the account refuse a well-formed number as invalid, as the vendor does with numbers that other
// software takes.
func (s *Server) RefusePhone(phone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	digits := strings.TrimPrefix(strings.TrimPrefix(phone, "+"), "00")
	s.badPhones[digits] = true
}

// RefuseCompany makes the account refuse every company of a name, and every import that holds one; "" ends it for all.
func (s *Server) RefuseCompany(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" {
		clear(s.badCompanies)
		return
	}
	s.badCompanies[name] = true
}

// DeleteCompany is the marketer deleting a company. It reports whether there was one.
func (s *Server) DeleteCompany(id string) bool {
	s.lockSettled()
	defer s.mu.Unlock()
	c := s.companies.byID[id]
	if c != nil {
		s.deleteCompany(nil, c)
	}
	return c != nil
}

// FailProcesses makes the next n processes end as failed, without effect.
func (s *Server) FailProcesses(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes.failures = n
}

// SetAPIKey replaces the account's key, as a rotation does.
func (s *Server) SetAPIKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.APIKey = key
}

// AllowIPs replaces the addresses and CIDR ranges from which calls are taken; none allows all.
func (s *Server) AllowIPs(ranges ...string) {
	prefixes := mustPrefixes(ranges)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allowed = prefixes
}

// RunOutOfCredit makes every call under a path such as /smtp fail with 402 until Restore.
func (s *Server) RunOutOfCredit(prefix string) {
	s.refuse(prefix, failure(http.StatusPaymentRequired, "not_enough_credits", "You do not have enough credits, please upgrade your plan"))
}

// Forbid makes every call under a path such as /companies fail with 403, as a feature outside the plan, until Restore.
func (s *Server) Forbid(prefix string) {
	s.refuse(prefix, failure(http.StatusForbidden, "permission_denied", "This feature is not part of your plan"))
}

func (s *Server) refuse(prefix string, answer *reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = append(s.refusals, refusal{prefix, *answer})
}

// Restore ends what RunOutOfCredit and Forbid began.
func (s *Server) Restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = nil
}

// TooEarly is the fault of an account that is still busy with an earlier change: the next n matching calls get 425 with
// the only code that the vendor's document offers for it.
func TooEarly(path string, n int) sim.Fault {
	return sim.Fault{
		Path: path, Times: n, Status: http.StatusTooEarly,
		Body: `{"code":"account_in_process","message":"Account is in process, try again later"}`,
	}
}
