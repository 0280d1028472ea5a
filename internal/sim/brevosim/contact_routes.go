package brevosim

import (
	"net/http"
)

// Writes counts the contact writes that reached the account, accepted or refused, since the last ResetWrites.
type Writes struct {
	Creates     int // POST /contacts, upserts included
	Updates     int // PUT /contacts/{identifier}
	Deletes     int
	Imports     int
	ImportRows  int
	ListAdds    int
	ListRemoves int
	Batches     int // the retired POST /contacts/batch
}

// Total is the number of requests; rows of imports are not counted apart.
func (w Writes) Total() int {
	return w.Creates + w.Updates + w.Deletes + w.Imports + w.ListAdds + w.ListRemoves + w.Batches
}

func (s *Server) contactRoutes() {
	s.handle("POST /contacts", s.createContact)
	s.handle("PUT /contacts/{identifier}", s.updateContact)
	s.handle("DELETE /contacts/{identifier}", s.deleteContact)
	s.handle("GET /contacts/{identifier}", s.getContact)
	s.handle("GET /contacts", s.listContacts)
	s.handle("POST /contacts/batch", s.batchContacts)
	s.handle("POST /contacts/import", s.importContacts)
}

func (s *Server) createContact(q *query) reply {
	s.writes.Creates++
	var body contactBody
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	p, bad := s.patchOf(&body)
	if bad != nil {
		return *bad
	}
	self, named := s.selected(p)
	if !named {
		return missing("Either email, ext_id or SMS is mandatory to create a contact")
	}
	if p.losesLastHandle(self) {
		return invalid("SMS can not be unset for a contact without email")
	}
	if body.ForceMerge {
		return s.mergeInto(self, p, q, body.GetID)
	}
	if self != nil && !body.UpdateEnabled {
		kinds, _ := s.collisions(p, nil)
		return s.duplicateReply("create", kinds)
	}
	if kinds, _ := s.collisions(p, self); len(kinds) > 0 {
		return s.duplicateReply(map[bool]string{true: "create", false: "update"}[self == nil], kinds)
	}
	if self == nil {
		c := s.contacts.create(q.now)
		s.apply(c, p, q.now)
		return created(c.id)
	}
	s.apply(self, p, q.now)
	return noContent
}

// selected is the contact that an upsert means: by the address when it has one, else by ext_id, else by phone. named is
// false when it has no identifier at all.
func (s *Server) selected(p *patch) (c *contact, named bool) {
	for k := range keyKinds {
		if p.keys[k] != "" {
			return s.contacts.find(k, p.keys[k]), true
		}
	}
	return nil, false
}

// mergeInto serves forceMerge. The status of an answer with getId is not documented; 201 is the only one with a body.
func (s *Server) mergeInto(self *contact, p *patch, q *query, getID bool) reply {
	_, all := s.collisions(p, self)
	if self != nil {
		all = append([]*contact{self}, all...)
	}
	if len(all) == 0 {
		c := s.contacts.create(q.now)
		s.apply(c, p, q.now)
		return created(c.id)
	}
	c := s.merge(all)
	s.apply(c, p, q.now)
	if getID {
		return created(c.id)
	}
	return noContent
}

// pathContact finds the contact of {identifier}, or the answer that says why there is none.
func (s *Server) pathContact(q *query) (*contact, *reply) {
	c, ok := s.contacts.resolve(q.PathValue("identifier"), q.URL.Query().Get("identifierType"))
	if !ok {
		bad := invalid("Identifier or identifierType is invalid")
		return nil, &bad
	}
	if c == nil {
		bad := notFound("Contact does not exist")
		return nil, &bad
	}
	return c, nil
}

func (s *Server) updateContact(q *query) reply {
	s.writes.Updates++
	c, bad := s.pathContact(q)
	if bad != nil {
		return *bad
	}
	var body contactBody
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	body.Email = nil // not a field of an update: EMAIL inside attributes changes the address
	p, bad := s.patchOf(&body)
	if bad != nil {
		return *bad
	}
	if p.losesLastHandle(c) {
		return invalid("SMS can not be unset for a contact without email")
	}
	if body.ForceMerge {
		s.mergeInto(c, p, q, false)
		return noContent
	}
	if kinds, _ := s.collisions(p, c); len(kinds) > 0 {
		return s.duplicateReply("update", kinds)
	}
	s.apply(c, p, q.now)
	return noContent
}

func (s *Server) deleteContact(q *query) reply {
	s.writes.Deletes++
	c, bad := s.pathContact(q)
	if bad != nil {
		return *bad
	}
	if c.keys[keyEmail] == s.opts.AccountEmail {
		return *failure(http.StatusMethodNotAllowed, "method_not_allowed", "You're not allowed to delete registered email contact with Brevo")
	}
	s.forget(c)
	return noContent
}

// forget deletes a contact and its links to companies.
func (s *Server) forget(c *contact) {
	s.contacts.delete(c)
	for _, company := range s.companies.byID {
		delete(company.contacts, c.id)
	}
}

// batchContacts refuses the route that the vendor retired on 2026-10-30 and records that somebody called it.
func (s *Server) batchContacts(q *query) reply {
	s.writes.Batches++
	s.misuse("%s %s is retired", q.Method, q.URL.Path)
	return *failure(http.StatusGone, "method_not_allowed", "This endpoint is deprecated, use /contacts/import")
}
