package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// The help promises that a record which is accepted leaves the list. So does one that nobody wants to bring over any more.
func TestARejectDoesNotOutliveItsCause(t *testing.T) {
	rejects := func(w *workshop) []store.Reject {
		w.t.Helper()
		found, err := w.store.Rejects(w.t.Context(), 10)
		require.NoError(w.t, err)
		return found
	}
	// refused is a workshop whose one customer Brevo refused.
	refused := func(t *testing.T) (*workshop, int64) {
		t.Helper()
		w, user := ready(t)
		w.brevo.Faults().Add(sim.Fault{
			Method: http.MethodPost, Path: contactsPath, Status: http.StatusBadRequest, Body: `{"code":"bad_request","message":"not now"}`,
		})
		require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Rejected["refused"])
		require.Len(t, rejects(w), 1)
		return w, user
	}
	t.Run("taken by an import", func(t *testing.T) {
		w, user := refused(t)
		busy, err := w.store.RetryRejects(t.Context(), store.KindUser, []int64{user}, w.now)
		require.NoError(t, err)
		require.Empty(t, busy)
		require.Len(t, rejects(w), 1, "until it got through")
		require.Equal(t, int64(1), must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two", Bulk: true}).Import)
		must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: importing, Round: 1})
		must(w, w.steps.Brevo.SendImports, importing)
		require.Equal(t, int64(1), must(w, w.steps.Brevo.SettleImports, importing).Sent)
		assert.Empty(t, rejects(w))
	})
	t.Run("suspended", func(t *testing.T) {
		w, user := refused(t)
		w.zendesk.UpdateUser(user, func(u *seed.User) { u.Suspended = true })
		w.now = w.now.Add(5 * time.Minute)
		must(w, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "two", Type: activities.Incremental, StartedAt: w.now})
		w.pull("users")
		require.Equal(t, int64(1), must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two"}).Skipped["suspended"])
		assert.Empty(t, rejects(w))
	})
	t.Run("rejected for another reason", func(t *testing.T) {
		w, user := refused(t)
		w.zendesk.UpdateUser(user, func(u *seed.User) { u.Email = "ada@nowhere" })
		w.now = w.now.Add(5 * time.Minute)
		must(w, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "two", Type: activities.Incremental, StartedAt: w.now})
		w.pull("users")
		must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two"})
		found := rejects(w)
		require.Len(t, found, 1)
		assert.Equal(t, "invalid_email", found[0].Reason)
	})
}
