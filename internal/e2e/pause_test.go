package e2e_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// starter runs a command line of the real program, which Temporal does not answer, and returns what it printed.
func (w *world) starter(t testing.TB, args ...string) (stdout, stderr string) {
	t.Helper()
	return w.starterAt(t, []string{"TEMPORAL_ADDRESS=127.0.0.1:1"}, args...)
}

// starterAt is starter in an environment.
func (w *world) starterAt(t testing.TB, env []string, args ...string) (stdout, stderr string) {
	t.Helper()
	path, err := starterBinary()
	require.NoError(t, err, path)
	config := filepath.Join(t.TempDir(), "connectors.yaml")
	require.NoError(t, os.WriteFile(config, []byte(w.yaml), 0o600))
	cmd := exec.CommandContext(background, path, args...)
	cmd.Env = append(append(os.Environ(), "CONNECTORS_FILE="+config, "STORE_URL="+w.storeURL, "TEMPORAL_CONFIG_FILE="+os.DevNull), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	assert.NoError(t, cmd.Run(), errs.String())
	return out.String(), errs.String()
}

// brevoWrites counts what was asked of Brevo that may change it.
func (w *world) brevoWrites() (n int) {
	for _, c := range w.brevo.Log().Calls() {
		if c.Method != "GET" {
			n++
		}
	}
	return n
}

// TestAPauseInTheMiddleOfABackfill pauses while contacts are written one by one: without lists a backfill cannot import.
func TestAPauseInTheMiddleOfABackfill(t *testing.T) {
	size := seed.Size{Users: 400, Tickets: 300, Organizations: 20}
	withoutLists := func(w *world) {
		head, tail, found := strings.Cut(w.yaml, "    lists: {")
		require.True(t, found)
		_, tail, _ = strings.Cut(tail, "\n")
		w.yaml = head + tail
	}
	calm := newWorld(t, size)
	withoutLists(calm)
	calm.sync(t, workflows.SyncInput{})

	_, err := starterBinary()
	require.NoError(t, err)
	w := newWorld(t, size)
	withoutLists(w)
	// From the fortieth contact on there is time to type.
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/contacts$", Skip: 40, Times: sim.Forever, Delay: 500 * time.Millisecond})
	paused := make(chan int)
	go func() { // a person, who sees contacts appear in Brevo
		for len(w.brevo.Log().Filter("POST", "/v3/contacts")) < 40 {
			<-time.After(time.Millisecond)
		}
		stdout, stderr := w.starter(t, "pause", "--reason", "wrong lists, says Ms Example")
		after := w.brevoWrites()
		assert.Contains(t, stdout, "Paused acme: wrong lists, says Ms Example")
		assert.Contains(t, stderr, "its ticks do nothing while the pause stands")
		paused <- after
	}()
	w.watch = &watcher{}
	var after, later int
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			after = <-paused
			assert.Equal(t, "wrong lists, says Ms Example", w.standing(t).Message)
		}, 2*time.Minute) // skipped once the step has given up its attempt
		env.RegisterDelayedCallback(func() {
			later = w.brevoWrites()
			w.brevo.Faults().Clear()
			assert.NoError(t, w.account().ClearPause(context.Background()))
		}, 5*time.Minute)
	}
	out := w.sync(t, workflows.SyncInput{})
	require.Positive(t, after)
	assert.Less(t, later, calm.brevoWrites(), "it was in the middle")
	assert.LessOrEqual(t, later-after, 1, "the call in flight, and nothing after it")
	assert.Equal(t, calm.picture(), w.picture(), "nothing is lost")
	assert.Equal(t, calm.brevoWrites(), w.brevoWrites(), "and nothing done twice")
	assert.Positive(t, out.Push.Sent)
	met := 0
	for _, f := range w.watch.Failures() {
		if f.Err.Type() == activities.ErrPaused {
			met++
			assert.Equal(t, "paused: by an operator; `starter resume` ends it", f.Err.Message())
		}
	}
	assert.Positive(t, met)
	assert.NotContains(t, strings.Join(w.watch.Entries(), "\n"), "Ms Example", "a reason stays in the store")
}

func TestWebhooksDuringAPauseFireOnceAfterIt(t *testing.T) {
	w, who := lively(t)
	ticket := w.open(who)
	w.starter(t, "pause")
	calls := w.calls()
	w.look(t, w.subject(ticket), news("ticket.created", "ticket.status_changed"),
		moment{2 * time.Minute, func() { w.status(t, ticket, "solved") }},
		moment{5 * time.Minute, func() {
			assert.Equal(t, calls, w.calls(), "neither vendor is called")
			assert.NoError(t, w.account().ClearPause(background))
		}})
	w.scheduled(t)
	w.webhook(t, ticket, "ticket.created") // a late duplicate
	assert.Equal(t, []string{"ticket_created", "ticket_solved"}, w.events(ticket), "it was solved when it was first read")
}

func (w *world) subject(ticket int64) string {
	return strings.TrimPrefix(workflows.TicketID(account, ticket), "zendesk/"+account+"/")
}

func TestAPassingTestDoesNotEndAnOperatorsPause(t *testing.T) {
	w, _ := lively(t)
	w.starter(t, "pause")
	env := w.environment(t)
	env.ExecuteWorkflow(workflows.Check, workflows.CheckInput{Account: account})
	require.NoError(t, env.GetWorkflowError())
	var result activities.CheckResult
	require.NoError(t, env.GetWorkflowResult(&result))
	assert.True(t, result.Passed())
	assert.Equal(t, activities.PauseOperator, w.standing(t).Kind)
}

func TestATickDuringAPauseBeginsNoSync(t *testing.T) {
	w, who := lively(t)
	w.status(t, w.open(who), "solved")
	w.starter(t, "pause")
	calls := w.calls()
	tick := func() (out workflows.TickResult) {
		env := w.environment(t)
		env.ExecuteWorkflow(workflows.Tick, workflows.TickInput{Account: account})
		end := env.Now()
		w.clock.now = func() time.Time { return end }
		require.NoError(t, env.GetWorkflowError())
		require.NoError(t, env.GetWorkflowResult(&out))
		return out
	}
	assert.Equal(t, activities.PauseOperator, tick().Stopped)
	assert.Equal(t, calls, w.calls())
	require.NoError(t, w.account().ClearPause(t.Context()))
	out := tick()
	assert.Empty(t, out.Stopped)
	assert.NotEmpty(t, out.Sync.Streams)
}
