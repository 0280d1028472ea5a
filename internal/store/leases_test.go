package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestLeases(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		take := func(owner string, now int) (bool, time.Time) {
			t.Helper()
			taken, unfinished, err := a.TakeLease(c, "tokens", owner, time.Minute, at(now))
			require.NoError(t, err)
			return taken, unfinished
		}
		taken, unfinished := take("one", 0)
		assert.True(t, taken)
		assert.Zero(t, unfinished)
		for _, owner := range []string{"two", "one"} { // an owner is one attempt: even the same may not begin again
			taken, _ = take(owner, 59)
			assert.False(t, taken)
		}
		taken, _, err := s.Account("other").TakeLease(c, "tokens", "two", time.Minute, at(1))
		require.NoError(t, err)
		assert.True(t, taken, "each account has its own")

		require.NoError(t, a.EndLease(c, "tokens", "two", time.Time{}))
		taken, _ = take("two", 59)
		assert.False(t, taken, "only its owner ends a lease")

		// The first one died.
		taken, unfinished = take("two", 60)
		assert.True(t, taken)
		assert.Equal(t, at(0), unfinished)
		require.NoError(t, a.EndLease(c, "tokens", "one", time.Time{}))
		taken, _ = take("three", 61)
		assert.False(t, taken, "what the first one says late changes nothing")

		// The second does not know how its work ended, and the third does.
		require.NoError(t, a.EndLease(c, "tokens", "two", at(60)))
		taken, unfinished = take("three", 61)
		assert.True(t, taken)
		assert.Equal(t, at(60), unfinished)
		require.NoError(t, a.EndLease(c, "tokens", "three", time.Time{}))
		taken, unfinished = take("four", 62)
		assert.True(t, taken)
		assert.Zero(t, unfinished)
	})
}

func TestOneOfManyTakesALease(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			url := address(t)
			open(t, url)
			var all sync.WaitGroup
			var holders atomic.Int32
			for i := range 8 {
				a := open(t, url).Account("acme")
				all.Go(func() {
					taken, _, err := a.TakeLease(t.Context(), "tokens", fmt.Sprint(i), time.Minute, at(0))
					if assert.NoError(t, err) && taken {
						holders.Add(1)
					}
				})
			}
			all.Wait()
			assert.EqualValues(t, 1, holders.Load())
		})
	}
}

func TestASecretIsReplacedOnce(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, err := a.Secret(c, "tokens")
		require.ErrorIs(t, err, store.ErrNotFound)
		first := store.Secret{Name: "tokens", KeyID: "k1", Sealed: "first", CreatedAt: at(0)}
		replaced, err := a.ReplaceSecret(c, "", first)
		require.NoError(t, err)
		assert.False(t, replaced, "there is nothing to replace")
		require.NoError(t, a.PutSecret(c, first))
		second := store.Secret{Name: "tokens", KeyID: "k2", Sealed: "second", CreatedAt: at(1), ExpiresAt: at(9)}
		for _, want := range []bool{true, false} {
			replaced, err = a.ReplaceSecret(c, "first", second)
			require.NoError(t, err)
			assert.Equal(t, want, replaced)
		}
		got, err := a.Secret(c, "tokens")
		require.NoError(t, err)
		assert.Equal(t, second, got)
	})
}
