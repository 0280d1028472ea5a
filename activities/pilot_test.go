package activities_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// A pilot goes by addresses: a contact that stands under one that it does not name is left alone, whatever address its person has now.
func TestAPilotLeavesContactsOfOtherAddressesAlone(t *testing.T) {
	const inside, outside = "jane@pilot.example", "jane@elsewhere.example"
	const lines = "    lists: {all_customers: Customers}\n    automations: [{name: one, on: ticket.solved, do: [brevo.email: {template: 7}, brevo.list_add: Recovery]}]\n"
	const pilot = lines + "    pilot: {emails: [" + inside + "]}\n"
	renamed := func(a *automated, id int64, email string) {
		require.True(a.t, a.workshop.zendesk.UpdateUser(id, func(u *seed.User) { u.Email = email }))
		a.now = a.now.Add(time.Hour)
		must(a.workshop, a.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: id})
	}
	for name, story := range map[string]struct {
		from string // the address under which the contact was delivered
		then func(*automated, int64, brevosim.Contact)
	}{
		"delivered under another one": {outside, func(a *automated, id int64, _ brevosim.Contact) { renamed(a, id, inside) }},
		"delivered under another one, and the pilot's is a contact": {outside, func(a *automated, id int64, _ brevosim.Contact) {
			a.brevo.SeedContact(brevosim.Contact{Email: inside})
			renamed(a, id, inside)
		}},
		"given another one in Brevo": {inside, func(a *automated, id int64, c brevosim.Contact) {
			a.rename(c.ID, outside)
			a.scan(outside)
			require.True(a.t, a.workshop.zendesk.UpdateUser(id, func(u *seed.User) { u.Name = "Jane Poe" }))
			a.now = a.now.Add(time.Hour)
			must(a.workshop, a.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: id})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAutomated(t, lines)
			id := a.customer(story.from)
			a.push(id)
			made, ok := a.brevo.ContactByEmail(story.from)
			require.True(t, ok)
			a.configure(pilot)
			story.then(a, id, made)
			before, ok := a.brevo.ContactByEmail(outside)
			require.True(t, ok)
			a.brevo.Log().Reset()

			a.push(id)
			after, ok := a.brevo.ContactByEmail(outside)
			require.True(t, ok)
			assert.Equal(t, before, after)
			for _, call := range a.brevo.Log().Calls() {
				assert.Equal(t, http.MethodGet, call.Method, call.Path)
			}
		})
	}
	t.Run("actions", func(t *testing.T) {
		a := newAutomated(t, pilot)
		id := a.customer(inside)
		a.push(id)
		c, ok := a.brevo.ContactByEmail(inside)
		require.True(t, ok)
		a.rename(c.ID, outside)
		happened := rules.Transition{Key: "k", Type: rules.UserUpdated, UserID: id, OccurredAt: a.now}
		for key, action := range map[string]rules.Action{
			"k/email": {Kind: rules.BrevoEmail, Template: 7}, "k/list": {Kind: rules.BrevoListAdd, ListName: "Recovery"},
		} {
			require.NoError(t, a.store.PlanActions(t.Context(), nil, []rules.Planned{{Key: key, Transition: happened, Action: action, Due: a.now}}, a.now))
			done := must(a.workshop, a.steps.Account.Act, activities.ActInput{Account: account, Key: key})
			assert.Equal(t, activities.ActResult{State: string(store.ActionSkipped), Reason: "pilot"}, done)
		}
		assert.Empty(t, a.brevo.Emails())
	})
}

// rename is the marketer giving a contact another address.
func (a *automated) rename(contact int64, email string) {
	a.t.Helper()
	body := fmt.Sprintf(`{"attributes": {"EMAIL": %q}}`, email)
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPut, fmt.Sprintf("%s/v3/contacts/%d", a.brevoURL, contact), strings.NewReader(body))
	require.NoError(a.t, err)
	r.Header.Set("api-key", brevosim.DefaultAPIKey)
	r.Header.Set("content-type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(a.t, err)
	require.NoError(a.t, answer.Body.Close())
	require.Equal(a.t, http.StatusNoContent, answer.StatusCode)
}
