package e2e_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// After a sync an explanation of everybody in Zendesk agrees with what Brevo holds, and the tickets that it names for a value are
// those that make it up.
func TestExplanationsAgreeWithBrevo(t *testing.T) {
	w := seeded(t, small, 5)
	w.marketed()
	w.configure("field_mapping: {role: ROLE}")
	e := expect(w.seed, w.portrait(t), wishes{})
	w.sync(t, workflows.SyncInput{})
	histories, cfg := e.histories(), w.file(t).Ordered[0]
	seen := map[activities.AttributeState]int{}
	before := len(w.brevo.Log().Calls()) + len(w.zendesk.Log().Calls())
	for u := range w.seed.Users.All() {
		got, err := activities.TracePerson(t.Context(), cfg, w.account(), w.clock.Now, u.ID)
		require.NoError(t, err)
		customer := eligible(u) && deliverable(strings.ToLower(u.Email))
		if !assert.Equal(t, customer, got.Skip == "", "user %d: %s", u.ID, got.Skip) || !customer {
			continue
		}
		contact, ok := w.brevo.ContactByEmail(u.Email)
		require.True(t, ok)
		assert.Equal(t, contact.ID, got.Delivery.BrevoID)
		assert.Empty(t, append(got.Next.Set, got.Next.Clear...), "a sync leaves nothing to send")
		for _, a := range got.Attributes {
			seen[a.State]++
			explainedAs(t, u.ID, &a, contact.Attributes[a.Name])
			assert.Equal(t, a.Name == "ROLE", a.Line > 0, "%s comes from a line of connectors.yaml", a.Name)
			sources(t, e, &a, histories[u.ID])
		}
		for _, l := range got.Lists {
			assert.Equal(t, slices.Contains(contact.Lists, l.ID), l.Added || l.Member, "user %d on %s: %s", u.ID, l.Key, l.Why)
			assert.Equal(t, l.Wanted && !l.Unsubscribed, slices.Contains(contact.Lists, l.ID), "user %d on %s: %s", u.ID, l.Key, l.Why)
		}
	}
	assert.Equal(t, before, len(w.brevo.Log().Calls())+len(w.zendesk.Log().Calls()), "nobody was called")
	for _, state := range []activities.AttributeState{activities.AttributeSent, activities.AttributeKept, activities.AttributeNothing, activities.AttributeRefused} {
		assert.Positive(t, seen[state], "%s occurs", state)
	}
	assert.Zero(t, seen[activities.AttributeNoWrites])
}

// explainedAs compares what is said of an attribute with what Brevo holds.
func explainedAs(t *testing.T, user int64, a *activities.TracedAttribute, held any) {
	t.Helper()
	switch a.State {
	case activities.AttributeSent:
		assert.True(t, activities.SameValue(a.Name, held, a.Value), "user %d, %s: %v in Brevo, %v in Zendesk", user, a.Name, held, a.Value)
		assert.Equal(t, a.Value, a.Sent)
		assert.True(t, len(a.Rows) > 0 || a.Value == 0.0, "only a zero comes from no row")
	case activities.AttributeKept, activities.AttributeRefused:
		assert.False(t, activities.SameValue(a.Name, held, a.Value), "user %d, %s", user, a.Name)
		assert.NotEmpty(t, a.Why)
	case activities.AttributeNothing:
		assert.Nil(t, a.Value)
		assert.Empty(t, a.Rows)
	}
}

// sources compares the tickets named for a value with those that Zendesk has.
func sources(t *testing.T, e *expectation, a *activities.TracedAttribute, tickets []seed.Ticket) {
	t.Helper()
	var want []seed.Ticket
	switch a.Name {
	case "TOTAL_TICKETS":
		want = tickets
	case "OPEN_TICKETS":
		for _, k := range tickets {
			if slices.Contains([]string{"new", "open", "pending", "hold"}, k.Status) {
				want = append(want, k)
			}
		}
	case "LAST_SUPPORT_DATE":
		want = tickets[max(0, len(tickets)-1):]
	case "CSAT_SCORE":
		mean, rated := e.satisfaction(tickets)
		if !rated {
			assert.Empty(t, a.Rows)
			return
		}
		for _, k := range tickets {
			if k.Rating.Rated() {
				want = append(want, k)
			}
		}
		assert.Equal(t, mean, a.Value)
	default:
		return
	}
	ids := func(list []string) []string { slices.Sort(list); return list }
	var expected, named []string
	for _, k := range want {
		expected = append(expected, strconv.FormatInt(k.ID, 10))
	}
	for _, row := range a.Rows {
		assert.Equal(t, "ticket", row.Kind)
		named = append(named, row.ID)
	}
	assert.Equal(t, ids(expected), ids(named), a.Name)
}
