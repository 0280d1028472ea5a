package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
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
