package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
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
