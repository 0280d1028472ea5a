package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/pgtest"
	"zendesk-brevo/workflows"
)

// keepIn moves the world's store to another database.
func (w *world) keepIn(t *testing.T, url string) {
	t.Helper()
	var err error
	w.storeURL = url
	w.store, err = store.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.store.Close() })
}

// limited gives both vendors the limits of usual plans, with minutes of three seconds: a backfill meets them.
func limited(zo *zendesksim.Options, bo *brevosim.Options) {
	clock := sim.NewClock(time.Now, 20)
	zo.Plan, zo.Clock = zendesksim.Professional, clock
	bo.Plan, bo.Clock = brevosim.General, clock
}

// refused counts the answers of both vendors that were 429.
func (w *world) refused() (n int) {
	for _, log := range []*sim.Log{w.zendesk.Log(), w.brevo.Log()} {
		for _, call := range log.Calls() {
			if call.Status == http.StatusTooManyRequests {
				n++
			}
		}
	}
	return n
}

// TestTwoWorkersShareABackfillOnPostgreSQL runs two real worker processes on one database and one Temporal server, under the
// vendors' limits. The result is that of one worker, with no more answers of 429, also when either of the two is lost half-way.
func TestTwoWorkersShareABackfillOnPostgreSQL(t *testing.T) {
	pgtest.URL(t) // or the test is skipped here
	s := realServer(t)
	size := seed.Size{Users: 2000, Tickets: 12_000, Organizations: 60}
	alone := newWorld(t, size, limited)
	alone.realTime()
	queue := fmt.Sprintf("alone-%d", time.Now().UnixNano())
	worker := alone.startWorker(t, s, queue)
	alone.realSync(t, s, queue, workflows.SyncInput{})
	worker.kill()
	exports := alone.zendesk.Log().Filter("GET", "/api/v2/incremental")
	require.Greater(t, len(exports), 10, "more than a minute's exports, or the limit was never met")
	want := alone.picture()
	t.Logf("one worker: %d calls, %d answers were 429", alone.calls(), alone.refused())

	for name, busyOne := range map[string]bool{"the one at work is lost": true, "the other one is lost": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, size, limited)
			w.realTime()
			w.keepIn(t, pgtest.URL(t))
			queue := fmt.Sprintf("postgres-%d", time.Now().UnixNano())
			workers := []*program{w.startWorker(t, s, queue), w.startWorker(t, s, queue)}
			bothPoll(t, s, queue)
			run, err := s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue},
				workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
			require.NoError(t, err)
			require.Eventually(t, func() bool { return w.calls() >= alone.calls()/2 }, 3*time.Minute, 5*time.Millisecond,
				"%d of %d calls\n%s\n%s", w.calls(), alone.calls(), workers[0].logs, workers[1].logs)
			lost, stays := atWork(t, s, queue, workers)
			if !busyOne {
				lost, stays = stays, lost
			}
			lost.kill()
			var out workflows.SyncResult
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			require.NoError(t, run.Get(ctx, &out), "log of the worker that stayed:\n%s", stays.logs)
			assert.Equal(t, want, w.picture())
			assert.LessOrEqual(t, w.refused(), alone.refused(), "answers of 429")
			steps, err := steps(t.Context(), s, queue)
			require.NoError(t, err)
			t.Logf("two workers: %d calls, %d answers were 429, steps by worker: %v", w.calls(), w.refused(), slices.Sorted(maps.Values(steps)))
			if busyOne {
				assert.Len(t, steps, 2, "one began and the other ended it")
			}

			w.brevo.ResetWrites()
			w.realSync(t, s, queue, workflows.SyncInput{Resources: []string{"users"}})
			assert.Zero(t, w.brevo.Writes().Total(), "nothing is left to send")
		})
	}
}

// bothPoll waits until two workers poll the queue.
func bothPoll(t *testing.T, s *testsuite.DevServer, queue string) {
	t.Helper()
	require.Eventually(t, func() bool {
		seen, err := s.Client().DescribeTaskQueue(t.Context(), queue, enums.TASK_QUEUE_TYPE_ACTIVITY)
		return err == nil && len(seen.GetPollers()) == 2
	}, time.Minute, 20*time.Millisecond)
}

// atWork waits until a worker that has done something has an activity in hand, and returns that one first: history shows
// who began an activity only once it has ended.
func atWork(t *testing.T, s *testsuite.DevServer, queue string, workers []*program) (busy, other *program) {
	t.Helper()
	require.Eventually(t, func() bool {
		who, err := inHand(t.Context(), s, queue)
		if err != nil || who == "" {
			return false
		}
		if done, err := steps(t.Context(), s, queue); err != nil || done[who] == 0 {
			return false
		}
		pid, _, _ := strings.Cut(who, "@") // PID@HOST@
		at := slices.IndexFunc(workers, func(p *program) bool { return strconv.Itoa(p.cmd.Process.Pid) == pid })
		if at < 0 {
			return false
		}
		busy, other = workers[at], workers[1-at]
		return true
	}, time.Minute, 20*time.Millisecond, "no worker that has done something is at work")
	return busy, other
}

// runs are the workflows of the queue.
func runs(ctx context.Context, s *testsuite.DevServer, queue string) ([]*commonpb.WorkflowExecution, error) {
	found, err := s.Client().ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: fmt.Sprintf("TaskQueue = '%s'", queue), PageSize: 1000})
	if err != nil {
		return nil, err
	}
	var out []*commonpb.WorkflowExecution
	for _, e := range found.GetExecutions() {
		out = append(out, e.GetExecution())
	}
	return out, nil
}

// inHand is the worker that has an activity of the queue's workflows in hand; empty when none has.
func inHand(ctx context.Context, s *testsuite.DevServer, queue string) (identity string, err error) {
	all, err := runs(ctx, s, queue)
	if err != nil {
		return "", err
	}
	for _, e := range all {
		described, err := s.Client().DescribeWorkflowExecution(ctx, e.GetWorkflowId(), e.GetRunId())
		if err != nil {
			return "", err
		}
		for _, a := range described.GetPendingActivities() {
			if a.GetState() == enums.PENDING_ACTIVITY_STATE_STARTED {
				return a.GetLastWorkerIdentity(), nil
			}
		}
	}
	return "", nil
}

// steps counts what workers did for the queue's workflows, activities and decisions, by worker.
func steps(ctx context.Context, s *testsuite.DevServer, queue string) (map[string]int, error) {
	all, err := runs(ctx, s, queue)
	if err != nil {
		return nil, err
	}
	by := map[string]int{}
	for _, e := range all {
		events := s.Client().GetWorkflowHistory(ctx, e.GetWorkflowId(), e.GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return nil, err
			}
			if started := event.GetActivityTaskStartedEventAttributes(); started != nil {
				by[started.GetIdentity()]++
			}
			if done := event.GetWorkflowTaskCompletedEventAttributes(); done != nil {
				by[done.GetIdentity()]++
			}
		}
	}
	return by, nil
}
