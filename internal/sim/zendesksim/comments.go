package zendesksim

import (
	"cmp"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// Comment is a comment of a ticket: a public reply, or a note that only agents see.
type Comment struct {
	ID        int64
	AuthorID  int64
	Body      string // plain text
	HTMLBody  string // empty: Body, escaped
	Public    bool
	CreatedAt time.Time
}

// comments are the comments of those tickets that have more to show than their description, which is the first of them.
type comments struct {
	mu       sync.Mutex
	byTicket map[int64][]Comment // oldest first
	next     int64
}

const (
	firstCommentID = 26_860_000_000_000 // and the ticket's id: first comments
	laterCommentID = 27_000_000_000_000
)

func newComments() *comments { return &comments{byTicket: map[int64][]Comment{}, next: laterCommentID} }

// description is the first comment of a ticket. Its author is the ticket's submitter, as the vendor has it.
func description(t *seed.Ticket) Comment {
	return Comment{ID: firstCommentID + t.ID, AuthorID: t.SubmitterID, Body: t.Description, Public: true, CreatedAt: t.CreatedAt}
}

// of lists the comments of a ticket, oldest first.
func (c *comments) of(t *seed.Ticket) []Comment {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all, ok := c.byTicket[t.ID]; ok {
		return slices.Clone(all)
	}
	return []Comment{description(t)}
}

// open keeps the first comment of a ticket that is being created, if there is more to it than the description.
func (c *comments) open(t *seed.Ticket, in *commentInput) {
	first := description(t)
	first.HTMLBody, first.Public = in.HTMLBody, in.isPublic(true)
	if first == description(t) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byTicket[t.ID] = []Comment{first}
}

// add appends a comment.
func (c *comments) add(t *seed.Ticket, one Comment) {
	all := c.of(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	one.ID, c.next = c.next, c.next+1
	c.byTicket[t.ID] = append(all, one)
}

// forget drops the text of a deleted ticket.
func (c *comments) forget(ticket int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byTicket, ticket)
}

// Comments are the comments of a ticket, oldest first; the first one is its description. nil when there is no such ticket.
func (s *Server) Comments(ticket int64) []Comment {
	t, ok := s.account.Tickets.Get(ticket)
	if !ok {
		return nil
	}
	return s.talk.of(&t)
}

// AddComment adds a comment as a person in Zendesk does, by the requester unless c names an author. The id and the time are
// the server's. It reports whether there is such a ticket that can still change.
func (s *Server) AddComment(ticket int64, c Comment) bool {
	t, ok := s.account.Tickets.Get(ticket)
	if !ok || t.Status == "closed" || t.Status == "deleted" {
		return false
	}
	return s.UpdateTicket(ticket, func(t *seed.Ticket) { s.comment(t, c) })
}

// comment adds a comment to a ticket that is being changed. Public replies of others than the requester count as replies.
func (s *Server) comment(t *seed.Ticket, c Comment) {
	if c.AuthorID == 0 {
		c.AuthorID = t.RequesterID
	}
	c.CreatedAt = s.now()
	s.talk.add(t, c)
	t.Metrics.LatestCommentAt, t.Metrics.LatestInternal = c.CreatedAt, !c.Public
	t.Metrics.Added++
	if c.Public && c.AuthorID != t.RequesterID {
		t.Metrics.Replies++
	}
}

type commentInput struct {
	Body     string `json:"body"`
	HTMLBody string `json:"html_body"`
	Public   *bool  `json:"public"`
	AuthorID int64  `json:"author_id"`
}

var markup = regexp.MustCompile(`<[^>]*>`)

// text is the comment as plain text.
func (c *commentInput) text() string {
	if c.Body != "" {
		return c.Body
	}
	return strings.TrimSpace(html.UnescapeString(markup.ReplaceAllString(c.HTMLBody, " ")))
}

// isPublic falls back on the flag of the ticket's first comment: "the initial value set on ticket creation persists".
func (c *commentInput) isPublic(first bool) bool {
	if c.Public != nil {
		return *c.Public
	}
	return first
}

// listComments serves GET /tickets/{id}/comments, oldest first unless the order of the page's mode says otherwise
// (https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#list-comments). The parameters of one mode
// are ignored in the other.
func listComments(s *Server, x *exchange) {
	t, ok := s.account.Tickets.Get(pathID(x))
	if !ok || t.Status == "deleted" {
		recordNotFound(x.w)
		return
	}
	rows, q := s.talk.of(&t), x.r.URL.Query()
	slices.SortStableFunc(rows, func(a, b Comment) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	if q.Has("page[size]") || q.Has("page[after]") {
		s.cursorComments(x, &t, rows, q)
		return
	}
	s.offsetComments(x, &t, rows, q)
}

func commentsPath(t *seed.Ticket) string {
	return v2 + "/tickets/" + strconv.FormatInt(t.ID, 10) + "/comments"
}

func (s *Server) cursorComments(x *exchange, t *seed.Ticket, rows []Comment, q url.Values) {
	size, after, ok := cursorPage(x, q)
	if !ok {
		return
	}
	switch sort := q.Get("sort"); sort {
	case "", "created_at":
	case "-created_at":
		slices.Reverse(rows)
	default:
		listError(x.w, http.StatusBadRequest, "InvalidSort", "sort is not valid")
		return
	}
	if after != 0 {
		at := slices.IndexFunc(rows, func(c Comment) bool { return c.ID == after })
		rows = rows[at+1:]
	}
	more := len(rows) > size
	rows = rows[:min(size, len(rows))]
	meta := map[string]any{"has_more": more, "after_cursor": nil, "before_cursor": nil}
	links := map[string]any{"next": nil, "prev": nil}
	if len(rows) > 0 {
		last := encodeID(rows[len(rows)-1].ID)
		meta["after_cursor"], meta["before_cursor"] = last, encodeID(rows[0].ID)
		if more {
			links["next"] = s.nextLink(x, commentsPath(t), q, last)
		}
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"comments": commentItems(t, rows), "meta": meta, "links": links})
}

func (s *Server) offsetComments(x *exchange, t *seed.Ticket, rows []Comment, q url.Values) {
	page, size, ok := offsetPage(x, q)
	if !ok {
		return
	}
	switch q.Get("sort_order") {
	case "", "asc":
	case "desc":
		slices.Reverse(rows)
	default:
		invalidValue(x.w, "sort_order must be asc or desc")
		return
	}
	total, from := len(rows), min((page-1)*size, len(rows))
	rows = rows[from:min(from+size, total)]
	items, err := json.Marshal(commentItems(t, rows))
	if err != nil {
		http.Error(x.w, "simulator: "+err.Error(), http.StatusInternalServerError)
		return
	}
	b := append([]byte(`{"comments":`), items...)
	send(x.w, http.StatusOK, appendOffsetEnd(b, x, commentsPath(t), q, page, from+len(rows) < total, total))
}

func commentItems(t *seed.Ticket, rows []Comment) []any {
	out := make([]any, 0, len(rows))
	for _, c := range rows {
		marked := c.HTMLBody
		if marked == "" {
			marked = "<p>" + strings.ReplaceAll(html.EscapeString(c.Body), "\n", "<br>") + "</p>"
		}
		channel := "api"
		if c.ID == firstCommentID+t.ID {
			channel = t.Channel
		}
		out = append(out, map[string]any{
			"id": c.ID, "type": "Comment", "author_id": c.AuthorID, "body": c.Body, "plain_body": c.Body, "public": c.Public,
			"html_body":   `<div class="zd-comment" dir="auto">` + marked + `</div>`,
			"attachments": []any{}, "audit_id": c.ID + 1_000_000_000_000, "created_at": c.CreatedAt.Format("2006-01-02T15:04:05Z"),
			"via":      map[string]any{"channel": channel, "source": map[string]any{"from": map[string]any{}, "to": map[string]any{}, "rel": nil}},
			"metadata": map[string]any{"system": map[string]any{}, "custom": map[string]any{}},
		})
	}
	return out
}
