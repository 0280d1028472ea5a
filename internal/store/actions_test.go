package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

// planned is an action about a transition of ticket 35.
func planned(transition, rule string, due time.Time) rules.Planned {
	return rules.Planned{
		Key: "ticket/35/" + transition + "/" + rule, Rule: rule, Due: due, Action: rules.Action{Kind: rules.BrevoEvent, Event: "x"},
		Transition: rules.Transition{Key: "ticket/35/" + transition, Type: rules.TicketSolved, TicketID: 35, UserID: 9, OccurredAt: at(0)},
	}
}

func TestAnActionIsPlannedOnceAndKeepsItsPlan(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		first := planned("solved#1", "b", at(60))
		require.NoError(t, a.RecordTransitions(t.Context(), []rules.Transition{first.Transition}, at(0)))
		require.NoError(t, a.PlanActions(t.Context(), []string{first.Transition.Key}, []rules.Planned{first, planned("solved#1", "a", at(60))}, at(1)))
		other := first
		other.Action.Event = "y"
		require.NoError(t, a.PlanActions(t.Context(), []string{first.Transition.Key}, []rules.Planned{other}, at(2)))
		got, err := a.UnfinishedActions(t.Context(), "ticket/35")
		require.NoError(t, err)
		require.Len(t, got, 2)
		assert.Equal(t, []string{"b", "a"}, []string{got[0].Rule, got[1].Rule}, "in the order in which they were planned")
		assert.Equal(t, "x", got[0].Action.Event)
		fresh, err := a.NewTransitions(t.Context(), "ticket/35")
		require.NoError(t, err)
		assert.Empty(t, fresh, "what is judged is not judged again")
	})
}

func TestAnActionEndsOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		p := planned("solved#1", "r", at(0))
		require.NoError(t, a.PlanActions(t.Context(), nil, []rules.Planned{p}, at(1)))
		read, err := a.Action(t.Context(), p.Key)
		require.NoError(t, err)
		opened, err := a.OpenAction(t.Context(), &read, store.Acting{Contact: 7}, at(2))
		require.NoError(t, err)
		assert.Equal(t, store.ActionOpen, opened.State)
		assert.Equal(t, int64(7), opened.ContactID)
		_, err = a.OpenAction(t.Context(), &read, store.Acting{Contact: 7}, at(2))
		require.ErrorIs(t, err, store.ErrActionMoved, "a second attempt that read it before the first one opened it")
		require.NoError(t, a.GiveUpCall(t.Context(), &opened, at(3)))
		require.NoError(t, a.ReplanAction(t.Context(), &opened), "which has no hold of it any more")
		given, err := a.Action(t.Context(), p.Key)
		require.NoError(t, err)
		assert.Equal(t, store.ActionOpen, given.State)
		assert.Equal(t, at(3), given.OpenedAt)
		require.NoError(t, a.EndAction(t.Context(), p.Key, store.ActionDone, "", at(3)))
		require.NoError(t, a.EndAction(t.Context(), p.Key, store.ActionInDoubt, "late", at(4)))
		_, err = a.OpenAction(t.Context(), &given, store.Acting{Contact: 7}, at(5))
		require.ErrorIs(t, err, store.ErrActionMoved)
		require.NoError(t, a.ReplanAction(t.Context(), &given))
		got, err := a.Action(t.Context(), p.Key)
		require.NoError(t, err)
		assert.Equal(t, store.ActionDone, got.State)
		_, err = a.Action(t.Context(), "no such")
		require.ErrorIs(t, err, store.ErrNotFound)
		require.Error(t, a.EndAction(t.Context(), p.Key, store.ActionOpen, "", at(6)))
	})
}

func TestALimitHoldsThoughManyAskAtOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		limit := &rules.Limit{Per: rules.PerPerson, Count: 1, Within: time.Hour}
		var all []rules.Planned
		for i := range 8 {
			for _, rule := range []string{"mail", "list"} { // two actions of one rule count as one
				p := planned(fmt.Sprintf("solved#%d", i), rule, at(0))
				p.Limit, p.LimitKey = limit, "ask/user/9"
				all = append(all, p)
			}
		}
		require.NoError(t, a.PlanActions(t.Context(), nil, all, at(1)))
		var group sync.WaitGroup
		for _, p := range all {
			group.Add(1)
			go func() {
				defer group.Done()
				read, err := a.Action(t.Context(), p.Key)
				assert.NoError(t, err)
				_, err = a.OpenAction(t.Context(), &read, store.Acting{}, at(2))
				assert.NoError(t, err)
			}()
		}
		group.Wait()
		counts := map[string]int{}
		open, err := a.Actions(t.Context(), "ticket/35")
		require.NoError(t, err)
		for _, x := range open {
			if x.State == store.ActionOpen {
				counts[x.Transition.Key]++
			} else {
				assert.Equal(t, store.ActionLimited, x.State)
			}
		}
		require.Len(t, counts, 1, "one transition got through")
		for _, n := range counts {
			assert.Equal(t, 2, n, "with both of its actions")
		}
		fired, err := a.Fired(t.Context(), []string{"ask/user/9"}, false)
		require.NoError(t, err)
		assert.Len(t, fired["ask/user/9"], 1)
	})
}

func TestWhoseWorkflowIsGoneIsOfferedAgain(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		require.NoError(t, a.PlanActions(t.Context(), nil, []rules.Planned{planned("solved#1", "r", at(100))}, at(1)))
		for second, want := range map[int]int{50: 0, 101: 1} {
			got, err := a.WaitingSubjects(t.Context(), at(second), at(second), "", 10)
			require.NoError(t, err)
			assert.Len(t, got, want, "at second %d", second)
		}
		require.NoError(t, a.Woken(t.Context(), []string{"ticket/35"}, at(150)))
		got, err := a.WaitingSubjects(t.Context(), at(160), at(149), "", 10)
		require.NoError(t, err)
		assert.Empty(t, got, "whoever was woken a moment ago may be waiting")
		got, err = a.WaitingSubjects(t.Context(), at(160), at(151), "", 10)
		require.NoError(t, err)
		assert.Len(t, got, 1)
		require.NoError(t, a.EndAction(t.Context(), planned("solved#1", "r", at(0)).Key, store.ActionCancelled, "", at(200)))
		got, err = a.WaitingSubjects(t.Context(), at(300), at(300), "", 10)
		require.NoError(t, err)
		assert.Empty(t, got)
	})
}

func TestOldEndsAreForgottenAndOpenOnesAreNot(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		ended, waiting := planned("solved#1", "r", at(0)), planned("solved#2", "r", at(0))
		require.NoError(t, a.RecordTransitions(t.Context(), []rules.Transition{ended.Transition, waiting.Transition}, at(0)))
		require.NoError(t, a.PlanActions(t.Context(), []string{ended.Transition.Key, waiting.Transition.Key}, []rules.Planned{ended, waiting}, at(0)))
		require.NoError(t, a.EndAction(t.Context(), ended.Key, store.ActionDone, "", at(5)))
		n, err := a.Prune(t.Context(), at(1000))
		require.NoError(t, err)
		assert.Equal(t, int64(2), n)
		assert.Equal(t, []string{waiting.Transition.Key}, keysOf(t, a, "ticket/35"))
		_, err = a.Action(t.Context(), waiting.Key)
		require.NoError(t, err)
	})
}

func TestAFailedRuleIsSkippedAndForgottenLikeOthers(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		p := planned("solved#1", "r", at(0))
		p.Failure, p.Limit, p.LimitKey = rules.FailurePrefix+"when cannot be evaluated", &rules.Limit{Count: 1, Per: rules.PerPerson, Within: time.Hour}, "r/user/9"
		require.NoError(t, a.RecordTransitions(t.Context(), []rules.Transition{p.Transition}, at(0)))
		require.NoError(t, a.PlanActions(t.Context(), []string{p.Transition.Key}, []rules.Planned{p, planned("solved#1", "other", at(0))}, at(1)))
		x, err := a.Action(t.Context(), p.Key)
		require.NoError(t, err)
		assert.Equal(t, []any{store.ActionSkipped, "the rule failed: when cannot be evaluated", at(1)}, []any{x.State, x.Reason, x.EndedAt.UTC()})
		waiting, err := a.UnfinishedActions(t.Context(), "ticket/35")
		require.NoError(t, err)
		require.Len(t, waiting, 1)
		for _, shadow := range []bool{false, true} {
			fired, err := a.Fired(t.Context(), []string{p.LimitKey}, shadow)
			require.NoError(t, err)
			assert.Empty(t, fired)
		}
		require.NoError(t, a.EndAction(t.Context(), waiting[0].Key, store.ActionSkipped, "pilot", at(2)))
		failures, err := a.CountFailures(t.Context())
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"r": 1}, failures)
		n, err := a.Prune(t.Context(), at(1000))
		require.NoError(t, err)
		assert.Equal(t, int64(3), n)
	})
}
