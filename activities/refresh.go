package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// RefreshInput names the record to read again, and what events told of it that no read shows.
type RefreshInput struct {
	Account string      `json:"account"`
	ID      int64       `json:"id"`
	Merges  []MergeNews `json:"merges,omitempty"`
	// Rated: an event told of a rating, so the answers to the new CSAT are read too. An edited answer may leave the rating
	// inside the ticket as it is.
	Rated bool `json:"rated,omitempty"`
}

// MergeNews is what an event told of a merge: the other user, and when.
type MergeNews struct {
	With int64     `json:"with"`
	At   time.Time `json:"at,omitzero"`
}

// Refreshed says whom a record that was read again concerns.
type Refreshed struct {
	// Users are the people whose contacts may have changed: the requester, and who was that before; the user.
	Users []int64 `json:"users,omitempty"`
	// Ready: every stream that the mapping and the rules need has once reached its end. Until then what is known of a person
	// is not the whole story, and nothing is sent.
	Ready bool `json:"ready"`
}

// RefreshTicket reads one ticket, its requester and its organization into the mirror, in one request. A ticket that is not there
// any more is mirrored as deleted. Where tickets are switched off nothing is read.
func (z *Zendesk) RefreshTicket(ctx context.Context, in RefreshInput) (Refreshed, error) {
	return do(ctx, z.connections, in.Account, func(ctx context.Context, c *connection) (Refreshed, error) {
		users, err := c.refreshTicket(ctx, in)
		if err != nil || !c.cfg.Sync.Tickets {
			return Refreshed{}, err
		}
		ready, err := c.ready(ctx)
		return Refreshed{Users: users, Ready: ready}, err
	})
}

// refreshTicket reads one ticket into the mirror, and returns whom it concerns.
func (c *connection) refreshTicket(ctx context.Context, in RefreshInput) ([]int64, error) {
	if !c.cfg.Sync.Tickets {
		return nil, nil
	}
	before, err := c.store.Tickets(ctx, []int64{in.ID})
	if err != nil {
		return nil, fmt.Errorf("read mirrored ticket: %w", err)
	}
	asked := c.now()
	got, err := c.zendesk.ShowTicket(ctx, in.ID)
	var rows []store.TicketRow
	switch {
	case zendesk.IsRecordNotFound(err):
		rows = goneTickets(before, asked)
	case err != nil:
		return nil, err
	default:
		row, err := c.refreshed(ctx, &got)
		if err != nil {
			return nil, err
		}
		rows = []store.TicketRow{row}
	}
	if _, err := c.store.ApplyTickets(ctx, rows, c.now()); err != nil {
		return nil, err
	}
	if in.Rated && c.cfg.Sync.SatisfactionRatings {
		if err := c.readAnswers(ctx, in.ID); err != nil {
			return nil, err
		}
	}
	users := []int64{before[in.ID].RequesterID}
	for _, row := range rows {
		users = append(users, row.RequesterID)
	}
	return distinctIDs(users...), nil
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

// RefreshUser reads one user into the mirror, and the other ones of merges. Where users are switched off nothing is read.
func (z *Zendesk) RefreshUser(ctx context.Context, in RefreshInput) (Refreshed, error) {
	return do(ctx, z.connections, in.Account, func(ctx context.Context, c *connection) (Refreshed, error) {
		if !c.cfg.Sync.Users {
			return Refreshed{}, nil
		}
		ids := []int64{in.ID}
		for _, m := range in.Merges {
			ids = append(ids, m.With)
		}
		ids = distinctIDs(ids...)
		if _, err := c.readUsers(ctx, ids); err != nil {
			return Refreshed{}, err
		}
		if err := c.followMerges(ctx, in); err != nil {
			return Refreshed{}, err
		}
		ready, err := c.ready(ctx)
		return Refreshed{Users: ids, Ready: ready}, err
	})
}

// mergedTickets bounds how many tickets of a merged user are read again at once.
const mergedTickets = 1000

// mergePatience is how long an event about a merge is believed over reads that show none.
const mergePatience = 10 * time.Minute

// followMerges records the merges that events told of. One of them may explain another.
func (c *connection) followMerges(ctx context.Context, in RefreshInput) error {
	left := in.Merges
	for more := true; more; {
		var unseen []MergeNews
		for _, news := range left {
			seen, err := c.merged(ctx, in.ID, news)
			if err != nil {
				return err
			}
			if !seen {
				unseen = append(unseen, news)
			}
		}
		more = len(unseen) < len(left)
		left = unseen
	}
	for _, news := range left {
		at := news.At
		if at.IsZero() {
			at = c.now()
		}
		if c.now().Sub(toldAt(ctx, at)) <= mergePatience {
			return errors.New("zendesk does not show a merge yet that its event told of: asking again")
		}
		c.log.WarnContext(ctx, "an event told of a merge that Zendesk does not show; it is passed over", "user", in.ID, "other", news.With)
	}
	return nil
}

// merged records a merge that an event told of, and reports false where what is known of the two users does not show it. Zendesk
// documents no order of them in the event: the one that is inactive now was merged into the other one, and of two that are, into
// the one that was merged away in turn.
func (c *connection) merged(ctx context.Context, user int64, news MergeNews) (seen bool, _ error) {
	known, err := c.store.Peek(ctx, []int64{user, news.With})
	if err != nil {
		return false, fmt.Errorf("read mirrored users: %w", err)
	}
	active := map[int64]bool{}
	for i := range known {
		active[known[i].Customer.User.ID] = known[i].Customer.User.Active
	}
	if !active[user] && !active[news.With] {
		before, err := c.store.Merges(ctx, []int64{user, news.With})
		if err != nil {
			return false, err
		}
		active[user], active[news.With] = mergedOn(before, user, news.With), mergedOn(before, news.With, user)
	}
	m := store.Merge{LoserID: user, WinnerID: news.With, At: news.At}
	if active[user] {
		m.LoserID, m.WinnerID = m.WinnerID, m.LoserID
	}
	if m.At.IsZero() {
		m.At = c.now()
	}
	if active[m.LoserID] || !active[m.WinnerID] {
		return false, nil
	}
	return true, c.addMerge(ctx, m)
}

// mergedOn reports whether a user was merged into somebody else than the other one.
func mergedOn(merges map[int64]store.Merge, user, other int64) bool {
	m, merged := merges[user]
	return merged && m.WinnerID != other
}

// addMerge records a merge, what the rules hear of it, and whose the loser's tickets are now.
func (c *connection) addMerge(ctx context.Context, m store.Merge) error {
	if err := c.store.AddMerge(ctx, m, c.now()); err != nil {
		return err
	}
	if err := c.store.RecordTransitions(ctx, []rules.Transition{rules.MergedTransition(m.WinnerID, m.LoserID, m.At)}, c.now()); err != nil {
		return err
	}
	// The loser's tickets have another requester now, whose measures they are.
	ids, err := c.store.TicketsOf(ctx, m.LoserID, mergedTickets)
	if err != nil || !c.cfg.Sync.Tickets {
		return err
	}
	_, err = c.readTickets(ctx, ids)
	return err
}

// toldAt is when this program heard of an event, as far as the step knows: at least since then Zendesk was asked.
func toldAt(ctx context.Context, otherwise time.Time) time.Time {
	if activity.IsActivity(ctx) {
		return activity.GetInfo(ctx).ScheduledTime
	}
	return otherwise
}

// ready reports whether a sync has begun and every stream that is switched on has once reached its end, or is not the account's
// to have. A preview reads streams to their end as well, but until preflight has ended nobody asked for anything to be written.
func (c *connection) ready(ctx context.Context) (bool, error) {
	if fingerprint, err := c.store.Fingerprint(ctx); err != nil || fingerprint == "" {
		return false, err
	}
	streams, err := Streams(c.cfg, nil)
	if err != nil {
		return false, configurationError(err)
	}
	cursors, err := c.store.Cursors(ctx)
	if err != nil {
		return false, fmt.Errorf("read cursors: %w", err)
	}
	done := map[mapping.Stream]bool{}
	for _, cursor := range cursors {
		done[mapping.Stream(cursor.Stream)] = !cursor.Completed.IsZero() || cursor.Skipped != ""
	}
	for _, stream := range streams {
		if !done[mapping.Stream(stream)] {
			return false, nil
		}
	}
	return true, nil
}
