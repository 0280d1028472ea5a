package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// Wake keeps what a sync offers until follow; it stands for Temporal's client, which the test environment does not have.
func (w *world) Wake(_ context.Context, _ string, subjects []string, _ time.Duration) ([]string, error) {
	w.woken = append(w.woken, subjects...)
	return nil, nil
}

// settleFor is how long bursts of events are waited for.
const settleFor = 2 * time.Second

// told is an event that reaches a workflow some time after its start.
type told struct {
	after time.Duration
	event workflows.Event
}

// moment is something that happens while a workflow runs.
type moment struct {
	after time.Duration
	do    func()
}

// look runs the workflow of a ticket or user to its end, tells it of events and lets things happen meanwhile.
func (w *world) look(t *testing.T, subject string, events []told, meanwhile ...moment) workflows.SubjectResult {
	t.Helper()
	env := w.environment(t)
	kind, text, _ := strings.Cut(subject, "/")
	id, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	var workflow any = workflows.Ticket
	workflowID := workflows.TicketID(account, id)
	if kind == "user" {
		workflow, workflowID = workflows.User, workflows.UserID(account, id)
	}
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflowID})
	for _, e := range events {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.EventSignal, e.event) }, e.after)
	}
	for _, m := range meanwhile {
		env.RegisterDelayedCallback(m.do, m.after)
	}
	env.ExecuteWorkflow(workflow, workflows.SubjectInput{Account: account, ID: id, Settle: settleFor})
	end := env.Now()
	w.clock.now = func() time.Time { return end }
	require.True(t, env.IsWorkflowCompleted(), "the workflow of %s must end", subject)
	require.NoError(t, env.GetWorkflowError())
	var out workflows.SubjectResult
	require.NoError(t, env.GetWorkflowResult(&out))
	return out
}

// news is one event that a webhook brings at once.
func news(types ...string) []told {
	out := make([]told, len(types))
	for i, typ := range types {
		out[i] = told{0, workflows.Event{Type: typ}}
	}
	return out
}

// webhook lets the workflow of a ticket hear of events.
func (w *world) webhook(t *testing.T, ticket int64, types ...string) workflows.SubjectResult {
	t.Helper()
	return w.look(t, "ticket/"+strconv.FormatInt(ticket, 10), news(types...))
}

// follow runs the workflows that syncs have woken.
func (w *world) follow(t *testing.T) {
	t.Helper()
	for len(w.woken) > 0 {
		subject := w.woken[0]
		w.woken = w.woken[1:]
		w.look(t, subject, []told{{0, workflows.Event{Recorded: true}}})
	}
}

// scheduled runs one incremental sync a while later, and everything that it wakes.
func (w *world) scheduled(t *testing.T) workflows.SyncResult {
	t.Helper()
	w.later(2 * time.Minute)
	out := w.sync(t, incremental)
	w.follow(t)
	return out
}

// events are what Brevo received about a ticket, by name in order of arrival.
func (w *world) events(ticket int64) []string {
	var out []string
	for _, e := range w.brevo.Events() {
		if fmt.Sprint(e.Properties["ticket_id"]) == strconv.FormatInt(ticket, 10) {
			out = append(out, e.Name)
		}
	}
	return out
}

// eventNames are the names of everything that Brevo received, sorted.
func (w *world) eventNames() []string {
	var out []string
	for _, e := range w.brevo.Events() {
		out = append(out, e.Name)
	}
	slices.Sort(out)
	return out
}

// lively is an account that has been synced once, and a customer in it.
func lively(t *testing.T, opts ...option) (*world, int64) {
	t.Helper()
	w := newWorld(t, seed.Size{Users: 60, Tickets: 120, Organizations: 8}, opts...)
	w.sync(t, workflows.SyncInput{})
	w.follow(t)
	require.Empty(t, w.brevo.Events(), "history is no news")
	w.later(2 * time.Minute)
	return w, w.person(t, 0).ID
}

func (w *world) status(t *testing.T, ticket int64, status string) {
	t.Helper()
	require.True(t, w.zendesk.UpdateTicket(ticket, func(x *seed.Ticket) { x.Status = status }))
}

func (w *world) open(who int64) int64 {
	return w.zendesk.CreateTicket(seed.Ticket{RequesterID: who, Subject: "hello", Status: "open"})
}
