package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Peek reads what is known of users in one consistent state: user, organization and measures, the dirty mark's version,
// the delivery. It takes no claim. The answers are in the order of ids, each id once; ids that are not mirrored come with
// Found false. Customer.PhoneHeldBy is left to the caller, see PhoneHolders.
func (a *Account) Peek(ctx context.Context, ids []int64) ([]Claimed, error) {
	var out []Claimed
	err := a.read(ctx, func(t *tx) (err error) {
		out, err = t.peek(ctx, ids)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	return out, nil
}

// peek reads the marks first: should a row change while it reads (PostgreSQL, inside Claim), the mark it returns is
// older than the change, and clearing it leaves the newer one.
func (t *tx) peek(ctx context.Context, ids []int64) ([]Claimed, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	marks, err := t.dirtyVersions(ctx, KindUser, ids)
	if err != nil {
		return nil, err
	}
	users, err := t.users(ctx, t.in("id", "$2"), many(t, ids))
	if err != nil {
		return nil, err
	}
	var organizationIDs []int64
	for i := range users {
		if id := users[i].OrganizationID; id != 0 {
			organizationIDs = append(organizationIDs, id)
		}
	}
	organizations, err := t.organizations(ctx, organizationIDs)
	if err != nil {
		return nil, err
	}
	measures, err := t.measures(ctx, ids)
	if err != nil {
		return nil, err
	}
	deliveries, err := t.deliveries(ctx, ids)
	if err != nil {
		return nil, err
	}
	mirrored := make(map[int64]*UserRow, len(users))
	for i := range users {
		mirrored[users[i].ID] = &users[i]
	}
	out, seen := make([]Claimed, 0, len(ids)), make(map[int64]bool, len(ids))
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		c := Claimed{Dirty: marks[id], Delivery: Delivery{UserID: id}}
		c.Customer.User.ID = id
		if u, ok := mirrored[id]; ok {
			c.Found, c.Customer.User, c.UpdatedAt = true, u.User, u.UpdatedAt
			if o, ok := organizations[u.OrganizationID]; ok && !o.Deleted {
				c.Customer.Organization = &o.Organization
			}
		}
		if m, ok := measures[id]; ok {
			c.Customer.Measures = m.sum()
		}
		if d, ok := deliveries[id]; ok {
			c.Delivery = d
		}
		out = append(out, c)
	}
	return out, nil
}

// measures collects the tickets and ratings of users.
func (t *tx) measures(ctx context.Context, users []int64) (map[int64]*history, error) {
	var since int64
	err := t.QueryRowContext(ctx, "SELECT COALESCE(MAX(since_at), 0) FROM accounts WHERE account = $1", t.account).Scan(&since)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*history, len(users))
	of := func(user int64) *history {
		h := out[user]
		if h == nil {
			h = &history{since: since}
			out[user] = h
		}
		return h
	}
	// The tickets that surveys rate are read before their legacy ratings are counted.
	surveyed, err := t.surveyed(ctx, users, of)
	if err != nil {
		return nil, err
	}
	err = t.each(ctx, func(rows *sql.Rows) error {
		var user int64
		var k ticket
		var fields string
		err := rows.Scan(&user, &k.id, &k.status, &k.channel, &k.created, &k.reopens, &k.rating, &k.rated, &fields)
		if err != nil {
			return err
		}
		if k.fields, err = decodeValues[int64](fields); err != nil {
			return err
		}
		if surveyed[k.id] {
			k.rating = ""
		}
		of(user).addTicket(k)
		return nil
	}, `SELECT requester_id, id, status, channel, created_at, reopens, rating, rated_at, fields FROM tickets
		WHERE account = $1 AND status <> 'deleted' AND `+t.in("requester_id", "$2"), t.account, many(t, users))
	return out, err
}

// surveyed adds the survey answers that count for users, and returns the tickets they rate. An answer counts for the
// ticket's requester, or for who answered while the ticket is not mirrored.
func (t *tx) surveyed(ctx context.Context, users []int64, of func(int64) *history) (map[int64]bool, error) {
	var some bool
	err := t.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM surveys WHERE account = $1)", t.account).Scan(&some)
	if err != nil || !some {
		return nil, err
	}
	tickets := map[int64]bool{}
	scan := func(rows *sql.Rows) error {
		var user, ticket int64
		var r rating
		if err := rows.Scan(&user, &ticket, &r.id, &r.score, &r.category, &r.at); err != nil {
			return err
		}
		r.ticket, tickets[ticket] = ticket, true
		of(user).addRating(r)
		return nil
	}
	const answer = ", s.ticket_id, s.id, s.score, s.category, s.created_at FROM "
	err = t.each(ctx, scan, "SELECT t.requester_id"+answer+`tickets t JOIN surveys s ON s.account = t.account AND s.ticket_id = t.id
		WHERE t.account = $1 AND t.status <> 'deleted' AND `+t.in("t.requester_id", "$2"), t.account, many(t, users))
	if err != nil {
		return nil, err
	}
	return tickets, t.each(ctx, scan, "SELECT s.user_id"+answer+`surveys s WHERE s.account = $1 AND `+t.in("s.user_id", "$2")+`
		AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.account = s.account AND t.id = s.ticket_id)`, t.account, many(t, users))
}

// deliveries reads what Brevo last accepted of users.
func (t *tx) deliveries(ctx context.Context, users []int64) (map[int64]Delivery, error) {
	out := make(map[int64]Delivery, len(users))
	err := t.each(ctx, func(rows *sql.Rows) error {
		d, err := scanDelivery(rows)
		out[d.UserID] = d
		return err
	}, "SELECT "+deliveryColumns+" FROM deliveries WHERE account = $1 AND "+t.in("user_id", "$2"), t.account, many(t, users))
	return out, err
}
