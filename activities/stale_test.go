package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// renamed mirrors another name of Ada's, as a read of Zendesk would.
func (w *workshop) renamed(user int64, name string) {
	w.t.Helper()
	_, err := w.store.ApplyUsers(w.t.Context(), []store.UserRow{{
		User:    mapping.User{ID: user, Name: name, Email: "ada@customers.example", Role: "end-user", TicketRestriction: "requested", Active: true},
		Version: store.Version{UpdatedAt: w.now, AskedAt: w.now},
	}}, w.now)
	require.NoError(w.t, err)
}

// A step decides, stands still for longer than it may hold a contact, and wakes up when everything has changed.
func TestAStepThatStoodStillWritesNothingOld(t *testing.T) {
	for name, meanwhile := range map[string]func(w *workshop, user int64){
		"somebody else wrote the contact": func(w *workshop, user int64) {
			w.now = w.now.Add(6 * time.Minute)
			w.renamed(user, "Ada Byron")
			must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: user, RunID: "ticket"})
			assert.Equal(w.t, "Byron", contactOf(w).Attributes["LASTNAME"])
		},
		"nobody did": func(w *workshop, user int64) {
			w.now = w.now.Add(6 * time.Minute)
			w.renamed(user, "Ada Byron")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, user := ready(t)
			require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
			w.now = w.now.Add(time.Minute)
			w.renamed(user, "Ada King")
			must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two"})
			stood, names := false, []string{}
			w.mu.Lock()
			w.hook = func(r *http.Request) error {
				if r.Method == http.MethodPut {
					names = append(names, contactOf(w).Attributes["LASTNAME"].(string))
				}
				if r.Method == http.MethodGet && !stood {
					stood = true // the look before the write
					meanwhile(w, user)
				}
				return nil
			}
			w.mu.Unlock()
			must(w, w.steps.Brevo.WriteContacts, write("two"))
			require.True(t, stood)
			assert.Equal(t, []string{"Byron"}, names, "after each update")
			assert.Equal(t, "Byron", w.delivery(user).Attributes["LASTNAME"])
			assert.Empty(t, w.delivery(user).Refused)
			marked, err := w.store.CountDirty(t.Context(), store.KindUser)
			require.NoError(t, err)
			assert.Zero(t, marked)
		})
	}
}

// The first attempt at a step cannot be heard any more, and the next one begins while the first still holds its claims.
func TestTheLaterAttemptAtAStepHasTheLastWord(t *testing.T) {
	w, user := ready(t)
	require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
	w.now = w.now.Add(time.Minute)
	w.renamed(user, "Ada King")
	in := activities.PushContactInput{Account: account, UserID: user, RunID: "ticket"}
	looks, second, first, names := 0, make(chan struct{}), make(chan struct{}), []string{}
	last := make(chan error, 1)
	w.mu.Lock()
	w.hook = func(r *http.Request) error {
		if r.Method == http.MethodPut {
			names = append(names, contactOf(w).Attributes["LASTNAME"].(string))
			return nil
		}
		if looks++; looks == 1 {
			w.now = w.now.Add(time.Minute)
			w.renamed(user, "Ada Byron")
			go func() {
				_, err := run(w, w.steps.Brevo.PushContact, in)
				last <- err
			}()
			select { // it does not wait for the lease of the first
			case <-second:
			case err := <-last:
				last <- err
			}
			return nil
		}
		close(second)
		<-first
		return nil
	}
	w.mu.Unlock()
	_, err := run(w, w.steps.Brevo.PushContact, in)
	require.ErrorContains(t, err, store.ErrClaimLost.Error())
	assert.Empty(t, names)
	close(first)
	require.NoError(t, <-last)
	assert.Equal(t, []string{"Byron"}, names, "after each update")
	assert.Equal(t, "Byron", w.delivery(user).Attributes["LASTNAME"])
	marked, err := w.store.CountDirty(t.Context(), store.KindUser)
	require.NoError(t, err)
	assert.Zero(t, marked)
}

// The same, while the first attempt has just made the contact.
func TestAnAttemptThatWasOvertakenMakesNobodyTwice(t *testing.T) {
	w, user := ready(t)
	w.during(http.MethodPost, contactsPath, func() error {
		must(w, w.steps.Brevo.WriteContacts, write("one"))
		return nil
	})
	must(w, w.steps.Brevo.WriteContacts, write("one"))
	assert.Len(t, w.brevo.Contacts(), 1)
	assert.Equal(t, store.DeliverySent, w.delivery(user).State)
	assert.True(t, w.delivery(user).Made)
}

// A page of contacts takes long, and meanwhile an event has another name written.
func TestANameWrittenWhileContactsAreReadIsChangedAgain(t *testing.T) {
	for _, full := range []bool{true, false} {
		w, user := ready(t)
		rename := func(name string) {
			w.now = w.now.Add(time.Minute)
			w.renamed(user, name)
			must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: user, RunID: "ticket"})
		}
		require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
		w.during("GET", contactsPath, func() error {
			rename("Ada King")
			require.Equal(t, "King", contactOf(w).Attributes["LASTNAME"])
			return nil
		})
		must(w, w.steps.Brevo.ScanContacts, activities.ScanInput{Account: account, Full: full, ScanID: "s"})
		mirrored, err := w.store.BrevoByEmail(t.Context(), []string{"ada@customers.example"})
		require.NoError(t, err)
		assert.Equal(t, "King", mirrored["ada@customers.example"].Attributes["LASTNAME"], "the page still said Lovelace")
		rename("Ada Byron")
		assert.Equal(t, "Byron", contactOf(w).Attributes["LASTNAME"], "it was not taken for the marketer's")
	}
}
