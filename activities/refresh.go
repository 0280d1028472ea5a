package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// RefreshInput names the record to read again.
type RefreshInput struct {
	Account string `json:"account"`
	ID      int64  `json:"id"`
	// MergedWith is the other user of a merge that the event told of, and At when it happened; 0 for none.
	MergedWith int64     `json:"merged_with,omitempty"`
	At         time.Time `json:"at,omitzero"`
	// Rated: the event told of a rating, so the answers to the new CSAT are read too. An edited answer may leave the rating
	// inside the ticket as it is.
	Rated bool `json:"rated,omitempty"`
}

// Refreshed says whom a record that was read again concerns.
type Refreshed struct {
	// Users are the people whose contacts may have changed: the requester, and who was that before; the user.
	Users []int64 `json:"users,omitempty"`
	// Ready: every stream that the mapping and the rules need has once reached its end. Until then what is known of a person
	// is not the whole story, and nothing is sent.
	Ready bool `json:"ready"`
}

// ticketDeleted is the status of a ticket that is not there any more, as exports show it.
const ticketDeleted = "deleted"

// RefreshTicket reads one ticket, its requester and its organization into the mirror, in one request. A ticket that is not there
// any more is mirrored as deleted.
func (z *Zendesk) RefreshTicket(ctx context.Context, in RefreshInput) (Refreshed, error) {
	return do(ctx, z.connections, in.Account, func(ctx context.Context, c *connection) (Refreshed, error) {
		before, err := c.store.Tickets(ctx, []int64{in.ID})
		if err != nil {
			return Refreshed{}, fmt.Errorf("read mirrored ticket: %w", err)
		}
		asked := c.now()
		got, err := c.zendesk.ShowTicket(ctx, in.ID)
		var row store.TicketRow
		switch {
		case err != nil && Classify(err) == Missing:
			row = before[in.ID]
			row.ID, row.Status, row.Version = in.ID, ticketDeleted, store.Version{UpdatedAt: asked, AskedAt: asked}
		case err != nil:
			return Refreshed{}, err
		default:
			if row, err = c.refreshed(ctx, &got); err != nil {
				return Refreshed{}, err
			}
		}
		if _, known := before[in.ID]; known || row.Status != ticketDeleted {
			if _, err := c.store.ApplyTickets(ctx, []store.TicketRow{row}, c.now()); err != nil {
				return Refreshed{}, err
			}
		}
		if in.Rated {
			if err := c.readAnswers(ctx, in.ID); err != nil {
				return Refreshed{}, err
			}
		}
		ready, err := c.ready(ctx)
		return Refreshed{Users: distinctIDs(row.RequesterID, before[in.ID].RequesterID), Ready: ready}, err
	})
}

// readAnswers reads what was answered about a ticket, where the account has the new CSAT.
func (c *connection) readAnswers(ctx context.Context, ticket int64) error {
	surveys, err := c.store.HasSurveys(ctx)
	if err != nil || !surveys {
		return err
	}
	_, err = c.readSurveys(ctx, ticket)
	return err
}

// refreshed applies the people that came with a ticket, and returns the ticket's row.
func (c *connection) refreshed(ctx context.Context, got *zendesk.Read[zendesk.TicketDetail]) (store.TicketRow, error) {
	m, err := c.mapper(ctx)
	if err != nil {
		return store.TicketRow{}, err
	}
	wanted := newWantedFields(m)
	if o := got.Row.Organization; o != nil && c.cfg.Sync.Organizations {
		if _, err := c.store.ApplyOrganizations(ctx, wanted.organizations([]zendesk.Organization{*o}, got.AskedAt), c.now()); err != nil {
			return store.TicketRow{}, err
		}
	}
	if u := got.Row.Requester; u != nil && c.cfg.Sync.Users {
		if _, err := c.store.ApplyUsers(ctx, []store.UserRow{wanted.user(u, got.AskedAt, m)}, c.now()); err != nil {
			return store.TicketRow{}, err
		}
	}
	return wanted.ticket(&got.Row.Ticket, got.AskedAt), nil
}

// RefreshUser reads one user into the mirror, and the other one of a merge. A user who is not there any more was deleted for good.
func (z *Zendesk) RefreshUser(ctx context.Context, in RefreshInput) (Refreshed, error) {
	return do(ctx, z.connections, in.Account, func(ctx context.Context, c *connection) (Refreshed, error) {
		ids := distinctIDs(in.ID, in.MergedWith)
		if _, err := c.readUsers(ctx, ids); err != nil {
			return Refreshed{}, err
		}
		if in.MergedWith != 0 {
			if err := c.merged(ctx, in); err != nil {
				return Refreshed{}, err
			}
		}
		ready, err := c.ready(ctx)
		return Refreshed{Users: ids, Ready: ready}, err
	})
}

// readUsers reads up to 100 users into the mirror and returns those that are there. The others were deleted for good.
func (c *connection) readUsers(ctx context.Context, ids []int64) (map[int64]zendesk.User, error) {
	m, err := c.mapper(ctx)
	if err != nil {
		return nil, err
	}
	asked := c.now()
	got, err := c.usersOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	wanted := newWantedFields(m)
	there := make(map[int64]zendesk.User, len(got.Rows))
	rows := make([]store.UserRow, 0, len(ids))
	for i := range got.Rows {
		there[got.Rows[i].ID] = got.Rows[i]
		rows = append(rows, wanted.user(&got.Rows[i], got.AskedAt, m))
	}
	known, err := c.store.Peek(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read mirrored users: %w", err)
	}
	for i := range known {
		id := known[i].Customer.User.ID
		if _, ok := there[id]; !ok && known[i].Found {
			gone := zendesk.User{ID: id, Name: zendesk.ErasedName, CreatedAt: known[i].Customer.User.CreatedAt, UpdatedAt: asked}
			rows = append(rows, wanted.user(&gone, asked, m))
		}
	}
	_, err = c.store.ApplyUsers(ctx, rows, c.now())
	return there, err
}

// usersOf reads users; one alone by its own route, which also shows users that lists leave out.
func (c *connection) usersOf(ctx context.Context, ids []int64) (zendesk.UserPage, error) {
	if len(ids) != 1 {
		return c.zendesk.ShowManyUsers(ctx, ids)
	}
	got, err := c.zendesk.ShowUser(ctx, ids[0])
	if err != nil && Classify(err) == Missing {
		return zendesk.UserPage{End: true, AskedAt: c.now()}, nil
	}
	if err != nil {
		return zendesk.UserPage{}, err
	}
	return zendesk.UserPage{Rows: []zendesk.User{got.Row}, End: true, AskedAt: got.AskedAt}, nil
}

// ready reports whether every stream that is switched on has once reached its end.
func (c *connection) ready(ctx context.Context) (bool, error) {
	complete, err := c.store.CompleteStreams(ctx)
	if err != nil {
		return false, fmt.Errorf("read complete streams: %w", err)
	}
	streams, err := Streams(c.cfg, nil)
	if err != nil {
		return false, configurationError(err)
	}
	cursors, err := c.store.Cursors(ctx)
	if err != nil {
		return false, fmt.Errorf("read cursors: %w", err)
	}
	skipped := map[string]bool{}
	for _, cursor := range cursors {
		skipped[cursor.Stream] = cursor.Skipped != ""
	}
	for _, stream := range streams {
		if !complete[mapping.Stream(stream)] && !skipped[stream] {
			return false, nil
		}
	}
	return true, nil
}

func distinctIDs(ids ...int64) []int64 {
	var out []int64
	for _, id := range ids {
		if id != 0 && (len(out) == 0 || out[0] != id) {
			out = append(out, id)
		}
	}
	return out
}

// mergedTickets bounds how many tickets of a merged user are read again at once; the others follow with the next sync.
const mergedTickets = 1000

// mergeAttempts bounds how often an event about a merge is believed over reads that show none.
const mergeAttempts = 10

// merged records a merge that an event told of. Zendesk documents no order of the two users in it: the one that is inactive
// now was merged into the other one.
func (c *connection) merged(ctx context.Context, in RefreshInput) error {
	known, err := c.store.Peek(ctx, []int64{in.ID, in.MergedWith})
	if err != nil {
		return fmt.Errorf("read mirrored users: %w", err)
	}
	active := map[int64]bool{}
	for i := range known {
		active[known[i].Customer.User.ID] = known[i].Customer.User.Active
	}
	m := store.Merge{LoserID: in.ID, WinnerID: in.MergedWith, At: in.At}
	if active[in.ID] {
		m.LoserID, m.WinnerID = m.WinnerID, m.LoserID
	}
	if active[m.LoserID] || !active[m.WinnerID] {
		if activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt >= mergeAttempts {
			c.log.WarnContext(ctx, "an event told of a merge that Zendesk does not show; it is passed over", "user", in.ID, "other", in.MergedWith)
			return nil
		}
		return errors.New("zendesk does not show a merge yet that its event told of: asking again")
	}
	if m.At.IsZero() {
		m.At = c.now()
	}
	if err := c.store.AddMerge(ctx, m, c.now()); err != nil {
		return err
	}
	if err := c.store.RecordTransitions(ctx, []rules.Transition{rules.MergedTransition(m.WinnerID, m.LoserID, m.At)}, c.now()); err != nil {
		return err
	}
	return c.moveTickets(ctx, m.LoserID)
}

// moveTickets reads the tickets of a merged user again: they have another requester now, whose measures they are.
func (c *connection) moveTickets(ctx context.Context, loser int64) error {
	ids, err := c.store.TicketsOf(ctx, loser, mergedTickets)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(ids, zendesk.MaxShowMany) {
		if _, err := c.readTickets(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// readTickets reads up to 100 tickets into the mirror and returns their rows. Those that are not there are mirrored as deleted.
func (c *connection) readTickets(ctx context.Context, ids []int64) ([]store.TicketRow, error) {
	m, err := c.mapper(ctx)
	if err != nil {
		return nil, err
	}
	asked := c.now()
	got, err := c.zendesk.ShowManyTickets(ctx, ids)
	if err != nil {
		return nil, err
	}
	wanted, there := newWantedFields(m), map[int64]bool{}
	rows := make([]store.TicketRow, 0, len(ids))
	for i := range got.Rows {
		there[got.Rows[i].ID] = true
		rows = append(rows, wanted.ticket(&got.Rows[i], got.AskedAt))
	}
	known, err := c.store.Tickets(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read mirrored tickets: %w", err)
	}
	for _, id := range ids {
		if row, ok := known[id]; ok && !there[id] {
			row.Status, row.Version = ticketDeleted, store.Version{UpdatedAt: asked, AskedAt: asked}
			rows = append(rows, row)
		}
	}
	_, err = c.store.ApplyTickets(ctx, rows, c.now())
	return rows, err
}
