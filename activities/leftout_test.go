package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/sim/seed"
)

func TestWhatIsLeftOutOfContactsIsCountedAndExplained(t *testing.T) {
	const (
		region = "phone left out: a national number, set default_region"
		cut    = "cut to 255 characters"
	)
	a := newAutomated(t, "")
	tags := make([]string, 40)
	for i := range tags {
		tags[i] = fmt.Sprintf("a_tag_of_the_year_%d", 2000+i)
	}
	ada := a.customer("ada@customers.example")
	odd := a.workshop.zendesk.CreateUser(seed.User{Name: "Odd", Email: "odd@nowhere"}) // no contact
	for _, user := range []int64{ada, odd} {
		require.True(t, a.workshop.zendesk.UpdateUser(user, func(u *seed.User) { u.Phone, u.Tags = "030 901820", tags }))
		a.now = a.now.Add(time.Minute)
		must(a.workshop, a.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: user})
	}
	must(a.workshop, a.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "look", Type: activities.Preview, StartedAt: a.now})
	foreseen := must(a.workshop, a.steps.Account.Foresee, activities.PreviewInput{Account: account, RunID: "look"})
	plan := must(a.workshop, a.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "one"})
	assert.Contains(t, foreseen.Notices, plan.LeftOut)
	assert.Regexp(t, `phone left out: a national number, set default_region \(contacts: \d+\)`, plan.LeftOut)
	assert.Contains(t, plan.LeftOut, "cut to 255 characters (contacts: 1)")

	trace, err := activities.TracePerson(t.Context(), config.DefaultConnector("zendesk", account), a.store, func() time.Time { return a.now }, ada)
	require.NoError(t, err)
	why := map[string]string{}
	for _, of := range trace.Attributes {
		why[of.Name] = of.Why
	}
	assert.Equal(t, region, why["SMS"])
	assert.Equal(t, cut, why["TAGS"])
}

func TestListsThatNoRuleNamesAreExplained(t *testing.T) {
	a := newAutomated(t, "    lists: {all_customers: Customers}\n")
	id := a.customer("ada@customers.example")
	a.push(id)
	trace, err := activities.TracePerson(t.Context(), config.DefaultConnector("zendesk", account), a.store, func() time.Time { return a.now }, id)
	require.NoError(t, err)
	require.Len(t, trace.Delivery.Lists, 1)
	last := trace.Lists[len(trace.Lists)-1]
	assert.Equal(t, trace.Delivery.Lists[0], last.ID)
	assert.True(t, last.Added)
	assert.True(t, last.Member)
	assert.False(t, last.Wanted)
	assert.Equal(t, "put there by an automation or an earlier configuration; it stays so", last.Why)
}
