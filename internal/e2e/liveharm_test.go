package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// proxyPage is a 404 that is not Zendesk's own.
var proxyPage = sim.Fault{Status: 404, Body: "<html>no such page</html>", ContentType: "text/html"}

func TestAProxysOwn404ErasesNobody(t *testing.T) {
	w, who := lively(t)
	ticket := w.open(who)
	w.webhook(t, ticket, "ticket.created")
	before := w.contactOf(t, who)
	user, gone := proxyPage, proxyPage
	user.Path, gone.Path = fmt.Sprintf("/api/v2/users/%d", who), fmt.Sprintf("/api/v2/tickets/%d", ticket)
	w.zendesk.Faults().Add(user)
	w.zendesk.Faults().Add(gone)
	w.look(t, fmt.Sprintf("user/%d", who), news("user.name_changed"))
	w.webhook(t, ticket, "ticket.tags_changed")
	w.scheduled(t)
	after := w.contactOf(t, who)
	assert.Equal(t, before.Attributes, after.Attributes)
	assert.Equal(t, before.Lists, after.Lists)
}

func TestARecordThatWasMissedByOneReadComesBack(t *testing.T) {
	w, who := lively(t)
	ticket := w.open(who)
	w.webhook(t, ticket, "ticket.created")
	before := w.contactOf(t, who)
	missing := sim.Fault{Status: 404, Body: `{"error":"RecordNotFound","description":"Not found"}`, Path: fmt.Sprintf("/api/v2/tickets/%d", ticket)}
	w.zendesk.Faults().Add(missing)
	w.webhook(t, ticket, "ticket.tags_changed")
	assert.NotEqual(t, before.Attributes["OPEN_TICKETS"], w.contactOf(t, who).Attributes["OPEN_TICKETS"])
	w.webhook(t, ticket, "ticket.tags_changed")
	assert.Equal(t, before.Attributes["OPEN_TICKETS"], w.contactOf(t, who).Attributes["OPEN_TICKETS"], "a later read wins")

	missing.Path = fmt.Sprintf("/api/v2/users/%d", who)
	w.zendesk.Faults().Add(missing)
	w.look(t, fmt.Sprintf("user/%d", who), news("user.name_changed"))
	assert.Equal(t, before.Attributes["FIRSTNAME"], w.contactOf(t, who).Attributes["FIRSTNAME"], "once missed is not erased")
	w.look(t, fmt.Sprintf("user/%d", who), news("user.name_changed"))
	assert.Equal(t, before.Attributes, w.contactOf(t, who).Attributes)
}

func TestANewCustomersFirstTicketIsNotLost(t *testing.T) {
	w, _ := lively(t)
	var ticket int64
	// The users are read to their end before the person exists, the tickets after that.
	w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental/tickets", Status: 429, Header: http.Header{"Retry-After": {"90"}}})
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		w.prepare = nil
		env.RegisterDelayedCallback(func() {
			ticket = w.open(w.zendesk.CreateUser(seed.User{Name: "New Comer", Email: "new.comer@example.com"}))
		}, time.Millisecond)
	}
	w.sync(t, incremental)
	w.follow(t)
	w.scheduled(t)
	assert.Equal(t, []string{"ticket_created"}, w.events(ticket))
}

func TestAPilotFromTheFirstSyncLeavesNobodyWaiting(t *testing.T) {
	w := newWorld(t, seed.Size{Users: 60, Tickets: 120, Organizations: 8})
	w.configure("pilot: {emails: [somebody@example.com]}")
	w.sync(t, workflows.SyncInput{})
	w.follow(t)
	w.later(2 * time.Minute)
	var who int64
	for u := range w.seed.Users.All() {
		if w.seed.KindOf(u.ID) == seed.Ordinary && u.Active {
			who = u.ID
		}
	}
	ticket := w.open(who)
	w.webhook(t, ticket, "ticket.created")
	assert.Equal(t, "skipped: pilot", w.state(t, ticket))
}

func TestARatingThatTheSurveyShowsLateHasOneStory(t *testing.T) {
	w, who := lively(t, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.CSAT = zendesksim.NewCSAT })
	ticket := w.open(who)
	w.webhook(t, ticket, "ticket.created")
	w.status(t, ticket, "solved")
	w.webhook(t, ticket, "ticket.status_changed")
	w.pass(time.Minute)
	require.True(t, w.zendesk.RateTicket(ticket, 5, ""))
	w.zendesk.Faults().Add(sim.Fault{
		Path: "/api/v2/guide/survey_responses", Times: 2, Status: 200,
		Body: `{"survey_responses":[],"meta":{"has_more":false,"after_cursor":null,"before_cursor":null},"links":{"next":null,"prev":null}}`,
	})
	w.webhook(t, ticket, "ticket.csat_received")
	w.scheduled(t)
	w.scheduled(t)
	var ratings []string
	for _, e := range w.events(ticket) {
		if strings.HasPrefix(e, "satisfaction_rating") {
			ratings = append(ratings, e)
		}
	}
	assert.Equal(t, []string{"satisfaction_rating_created", "satisfaction_rating_good"}, ratings)
}

func TestConditionsSeeTheAnswerToTheSurvey(t *testing.T) {
	w, who := lively(t, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.CSAT = zendesksim.NewCSAT })
	w.configure("builtin_automations: false\nautomations:\n  - {on: satisfaction_rating.created, when: 'ticket.rating == \"neutral\" and ticket.score == 50', do: [brevo.event: meh]}")
	ticket := w.open(who)
	w.webhook(t, ticket, "ticket.created")
	w.status(t, ticket, "solved")
	w.webhook(t, ticket, "ticket.status_changed")
	w.pass(time.Minute)
	require.True(t, w.zendesk.RateTicket(ticket, 3, ""))
	w.webhook(t, ticket, "ticket.csat_received")
	w.scheduled(t)
	assert.Equal(t, []string{"meh"}, w.events(ticket))
}

func TestALostAnswerIsLookedForWhereTheCallWent(t *testing.T) {
	w, who := lively(t)
	other := w.person(t, 3).ID
	ticket := w.open(who)
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/events", DropAfter: true})
	w.look(t, fmt.Sprintf("ticket/%d", ticket), news("ticket.created"), moment{time.Minute, func() {
		row, err := w.account().Tickets(t.Context(), []int64{ticket})
		require.NoError(t, err)
		r := row[ticket]
		r.RequesterID, r.UpdatedAt, r.AskedAt = other, r.UpdatedAt.Add(time.Minute), r.AskedAt.Add(time.Minute)
		_, err = w.account().ApplyTickets(t.Context(), []store.TicketRow{r}, w.clock.Now())
		require.NoError(t, err)
	}})
	assert.Len(t, w.brevo.Events(), 1, "the ticket has another requester now, and the event went to the former one")
}

func TestAFailedLookLeavesNothingInDoubt(t *testing.T) {
	w, who, ticket := rule(t, "    do: [brevo.email: {template: 7}]")
	w.brevo.Faults().Add(sim.Fault{Method: "GET", Path: fmt.Sprintf("/v3/contacts/%d", w.contactOf(t, who).ID), Status: 502, Times: 8})
	w.brevo.Faults().Add(sim.Fault{Method: "GET", Path: "/v3/smtp/emails", Status: 400, Times: sim.Forever})
	w.solve(t, ticket)
	assert.Len(t, w.brevo.Emails(), 1, "no e-mail had been asked for")
}

func TestAnOpenEmailOfADeletedContactIsInDoubt(t *testing.T) {
	w, who, ticket := rule(t, "    do: [brevo.email: {template: 7}]")
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/smtp/email", DropAfter: true})
	w.status(t, ticket, "solved")
	id := w.contactOf(t, who).ID
	w.look(t, fmt.Sprintf("ticket/%d", ticket), news("ticket.status_changed"), moment{time.Minute, func() {
		w.asMarketer(t, "DELETE", fmt.Sprintf("/contacts/%d", id), nil)
	}})
	assert.Contains(t, w.state(t, ticket), "in_doubt")
}

func TestAListThatWasJoinedWithALostAnswerIsLeft(t *testing.T) {
	w, who, ticket := rule(t, "    do: [brevo.list_add: Let down]")
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/contacts/lists/*/contacts/add", DropAfter: true})
	w.solve(t, ticket)
	u, _ := w.seed.Users.Get(who)
	require.Contains(t, w.contact(t, u.Email).Lists, w.list(t, "Let down"))
	w.zendesk.UpdateUser(who, func(u *seed.User) { u.Suspended = true })
	w.scheduled(t)
	assert.NotContains(t, w.contact(t, u.Email).Lists, w.list(t, "Let down"))
}

func TestTicketsThatAreSwitchedOffAreNotRead(t *testing.T) {
	w, who := lively(t)
	w.configure("sync: {tickets: false}")
	w.scheduled(t)
	ticket := w.open(who)
	w.zendesk.Log().Reset()
	w.webhook(t, ticket, "ticket.created")
	assert.Empty(t, w.zendesk.Log().Calls())
	assert.Empty(t, w.events(ticket))
}
