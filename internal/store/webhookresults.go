package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"
)

// WebhookResult counts the requests of webhooks that ended one way, since the store was made.
type WebhookResult struct {
	Result string // a word of the webhook server: delivered, bad_signature
	N      int64
	LastAt time.Time
}

// CountWebhooks adds to the counts of the account, by result; what is not above zero adds nothing. now is when the latest of
// them came.
func (a *Account) CountWebhooks(ctx context.Context, counts map[string]int64, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		// In one order, so that no two servers wait for each other.
		for _, result := range slices.Sorted(maps.Keys(counts)) {
			if counts[result] <= 0 {
				continue
			}
			if _, err := t.exec(ctx, `INSERT INTO webhook_results (account, result, n, last_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (account, result) DO UPDATE SET n = webhook_results.n + excluded.n,
				last_at = CASE WHEN excluded.last_at > webhook_results.last_at THEN excluded.last_at ELSE webhook_results.last_at END`,
				t.account, clean(result), counts[result], nanos(now)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count webhooks: %w", err)
	}
	return nil
}

// WebhookResults returns what CountWebhooks added up, by result.
func (a *Account) WebhookResults(ctx context.Context) ([]WebhookResult, error) {
	var out []WebhookResult
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var r WebhookResult
			var at int64
			err := rows.Scan(&r.Result, &r.N, &at)
			r.LastAt = moment(at)
			out = append(out, r)
			return err
		}, "SELECT result, n, last_at FROM webhook_results WHERE account = $1 ORDER BY result", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("read webhook results: %w", err)
	}
	return out, nil
}
