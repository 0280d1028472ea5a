package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

func TestWhatIsOverGoesInPiecesAndTheRestStays(t *testing.T) {
	store.SetPruneBatch(t, 3)
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		states := []store.ActionState{
			store.ActionDone, store.ActionRefused, store.ActionInDoubt, store.ActionCancelled, store.ActionLimited, store.ActionSkipped, store.ActionShadow,
		}
		var stay []string
		for i := range 20 { // all in one second; every fifth still waits for something
			p := planned(fmt.Sprintf("solved#%02d", i), "r", at(0))
			require.NoError(t, a.RecordTransitions(t.Context(), []rules.Transition{p.Transition}, at(0)))
			require.NoError(t, a.PlanActions(t.Context(), []string{p.Transition.Key}, []rules.Planned{p}, at(0)))
			if i%5 == 0 {
				stay = append(stay, p.Transition.Key)
				continue
			}
			require.NoError(t, a.EndAction(t.Context(), p.Key, states[i%len(states)], "", at(5)))
		}
		unjudged := planned("solved#99", "r", at(0)).Transition
		require.NoError(t, a.RecordTransitions(t.Context(), []rules.Transition{unjudged}, at(0)))
		other := s.Account("other")
		require.NoError(t, other.PlanActions(t.Context(), nil, []rules.Planned{planned("solved#1", "r", at(0))}, at(0)))
		require.NoError(t, other.EndAction(t.Context(), planned("solved#1", "r", at(0)).Key, store.ActionDone, "", at(5)))

		for range 2 {
			n, err := a.Prune(t.Context(), at(5))
			require.NoError(t, err)
			assert.Zero(t, n, "what ended at the bound is kept, and its transition with it")
		}
		n, err := a.Prune(t.Context(), at(6))
		require.NoError(t, err)
		assert.Equal(t, int64(32), n)
		assert.Equal(t, append(stay, unjudged.Key), keysOf(t, a, "ticket/35"))
		left, err := a.UnfinishedActions(t.Context(), "ticket/35")
		require.NoError(t, err)
		assert.Len(t, left, len(stay))
		kept, err := other.ActionsIn(t.Context(), store.ActionDone, 10)
		require.NoError(t, err)
		assert.Len(t, kept, 1, "another account has its own bound")
	})
}
