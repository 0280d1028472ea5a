package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/control"
	"zendesk-brevo/workflows"
)

// goldenDir is absolute, because tests change the working directory.
var goldenDir, _ = filepath.Abs(filepath.Join("testdata", "golden"))

var update = flag.Bool("update", false, "write golden files")

// golden compares with testdata/golden/NAME.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(goldenDir, name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(v))
	return b.String()
}

var noon = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

func before(d time.Duration) *time.Time { return utc(noon.Add(-d)) }

func syncedStatus() *control.Status {
	return &control.Status{
		Connected: true, LastSync: before(90 * time.Minute), UsersSynced: 8400, TicketsSynced: 34200, OrganizationsSynced: 1200,
		Connector: "zendesk", Account: "acme", ConnectedAt: before(time.Minute),
		Vendors: []control.Vendor{{Name: "zendesk", OK: true, At: before(61 * time.Second)}, {Name: "brevo", OK: true, At: before(time.Minute)}},
		Contacts: control.Contacts{
			Sent: 7912, Unchanged: 7900, Left: 4, Gone: 2,
			Skipped:  map[string]int64{"no_email": 310, "role": 120},
			Rejected: map[string]int64{"invalid_email": 12},
		},
		Companies: 1188, CompaniesRejected: map[string]int64{"refused": 1},
		NextRun: utc(noon.Add(3*time.Minute + 30*time.Second)),
		LastRun: &control.LastRun{Type: "incremental", Status: "completed", StartedAt: before(91 * time.Minute), EndedAt: before(90 * time.Minute), Notices: []string{
			"Brevo's plan has no companies (403): organizations stay out", "satisfaction_ratings skipped: 404 InvalidEndpoint",
		}},
		Budgets: []control.Bucket{
			{Name: "zendesk:account", Limit: 400, Remaining: 80, ResetsAt: utc(noon.Add(34 * time.Second))},
			{Name: "zendesk:incremental-exports", Limit: 10, Remaining: 2, ResetsAt: before(time.Hour), WaitedSeconds: 184},
			{Name: "brevo:contacts", Limit: 10, Remaining: 9, WaitedSeconds: 0.2},
		},
		Unknown: []string{},
		Webhooks: &control.Deliveries{
			Installed: 1, LastDelivery: before(2 * time.Minute), Accepted: 5120, LastRefusal: before(50 * time.Hour),
			Refused: map[string]int64{"bad_signature": 3, "too_old": 1},
		},
	}
}

func TestStatusForPeople(t *testing.T) {
	t.Parallel()
	golden(t, "status_synced.txt", statusText(syncedStatus(), noon, palette{}))

	fresh := &control.Status{Connector: "zendesk", Account: "acme"}
	golden(t, "status_fresh.txt", statusText(fresh, noon, palette{}))

	paused := syncedStatus()
	paused.Connected, paused.NextRun, paused.Unknown = false, nil, []string{"the next run is not known"}
	paused.Vendors[1] = control.Vendor{Name: "brevo", At: before(time.Minute), Message: "answered 401"}
	paused.Paused = &control.Pause{Kind: "credentials", Message: "Brevo refused the API key (401): put a valid key into brevo.api_key; then run `starter resume`", At: before(time.Hour)}
	paused.Running = &control.Running{Type: "full", Phase: "push", StartedAt: before(2 * time.Hour), RunID: "r"}
	paused.Waiting = control.Waiting{Contacts: 1500, Companies: 1}
	paused.Pilot, paused.Contacts.Undecided = &control.Pilot{Addresses: 2, Held: 7910}, 1
	golden(t, "status_paused.txt", statusText(paused, noon, palette{}))
}

func TestStatusForPrograms(t *testing.T) {
	t.Parallel()
	golden(t, "status_synced.json", asJSON(t, syncedStatus()))
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*control.Status)
		want   string
	}{
		"paused": {func(s *control.Status) { s.Paused = &control.Pause{}; s.Running = &control.Running{} }, "do what the pause asks for, then: starter resume"},
		"revoked": {func(s *control.Status) {
			s.Paused = &control.Pause{Message: "Zendesk no longer accepts the refresh token: run `starter connect`"}
		}, "starter connect"},
		"running":      {func(s *control.Status) { s.Running = &control.Running{} }, "starter sync --wait (watches the sync that runs)"},
		"never tested": {func(s *control.Status) { s.Vendors, s.LastSync, s.Connected = nil, nil, false }, "starter test"},
		"never synced": {func(s *control.Status) { s.LastSync = nil }, "starter sync --type full --wait"},
		"disconnected": {func(s *control.Status) { s.Connected = false }, "starter test (the latest call failed)"},
		"all well":     {func(*control.Status) {}, "starter sync --type incremental --wait"},
	} {
		s := syncedStatus()
		test.change(s)
		assert.Equal(t, test.want, advice(s), name)
	}
}

func fullResult() workflows.SyncResult {
	return workflows.SyncResult{
		Streams: map[string]workflows.PullResult{
			"users":                {Rows: 8400, Pages: 9, Changed: 8400},
			"tickets":              {Rows: 34200, Pages: 35, Changed: 34200},
			"organizations":        {Rows: 1200, Pages: 2, Changed: 1200},
			"satisfaction_ratings": {Skipped: "404 InvalidEndpoint: the plan does not have it"},
		},
		Push: workflows.PushResult{
			Sent: 7912, Unchanged: 1, Companies: 1188, CompaniesRejected: map[string]int64{"refused": 1},
			Skipped: map[string]int64{"no_email": 310, "role": 120}, Rejected: map[string]int64{"invalid_email": 12},
		},
		Notices:   []string{"attribute OPEN_TICKETS created in Brevo (float)", "list \"Zendesk customers\" created in Brevo"},
		StartedAt: noon, EndedAt: noon.Add(42*time.Second + 500*time.Millisecond),
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	run := execution{ID: "zendesk/acme/sync", RunID: "run-1", Kind: "full", StartedAt: noon}
	s := newSummary("zendesk", "acme", run, fullResult(), noon)
	s.Status = control.RunCompleted
	golden(t, "summary.txt", s.text(palette{}))
	golden(t, "summary.json", asJSON(t, s))

	quiet := newSummary("zendesk", "acme", run, workflows.SyncResult{StartedAt: noon, EndedAt: noon.Add(time.Second)}, noon)
	quiet.Status = control.RunCompleted
	golden(t, "summary_quiet.txt", quiet.text(palette{}))

	stopped := newSummary("zendesk", "acme", run, workflows.SyncResult{}, noon.Add(time.Minute))
	stopped.Status, stopped.Error = control.RunFailed, "lists.all_customers: Brevo has no list 30"
	golden(t, "summary_failed.txt", stopped.text(palette{}))
	stopped.Status, stopped.Error = control.RunCanceled, ""
	golden(t, "summary_canceled.txt", stopped.text(palette{}))
	golden(t, "summary_canceled.json", asJSON(t, stopped))
}
