package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestUndoable(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		want := []store.Delivery{
			{UserID: 1, State: store.DeliverySent, Email: "ada@example.com", Lists: []int64{4}},
			{UserID: 2, State: store.DeliverySent, Attributes: map[string]any{"TAGS": "x"}},
			{UserID: 3, State: store.DeliveryGone, Lists: []int64{4}},
			{UserID: 4, State: store.DeliverySkipped},
			{UserID: 5, State: store.DeliveryLeft, Lists: []int64{4, 5}},
		}
		var results []store.Result
		for _, d := range want {
			results = append(results, store.Result{Delivery: d})
		}
		_, err := a.Claim(c, []int64{1, 2, 3, 4, 5}, "me", time.Minute, at(0))
		require.NoError(t, err)
		require.NoError(t, a.Record(c, "me", results, at(0)))
		ids, err := a.Undoable(c, store.Undo{}, 0, 10)
		require.NoError(t, err)
		assert.Equal(t, []int64{1, 5}, ids)
		ids, err = a.Undoable(c, store.Undo{Attributes: true}, 1, 10)
		require.NoError(t, err)
		assert.Equal(t, []int64{2, 5}, ids)
		ids, err = a.Undoable(c, store.Undo{Attributes: true}, 0, 1)
		require.NoError(t, err)
		assert.Equal(t, []int64{1}, ids)
		n, err := a.CountUndoable(c, store.Undo{})
		require.NoError(t, err)
		assert.EqualValues(t, 2, n)

		ada := store.Undo{Attributes: true, Only: []string{"ada@example.com", "grace@example.com"}}
		ids, err = a.Undoable(c, ada, 0, 10)
		require.NoError(t, err)
		assert.Equal(t, []int64{1}, ids)
		ids, err = a.Undoable(c, ada, 1, 10)
		require.NoError(t, err)
		assert.Empty(t, ids)
		n, err = a.CountUndoableBut(c, ada)
		require.NoError(t, err)
		assert.EqualValues(t, 2, n)
		n, err = a.CountUndoableBut(c, store.Undo{Attributes: true})
		require.NoError(t, err)
		assert.Zero(t, n, "everybody is meant")

		n, err = s.Account("other").CountUndoable(c, store.Undo{})
		require.NoError(t, err)
		assert.Zero(t, n)
	})
}

// TestPausesAreClearedByKind: a person's pause may have taken the place of the one that somebody is about to end.
func TestPausesAreClearedByKind(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		kind := func() string {
			p, _, err := a.Paused(c)
			require.NoError(t, err)
			return p.Kind
		}
		for _, k := range []string{"credentials", "operator", "disconnected", "credit"} {
			require.NoError(t, a.SetPause(c, store.Pause{Kind: k, At: at(1)}))
		}
		assert.Equal(t, "disconnected", kind(), "what a step meets does not take a person's place")
		require.NoError(t, a.ClearPause(c, "credentials", "credit"))
		assert.Equal(t, "disconnected", kind())
		require.NoError(t, a.ClearPause(c, "credit", "disconnected"))
		assert.Empty(t, kind())
	})
}
