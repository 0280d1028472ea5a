package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// startVersion runs the real worker as a version of a deployment.
func (w *world) startVersion(t *testing.T, s *testsuite.DevServer, queue, build string) *program {
	t.Helper()
	return w.start(t, workerBinary, "TASK_QUEUE="+queue, "TEMPORAL_ADDRESS="+s.FrontendHostPort(), "TEMPORAL_DEPLOYMENT_NAME="+queue, "TEMPORAL_WORKER_BUILD_ID="+build)
}

// TestUpgradeDuringABackfill makes another version of the worker current while a backfill runs, first for some of the steps,
// then for all, and stops the old one. The backfill goes on with the new one, and ends as one that nobody disturbed.
func TestUpgradeDuringABackfill(t *testing.T) {
	s := realServer(t)
	size := seed.Size{Users: 900, Tickets: 3000, Organizations: 60}
	calm := newWorld(t, size)
	calm.sync(t, workflows.SyncInput{})

	w := newWorld(t, size)
	w.realTime()
	// However fast the rest is, the tickets' second page keeps the backfill from its end until the new version is current.
	w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental/tickets", Query: "cursor=", Times: sim.Forever, DropBefore: true})
	queue := fmt.Sprintf("upgrade-%d", time.Now().UnixNano())
	versions := s.Client().WorkerDeploymentClient().GetHandle(queue)
	// A version can be chosen once its worker has asked for work.
	choose := func(choice func(context.Context) error) {
		t.Helper()
		var err error
		require.Eventually(t, func() bool { err = choice(t.Context()); return err == nil }, time.Minute, 50*time.Millisecond, "%v", &err)
	}
	current := func(build string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := versions.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build})
			return err
		}
	}
	before := w.startVersion(t, s, queue, "one")
	choose(current("one"))
	// What `starter sync` looks at before it starts a run.
	workerPolls(t, s, queue)

	run, err := s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue},
		workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
	require.NoError(t, err)
	reached := func(calls int) {
		t.Helper()
		require.Eventually(t, func() bool { return w.calls() >= calls }, 2*time.Minute, 5*time.Millisecond, "%d calls\n%s", w.calls(), before.logs)
	}
	reached(calm.calls() / 5)
	after := w.startVersion(t, s, queue, "two")
	choose(func(ctx context.Context) error {
		_, err := versions.SetRampingVersion(ctx, client.WorkerDeploymentSetRampingVersionOptions{BuildID: "two", Percentage: 50})
		return err
	})
	reached(w.calls() + 1)
	choose(current("two"))
	w.zendesk.Faults().Clear()
	before.terminate(t)

	var out workflows.SyncResult
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	require.NoError(t, run.Get(ctx, &out), "log of the new worker:\n%s", after.logs)
	assert.Equal(t, calm.picture(), w.picture())
	described, err := s.Client().DescribeWorkflowExecution(t.Context(), queue, "")
	require.NoError(t, err)
	assert.Equal(t, "two", described.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId(), "it went on with the new version")
}
