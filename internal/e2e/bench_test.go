package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/metrics"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// BenchmarkPullTickets measures tickets a second through a whole pull: HTTP, decoding, the SQLite mirror and the cursor,
// on the cores that the simulated Zendesk uses too. Below 12,000 it fails.
func BenchmarkPullTickets(b *testing.B) {
	const tickets, least = 50_000, 12_000
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, seed.Size{Users: 8400, Tickets: tickets, Organizations: 1200})
		w.realTime()
		measured, err := metrics.New(metrics.Options{Store: w.store, Accounts: []string{account}, Now: time.Now})
		require.NoError(b, err)
		a := activities.New(activities.Options{File: w.file(b), Store: w.store, Called: measured.Called})
		_, err = w.account().BeginRun(b.Context(), store.Run{ID: "bench", Type: activities.Full, Streams: []string{"tickets"}, StartedAt: time.Now()})
		require.NoError(b, err)
		env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
		env.RegisterActivity(a.Zendesk)
		b.StartTimer()
		start := time.Now()
		for end := false; !end; {
			out, err := env.ExecuteActivity(a.Zendesk.FetchPage, activities.PageInput{Account: account, Stream: "tickets"})
			require.NoError(b, err)
			var page activities.PageResult
			require.NoError(b, out.Get(&page))
			end = page.End
		}
		rate := tickets / time.Since(start).Seconds()
		b.ReportMetric(rate, "tickets/s")
		if rate < least {
			b.Errorf("%.0f tickets/s, at least %d wanted", rate, least)
		}
	}
}

// BenchmarkMillionTickets runs the real worker against the real Temporal server until 1,000,000 tickets are mirrored. It
// fails above 200 MiB of worker memory, or above 7 history events for 1,000 rows over all the workflows of the run.
func BenchmarkMillionTickets(b *testing.B) {
	const tickets = 1_000_000
	s := realServer(b)
	for b.Loop() {
		w := newWorld(b, seed.Size{Users: 20_000, Tickets: tickets, Organizations: 1000})
		w.realTime()
		queue := fmt.Sprintf("million-%d", time.Now().UnixNano())
		worker := w.startWorker(b, s, queue)
		start := time.Now()
		out := w.realSync(b, s, queue, workflows.SyncInput{Resources: []string{"tickets"}})
		rows := out.Streams["tickets"].Rows
		require.EqualValues(b, tickets, rows)
		events := w.historyEvents(b, s, queue)
		rss := worker.peakRSS(b)
		b.ReportMetric(float64(rows)/time.Since(start).Seconds(), "tickets/s")
		b.ReportMetric(float64(events)/float64(rows)*1000, "events/1000rows")
		b.ReportMetric(float64(rss)/(1<<20), "MiB")
		if perThousand := float64(events) / float64(rows) * 1000; perThousand > 7 {
			b.Errorf("%.2f history events for 1,000 rows, at most 7 wanted", perThousand)
		}
		if rss > 200<<20 {
			b.Errorf("worker took %d MiB, at most 200 wanted", rss>>20)
		}
		worker.kill()
	}
}

// BenchmarkExportWindows runs the demo's backfill under the Professional plan's limits with windows of 20 s and the whole
// budget for itself. It fails when more than 1.10 times the fewest possible windows pass, or on a second 429.
func BenchmarkExportWindows(b *testing.B) {
	const speed, window, perWindow = 3, 20 * time.Second, 10
	s := realServer(b)
	for b.Loop() {
		w := newWorld(b, seed.Size{Users: 8400, Tickets: 34_200, Organizations: 1200}, func(zo *zendesksim.Options, _ *brevosim.Options) {
			zo.Plan, zo.Clock = zendesksim.Professional, sim.NewClock(time.Now, speed)
		})
		w.realTime()
		w.configure("rate_limits: {zendesk_share: 1.0, export_share: 1.0}")
		queue := fmt.Sprintf("windows-%d", time.Now().UnixNano())
		worker := w.startWorker(b, s, queue)
		w.realSync(b, s, queue, workflows.SyncInput{})
		worker.kill()

		exports := w.zendesk.Log().Filter("GET", "/api/v2/incremental")
		took := exports[len(exports)-1].At.Sub(exports[0].At)
		fewest := (len(exports) - 1 - w.zendesk.Refusals()) / perWindow
		b.ReportMetric(float64(len(w.zendesk.Log().Calls())), "requests")
		b.ReportMetric(took.Seconds()/window.Seconds(), "windows")
		b.ReportMetric(float64(fewest), "fewest-windows")
		b.ReportMetric(float64(w.zendesk.Refusals()), "429s")
		if took > time.Duration(1.10*float64(fewest)*float64(window)) {
			b.Errorf("%.2f windows, at most 1.10 x %d wanted", took.Seconds()/window.Seconds(), fewest)
		}
		if w.zendesk.Refusals() > 1 {
			b.Errorf("%d answers were 429, at most one wanted", w.zendesk.Refusals())
		}
	}
}

// realSync runs a sync on the real server.
func (w *world) realSync(t testing.TB, s *testsuite.DevServer, queue string, in workflows.SyncInput) workflows.SyncResult {
	t.Helper()
	in.Account, in.Type = account, activities.Full
	run, err := s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, workflows.Sync, in)
	require.NoError(t, err)
	var out workflows.SyncResult
	require.NoError(t, run.Get(t.Context(), &out))
	return out
}

// historyEvents counts the events of every workflow that ran on a task queue.
func (w *world) historyEvents(t testing.TB, s *testsuite.DevServer, queue string) (events int64) {
	t.Helper()
	query := fmt.Sprintf("TaskQueue = '%s'", queue)
	require.Eventually(t, func() bool {
		events = 0
		found, err := s.Client().ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 1000})
		require.NoError(t, err)
		for _, e := range found.GetExecutions() {
			if e.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
				return false
			}
			events += e.GetHistoryLength()
		}
		return len(found.GetExecutions()) > 0
	}, time.Minute, 100*time.Millisecond)
	return events
}

// peakRSS is the most memory the process has had, in bytes.
func (p *program) peakRSS(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		t.Skipf("skipped: memory is read from /proc: %v", err)
	}
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			kib, err := strconv.ParseInt(string(bytes.Fields(value)[0]), 10, 64)
			require.NoError(t, err)
			return kib << 10
		}
	}
	t.Fatal("no VmHWM in /proc status")
	return 0
}
