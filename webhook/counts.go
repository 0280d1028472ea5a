package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	flushEvery   = 2 * time.Second
	flushTimeout = 5 * time.Second
)

// countSink keeps counts for those who look at them later. CountWebhooks adds; after an error the same counts come again.
type countSink interface {
	CountWebhooks(ctx context.Context, account string, n map[string]int64, at time.Time) error
}

// counts gathers what became of requests until it can be written down: one write in a while, however many requests come.
type counts struct {
	mu sync.Mutex
	of map[string]*tally // by account
}

// tally counts the results of one account.
type tally struct {
	n    map[string]int64
	last time.Time
}

func newCounts() *counts { return &counts{of: map[string]*tally{}} }

func (c *counts) add(account, result string, at time.Time) {
	c.merge(account, &tally{n: map[string]int64{result: 1}, last: at})
}

func (c *counts) merge(account string, more *tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.of[account]
	if t == nil {
		c.of[account] = more
		return
	}
	for result, n := range more.n {
		t.n[result] += n
	}
	if more.last.After(t.last) {
		t.last = more.last
	}
}

// flush writes what has been gathered. What cannot be written is kept for the next time; the error is the last of them.
func (c *counts) flush(ctx context.Context, sink countSink) error {
	c.mu.Lock()
	gathered := c.of
	c.of = map[string]*tally{}
	c.mu.Unlock()
	var failed error
	for account, t := range gathered {
		if err := sink.CountWebhooks(ctx, account, t.n, t.last); err != nil {
			failed = err
			c.merge(account, t)
		}
	}
	return failed
}

// run flushes every two seconds until ctx ends. The log hears of the first failure of a row, and of its end.
func (c *counts) run(ctx context.Context, sink countSink, log *slog.Logger) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	away := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, cancel := context.WithTimeout(ctx, flushTimeout)
		err := c.flush(limited, sink)
		cancel()
		switch {
		case err != nil && !away:
			log.Warn("counts of webhooks are kept until the store takes them", "error", err)
		case err == nil && away:
			log.Info("the store takes counts of webhooks again")
		}
		away = err != nil
	}
}
