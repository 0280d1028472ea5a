package store_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestWebhookResultsAddUp(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, ctx := s.Account("acme"), t.Context()
		none, err := a.WebhookResults(ctx)
		require.NoError(t, err)
		assert.Empty(t, none)

		require.NoError(t, a.CountWebhooks(ctx, nil, at(0)))
		require.NoError(t, a.CountWebhooks(ctx, map[string]int64{"delivered": 3, "duplicate": 1}, at(10)))
		require.NoError(t, a.CountWebhooks(ctx, map[string]int64{"delivered": 2, "too_old": 0}, at(20)))
		require.NoError(t, a.CountWebhooks(ctx, map[string]int64{"delivered": 1}, at(5)), "of a server whose counts come late")
		require.NoError(t, s.Account("other").CountWebhooks(ctx, map[string]int64{"delivered": 9}, at(30)))

		got, err := a.WebhookResults(ctx)
		require.NoError(t, err)
		assert.Equal(t, []store.WebhookResult{
			{Result: "delivered", N: 6, LastAt: at(20)},
			{Result: "duplicate", N: 1, LastAt: at(10)},
		}, got)
	})
}

func TestWebhookResultsOfServersAtOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		const servers, rounds = 4, 10
		var all sync.WaitGroup
		for range servers {
			all.Go(func() {
				for range rounds {
					assert.NoError(t, s.Account("acme").CountWebhooks(t.Context(),
						map[string]int64{"delivered": 1, "duplicate": 2, "ignored": 3}, at(1)))
				}
			})
		}
		all.Wait()
		got, err := s.Account("acme").WebhookResults(t.Context())
		require.NoError(t, err)
		require.Len(t, got, 3)
		for i, r := range got {
			assert.EqualValues(t, servers*rounds*(i+1), r.N, r.Result)
		}
	})
}
