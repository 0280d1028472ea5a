package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

// A limit per person counts for whom the rule reaches, and for everybody who has become them.
func TestALimitPerPersonFollowsThePerson(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		open := func(transition string, who store.Acting) store.ActionState {
			p := planned(transition, "ask", at(0))
			p.Rule, p.Limit, p.LimitKey = "ask", &rules.Limit{Per: rules.PerPerson, Count: 1, Within: time.Hour}, rules.PersonKey("ask", 9)
			require.NoError(t, a.PlanActions(t.Context(), nil, []rules.Planned{p}, at(1)))
			read, err := a.Action(t.Context(), p.Key)
			require.NoError(t, err)
			out, err := a.OpenAction(t.Context(), &read, who, at(2))
			require.NoError(t, err)
			return out.State
		}
		assert.Equal(t, store.ActionOpen, open("solved#1", store.Acting{User: 7}), "planned for 9, it reached 7")
		assert.Equal(t, store.ActionLimited, open("solved#2", store.Acting{User: 7}))
		assert.Equal(t, store.ActionOpen, open("solved#3", store.Acting{User: 9}))
		assert.Equal(t, store.ActionOpen, open("solved#4", store.Acting{User: 11}))

		require.NoError(t, a.AddMerge(t.Context(), store.Merge{LoserID: 7, WinnerID: 8, At: at(1)}, at(1)))
		require.NoError(t, a.AddMerge(t.Context(), store.Merge{LoserID: 8, WinnerID: 10, At: at(1)}, at(1)))
		assert.Equal(t, store.ActionLimited, open("solved#5", store.Acting{User: 10}), "7 became 8, and 8 became 10")
		assert.Equal(t, store.ActionOpen, open("solved#6", store.Acting{User: 12}))
	})
}

func TestInShadowTheLimitCountsWhatWouldHaveBeenDone(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		open := func(transition string, shadow bool) store.ActionState {
			p := planned(transition, "ask", at(0))
			p.Rule, p.Limit, p.LimitKey = "ask", &rules.Limit{Per: rules.PerPerson, Count: 1, Within: time.Hour}, rules.PersonKey("ask", 9)
			require.NoError(t, a.PlanActions(t.Context(), nil, []rules.Planned{p}, at(1)))
			read, err := a.Action(t.Context(), p.Key)
			require.NoError(t, err)
			out, err := a.OpenAction(t.Context(), &read, store.Acting{User: 9, Shadow: shadow}, at(2))
			require.NoError(t, err)
			stored, err := a.Action(t.Context(), p.Key)
			require.NoError(t, err)
			assert.Equal(t, out.State, stored.State)
			return out.State
		}
		assert.Equal(t, store.ActionShadow, open("solved#1", true))
		assert.Equal(t, store.ActionLimited, open("solved#2", true))
		assert.Equal(t, store.ActionOpen, open("solved#3", false), "what was not done does not count against what is")
		assert.Equal(t, store.ActionLimited, open("solved#4", false))
	})
}
