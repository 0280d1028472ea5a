package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/storetest"
)

func TestMerges(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		first := store.Merge{LoserID: 1, WinnerID: 2, At: at(1)}
		require.NoError(t, a.AddMerge(c, first, t0))
		assert.Equal(t, []int64{1, 2}, dirty(t, a, store.KindUser))
		clean(t, a)
		require.NoError(t, a.AddMerge(c, store.Merge{LoserID: 1, WinnerID: 9, At: at(2)}, t0), "the same event again, told otherwise")
		assert.Empty(t, dirty(t, a, store.KindUser))
		second := store.Merge{LoserID: 2, WinnerID: 3, At: at(3)}
		require.NoError(t, a.AddMerge(c, second, t0))

		found, err := a.Merges(c, []int64{2})
		require.NoError(t, err)
		assert.Equal(t, map[int64]store.Merge{1: first, 2: second}, found, "as winner and as loser")
		found, err = a.Merges(c, []int64{3, 7})
		require.NoError(t, err)
		assert.Equal(t, map[int64]store.Merge{2: second}, found)

		require.NoError(t, a.SettleMerge(c, 1))
		require.NoError(t, a.SettleMerge(c, 1), "idempotent")
		found, err = a.Merges(c, []int64{1})
		require.NoError(t, err)
		assert.True(t, found[1].Settled)
		found, err = s.Account("other").Merges(c, []int64{1, 2, 3})
		require.NoError(t, err)
		assert.Empty(t, found)
	})
}

// Of a merge with somebody who was forgotten nothing waits: what the loser had opted out of goes to the winner at once.
func TestAMergeWithSomebodyForgottenKeepsTheStricterConsent(t *testing.T) {
	owed := map[string]any{store.OwedEmail: true, store.OwedSMS: true, "list:31": true}
	for name, address := range engines {
		t.Run(name+" forgotten loser", func(t *testing.T) {
			a, c := open(t, address(t)).Account("acme"), t.Context()
			known(t, a)
			_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com", Seen: annOptedOut()}, at(1))
			require.NoError(t, err)
			merge := store.Merge{LoserID: annID, WinnerID: bobID, At: t0}
			claim(t, a, "writer", at(2), bobID)
			require.ErrorIs(t, a.AddMerge(c, merge, at(2)), store.ErrBeingWritten, "whose record would undo it")
			require.NoError(t, a.Release(c, "writer"))
			clean(t, a)
			require.NoError(t, a.AddMerge(c, merge, at(2)))
			people, err := a.Peek(c, []int64{bobID})
			require.NoError(t, err)
			assert.Equal(t, owed, people[0].Delivery.Refused)
			assert.Equal(t, []int64{bobID}, dirty(t, a, store.KindUser))
		})
		t.Run(name+" forgotten winner", func(t *testing.T) {
			a, c := open(t, address(t)).Account("acme"), t.Context()
			_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com"}, at(1))
			require.NoError(t, err)
			_, err = a.ApplyUsers(c, []store.UserRow{annAt(2)}, at(2))
			require.NoError(t, err)
			claim(t, a, "one", at(3), bobID)
			d := sent(bobID, "bob@example.com")
			d.BrevoID = 502
			require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: d}}, at(3)))
			his := *annOptedOut()
			his.ID, his.Email = 502, "bob@example.com"
			require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "s"}, []store.BrevoContact{his}, at(3)))
			require.NoError(t, a.AddMerge(c, store.Merge{LoserID: bobID, WinnerID: annID, At: t0}, at(4)))
			assertOptedOut(t, a, owed)
		})
		t.Run(name+" forgotten before she was met", func(t *testing.T) {
			a, c := open(t, address(t)).Account("acme"), t.Context()
			_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com", Seen: annOptedOut()}, at(1))
			require.NoError(t, err)
			require.NoError(t, a.AddMerge(c, store.Merge{LoserID: annID, WinnerID: bobID, At: t0}, at(2)))
			_, err = a.ApplyUsers(c, []store.UserRow{annAt(3)}, at(3))
			require.NoError(t, err)
			people, err := a.Peek(c, []int64{annID})
			require.NoError(t, err)
			assert.Equal(t, annsOptOuts, people[0].Delivery.Refused, "for the merge that is open")
		})
	}
}

// With somebody outside a pilot no merge is settled, and a person who asks to be erased does not wait for the end of the pilot.
func TestForgettingCarriesOverWhatAnOpenMergeWould(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			where := address(t)
			a, c := open(t, where).Account("acme"), t.Context()
			known(t, a) // Ann's contact has opted out of e-mail
			who := store.Forgetting{Email: "ann@example.com", Seen: annOptedOut()}
			require.NoError(t, a.AddMerge(c, store.Merge{LoserID: annID, WinnerID: bobID, At: t0}, at(1)))
			require.NoError(t, a.AddMerge(c, store.Merge{LoserID: 98, WinnerID: annID, At: t0}, at(1)))
			claim(t, a, "one", at(1), 98)
			before := sent(98, "maiden@example.com")
			before.Refused = map[string]any{"list:30": true, "SMS": "+331"}
			require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: before}}, at(1)))
			_, err := a.Forget(c, who, at(2))
			require.ErrorIs(t, err, store.ErrMergeOpen)
			who.OpenMerges = true
			claim(t, a, "writer", at(2), bobID)
			unchanged := storetest.Dump(t, where)
			_, err = a.Forget(c, who, at(2))
			require.ErrorIs(t, err, store.ErrBeingWritten, "the heir's contact is held")
			assert.Equal(t, unchanged, storetest.Dump(t, where), "nothing was erased")
			require.NoError(t, a.Release(c, "writer"))
			clean(t, a)

			got, err := a.Forget(c, who, at(3))
			require.NoError(t, err)
			assert.Equal(t, []int64{annID}, got.UserIDs)
			assertNone(t, storetest.Dump(t, where), "ann@example.com")
			people, err := a.Peek(c, []int64{bobID})
			require.NoError(t, err)
			owed := map[string]any{store.OwedEmail: true, store.OwedSMS: true, "list:30": true, "list:31": true}
			assert.Equal(t, owed, people[0].Delivery.Refused)
			assert.Equal(t, []int64{bobID}, dirty(t, a, store.KindUser))
			assertOptedOut(t, a, map[string]any{store.Blocklisted: true, store.BlocklistedSMS: true, "list:30": true, "list:31": true})
		})
	}
}
