package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/storetest"
)

// annAt is Ann as Zendesk has her at a time.
func annAt(n int) store.UserRow {
	u := ann()
	u.Version = version(n, n)
	return u
}

// annOptedOut is Ann's contact, which may not be reached by any channel, nor by one of the lists; annsOptOuts are what is kept of that.
func annOptedOut() *store.BrevoContact {
	return &store.BrevoContact{ID: annContact, Email: "ann@example.com", EmailBlacklisted: true, SMSBlacklisted: true, Unsubscribed: []int64{31}}
}

var annsOptOuts = map[string]any{store.Blocklisted: true, store.BlocklistedSMS: true, "list:31": true}

// assertOptedOut reads what is kept of Ann's consent once she is read again.
func assertOptedOut(t *testing.T, a *store.Account, want map[string]any) {
	t.Helper()
	_, lifted, err := a.Remember(t.Context(), "ann@example.com", at(50))
	require.NoError(t, err)
	require.True(t, lifted)
	_, err = a.ApplyUsers(t.Context(), []store.UserRow{annAt(51)}, at(51))
	require.NoError(t, err)
	people, err := a.Peek(t.Context(), []int64{annID})
	require.NoError(t, err)
	require.True(t, people[0].Found)
	assert.Equal(t, want, people[0].Delivery.Refused)
}

func TestAnOptOutOutlivesForgetting(t *testing.T) {
	forget := func(t *testing.T, a *store.Account, seen *store.BrevoContact, n int) {
		t.Helper()
		_, err := a.Forget(t.Context(), store.Forgetting{Email: "ann@example.com", Seen: seen}, at(n))
		require.NoError(t, err)
	}
	read := func(t *testing.T, a *store.Account, n int) {
		t.Helper()
		_, err := a.ApplyUsers(t.Context(), []store.UserRow{annAt(n)}, at(n))
		require.NoError(t, err)
	}
	for name, story := range map[string]struct {
		happens func(*testing.T, *store.Account)
		want    map[string]any
	}{
		"nobody opted out": {func(t *testing.T, a *store.Account) { read(t, a, 1); forget(t, a, nil, 2); forget(t, a, nil, 3) }, nil},
		"known only when it is said again": {func(t *testing.T, a *store.Account) {
			read(t, a, 1)
			forget(t, a, nil, 2)
			forget(t, a, annOptedOut(), 3)
			forget(t, a, nil, 4)
		}, annsOptOuts},
		"seen in Brevo meanwhile": {func(t *testing.T, a *store.Account) {
			read(t, a, 1)
			forget(t, a, nil, 2)
			require.NoError(t, a.ApplyBrevoContacts(t.Context(), store.Look{}, []store.BrevoContact{*annOptedOut()}, at(3)))
		}, annsOptOuts},
		"met after it was said": {func(t *testing.T, a *store.Account) { forget(t, a, annOptedOut(), 1); read(t, a, 2) }, annsOptOuts},
		"never met":             {func(t *testing.T, a *store.Account) { forget(t, a, annOptedOut(), 1) }, annsOptOuts},
		"lifted once before": {func(t *testing.T, a *store.Account) {
			forget(t, a, annOptedOut(), 1)
			_, _, err := a.Remember(t.Context(), "ann@example.com", at(2))
			require.NoError(t, err)
			forget(t, a, nil, 3)
		}, annsOptOuts},
		"a bare delivery is there": {func(t *testing.T, a *store.Account) {
			read(t, a, 1)
			forget(t, a, annOptedOut(), 2)
			claim(t, a, "late", at(3), annID)
			require.NoError(t, a.Release(t.Context(), "late"))
		}, annsOptOuts},
		"seen in Brevo before": {func(t *testing.T, a *store.Account) {
			read(t, a, 1)
			require.NoError(t, a.ApplyBrevoContacts(t.Context(), store.Look{}, []store.BrevoContact{*annOptedOut()}, at(2)))
			forget(t, a, nil, 3)
		}, annsOptOuts},
		"of an earlier contact, and of somebody who was merged into her": {func(t *testing.T, a *store.Account) {
			read(t, a, 1)
			claim(t, a, "one", at(2), annID)
			d := sent(annID, "ann@example.com")
			d.Refused = map[string]any{"SMS": "+331", "list:30": true, store.OwedSMS: true}
			require.NoError(t, a.Record(t.Context(), "one", []store.Result{{Delivery: d}}, at(2)))
			forget(t, a, annOptedOut(), 3)
		}, map[string]any{store.Blocklisted: true, store.BlocklistedSMS: true, "list:31": true, "list:30": true, store.OwedSMS: true}},
		"forgotten by a program of a version that knew of e-mail alone": {func(t *testing.T, a *store.Account) {
			forget(t, a, annOptedOut(), 1)
			a.ForgetConsent(t)
		}, map[string]any{store.Blocklisted: true}},
	} {
		t.Run(name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, s *store.Store) {
				a := s.Account("acme")
				story.happens(t, a)
				assertOptedOut(t, a, story.want)
			})
		})
	}
}

// Whose contact is there has its consent in Brevo: nothing is noted for them, nor for other addresses.
func TestAnOptOutIsKeptForItsAddressAlone(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com", Seen: annOptedOut()}, t0)
		require.NoError(t, err)
		_, _, err = a.Remember(c, "ann@example.com", at(1))
		require.NoError(t, err)
		claim(t, a, "one", at(2), annID)
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: sent(annID, "ann@example.com")}}, at(2)))
		bob := annAt(3)
		bob.ID, bob.Email = bobID, "bob@example.com"
		_, err = a.ApplyUsers(c, []store.UserRow{annAt(3), bob}, at(3))
		require.NoError(t, err)
		people, err := a.Peek(c, []int64{annID, bobID})
		require.NoError(t, err)
		assert.Empty(t, people[0].Delivery.Refused)
		assert.Empty(t, people[1].Delivery.Refused)
	})
}

// Somebody takes a forgotten address while their contact is being written, imported or merged: that comes to its end first.
func TestWhoIsKeptOutWhileSomethingIsUnderWayIsErasedAfterIt(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			where := address(t)
			a, c := open(t, where).Account("acme"), t.Context()
			_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com"}, t0)
			require.NoError(t, err)
			old := annAt(1)
			old.Email = "maiden@example.com"
			_, err = a.ApplyUsers(c, []store.UserRow{old}, t0)
			require.NoError(t, err)
			claim(t, a, "one", at(2), annID)
			renamed := func(n int) {
				t.Helper()
				_, err := a.ApplyUsers(c, []store.UserRow{annAt(n)}, at(n))
				require.NoError(t, err)
				left, err := a.Remembered(c, []int64{annID})
				require.NoError(t, err)
				assert.Empty(t, left, "kept out at once")
				assertNone(t, storetest.Dump(t, where), "ann@example.com")
			}
			renamed(3)
			row := store.ImportRow{Delivery: sent(annID, "maiden@example.com")}
			require.NoError(t, a.OpenImport(c, "one", store.Import{ID: "i", RunID: "r"}, []store.ImportRow{row}, at(4)), "the claim is still there")
			renamed(5)
			d := sent(annID, "maiden@example.com")
			d.Refused = map[string]any{store.Blocklisted: true}
			require.NoError(t, a.AddMerge(c, store.Merge{LoserID: 98, WinnerID: bobID, At: t0}, at(5)))
			require.NoError(t, a.SettleImport(c, "i", []store.Result{{Delivery: d}}, at(6)), "with an exception for her")
			_, err = a.ApplyUsers(c, nil, at(7))
			require.NoError(t, err)
			renamed(8)
			assertNone(t, storetest.Dump(t, where), "maiden@example.com")
			merges, err := a.Merges(c, []int64{98})
			require.NoError(t, err)
			assert.Len(t, merges, 1, "other people's stay")
			assertOptedOut(t, a, map[string]any{store.Blocklisted: true})
		})
	}
}

func TestAnOpenMergeOfWhoIsKeptOutKeepsItsOptOuts(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com"}, t0)
		require.NoError(t, err)
		require.NoError(t, a.AddMerge(c, store.Merge{LoserID: annID, WinnerID: bobID, At: t0}, t0))
		for n := range 2 {
			_, err = a.ApplyUsers(c, []store.UserRow{annAt(1 + n)}, at(1+n))
			require.NoError(t, err)
			found, err := a.Merges(c, []int64{annID})
			require.NoError(t, err)
			assert.Len(t, found, 1)
		}
		require.NoError(t, a.SettleMerge(c, annID))
		_, err = a.ApplyUsers(c, []store.UserRow{annAt(4)}, at(4))
		require.NoError(t, err)
		found, err := a.Merges(c, []int64{annID})
		require.NoError(t, err)
		assert.Empty(t, found)
	})
}
