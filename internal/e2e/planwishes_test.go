package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// tryPlan runs the planning workflow, which may fail.
func (w *world) tryPlan(t *testing.T) (activities.BackfillPlan, error) {
	t.Helper()
	env := w.environment(t)
	env.ExecuteWorkflow(workflows.Plan, workflows.PlanInput{Account: account})
	end := env.Now()
	w.clock.now = func() time.Time { return end }
	var out activities.BackfillPlan
	if err := env.GetWorkflowError(); err != nil {
		return out, err
	}
	return out, env.GetWorkflowResult(&out)
}

func (w *world) plan(t *testing.T) activities.BackfillPlan {
	t.Helper()
	out, err := w.tryPlan(t)
	require.NoError(t, err)
	return out
}

// Whatever the configuration and the accounts are, what a full sync takes lies within what its plan says, and nobody becomes
// mailable whom the plan did not count.
func TestAPlanHoldsForOtherAccountsAndConfigurations(t *testing.T) {
	for name, c := range map[string]struct {
		size    seed.Size
		zendesk func(*zendesksim.Options)
		brevo   func(*brevosim.Options)
		yaml    string
		lists   string // instead of all three
		quiet   bool   // nobody becomes mailable
	}{
		"new CSAT":                  {zendesk: func(o *zendesksim.Options) { o.CSAT = zendesksim.NewCSAT }},
		"no CSAT":                   {zendesk: func(o *zendesksim.Options) { o.CSAT = zendesksim.NoCSAT }},
		"no lists":                  {lists: "{}"},
		"one derived list":          {lists: "{active_tickets: Open tickets}"},
		"contacts come blocklisted": {yaml: "new_contacts: blocklist", quiet: true},
		"no new contacts":           {yaml: "new_contacts: skip", quiet: true},
		"a pilot":                   {yaml: "pilot: {emails: [nobody@example.com]}"},
		"few companies":             {size: seed.Size{Users: 60, Tickets: 90, Organizations: 8}},
		"agents too":                {yaml: "sync: {roles: [end-user, agent]}"},
		"without organizations":     {yaml: "sync: {organizations: false}"},
		"without tickets":           {yaml: "sync: {tickets: false, satisfaction_ratings: false}"},
		"only tickets":              {yaml: "sync: {users: false, organizations: false}"},
		"a slow Brevo":              {brevo: func(o *brevosim.Options) { o.ImportDelay = 3 * time.Minute }},
		"pages from zero":           {brevo: func(o *brevosim.Options) { o.CompanyPaging = brevosim.PageFromZero }},
		"an automation's own list":  {yaml: "automations: [{name: x, on: ticket.solved, do: [brevo.list_add: Solved, brevo.attribute: {STARS: 5}]}]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.size.Users == 0 {
				c.size = small
			}
			w := seeded(t, c.size, 5, realLimits, func(zo *zendesksim.Options, bo *brevosim.Options) {
				if c.zendesk != nil {
					c.zendesk(zo)
				}
				if c.brevo != nil {
					c.brevo(bo)
				}
			})
			w.naps = true
			w.configure(c.yaml)
			if c.lists != "" {
				w.relist(c.lists)
			}
			w.marketed()
			mailable := w.mailable()
			plan := w.plan(t)
			require.Empty(t, plan.Missing.Refusals)
			require.Empty(t, writes(w))
			w.zendesk.Log().Reset()
			w.brevo.Log().Reset()
			w.sync(t, workflows.SyncInput{})

			calls := zendeskKinds(w.zendesk.Log().Calls())
			for kind, figure := range planned(plan.Zendesk.Requests, nil) {
				assert.True(t, figure.Holds(calls[kind]), "Zendesk: %s: %d", kind, calls[kind])
				delete(calls, kind)
			}
			assert.Empty(t, calls, "kinds that were not planned")
			calls = brevoKinds(w.brevo.Log().Calls())
			for kind, figure := range planned(plan.Brevo.Requests, sameRoutes) {
				assert.True(t, figure.Holds(calls[kind]), "Brevo: %s: %d", kind, calls[kind])
				delete(calls, kind)
			}
			assert.Empty(t, calls, "kinds that were not planned")
			assert.LessOrEqual(t, w.mailable()-mailable, plan.Mailable.AtMost)
			if c.quiet {
				assert.Zero(t, plan.Mailable.AtMost)
			}
			for _, a := range plan.Missing.Attributes {
				assert.Equal(t, a.Type, w.attribute(a.Name).Type, a.Name)
			}
			for _, l := range plan.Missing.Lists {
				_, made := w.brevo.ListByName(l)
				assert.True(t, made, l)
			}
			again := w.plan(t)
			assert.Empty(t, again.Missing.Attributes, "the sync made what the plan missed")
			assert.Empty(t, again.Missing.Lists)
			assert.Empty(t, again.Missing.Folder)
		})
	}
}

// relist replaces the lists of the configuration.
func (w *world) relist(lists string) {
	all := strings.Split(w.yaml, "\n")
	for i, line := range all {
		if strings.HasPrefix(line, "    lists:") {
			all[i] = "    lists: " + lists
		}
	}
	w.yaml = strings.Join(all, "\n")
}

func (w *world) mailable() (n int64) {
	for _, c := range w.brevo.Contacts() {
		if !c.EmailBlacklisted {
			n++
		}
	}
	return n
}

func (w *world) attribute(name string) brevosim.Attribute {
	for _, a := range w.brevo.Attributes() {
		if a.Name == name {
			return a
		}
	}
	return brevosim.Attribute{}
}

func TestAPlanSaysWhatDoesNotFit(t *testing.T) {
	w := seeded(t, seed.Size{Users: 30, Tickets: 40, Organizations: 5}, 5, realLimits)
	w.brevo.SeedAttribute("TIER", "float")
	w.brevo.SeedAttribute("CSAT_SCORE", "text")
	w.brevo.SeedListID(77, "Fans")
	w.brevo.SeedContact(brevosim.Contact{Email: "fan@example.com", Lists: []int64{77}})
	w.configure(`
rate_limits: {export_share: 0.05}
field_mapping:
  tags: TIER
`)
	w.relist("{all_customers: 77, satisfied_customers: 4711}")
	plan := w.plan(t)
	var tier, score activities.TypeClash
	for _, c := range plan.Missing.Clashes {
		switch c.Attribute {
		case "TIER":
			tier = c
		case "CSAT_SCORE":
			score = c
		}
	}
	line := 0
	for i, text := range strings.Split(w.yaml, "\n") {
		if text == "      tags: TIER" {
			line = i + 1
		}
	}
	require.Positive(t, line)
	assert.Equal(t, activities.TypeClash{Attribute: "TIER", Type: "float", Wanted: "text", By: []string{"tags"}, Place: fmt.Sprintf("connectors.yaml:%d", line)}, tier)
	assert.Equal(t, activities.TypeClash{Attribute: "CSAT_SCORE", Type: "text", Wanted: "float", By: []string{"avg_satisfaction"}}, score)
	require.Len(t, plan.Missing.Refusals, 3)
	assert.Contains(t, plan.Missing.Refusals[0], `lists.all_customers: list 77 "Fans" already has 1 members`)
	assert.Contains(t, plan.Missing.Refusals[1], "lists.satisfied_customers: Brevo has no list 4711")
	assert.Contains(t, plan.Missing.Refusals[2], "rate_limits.export_share: 0.05 of 10 requests a minute is less than one")
	assert.Empty(t, writes(w))
	stored, err := w.account().Attributes(t.Context())
	require.NoError(t, err)
	assert.Empty(t, stored, "nothing is booked either")
}

func TestAPlanReportsWhatTheAccountsCanDo(t *testing.T) {
	states := func(w *world) map[string]string {
		out := map[string]string{}
		for _, c := range w.plan(t).Capabilities {
			out[c.Name] = c.State
		}
		return out
	}
	size := seed.Size{Users: 30, Tickets: 40, Organizations: 5}
	all := map[string]string{
		"administrator": "yes", "exports": "yes", "ratings": "yes", "help_center": "yes", "user_events": "yes", "webhooks_readable": "yes", "triggers_readable": "yes",
	}
	w := seeded(t, size, 5, realLimits, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.EventsAPI, zo.Plan = true, zendesksim.HighVolume })
	assert.Equal(t, all, states(w))
	limits := w.plan(t).Zendesk.Limits
	assert.Equal(t, 2500, limits[0].Limit)
	assert.Equal(t, 30, limits[1].Limit)
	assert.EqualValues(t, 24, limits[1].Ours)

	bare := seeded(t, size, 5, realLimits, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.NoHelpCenter, zo.CSAT = true, zendesksim.NoCSAT })
	got := states(bare)
	assert.Equal(t, "no", got["help_center"])
	assert.Equal(t, "no", got["user_events"])
	assert.Equal(t, "no", got["ratings"])
	bare.zendesk.Faults().Add(sim.Fault{Method: "GET", Path: "/api/v2/triggers", Status: 502, Times: sim.Forever})
	assert.Equal(t, "unknown", states(bare)["triggers_readable"])
}

func TestAPlanThatCannotBeMade(t *testing.T) {
	w := seeded(t, seed.Size{Users: 30, Tickets: 40, Organizations: 5}, 5, realLimits)
	w.zendesk.Faults().Add(sim.Fault{Method: "GET", Path: "/api/v2/users/me.json", Status: 401, Times: 1})
	_, err := w.tryPlan(t)
	require.ErrorContains(t, err, "check auth in connectors.yaml")
	_, standing, err := w.account().Paused(t.Context())
	require.NoError(t, err)
	assert.False(t, standing, "a plan pauses nobody")

	w.brevo.Faults().Add(sim.Fault{Method: "GET", Path: "/v3/contacts/attributes", Status: 401, Times: 1, Body: `{"code":"unauthorized","message":"Key not found"}`})
	_, err = w.tryPlan(t)
	require.ErrorContains(t, err, "brevo.api_key")

	require.NoError(t, w.account().SetPause(t.Context(), store.Pause{Kind: activities.PauseOperator, Message: "moving lists", At: w.clock.Now()}))
	assert.Equal(t, "by an operator; `starter resume` ends it", w.plan(t).Paused,
		"it goes on through a pause, for it only reads; a person's reason may name a customer and is not for histories")
	p, standing, err := w.account().Paused(t.Context())
	require.NoError(t, err)
	assert.True(t, standing)
	assert.Equal(t, "moving lists", p.Message)

	w.zendesk.Faults().Add(sim.Fault{Method: "GET", Path: "/api/v2/incremental/tickets/cursor.json", Status: 429, Times: 1})
	plan := w.plan(t)
	at := slices.IndexFunc(plan.Capabilities, func(c activities.Capability) bool { return c.Name == "exports" })
	assert.Equal(t, activities.CapabilityUnknown, plan.Capabilities[at].State, "others have used the minute up")
	assert.EqualValues(t, 8, plan.Zendesk.Limits[1].Ours)
}
