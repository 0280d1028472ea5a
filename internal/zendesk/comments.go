package zendesk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"zendesk-brevo/internal/rest"
)

const (
	routeComments = "/api/v2/tickets/{id}/comments.json"
	// maxCommentPages bounds a look: what is looked for was written a short while ago.
	maxCommentPages = 10
)

// ErrInconclusive says that Zendesk's answers do not tell whether something is there. Asking again will not help.
var ErrInconclusive = errors.New("zendesk does not tell")

// HasComment reports whether some comment of the ticket, public or internal, contains marker. It reads the newest 1,000
// at most; when marker is in none of those and the ticket has more, the error is ErrInconclusive. The text is compared while
// it is read and then dropped. The first comment is the ticket's description.
// https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/#list-comments
func (c *Client) HasComment(ctx context.Context, ticket int64, marker string) (bool, error) {
	if marker == "" {
		return false, errors.New("zendesk comments: needs a marker to look for")
	}
	path := withID(routeComments, ticket)
	q := ListQuery{Sort: "-created_at"}
	for range maxCommentPages {
		query, err := pageQuery(path, q)
		if err != nil {
			return false, err
		}
		r := c.call(http.MethodGet, routeComments, path, query, nil)
		page := commentPage{marker: []byte(marker)}
		meta, err := c.gate.Stream(ctx, r, page.read)
		if err != nil || page.found {
			return page.found && err == nil, err
		}
		cursor, end, err := c.nextCursor(r, meta, page.paging)
		switch {
		case err != nil:
			return false, err
		case end && page.nextPage != "":
			return false, ErrInconclusive // an answer by offset, which was not asked for
		case end:
			return false, nil
		}
		q.Cursor = cursor
	}
	return false, ErrInconclusive
}

// commentPage looks through a page of comments.
type commentPage struct {
	marker   []byte
	found    bool
	listed   bool
	nextPage string
	paging   paging
}

// read uses memory of its own, which nothing keeps: that of the row decoder is used again for other answers.
func (p *commentPage) read(body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	s := &scanner{b: data}
	s.object(func(key []byte) {
		switch string(key) {
		case "comments":
			p.listed = s.peek() == '['
			s.elements(func() { p.comment(s) })
		case "meta", "links":
			p.paging.decode(s)
		case "next_page":
			p.nextPage = s.str()
		default:
			s.skip()
		}
	})
	s.end()
	if s.err == nil && !p.listed {
		return &rest.Malformed{Why: "it has no comments"}
	}
	return s.err
}

// comment looks into every form of the text: body may be Markdown, with escapes that the others do not have.
func (p *commentPage) comment(s *scanner) {
	s.members(func(key []byte) {
		switch string(key) {
		case "body", "plain_body", "html_body":
			if bytes.Contains(s.anyText(), p.marker) {
				p.found = true
			}
		default:
			s.skip()
		}
	})
}
