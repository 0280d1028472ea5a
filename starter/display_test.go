package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/vbauerster/mpb/v8"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"zendesk-brevo/activities"
	"zendesk-brevo/workflows"
)

func lookoutAt(f *fakeTemporal) *lookout {
	e := &engine{Client: f, Queue: "queue", Now: func() time.Time { return noon }}
	return newLookout(e, "acme", execution{ID: "zendesk/acme/sync", RunID: "run-1", Kind: "full", StartedAt: noon.Add(-time.Minute)})
}

// pulling is a sync that reads users, and waits for the tickets' budget.
func pulling() *fakeTemporal {
	f := newFake()
	f.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-1", running1, "")
	f.executions["zendesk/acme/pull/users"] = executionOf("zendesk/acme/pull/users", "u", running1, "run-1")
	f.executions["zendesk/acme/pull/tickets"] = executionOf("zendesk/acme/pull/tickets", "t", running1, "run-1",
		waits(activities.ErrRateLimited, "waiting 40 s: Zendesk export budget", 33500*time.Millisecond, 2))
	f.progress["zendesk/acme/sync"] = workflows.Progress{Subject: "full", Phase: "pull", Expected: map[string]int64{"users": 8400, "tickets": 34200}}
	f.progress["zendesk/acme/pull/users"] = workflows.Progress{Rows: map[string]int64{"users": 3000}, Pages: map[string]int64{"users": 3}}
	f.progress["zendesk/acme/pull/tickets"] = workflows.Progress{Rows: map[string]int64{"tickets": 9000}, Pages: map[string]int64{"tickets": 9}}
	return f
}

func TestLookingAtARunningSync(t *testing.T) {
	t.Parallel()
	f := pulling()
	l := lookoutAt(f)
	v := l.at(t.Context())
	assert.Equal(t, "[1m00s] pull; users: 3,000 of ~8,400 rows, 3 pages; "+
		"tickets: 9,000 of ~34,200 rows, waiting 34 s: Zendesk export budget", v.line())

	f.progress["zendesk/acme/pull/users"] = workflows.Progress{Rows: map[string]int64{"users": 5000}, Pages: map[string]int64{"users": 5}}
	l.engine.Now = func() time.Time { return noon.Add(4 * time.Second) }
	v = l.at(t.Context())
	assert.Contains(t, v.line(), "users: 5,000 of ~8,400 rows, 5 pages, 500 rows/s, ETA 7s")
	assert.Contains(t, v.line(), "waiting 30 s: Zendesk export budget")

	f.executions["zendesk/acme/pull/users"] = executionOf("zendesk/acme/pull/users", "u2", enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "run-1")
	f.executions["zendesk/acme/pull/tickets"] = executionOf("zendesk/acme/pull/tickets", "t", enums.WORKFLOW_EXECUTION_STATUS_FAILED, "run-1")
	v = l.at(t.Context())
	assert.Equal(t, []string{streamDone, streamFailed}, []string{v.Streams[0].State, v.Streams[1].State})

	delete(f.progress, "zendesk/acme/pull/users")
	v = l.at(t.Context())
	assert.Equal(t, "5,000 rows, 5 pages, done", v.Streams[0].text(), "a stream that has ended is not asked again")

	f.executions["zendesk/acme/push"] = executionOf("zendesk/acme/push", "p", running1, "run-1",
		waits(activities.ErrUnreachable, "brevo POST /contacts/import: 502", 20*time.Second, 3))
	f.progress["zendesk/acme/sync"] = workflows.Progress{Subject: "full", Phase: phasePush}
	f.progress["zendesk/acme/push"] = workflows.Progress{Phase: "import", Rows: map[string]int64{"imported": 3200, "Brevo contacts": 10}}
	v = l.at(t.Context())
	assert.Equal(t, "[1m04s] push: import; Brevo contacts 10, imported 3,200; trying again in 16 s (attempt 2 failed): brevo POST /contacts/import: 502", v.line())
}

func TestLookingWithoutAnswers(t *testing.T) {
	t.Parallel()
	f := pulling()
	l := lookoutAt(f)
	l.at(t.Context())

	f.progress = nil
	f.pollers = nil
	v := l.at(t.Context())
	assert.Equal(t, "no worker runs: start one with `bin/worker`; the sync goes on where it was", v.Trouble)
	assert.EqualValues(t, 3000, v.Streams[0].Rows, "what was known stays on the screen")

	f.away = serviceerror.NewUnavailable("gone")
	v = l.at(t.Context())
	assert.Contains(t, v.line(), "users: 3,000 of ~8,400 rows")
	assert.Contains(t, v.line(), "Temporal does not answer; the sync itself is not harmed by that")
}

func TestAnEndedStreamIsAskedUntilItAnswers(t *testing.T) {
	t.Parallel()
	f := pulling()
	progress := f.progress
	f.progress = nil
	f.executions["zendesk/acme/pull/users"] = executionOf("zendesk/acme/pull/users", "u", enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, "run-1")
	l := lookoutAt(f)
	v := l.at(t.Context())
	assert.Equal(t, "the worker does not answer at the moment", v.Trouble)
	assert.Equal(t, "0 rows, 0 pages, done", v.Streams[0].text())
	f.progress = progress
	assert.Equal(t, "3,000 rows, 3 pages, done", l.at(t.Context()).Streams[0].text())
}

func TestPlainLinesAppearWhenSomethingChanged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := &lines{out: &out}
	f := pulling()
	look := lookoutAt(f)
	l.show(look.at(t.Context()))
	look.engine.Now = func() time.Time { return noon.Add(10 * time.Second) }
	l.show(look.at(t.Context()))
	assert.Equal(t, 1, strings.Count(out.String(), "\n"), "a countdown is no news")

	out.Reset()
	message := "paused: Zendesk refused the credentials (401): check auth in connectors.yaml; then run `starter resume`"
	f.executions["zendesk/acme/pull/users"].PendingActivities = append(f.executions["zendesk/acme/pull/users"].PendingActivities, waits(activities.ErrPaused, message, time.Minute, 2))
	f.executions["zendesk/acme/pull/tickets"].PendingActivities[0] = waits(activities.ErrPaused, message, time.Minute, 2)
	l.show(look.at(t.Context()))
	f.executions["zendesk/acme/pull/users"].PendingActivities[0] = waits(activities.ErrPaused, message, time.Minute, 3)
	l.show(look.at(t.Context()))
	assert.Equal(t, 1, strings.Count(out.String(), message), "a pause is said once, in full")
	assert.Equal(t, 4, strings.Count(out.String(), ", paused"), "and beside each stream: "+out.String())
}

func TestBarsShowEveryStreamAndThePause(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	refresh := make(chan any)
	b := newBars(&out, mpb.WithManualRefresh(refresh), mpb.WithWidth(120))
	f := pulling()
	look := lookoutAt(f)
	b.show(look.at(t.Context()))
	refresh <- noon
	f.executions["zendesk/acme/sync"].PendingActivities = append(f.executions["zendesk/acme/sync"].PendingActivities,
		waits(activities.ErrPaused, "paused: mend it, then run `starter resume`", time.Minute, 2))
	b.show(look.at(t.Context()))
	b.show(look.last(fullResult(), nil))
	close(refresh)
	b.close()
	assert.Contains(t, out.String(), "users                [")
	assert.Contains(t, out.String(), "tickets              [")
	assert.Contains(t, out.String(), "paused: mend it, then run `starter resume`\n")
	assert.Contains(t, out.String(), "34,200 rows, 35 pages, done")
	assert.Contains(t, out.String(), "satisfaction_ratings [")
	assert.Contains(t, out.String(), "1m00s  completed")
}

func TestLongHeadlinesAreCut(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "waiting", cut("waiting", 7))
	assert.Equal(t, "waiti…", cut("waiting", 6))
	assert.Equal(t, "äöü…", cut("äöüßéè", 4), "counted in characters")
	assert.Equal(t, "waiting", cut("waiting", 0), "width unknown")
}
