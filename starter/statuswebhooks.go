package main

import (
	"context"
	"fmt"
	"time"

	"zendesk-brevo/internal/store"
)

// deliveries counts what came by webhooks, since the store was made.
type deliveries struct {
	Installed    int              `json:"installed"`
	LastDelivery *time.Time       `json:"lastDelivery"` // that was accepted
	Accepted     int64            `json:"accepted"`
	Refused      map[string]int64 `json:"refused"`
	LastRefusal  *time.Time       `json:"lastRefusal"`
}

func (s *status) readWebhooks(ctx context.Context, account *store.Account) error {
	installed, err := account.Webhooks(ctx)
	if err != nil {
		return err
	}
	results, err := account.WebhookResults(ctx)
	if err != nil || len(installed)+len(results) == 0 {
		return err
	}
	accepted, refused, last := readResults(results)
	d := &deliveries{Installed: len(installed), LastDelivery: last, Refused: map[string]int64{}}
	for _, c := range accepted {
		d.Accepted += c.N
	}
	for _, c := range refused {
		d.Refused[c.Result] = c.N
		if c.LastAt != nil && (d.LastRefusal == nil || c.LastAt.After(*d.LastRefusal)) {
			d.LastRefusal = c.LastAt
		}
	}
	s.Webhooks = d
	return nil
}

// text is "1,200 accepted, last 2024-01-15T11:59:00Z (1m00s ago); refused 3 (bad_signature 3), last 2d4h ago: see ...".
func (d *deliveries) text(now time.Time) string {
	text := "no delivery yet"
	switch {
	case d.LastDelivery != nil:
		text = fmt.Sprintf("%s accepted, last %s", thousands(d.Accepted), moment(now, d.LastDelivery, ""))
	case d.Installed == 0:
		text = "none installed"
	}
	if d.LastRefusal != nil {
		text += fmt.Sprintf("; refused %s (%s), last %s: see `starter webhooks status`", thousands(total(d.Refused)), byReason(d.Refused), ago(now, *d.LastRefusal))
	}
	return text
}
