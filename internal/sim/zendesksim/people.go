package zendesksim

import (
	"net/http"
	"slices"
	"strings"

	"zendesk-brevo/internal/sim/seed"
)

// showMe answers strangers with the anonymous user and 200: it proves nothing about a credential.
func showMe(s *Server, x *exchange) {
	if x.actor == nil {
		send(x.w, http.StatusOK, []byte(`{"user":{"id":null,"url":null,"name":"Anonymous user","email":"invalid@example.com","role":"end-user",`+
			`"created_at":null,"updated_at":null,"active":true,"verified":false,"shared":false,"suspended":false,"tags":[],"user_fields":{}}}`))
		return
	}
	b := s.appendUser([]byte(`{"user":`), &x.actor.user)
	send(x.w, http.StatusOK, append(b, '}'))
}

// userList is a list of the active users that keep keeps.
func (s *Server) userList(path string, keep func(*seed.User) bool) list {
	shown := func(u *seed.User) bool { return u.Active && keep(u) }
	return list{
		name: "users", path: path,
		total: func() int { return countRows(s.account.Users, shown) },
		each: func(after int64, visit func(int64, func([]byte) []byte) bool) {
			s.account.Users.EachAfter(after, func(u *seed.User) bool {
				return !shown(u) || visit(u.ID, func(b []byte) []byte { return s.appendUser(b, u) })
			})
		},
	}
}

func listUsers(s *Server, x *exchange) {
	q := x.r.URL.Query()
	roles := append(q["role[]"], q["role"]...)
	external := q.Get("external_id")
	s.serveList(x, s.userList(v2+"/users", func(u *seed.User) bool {
		return (len(roles) == 0 || slices.Contains(roles, u.Role)) && (external == "" || strings.EqualFold(u.ExternalID, external))
	}))
}

// countUsers counts the active users, of some roles when the request names any.
func countUsers(s *Server, x *exchange) {
	q := x.r.URL.Query()
	roles := append(q["role[]"], q["role"]...)
	if len(roles) == 0 {
		s.count(x, s.account.Users.Live())
		return
	}
	s.count(x, countRows(s.account.Users, func(u *seed.User) bool { return u.Active && slices.Contains(roles, u.Role) }))
}

// countDeletedUsers counts deleted users, those deleted for good included.
func countDeletedUsers(s *Server, x *exchange) {
	s.count(x, s.account.Users.Len()-s.account.Users.Live())
}

// searchUsers finds people by query or external_id; at most 10,000 results.
func searchUsers(s *Server, x *exchange) {
	external, text := x.query("external_id"), x.query("query")
	if external == "" && text == "" {
		parameterMissing(x.w, "query")
		return
	}
	m := parseQuery(text)
	s.serveList(x, s.userList(v2+"/users/search", func(u *seed.User) bool {
		if external != "" {
			return strings.EqualFold(u.ExternalID, external)
		}
		return s.userMatches(u, m)
	}))
}

// showManyUsers shows inactive users too, as the single read does.
func showManyUsers(s *Server, x *exchange) {
	if text := x.query("external_ids"); text != "" {
		s.showManyByExternalID(x, strings.Split(text, ","))
		return
	}
	wanted, ok := ids(x, "ids")
	if !ok {
		return
	}
	var rows []byte
	n := 0
	for _, id := range wanted {
		if u, ok := s.account.Users.Get(id); ok {
			if n++; n > 1 {
				rows = append(rows, ',')
			}
			rows = s.appendUser(rows, &u)
		}
	}
	sendMany(x, "users", n, rows, nil)
}

func (s *Server) showManyByExternalID(x *exchange, wanted []string) {
	if len(wanted) > maxListPage {
		plainError(x.w, http.StatusBadRequest, "TooManyValues", "You may request at most 100 records")
		return
	}
	var rows []byte
	n := 0
	s.account.Users.EachAfter(0, func(u *seed.User) bool {
		if u.ExternalID != "" && slices.ContainsFunc(wanted, func(e string) bool { return strings.EqualFold(e, u.ExternalID) }) {
			if n++; n > 1 {
				rows = append(rows, ',')
			}
			rows = s.appendUser(rows, u)
		}
		return true
	})
	sendMany(x, "users", n, rows, nil)
}

func showUser(s *Server, x *exchange) {
	u, ok := s.account.Users.Get(pathID(x))
	if !ok {
		recordNotFound(x.w)
		return
	}
	s.sendUser(x, http.StatusOK, &u)
}

func (s *Server) sendUser(x *exchange, status int, u *seed.User) {
	side := s.newSideloads(x)
	side.organization(u.OrganizationID)
	b := s.appendUser([]byte(`{"user":`), u)
	send(x.w, status, append(side.append(b), '}'))
}

func listIdentities(s *Server, x *exchange) {
	u, ok := s.account.Users.Get(pathID(x))
	if !ok {
		recordNotFound(x.w)
		return
	}
	out := []map[string]any{}
	add := func(kind, value string, primary bool) {
		if value == "" {
			return
		}
		m := map[string]any{
			"id": u.ID*10 + int64(len(out)), "user_id": u.ID, "type": kind, "value": value, "verified": u.Verified,
			"primary": primary, "created_at": u.CreatedAt.Format("2006-01-02T15:04:05Z"), "updated_at": u.UpdatedAt.Format("2006-01-02T15:04:05Z"),
		}
		if kind == "email" {
			m["undeliverable_count"], m["deliverable_state"] = 0, "deliverable"
		}
		out = append(out, m)
	}
	add("email", u.Email, true)
	for _, e := range u.OtherEmails {
		add("email", e, false)
	}
	if !u.SharedPhoneNumber {
		add("phone_number", u.Phone, false)
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"identities": out, "next_page": nil, "previous_page": nil, "count": len(out)})
}

func listUserFields(s *Server, x *exchange) { s.sendFields(x, "user_fields", s.account.UserFields) }
