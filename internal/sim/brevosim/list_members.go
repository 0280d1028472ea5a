package brevosim

import (
	"net/http"
	"slices"
)

// named is a contact as a request names it, and the name itself for the answer.
type named struct {
	name    any
	contact *contact // nil when unknown
}

// resolve checks that exactly one kind of identifier came, 1 to 150 of it, and looks the contacts up.
func (s *Server) membersOf(m *members) ([]named, *reply) {
	kinds := 0
	for _, n := range []int{len(m.Emails), len(m.IDs), len(m.ExtIDs)} {
		if n > 0 {
			kinds++
		}
	}
	total := len(m.Emails) + len(m.IDs) + len(m.ExtIDs)
	if kinds != 1 || m.All {
		return nil, failure(http.StatusBadRequest, "invalid_parameter", "Exactly one of emails, ids and extIds must be passed")
	}
	if total > maxListAdditions {
		return nil, failure(http.StatusBadRequest, "out_of_range", "A maximum of 150 contacts is allowed in one request")
	}
	out := make([]named, 0, total)
	for _, email := range m.Emails {
		value, _ := normalEmail(email)
		out = append(out, named{email, s.contacts.find(keyEmail, value)})
	}
	for _, n := range m.IDs {
		id, err := n.Int64()
		if err != nil {
			return nil, failure(http.StatusBadRequest, "invalid_parameter", "ids must be numbers")
		}
		out = append(out, named{id, s.contacts.byID[id]})
	}
	for _, ext := range m.ExtIDs {
		out = append(out, named{ext, s.contacts.find(keyExt, ext)})
	}
	return out, nil
}

func (s *Server) addToList(q *query, l *List) reply {
	s.writes.ListAdds++
	return s.changeMembers(q, func(c *contact) bool { return c.join(l.ID) })
}

func (s *Server) removeFromList(q *query, l *List) reply {
	s.writes.ListRemoves++
	var m members
	if bad := q.decode(&m); bad != nil {
		return *bad
	}
	if m.All && len(m.Emails)+len(m.IDs)+len(m.ExtIDs) == 0 {
		return s.emptyList(q, l)
	}
	if people, bad := s.membersOf(&m); s.opts.StrictRemovals && bad == nil &&
		slices.ContainsFunc(people, func(p named) bool { return p.contact == nil || !p.contact.lists[l.ID] }) {
		return *failure(http.StatusBadRequest, "Contact email not found", "Contact already removed from list and/or does not exist")
	}
	return s.changeMembers(q, func(c *contact) bool { return c.leave(l.ID) })
}

// changeMembers answers with what was changed and with what was not, which is everything that was unknown, already on
// the list or already off it. An empty side is left out: the published schema cannot tell an empty list of addresses
// from an empty list of ids.
func (s *Server) changeMembers(q *query, change func(*contact) bool) reply {
	var m members
	if bad := q.decode(&m); bad != nil {
		return *bad
	}
	people, bad := s.membersOf(&m)
	if bad != nil {
		return *bad
	}
	var success, failed []any
	for _, p := range people {
		if p.contact == nil || !change(p.contact) {
			failed = append(failed, p.name)
			continue
		}
		p.contact.modifiedAt = q.now
		success = append(success, p.name)
	}
	result := map[string]any{}
	if success != nil {
		result["success"] = success
	}
	if failed != nil {
		result["failure"] = failed
	}
	return reply{http.StatusCreated, map[string]any{"contacts": result}}
}

// emptyList serves remove with all: true, through a process.
func (s *Server) emptyList(q *query, l *List) reply {
	p := s.processes.start("LIST_EXPORT", q.now, s.clock.Shorten(s.opts.ImportDelay), func(*Process) {
		for _, c := range s.contacts.byID {
			c.leave(l.ID)
		}
	})
	return reply{http.StatusCreated, map[string]any{"contacts": map[string]any{"processId": p.ID, "total": s.listSizes()[l.ID]}}}
}
