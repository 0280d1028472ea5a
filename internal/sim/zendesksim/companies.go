package zendesksim

import (
	"net/http"

	"zendesk-brevo/internal/sim/seed"
)

func listOrganizations(s *Server, x *exchange) {
	live := func(o *seed.Organization) bool { return o.DeletedAt.IsZero() }
	s.serveList(x, list{
		name: "organizations", path: v2 + "/organizations",
		total: s.account.Organizations.Live,
		each: func(after int64, visit func(int64, func([]byte) []byte) bool) {
			s.account.Organizations.EachAfter(after, func(o *seed.Organization) bool {
				return !live(o) || visit(o.ID, func(b []byte) []byte { return s.appendOrganization(b, o, false) })
			})
		},
	})
}

func countOrganizations(s *Server, x *exchange) { s.count(x, s.account.Organizations.Live()) }

func showManyOrganizations(s *Server, x *exchange) {
	wanted, ok := ids(x, "ids")
	if !ok {
		return
	}
	var rows []byte
	n := 0
	for _, id := range wanted {
		if o, ok := s.account.Organizations.Get(id); ok && o.DeletedAt.IsZero() {
			if n++; n > 1 {
				rows = append(rows, ',')
			}
			rows = s.appendOrganization(rows, &o, false)
		}
	}
	sendMany(x, "organizations", n, rows, nil)
}

// showOrganization knows no deleted organizations, although users may still name one.
func showOrganization(s *Server, x *exchange) {
	o, ok := s.account.Organizations.Get(pathID(x))
	if !ok || !o.DeletedAt.IsZero() {
		recordNotFound(x.w)
		return
	}
	s.sendOrganization(x, http.StatusOK, &o)
}

func (s *Server) sendOrganization(x *exchange, status int, o *seed.Organization) {
	b := s.appendOrganization([]byte(`{"organization":`), o, false)
	send(x.w, status, append(b, '}'))
}

func listMembers(s *Server, x *exchange) {
	id := pathID(x)
	if o, ok := s.account.Organizations.Get(id); !ok || !o.DeletedAt.IsZero() {
		recordNotFound(x.w)
		return
	}
	s.serveList(x, s.userList(v2+"/organizations/"+x.r.PathValue("id")+"/users", func(u *seed.User) bool {
		return u.OrganizationID == id
	}))
}

func listOrganizationFields(s *Server, x *exchange) {
	s.sendFields(x, "organization_fields", s.account.OrganizationFields)
}
