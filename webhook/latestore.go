package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/wait"
)

// errStoreAway: the store has not been opened yet.
var errStoreAway = errors.New("the store is not open yet")

const (
	openTimeout   = 30 * time.Second
	openAtOnce    = 2 * time.Second // how long the server's start waits for the store
	firstOpenWait = time.Second
	lastOpenWait  = 30 * time.Second
)

// lateStore is a store that need not answer when the server starts: it is opened in the background, however long that takes.
// Once open, the database's driver finds the way back by itself.
type lateStore struct {
	open func(context.Context) (*store.Store, error)
	log  *slog.Logger
	mu   sync.Mutex
	st   *store.Store
}

// run returns once the store is open, or ctx ends.
func (s *lateStore) run(ctx context.Context) {
	for again := firstOpenWait; ctx.Err() == nil; again = min(2*again, lastOpenWait) {
		err := s.attempt(ctx, openTimeout)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			s.log.Warn("the store cannot be opened: deliveries are taken all the same, with the secrets of ZENDESK_WEBHOOK_SECRET",
				"error", err, "again_in", again)
		}
		_ = wait.For(ctx, again) // the loop asks for the end of ctx itself
	}
}

// attempt opens the store, unless it is open.
func (s *lateStore) attempt(ctx context.Context, within time.Duration) error {
	if _, err := s.get(); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	st, err := s.open(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.st = st
	s.mu.Unlock()
	s.log.Info("store open")
	return nil
}

// get returns the store, or errStoreAway.
func (s *lateStore) get() (*store.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.st == nil {
		return nil, errStoreAway
	}
	return s.st, nil
}

func (s *lateStore) ping(ctx context.Context) error {
	st, err := s.get()
	if err != nil {
		return err
	}
	return st.Ping(ctx)
}

// CountWebhooks implements countSink.
func (s *lateStore) CountWebhooks(ctx context.Context, account string, n map[string]int64, at time.Time) error {
	st, err := s.get()
	if err != nil {
		return fmt.Errorf("count webhooks: %w", err)
	}
	return st.Account(account).CountWebhooks(ctx, n, at)
}

// close is called after run has returned.
func (s *lateStore) close() {
	if st, err := s.get(); err == nil {
		if err := st.Close(); err != nil {
			s.log.Error("close store", "error", err)
		}
	}
}
