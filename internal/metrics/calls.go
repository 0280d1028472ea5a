package metrics

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"zendesk-brevo/internal/rest"
)

// calls measures how long vendors take to answer.
type calls struct {
	duration metric.Float64Histogram
	labels   sync.Map // callKind -> metric.MeasurementOption, made once: a page of tickets is a call, and pages are many
}

// callKind is what calls are told apart by.
type callKind struct {
	account, vendor, method, route string
	status                         int
}

func newCalls(meter metric.Meter) (*calls, error) {
	duration, err := meter.Float64Histogram(prefix+"vendor_call_duration", metric.WithUnit("s"),
		metric.WithDescription("How long calls to the vendors took, from sending to the last byte. status is none where no answer came."))
	if err != nil {
		return nil, fmt.Errorf("make metric: %w", err)
	}
	return &calls{duration: duration}, nil
}

// Called gives what hears of each call to an account's vendors.
func (m *Metrics) Called(account string) func(context.Context, rest.Call) {
	return func(ctx context.Context, call rest.Call) {
		m.calls.duration.Record(ctx, call.Took.Seconds(), m.calls.label(callKind{account, call.Vendor, call.Method, call.Route, call.Status}))
	}
}

func (c *calls) label(kind callKind) metric.MeasurementOption {
	if known, ok := c.labels.Load(kind); ok {
		return known.(metric.MeasurementOption)
	}
	status := "none"
	if kind.status != 0 {
		status = strconv.Itoa(kind.status)
	}
	made := metric.WithAttributeSet(attribute.NewSet(
		attribute.String("account", kind.account), attribute.String("vendor", kind.vendor), attribute.String("method", kind.method),
		attribute.String("route", kind.route), attribute.String("status", status),
	))
	c.labels.Store(kind, made)
	return made
}
