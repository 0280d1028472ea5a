package metrics

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// family is one name and what it means.
type family struct {
	name    string // without prefix, _total and the unit
	unit    string // "s", or none
	counter bool   // it only grows, or begins anew from 0
	help    string
}

// The families that are read from the store. All workers tell the same of them.
var (
	storeUp       = &family{name: "store_up", help: "1 while the store answers; while it does not, nothing of it is told."}
	pausedNow     = &family{name: "paused", help: "1 while the account is paused, by the kind of the pause; else 0 with kind none."}
	connectedNow  = &family{name: "connected", help: "1 if the latest call to the vendor ended well, else 0."}
	lastSync      = &family{name: "last_sync_timestamp", unit: "s", help: "When the last complete sync ended, in Unix time."}
	streamRows    = &family{name: "stream_rows", counter: true, help: "Rows read from the stream; begins anew with each sync."}
	streamPages   = &family{name: "stream_pages", counter: true, help: "Pages read from the stream; begins anew with each sync."}
	streamLag     = &family{name: "stream_lag", unit: "s", help: "Since the stream was last read to its end: what Zendesk changed later may be missing."}
	mirrored      = &family{name: "mirror_rows", help: "What the mirror holds of Zendesk and is not deleted there."}
	contactsNow   = &family{name: "contacts", help: "People by what became of them in Brevo, as they stand now, and why."}
	runContacts   = &family{name: "run_contacts", help: "Contacts that the last complete sync looked at, by what became of them."}
	companiesNow  = &family{name: "companies", help: "Companies in Brevo that were made or are kept from here."}
	waitingNow    = &family{name: "waiting", help: "Changes that Brevo has not been told yet."}
	budgetLimit   = &family{name: "budget_limit", help: "Calls that the vendor allows in a window."}
	budgetLeft    = &family{name: "budget_remaining", help: "Calls that are left in the window, everybody's taken off."}
	budgetWaited  = &family{name: "budget_waited", unit: "s", counter: true, help: "Time in which somebody waited for the budget."}
	actionsNow    = &family{name: "actions", help: "Actions of automations by state; ended ones are kept for 90 days."}
	webhooksTaken = &family{name: "webhook_requests", counter: true, help: "Requests to the webhook server by what became of them."}
	webhookLast   = &family{name: "webhook_last_accepted_timestamp", unit: "s", help: "When a delivery was last accepted, in Unix time."}
)

var storedFamilies = []*family{
	storeUp, pausedNow, connectedNow, lastSync, streamRows, streamPages, streamLag, mirrored, contactsNow, runContacts, companiesNow,
	waitingNow, budgetLimit, budgetLeft, budgetWaited, actionsNow, webhooksTaken, webhookLast,
}

// sample is one value of a family.
type sample struct {
	of     *family
	value  float64
	since  time.Time // where it is set, the value is the time since then
	labels attribute.Set
}

// stored tells what is in the store, reading it at most once in cacheFor.
type stored struct {
	options Options
	by      map[*family]metric.Float64Observable

	mu      sync.Mutex
	readAt  time.Time
	samples []sample
}

func (s *stored) register(meter metric.Meter) error {
	s.by = map[*family]metric.Float64Observable{}
	all := make([]metric.Observable, 0, len(storedFamilies))
	for _, f := range storedFamilies {
		var made metric.Float64Observable
		var err error
		if f.counter {
			made, err = meter.Float64ObservableCounter(prefix+f.name, metric.WithUnit(f.unit), metric.WithDescription(f.help))
		} else {
			made, err = meter.Float64ObservableGauge(prefix+f.name, metric.WithUnit(f.unit), metric.WithDescription(f.help))
		}
		if err != nil {
			return fmt.Errorf("make metric %s: %w", f.name, err)
		}
		s.by[f], all = made, append(all, made)
	}
	if _, err := meter.RegisterCallback(s.tell, all...); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

func (s *stored) tell(ctx context.Context, to metric.Observer) error {
	now := s.options.Now()
	for _, one := range s.latest(ctx, now) {
		value := one.value
		if !one.since.IsZero() {
			value = max(0, now.Sub(one.since).Seconds())
		}
		to.ObserveFloat64(s.by[one.of], value, metric.WithAttributeSet(one.labels))
	}
	return nil
}

// latest reads the store unless it did so a moment ago. A store that does not answer is told as such, by store_up.
func (s *stored) latest(ctx context.Context, now time.Time) []sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.readAt.IsZero() && now.Sub(s.readAt) < cacheFor {
		return s.samples
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	l := &look{now: now}
	up := 1.0
	for _, account := range s.options.Accounts {
		if err := l.account(ctx, account, s.options.Store.Account(account)); err != nil {
			s.options.Log.WarnContext(ctx, "metrics of the store cannot be read", "account", account, "error", err)
			l.samples, up = nil, 0
			break
		}
	}
	s.samples, s.readAt = append(l.samples, sample{of: storeUp, value: up}), now
	return s.samples
}
