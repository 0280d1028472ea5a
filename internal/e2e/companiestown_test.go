package e2e_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

// More than ten companies go by import.
const (
	fewFirms  = 3
	manyFirms = 15
)

var incrementally = workflows.SyncInput{Type: activities.Incremental}

// brevoWith is a world whose Brevo differs.
func brevoWith(change func(*brevosim.Options)) option {
	return func(_ *zendesksim.Options, b *brevosim.Options) { change(b) }
}

// eachNumber runs a test with few companies, written one by one, and with many, which are imported.
func eachNumber(t *testing.T, test func(t *testing.T, w *world, n int), opts ...option) {
	t.Helper()
	for name, n := range map[string]int{"one by one": fewFirms, "by import": manyFirms} {
		t.Run(name, func(t *testing.T) { test(t, town(t, opts...), n) })
	}
}

// found makes n organizations in Zendesk, called Firm 00 and so on, and returns their ids.
func (w *world) found(n int) (organizations []int64) {
	for i := range n {
		organizations = append(organizations, w.zendesk.CreateOrganization(seed.Organization{Name: fmt.Sprintf("Firm %02d", i)}))
	}
	return organizations
}

// employ makes one customer for each organization; employee gives the address.
func (w *world) employ(organizations []int64) (users []int64) {
	for i, id := range organizations {
		users = append(users, w.moveIn(employee(i), "Given Family", func(u *seed.User) { u.OrganizationID = id }))
	}
	return users
}

func employee(i int) string { return fmt.Sprintf("employee%02d@firms.example", i) }

func (w *world) joins(t testing.TB, user, organization int64) {
	t.Helper()
	require.True(t, w.zendesk.UpdateUser(user, func(u *seed.User) { u.OrganizationID = organization }))
}

func (w *world) renameFirm(t testing.TB, id int64, name string) {
	t.Helper()
	require.True(t, w.zendesk.UpdateOrganization(id, func(o *seed.Organization) { o.Name = name }))
}

// company is the one company of an organization, by the attribute that holds its id.
func (w *world) company(t testing.TB, organization int64) brevosim.Company {
	t.Helper()
	var out []brevosim.Company
	for _, c := range w.brevo.Companies() {
		if c.Attributes[w.companyKey()] == strconv.FormatInt(organization, 10) {
			out = append(out, c)
		}
	}
	require.Len(t, out, 1, "companies of organization %d", organization)
	return out[0]
}

func (w *world) companyKey() string {
	for _, a := range w.brevo.CompanyAttributes() {
		if a.Label == "zendesk_id" {
			return a.InternalName
		}
	}
	return "zendesk_id"
}

// assertEmployed fails unless every organization has one company, linked to its one employee.
func (w *world) assertEmployed(t testing.TB, organizations []int64) {
	t.Helper()
	assert.Len(t, w.brevo.Companies(), len(organizations))
	for i, id := range organizations {
		assert.Equal(t, []int64{w.contact(t, employee(i)).ID}, w.company(t, id).Contacts, "members of firm %d", i)
	}
}

// assertSettled runs once more: nothing may be left to do.
func (w *world) assertSettled(t *testing.T) {
	t.Helper()
	before := w.brevo.Companies()
	out := w.again(t, workflows.SyncInput{})
	assert.Zero(t, out.Push.Companies)
	assert.Empty(t, out.Push.Notice)
	assert.Equal(t, before, w.brevo.Companies())
	w.assertHarmless(t)
}

// callsTo counts the calls by method and path prefix.
func (w *world) callsTo(method, prefix string) int {
	n := 0
	for _, call := range w.brevo.Log().Calls() {
		if call.Method == method && len(call.Path) >= len(prefix) && call.Path[:len(prefix)] == prefix {
			n++
		}
	}
	return n
}

// rejectsOf are the reasons why an organization stays out.
func (w *world) rejectsOf(t testing.TB, organization int64) (reasons []string) {
	t.Helper()
	rejects, err := w.account().Rejects(t.Context(), 100)
	require.NoError(t, err)
	for _, r := range rejects {
		if r.Kind == "organization" && r.ID == organization {
			reasons = append(reasons, r.Reason)
		}
	}
	slices.Sort(reasons)
	return reasons
}
