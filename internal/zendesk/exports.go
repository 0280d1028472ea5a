package zendesk

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"zendesk-brevo/internal/rest"
)

// startLag is how long ago an export starts at the latest. Zendesk leaves out the last minute and refuses a start within
// it; the seconds beyond are for clocks that do not agree with Zendesk's.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
const startLag = 65 * time.Second

const exportPageSize = 1000

// ExportQuery asks for a page of an incremental export by cursor. The first page goes by StartTime, every later one by
// Cursor alone.
type ExportQuery struct {
	Cursor    string
	StartTime time.Time // moved to 65 seconds ago when later; zero: from the beginning
	PageSize  int       // up to 1000; 0: Zendesk's default, which is 1000
}

// Pages of the nouns that are exported.
type (
	TicketPage       = Page[Ticket]
	UserPage         = Page[User]
	OrganizationPage = Page[Organization]
)

// ExportTickets reads a page of the ticket export with each ticket's metric set. Deleted tickets come as tombstones with
// the status "deleted"; a ticket comes again whenever it changes.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-ticket-export-cursor-based
func (c *Client) ExportTickets(ctx context.Context, q ExportQuery) (TicketPage, error) {
	e, page, err := c.export(ctx, "/api/v2/incremental/tickets/cursor.json", "tickets", "metric_sets", q)
	if err != nil {
		return TicketPage{}, err
	}
	return withRows(page, e.tickets), nil
}

// ExportUsers reads a page of the user export. Deleted and merged users come with Active false.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-user-export-cursor-based
func (c *Client) ExportUsers(ctx context.Context, q ExportQuery) (UserPage, error) {
	e, page, err := c.export(ctx, "/api/v2/incremental/users/cursor.json", "users", "", q)
	if err != nil {
		return UserPage{}, err
	}
	return withRows(page, e.users), nil
}

// ExportOrganizations reads a page of the organization export, which goes by time: Page.Next is the start of the next
// one, and rows of its first second come again there. Page.Cursor stays empty.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/#incremental-organization-export
func (c *Client) ExportOrganizations(ctx context.Context, start time.Time, pageSize int) (OrganizationPage, error) {
	query := url.Values{"start_time": {c.startTime(start)}}
	if pageSize > 0 {
		query.Set("per_page", strconv.Itoa(pageSize))
	}
	r := c.call(http.MethodGet, "/api/v2/incremental/organizations.json", "", query, nil)
	e, meta, err := c.rows(ctx, r, pageSize, "organizations", "end_of_stream")
	if err != nil {
		return OrganizationPage{}, err
	}
	return OrganizationPage{
		Rows: e.organizations, End: e.endOfStream, AskedAt: meta.SentAt, Next: e.endTime, Count: e.count, Bytes: e.bytes,
	}, nil
}

func (c *Client) export(ctx context.Context, route, noun, include string, q ExportQuery) (*envelope, Page[struct{}], error) {
	query := url.Values{}
	if q.Cursor != "" {
		query.Set("cursor", q.Cursor)
	} else {
		query.Set("start_time", c.startTime(q.StartTime))
	}
	if q.PageSize > 0 {
		query.Set("per_page", strconv.Itoa(q.PageSize))
	}
	if include != "" {
		query.Set("include", include)
	}
	r := c.call(http.MethodGet, route, "", query, nil)
	e, meta, err := c.rows(ctx, r, q.PageSize, noun, "end_of_stream")
	if err != nil {
		return nil, Page[struct{}]{}, err
	}
	cursor := e.afterCursor
	if cursor == "" && e.endOfStream {
		cursor = q.Cursor // nothing matched: the resume point stays
	}
	if !e.endOfStream && (cursor == "" || cursor == q.Cursor) {
		return nil, Page[struct{}]{}, odd(r, meta, "the cursor does not advance although the export goes on")
	}
	return e, Page[struct{}]{
		Cursor: cursor, End: e.endOfStream, AskedAt: meta.SentAt, Count: e.count, Bytes: e.bytes,
	}, nil
}

// rows makes a call whose answer may be large.
func (c *Client) rows(ctx context.Context, r rest.Request, size int, require ...string) (*envelope, rest.Meta, error) {
	e := &envelope{require: require, hint: min(orElse(size, exportPageSize), exportPageSize)}
	meta, err := c.gate.Stream(ctx, r, e.read)
	return e, meta, err
}

// startTime is a start in Unix seconds, not later than Zendesk accepts.
func (c *Client) startTime(start time.Time) string {
	if start.IsZero() {
		return "0"
	}
	return strconv.FormatInt(max(0, min(start.Unix(), c.now().Add(-startLag).Unix())), 10)
}

// withRows gives a page its rows.
func withRows[T any](p Page[struct{}], rows []T) Page[T] {
	return Page[T]{
		Rows: rows, Cursor: p.Cursor, End: p.End, AskedAt: p.AskedAt, Next: p.Next, Count: p.Count, Bytes: p.Bytes,
	}
}
