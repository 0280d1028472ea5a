package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"zendesk-brevo/internal/rules"
)

const ticketContent = `id bigint, requester_id bigint, organization_id bigint, status text, priority text, channel text,
	reopens bigint, rating_id bigint, rating text, rated_at bigint, fields text, created_at bigint, solved_at bigint,
	rating_revision bigint, merged boolean, ours boolean`

var (
	upsertTickets = newUpsert("tickets", 1, ticketContent+versionColumns)
	touchTickets  = newTouch("tickets", "bigint")
	ticketColumns = names(columns(ticketContent)) + ", updated_at, asked_at"
)

// CommitTickets applies a page of tickets by the version guard and moves the stream's cursor, in one transaction; it
// returns ErrCursorMoved, with nothing written, when the page was fetched from another cursor. Requesters of changed
// tickets are marked dirty, the former one too, and what happened to the tickets is recorded.
func (a *Account) CommitTickets(ctx context.Context, p Page, rows []TicketRow) (Applied, error) {
	return a.commit(ctx, p, len(rows), func(t *tx, mark int64) (Applied, error) { return t.applyTickets(ctx, rows, mark) })
}

// ApplyTickets is CommitTickets for rows outside of a page.
func (a *Account) ApplyTickets(ctx context.Context, rows []TicketRow, now time.Time) (Applied, error) {
	return a.apply(ctx, now, "tickets", func(t *tx, mark int64) (Applied, error) { return t.applyTickets(ctx, rows, mark) })
}

// Tickets returns the mirrored tickets among ids, deleted ones too.
func (a *Account) Tickets(ctx context.Context, ids []int64) (map[int64]TicketRow, error) {
	out := map[int64]TicketRow{}
	err := a.read(ctx, func(t *tx) error {
		stored, err := t.tickets(ctx, ids)
		for id, s := range stored {
			out[id] = s.row
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	return out, nil
}

// TicketsOf returns up to limit ids of mirrored tickets of a requester that are not deleted, the newest first.
func (a *Account) TicketsOf(ctx context.Context, requester int64, limit int) ([]int64, error) {
	var out []int64
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			out = append(out, id)
			return err
		}, "SELECT id FROM tickets WHERE account = $1 AND requester_id = $2 AND status <> 'deleted' ORDER BY id DESC LIMIT $3", t.account, requester, int64(limit))
	})
	if err != nil {
		return nil, fmt.Errorf("read tickets of a requester: %w", err)
	}
	return out, nil
}

// storedTicket is a ticket as the mirror has it.
type storedTicket struct {
	stamp
	row      TicketRow
	revision int
}

func (s *storedTicket) state() *rules.TicketState {
	state := s.row.State()
	state.Rating.Revision = s.revision
	return &state
}

// State is what the rules know of the ticket.
func (r *TicketRow) State() rules.TicketState {
	s := rules.TicketState{
		ID: r.ID, RequesterID: r.RequesterID, Status: r.Status, Priority: r.Priority, Channel: r.Channel, Reopens: r.Reopens,
		CreatedAt: r.CreatedAt, SolvedAt: r.SolvedAt, UpdatedAt: r.UpdatedAt, Deleted: r.Status == ticketDeleted, Merged: r.Merged, Ours: r.Ours,
		Rating: rules.Rating{Category: r.Rating},
	}
	if r.RatingID != 0 {
		s.Rating.ID = strconv.FormatInt(r.RatingID, 10)
	}
	if r.Rating == rules.Good {
		s.Rating.Score = 100
	}
	return s
}

const ticketDeleted = "deleted"

// keeping is the row to store in place of an older one: what this read could not know is taken over, and a rating that is
// still the same keeps its date, because Zendesk gives the one inside a ticket none.
func (r TicketRow) keeping(old *storedTicket) (row TicketRow, revision int) {
	var before *rules.TicketState
	if old != nil {
		before = old.state()
	}
	kept := r.State().Keeping(before)
	r.Reopens, r.SolvedAt, r.Merged, r.Ours = kept.Reopens, kept.SolvedAt, kept.Merged, kept.Ours
	r.Rating = kept.Rating.Category
	r.RatingID, _ = strconv.ParseInt(kept.Rating.ID, 10, 64)
	if old != nil && old.row.Rating == r.Rating && old.row.RatingID == r.RatingID {
		r.RatedAt = old.row.RatedAt
	}
	return r, kept.Rating.Revision
}

func (r *TicketRow) content(revision int) (content, error) {
	fields, err := encodeMap(r.Fields)
	if err != nil {
		return content{}, err
	}
	return newContent(r.Version, append(make([]any, 0, len(upsertTickets.cols)), r.ID, r.RequesterID, r.OrganizationID, clean(r.Status),
		clean(r.Priority), clean(r.Channel), int64(r.Reopens), r.RatingID, clean(r.Rating), nanos(r.RatedAt), fields,
		nanos(r.CreatedAt), nanos(r.SolvedAt), int64(revision), r.Merged, r.Ours)), nil
}

func (t *tx) applyTickets(ctx context.Context, rows []TicketRow, mark int64) (Applied, error) {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	stored, err := t.tickets(ctx, ids)
	if err != nil {
		return Applied{}, err
	}
	contents := make([]content, len(rows))
	for i := range rows {
		row, revision := rows[i].keeping(stored[rows[i].ID])
		if contents[i], err = row.content(revision); err != nil {
			return Applied{}, err
		}
	}
	s := sift(contents, func(id int64) (stamp, bool) {
		if old := stored[id]; old != nil {
			return old.stamp, true
		}
		return stamp{}, false
	})
	live, err := t.liveSince(ctx)
	if err != nil {
		return Applied{}, err
	}
	requesters := make(map[int64]struct{}, len(s.wrote))
	var happened []rules.Transition
	for _, i := range s.wrote {
		requesters[rows[i].RequesterID] = struct{}{}
		var before *rules.TicketState
		if old := stored[rows[i].ID]; old != nil {
			requesters[old.row.RequesterID] = struct{}{}
			before = old.state()
		}
		happened = append(happened, rules.TicketTransitions(before, rows[i].State(), live)...)
	}
	delete(requesters, 0)
	return s.Applied, errors.Join(t.run(ctx, &upsertTickets, s.write), t.run(ctx, &touchTickets, s.touch),
		t.record(ctx, happened, mark), t.mark(ctx, KindUser, sorted(requesters), mark))
}

func (t *tx) tickets(ctx context.Context, ids []int64) (map[int64]*storedTicket, error) {
	out := make(map[int64]*storedTicket, len(ids))
	err := t.each(ctx, func(rows *sql.Rows) error {
		var s storedTicket
		var fields string
		var rated, created, solved int64
		r := &s.row
		err := rows.Scan(&r.ID, &r.RequesterID, &r.OrganizationID, &r.Status, &r.Priority, &r.Channel, &r.Reopens, &r.RatingID, &r.Rating,
			&rated, &fields, &created, &solved, &s.revision, &r.Merged, &r.Ours, &s.updated, &s.asked, &s.hash)
		if err != nil {
			return err
		}
		r.RatedAt, r.CreatedAt, r.SolvedAt = moment(rated), moment(created), moment(solved)
		r.UpdatedAt, r.AskedAt = moment(s.updated), moment(s.asked)
		r.Fields, err = decodeValues[int64](fields)
		out[r.ID] = &s
		return err
	}, "SELECT "+ticketColumns+", hash FROM tickets WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, distinct(ids)))
	return out, err
}
