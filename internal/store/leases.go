package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// TakeLease makes owner the only one of all programs who may do the named work until the lease ends; taken is false while
// somebody else may. unfinished is when work was begun whose end nobody has told, because its program died or could not
// know; zero: there is none.
func (a *Account) TakeLease(ctx context.Context, name, owner string, lease time.Duration, now time.Time) (taken bool, unfinished time.Time, err error) {
	err = a.write(ctx, func(t *tx) error {
		var begun int64
		err := t.QueryRowContext(ctx, "SELECT begun_at FROM leases WHERE account = $1 AND name = $2"+t.forUpdate(), t.account, clean(name)).Scan(&begun)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		n, err := t.exec(ctx, `INSERT INTO leases (account, name, owner, lease_until, begun_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account, name) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until, begun_at = excluded.begun_at
			WHERE leases.owner = '' OR leases.lease_until <= $5`,
			t.account, clean(name), owner, nanos(now.Add(lease)), nanos(now))
		taken, unfinished = n == 1, moment(begun)
		return err
	})
	if err != nil {
		return false, time.Time{}, fmt.Errorf("take lease: %w", err)
	}
	return taken, unfinished, nil
}

// EndLease gives a lease back; nothing happens when it is no longer the owner's. unfinished is for the next one who takes it:
// zero when it is known how the work ended.
func (a *Account) EndLease(ctx context.Context, name, owner string, unfinished time.Time) error {
	return a.do(ctx, "end lease", "UPDATE leases SET owner = '', lease_until = 0, begun_at = $4 WHERE account = $1 AND name = $2 AND owner = $3",
		clean(name), owner, nanos(unfinished))
}
