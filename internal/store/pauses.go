package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SetPause pauses the account. The pause that stands stays: its message names the first cause. Only what a person does takes
// its place: to pause, and to disconnect.
func (a *Account) SetPause(ctx context.Context, p Pause) error {
	return a.do(ctx, "set pause", `INSERT INTO pauses (account, kind, message, paused_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE SET kind = excluded.kind, message = excluded.message, paused_at = excluded.paused_at
		WHERE excluded.kind IN ('operator', 'disconnected')`, p.Kind, clean(p.Message), nanos(p.At))
}

// Paused returns the pause that stands, if any.
func (a *Account) Paused(ctx context.Context) (Pause, bool, error) {
	var p Pause
	var at int64
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT kind, message, paused_at FROM pauses WHERE account = $1", t.account).Scan(&p.Kind, &p.Message, &at)
	})
	if errors.Is(err, ErrNotFound) {
		return Pause{}, false, nil
	}
	if err != nil {
		return Pause{}, false, fmt.Errorf("read pause: %w", err)
	}
	p.At = moment(at)
	return p, true, nil
}

// ClearPause lets the account be worked on again. Where kinds are named, a pause of another kind stays: it may have taken the
// place of the one that the caller saw.
func (a *Account) ClearPause(ctx context.Context, kinds ...string) error {
	if len(kinds) == 0 {
		return a.do(ctx, "clear pause", "DELETE FROM pauses WHERE account = $1")
	}
	for _, kind := range kinds {
		if err := a.do(ctx, "clear pause", "DELETE FROM pauses WHERE account = $1 AND kind = $2", kind); err != nil {
			return err
		}
	}
	return nil
}

// AcceptMassChange lets the next mass change pass, of a run that has not ended by then.
func (a *Account) AcceptMassChange(ctx context.Context, now time.Time) error {
	return a.do(ctx, "accept mass change", `INSERT INTO accounts (account, accepted_at) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE SET accepted_at = excluded.accepted_at`, max(1, nanos(now)))
}

// TakeAcceptance says whether a mass change was accepted since then, and uses up what was accepted, however long ago.
func (a *Account) TakeAcceptance(ctx context.Context, since time.Time) (bool, error) {
	var at int64
	err := a.write(ctx, func(t *tx) error {
		err := t.QueryRowContext(ctx, "SELECT accepted_at FROM accounts WHERE account = $1"+t.forUpdate(), t.account).Scan(&at)
		if errors.Is(err, sql.ErrNoRows) || (err == nil && at == 0) {
			at = 0
			return nil
		}
		if err != nil {
			return err
		}
		return t.dropAcceptance(ctx)
	})
	if err != nil {
		return false, fmt.Errorf("take acceptance: %w", err)
	}
	return at != 0 && at >= nanos(since), nil
}

func (t *tx) dropAcceptance(ctx context.Context) error {
	_, err := t.exec(ctx, "UPDATE accounts SET accepted_at = 0 WHERE account = $1 AND accepted_at <> 0", t.account)
	return err
}

// SetContacted records the outcome of a call to a vendor, unless a later one is known.
func (a *Account) SetContacted(ctx context.Context, c Contacted) error {
	return a.do(ctx, "set contacted", `INSERT INTO contacted (account, vendor, ok, called_at, message) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account, vendor) DO UPDATE SET ok = excluded.ok, called_at = excluded.called_at, message = excluded.message
		WHERE excluded.called_at >= contacted.called_at`, c.Vendor, c.OK, nanos(c.At), clean(c.Message))
}

// ContactedAll returns the latest outcome of each vendor, by vendor.
func (a *Account) ContactedAll(ctx context.Context) ([]Contacted, error) {
	var out []Contacted
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var c Contacted
			var at int64
			err := rows.Scan(&c.Vendor, &c.OK, &at, &c.Message)
			c.At = moment(at)
			out = append(out, c)
			return err
		}, "SELECT vendor, ok, called_at, message FROM contacted WHERE account = $1 ORDER BY vendor", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("read contacted: %w", err)
	}
	return out, nil
}

// Fingerprint returns what SetFingerprint stored; empty before.
func (a *Account) Fingerprint(ctx context.Context) (string, error) {
	var out string
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT fingerprint FROM accounts WHERE account = $1", t.account).Scan(&out)
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("read fingerprint: %w", err)
	}
	return out, nil
}

// SetFingerprint stores the fingerprint of the mapping that deliveries were made with.
func (a *Account) SetFingerprint(ctx context.Context, fingerprint string) error {
	return a.do(ctx, "set fingerprint", `INSERT INTO accounts (account, fingerprint) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE SET fingerprint = excluded.fingerprint`, fingerprint)
}

// Verified returns when SetVerified was last called; zero before.
func (a *Account) Verified(ctx context.Context) (time.Time, error) {
	var at int64
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT verified_at FROM accounts WHERE account = $1", t.account).Scan(&at)
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return time.Time{}, fmt.Errorf("read verification: %w", err)
	}
	return moment(at), nil
}

// SetVerified remembers that fields, attributes and lists were looked at; the zero time asks for another look.
func (a *Account) SetVerified(ctx context.Context, at time.Time) error {
	return a.do(ctx, "set verification", `INSERT INTO accounts (account, verified_at) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE SET verified_at = excluded.verified_at`, nanos(at))
}

// do runs one statement, whose $1 is the account.
func (a *Account) do(ctx context.Context, what, query string, args ...any) error {
	err := a.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, query, append([]any{t.account}, args...)...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
