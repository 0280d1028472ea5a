package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
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

// TestTwoWorkersShareABackfillOnPostgreSQL runs two real worker processes on one database and one Temporal server: the
// result is that of one worker on SQLite, and losing one of the two half-way changes nothing.
func TestTwoWorkersShareABackfillOnPostgreSQL(t *testing.T) {
	url := pgtest.URL(t)
	s := realServer(t)
	size := seed.Size{Users: 1200, Tickets: 4200, Organizations: 100}
	calm := newWorld(t, size)
	calm.sync(t, workflows.SyncInput{})

	w := newWorld(t, size)
	w.realTime()
	w.keepIn(t, url)
	queue := fmt.Sprintf("postgres-%d", time.Now().UnixNano())
	first := w.startWorker(t, s, queue)
	second := w.startWorker(t, s, queue)
	run, err := s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue},
		workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.calls() >= calm.calls()/2 }, 3*time.Minute, 5*time.Millisecond, "%d of %d calls\n%s\n%s", w.calls(), calm.calls(), first.logs, second.logs)
	first.kill()
	var out workflows.SyncResult
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	require.NoError(t, run.Get(ctx, &out), "log of the worker that stayed:\n%s", second.logs)
	assert.Equal(t, calm.picture(), w.picture())

	w.brevo.ResetWrites()
	run, err = s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue},
		workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), &out))
	assert.Zero(t, w.brevo.Writes().Total(), "nothing is left to send")
}
