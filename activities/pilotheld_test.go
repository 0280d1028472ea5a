package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// Whom a pilot holds back is neither unchanged nor rejected, whatever they were before, and preview and sync agree on it.
func TestWhomAPilotHoldsBackIsCountedAndExplainedSo(t *testing.T) {
	const outside = "jane@elsewhere.example"
	a := newAutomated(t, "    lists: {all_customers: Customers}\n")
	odd := a.workshop.zendesk.CreateUser(seed.User{Name: "Odd", Email: "odd@nowhere"})
	id := a.customer(outside)
	a.push(id)
	a.push(odd)
	people, err := a.store.Peek(t.Context(), []int64{odd})
	require.NoError(t, err)
	require.Equal(t, store.DeliveryRejected, people[0].Delivery.State)
	undecided, held, err := a.store.Undecided(t.Context(), nil)
	require.NoError(t, err)
	require.Positive(t, undecided, "the rest waits for a push")
	require.Zero(t, held)
	users, err := a.store.IDs(t.Context(), store.KindUser, 0, 100)
	require.NoError(t, err)

	a.configure("    lists: {all_customers: Customers}\n    pilot: {emails: [nobody@pilot.example]}\n")
	for _, user := range []int64{id, odd} {
		require.True(t, a.workshop.zendesk.UpdateUser(user, func(u *seed.User) { u.Name = "Jane Poe" }))
		a.now = a.now.Add(time.Hour)
		must(a.workshop, a.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: user})
	}
	must(a.workshop, a.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "look", Type: activities.Preview, StartedAt: a.now})
	foreseen := must(a.workshop, a.steps.Account.Foresee, activities.PreviewInput{Account: account, RunID: "look"})
	a.now = a.now.Add(time.Minute)
	must(a.workshop, a.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "two", Type: activities.Incremental, StartedAt: a.now})
	plan := must(a.workshop, a.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two"})
	ended := must(a.workshop, a.steps.Account.EndRun, activities.EndRunInput{
		Account: account, RunID: "two", Status: activities.RunCompleted, Held: plan.Held, Skipped: plan.Skipped, Rejected: plan.Rejected,
	})
	assert.Equal(t, plan.Skipped, foreseen.Skipped)
	assert.Positive(t, plan.Skipped["pilot"])
	assert.Empty(t, plan.Rejected)
	assert.Empty(t, foreseen.Rejected)
	assert.Zero(t, ended.Unchanged)
	assert.Zero(t, foreseen.Unchanged)

	counts, err := a.store.DeliveryCounts(t.Context())
	require.NoError(t, err)
	undecided, held, err = a.store.Undecided(t.Context(), []string{"nobody@pilot.example"})
	require.NoError(t, err)
	for _, of := range counts {
		for _, n := range of {
			undecided += n
		}
	}
	assert.EqualValues(t, len(users), undecided, "everybody is in one of status's rows")
	assert.Positive(t, held)

	cfg := config.DefaultConnector("zendesk", account)
	cfg.Pilot.Emails = []string{"nobody@pilot.example"}
	trace, err := activities.TracePerson(t.Context(), cfg, a.store, func() time.Time { return a.now }, id)
	require.NoError(t, err)
	for _, of := range trace.Attributes {
		switch of.Name {
		case "LASTNAME":
			assert.Equal(t, []any{"Poe", "Doe", "held back by the pilot"}, []any{of.Value, of.Sent, of.Why})
		case "FIRSTNAME":
			assert.Equal(t, []any{activities.AttributeSent, ""}, []any{of.State, of.Why}, "it is as it was sent")
		}
	}
}
