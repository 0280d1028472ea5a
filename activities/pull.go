package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// PageInput names the stream whose next page to bring over.
type PageInput struct {
	Account string `json:"account"`
	Stream  string `json:"stream"`
	// Replay reads what changed from Since to Until once more, with a cursor of its own.
	Replay bool      `json:"replay,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

// PageResult counts one page.
type PageResult struct {
	Rows    int64  `json:"rows"`
	Changed int64  `json:"changed"`
	End     bool   `json:"end"`
	Notice  string `json:"notice,omitempty"`
	Skipped string `json:"skipped,omitempty"` // why the plan or role does not give this stream; End is set
}

// FetchPage reads the page at the stream's stored cursor and commits its rows together with the next cursor. A page that
// was fetched from a cursor that has moved meanwhile is thrown away: its rows are somebody else's work already done.
func (z *Zendesk) FetchPage(ctx context.Context, in PageInput) (PageResult, error) {
	return do(ctx, z.connections, in.Account, func(ctx context.Context, c *connection) (PageResult, error) {
		name := in.Stream
		if in.Replay {
			name = store.Replayed + in.Stream
		}
		cursor, err := c.store.Cursor(ctx, name)
		if err != nil {
			return PageResult{}, fmt.Errorf("read cursor of %s: %w", in.Stream, err)
		}
		if cursor.AtEnd {
			return PageResult{End: true}, nil
		}
		p := &puller{connection: c, in: in, cursor: cursor}
		out, err := p.fetch(ctx)
		switch {
		case errors.Is(err, store.ErrCursorMoved):
			return PageResult{}, nil
		case Classify(err) == SkipStream, zendesk.HasNoSurveys(err):
			return p.skip(ctx, err)
		case tooLarge(err):
			return PageResult{}, p.halve(ctx, err)
		case p.stale(err):
			return p.again(ctx, err)
		}
		return out, err
	})
}

// puller brings over one page.
type puller struct {
	*connection
	in     PageInput
	cursor store.Cursor
	mapper *mapping.Mapper
	wanted wantedFields
}

func (p *puller) fetch(ctx context.Context) (PageResult, error) {
	var err error
	if p.mapper, err = p.connection.mapper(ctx); err != nil {
		return PageResult{}, err
	}
	p.wanted = newWantedFields(p.mapper)
	switch mapping.Stream(p.in.Stream) {
	case mapping.Users:
		return p.users(ctx)
	case mapping.Tickets:
		return p.tickets(ctx)
	case mapping.Organizations:
		return p.organizations(ctx)
	case mapping.SatisfactionRatings:
		return p.surveys(ctx)
	}
	return PageResult{}, configurationError(fmt.Errorf("unknown stream %q", p.in.Stream))
}

// stale reports whether Zendesk refuses the cursor that an earlier run left. How long cursors last is not documented. One that
// this run was given is not meant: a stream whose every cursor is refused would begin anew for ever.
func (p *puller) stale(err error) bool {
	var call *rest.Error
	if p.cursor.Pages > 0 || !p.continues() || !errors.As(err, &call) {
		return false
	}
	switch call.Status {
	case http.StatusBadRequest, http.StatusGone, http.StatusUnprocessableEntity:
		return Classify(err) == Reject
	}
	return false
}

// continues reports whether the page is asked for by a cursor of Zendesk's, not by a time.
func (p *puller) continues() bool {
	switch mapping.Stream(p.in.Stream) {
	case mapping.Users, mapping.Tickets:
		return p.cursor.Value != ""
	case mapping.SatisfactionRatings:
		c := surveyCursorOf(p.cursor.Value)
		return c.Pass != nil && c.Pass.After != ""
	}
	return false
}

// again sends the stream back to its start. What comes again is dropped by its version.
func (p *puller) again(ctx context.Context, cause error) (PageResult, error) {
	if err := p.store.ResetStream(ctx, p.cursor.Stream, p.now()); err != nil {
		return PageResult{}, err
	}
	reason, _ := ExplainError(cause)
	return PageResult{Notice: p.in.Stream + ": Zendesk no longer takes the place where the last sync ended (" + reason + "), so the stream is read from its start"}, nil
}

// start is where a stream without a cursor begins: the bound that is in force, or all that there ever was.
func (p *puller) start(since time.Time) time.Time {
	switch {
	case p.in.Replay:
		return p.in.Since
	case since.IsZero():
		return time.Unix(0, 0)
	}
	return since
}

// past reports whether a replay has read beyond its end.
func (p *puller) past(at time.Time) bool { return p.in.Replay && at.After(p.in.Until) }

// page is the commit of what was read from the cursor. A size that timeouts had halved grows back with every success.
func (p *puller) page(to string, end bool) store.Page {
	return store.Page{
		Stream: p.cursor.Stream, From: p.cursor.Value, To: to, End: end,
		PageSize: grown(p.pageSize()), Now: p.now(),
	}
}

// advance checks that a page leads on: a cursor that stands still while more is announced would repeat for ever.
func (p *puller) advance(to string, end bool) (string, error) {
	if to == "" && end {
		return p.cursor.Value, nil
	}
	if !end && (to == "" || to == p.cursor.Value) {
		return "", p.stands()
	}
	return to, nil
}

func (p *puller) stands() error {
	return fmt.Errorf("zendesk announced more %s but its cursor did not advance; asking again later", p.cursor.Stream)
}

func (p *puller) users(ctx context.Context) (PageResult, error) {
	got, err := p.zendesk.ExportUsers(ctx, zendesk.ExportQuery{Cursor: p.cursor.Value, StartTime: p.start(time.Time{}), PageSize: p.pageSize()})
	if err != nil {
		return PageResult{}, err
	}
	to, err := p.advance(got.Cursor, got.End)
	if err != nil {
		return PageResult{}, err
	}
	rows := make([]store.UserRow, len(got.Rows))
	for i := range got.Rows {
		rows[i] = p.wanted.user(&got.Rows[i], got.AskedAt, p.mapper)
	}
	end := got.End || len(rows) > 0 && p.past(rows[len(rows)-1].UpdatedAt)
	applied, err := p.store.CommitUsers(ctx, p.page(to, end), rows)
	return pageResult(applied, end), err
}

func (p *puller) tickets(ctx context.Context) (PageResult, error) {
	since, err := p.store.Since(ctx)
	if err != nil {
		return PageResult{}, fmt.Errorf("read the since bound: %w", err)
	}
	got, err := p.zendesk.ExportTickets(ctx, zendesk.ExportQuery{Cursor: p.cursor.Value, StartTime: p.start(since), PageSize: p.pageSize()})
	if err != nil {
		return PageResult{}, err
	}
	to, err := p.advance(got.Cursor, got.End)
	if err != nil {
		return PageResult{}, err
	}
	rows := make([]store.TicketRow, len(got.Rows))
	for i := range got.Rows {
		rows[i] = p.wanted.ticket(&got.Rows[i], got.AskedAt)
	}
	end := got.End || len(rows) > 0 && p.past(time.Unix(got.Rows[len(rows)-1].GeneratedTimestamp, 0))
	applied, err := p.store.CommitTickets(ctx, p.page(to, end), rows)
	return pageResult(applied, end), err
}

// organizations pages by time: the next page starts at the second the last one ended in, so rows of that second
// come twice and the version guard drops them.
func (p *puller) organizations(ctx context.Context) (PageResult, error) {
	from, err := unixCursor(p.cursor.Value)
	if err != nil {
		return PageResult{}, err
	}
	if p.in.Replay {
		from = max(from, p.in.Since.Unix())
	}
	got, err := p.zendesk.ExportOrganizations(ctx, time.Unix(from, 0), p.pageSize())
	if err != nil {
		return PageResult{}, err
	}
	rows := p.wanted.organizations(got.Rows, got.AskedAt)
	next := max(got.Next, from)
	if !got.End && next == from {
		return p.crowdedSecond(ctx, from, rows)
	}
	end := got.End || p.past(time.Unix(next, 0))
	applied, err := p.store.CommitOrganizations(ctx, p.page(strconv.FormatInt(next, 10), end), rows)
	return pageResult(applied, end), err
}

// crowdedSecond gets past a second that more organizations share than a page holds: the time-based export cannot, so the
// whole cursor list is read once, and the export goes on with the next second.
func (p *puller) crowdedSecond(ctx context.Context, second int64, rows []store.OrganizationRow) (PageResult, error) {
	for query := (zendesk.ListQuery{}); ; {
		got, err := p.zendesk.ListOrganizations(ctx, query)
		if err != nil {
			return PageResult{}, err
		}
		if _, err := p.store.ApplyOrganizations(ctx, p.wanted.organizations(got.Rows, got.AskedAt), p.now()); err != nil {
			return PageResult{}, err
		}
		if got.End {
			break
		}
		query.Cursor = got.Cursor
	}
	applied, err := p.store.CommitOrganizations(ctx, p.page(strconv.FormatInt(second+1, 10), false), rows)
	return pageResult(applied, false), err
}

// skip records that the account's plan or the user's role does not give a stream. Legacy CSAT comes with the tickets,
// so an account without the new surveys has all its ratings once the tickets are read.
func (p *puller) skip(ctx context.Context, cause error) (PageResult, error) {
	reason := skipReason(cause)
	if p.surveyed() {
		if _, err := p.store.CommitSurveys(ctx, p.page(p.cursor.Value, true), nil); err != nil && !errors.Is(err, store.ErrCursorMoved) {
			return PageResult{}, err
		}
		out := PageResult{End: true}
		if !p.cfg.Sync.Tickets {
			out.Notice = "ratings: the account has no survey responses, and legacy ratings come with the tickets, which are switched off"
		}
		return out, nil
	}
	if err := p.store.SkipStream(ctx, p.cursor.Stream, reason, p.now()); err != nil {
		return PageResult{}, err
	}
	return PageResult{End: true, Skipped: reason}, nil
}

// surveyed reports whether the stream is that of the new CSAT.
func (p *puller) surveyed() bool {
	return mapping.Stream(p.in.Stream) == mapping.SatisfactionRatings
}

func skipReason(err error) string {
	var call *rest.Error
	if errors.As(err, &call) && call.Status == http.StatusForbidden {
		return "Zendesk answered 403: the connected user needs the admin role (or the credential a wider scope)"
	}
	return "Zendesk answered 404 InvalidEndpoint: the account's plan does not have it"
}

func pageResult(a store.Applied, end bool) PageResult {
	return PageResult{Rows: int64(a.Rows), Changed: int64(a.Changed), End: end}
}

func unixCursor(value string) (int64, error) {
	if value == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, configurationError(fmt.Errorf("stored cursor %q is not a time: run a full sync", value))
	}
	return n, nil
}
