package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

func TestLookups(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		require.NoError(t, s.Ping(c))
		_, err := a.ApplyUsers(c, []store.UserRow{
			{User: mapping.User{ID: 1, Email: "ann@example.com", Active: true}},
			{User: mapping.User{ID: 2, Email: "bob@example.com"}},
			{User: mapping.User{ID: 3, Active: true}},
		}, t0)
		require.NoError(t, err)
		active, err := a.ActiveByEmail(c, []string{"ann@example.com", "bob@example.com", ""})
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"ann@example.com": 1}, active)

		claim(t, a, "one", t0, 1, 2, 3)
		old, late, unknown := sent(1, "ann@example.com"), sent(2, "bob@example.com"), sent(3, "")
		old.BrevoID, late.BrevoID, late.SentAt = 501, 501, at(9)
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: late}, {Delivery: old}, {Delivery: unknown}}, t0))
		deliveries, err := a.DeliveriesByBrevoID(c, []int64{501, 502, 0})
		require.NoError(t, err)
		assert.Equal(t, map[int64]store.Delivery{501: late}, deliveries)

		require.NoError(t, saveCompanies(c, a, []store.Company{{OrganizationID: 10, State: "intent", ProcessID: 7}, {OrganizationID: 11, State: "sent"}}, t0))
		companies, err := a.CompaniesInProcess(c)
		require.NoError(t, err)
		require.Len(t, companies, 1)
		assert.EqualValues(t, 10, companies[0].OrganizationID)
	})
}

func TestUnlocatedDeliveries(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		rows := openImport(t, a, "i", 1, 2)
		none, err := a.UnlocatedByEmail(c, []string{rows[0].Email, rows[1].Email})
		require.NoError(t, err)
		assert.Empty(t, none, "Brevo has their import still")
		require.NoError(t, a.ImportStarted(c, "i", 42, t0))
		require.NoError(t, a.SettleImport(c, "i", nil, at(1)))
		all, err := a.UnlocatedDeliveries(c, 0, 10)
		require.NoError(t, err)
		require.NotEmpty(t, all)
		found, err := a.UnlocatedByEmail(c, []string{all[0].Email, "nobody@example.com", ""})
		require.NoError(t, err)
		assert.Equal(t, map[string]store.Delivery{all[0].Email: all[0]}, found)
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "s"}, []store.BrevoContact{{ID: 7, Email: all[0].Email}}, at(2)))
		found, err = a.UnlocatedByEmail(c, []string{all[0].Email})
		require.NoError(t, err)
		assert.Empty(t, found)
	})
}

func TestWhomNothingWasDecidedAbout(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		rows := make([]store.UserRow, 0, 4)
		for id := range int64(4) {
			rows = append(rows, store.UserRow{User: mapping.User{ID: id + 1, Active: true, CreatedAt: t0}, Version: version(1, 1)})
		}
		_, err := a.ApplyUsers(c, rows, t0)
		require.NoError(t, err)
		clean(t, a)
		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{4}, t0))
		claim(t, a, "one", t0, 1, 2, 3)
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: sent(1, "in@example.com")}, {Delivery: sent(2, "out@example.com")}}, t0))
		undecided, held, err := a.Undecided(c, nil)
		require.NoError(t, err)
		assert.Equal(t, []int64{2, 0}, []int64{undecided, held})
		undecided, held, err = a.Undecided(c, []string{"in@example.com"})
		require.NoError(t, err)
		assert.Equal(t, []int64{2, 2}, []int64{undecided, held}, "who waits for a push is not held back yet")
	})
}
