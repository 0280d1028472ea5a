package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// However a contact ends and comes to be made again, the person stays out of whatever they had opted out of, and is written else.
func TestAContactThatIsMadeAgainStaysOutOfWhatThePersonLeft(t *testing.T) {
	const email = "jane@example.com"
	for name, ends := range map[string]func(*automated){
		"seen by a scan": func(a *automated) {
			a.scan(email)
			require.True(a.t, a.brevo.DeleteContact(email))
			got, err := a.store.BrevoByEmail(a.t.Context(), []string{email})
			require.NoError(a.t, err)
			require.NoError(a.t, a.store.RemoveBrevoContact(a.t.Context(), got[email].ID, a.now))
		},
		"met by a write": func(a *automated) {
			a.scan(email)
			require.True(a.t, a.brevo.DeleteContact(email))
		},
		"forgotten and let in again": func(a *automated) {
			a.scan(email)
			_, err := a.store.Forget(a.t.Context(), store.Forgetting{Email: email}, a.now)
			require.NoError(a.t, err)
			require.True(a.t, a.brevo.DeleteContact(email))
			_, _, err = a.store.Remember(a.t.Context(), email, a.now)
			require.NoError(a.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAutomated(t, "    lists: {all_customers: Customers}\n    on_brevo_deleted: recreate\n    new_contacts: create\n")
			id := a.customer(email)
			push := func() (brevosim.Contact, bool) {
				a.push(id)
				return a.brevo.ContactByEmail(email)
			}
			customers := a.lists()["all_customers"].ID
			first, made := push()
			require.True(t, made)
			require.Equal(t, []int64{customers}, first.Lists)
			a.brevo.Blocklist(email)
			a.brevo.BlocklistSMS(email)
			a.brevo.Unsubscribe(email, customers)

			ends(a)
			require.True(t, a.workshop.zendesk.UpdateUser(id, func(u *seed.User) { u.Name = "Jane Poe" }))
			a.now = a.now.Add(time.Hour)
			must(a.workshop, a.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: id})
			again, made := push()
			require.True(t, made)
			assert.NotEqual(t, first.ID, again.ID)
			assert.Equal(t, "Poe", again.Attributes["LASTNAME"])
			assert.Equal(t, []any{true, true}, []any{again.EmailBlacklisted, again.SMSBlacklisted})
			assert.Empty(t, again.Lists)
		})
	}
}

// customer begins a run and reads everything, somebody new with that address among it.
func (a *automated) customer(email string) (user int64) {
	a.t.Helper()
	must(a.workshop, a.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "one", Type: activities.Full, StartedAt: a.now})
	a.preflight(true)
	user = a.workshop.zendesk.CreateUser(seed.User{Name: "Jane Doe", Email: email})
	a.now = a.now.Add(5 * time.Minute) // Zendesk's exports end a minute ago
	for _, stream := range []string{"users", "tickets", "organizations"} {
		a.pull(stream)
	}
	return user
}

func (a *automated) push(user int64) {
	a.t.Helper()
	must(a.workshop, a.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: user, RunID: "one"})
}

// scan mirrors a contact as Brevo has it now.
func (a *automated) scan(email string) {
	a.t.Helper()
	c, there := a.brevo.ContactByEmail(email)
	require.True(a.t, there)
	require.NoError(a.t, a.store.ApplyBrevoContacts(a.t.Context(), store.Look{Scan: "scan"}, []store.BrevoContact{{
		ID: c.ID, Email: c.Email, EmailBlacklisted: c.EmailBlacklisted, SMSBlacklisted: c.SMSBlacklisted, Lists: c.Lists, Unsubscribed: c.ListUnsubscribed,
	}}, a.now))
}
