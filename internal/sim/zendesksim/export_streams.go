package zendesksim

import (
	"slices"
	"strings"

	"zendesk-brevo/internal/sim/seed"
)

// includes are the sideloads that a request asks for. Names that an endpoint does not know are ignored, as by the
// vendor.
func (x *exchange) includes() []string {
	return strings.FieldsFunc(x.query("include"), func(r rune) bool { return r == ',' || r == ' ' })
}

func (s *Server) ticketShape(x *exchange, export bool) ticketShape {
	inc := x.includes()
	return ticketShape{
		export: export, metrics: slices.Contains(inc, "metric_sets"), commentCount: slices.Contains(inc, "comment_count"),
		rating: s.opts.CSAT,
	}
}

func (s *Server) ticketStream(x *exchange) stream {
	shape, side := s.ticketShape(x, true), s.newSideloads(x)
	skipDeleted := x.query("exclude_deleted") == "true"
	return stream{
		name: "tickets",
		each: func(p seed.Position, visit func(seed.Position, func([]byte) []byte) bool) {
			var row *seed.Ticket
			render := func(b []byte) []byte {
				side.ticket(row)
				return s.appendTicket(b, row, shape)
			}
			s.account.Tickets.EachMovedAfter(p, func(at seed.Position, t *seed.Ticket) bool {
				if row = t; skipDeleted && t.Status == "deleted" {
					return true
				}
				return visit(at, render)
			})
		},
		sideloads: side.append,
	}
}

func (s *Server) userStream(x *exchange) stream {
	side := s.newSideloads(x)
	return stream{
		name: "users",
		each: func(p seed.Position, visit func(seed.Position, func([]byte) []byte) bool) {
			var row *seed.User
			render := func(b []byte) []byte {
				side.organization(row.OrganizationID)
				return s.appendUser(b, row)
			}
			s.account.Users.EachMovedAfter(p, func(at seed.Position, u *seed.User) bool {
				row = u
				return visit(at, render)
			})
		},
		sideloads: side.append,
	}
}

func (s *Server) organizationStream() stream {
	return stream{
		name: "organizations",
		each: func(p seed.Position, visit func(seed.Position, func([]byte) []byte) bool) {
			var row *seed.Organization
			render := func(b []byte) []byte { return s.appendOrganization(b, row, true) }
			s.account.Organizations.EachMovedAfter(p, func(at seed.Position, o *seed.Organization) bool {
				row = o
				return visit(at, render)
			})
		},
	}
}

func cursorTickets(s *Server, x *exchange)      { s.cursorPage(x, s.ticketStream(x)) }
func cursorUsers(s *Server, x *exchange)        { s.cursorPage(x, s.userStream(x)) }
func timedTickets(s *Server, x *exchange)       { s.timedPage(x, s.ticketStream(x)) }
func timedUsers(s *Server, x *exchange)         { s.timedPage(x, s.userStream(x)) }
func timedOrganizations(s *Server, x *exchange) { s.timedPage(x, s.organizationStream()) }

// sideloads gathers the records that belong to the rows of a page and appends them as arrays beside it.
type sideloads struct {
	s             *Server
	users, groups map[int64]bool
	organizations map[int64]bool
}

func (s *Server) newSideloads(x *exchange) *sideloads {
	sl := &sideloads{s: s}
	for _, name := range x.includes() {
		switch name {
		case "users":
			sl.users = map[int64]bool{}
		case "organizations":
			sl.organizations = map[int64]bool{}
		case "groups":
			sl.groups = map[int64]bool{}
		}
	}
	return sl
}

func (sl *sideloads) ticket(t *seed.Ticket) {
	if sl.users != nil {
		for _, id := range []int64{t.RequesterID, t.SubmitterID, t.AssigneeID} {
			sl.users[id] = true
		}
	}
	sl.organization(t.OrganizationID)
	if sl.groups != nil {
		sl.groups[t.GroupID] = true
	}
}

func (sl *sideloads) organization(id int64) {
	if sl.organizations != nil {
		sl.organizations[id] = true
	}
}

func (sl *sideloads) append(b []byte) []byte {
	b = appendSideload(b, "users", sl.users, func(b []byte, id int64) []byte {
		if u, ok := sl.s.account.Users.Get(id); ok {
			return sl.s.appendUser(b, &u)
		}
		return b
	})
	b = appendSideload(b, "organizations", sl.organizations, func(b []byte, id int64) []byte {
		if o, ok := sl.s.account.Organizations.Get(id); ok && o.DeletedAt.IsZero() {
			return sl.s.appendOrganization(b, &o, false)
		}
		return b
	})
	return appendSideload(b, "groups", sl.groups, func(b []byte, id int64) []byte {
		if id == 0 {
			return b
		}
		return append(appendInt(b, `{"id":`, id), `,"name":"Support","deleted":false}`...)
	})
}

// appendSideload appends an array of the records with those ids, ascending; one that render leaves out is not there.
func appendSideload(b []byte, name string, ids map[int64]bool, render func([]byte, int64) []byte) []byte {
	if ids == nil {
		return b
	}
	sorted := make([]int64, 0, len(ids))
	for id := range ids {
		sorted = append(sorted, id)
	}
	slices.Sort(sorted)
	b = append(append(append(b, `,"`...), name...), `":[`...)
	for _, id := range sorted {
		was := len(b)
		if b[was-1] != '[' {
			b = append(b, ',')
		}
		with := len(b)
		if b = render(b, id); len(b) == with {
			b = b[:was]
		}
	}
	return append(b, ']')
}
