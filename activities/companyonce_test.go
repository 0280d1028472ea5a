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
	"zendesk-brevo/mapping"
)

const companiesPath = "/v3/companies"

// firms is a workshop whose organizations wait to be made companies, and how many of them stand.
func firms(t *testing.T, n int) (w *workshop, standing int) {
	t.Helper()
	w = newWorkshop(t, seed.Size{Users: 3, Tickets: 3, Organizations: n})
	w.now = w.now.Add(5 * time.Minute)
	w.begin()
	for _, stream := range []string{"users", "tickets", "organizations"} {
		w.pull(stream)
	}
	ids, err := w.store.DirtyIDs(t.Context(), store.KindOrganization, "*", 0, 2*n)
	require.NoError(t, err)
	organizations, err := w.store.Organizations(t.Context(), ids)
	require.NoError(t, err)
	for _, o := range organizations {
		if !o.Deleted {
			standing++
		}
	}
	return w, standing
}

// companies repeats the step until it is done, and asserts that Brevo has each company once.
func (w *workshop) companies(n int) {
	w.t.Helper()
	for range 30 {
		if must(w, w.steps.Brevo.SyncCompanies, importing).Done {
			break
		}
		w.now = w.now.Add(30 * time.Second)
	}
	made := map[string]int{}
	for _, c := range w.brevo.Companies() {
		made[c.Name]++
	}
	assert.Len(w.t, made, n)
	assert.Len(w.t, w.brevo.Companies(), n, "%v", made)
	marked, err := w.store.CountDirty(w.t.Context(), store.KindOrganization)
	require.NoError(w.t, err)
	assert.Zero(w.t, marked)
}

// The first attempt has seen what is to be made and stands still; the second makes it.
func TestTwoAttemptsMakeACompanyOnce(t *testing.T) {
	for name, n := range map[string]int{"one by one": 3, "by import": 12} {
		t.Run(name, func(t *testing.T) {
			w, standing := firms(t, n)
			w.during("POST", "/v3/crm/attributes", func() error {
				must(w, w.steps.Brevo.SyncCompanies, importing)
				return nil
			})
			_, err := run(w, w.steps.Brevo.SyncCompanies, importing)
			require.NoError(t, err)
			w.companies(standing)
		})
	}
}

func TestACompanyWhoseCallIsUnderWayIsNotMadeAgain(t *testing.T) {
	for name, n := range map[string]int{"one by one": 1, "by import": 12} {
		t.Run(name, func(t *testing.T) {
			w, standing := firms(t, n)
			path := companiesPath
			if n > 1 {
				path += "/import"
			}
			w.during("POST", path, func() error {
				before := len(w.brevo.Companies())
				w.brevo.Faults().Add(sim.Fault{Method: http.MethodGet, Path: companiesPath + "$", Times: sim.Forever, Status: http.StatusOK, Body: `{"items":[]}`})
				for range 4 { // nothing shows it yet
					w.now = w.now.Add(50 * time.Second)
					assert.Equal(t, activities.CompaniesState{}, must(w, w.steps.Brevo.SyncCompanies, importing))
				}
				w.brevo.Faults().Clear()
				assert.Len(t, w.brevo.Companies(), before)
				return nil
			})
			_, err := run(w, w.steps.Brevo.SyncCompanies, importing)
			require.NoError(t, err)
			w.companies(standing)
		})
	}
}

// The second attempt renames a company; the call of the first, with an older name, is the last to arrive.
func TestAnOlderChangeOfACompanyDoesNotStay(t *testing.T) {
	w, _ := firms(t, 1)
	w.companies(1)
	made, err := w.store.CompaniesByState(t.Context(), "sent")
	require.NoError(t, err)
	rename := func(name string) {
		w.now = w.now.Add(time.Second)
		_, err := w.store.ApplyOrganizations(t.Context(), []store.OrganizationRow{{
			Organization: mapping.Organization{ID: made[0].OrganizationID, Name: name}, Version: store.Version{UpdatedAt: w.now, AskedAt: w.now},
		}}, w.now)
		require.NoError(t, err)
	}
	rename("Older")
	var late *http.Request
	w.mu.Lock()
	w.hook = func(r *http.Request) error {
		if late != nil || r.Method != http.MethodPatch {
			return nil
		}
		late = r.Clone(t.Context())
		rename("Newer")
		must(w, w.steps.Brevo.SyncCompanies, importing)
		assert.Equal(t, "Newer", w.brevo.Companies()[0].Name)
		late.Body, err = r.GetBody()
		require.NoError(t, err)
		answer, err := http.DefaultTransport.RoundTrip(late)
		require.NoError(t, err)
		return answer.Body.Close()
	}
	w.mu.Unlock()
	must(w, w.steps.Brevo.SyncCompanies, importing)
	require.NotNil(t, late)
	w.companies(1)
	assert.Equal(t, "Newer", w.brevo.Companies()[0].Name)
}
