package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

func TestSeenForgetsInTime(t *testing.T) {
	c := &clock{at: noon}
	s := newSeen(15*time.Minute, 100, c.now)
	s.add("a")
	c.move(14 * time.Minute)
	s.add("b")
	assert.True(t, s.has("a"))
	c.move(time.Minute)
	s.add("c")
	assert.True(t, s.has("a"), "kept for at least as long")
	c.move(15 * time.Minute)
	assert.False(t, s.has("a"))
	assert.False(t, s.has("b"))
	assert.True(t, s.has("c"))
	c.move(30 * time.Minute)
	assert.False(t, s.has("c"), "nothing came for a while")
	s.add("")
	assert.False(t, s.has(""), "no id is no repetition")
}

func TestSeenStaysSmall(t *testing.T) {
	const most = 100
	c := &clock{at: noon}
	s := newSeen(15*time.Minute, most, c.now)
	for i := range 10 * most {
		s.add(fmt.Sprint(i))
		require.True(t, s.has(fmt.Sprint(i)))
		require.True(t, s.has(fmt.Sprint(max(0, i-most+1))), "the latest are remembered")
		require.LessOrEqual(t, len(s.young)+len(s.old), 2*most)
	}
}

func TestQuiet(t *testing.T) {
	c := &clock{at: noon}
	q := newQuiet(c.now)
	held, ok := q.may("a")
	assert.True(t, ok)
	assert.Zero(t, held)
	for range 5 {
		_, ok = q.may("a")
		assert.False(t, ok)
	}
	_, ok = q.may("b")
	assert.True(t, ok)
	c.move(quietFor)
	held, ok = q.may("a")
	assert.True(t, ok)
	assert.Equal(t, 5, held)
}

// ledger is a sink for counts.
type ledger struct {
	mu   sync.Mutex
	n    map[string]int64
	last time.Time
	err  error
	asks int
}

func (l *ledger) CountWebhooks(_ context.Context, account string, n map[string]int64, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asks++
	if l.err != nil {
		return l.err
	}
	for result, n := range n {
		l.n[account+" "+result] += n
	}
	l.last = at
	return nil
}

func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// TestCountsWaitForTheStore: they are written every two seconds; what cannot be written is kept, with its time.
func TestCountsWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l, log := newCounts(), &ledger{n: map[string]int64{}}, &diary{}
		ctx, stop := context.WithCancel(t.Context())
		go c.run(ctx, l, config.NewLogger(log, config.LogText, config.LevelInfo))
		start := time.Now()
		c.add("acme", resultDelivered, start)
		c.add("acme", resultDelivered, start.Add(time.Second))
		c.add("acme", resultDuplicate, start)
		c.add("other", resultTooOld, start)
		time.Sleep(flushEvery)
		synctest.Wait()
		assert.Equal(t, map[string]int64{"acme delivered": 2, "acme duplicate": 1, "other too_old": 1}, l.n)
		time.Sleep(10 * flushEvery)
		synctest.Wait()
		assert.Equal(t, 2, l.asks, "nothing to write, nothing written")

		l.fail(errors.New("no route to host"))
		came := time.Now()
		c.add("acme", resultDelivered, came)
		time.Sleep(flushEvery)
		c.add("acme", resultDelivered, came.Add(-time.Minute))
		time.Sleep(5 * flushEvery)
		synctest.Wait()
		l.fail(nil)
		time.Sleep(flushEvery)
		synctest.Wait()
		assert.EqualValues(t, 4, l.n["acme delivered"])
		assert.Equal(t, came, l.last)
		assert.Contains(t, log.String(), "counts of webhooks are kept")
		assert.Contains(t, log.String(), "takes counts of webhooks again")
		stop()
		synctest.Wait()
	})
}

// TestStoreThatOpensLate: it is tried again until it opens, less and less often.
func TestStoreThatOpensLate(t *testing.T) {
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		log, start := &diary{}, time.Now()
		var tries []time.Duration
		s := &lateStore{log: config.NewLogger(log, config.LogText, config.LevelInfo), open: func(context.Context) (*store.Store, error) {
			if tries = append(tries, time.Since(start)); len(tries) < 8 {
				return nil, errors.New("no route to host")
			}
			return st, nil
		}}
		var done sync.WaitGroup
		done.Go(func() { s.run(t.Context()) })
		synctest.Wait()
		require.ErrorIs(t, s.ping(t.Context()), errStoreAway)
		require.ErrorIs(t, s.CountWebhooks(t.Context(), "acme", map[string]int64{resultDelivered: 1}, noon), errStoreAway)
		done.Wait()
		const s1 = time.Second
		assert.Equal(t, []time.Duration{0, 1 * s1, 3 * s1, 7 * s1, 15 * s1, 31 * s1, 61 * s1, 91 * s1}, tries)
		assert.Contains(t, log.String(), "no route to host")
		assert.Contains(t, log.String(), "store open")
		got, err := s.get()
		require.NoError(t, err)
		assert.Same(t, st, got)
	})
	require.NoError(t, st.Close())
}

func TestStoreThatNeverOpensIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		s := &lateStore{log: config.NewLogger(&diary{}, config.LogText, config.LevelInfo), open: func(ctx context.Context) (*store.Store, error) {
			<-ctx.Done() // a host that swallows packets
			return nil, ctx.Err()
		}}
		s.run(ctx)
		s.close()
		assert.ErrorIs(t, s.ping(t.Context()), errStoreAway)
	})
}
