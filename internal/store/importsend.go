package store

import (
	"context"
	"fmt"
	"time"
)

// importAsked is the process of an open import while Brevo is being asked for it.
const importAsked = -1

// ImportSending makes the caller the only one who may send an open import, or give it up after it was sent: until now+lease, or until
// ReturnImport. It returns ErrClaimLost when somebody else has taken, settled or split it.
func (a *Account) ImportSending(ctx context.Context, id string, lease time.Duration, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE imports SET process_id = $3, started_at = $4 WHERE account = $1 AND id = $2 AND state = 'open'
			AND (process_id <> $3 OR started_at <= $5)`, t.account, id, importAsked, nanos(now), nanos(now.Add(-lease)))
		if err == nil && n == 0 {
			return ErrClaimLost
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to send import: %w", err)
	}
	return nil
}

// ReturnImport gives back an import that ImportSending took at that time, because the call is over. Asked is when Brevo was last asked
// for it and may have got it; zero: never. Nothing happens when somebody else has taken it since.
func (a *Account) ReturnImport(ctx context.Context, id string, asked, taken time.Time) error {
	return a.do(ctx, "give import back", `UPDATE imports SET process_id = 0, started_at = $3
		WHERE account = $1 AND id = $2 AND state = 'open' AND process_id = $4 AND started_at = $5`, id, nanos(asked), importAsked, nanos(taken))
}

// ImportStarted records that Brevo accepted an import. It is idempotent; ErrNotFound when there is no such open or
// running import.
func (a *Account) ImportStarted(ctx context.Context, id string, processID int64, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE imports SET state = 'running', process_id = $3,
			started_at = CASE WHEN process_id = $3 AND started_at <> 0 THEN started_at ELSE CAST($4 AS BIGINT) END
			WHERE account = $1 AND id = $2 AND state <> 'settled'`, t.account, id, processID, nanos(now))
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("start import: %w", err)
	}
	return nil
}

// DiscardImport gives an open import up that Brevo was never asked for: its rows are dropped and the claims on their contacts freed.
// Their marks stay, so what they need is decided anew. It returns ErrClaimLost, with nothing written, when Brevo may have been asked.
func (a *Account) DiscardImport(ctx context.Context, id string) error {
	err := a.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "UPDATE imports SET state = 'settled' WHERE account = $1 AND id = $2 AND state = 'open' AND started_at = 0", t.account, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrClaimLost
		}
		if _, err := t.exec(ctx, "UPDATE deliveries SET import_id = '', owner = '', lease_until = 0 WHERE account = $1 AND import_id = $2", t.account, id); err != nil {
			return err
		}
		return t.forget(ctx, id)
	})
	if err != nil {
		return fmt.Errorf("discard import: %w", err)
	}
	return nil
}
