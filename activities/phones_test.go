package activities_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

const (
	ours   = "+33612345678" // as Zendesk has it
	theirs = "33699999999"  // as the marketer typed it in Brevo
)

// withPhone is a customer whose number was delivered.
func withPhone(t *testing.T) (w *workshop, user int64) {
	t.Helper()
	w, user = ready(t)
	w.zendesk.UpdateUser(user, func(u *seed.User) { u.Phone = ours })
	step := w.plan("first")
	must(w, w.steps.Brevo.WriteContacts, step)
	require.Equal(t, ours[1:], contactOf(w).Attributes["SMS"])
	return w, user
}

// Somebody who goes on in another contact takes the number along that we delivered, and no other.
func TestANumberThatTheMarketerTypedStaysWhenItsPersonGoesToAnotherContact(t *testing.T) {
	for name, typed := range map[string]bool{"the marketer's": true, "ours": false} {
		t.Run(name, func(t *testing.T) {
			w, user := withPhone(t)
			w.brevo.SeedContact(brevosim.Contact{Email: "new@customers.example"})
			if typed {
				w.brevo.EditPhone("ada@customers.example", theirs)
			}
			w.zendesk.UpdateUser(user, func(u *seed.User) { u.Email = "new@customers.example" })
			step := w.plan("two")
			must(w, w.steps.Brevo.WriteContacts, step)
			next, there := w.brevo.ContactByEmail("new@customers.example")
			require.True(t, there)
			assert.Equal(t, ours[1:], next.Attributes["SMS"])
			if typed {
				assert.Equal(t, theirs, contactOf(w).Attributes["SMS"])
			} else {
				assert.NotContains(t, contactOf(w).Attributes, "SMS")
			}
		})
	}
}

// renew reads what changed in Zendesk, plans it for the run, and returns the users who have these addresses now.
func (w *workshop) renew(run string, emails ...string) (users []int64) {
	w.t.Helper()
	w.now = w.now.Add(5 * time.Minute)
	must(w, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: run, Type: activities.Incremental, StartedAt: w.now})
	w.pull("users")
	must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: run})
	for _, email := range emails {
		people, err := w.store.PeopleByEmail(w.t.Context(), email)
		require.NoError(w.t, err)
		require.Len(w.t, people, 1)
		users = append(users, people[0])
	}
	return users
}

// A number that passes to somebody else in Zendesk is taken from its contact only while that holds it.
func TestANumberThatTheMarketerTypedStaysWhenTheDeliveredOnePassesToSomebodyElse(t *testing.T) {
	const bob = "bob@customers.example"
	for name, now := range map[string]struct {
		brevo func(*workshop)
		want  any
	}{
		"the marketer's":    {func(w *workshop) { w.brevo.EditPhone("ada@customers.example", theirs) }, theirs},
		"ours":              {func(*workshop) {}, nil},
		"taken out already": {func(w *workshop) { w.brevo.EditPhone("ada@customers.example", "") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w, holder := withPhone(t)
			now.brevo(w)
			w.zendesk.UpdateUser(holder, func(u *seed.User) { u.Phone = "" })
			w.zendesk.CreateUser(seed.User{Name: "Bob Byron", Email: bob, Phone: ours})
			to := w.renew("two", bob)[0]
			must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: to, RunID: "webhook"})
			assert.Equal(t, now.want, contactOf(w).Attributes["SMS"])
			next, there := w.brevo.ContactByEmail(bob)
			require.True(t, there)
			assert.Equal(t, ours[1:], next.Attributes["SMS"])

			// It comes back to where it was.
			w.zendesk.UpdateUser(holder, func(u *seed.User) { u.Phone = ours })
			w.zendesk.UpdateUser(to, func(u *seed.User) { u.Phone = "" })
			w.renew("three")
			must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: holder, RunID: "webhook"})
			must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: to, RunID: "webhook"})
			if now.want == nil {
				now.want = ours[1:]
			}
			assert.Equal(t, now.want, contactOf(w).Attributes["SMS"])
		})
	}
}

func TestAContactThatIsGoneHoldsNoNumber(t *testing.T) {
	const bob = "bob@customers.example"
	w, holder := withPhone(t)
	require.True(t, w.brevo.DeleteContact("ada@customers.example"))
	w.zendesk.UpdateUser(holder, func(u *seed.User) { u.Phone = "" })
	w.zendesk.CreateUser(seed.User{Name: "Bob Byron", Email: bob, Phone: ours})
	to := w.renew("two", bob)[0]
	must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: to, RunID: "webhook"})
	next, there := w.brevo.ContactByEmail(bob)
	require.True(t, there)
	assert.Equal(t, ours[1:], next.Attributes["SMS"])
	people, err := w.store.Peek(t.Context(), []int64{holder})
	require.NoError(t, err)
	assert.Equal(t, store.DeliveryGone, people[0].Delivery.State)
}

// The marketer types a number between the look at a contact and the moment at which two people change places.
func TestANumberThatTheMarketerTypedStaysWhenTwoPeopleChangePlaces(t *testing.T) {
	const bob = "bob@customers.example"
	w, ada := withPhone(t)
	w.zendesk.CreateUser(seed.User{Name: "Bob Byron", Email: bob, Phone: "+33687654321"})
	other := w.renew("two", bob)[0]
	push := func(user int64) {
		must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: user, RunID: "webhook"})
	}
	push(other)
	his, there := w.brevo.ContactByEmail(bob)
	require.True(t, there)
	hers := contactOf(w).ID
	w.zendesk.UpdateUser(ada, func(u *seed.User) { u.Email = "ada2@customers.example" }) // an address is one user's
	w.zendesk.UpdateUser(other, func(u *seed.User) { u.Email = "ada@customers.example" })
	w.zendesk.UpdateUser(ada, func(u *seed.User) { u.Email = bob })
	w.renew("three")
	w.during(http.MethodGet, fmt.Sprintf("/v3/contacts/%d", his.ID), func() error {
		w.brevo.EditPhone("ada@customers.example", theirs)
		return nil
	})
	push(ada)
	push(other)
	assert.Equal(t, hers, contactOf(w).ID)
	assert.Equal(t, "Byron", contactOf(w).Attributes["LASTNAME"])
	assert.Equal(t, theirs, contactOf(w).Attributes["SMS"])
	her, there := w.brevo.ContactByEmail(bob)
	require.True(t, there)
	assert.Equal(t, "Lovelace", her.Attributes["LASTNAME"])
	assert.Equal(t, ours[1:], her.Attributes["SMS"])
}

// Two people change places, and the step ends after the first of them was written.
func TestAnEndBetweenTwoWhoChangePlacesLosesNothing(t *testing.T) {
	const bob = "bob@customers.example"
	w, ada := withPhone(t)
	w.zendesk.CreateUser(seed.User{Name: "Bob Byron", Email: bob})
	other := w.renew("two", bob)[0]
	push := func(user int64) error {
		_, err := run(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: user, RunID: "webhook"})
		return err
	}
	require.NoError(t, push(other))
	his, there := w.brevo.ContactByEmail(bob)
	require.True(t, there)
	hers := contactOf(w).ID
	w.zendesk.UpdateUser(ada, func(u *seed.User) { u.Email = "ada2@customers.example" }) // an address is one user's
	w.zendesk.UpdateUser(other, func(u *seed.User) { u.Email = "ada@customers.example" })
	w.zendesk.UpdateUser(ada, func(u *seed.User) { u.Email = bob })
	w.renew("three")
	w.brevo.Faults().Add(sim.Fault{Method: http.MethodPut, Path: fmt.Sprintf("/v3/contacts/%d", his.ID), Status: http.StatusServiceUnavailable})
	require.Error(t, push(ada))
	require.Equal(t, "Byron", contactOf(w).Attributes["LASTNAME"], "one is written")
	w.now = w.now.Add(time.Minute)
	require.NoError(t, push(other))
	require.NoError(t, push(ada))
	assert.Equal(t, hers, contactOf(w).ID)
	assert.Equal(t, "Byron", contactOf(w).Attributes["LASTNAME"])
	assert.NotContains(t, contactOf(w).Attributes, "SMS")
	her, there := w.brevo.ContactByEmail(bob)
	require.True(t, there)
	assert.Equal(t, his.ID, her.ID)
	assert.Equal(t, "Lovelace", her.Attributes["LASTNAME"])
	assert.Equal(t, ours[1:], her.Attributes["SMS"])
}
