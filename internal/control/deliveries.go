package control

import (
	"context"
	"time"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

// Deliveries counts what came by webhooks, since the store was made.
type Deliveries struct {
	Installed    int              `json:"installed"`
	LastDelivery *time.Time       `json:"lastDelivery"` // that was accepted
	Accepted     int64            `json:"accepted"`
	Refused      map[string]int64 `json:"refused"`
	LastRefusal  *time.Time       `json:"lastRefusal"`
}

func (s *Status) readWebhooks(ctx context.Context, account *store.Account) error {
	installed, err := account.Webhooks(ctx)
	if err != nil {
		return err
	}
	results, err := account.WebhookResults(ctx)
	if err != nil || len(installed)+len(results) == 0 {
		return err
	}
	d := &Deliveries{Installed: len(installed), LastDelivery: UTC(activities.LastAccepted(results)), Refused: map[string]int64{}}
	for _, r := range results {
		if activities.WebhookAccepted(r.Result) {
			d.Accepted += r.N
			continue
		}
		d.Refused[r.Result] = r.N
		if at := UTC(r.LastAt); at != nil && (d.LastRefusal == nil || at.After(*d.LastRefusal)) {
			d.LastRefusal = at
		}
	}
	s.Webhooks = d
	return nil
}
