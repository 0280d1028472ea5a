package zendesk

import (
	"bytes"
	"io"
	"slices"
	"sync"

	"zendesk-brevo/internal/rest"
)

// envelope is any answer made of Support's main nouns. A single record fills the slice of its noun with one row.
type envelope struct {
	tickets       []Ticket
	users         []User
	organizations []Organization
	ratings       []SatisfactionRating
	metrics       []MetricSet
	afterCursor   string
	nextPage      string
	endOfStream   bool
	endTime       int64
	count         int64
	paging        paging
	bytes         int64

	require  []string        // keys without which the answer is not what was asked for
	seen     map[string]bool // keys that were there; false where the value was null
	hint     int             // how many rows to expect
	stranger bool            // a user without an id is an answer too: users/me to a credential that Zendesk does not know
}

// paging is what a cursor-paginated list says of its next page.
type paging struct {
	HasMore     bool
	AfterCursor string
	NextLink    string
}

// workspace is the memory that decoding one body after another needs.
type workspace struct {
	body   bytes.Buffer
	intern map[string]string
}

var workspaces = sync.Pool{New: func() any { return &workspace{intern: map[string]string{}} }}

// maxKept is the largest body buffer that is kept for the next call.
const maxKept = 16 << 20

// read takes in the whole body, so that a cut answer yields no rows at all, and decodes it.
func (e *envelope) read(body io.Reader) error {
	w := workspaces.Get().(*workspace)
	defer func() {
		if len(w.intern) >= maxInterned {
			clear(w.intern)
		}
		if w.body.Cap() <= maxKept {
			w.body.Reset()
			workspaces.Put(w)
		}
	}()
	if _, err := w.body.ReadFrom(body); err != nil {
		return err
	}
	return e.decode(w.body.Bytes(), w.intern)
}

func (e *envelope) decode(body []byte, intern map[string]string) error {
	s := &scanner{b: body, intern: intern}
	e.bytes, e.seen = int64(len(body)), map[string]bool{}
	if s.peek() != '{' {
		s.fail("expected an object")
	}
	s.object(func(key []byte) { e.member(s, key) })
	s.end()
	if s.err != nil {
		return s.err
	}
	if err := e.check(); err != nil {
		return err
	}
	e.joinMetrics()
	return nil
}

// check insists on what the caller goes on to use: an answer of another shape must not pass for an empty page.
func (e *envelope) check() error {
	for _, key := range e.require {
		if !e.seen[key] {
			return &rest.Malformed{Why: "it has no " + key}
		}
	}
	if !e.asked("user", "users") && !e.stranger {
		e.users = slices.DeleteFunc(e.users, func(u User) bool { return u.ID == 0 })
	}
	if !e.asked("organization", "organizations") {
		e.organizations = slices.DeleteFunc(e.organizations, func(o Organization) bool { return o.ID == 0 })
	}
	if slices.ContainsFunc(e.tickets, func(t Ticket) bool { return t.ID == 0 }) ||
		slices.ContainsFunc(e.organizations, func(o Organization) bool { return o.ID == 0 }) ||
		!e.stranger && slices.ContainsFunc(e.users, func(u User) bool { return u.ID == 0 }) {
		return &rest.Malformed{Why: "a row has no id"}
	}
	return nil
}

// asked reports whether one of the keys is what was asked for; other nouns only come along.
func (e *envelope) asked(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(e.require, key) })
}

// joinMetrics gives each ticket its metric set. Zendesk lists the sets in the order of the tickets; nothing says it must.
func (e *envelope) joinMetrics() {
	var byTicket map[int64]*MetricSet
	for i := range e.tickets {
		t := &e.tickets[i]
		if i < len(e.metrics) && e.metrics[i].TicketID == t.ID {
			t.Metrics = &e.metrics[i]
			continue
		}
		if byTicket == nil {
			byTicket = make(map[int64]*MetricSet, len(e.metrics))
			for j := range e.metrics {
				byTicket[e.metrics[j].TicketID] = &e.metrics[j]
			}
		}
		if m := byTicket[t.ID]; m != nil {
			t.Metrics = m
		}
	}
}

func (e *envelope) member(s *scanner, key []byte) {
	if s.null() {
		e.seen[string(key)] = false
		return
	}
	switch string(key) {
	case "tickets":
		e.tickets = rows(e, s, key, decodeTicket)
	case "ticket":
		e.tickets = []Ticket{decodeTicket(s)}
	case "users":
		e.users = companions(e, s, key, decodeUser)
	case "user":
		e.users = []User{decodeUser(s)}
	case "organizations":
		e.organizations = companions(e, s, key, decodeOrganization)
	case "organization":
		e.organizations = []Organization{decodeOrganization(s)}
	case "satisfaction_ratings":
		e.ratings = rows(e, s, key, decodeRating)
	case "satisfaction_rating":
		e.ratings = decodeOneRating(s)
	case "metric_sets":
		e.metrics = rows(e, s, key, decodeMetrics)
	case "results":
		e.tickets = decodeRows(s, 0, decodeResult)
		e.tickets = slices.DeleteFunc(e.tickets, func(t Ticket) bool { return t.ID == 0 })
	case "meta", "links":
		e.paging.decode(s)
	default:
		e.scalar(s, key)
	}
	e.seen[string(key)] = true
}

func (e *envelope) scalar(s *scanner, key []byte) {
	switch string(key) {
	case "after_cursor":
		e.afterCursor = s.str()
	case "end_of_stream":
		e.endOfStream = s.flag()
	case "end_time":
		e.endTime = s.id()
	case "count":
		e.count = s.int()
	case "next_page":
		e.nextPage = s.str()
	default:
		s.skip()
	}
}

func (p *paging) decode(s *scanner) {
	s.members(func(key []byte) {
		switch string(key) {
		case "has_more":
			p.HasMore = s.flag()
		case "after_cursor":
			p.AfterCursor = s.str()
		case "next":
			p.NextLink = s.str()
		default:
			s.skip()
		}
	})
}

// rows takes the rows of a noun. Those that come along with what was asked for may be anything.
func rows[T any](e *envelope, s *scanner, key []byte, one func(*scanner) T) []T {
	if s.peek() != '[' && !e.asked(string(key)) {
		s.skip()
		return nil
	}
	return decodeRows(s, e.hint, one)
}

// companions is rows for nouns whose rows can be wrong: one that comes along and cannot be read is left out.
func companions[T any](e *envelope, s *scanner, key []byte, one func(*scanner) T) (out []T) {
	if e.asked(string(key)) {
		return rows(e, s, key, one)
	}
	s.elements(func() {
		s.peek()
		from := s.i
		s.skip()
		alone := &scanner{b: s.b[from:s.i], intern: s.intern}
		if row := one(alone); s.err == nil && alone.err == nil {
			out = append(out, row)
		}
	})
	return out
}

func decodeRows[T any](s *scanner, hint int, one func(*scanner) T) []T {
	rows := make([]T, 0, hint)
	s.array(func() { rows = append(rows, one(s)) })
	return rows
}

// decodeOneRating takes the rating of a single read, which Zendesk's own document shows both bare and inside a list.
func decodeOneRating(s *scanner) []SatisfactionRating {
	if s.peek() == '[' {
		return decodeRows(s, 1, decodeRating)
	}
	return []SatisfactionRating{decodeRating(s)}
}

// decodeResult takes one search result: a ticket, or the zero Ticket for any other noun.
func decodeResult(s *scanner) Ticket {
	s.peek()
	from, kind := s.i, ""
	s.object(func(key []byte) {
		if string(key) == "result_type" {
			kind = s.word()
		} else {
			s.skip()
		}
	})
	if kind != "ticket" || s.err != nil {
		return Ticket{}
	}
	s.i = from
	return decodeTicket(s)
}
