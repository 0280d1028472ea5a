package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/wait"
)

// Secret is a signing secret of an account.
type Secret struct {
	Value string
	Until time.Time // zero: until it is replaced
}

// SecretSource tells the signing secrets that were installed.
type SecretSource interface {
	// Secrets returns those of an account, possibly expired ones among them. After an error the ones that were known before
	// stay in force.
	Secrets(ctx context.Context, account string) ([]Secret, error)
}

const (
	reloadEvery   = 30 * time.Second
	retryEvery    = 5 * time.Second // after an error
	reloadTimeout = 2 * time.Second
	// demandEvery bounds how often forged signatures make the source be asked.
	demandEvery = time.Second
)

// keyring holds the secrets in force of each account: the fixed ones, and what the source last told.
type keyring struct {
	fixed    []string     // of every account: connectors.yaml has one that is enabled
	source   SecretSource // nil: there are only the fixed ones
	log      *slog.Logger
	now      func() time.Time
	accounts map[string]*keys // never changes
}

// keys are the stored secrets of one account.
type keys struct {
	mu            sync.Mutex
	stored        []Secret
	known         bool // the source has answered once
	failing       bool // the source's last answer was an error
	begun, newest int  // how often it was asked, and which of those stored is the answer to

	asked   time.Time     // when it was last asked on demand
	reading chan struct{} // closed when that answer is there; nil: nobody waits for one
}

func newKeyring(fixed config.Secrets, source SecretSource, connectors []*config.Connector, log *slog.Logger, now func() time.Time) *keyring {
	k := &keyring{source: source, log: log, now: now, accounts: map[string]*keys{}}
	for _, secret := range fixed {
		k.fixed = append(k.fixed, secret.Reveal())
	}
	for _, cfg := range connectors {
		k.accounts[cfg.Account()] = &keys{known: source == nil}
	}
	return k
}

// inForce returns the secrets of an account. known is false while the source has never answered: there may be others.
func (k *keyring) inForce(account string) (secrets []string, known bool) {
	keys, now := k.accounts[account], k.now()
	keys.mu.Lock()
	defer keys.mu.Unlock()
	secrets = slices.Clone(k.fixed)
	for _, secret := range keys.stored {
		if secret.Until.IsZero() || now.Before(secret.Until) {
			secrets = append(secrets, secret.Value)
		}
	}
	return secrets, keys.known
}

// renew asks the source, unless that was done in the last second, and returns when the answer is there. So a secret works as
// soon as it is installed, and whoever comes while somebody asks waits for that answer.
func (k *keyring) renew(ctx context.Context, account string) {
	if k.source == nil {
		return
	}
	keys := k.accounts[account]
	keys.mu.Lock()
	if reading := keys.reading; reading != nil {
		keys.mu.Unlock()
		select {
		case <-reading:
		case <-ctx.Done():
		}
		return
	}
	now := k.now()
	if !keys.asked.IsZero() && now.Sub(keys.asked) < demandEvery {
		keys.mu.Unlock()
		return
	}
	reading := make(chan struct{})
	keys.reading, keys.asked = reading, now
	keys.mu.Unlock()
	defer func() {
		keys.mu.Lock()
		keys.reading = nil
		keys.mu.Unlock()
		close(reading)
	}()
	k.load(ctx, account)
}

// load asks the source. Of two answers the one that was asked for later counts, whichever comes first.
func (k *keyring) load(ctx context.Context, account string) {
	keys := k.accounts[account]
	keys.mu.Lock()
	keys.begun++
	mine := keys.begun
	keys.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reloadTimeout)
	defer cancel()
	stored, err := k.source.Secrets(ctx, account)

	keys.mu.Lock()
	before := keys.failing
	keys.failing = err != nil
	if err == nil && mine > keys.newest {
		keys.stored, keys.known, keys.newest = stored, true, mine
	}
	keys.mu.Unlock()
	switch {
	case err != nil && !before:
		k.log.Warn("stored signing secrets cannot be read: those that are known stay in force", "account", account, "error", err)
	case err == nil && before:
		k.log.Info("stored signing secrets can be read again", "account", account)
	}
}

// run asks the source every 30 seconds until ctx ends, sooner after an error.
func (k *keyring) run(ctx context.Context) {
	for k.source != nil && ctx.Err() == nil {
		again := reloadEvery
		for account, keys := range k.accounts {
			k.load(ctx, account)
			keys.mu.Lock()
			if keys.failing {
				again = retryEvery
			}
			keys.mu.Unlock()
		}
		_ = wait.For(ctx, again) // the loop asks for the end of ctx itself
	}
}
