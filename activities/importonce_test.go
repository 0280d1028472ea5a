package activities_test

import (
	"net/http"
	"os"
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

const importPath = "/v3/contacts/import"

// opened is a workshop whose two customers, one of them a contact of the marketer's, wait in an import each.
func opened(t *testing.T) *workshop {
	t.Helper()
	w := newWorkshop(t, seed.Size{Users: 1})
	for _, email := range []string{"ada@customers.example", "grace@customers.example"} {
		w.zendesk.CreateUser(seed.User{Name: "Somebody Else", Email: email})
	}
	w.now = w.now.Add(5 * time.Minute)
	w.begin()
	w.pull("users")
	known := store.BrevoContact{ID: w.brevo.SeedContact(brevosim.Contact{Email: "grace@customers.example"}), Email: "grace@customers.example"}
	require.NoError(t, w.store.ApplyBrevoContacts(t.Context(), store.Look{Scan: "looked"}, []store.BrevoContact{known}, w.now))
	must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "one", Bulk: true})
	require.Equal(t, int64(2), must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: importing, Round: 1}).Imports)
	return w
}

func TestAnImportThatAnotherAttemptHasSettledIsNotSentAgain(t *testing.T) {
	w := opened(t)
	w.during("POST", importPath, func() error {
		_, err := run(w, w.steps.Brevo.SendImports, importing)
		require.ErrorContains(t, err, "another step is sending an import")
		w.now = w.now.Add(time.Minute)
		assert.Equal(t, int64(1), must(w, w.steps.Brevo.SettleImports, importing).Sent, "the second import, of which the first attempt has read")
		return nil
	})
	state := must(w, w.steps.Brevo.SendImports, importing)
	assert.Equal(t, int64(1), state.Running)
	assert.Zero(t, state.Open)
	assert.Equal(t, 2, w.brevo.Writes().Imports)
	w.now = w.now.Add(time.Minute)
	assert.Zero(t, must(w, w.steps.Brevo.SettleImports, importing).Running)
	marked, err := w.store.CountDirty(t.Context(), store.KindUser)
	require.NoError(t, err)
	assert.Zero(t, marked)
}

func TestAnImportThatIsBeingSentIsNotGivenUp(t *testing.T) {
	w := opened(t)
	w.during("POST", importPath, func() error {
		_, err := run(w, w.steps.Brevo.DiscardOpenImports, account)
		require.ErrorContains(t, err, "another step is sending an import")
		return nil
	})
	state := must(w, w.steps.Brevo.SendImports, importing)
	assert.Equal(t, int64(1), state.Running, "the other had not been sent: the new run decides it anew")
	assert.Equal(t, 1, w.brevo.Writes().Imports)
	state = must(w, w.steps.Brevo.DiscardOpenImports, account)
	assert.Equal(t, activities.ImportsState{Running: 1}, state)
	w.now = w.now.Add(time.Minute)
	assert.Equal(t, int64(1), must(w, w.steps.Brevo.SettleImports, importing).Sent)
}

func TestAnImportIsSentAgainOnceItsCallIsOver(t *testing.T) {
	for name, fail := range map[string]func(*testing.T, *workshop){
		"Brevo did not take it": func(t *testing.T, w *workshop) {
			w.brevo.Faults().Add(sim.Fault{Method: http.MethodPost, Path: importPath, Status: http.StatusTooManyRequests})
			_, err := run(w, w.steps.Brevo.SendImports, importing)
			require.Error(t, err)
		},
		"Brevo failed, and says so": func(t *testing.T, w *workshop) {
			w.brevo.Faults().Add(sim.Fault{Method: http.MethodPost, Path: importPath, Status: http.StatusServiceUnavailable, Processed: true})
			_, err := run(w, w.steps.Brevo.SendImports, importing)
			require.Error(t, err)
		},
		"no answer": func(t *testing.T, w *workshop) {
			w.during("POST", importPath, func() error { return os.ErrDeadlineExceeded })
			_, err := run(w, w.steps.Brevo.SendImports, importing)
			require.Error(t, err)
		},
		"its worker died": func(t *testing.T, w *workshop) {
			imports, err := w.store.Imports(t.Context())
			require.NoError(t, err)
			require.NoError(t, w.store.ImportSending(t.Context(), imports[0].ID, time.Minute, w.now))
			w.now = w.now.Add(4*time.Minute - time.Second)
			_, err = run(w, w.steps.Brevo.SendImports, importing)
			require.ErrorContains(t, err, "another step is sending an import")
			w.now = w.now.Add(time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := toImport(t)
			fail(t, w)
			state, err := run(w, w.steps.Brevo.SendImports, importing)
			require.NoError(t, err)
			assert.Equal(t, int64(1), state.Running)
			w.now = w.now.Add(time.Minute)
			assert.Equal(t, int64(1), must(w, w.steps.Brevo.SettleImports, importing).Sent)
			assert.Len(t, w.brevo.Contacts(), 1)
		})
	}
}
