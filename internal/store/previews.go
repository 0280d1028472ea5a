package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Preview is the latest look at what a sync would do. Of a preview that was begun and did not end, Body is that of the one
// before it, and EndedAt is zero.
type Preview struct {
	RunID     string // workflow run id of the Sync
	StartedAt time.Time
	EndedAt   time.Time
	Body      json.RawMessage
}

// BeginPreview opens a preview and lets its streams be read on from where they stand. It is no run: the account does not
// go live by it, and no bound moves. It is idempotent by the run's id.
func (a *Account) BeginPreview(ctx context.Context, id string, streams []string, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO previews (account, run_id, started_at) VALUES ($1, $2, $3)
			ON CONFLICT (account) DO UPDATE SET run_id = excluded.run_id, started_at = excluded.started_at, ended_at = 0
			WHERE previews.run_id <> excluded.run_id`, t.account, id, nanos(now))
		if err != nil || n == 0 {
			return err
		}
		for _, stream := range streams {
			if err := t.rewind(ctx, stream, Run{ID: id, Type: "incremental", StartedAt: now}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("begin preview: %w", err)
	}
	return nil
}

// SavePreview stores what a preview has found so far, or at its end when ended is not zero. A preview that another one has
// replaced changes nothing.
func (a *Account) SavePreview(ctx context.Context, id string, body json.RawMessage, ended time.Time) error {
	return a.do(ctx, "save preview", "UPDATE previews SET body = $3, ended_at = $4 WHERE account = $1 AND run_id = $2", id, string(body), nanos(ended))
}

// LastPreview returns the latest preview, or ErrNotFound.
func (a *Account) LastPreview(ctx context.Context) (Preview, error) {
	var out Preview
	err := a.read(ctx, func(t *tx) error {
		var body string
		var started, ended int64
		err := t.QueryRowContext(ctx, "SELECT run_id, started_at, ended_at, body FROM previews WHERE account = $1", t.account).
			Scan(&out.RunID, &started, &ended, &body)
		out.StartedAt, out.EndedAt, out.Body = moment(started), moment(ended), json.RawMessage(body)
		return err
	})
	if err != nil {
		return Preview{}, fmt.Errorf("last preview: %w", err)
	}
	return out, nil
}

// IDs returns up to limit ids of a kind greater than after, ascending: of all mirrored rows and of everything marked.
func (a *Account) IDs(ctx context.Context, kind Kind, after int64, limit int) ([]int64, error) {
	return a.ids(ctx, "SELECT id FROM "+table(kind)+` WHERE account = $1 AND id > $3
		UNION SELECT id FROM dirty WHERE account = $1 AND kind = $2 AND id > $3 ORDER BY id LIMIT $4`, string(kind), after, int64(limit))
}

// UsersByEmail returns the ids of users who have an address (lower-cased) in Zendesk, or whose contact was delivered to it.
func (a *Account) UsersByEmail(ctx context.Context, email string) ([]int64, error) {
	return a.ids(ctx, `SELECT id FROM users WHERE account = $1 AND email <> '' AND email = $2
		UNION SELECT user_id FROM deliveries WHERE account = $1 AND email <> '' AND email = $2 ORDER BY 1`, email)
}

func (a *Account) ids(ctx context.Context, query string, args ...any) ([]int64, error) {
	var out []int64
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			out = append(out, id)
			return err
		}, query, append([]any{t.account}, args...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read ids: %w", err)
	}
	return out, nil
}
