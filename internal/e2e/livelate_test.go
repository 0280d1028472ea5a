package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
)

// Work that a pause held up is looked at anew before it is done.
func TestAnActionThatAPauseHeldUpIsLookedAtAnew(t *testing.T) {
	for name, tc := range map[string]struct {
		meanwhile, maxAge string // the ticket's status, without a webhook
		emails            int
		state             string
	}{
		"nothing happened":    {"solved", "24h", 1, "done"},
		"reopened meanwhile":  {"open", "24h", 0, "cancelled: ticket.reopened happened first"},
		"too long ago by now": {"solved", "3m", 0, "skipped: overdue"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, ticket := rule(t, "    after: 1h\n    unless: [ticket.reopened]\n    do: [brevo.email: 7]\nevents: {max_age: "+tc.maxAge+"}")
			w.brevo.RunOutOfCredit("/smtp")
			w.status(t, ticket, "solved")
			w.look(t, fmt.Sprintf("ticket/%d", ticket), news("ticket.status_changed"),
				moment{61 * time.Minute, func() { w.status(t, ticket, tc.meanwhile) }},
				moment{67 * time.Minute, func() {
					w.brevo.Restore()
					require.NoError(t, w.account().ClearPause(context.Background()))
				}})
			assert.Len(t, w.brevo.Emails(), tc.emails)
			assert.Equal(t, tc.state, w.state(t, ticket))
		})
	}
}

// The answer to a rating goes to whoever gave it, whosever ticket it is by then.
func TestARecoveryEmailGoesToWhoRated(t *testing.T) {
	w, who := lively(t)
	other := w.person(t, 1).ID
	w.configure("builtin_automations: false\nautomations:\n  - {name: sorry, on: satisfaction_rating.bad, after: 1h, do: [brevo.email: 7]}")
	ticket := w.open(who)
	w.webhook(t, ticket, "ticket.created")
	w.status(t, ticket, "solved")
	w.webhook(t, ticket, "ticket.status_changed")
	w.pass(time.Minute)
	require.True(t, w.zendesk.RateTicket(ticket, 1, ""))
	w.look(t, fmt.Sprintf("ticket/%d", ticket), news("ticket.csat_received"), moment{30 * time.Minute, func() {
		w.zendesk.UpdateTicket(ticket, func(x *seed.Ticket) { x.RequesterID = other })
	}})
	require.Len(t, w.brevo.Emails(), 1)
	assert.Equal(t, []string{w.contactOf(t, who).Email}, w.brevo.Emails()[0].To)
}
