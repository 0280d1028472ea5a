package activities

import (
	"context"
	"log/slog"
	"time"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/store"
)

// shortWait is slept inside the step; a longer wait is given back to Temporal, so that no worker slot is held.
const shortWait = 2 * time.Second

// meter shares an account's rate budget between all workers, through the store.
type meter struct {
	account *store.Account
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	log     *slog.Logger
	// proceed is asked last, just before the call: it may be late by a wait.
	proceed func(context.Context) error
}

// Reserve implements budget.Meter.
func (m *meter) Reserve(ctx context.Context, needs ...budget.Need) error {
	for slept := time.Duration(0); ; {
		wait, bucket, err := m.account.ReserveBudget(ctx, needs, m.now())
		if err != nil {
			return err
		}
		if wait == 0 {
			return m.proceed(ctx)
		}
		if slept+wait > shortWait {
			return &budget.Exhausted{Bucket: BucketName(bucket), Wait: wait}
		}
		if err := m.sleep(ctx, wait); err != nil {
			return err
		}
		slept += wait
	}
}

// Observe implements budget.Meter.
func (m *meter) Observe(ctx context.Context, readings ...budget.Reading) {
	if len(readings) == 0 {
		return
	}
	if err := m.account.ObserveBudget(ctx, readings, m.now()); err != nil && ctx.Err() == nil {
		m.log.WarnContext(ctx, "rate-limit headers not stored; the next answer tells again", "error", err)
	}
}

// BucketName is how a bucket is called in front of people.
func BucketName(bucket string) string {
	names := map[string]string{
		"zendesk:account":             "Zendesk account",
		"zendesk:incremental-exports": "Zendesk export",
		"zendesk:help-center":         "Zendesk Help Center",
		"zendesk:search":              "Zendesk search",
		"zendesk:ticket-update":       "Zendesk ticket updates",
		"zendesk:create-update-user":  "Zendesk user updates",
		"brevo:contacts":              "Brevo contacts",
		"brevo:events":                "Brevo events",
		"brevo:events-batch":          "Brevo event batches",
		"brevo:smtp":                  "Brevo e-mail",
		"brevo:smtp-emails":           "Brevo sent e-mails",
		"brevo:other":                 "Brevo hourly",
	}
	if name, ok := names[bucket]; ok {
		return name
	}
	return bucket
}
