// Package metrics measures a worker for Prometheus: what the store holds, read when somebody asks, what this process calls, and
// what Temporal's SDK tells of itself. No label holds anything of a person: accounts, streams, route templates, words of ours.
//
// docs/metrics.md says what each name means; a test holds it to what is served.
package metrics

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"

	"zendesk-brevo/internal/store"
)

const (
	prefix = "zendesk_brevo_"
	// cacheFor is how long what was read from the store is told again: many who ask cost it no more than one.
	cacheFor = 10 * time.Second
	// readTimeout bounds a look at the store, so that one that is away does not keep the other values back.
	readTimeout = 5 * time.Second
	// most bounds the label sets of a name. Far fewer come up; should that ever change, the rest is counted together.
	most = 2000
)

// seconds are the bounds of every histogram of durations: from a call on the same host to Zendesk's slowest export pages.
var seconds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120}

// Options are what is measured. All but Log are required.
type Options struct {
	Store    *store.Store
	Accounts []string // whose rows of the store are told
	Now      func() time.Time
	Log      *slog.Logger
}

// Metrics measures one worker. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	provider *sdk.MeterProvider
	calls    *calls
	temporal metric.Meter
}

// New begins to measure; nothing is read until somebody asks.
func New(o Options) (*Metrics, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("make Prometheus exporter: %w", err)
	}
	provider := sdk.NewMeterProvider(sdk.WithReader(reader), sdk.WithCardinalityLimit(most), sdk.WithView(sdk.NewView(
		sdk.Instrument{Kind: sdk.InstrumentKindHistogram, Unit: "s"},
		sdk.Stream{Aggregation: sdk.AggregationExplicitBucketHistogram{Boundaries: seconds}},
	)))
	m := &Metrics{registry: registry, provider: provider, temporal: provider.Meter("temporal")}
	meter := provider.Meter("zendesk-brevo")
	if m.calls, err = newCalls(meter); err != nil {
		return nil, err
	}
	stored := &stored{options: o}
	if err := stored.register(meter); err != nil {
		return nil, err
	}
	return m, nil
}

// Handler serves everything in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Temporal is what a Temporal client reports to.
// https://docs.temporal.io/references/sdk-metrics
func (m *Metrics) Temporal(log *slog.Logger) client.MetricsHandler {
	return opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: m.temporal, UseMonotonicCounters: true,
		OnError: func(err error) { log.Warn("a metric of Temporal's SDK is not served", "error", err) },
	})
}

// Close ends the measuring.
func (m *Metrics) Close(ctx context.Context) error {
	if err := m.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("stop metrics: %w", err)
	}
	return nil
}
