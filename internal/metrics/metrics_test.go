package metrics_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/metrics"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

const ada = "ada.lovelace@example.com"

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// gauge is a store that tests fill, and what is served of it.
type gauge struct {
	t       *testing.T
	now     time.Time
	store   *store.Store
	account *store.Account
	metrics *metrics.Metrics
	log     bytes.Buffer
}

func newGauge(t *testing.T) *gauge {
	t.Helper()
	g := &gauge{t: t, now: noon}
	var err error
	g.store, err = store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.store.Close() })
	g.account = g.store.Account("acme")
	g.metrics, err = metrics.New(metrics.Options{
		Store: g.store, Accounts: []string{"acme"}, Now: func() time.Time { return g.now }, Log: config.NewLogger(&g.log, config.LogText, config.LevelInfo),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.metrics.Close(context.Background())) })
	return g
}

// scrape is what Prometheus would read.
func (g *gauge) scrape() (map[string]*dto.MetricFamily, string) {
	g.t.Helper()
	w := httptest.NewRecorder()
	g.metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(g.t, http.StatusOK, w.Code, w.Body.String())
	text := w.Body.String()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(g.t, err)
	return families, text
}

// fill puts something of every kind into the store, with people in every place that may hold one.
func (g *gauge) fill() {
	t, a, ctx := g.t, g.account, g.t.Context()
	ok := func(err error) { t.Helper(); require.NoError(t, err) }
	began, err := a.BeginRun(ctx, store.Run{ID: "run-0", Type: activities.Full, Streams: []string{"users", "tickets", "replay/users"}, StartedAt: noon.Add(-2 * time.Hour)})
	ok(err)
	version := store.Version{UpdatedAt: noon.Add(-3 * time.Hour), AskedAt: noon.Add(-2 * time.Hour)}
	var rows []store.UserRow
	for id := int64(1); id <= 5; id++ {
		rows = append(rows, store.UserRow{User: mapping.User{ID: id, Email: ada, Name: "Ada Lovelace", Role: "end-user", Active: true}, Version: version})
	}
	_, err = a.CommitUsers(ctx, store.Page{Stream: "users", To: "a", End: true, Now: noon.Add(-90 * time.Second)}, rows)
	ok(err)
	_, err = a.CommitTickets(ctx, store.Page{Stream: "tickets", To: "a", Now: noon}, []store.TicketRow{{ID: 1, RequesterID: 1, Version: version, Status: "open"}})
	ok(err)
	ok(a.EndRun(ctx, began.ID, activities.RunCompleted, store.RunStats{Sent: 3, Unchanged: 7, Skipped: map[string]int64{"role": 2, "no_email": 1}, Rejected: map[string]int64{ada: 1}}, noon.Add(-time.Hour)))
	_, err = a.Claim(ctx, []int64{1, 2, 3}, "me", time.Hour, noon)
	ok(err)
	ok(a.Record(ctx, "me", []store.Result{
		{Delivery: store.Delivery{UserID: 1, State: store.DeliverySent, Email: ada, SentAt: noon}},
		{Delivery: store.Delivery{UserID: 2, State: store.DeliveryRejected, Reason: "invalid_email", Email: ada}},
		{Delivery: store.Delivery{UserID: 3, State: store.DeliverySkipped, Reason: "told by " + ada, Email: ada}},
	}, noon))
	need := []budget.Need{{Bucket: "zendesk:account", Share: 0.8, Guess: 200, Period: time.Minute}, {Bucket: "zendesk:incremental-exports", Share: 1, Guess: 10, Period: time.Minute}}
	_, _, err = a.ReserveBudget(ctx, need, noon)
	ok(err)
	ok(a.ObserveBudget(ctx, []budget.Reading{{Bucket: "zendesk:account", Limit: 400, Remaining: 399, Reset: time.Minute}, {Bucket: "zendesk:incremental-exports", Limit: 10, Reset: 30 * time.Second}}, noon))
	wait, _, err := a.ReserveBudget(ctx, need, noon)
	ok(err)
	require.Equal(t, 30*time.Second, wait)
	ok(a.PlanActions(ctx, nil, []rules.Planned{{
		Key: "ticket/35/solved#1/r", Rule: ada, Due: noon, Action: rules.Action{Kind: rules.BrevoEvent, Event: "x"},
		Transition: rules.Transition{Key: "ticket/35/solved#1", Type: rules.TicketSolved, TicketID: 35, UserID: 9, OccurredAt: noon},
	}}, noon))
	ok(a.CountWebhooks(ctx, map[string]int64{"delivered": 4, "bad_signature": 1}, noon))
	ok(a.SetPause(ctx, store.Pause{Kind: activities.PauseCredentials, Message: "for " + ada, At: noon}))
	ok(a.SetContacted(ctx, store.Contacted{Vendor: "brevo", At: noon, Message: "answered 401"}))
	ok(a.SetContacted(ctx, store.Contacted{Vendor: "zendesk", OK: true, At: noon}))
	g.metrics.Called("acme")(ctx, rest.Call{Vendor: "zendesk", Method: "GET", Route: "/api/v2/users/{id}", Status: 200, Took: 40 * time.Millisecond})
	g.metrics.Called("acme")(ctx, rest.Call{Vendor: "zendesk", Method: "GET", Route: "/api/v2/users/{id}", Took: time.Second})
}

func TestWhatTheStoreHoldsIsServed(t *testing.T) {
	g := newGauge(t)
	g.fill()
	_, text := g.scrape()
	for _, line := range []string{
		`zendesk_brevo_store_up 1`,
		`zendesk_brevo_paused{account="acme",kind="credentials"} 1`,
		`zendesk_brevo_connected{account="acme",vendor="brevo"} 0`,
		`zendesk_brevo_connected{account="acme",vendor="zendesk"} 1`,
		`zendesk_brevo_last_sync_timestamp_seconds{account="acme"} 1.7951724e+09`,
		`zendesk_brevo_stream_rows_total{account="acme",stream="users"} 5`,
		`zendesk_brevo_stream_pages_total{account="acme",stream="tickets"} 1`,
		`zendesk_brevo_stream_lag_seconds{account="acme",stream="users"} 90`,
		`zendesk_brevo_mirror_rows{account="acme",resource="users"} 5`,
		`zendesk_brevo_contacts{account="acme",reason="none",state="sent"} 1`,
		`zendesk_brevo_contacts{account="acme",reason="invalid_email",state="rejected"} 1`,
		`zendesk_brevo_contacts{account="acme",reason="other",state="skipped"} 1`,
		`zendesk_brevo_run_contacts{account="acme",result="sent"} 3`,
		`zendesk_brevo_run_contacts{account="acme",result="unchanged"} 7`,
		`zendesk_brevo_run_contacts{account="acme",result="skipped"} 3`,
		`zendesk_brevo_run_contacts{account="acme",result="rejected"} 1`,
		`zendesk_brevo_companies{account="acme"} 0`,
		`zendesk_brevo_budget_limit{account="acme",bucket="incremental-exports",vendor="zendesk"} 10`,
		`zendesk_brevo_budget_remaining{account="acme",bucket="incremental-exports",vendor="zendesk"} 0`,
		`zendesk_brevo_budget_waited_seconds_total{account="acme",bucket="incremental-exports",vendor="zendesk"} 30`,
		`zendesk_brevo_actions{account="acme",state="planned"} 1`,
		`zendesk_brevo_webhook_requests_total{account="acme",result="delivered"} 4`,
		`zendesk_brevo_webhook_last_accepted_timestamp_seconds{account="acme"} 1.795176e+09`,
		`zendesk_brevo_vendor_call_duration_seconds_count{account="acme",method="GET",route="/api/v2/users/{id}",status="200",vendor="zendesk"} 1`,
		`zendesk_brevo_vendor_call_duration_seconds_bucket{account="acme",method="GET",route="/api/v2/users/{id}",status="none",vendor="zendesk",le="1"} 1`,
	} {
		assert.Contains(t, text, "\n"+line+"\n")
	}
	assert.NotContains(t, text, `stream="replay`)
	assert.NotContains(t, text, `stream_lag_seconds{account="acme",stream="tickets"`, "it never reached its end")
	for _, private := range []string{"Ada", "ada.", "lovelace", "example.com"} {
		assert.NotContains(t, text, private)
	}

	require.NoError(t, g.account.ClearPause(t.Context()))
	_, text = g.scrape()
	assert.Contains(t, text, `kind="credentials"} 1`, "a moment later it is not read again")
	g.now = noon.Add(time.Minute)
	_, text = g.scrape()
	assert.Contains(t, text, `zendesk_brevo_paused{account="acme",kind="none"} 0`)
	assert.NotContains(t, text, `kind="credentials"`)
	assert.Contains(t, text, `zendesk_brevo_stream_lag_seconds{account="acme",stream="users"} 150`)
	assert.Contains(t, text, `zendesk_brevo_budget_remaining{account="acme",bucket="incremental-exports",vendor="zendesk"} 10`, "a new window has begun")
}

func TestAStoreThatIsAwayIsTold(t *testing.T) {
	g := newGauge(t)
	g.fill()
	require.NoError(t, g.store.Close())
	families, text := g.scrape()
	assert.Contains(t, text, "\nzendesk_brevo_store_up 0\n")
	assert.NotContains(t, families, "zendesk_brevo_contacts")
	assert.Contains(t, families, "zendesk_brevo_vendor_call_duration_seconds", "what the process knows is served")
	assert.Contains(t, g.log.String(), "cannot be read")
}

// documented are the names of docs/metrics.md with their types and labels.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	require.NoError(t, err)
	out := map[string][]string{}
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		for _, name := range quoted.FindAllStringSubmatch(cells[1], -1) {
			row := []string{strings.TrimSpace(cells[2])}
			for _, label := range quoted.FindAllStringSubmatch(cells[3], -1) {
				row = append(row, label[1])
			}
			slices.Sort(row[1:])
			out[name[1]] = row
		}
	}
	return out
}

func TestEveryNameIsDocumented(t *testing.T) {
	g := newGauge(t)
	g.fill()
	temporal := g.metrics.Temporal(config.NewLogger(&g.log, config.LogText, config.LevelInfo)).WithTags(map[string]string{"activity_type": "FetchPage"})
	temporal.Timer("temporal_activity_execution_latency").Record(time.Second)
	temporal.Gauge("temporal_num_pollers").Update(2)
	families, _ := g.scrape()
	served, wildcards, want := map[string][]string{}, []string{}, documented(t)
	for name, row := range want {
		if prefix, found := strings.CutSuffix(name, "*"); found {
			wildcards = append(wildcards, prefix)
			require.NotEmpty(t, slices.Collect(func(yield func(string) bool) {
				for served := range families {
					if strings.HasPrefix(served, prefix) && !yield(served) {
						return
					}
				}
			}), name)
			delete(want, name)
			_ = row
		}
	}
	for name, family := range families {
		if slices.ContainsFunc(wildcards, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			continue
		}
		labels := map[string]bool{}
		for _, m := range family.GetMetric() {
			for _, pair := range m.GetLabel() {
				labels[pair.GetName()] = true
			}
		}
		served[name] = append([]string{strings.ToLower(family.GetType().String())}, slices.Sorted(maps.Keys(labels))...)
		assert.NotEmpty(t, family.GetHelp(), name)
	}
	assert.Equal(t, want, served, "docs/metrics.md and what is served")
	assert.Contains(t, families, "temporal_activity_execution_latency_seconds")
}

// TestLabelsAreBounded: whatever vendors call things, a name has few values.
func TestLabelsAreBounded(t *testing.T) {
	g := newGauge(t)
	for i := range 5000 {
		g.metrics.Called("acme")(t.Context(), rest.Call{Vendor: "zendesk", Method: "GET", Route: "/x", Status: i, Took: time.Millisecond})
	}
	families, _ := g.scrape()
	assert.LessOrEqual(t, len(families["zendesk_brevo_vendor_call_duration_seconds"].GetMetric()), 2000)
	assert.NotEmpty(t, families["zendesk_brevo_vendor_call_duration_seconds"].GetMetric())
}

func BenchmarkCalled(b *testing.B) {
	m, err := metrics.New(metrics.Options{Now: time.Now})
	require.NoError(b, err)
	called := m.Called("acme")
	call := rest.Call{Vendor: "zendesk", Method: "GET", Route: "/api/v2/incremental/tickets/cursor.json", Status: 200, Took: 900 * time.Millisecond}
	b.ReportAllocs()
	for b.Loop() {
		called(b.Context(), call)
	}
	if perCall := b.Elapsed() / time.Duration(b.N); perCall > 20*time.Microsecond {
		b.Errorf("%s a call, at most 20µs wanted: a page of 1,000 tickets may take some milliseconds", perCall)
	}
}
