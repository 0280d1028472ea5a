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

// rule is an account whose one rule does something when a ticket is solved, and a ticket that has just been opened.
func rule(t *testing.T, do string, opts ...option) (w *world, who, ticket int64) {
	t.Helper()
	w, who = lively(t, opts...)
	w.configure("builtin_automations: false\nautomations:\n  - name: rule\n    on: ticket.solved\n" + do)
	w.later(time.Minute)
	w.sync(t, workflows.SyncInput{Type: "full"}) // finds or makes what the rule needs in Brevo
	ticket = w.open(who)
	w.webhook(t, ticket, "ticket.created")
	return w, who, ticket
}

// solve lets the ticket be solved and the webhook tell of it.
func (w *world) solve(t *testing.T, ticket int64) workflows.SubjectResult {
	t.Helper()
	w.status(t, ticket, "solved")
	return w.webhook(t, ticket, "ticket.status_changed")
}

// state is how the one action of a ticket ended.
func (w *world) state(t *testing.T, ticket int64) string {
	t.Helper()
	a := w.action(t, ticket)
	if a.Reason == "" {
		return string(a.State)
	}
	return string(a.State) + ": " + a.Reason
}

func TestATemplateEmailGoesOutOnceToThoseWhoMayBeMailed(t *testing.T) {
	const plain = "    do: [brevo.email: {template: 7, params: {NAME: \"{{contact.first_name}}\", TICKET: \"{{ticket.id}}\"}}]"
	t.Run("sent", func(t *testing.T) {
		w, who, ticket := rule(t, plain)
		w.solve(t, ticket)
		require.Len(t, w.brevo.Emails(), 1)
		mail := w.brevo.Emails()[0]
		assert.Equal(t, []string{w.contactOf(t, who).Email}, mail.To)
		assert.Equal(t, w.contactOf(t, who).Attributes["FIRSTNAME"], mail.Params["NAME"], "filled at the last moment")
		assert.NotEmpty(t, mail.IdempotencyKey)
		assert.Equal(t, "done", w.state(t, ticket))
	})
	for name, fault := range map[string]sim.Fault{
		"accepted, answer lost": {DropAfter: true}, "never arrived": {DropBefore: true},
		"accepted, answer empty": {Status: 201, Processed: true}, "an empty answer, and not accepted": {Status: 201, Body: "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, ticket := rule(t, plain)
			fault.Method, fault.Path = "POST", "/v3/smtp/email"
			w.brevo.Faults().Add(fault)
			w.solve(t, ticket)
			assert.Len(t, w.brevo.Emails(), 1, "Brevo here does not honour the idempotency key")
			assert.Contains(t, w.state(t, ticket), "done")
		})
	}
	t.Run("blocklisted a moment ago", func(t *testing.T) {
		w, who, ticket := rule(t, plain)
		w.setConsent(t, w.contactOf(t, who).Email, true, false)
		w.solve(t, ticket)
		assert.Empty(t, w.brevo.Emails())
		assert.Equal(t, "skipped: blocklisted", w.state(t, ticket))
	})
	t.Run("blocklisted, and the rule is transactional", func(t *testing.T) {
		w, who, ticket := rule(t, "    do: [brevo.email: {template: 7, transactional: true}]")
		w.setConsent(t, w.contactOf(t, who).Email, true, false)
		w.solve(t, ticket)
		assert.Len(t, w.brevo.Emails(), 1)
	})
	t.Run("a template that does not exist", func(t *testing.T) {
		w, _, ticket := rule(t, plain, func(_ *zendesksim.Options, bo *brevosim.Options) { bo.TemplateIDs = []int64{1} })
		w.solve(t, ticket)
		assert.Contains(t, w.state(t, ticket), "refused: brevo POST /smtp/email: 400")
	})
}

func TestAListIsJoinedAndLeftByRule(t *testing.T) {
	t.Run("by name", func(t *testing.T) {
		w, who, ticket := rule(t, "    do: [brevo.list_add: Let down]")
		w.solve(t, ticket)
		assert.Contains(t, w.contactOf(t, who).Lists, w.list(t, "Let down"))
		assert.Equal(t, "done", w.state(t, ticket))
		// Somebody who is no contact any more leaves it like every list that we added them to.
		u, _ := w.seed.Users.Get(who)
		w.zendesk.UpdateUser(who, func(u *seed.User) { u.Suspended = true })
		w.scheduled(t)
		assert.NotContains(t, w.contact(t, u.Email).Lists, w.list(t, "Let down"))
	})
	t.Run("Brevo does not do it", func(t *testing.T) {
		w, who, ticket := rule(t, "    do: [brevo.list_add: Let down]")
		body := fmt.Sprintf(`{"contacts":{"failure":[%d]}}`, w.contactOf(t, who).ID)
		w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/contacts/lists/*/contacts/add", Status: 201, Body: body})
		w.solve(t, ticket)
		assert.Equal(t, "refused: Brevo did not add the contact to the list, and does not say why", w.state(t, ticket))
		got, err := w.account().Peek(t.Context(), []int64{who})
		require.NoError(t, err)
		assert.NotContains(t, got[0].Delivery.Lists, w.list(t, "Let down"), "it is not booked as ours")
	})
	t.Run("never again after unsubscribing", func(t *testing.T) {
		w, who, ticket := rule(t, "    do: [brevo.list_add: Let down]")
		w.solve(t, ticket)
		w.brevo.Unsubscribe(w.contactOf(t, who).Email, w.list(t, "Let down"))
		w.status(t, ticket, "open")
		w.webhook(t, ticket, "ticket.status_changed")
		w.solve(t, ticket)
		assert.NotContains(t, w.contactOf(t, who).Lists, w.list(t, "Let down"))
		all, err := w.account().Actions(t.Context(), fmt.Sprintf("ticket/%d", ticket))
		require.NoError(t, err)
		require.Len(t, all, 2)
		assert.Equal(t, store.ActionSkipped, all[1].State)
	})
	t.Run("left", func(t *testing.T) {
		w, who, ticket := rule(t, "    do: [brevo.list_remove: Zendesk customers]")
		require.Contains(t, w.contactOf(t, who).Lists, w.list(t, "Zendesk customers"))
		w.solve(t, ticket)
		assert.NotContains(t, w.contactOf(t, who).Lists, w.list(t, "Zendesk customers"))
	})
}

func TestAnAttributeIsWrittenByRule(t *testing.T) {
	w, who, ticket := rule(t, "    do: [brevo.attribute: {LAST_SOLVED: \"{{ticket.solved_at}}\", NEEDS_CARE: true}]")
	w.solve(t, ticket)
	assert.Equal(t, "done", w.state(t, ticket))
	assert.Equal(t, true, w.contactOf(t, who).Attributes["NEEDS_CARE"])
	assert.NotEmpty(t, w.contactOf(t, who).Attributes["LAST_SOLVED"])
	before := w.contactOf(t, who)
	w.scheduled(t)
	assert.Equal(t, before.Attributes, w.contactOf(t, who).Attributes, "a sync leaves it alone")
}

func TestZendeskIsToldOnce(t *testing.T) {
	const note = "    do: [zendesk.note: \"Asked {{contact.first_name}} for a rating\"]"
	for name, fault := range map[string]sim.Fault{"calm": {Delay: time.Nanosecond}, "answer lost": {DropAfter: true}, "never arrived": {DropBefore: true}} {
		t.Run("note, "+name, func(t *testing.T) {
			w, _, ticket := rule(t, note)
			before := len(w.zendesk.Comments(ticket))
			fault.Method, fault.Path, fault.Times = "PUT", "/api/v2/tickets/", 3 // the client itself repeats some
			w.zendesk.Faults().Add(fault)
			w.solve(t, ticket)
			comments := w.zendesk.Comments(ticket)
			require.Len(t, comments, before+1)
			assert.False(t, comments[before].Public, "nobody outside sees it")
			assert.Contains(t, w.state(t, ticket), "done")
			w.scheduled(t)
			assert.Len(t, w.zendesk.Comments(ticket), before+1, "our own write is no news")
		})
	}
	t.Run("tag", func(t *testing.T) {
		w, _, ticket := rule(t, "    do: [zendesk.tag: {add: [asked], remove: [vip]}]")
		w.zendesk.UpdateTicket(ticket, func(x *seed.Ticket) { x.Tags = []string{"vip", "kept"} })
		w.solve(t, ticket)
		got, _ := w.seed.Tickets.Get(ticket)
		assert.ElementsMatch(t, []string{"asked", "kept"}, got.Tags)
	})
	t.Run("closed", func(t *testing.T) {
		w, _, ticket := rule(t, note)
		w.status(t, ticket, "closed")
		w.webhook(t, ticket, "ticket.status_changed")
		assert.Equal(t, "refused: Zendesk refused it (422); for example a closed ticket cannot be changed, and a suspended requester is given none", w.state(t, ticket))
	})
	for name, fault := range map[string]sim.Fault{"calm": {Delay: time.Nanosecond}, "answer lost": {DropAfter: true}} {
		t.Run("follow-up ticket, "+name, func(t *testing.T) {
			w, who, ticket := rule(t, "    do: [zendesk.ticket: {subject: Call, body: \"Please call\", priority: high, tags: [recovery]}]")
			fault.Method, fault.Path = "POST", "/api/v2/tickets"
			w.zendesk.Faults().Add(fault)
			w.solve(t, ticket)
			made := w.newest()
			require.NotEqual(t, ticket, made)
			x, _ := w.seed.Tickets.Get(made)
			assert.Equal(t, who, x.RequesterID)
			assert.Equal(t, "high", x.Priority)
			w.configure("automations: []")
			w.scheduled(t)
			w.webhook(t, made, "ticket.created")
			assert.NotContains(t, w.events(made), "ticket_created", "a ticket of our own is no news")
			assert.Equal(t, made, w.newest(), "and there is one")
			w.solve(t, made)
			assert.Contains(t, w.events(made), "ticket_solved", "what people do with it is")
		})
	}
}

func TestRulesKnowTheirBounds(t *testing.T) {
	t.Run("shadow", func(t *testing.T) {
		w, who := lively(t)
		w.configure("automations_mode: shadow")
		ticket := w.open(who)
		w.webhook(t, ticket, "ticket.created")
		assert.Empty(t, w.brevo.Events())
		assert.Equal(t, "shadow", w.state(t, ticket))
	})
	t.Run("limit per person", func(t *testing.T) {
		w, who, first := rule(t, "    limit: {per: person, within: 7d}\n    do: [brevo.event: asked]")
		second := w.open(who)
		w.webhook(t, second, "ticket.created")
		w.solve(t, first)
		w.solve(t, second)
		assert.Equal(t, []string{"asked"}, w.eventNames())
		third := w.open(who)
		w.webhook(t, third, "ticket.created")
		w.later(8 * 24 * time.Hour)
		w.solve(t, third)
		assert.Equal(t, []string{"asked", "asked"}, w.eventNames())
	})
	t.Run("pilot", func(t *testing.T) {
		w, who := lively(t)
		other := w.person(t, 3).ID
		require.NotEqual(t, who, other)
		w.configure(fmt.Sprintf("pilot: {emails: [%s]}", w.contactOf(t, who).Email))
		mine, theirs := w.open(who), w.open(other)
		w.webhook(t, mine, "ticket.created")
		w.webhook(t, theirs, "ticket.created")
		assert.Equal(t, []string{"ticket_created"}, w.eventNames())
		assert.Equal(t, "skipped: pilot", w.state(t, theirs))
	})
	t.Run("deleted in Brevo", func(t *testing.T) {
		w, who := lively(t)
		ticket := w.open(who)
		w.asMarketer(t, "DELETE", fmt.Sprintf("/contacts/%d", w.contactOf(t, who).ID), nil)
		w.webhook(t, ticket, "ticket.created")
		assert.Equal(t, "skipped: deleted_in_brevo", w.state(t, ticket))
		assert.Empty(t, w.brevo.Events())
	})
	t.Run("an agent's own ticket", func(t *testing.T) {
		w, _ := lively(t)
		owner := w.seed.Owner()
		ticket := w.open(owner.ID)
		w.webhook(t, ticket, "ticket.created")
		assert.Equal(t, "skipped: role", w.state(t, ticket))
	})
	t.Run("escalated", func(t *testing.T) {
		w, who := lively(t)
		w.configure("builtin_automations: false\nautomations:\n  - {on: ticket.escalated, do: [brevo.event: urgent]}")
		ticket := w.open(who)
		w.webhook(t, ticket, "ticket.created")
		w.zendesk.UpdateTicket(ticket, func(x *seed.Ticket) { x.Priority = "urgent" })
		w.webhook(t, ticket, "ticket.priority_changed")
		w.scheduled(t)
		assert.Equal(t, []string{"urgent"}, w.events(ticket))
	})
	t.Run("users", func(t *testing.T) {
		w, _ := lively(t)
		made := w.zendesk.CreateUser(seed.User{Name: "New Comer", Email: "new.comer@example.com"})
		w.look(t, fmt.Sprintf("user/%d", made), news("user.created"))
		w.pass(time.Minute)
		w.zendesk.UpdateUser(made, func(u *seed.User) { u.Name = "New Name" })
		w.look(t, fmt.Sprintf("user/%d", made), news("user.name_changed"))
		w.scheduled(t)
		assert.Equal(t, []string{"user_created", "user_updated"}, w.eventNames())
	})
}
