package store

import (
	"context"
	"database/sql"
	"time"
)

const ticketContent = `id bigint, requester_id bigint, organization_id bigint, status text, priority text, channel text,
	reopens bigint, rating_id bigint, rating text, rated_at bigint, fields text, created_at bigint, solved_at bigint`

var (
	upsertTickets = newUpsert("tickets", 1, ticketContent+versionColumns)
	touchTickets  = newTouch("tickets", "bigint")
)

// CommitTickets applies a page of tickets by the version guard and moves the stream's cursor, in one transaction; it
// returns ErrCursorMoved, with nothing written, when the page was fetched from another cursor. Requesters of changed
// tickets are marked dirty, the former one too.
func (a *Account) CommitTickets(ctx context.Context, p Page, rows []TicketRow) (Applied, error) {
	content, err := ticketContents(rows)
	if err != nil {
		return Applied{}, err
	}
	return a.commit(ctx, p, len(rows), func(t *tx, mark int64) (Applied, error) { return t.applyTickets(ctx, rows, content, mark) })
}

// ApplyTickets is CommitTickets for rows outside of a page.
func (a *Account) ApplyTickets(ctx context.Context, rows []TicketRow, now time.Time) (Applied, error) {
	content, err := ticketContents(rows)
	if err != nil {
		return Applied{}, err
	}
	return a.apply(ctx, now, "tickets", func(t *tx, mark int64) (Applied, error) { return t.applyTickets(ctx, rows, content, mark) })
}

func ticketContents(rows []TicketRow) ([]content, error) {
	out := make([]content, len(rows))
	for i := range rows {
		r := &rows[i]
		fields, err := encodeMap(r.Fields)
		if err != nil {
			return nil, err
		}
		values := append(make([]any, 0, len(upsertTickets.cols)), r.ID, r.RequesterID, r.OrganizationID, clean(r.Status),
			clean(r.Priority), clean(r.Channel), int64(r.Reopens), r.RatingID, clean(r.Rating), nanos(r.RatedAt), fields,
			nanos(r.CreatedAt), nanos(r.SolvedAt))
		out[i] = newContent(r.Version, values)
	}
	return out, nil
}

type storedTicket struct {
	stamp
	requester int64
}

func (t *tx) applyTickets(ctx context.Context, rows []TicketRow, content []content, mark int64) (Applied, error) {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	stored := make(map[int64]storedTicket, len(rows))
	err := t.each(ctx, func(r *sql.Rows) error {
		var id int64
		var s storedTicket
		err := r.Scan(&id, &s.updated, &s.asked, &s.hash, &s.requester)
		stored[id] = s
		return err
	}, "SELECT id, updated_at, asked_at, hash, requester_id FROM tickets WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, ids))
	if err != nil {
		return Applied{}, err
	}
	s := sift(content, func(id int64) (stamp, bool) { o, ok := stored[id]; return o.stamp, ok })
	requesters := make(map[int64]struct{}, len(s.wrote))
	for _, i := range s.wrote {
		requesters[rows[i].RequesterID] = struct{}{}
		if old, ok := stored[rows[i].ID]; ok {
			requesters[old.requester] = struct{}{}
		}
	}
	delete(requesters, 0)
	if err := t.run(ctx, &upsertTickets, s.write); err != nil {
		return Applied{}, err
	}
	if err := t.run(ctx, &touchTickets, s.touch); err != nil {
		return Applied{}, err
	}
	return s.Applied, t.mark(ctx, KindUser, sorted(requesters), mark)
}
