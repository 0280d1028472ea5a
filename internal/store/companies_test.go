package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestUnsureLinksAreKeptApart(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		want := map[int64]store.Company{
			1: {OrganizationID: 1, State: "sent", BrevoID: "a", ProcessID: 7, Contacts: []int64{3, 5}, Unsure: []int64{2, 5, 9}, IntentAt: at(1), SentAt: at(2)},
			2: {OrganizationID: 2, State: "sent", BrevoID: "b", Contacts: []int64{4}, SentAt: at(2)},
			3: {OrganizationID: 3, State: "sent", BrevoID: "c", Unsure: []int64{4}, SentAt: at(2)},
		}
		require.NoError(t, saveCompanies(c, a, []store.Company{want[1], want[2], want[3]}, t0))
		got, err := a.Companies(c, []int64{1, 2, 3})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
}

// saveCompanies stores the companies of organizations that had none.
func saveCompanies(ctx context.Context, a *store.Account, companies []store.Company, now time.Time) error {
	lost, err := a.SaveCompanies(ctx, nil, companies, now)
	if len(lost) > 0 {
		return fmt.Errorf("%v had a company", lost)
	}
	return err
}

func TestACompanyIsSavedOnlyOverWhatWasRead(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		intents := []store.Company{{OrganizationID: 1, State: "intent", IntentAt: at(1)}, {OrganizationID: 2, State: "intent", IntentAt: at(1)}}
		require.NoError(t, saveCompanies(c, a, intents[:1], t0))
		lost, err := a.SaveCompanies(c, nil, intents, t0)
		require.NoError(t, err)
		assert.Equal(t, map[int64]bool{1: true}, lost, "another has begun it; the second goes on alone")

		read, err := a.Companies(c, []int64{1, 2})
		require.NoError(t, err)
		for _, change := range []func(*store.Company){
			func(c *store.Company) { c.State, c.BrevoID, c.SentAt = "sent", "a", at(2) },
			func(c *store.Company) { c.Contacts = []int64{5, 6} },
			func(c *store.Company) { c.Contacts, c.Unsure = []int64{6}, []int64{5} },
			func(c *store.Company) { c.Attributes = map[string]any{"name": "One"} },
			func(c *store.Company) { c.ProcessID = 7 },
			func(c *store.Company) { c.IntentAt = at(3) },
		} {
			was := read[1]
			now := was
			change(&now)
			lost, err = a.SaveCompanies(c, []store.Company{was}, []store.Company{now}, t0)
			require.NoError(t, err)
			require.Empty(t, lost)
			late := was
			late.BrevoID = "late"
			lost, err = a.SaveCompanies(c, []store.Company{was}, []store.Company{late}, t0)
			require.NoError(t, err)
			require.Equal(t, map[int64]bool{1: true}, lost)
			read[1] = now
		}
		got, err := a.Companies(c, []int64{1, 2})
		require.NoError(t, err)
		assert.Equal(t, read, got)
	})
}

// TestOneOfManyBeginsACompany has many attempts begin the same companies at once.
func TestOneOfManyBeginsACompany(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := s.Account("acme")
		var took atomic.Int64
		var group sync.WaitGroup
		for n := range 8 {
			group.Go(func() {
				companies := []store.Company{{OrganizationID: 1, State: "intent", IntentAt: at(n)}, {OrganizationID: 2, State: "intent", IntentAt: at(n)}}
				lost, err := a.SaveCompanies(t.Context(), nil, companies, t0)
				assert.NoError(t, err)
				took.Add(int64(len(companies) - len(lost)))
			})
		}
		group.Wait()
		assert.EqualValues(t, 2, took.Load())
	})
}

func TestRejectsOfRun(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		want := store.Reject{Kind: store.KindOrganization, ID: 5, Reason: "import_failed", Detail: "why", RunID: "one", At: at(1), Extra: json.RawMessage("1")}
		others := []store.Reject{want, want, want, want}
		others[0].RunID, others[0].ID = "two", 6
		others[1].Kind = store.KindUser
		others[2].Reason = "refused"
		require.NoError(t, a.AddRejects(c, others))
		got, err := a.RejectsOfRun(c, store.KindOrganization, "import_failed", "one")
		require.NoError(t, err)
		assert.Equal(t, []store.Reject{want}, got)
	})
}
