package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

func TestUsersAloneBringNothingThatComesFromTickets(t *testing.T) {
	w := seeded(t, small, 8)
	w.marketed()
	want := expect(w.seed, w.portrait(t), wishes{noTickets: true, noOrganizations: true})
	w.sync(t, workflows.SyncInput{Resources: []string{"users"}})
	w.assertAs(t, want.want)
	assert.Zero(t, w.zendesk.Log().Count("", "/api/v2/incremental/tickets"))
	for _, name := range []string{listOpen, listSatisfied} {
		l, ok := w.brevo.ListByName(name)
		assert.True(t, !ok || len(l.Contacts) == 0, name)
	}
	for _, c := range w.brevo.Contacts() {
		for _, name := range supportAttributes {
			assert.NotContains(t, c.Attributes, name)
		}
	}
	w.assertQuiet(t, workflows.SyncInput{Resources: []string{"users"}})

	want.wishes = wishes{}
	w.sync(t, workflows.SyncInput{})
	w.assertAs(t, want.look())
	w.assertQuiet(t, workflows.SyncInput{})
}

func TestAResourceSwitchedOffLeavesItsAttributesAndListsAsTheyAre(t *testing.T) {
	w := seeded(t, small, 8)
	want := expect(w.seed, w.portrait(t), wishes{})
	w.sync(t, workflows.SyncInput{})
	w.assertAs(t, want.want)
	still := w.portrait(t)

	w.configure("sync: {tickets: false, satisfaction_ratings: false, organizations: false}")
	who := w.person(t, 0)
	w.zendesk.UpdateUser(who.ID, func(u *seed.User) { u.Name = "Somebody Else" })
	x := w.openTicket(t)
	w.zendesk.UpdateTicket(x, func(x *seed.Ticket) { x.Status = "solved" })
	w.zendesk.UpdateOrganization(w.populated(t, 0), func(o *seed.Organization) { o.Name = "Renamed Ltd" })
	w.later(2 * time.Minute)
	w.sync(t, incremental)
	still.contacts[strings.ToLower(who.Email)].attributes["FIRSTNAME"] = "Somebody"
	still.contacts[strings.ToLower(who.Email)].attributes["LASTNAME"] = "Else"
	w.assertAs(t, still)
	w.sync(t, workflows.SyncInput{})
	w.assertAs(t, still)

	w.configure("")
	w.later(2 * time.Minute)
	w.sync(t, workflows.SyncInput{})
	w.assertAs(t, want.look())
	w.assertQuiet(t, workflows.SyncInput{})
}

func TestSinceBoundsWhatCountsUntilAFullSyncWithoutItLiftsIt(t *testing.T) {
	since := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	for name, csat := range map[string]zendesksim.CSAT{"legacy CSAT": zendesksim.LegacyCSAT, "new CSAT": zendesksim.NewCSAT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := seeded(t, small, 9, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.CSAT = csat })
			bounded := wishes{since: since, surveys: csat == zendesksim.NewCSAT}
			want := expect(w.seed, w.portrait(t), bounded)
			w.sync(t, workflows.SyncInput{Since: since})
			w.assertAs(t, want.want)

			w.zendesk.UpdateTicket(w.ticketBefore(t, since), func(x *seed.Ticket) { x.Status = "open" })
			w.zendesk.UpdateTicket(w.openTicket(t), func(x *seed.Ticket) { x.Status = "solved" })
			w.zendesk.CreateTicket(seed.Ticket{RequesterID: w.person(t, 0).ID})
			w.later(2 * time.Minute)
			w.sync(t, incremental)
			w.assertAs(t, want.look())
			w.assertIdle(t)

			want.wishes.since = time.Time{}
			w.sync(t, workflows.SyncInput{})
			w.assertAs(t, want.look())
			w.assertQuiet(t, workflows.SyncInput{})
		})
	}
}

// ticketBefore is a closed ticket from before a time.
func (w *world) ticketBefore(t *testing.T, since time.Time) int64 {
	t.Helper()
	for x := range w.seed.Tickets.All() {
		if x.Status == "closed" && x.CreatedAt.Before(since) && !x.Rating.Rated() {
			return x.ID
		}
	}
	require.Fail(t, "no ticket is that old")
	return 0
}
