package store_test

import (
	"encoding/json"
	"testing"

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
		require.NoError(t, a.SaveCompanies(c, []store.Company{want[1], want[2], want[3]}, t0))
		got, err := a.Companies(c, []int64{1, 2, 3})
		require.NoError(t, err)
		assert.Equal(t, want, got)
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
