package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
)

// signingPrefix begins the names of stored signing secrets: "webhook_signing/<webhook>", and
// "webhook_signing/<webhook>/previous" while one is being replaced.
const signingPrefix = "webhook_signing/"

// sealedSecrets are the signing secrets in the store, which holds no key to them.
type sealedSecrets struct {
	store *lateStore
	box   *seal.Box // nil: there is no key
	log   *slog.Logger
	now   func() time.Time

	mu  sync.Mutex
	bad map[string]bool // what has been reported, by what was sealed
}

// errKeyless is why nothing stored can be opened while ENCRYPTION_KEY is not set.
var errKeyless = errors.New("ENCRYPTION_KEY is not set here: set it to the key that the secret was sealed with")

// storedSecrets returns the source of stored secrets. Without a key none of them counts: then it only tells so.
func storedSecrets(key config.Secret, st *lateStore, log *slog.Logger, now func() time.Time) (SecretSource, error) {
	s := &sealedSecrets{store: st, log: log, now: now, bad: map[string]bool{}}
	if key.IsZero() {
		return s, nil
	}
	box, err := seal.New(key.Reveal())
	if err != nil {
		return nil, err
	}
	s.box = box
	return s, nil
}

// Secrets implements SecretSource. A secret that cannot be opened is left out, and reported once with what to do.
func (s *sealedSecrets) Secrets(ctx context.Context, account string) ([]Secret, error) {
	rows, err := s.rows(ctx, account)
	if err != nil {
		if s.box == nil {
			return nil, nil // there is nothing to wait for
		}
		return nil, err
	}
	var out []Secret
	for _, row := range rows {
		if !row.ExpiresAt.IsZero() && !s.now().Before(row.ExpiresAt) {
			continue
		}
		value, err := s.open(row, account)
		if err != nil {
			s.report(account, row, err)
			continue
		}
		out = append(out, Secret{Value: value, Until: row.ExpiresAt})
	}
	return out, nil
}

func (s *sealedSecrets) rows(ctx context.Context, account string) ([]store.Secret, error) {
	st, err := s.store.get()
	if err != nil {
		return nil, err
	}
	return st.Account(account).Secrets(ctx, signingPrefix)
}

func (s *sealedSecrets) open(row store.Secret, account string) (string, error) {
	if s.box == nil {
		return "", errKeyless
	}
	return s.box.Open(row.KeyID, row.Sealed, account+"/"+row.Name)
}

func (s *sealedSecrets) report(account string, row store.Secret, err error) {
	s.mu.Lock()
	known := s.bad[row.Sealed]
	s.bad[row.Sealed] = true
	s.mu.Unlock()
	if !known {
		s.log.Error("a stored signing secret cannot be opened: what it signs is refused", "account", account, "name", row.Name, "error", err)
	}
}
