package store

import (
	"context"
	"database/sql"
	"fmt"
)

// DeliveriesByBrevoID gives the deliveries whose contact has one of the Brevo ids, by that id. Where two users were
// delivered to one contact, the later delivery counts.
func (a *Account) DeliveriesByBrevoID(ctx context.Context, ids []int64) (map[int64]Delivery, error) {
	out := map[int64]Delivery{}
	if len(ids) == 0 {
		return out, nil
	}
	err := a.read(ctx, func(t *tx) error {
		return t.each(ctx, func(rows *sql.Rows) error {
			d, err := scanDelivery(rows)
			out[d.BrevoID] = d
			return err
		}, "SELECT "+deliveryColumns+" FROM deliveries WHERE account = $1 AND brevo_id <> 0 AND "+t.in("brevo_id", "$2")+" ORDER BY sent_at", t.account, many(t, ids))
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return out, nil
}

// ActiveByEmail gives the ids of active users by their lower-cased address. The guards against empty values, here and
// above, let SQLite use the partial indexes.
func (a *Account) ActiveByEmail(ctx context.Context, emails []string) (map[string]int64, error) {
	out := map[string]int64{}
	if len(emails) == 0 {
		return out, nil
	}
	err := a.read(ctx, func(t *tx) error {
		return t.each(ctx, func(rows *sql.Rows) error {
			var email string
			var id int64
			err := rows.Scan(&email, &id)
			out[email] = id
			return err
		}, "SELECT email, id FROM users WHERE account = $1 AND active AND email <> '' AND "+t.in("email", "$2")+" ORDER BY id", t.account, many(t, emails))
	})
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return out, nil
}

// PeopleByEmail gives the ids, ascending, of users who have an address or whose contact was delivered under it, whatever their
// state. The address is lower-cased.
func (a *Account) PeopleByEmail(ctx context.Context, email string) ([]int64, error) {
	var out []int64
	err := a.read(ctx, func(t *tx) (err error) {
		out, err = t.peopleByEmail(ctx, email)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read people by e-mail: %w", err)
	}
	return out, nil
}

func (t *tx) peopleByEmail(ctx context.Context, email string) (out []int64, err error) {
	if email == "" {
		return nil, nil
	}
	err = t.each(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		out = append(out, id)
		return err
	}, `SELECT id FROM users WHERE account = $1 AND email <> '' AND email = $2
		UNION SELECT user_id FROM deliveries WHERE account = $1 AND email <> '' AND email = $2 ORDER BY 1`, t.account, email)
	return out, err
}

// UnlocatedDeliveries gives up to limit deliveries of users with an id greater than after, ascending, that Brevo accepted
// without saying which contact they became.
func (a *Account) UnlocatedDeliveries(ctx context.Context, after int64, limit int) ([]Delivery, error) {
	var out []Delivery
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			d, err := scanDelivery(rows)
			out = append(out, d)
			return err
		}, "SELECT "+deliveryColumns+` FROM deliveries WHERE account = $1 AND state = 'sent' AND brevo_id = 0 AND import_id = ''
			AND user_id > $2 ORDER BY user_id LIMIT $3`, t.account, after, int64(limit))
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return out, nil
}

// UnlocatedByEmail is UnlocatedDeliveries for the addresses that are given, by address.
func (a *Account) UnlocatedByEmail(ctx context.Context, emails []string) (map[string]Delivery, error) {
	out := map[string]Delivery{}
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		return t.each(ctx, func(rows *sql.Rows) error {
			d, err := scanDelivery(rows)
			out[d.Email] = d
			return err
		}, "SELECT "+deliveryColumns+` FROM deliveries WHERE account = $1 AND state = 'sent' AND brevo_id = 0 AND import_id = '' AND email <> ''
			AND `+t.in("email", "$2"), t.account, many(t, emails))
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries by e-mail: %w", err)
	}
	return out, nil
}

// CompaniesInProcess gives the companies that an import of Brevo still carries.
func (a *Account) CompaniesInProcess(ctx context.Context) ([]Company, error) {
	var ids []int64
	err := a.read(ctx, func(t *tx) error {
		return t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		}, "SELECT organization_id FROM companies WHERE account = $1 AND process_id <> 0 ORDER BY organization_id", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("read companies: %w", err)
	}
	companies, err := a.Companies(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Company, 0, len(ids))
	for _, id := range ids {
		out = append(out, companies[id])
	}
	return out, nil
}

// Undecided counts the users of whom nothing was decided so far. Under a pilot, held counts whom it keeps back: those of them who
// do not wait for a push, and contacts that stand in Brevo under none of the pilot's addresses (lower case).
func (a *Account) Undecided(ctx context.Context, pilot []string) (undecided, held int64, err error) {
	const of = `SELECT COUNT(*) FROM users u WHERE u.account = $1
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.account = u.account AND d.user_id = u.id AND d.state <> '')`
	err = a.read(ctx, func(t *tx) error {
		if len(pilot) == 0 {
			return t.QueryRowContext(ctx, of, t.account).Scan(&undecided)
		}
		var left, others int64
		err := t.QueryRowContext(ctx, "SELECT ("+of+"), ("+of+` AND NOT EXISTS (SELECT 1 FROM dirty m WHERE m.account = u.account AND m.kind = 'user' AND m.id = u.id)),
			(SELECT COUNT(*) FROM deliveries d WHERE d.account = $1 AND d.state = 'sent' AND NOT (`+t.in("d.email", "$2")+"))", t.account, many(t, pilot)).Scan(&undecided, &left, &others)
		held = left + others
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count undecided users: %w", err)
	}
	return undecided, held, nil
}

// RejectsOfRun gives the rejects of a kind that a run entered for a reason, by id.
func (a *Account) RejectsOfRun(ctx context.Context, kind Kind, reason, runID string) ([]Reject, error) {
	var out []Reject
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			r := Reject{Kind: kind, Reason: reason, RunID: runID}
			var at int64
			var extra string
			err := rows.Scan(&r.ID, &r.Detail, &at, &extra)
			r.At = moment(at)
			if extra != "" {
				r.Extra = []byte(extra)
			}
			out = append(out, r)
			return err
		}, "SELECT id, detail, rejected_at, extra FROM rejects WHERE account = $1 AND kind = $2 AND reason = $3 AND run_id = $4 ORDER BY id",
			t.account, string(kind), reason, runID)
	})
	if err != nil {
		return nil, fmt.Errorf("read rejects of a run: %w", err)
	}
	return out, nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.reader.PingContext(ctx) }
