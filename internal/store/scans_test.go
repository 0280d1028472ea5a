package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

// beginLook is the moment at which a look asks Brevo.
func beginLook(t testing.TB, a *store.Account, scan string) store.Look {
	t.Helper()
	look, err := a.BeginLook(t.Context(), scan)
	require.NoError(t, err)
	return look
}

func brevoByID(t *testing.T, a *store.Account, ids ...int64) map[int64]store.BrevoContact {
	t.Helper()
	found, err := a.BrevoByID(t.Context(), ids)
	require.NoError(t, err)
	return found
}

func TestAnOlderLookLeavesANewerPicture(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		ann := func(name string) store.BrevoContact {
			return store.BrevoContact{ID: 101, Email: "ann@example.com", Attributes: map[string]any{"LASTNAME": name}}
		}
		bob := store.BrevoContact{ID: 102, Email: "bob@example.com"}
		first := beginLook(t, a, "scan1")
		assert.Equal(t, store.Look{Scan: "scan1", Asked: 1}, first, "also of an account that knows nothing yet it is a look")
		require.NoError(t, a.ApplyBrevoContacts(c, first, []store.BrevoContact{ann("Lovelace"), bob}, t0))

		page := beginLook(t, a, "scan2")
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{}, []store.BrevoContact{ann("King")}, t0))
		require.NoError(t, a.ApplyBrevoContacts(c, page, []store.BrevoContact{ann("Lovelace"), bob}, t0))
		assert.Equal(t, ann("King"), brevoByID(t, a, 101)[101], "it was written since the page was asked for")
		unseen, err := a.UnseenBrevoContacts(c, "scan2", 0, 10)
		require.NoError(t, err)
		assert.Empty(t, unseen, "the page showed it all the same")

		newer := beginLook(t, a, "scan2")
		require.NoError(t, a.ApplyBrevoContacts(c, newer, []store.BrevoContact{ann("of the marketer")}, t0))
		require.NoError(t, a.ApplyBrevoContacts(c, page, []store.BrevoContact{ann("Lovelace")}, t0))
		assert.Equal(t, ann("of the marketer"), brevoByID(t, a, 101)[101], "a later look shows what is")
	})
}

// A write leaves what was known of its contact, and may not have known that the person had unsubscribed.
func TestAnOlderLookStillTellsOfOptOuts(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		page := beginLook(t, a, "scan")
		written := store.BrevoContact{ID: 101, Email: "ann@example.com", SMSBlacklisted: true, Lists: []int64{3, 4}, Unsubscribed: []int64{9}}
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{}, []store.BrevoContact{written}, t0))
		shown := store.BrevoContact{ID: 101, Email: "ann@example.com", EmailBlacklisted: true, Lists: []int64{3}, Unsubscribed: []int64{7}}
		require.NoError(t, a.ApplyBrevoContacts(c, page, []store.BrevoContact{shown}, t0))
		written.EmailBlacklisted, written.Unsubscribed = true, []int64{7, 9}
		assert.Equal(t, written, brevoByID(t, a, 101)[101])
	})
}

func TestAnOlderLookGivesNoAddressBack(t *testing.T) {
	for name, show := range map[string]func(former, taker store.BrevoContact) []store.BrevoContact{
		"the page shows the former holder alone": func(former, _ store.BrevoContact) []store.BrevoContact {
			return []store.BrevoContact{former}
		},
		"the page shows both": func(former, taker store.BrevoContact) []store.BrevoContact {
			taker.Email = "taker@example.com"
			return []store.BrevoContact{taker, former}
		},
	} {
		t.Run(name, func(t *testing.T) {
			forEachEngine(t, func(t *testing.T, s *store.Store) {
				a, c := s.Account("acme"), t.Context()
				former, taker := store.BrevoContact{ID: 101, Email: "ann@example.com"}, store.BrevoContact{ID: 102, Email: "ann@example.com"}
				require.NoError(t, a.ApplyBrevoContacts(c, beginLook(t, a, "scan1"), []store.BrevoContact{former}, t0))
				page := beginLook(t, a, "scan2")
				require.NoError(t, a.ApplyBrevoContacts(c, store.Look{}, []store.BrevoContact{taker}, t0))
				require.NoError(t, a.ApplyBrevoContacts(c, page, show(former, taker), t0))
				former.Email = ""
				assert.Equal(t, map[int64]store.BrevoContact{101: former, 102: taker}, brevoByID(t, a, 101, 102))
				byEmail, err := a.BrevoByEmail(c, []string{"ann@example.com"})
				require.NoError(t, err)
				assert.Equal(t, map[string]store.BrevoContact{"ann@example.com": taker}, byEmail)
			})
		})
	}
}
