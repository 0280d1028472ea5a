package zendesksim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// maxSearchResults is as deep as /search goes.
const maxSearchResults = 1000

// term is one word of a search query: key, operator and value, or a bare word without a key.
type term struct {
	key, op, value string
	not            bool
}

// parseQuery reads the search syntax (https://support.zendesk.com/hc/en-us/articles/4408886879258): key:value, key<value,
// key>=value, quoted values, a leading minus.
func parseQuery(text string) []term {
	var terms []term
	for _, word := range splitQuoted(text) {
		t := term{op: ":"}
		if rest, ok := strings.CutPrefix(word, "-"); ok {
			t.not, word = true, rest
		}
		if i := strings.IndexAny(word, ":<>"); i > 0 {
			t.key, t.op, t.value = strings.ToLower(word[:i]), word[i:i+1], word[i+1:]
			if rest, ok := strings.CutPrefix(t.value, "="); ok {
				t.op, t.value = t.op+"=", rest
			}
		} else {
			t.value = word
		}
		if t.value = strings.Trim(t.value, `"`); t.value != "" {
			terms = append(terms, t)
		}
	}
	return terms
}

func splitQuoted(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// holds compares a value with the term's operator; order is the comparison of the row's value with the term's.
func (t term) holds(order int) bool {
	ok := false
	switch t.op {
	case ":":
		ok = order == 0
	case "<":
		ok = order < 0
	case "<=":
		ok = order <= 0
	case ">":
		ok = order > 0
	case ">=":
		ok = order >= 0
	}
	return ok != t.not
}

func (t term) is(ok bool) bool { return ok != t.not }

// date compares a time with a date or RFC 3339 time; ":" means the whole day.
func (t term) date(at time.Time) bool {
	want, err := time.Parse(time.RFC3339, t.value)
	if err != nil {
		if want, err = time.Parse(time.DateOnly, t.value); err != nil {
			return false
		}
		at = at.Truncate(24 * time.Hour)
	}
	return t.holds(at.Compare(want))
}

var statusOrder = []string{"new", "open", "pending", "hold", "solved", "closed"}

func contains(text, word string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(word))
}

func (s *Server) userMatches(u *seed.User, terms []term) bool {
	for _, t := range terms {
		ok := false
		switch t.key {
		case "":
			ok = t.is(contains(u.Name, t.value) || contains(u.Email, t.value) || strconv.FormatInt(u.ID, 10) == t.value)
		case "type":
			ok = t.is(t.value == "user")
		case "role":
			ok = t.is(u.Role == t.value)
		case "email", "user":
			ok = t.is(strings.EqualFold(u.Email, t.value) || slices.ContainsFunc(u.OtherEmails, func(e string) bool { return strings.EqualFold(e, t.value) }))
		case "name":
			ok = t.is(contains(u.Name, t.value))
		case "phone":
			ok = t.is(u.Phone == t.value)
		case "external_id":
			ok = t.is(strings.EqualFold(u.ExternalID, t.value))
		case "tags":
			ok = t.is(slices.Contains(u.Tags, t.value))
		case "created":
			ok = t.date(u.CreatedAt)
		case "updated":
			ok = t.date(u.UpdatedAt)
		}
		if !ok {
			return false
		}
	}
	return true
}

func (s *Server) ticketMatches(row *seed.Ticket, terms []term) bool {
	for _, t := range terms {
		ok := false
		switch t.key {
		case "":
			ok = t.is(contains(row.Subject, t.value) || contains(row.Description, t.value) || strconv.FormatInt(row.ID, 10) == t.value)
		case "type", "ticket_type":
			ok = t.is(t.value == "ticket" || t.value == row.Type)
		case "status":
			ok = t.holds(cmp.Compare(slices.Index(statusOrder, row.Status), slices.Index(statusOrder, t.value)))
		case "priority":
			ok = t.is(row.Priority == t.value || t.value == "none" && row.Priority == "")
		case "tags":
			ok = t.is(slices.Contains(row.Tags, t.value))
		case "requester":
			ok = t.is(s.names(row.RequesterID, t.value))
		case "subject":
			ok = t.is(contains(row.Subject, t.value))
		case "organization":
			ok = t.is(strconv.FormatInt(row.OrganizationID, 10) == t.value)
		case "external_id":
			ok = t.is(row.ExternalID == t.value)
		case "created":
			ok = t.date(row.CreatedAt)
		case "updated":
			ok = t.date(row.UpdatedAt)
		case "solved":
			ok = !row.Metrics.SolvedAt.IsZero() && t.date(row.Metrics.SolvedAt)
		}
		if !ok {
			return false
		}
	}
	return true
}

// names reports whether text is the id or an address of that user.
func (s *Server) names(id int64, text string) bool {
	if strconv.FormatInt(id, 10) == text {
		return true
	}
	u, ok := s.account.Users.Get(id)
	return ok && strings.EqualFold(u.Email, text)
}

func organizationMatches(o *seed.Organization, terms []term) bool {
	for _, t := range terms {
		ok := false
		switch t.key {
		case "", "name":
			ok = t.is(contains(o.Name, t.value))
		case "type":
			ok = t.is(t.value == "organization")
		case "external_id":
			ok = t.is(strings.EqualFold(o.ExternalID, t.value))
		case "tags":
			ok = t.is(slices.Contains(o.Tags, t.value))
		}
		if !ok {
			return false
		}
	}
	return true
}

// found is one search result.
type found struct {
	created time.Time
	updated time.Time
	kind    string
	render  func([]byte) []byte
}

// find returns everything that matches, tickets before people before organizations.
func (s *Server) find(query string) []found {
	terms := parseQuery(query)
	wants := func(kind string) bool {
		return !slices.ContainsFunc(terms, func(t term) bool {
			return t.key == "type" && !t.not && t.value != kind && slices.Contains([]string{"ticket", "user", "organization"}, t.value)
		})
	}
	var out []found
	if wants("ticket") {
		s.account.Tickets.EachAfter(0, func(t *seed.Ticket) bool {
			if t.Status != "deleted" && s.ticketMatches(t, terms) {
				row := *t
				shape := ticketShape{rating: s.opts.CSAT}
				out = append(out, found{row.CreatedAt, row.UpdatedAt, "ticket", func(b []byte) []byte { return s.appendTicket(b, &row, shape) }})
			}
			return true
		})
	}
	if wants("user") {
		s.account.Users.EachAfter(0, func(u *seed.User) bool {
			if u.Active && s.userMatches(u, terms) {
				row := *u
				out = append(out, found{row.CreatedAt, row.UpdatedAt, "user", func(b []byte) []byte { return s.appendUser(b, &row) }})
			}
			return true
		})
	}
	if wants("organization") {
		s.account.Organizations.EachAfter(0, func(o *seed.Organization) bool {
			if o.DeletedAt.IsZero() && organizationMatches(o, terms) {
				row := *o
				out = append(out, found{row.CreatedAt, row.UpdatedAt, "organization", func(b []byte) []byte { return s.appendOrganization(b, &row, false) }})
			}
			return true
		})
	}
	return out
}

// search serves /search: offset pages only, 1000 results at most although count is the true number.
func search(s *Server, x *exchange) {
	q := x.r.URL.Query()
	if q.Has("page[size]") || q.Has("page[after]") {
		listError(x.w, http.StatusBadRequest, "InvalidPaginationParameter", "Cursor pagination is not supported")
		return
	}
	if q.Get("query") == "" {
		parameterMissing(x.w, "query")
		return
	}
	page, size, ok := offsetPage(x, q)
	if !ok {
		return
	}
	if page*size > maxSearchResults {
		plainError(x.w, http.StatusUnprocessableEntity, "invalid", "Requested response size was greater than Search Response Limits")
		return
	}
	all := s.find(q.Get("query"))
	sortFound(all, q.Get("sort_by"), q.Get("sort_order"))
	from := min((page-1)*size, len(all))
	rows := all[from:min(from+size, len(all))]
	b := []byte(`{"results":[`)
	for i, f := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = f.render(b)
		b = append(appendText(b[:len(b)-1], `,"result_type":`, f.kind), '}')
	}
	b = append(b, `],"facets":null`...)
	more := page*size < len(all) && (page+1)*size <= maxSearchResults
	send(x.w, http.StatusOK, appendOffsetEnd(b, x, v2+"/search", q, page, more, len(all)))
}

func sortFound(rows []found, by, order string) {
	key := func(f found) time.Time { return f.updated }
	switch by {
	case "created_at":
		key = func(f found) time.Time { return f.created }
	case "updated_at":
	default:
		return
	}
	slices.SortStableFunc(rows, func(a, b found) int {
		if order == "asc" {
			return key(a).Compare(key(b))
		}
		return key(b).Compare(key(a))
	})
}

func countSearch(s *Server, x *exchange) {
	if x.query("query") == "" {
		parameterMissing(x.w, "query")
		return
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"count": len(s.find(x.query("query")))})
}
