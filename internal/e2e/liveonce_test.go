package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

func TestAnEventFiresOnceWhoeverBringsTheNews(t *testing.T) {
	bySchedule := func(t *testing.T, w *world, ticket int64, _ string) { w.scheduled(t) }
	byWebhook := func(t *testing.T, w *world, ticket int64, event string) { w.webhook(t, ticket, event) }
	byBoth := func(t *testing.T, w *world, ticket int64, event string) {
		w.webhook(t, ticket, event)
		w.scheduled(t)
		w.webhook(t, ticket, event, event) // a late duplicate
	}
	for name, bring := range map[string]func(*testing.T, *world, int64, string){
		"schedule": bySchedule, "webhook": byWebhook, "both": byBoth,
	} {
		t.Run(name, func(t *testing.T) {
			w, who := lively(t)
			ticket := w.open(who)
			bring(t, w, ticket, "ticket.created")
			w.pass(time.Minute)
			w.status(t, ticket, "solved")
			bring(t, w, ticket, "ticket.status_changed")
			w.pass(time.Minute)
			require.True(t, w.zendesk.RateTicket(ticket, 1, "bad"))
			bring(t, w, ticket, "ticket.csat_received")
			w.pass(time.Minute)
			w.status(t, ticket, "open")
			bring(t, w, ticket, "ticket.status_changed")
			w.scheduled(t)
			w.scheduled(t)
			assert.Equal(t, []string{
				"ticket_created", "ticket_solved", "ticket_updated",
				"satisfaction_rating_created", "satisfaction_rating_bad", "ticket_reopened", "ticket_updated",
			}, w.events(ticket))
			assert.Equal(t, 1.0, w.contactOf(t, who).Attributes["OPEN_TICKETS"].(float64)-w.openBefore(who, ticket), "the contact follows")
		})
	}
}

// contactOf is a user's contact.
func (w *world) contactOf(t testing.TB, user int64) brevosim.Contact {
	t.Helper()
	u, ok := w.seed.Users.Get(user)
	require.True(t, ok)
	return w.contact(t, u.Email)
}

// openBefore counts the open tickets of a user but for one.
func (w *world) openBefore(user, but int64) float64 {
	n := 0.0
	w.seed.Tickets.EachAfter(0, func(x *seed.Ticket) bool {
		switch x.Status {
		case "new", "open", "pending", "hold":
			if x.RequesterID == user && x.ID != but {
				n++
			}
		}
		return true
	})
	return n
}

func TestABurstIsReadOnce(t *testing.T) {
	w, who := lively(t)
	ticket := w.open(who)
	w.zendesk.Log().Reset()
	burst := make([]told, 50)
	for i := range burst {
		burst[i] = told{time.Duration(i) * 2 * time.Second / 50, workflows.Event{Type: "ticket.status_changed"}}
	}
	out := w.look(t, fmt.Sprintf("ticket/%d", ticket), burst)
	assert.Equal(t, 50, out.Events)
	assert.LessOrEqual(t, out.Refreshes, 2)
	assert.LessOrEqual(t, len(w.zendesk.Log().Calls()), 2)
	assert.Equal(t, []string{"ticket_created"}, w.events(ticket))
}

func TestATicketSolvedDuringTheBackfillFiresOnce(t *testing.T) {
	w := newWorld(t, seed.Size{Users: 60, Tickets: 120, Organizations: 8})
	ticket := w.openTicket(t)
	// The run has begun, and has not read everything, when the ticket is solved and its webhook arrives.
	w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental/users", Times: 3, Status: 500})
	_, err := w.account().BeginRun(t.Context(), store.Run{ID: "first", Type: "full", Streams: []string{"users"}, StartedAt: w.clock.Now()})
	require.NoError(t, err)
	w.pass(2 * time.Second)
	w.status(t, ticket, "solved")
	w.webhook(t, ticket, "ticket.status_changed")
	require.Empty(t, w.brevo.Events(), "rules wait until everything was read once")
	require.Zero(t, len(w.brevo.Contacts()), "and so does the push")
	w.sync(t, workflows.SyncInput{})
	w.follow(t)
	assert.Equal(t, []string{"ticket_solved"}, w.events(ticket))
	w.scheduled(t)
	w.scheduled(t)
	assert.Equal(t, []string{"ticket_solved"}, w.eventNames())
}

func TestAfterDowntimeOldChangesAreRecordedAndNotActedOn(t *testing.T) {
	w, who := lively(t)
	old, young := w.open(who), w.open(who)
	w.scheduled(t)
	before := len(w.brevo.Events())
	w.status(t, old, "solved")
	w.later(26 * time.Hour)
	w.status(t, young, "solved")
	w.later(20 * time.Hour)
	w.scheduled(t)
	assert.Equal(t, []string{"ticket_solved", "ticket_updated"}, w.events(young)[1:])
	assert.Equal(t, []string{"ticket_created"}, w.events(old))
	assert.Len(t, w.brevo.Events(), before+2)
	recorded, err := w.account().Transitions(t.Context(), fmt.Sprintf("ticket/%d", old))
	require.NoError(t, err)
	assert.Len(t, recorded, 3, "created, solved, updated")
}

func TestADelayedActionIsCalledOffByWhatHappensMeanwhile(t *testing.T) {
	const rule = `
automations:
  - name: ask
    on: ticket.solved
    after: 1h
    unless: [ticket.reopened]
    do: [brevo.event: rating_wanted]`
	solved := func(t *testing.T) (*world, int64) {
		t.Helper()
		w, who := lively(t)
		w.configure(rule)
		ticket := w.open(who)
		w.webhook(t, ticket, "ticket.created")
		w.status(t, ticket, "solved")
		return w, ticket
	}
	t.Run("nothing happens", func(t *testing.T) {
		w, ticket := solved(t)
		since := w.clock.Now()
		w.webhook(t, ticket, "ticket.status_changed")
		assert.Contains(t, w.events(ticket), "rating_wanted")
		at := w.brevo.Events()[len(w.brevo.Events())-1].ReceivedAt
		assert.InDelta(t, time.Hour.Seconds(), at.Sub(since).Seconds(), 70, "an hour after it was solved")
	})
	t.Run("reopened after 59 minutes, webhook lost", func(t *testing.T) {
		w, ticket := solved(t)
		out := w.look(t, fmt.Sprintf("ticket/%d", ticket), news("ticket.status_changed"),
			moment{58 * time.Minute, func() { w.status(t, ticket, "open") }})
		assert.NotContains(t, w.events(ticket), "rating_wanted")
		assert.Contains(t, w.events(ticket), "ticket_reopened", "which is news itself")
		assert.Equal(t, 1, out.Actions["cancelled"])
	})
	t.Run("deleted as spam meanwhile", func(t *testing.T) {
		w, ticket := solved(t)
		out := w.look(t, fmt.Sprintf("ticket/%d", ticket), news("ticket.status_changed"),
			moment{30 * time.Minute, func() { require.True(t, w.zendesk.DeleteTicket(ticket)) }})
		assert.NotContains(t, w.events(ticket), "rating_wanted")
		assert.Equal(t, 1, out.Actions["cancelled"])
	})
	t.Run("the rule is edited meanwhile", func(t *testing.T) {
		w, ticket := solved(t)
		w.look(t, fmt.Sprintf("ticket/%d", ticket), news("ticket.status_changed"),
			moment{30 * time.Minute, func() { w.configure("") }})
		assert.Contains(t, w.events(ticket), "rating_wanted", "timers that are set go on")
	})
}

func TestACallWithoutAnAnswerIsNotRepeatedBlindly(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault sim.Fault
		want  []string
		state store.ActionState
	}{
		{"accepted, answer lost", sim.Fault{DropAfter: true}, []string{"ticket_created"}, store.ActionDone},
		{"never arrived", sim.Fault{DropBefore: true}, []string{"ticket_created"}, store.ActionDone},
		{"an error that may hide a success", sim.Fault{Status: 502}, []string{"ticket_created"}, store.ActionDone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, who := lively(t)
			ticket := w.open(who)
			tc.fault.Method, tc.fault.Path = "POST", "/v3/events"
			w.brevo.Faults().Add(tc.fault)
			w.webhook(t, ticket, "ticket.created")
			w.scheduled(t)
			assert.Equal(t, tc.want, w.events(ticket))
			assert.Equal(t, tc.state, w.action(t, ticket).State)
		})
	}
	t.Run("the look for it tells nothing", func(t *testing.T) {
		w, who := lively(t)
		ticket := w.open(who)
		w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/events", DropAfter: true},
			sim.Fault{Method: "GET", Path: "/v3/events", Status: 200, Body: "{}"}, sim.Fault{Method: "GET", Path: "/v3/events", Status: 200})
		w.webhook(t, ticket, "ticket.created")
		w.scheduled(t)
		assert.Equal(t, []string{"ticket_created"}, w.events(ticket))
		assert.Equal(t, store.ActionDone, w.action(t, ticket).State)
	})
	t.Run("nobody can tell", func(t *testing.T) {
		w, who := lively(t)
		ticket := w.open(who)
		w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/events", DropAfter: true})
		w.brevo.Faults().Add(sim.Fault{Method: "GET", Path: "/v3/events", Status: 400, Times: sim.Forever})
		w.webhook(t, ticket, "ticket.created")
		w.scheduled(t)
		assert.Equal(t, []string{"ticket_created"}, w.events(ticket))
		listed, err := w.account().ActionsIn(t.Context(), store.ActionInDoubt, 10)
		require.NoError(t, err)
		require.Len(t, listed, 1)
		assert.Equal(t, ticket, listed[0].Transition.TicketID)
	})
}

// action is the one action of a ticket.
func (w *world) action(t *testing.T, ticket int64) store.Action {
	t.Helper()
	all, err := w.account().Actions(t.Context(), fmt.Sprintf("ticket/%d", ticket))
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func TestARatingOfTheNewCSATHasOneStory(t *testing.T) {
	w, who := lively(t, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.CSAT = zendesksim.NewCSAT })
	for name, bring := range map[string]func(int64){
		"webhook":  func(ticket int64) { w.webhook(t, ticket, "ticket.csat_received") },
		"schedule": func(int64) { w.scheduled(t) },
	} {
		t.Run(name, func(t *testing.T) {
			ticket := w.open(who)
			w.webhook(t, ticket, "ticket.created")
			w.status(t, ticket, "solved")
			w.webhook(t, ticket, "ticket.status_changed")
			for _, stars := range []int{5, 4, 1} { // good, still good, bad
				w.pass(time.Minute)
				require.True(t, w.zendesk.RateTicket(ticket, stars, ""))
				bring(ticket)
				w.scheduled(t)
			}
			var ratings []string
			for _, e := range w.events(ticket) {
				if len(e) > 19 && e[:19] == "satisfaction_rating" {
					ratings = append(ratings, e)
				}
			}
			assert.Equal(t, []string{
				"satisfaction_rating_created", "satisfaction_rating_good", "satisfaction_rating_created", "satisfaction_rating_bad",
			}, ratings)
		})
	}
}
