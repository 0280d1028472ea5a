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
	merged boolean, ours boolean, rating_revision bigint`

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
		if err != nil {
			return err
		}
		clear(out)
		for id, s := range stored {
			if s.row.Fields, err = decodeValues[int64](s.fields); err != nil {
				return err
			}
			out[id] = s.row
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	return out, nil
}

// TicketsOf returns up to limit ids of mirrored tickets of a requester that are not deleted, the newest first.
func (a *Account) TicketsOf(ctx context.Context, requester int64, limit int) ([]int64, error) {
	return a.ids(ctx, "SELECT id FROM tickets WHERE account = $1 AND requester_id = $2 AND status <> 'deleted' ORDER BY id DESC LIMIT $3", requester, int64(limit))
}

// storedTicket is a ticket as the mirror has it, its fields as they are stored.
type storedTicket struct {
	row      TicketRow
	revision int
	fields   string
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

// keeping is the row to store in place of an older one, and the state that the rules know of it: what this read could not
// know is taken over, and a rating that is still the same keeps its date, because Zendesk gives the one inside a ticket none.
func (r TicketRow) keeping(old *storedTicket) (TicketRow, rules.TicketState) {
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
	return r, kept
}

// content leaves the rating's revision out of the hash: it changes only with the rating, and no read knows it.
func (r *TicketRow) content(revision int) (content, error) {
	fields, err := encodeMap(r.Fields)
	if err != nil {
		return content{}, err
	}
	c := newContent(r.Version, append(make([]any, 0, len(upsertTickets.cols)), r.ID, r.RequesterID, r.OrganizationID, clean(r.Status),
		clean(r.Priority), clean(r.Channel), int64(r.Reopens), r.RatingID, clean(r.Rating), nanos(r.RatedAt), fields,
		nanos(r.CreatedAt), nanos(r.SolvedAt), r.Merged, r.Ours))
	c.values = append(c.values, int64(revision))
	return c, nil
}

// ticketWrite is a page of reads on its way into the mirror.
type ticketWrite struct {
	reads    []TicketRow
	contents []content
	kept     []rules.TicketState // what the rules know of those rows that are written
	stamps   map[int64]stamp
	stored   map[int64]*storedTicket // whole, where the read says something else
}

func (t *tx) applyTickets(ctx context.Context, rows []TicketRow, mark int64) (Applied, error) {
	rows, err := t.keepOutTickets(ctx, rows, mark)
	if err != nil {
		return Applied{}, err
	}
	w := ticketWrite{reads: rows, contents: make([]content, len(rows)), kept: make([]rules.TicketState, len(rows))}
	if err := t.keepTickets(ctx, &w); err != nil {
		return Applied{}, err
	}
	s := sift(w.contents, func(id int64) (stamp, bool) { known, ok := w.stamps[id]; return known, ok })
	live, err := t.liveSince(ctx)
	if err != nil {
		return Applied{}, err
	}
	requesters := make(map[int64]struct{}, len(s.wrote))
	var happened []rules.Transition
	for _, i := range s.wrote {
		requesters[rows[i].RequesterID] = struct{}{}
		old := w.stored[rows[i].ID]
		if old == nil {
			happened = append(happened, rules.TicketTransitions(nil, w.kept[i], live)...)
			continue
		}
		requesters[old.row.RequesterID] = struct{}{}
		happened = append(happened, sinceLive(rules.TicketTransitions(old.state(), w.kept[i], live), w.stamps[rows[i].ID].asked, live)...)
	}
	delete(requesters, 0)
	return s.Applied, errors.Join(t.run(ctx, &upsertTickets, s.write), t.run(ctx, &touchTickets, s.touch),
		t.record(ctx, happened, mark), t.mark(ctx, KindUser, sorted(requesters), mark))
}

// keepTickets finds out what every read would leave in the mirror. Most reads of a full sync say what is stored already, and
// keeping that is the same again: of those nothing but the stamp is read.
func (t *tx) keepTickets(ctx context.Context, w *ticketWrite) (err error) {
	if w.stamps, err = t.ticketStamps(ctx, w.reads); err != nil {
		return err
	}
	var unlike []int
	var ids []int64
	for i := range w.reads {
		read := &w.reads[i]
		known, ok := w.stamps[read.ID]
		if !ok {
			if err := w.keep(i, nil); err != nil {
				return err
			}
			continue
		}
		if w.contents[i], err = read.content(0); err != nil {
			return err
		}
		if known.before(w.contents[i].stamp) && known.hash != w.contents[i].stamp.hash {
			unlike, ids = append(unlike, i), append(ids, read.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if w.stored, err = t.tickets(ctx, ids); err != nil {
		return err
	}
	for _, i := range unlike {
		if err := w.keep(i, w.stored[w.reads[i].ID]); err != nil {
			return err
		}
	}
	return nil
}

func (w *ticketWrite) keep(i int, old *storedTicket) (err error) {
	row, kept := w.reads[i].keeping(old)
	w.kept[i] = kept
	w.contents[i], err = row.content(kept.Rating.Revision)
	return err
}

func (t *tx) ticketStamps(ctx context.Context, rows []TicketRow) (map[int64]stamp, error) {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	out := make(map[int64]stamp, len(rows))
	err := t.each(ctx, func(rows *sql.Rows) error {
		var id int64
		var s stamp
		err := rows.Scan(&id, &s.updated, &s.asked, &s.hash)
		out[id] = s
		return err
	}, "SELECT id, updated_at, asked_at, hash FROM tickets WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, distinct(ids)))
	return out, err
}

func (t *tx) tickets(ctx context.Context, ids []int64) (map[int64]*storedTicket, error) {
	out := make(map[int64]*storedTicket, len(ids))
	err := t.each(ctx, func(rows *sql.Rows) error {
		var s storedTicket
		var rated, created, solved, updated, asked int64
		r := &s.row
		err := rows.Scan(&r.ID, &r.RequesterID, &r.OrganizationID, &r.Status, &r.Priority, &r.Channel, &r.Reopens, &r.RatingID, &r.Rating,
			&rated, &s.fields, &created, &solved, &r.Merged, &r.Ours, &s.revision, &updated, &asked)
		r.RatedAt, r.CreatedAt, r.SolvedAt = moment(rated), moment(created), moment(solved)
		r.UpdatedAt, r.AskedAt = moment(updated), moment(asked)
		out[r.ID] = &s
		return err
	}, "SELECT "+ticketColumns+" FROM tickets WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, distinct(ids)))
	return out, err
}
