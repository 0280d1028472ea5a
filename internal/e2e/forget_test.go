package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/storetest"
	"zendesk-brevo/workflows"
)

// Whoever was forgotten stays in Zendesk and in Brevo, changes there, is asked for by name, and does not come back before that is
// lifted.
func TestWhoWasForgottenDoesNotComeBack(t *testing.T) {
	w := seeded(t, small, 6)
	w.sync(t, workflows.SyncInput{})
	u := w.somebody(t)
	id := u.ID
	email := strings.ToLower(u.Email)
	before, ok := w.brevo.ContactByEmail(email)
	require.True(t, ok)
	require.Contains(t, storetest.Dump(t, w.storeURL), email)

	got, err := w.account().Forget(t.Context(), store.Forgetting{Email: email}, w.clock.Now())
	require.NoError(t, err)
	assert.EqualValues(t, 1, got.Rows["users"])
	assert.Positive(t, got.Rows["tickets"])
	absent := func() {
		t.Helper()
		dump := storetest.Dump(t, w.storeURL)
		for _, text := range []string{email, u.Name} {
			assert.False(t, strings.Contains(dump, text), text)
		}
		now, ok := w.brevo.ContactByEmail(email)
		assert.True(t, ok)
		assert.Equal(t, before, now, "Brevo's contact stays as it was")
	}
	absent()

	// Full and incremental syncs, with changes of theirs, and reads by name.
	w.later(time.Hour)
	w.sync(t, workflows.SyncInput{})
	absent()
	ticket := w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "new"})
	require.True(t, w.zendesk.UpdateUser(id, func(u *seed.User) { u.Phone = "+33655667788" }))
	w.later(time.Hour)
	w.sync(t, workflows.SyncInput{Type: activities.Incremental})
	absent()
	assert.Empty(t, w.brevo.Events(), "no rule acts for them")
	w.sync(t, workflows.SyncInput{Type: activities.Replay, Records: []activities.Record{{Kind: activities.RecordUser, ID: id}, {Kind: activities.RecordTicket, ID: ticket}}})
	absent()
	marked, err := w.account().DirtyIDs(t.Context(), "user", "*", 0, 10)
	require.NoError(t, err)
	assert.Empty(t, marked, "and nothing is left waiting")

	users, lifted, err := w.account().Remember(t.Context(), email, w.clock.Now())
	require.NoError(t, err)
	assert.True(t, lifted)
	assert.Equal(t, []int64{id}, users)
	w.later(time.Hour)
	w.sync(t, workflows.SyncInput{})
	trace, err := activities.TracePerson(t.Context(), w.file(t).Ordered[0], w.account(), w.clock.Now, id)
	require.NoError(t, err)
	assert.Empty(t, trace.Skip)
	now, _ := w.brevo.ContactByEmail(email)
	assert.Equal(t, float64(len(trace.Tickets)), now.Attributes["TOTAL_TICKETS"], "everything counts again")
}

// somebody is a customer with tickets and a name that nobody else has.
func (w *world) somebody(t *testing.T) seed.User {
	t.Helper()
	names, tickets := map[string]int{}, map[int64]int{}
	for u := range w.seed.Users.All() {
		names[u.Name]++
	}
	for k := range w.seed.Tickets.All() {
		tickets[k.RequesterID]++
	}
	for _, u := range w.people() {
		if names[u.Name] == 1 && tickets[u.ID] > 1 {
			return u
		}
	}
	t.Fatal("nobody is like that")
	return seed.User{}
}

// A person is forgotten while the ticket's workflow still has their actions to do.
func TestWhatWasPlannedForWhoIsForgottenIsNotDone(t *testing.T) {
	w := seeded(t, small, 7)
	w.sync(t, workflows.SyncInput{})
	u := w.somebody(t)
	id := u.ID
	w.later(time.Hour)
	w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "new"})
	w.sync(t, workflows.SyncInput{Type: activities.Incremental})
	require.NotEmpty(t, w.woken, "the new ticket is offered to its workflow")
	_, err := w.account().Forget(t.Context(), store.Forgetting{Email: u.Email}, w.clock.Now())
	require.NoError(t, err)
	calls := len(w.brevo.Log().Calls())
	w.follow(t)
	assert.Empty(t, w.brevo.Events())
	assert.Len(t, w.brevo.Log().Calls(), calls, "Brevo is not called")
	assert.False(t, strings.Contains(storetest.Dump(t, w.storeURL), strings.ToLower(u.Email)))
}
