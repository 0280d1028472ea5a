package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// A call whose answer was lost may have been carried out: whatever keeps the action from being repeated, it is in doubt, it counts
// for the limit, and the reason is told.
func TestAnActionThatMayHaveHappenedIsNeverBookedAsIfItHadNot(t *testing.T) {
	const lines, email = "    automations: [{name: one, on: ticket.solved, do: [brevo.list_add: Recovery]}]\n", "jane@example.com"
	for name, tc := range map[string]struct {
		then   func(*automated, int64)
		reason string
	}{
		"the ticket is reopened": {func(a *automated, id int64) {
			reopened := rules.Transition{Key: "ticket/9/reopened#1", Type: rules.TicketReopened, TicketID: 9, UserID: id, OccurredAt: a.now, Number: 1}
			require.NoError(a.t, a.store.RecordTransitions(a.t.Context(), []rules.Transition{reopened}, a.now))
		}, "ticket.reopened happened first"},
		"a pilot leaves the person out": {func(a *automated, _ int64) {
			a.configure(lines + "    pilot: {emails: [somebody@example.com]}\n")
		}, "pilot"},
		"the rules only watch": {func(a *automated, _ int64) {
			a.configure(lines + "    automations_mode: shadow\n")
		}, "automations_mode is shadow"},
		"it is too late": {func(a *automated, _ int64) { a.now = a.now.Add(30 * 24 * time.Hour) }, "overdue"},
		"the contact is deleted": {func(a *automated, _ int64) {
			require.True(a.t, a.brevo.DeleteContact(email))
		}, "deleted_in_brevo"},
		"the contact cannot be read for a while, and the rules only watch": {func(a *automated, _ int64) {
			a.brevo.Faults().Add(sim.Fault{Method: "GET", Path: "/v3/contacts/", Status: 503, Times: sim.Forever})
			_, err := run(a.workshop, a.steps.Account.Act, activities.ActInput{Account: account, Key: "k"})
			require.Error(a.t, err)
			a.configure(lines + "    automations_mode: shadow\n")
		}, "automations_mode is shadow"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAutomated(t, lines)
			id := a.customer(email)
			a.push(id)
			solved := rules.Transition{Key: "ticket/9/solved#1", Type: rules.TicketSolved, TicketID: 9, UserID: id, OccurredAt: a.now, Number: 1}
			require.NoError(t, a.store.PlanActions(t.Context(), nil, []rules.Planned{{
				Key: "k", Rule: "one", Transition: solved, Action: rules.Action{Kind: rules.BrevoListAdd, ListName: "Recovery"}, Due: a.now,
				Unless: []string{rules.TicketReopened}, Limit: &rules.Limit{Count: 1, Per: rules.PerPerson, Within: 90 * 24 * time.Hour},
			}}, a.now))
			a.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/contacts/lists/*/contacts/add", DropAfter: true})
			_, err := run(a.workshop, a.steps.Account.Act, activities.ActInput{Account: account, Key: "k"})
			require.Error(t, err)
			c, ok := a.brevo.ContactByEmail(email)
			require.True(t, ok)
			require.Contains(t, c.Lists, a.lists()["automation:Recovery"].ID, "Brevo did it")
			a.now = a.now.Add(time.Minute)
			tc.then(a, id)
			a.brevo.Faults().Clear()

			got := must(a.workshop, a.steps.Account.Act, activities.ActInput{Account: account, Key: "k"})
			assert.Equal(t, activities.ActResult{State: string(store.ActionInDoubt), Reason: "the answer to a call was lost; then: " + tc.reason}, got)
			fired, err := a.store.Fired(t.Context(), []string{rules.PersonKey("one", id)}, false)
			require.NoError(t, err)
			assert.Len(t, fired, 1, "the limit counts it")
		})
	}
}

// What was done of a change of tags is told, though the rest of it failed.
func TestTagsThatWereAddedAreToldOfThoughTheOthersStay(t *testing.T) {
	for name, tc := range map[string]struct {
		fault sim.Fault
		want  activities.ActResult
	}{
		"refused": {sim.Fault{Status: 422, Body: `{"error":"RecordInvalid","description":"Record validation errors"}`}, activities.ActResult{
			State:  string(store.ActionRefused),
			Reason: "the tags were added; removing cold: Zendesk refused it (422); for example a closed ticket cannot be changed, and a suspended requester is given none",
		}},
		"slowed down, and then reopened": {sim.Fault{Status: 429}, activities.ActResult{
			State: string(store.ActionInDoubt), Reason: "the answer to a call was lost; then: ticket.reopened happened first",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAutomated(t, "    automations: [{name: one, on: ticket.solved, do: [zendesk.tag: {add: [hot], remove: [cold]}]}]\n")
			id := a.customer("jane@example.com")
			ticket := a.workshop.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Subject: "hello", Status: "open", Tags: []string{"cold"}})
			solved := rules.Transition{Key: "k", Type: rules.TicketSolved, TicketID: ticket, UserID: id, OccurredAt: a.now, Number: 1}
			require.NoError(t, a.store.PlanActions(t.Context(), nil, []rules.Planned{{
				Key: "k", Rule: "one", Transition: solved, Action: rules.Action{Kind: rules.ZendeskTag, Add: []string{"hot"}, Remove: []string{"cold"}},
				Due: a.now, Unless: []string{rules.TicketReopened},
			}}, a.now))
			tc.fault.Method, tc.fault.Path = "DELETE", "/api/v2/tickets/"
			a.workshop.zendesk.Faults().Add(tc.fault)
			_, _ = run(a.workshop, a.steps.Account.Act, activities.ActInput{Account: account, Key: "k"})
			require.Equal(t, 1, a.workshop.zendesk.Faults().Fired())
			got, _ := a.workshop.zendesk.Account().Tickets.Get(ticket)
			require.ElementsMatch(t, []string{"hot", "cold"}, got.Tags)
			reopened := rules.Transition{Key: "r", Type: rules.TicketReopened, TicketID: ticket, UserID: id, OccurredAt: a.now, Number: 1}
			require.NoError(t, a.store.RecordTransitions(t.Context(), []rules.Transition{reopened}, a.now))
			assert.Equal(t, tc.want, must(a.workshop, a.steps.Account.Act, activities.ActInput{Account: account, Key: "k"}))
		})
	}
}
