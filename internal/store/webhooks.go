package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Kinds of a Webhook.
const (
	WebhookEvents   = "events"   // Zendesk's event subscriptions call it
	WebhookTriggers = "triggers" // triggers call it
)

// Webhook is one that was installed in Zendesk from here.
type Webhook struct {
	ID        string // Zendesk's
	Kind      string
	Endpoint  string
	Triggers  []int64 // that call it, of WebhookTriggers
	CreatedAt time.Time
}

// PutWebhook stores a webhook in place of the one with its id.
func (a *Account) PutWebhook(ctx context.Context, w Webhook) error {
	triggers, err := encodeList(w.Triggers)
	if err != nil {
		return fmt.Errorf("put webhook: %w", err)
	}
	return a.do(ctx, "put webhook", `INSERT INTO webhooks (account, id, kind, endpoint, triggers, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account, id) DO UPDATE SET kind = excluded.kind, endpoint = excluded.endpoint, triggers = excluded.triggers,
			created_at = excluded.created_at`,
		w.ID, w.Kind, clean(w.Endpoint), triggers, nanos(w.CreatedAt))
}

// Webhooks returns the installed webhooks, the oldest first.
func (a *Account) Webhooks(ctx context.Context) ([]Webhook, error) {
	var out []Webhook
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var w Webhook
			var triggers string
			var created int64
			if err := rows.Scan(&w.ID, &w.Kind, &w.Endpoint, &triggers, &created); err != nil {
				return err
			}
			w.CreatedAt = moment(created)
			if err := decode(triggers, &w.Triggers); err != nil {
				return err
			}
			out = append(out, w)
			return nil
		}, "SELECT id, kind, endpoint, triggers, created_at FROM webhooks WHERE account = $1 ORDER BY created_at, id", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	return out, nil
}

// DeleteWebhook forgets a webhook; its secrets are a matter of their own.
func (a *Account) DeleteWebhook(ctx context.Context, id string) error {
	return a.do(ctx, "delete webhook", "DELETE FROM webhooks WHERE account = $1 AND id = $2", id)
}
