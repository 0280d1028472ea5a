package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// TestBackfillSurvivesKilledWorkers kills the real worker process at five random moments of a backfill, and stops it politely
// before one of them. The result must be
// that of a backfill nobody disturbed: no page lost, none applied twice, no company doubled.
func TestBackfillSurvivesKilledWorkers(t *testing.T) {
	s := realServer(t)
	size := seed.Size{Users: 2400, Tickets: 9000, Organizations: 300}
	calm := newWorld(t, size)
	calm.sync(t, workflows.SyncInput{})

	w := newWorld(t, size)
	w.realTime()
	// Slow enough for five deaths to find something going on.
	w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental", Times: -1, Delay: 150 * time.Millisecond})
	w.brevo.Faults().Add(sim.Fault{Path: "/v3", Times: -1, Delay: 30 * time.Millisecond})
	seed := time.Now().UnixNano()
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	t.Logf("seed %d", seed)
	moments := make([]int, 5)
	for i := range moments {
		moments[i] = 1 + random.IntN(calm.calls()/2) // polls make the number of calls differ
	}
	slices.Sort(moments)

	queue := fmt.Sprintf("killed-%d", seed)
	worker := w.startWorker(t, s, queue)
	run, err := s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: fmt.Sprintf("killed/%d", seed), TaskQueue: queue,
	}, workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
	require.NoError(t, err)
	var out workflows.SyncResult
	ended := make(chan error, 1)
	go func() { ended <- run.Get(background, &out) }()
	for i, moment := range moments {
		if w.await(t, moment, ended) {
			break
		}
		if i == 2 {
			worker.terminate(t) // once politely, as at a deployment
		}
		worker.kill()
		worker = w.startWorker(t, s, queue)
	}
	select { // an import that was being sent when its worker died waits four minutes
	case err := <-ended:
		require.NoError(t, err, "worker log:\n%s", worker.logs)
	case <-time.After(20 * time.Minute):
		require.Fail(t, "the sync did not end", "worker log:\n%s", worker.logs)
	}
	t.Logf("%d calls disturbed, %d calm", w.calls(), calm.calls())

	assert.Equal(t, calm.picture(), w.picture())
	cursors, err := w.account().Cursors(t.Context())
	require.NoError(t, err)
	before, err := calm.account().Cursors(t.Context())
	require.NoError(t, err)
	for i := range cursors {
		assert.Equal(t, before[i].Rows, cursors[i].Rows, "rows of %s applied", cursors[i].Stream)
		assert.Equal(t, before[i].Pages, cursors[i].Pages, "pages of %s applied", cursors[i].Stream)
	}
}

// await waits until the vendors have had so many calls; it reports true when the run ended before that.
func (w *world) await(t *testing.T, calls int, ended chan error) bool {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Minute); w.calls() < calls; {
		select {
		case err := <-ended:
			ended <- err
			return true
		case <-time.After(5 * time.Millisecond):
		}
		require.True(t, time.Now().Before(deadline), "%d of %d calls", w.calls(), calls)
	}
	return false
}

// picture is the state of the simulated Brevo without its own ids and times.
func (w *world) picture() []string {
	emails, lists := map[int64]string{}, map[int64]string{}
	for _, l := range w.brevo.Lists() {
		lists[l.ID] = l.Name
	}
	var out []string
	for _, c := range w.brevo.Contacts() {
		emails[c.ID] = c.Email
		on := make([]string, 0, len(c.Lists))
		for _, id := range c.Lists {
			on = append(on, lists[id])
		}
		slices.Sort(on)
		out = append(out, fmt.Sprintf("contact %s %v %v %v %v", c.Email, c.Attributes, on, c.EmailBlacklisted, c.ListUnsubscribed))
	}
	for _, c := range w.brevo.Companies() {
		members := make([]string, 0, len(c.Contacts))
		for _, id := range c.Contacts {
			members = append(members, emails[id])
		}
		slices.Sort(members)
		out = append(out, fmt.Sprintf("company %s %v %v", c.Name, c.Attributes["zendesk_id"], members))
	}
	slices.Sort(out)
	return out
}
