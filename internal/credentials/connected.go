package credentials

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/wait"
	"zendesk-brevo/internal/zendesk"
)

const (
	leaseName = "zendesk_tokens"
	// refreshTimeout bounds the call that renews tokens. What Zendesk answers replaces what is stored, so the call is seen to its
	// end whatever becomes of the step that needed it: an answer given up on is lost.
	refreshTimeout = 10 * time.Second
	// leaseFor is how long others leave the renewing to one program: the call, and the time until its answer is stored.
	leaseFor = 2 * time.Minute
	// New tokens exist nowhere else: where the store does not take them it is tried every lookEvery until leaseMargin before the
	// lease ends, each time for storeTimeout at most.
	storeTimeout = 5 * time.Second
	leaseMargin  = 10 * time.Second
	// A call waits looks × lookEvery for the tokens that another program is about to store; then it is ErrBusy.
	looks     = 10
	lookEvery = 200 * time.Millisecond
)

// ErrBusy: another program renews the access token, and is not done yet.
var ErrBusy = errors.New("waiting until another program has renewed Zendesk's access token")

// Connected signs as an OAuth client, by the tokens in the store. It looks there before every call, so that it signs with what
// another program has just stored. It is safe for concurrent use and shows nothing of itself.
type Connected struct {
	vault
	cfg    *config.Connector
	opts   Options
	app    *zendesk.OAuthApp
	appErr error                // why there is no app
	client *zendesk.OAuthClient // nil: a public client, which has no other way in

	busy    chan struct{}        // holds one element while this program renews
	last    atomic.Pointer[Kept] // what was opened last
	unsaved atomic.Pointer[unsaved]
	refused atomic.Pointer[string] // the access token that Zendesk did not accept
}

// unsaved are renewed tokens that the store has not taken yet, and what it is to replace by them.
type unsaved struct {
	was string
	row store.Secret
}

func newConnected(cfg *config.Connector, o Options) *Connected {
	c := &Connected{
		vault: vault{account: o.Store, name: cfg.Account(), box: o.Box}, cfg: cfg, opts: o, busy: make(chan struct{}, 1),
	}
	if c.opts.Sleep == nil {
		c.opts.Sleep = wait.For
	}
	c.app, c.appErr = App(cfg, o)
	if !cfg.Auth.OAuth.ClientSecret.IsZero() {
		c.client = Client(cfg, o)
	}
	return c
}

// Authorize signs a request. Its errors are a *Problem, ErrBusy, a *rest.Error of the route /oauth/tokens, or the store's.
func (c *Connected) Authorize(ctx context.Context, r *http.Request) error {
	kept, err := c.tokens(ctx)
	switch {
	case errors.Is(err, ErrNone) && c.client != nil:
		return c.client.Authorize(ctx, r)
	case errors.Is(err, ErrNone):
		return &Problem{Cause: "Zendesk is not connected yet", Fix: Connect}
	case err != nil:
		return err
	}
	rest.SignBearer(r, kept.Access)
	return nil
}

// Refused hears of a request that Zendesk answered 401, and reports whether to sign it anew: with tokens that were stored in
// the meantime, or renewed ones. It is not where a token was refused in whose place this one came less than a minute ago.
func (c *Connected) Refused(r *http.Request) bool {
	kept := c.last.Load()
	switch {
	case kept == nil || !rest.SignedWith(r, kept.Access):
		return c.client == nil || c.client.Refused(r)
	case kept.Refresh == "":
		// They cannot be renewed, and the refusal may be of this host alone: a later call tries them again.
		now, err := c.look(r.Context())
		return err == nil && now.Access != kept.Access
	case kept.replacement && c.opts.Now().Before(kept.AskedAt.Add(rest.RenewPause)):
		return false
	}
	c.refused.Store(&kept.Access)
	return true
}

// tokens are the stored ones, renewed if need be.
func (c *Connected) tokens(ctx context.Context) (Kept, error) {
	kept, err := c.look(ctx)
	if err != nil || !c.due(kept) {
		return kept, err
	}
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-ctx.Done():
		return Kept{}, ctx.Err()
	}
	if lock := c.opts.Renewing; lock != nil {
		if !lock.TryRLock() { // the program ends: another one renews
			return Kept{}, ErrBusy
		}
		defer lock.RUnlock()
	}
	return c.renew(ctx)
}

// look reads the stored tokens, and opens them if they are not those that were opened last. Renewed tokens that the store has
// not taken yet come first: what it holds in their place has ended.
func (c *Connected) look(ctx context.Context) (Kept, error) {
	if err := c.save(ctx); err != nil {
		return Kept{}, err
	}
	row, err := c.row(ctx)
	if err != nil {
		return Kept{}, err
	}
	if last := c.last.Load(); last != nil && last.sealed == row.Sealed {
		return *last, nil
	}
	kept, err := c.open(row)
	if err == nil {
		c.last.Store(&kept)
	}
	return kept, err
}

// due says whether tokens are to be renewed before they are used. Those that cannot be renewed are used until Zendesk refuses them.
func (c *Connected) due(kept Kept) bool {
	if refused := c.refused.Load(); refused != nil && *refused == kept.Access {
		return true
	}
	due := kept.Due()
	return kept.Refresh != "" && !due.IsZero() && !c.opts.Now().Before(due)
}

// renew gets new tokens, or waits for those that another program gets.
func (c *Connected) renew(ctx context.Context) (Kept, error) {
	owner := rand.Text()
	for n := 0; ; n++ {
		kept, err := c.look(ctx)
		switch {
		case err != nil || !c.due(kept):
			return kept, err
		case c.appErr != nil:
			return Kept{}, c.appErr
		}
		begun := c.opts.Now()
		taken, unfinished, err := c.account.TakeLease(ctx, leaseName, owner, leaseFor, begun)
		if err != nil {
			return Kept{}, err
		}
		if taken {
			return c.refresh(ctx, owner, begun, unfinished)
		}
		if n == looks {
			return Kept{}, ErrBusy
		}
		if err := c.opts.Sleep(ctx, lookEvery); err != nil {
			return Kept{}, err
		}
	}
}

// refresh renews while it holds the lease. A program that dies between Zendesk's answer and the storing of it takes the tokens
// with it, for Zendesk has ended the old ones: the lease remembers that this renewal was begun, and whoever meets the refusal
// that follows says so. While the store does not take the tokens the lease stays, so that it ends by itself.
func (c *Connected) refresh(ctx context.Context, owner string, begun, unfinished time.Time) (kept Kept, err error) {
	ctx = context.WithoutCancel(ctx)
	defer func() {
		if c.unsaved.Load() != nil {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		if lease := c.account.EndLease(ctx, leaseName, owner, unfinished); lease != nil && err == nil {
			err = lease
		}
	}()
	kept, err = c.lookBriefly(ctx)
	if err != nil || !c.due(kept) { // somebody renewed between the look and the lease
		return kept, err
	}
	call, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	fresh, err := c.app.Refresh(call, kept.Refresh)
	if err == nil {
		unfinished = begun
		renewed, err := c.keep(ctx, kept, fresh, begun.Add(leaseFor-leaseMargin))
		if err == nil {
			unfinished = time.Time{}
		}
		return renewed, err
	}
	var answer *rest.Error
	if zendesk.IsInvalidGrant(err) {
		// A program whose clock is behind may have renewed all the same, and be about to store what it got.
		for n := 0; ; n++ {
			now, looked := c.lookBriefly(ctx)
			if looked != nil || now.sealed != kept.sealed {
				return now, looked
			}
			if n == looks || c.opts.Sleep(ctx, lookEvery) != nil {
				return Kept{}, revoked(kept, unfinished, err)
			}
		}
	}
	if errors.As(err, &answer) && answer.MayHaveArrived() && unfinished.IsZero() {
		unfinished = begun
	}
	return Kept{}, err
}

// keep stores new tokens, unless somebody connected the account anew in the meantime: then those of the store are used. After
// deadline the tokens stay in memory, and the next look stores them. What the answer left out is as before.
// https://www.rfc-editor.org/rfc/rfc6749#section-6
func (c *Connected) keep(ctx context.Context, was Kept, fresh zendesk.Tokens, deadline time.Time) (Kept, error) {
	if fresh.Refresh == "" {
		fresh.Refresh = was.Refresh
		if fresh.RefreshUntil.IsZero() {
			fresh.RefreshUntil = was.RefreshUntil
		}
	}
	fresh.Scope = cmp.Or(fresh.Scope, was.Scope)
	refused := c.refused.Load()
	row, err := c.seal(fresh, refused != nil && *refused == was.Access, c.opts.Now())
	if err != nil {
		return Kept{}, err
	}
	c.unsaved.Store(&unsaved{was: was.sealed, row: row})
	for {
		kept, err := c.lookBriefly(ctx)
		if err == nil || c.unsaved.Load() == nil || !c.opts.Now().Before(deadline) || c.opts.Sleep(ctx, lookEvery) != nil {
			return kept, err
		}
	}
}

// save stores the tokens that are not stored yet, if there are any.
func (c *Connected) save(ctx context.Context) error {
	u := c.unsaved.Load()
	if u == nil {
		return nil
	}
	if _, err := c.account.ReplaceSecret(ctx, u.was, u.row); err != nil {
		return fmt.Errorf("store renewed tokens: %w", err)
	}
	c.unsaved.CompareAndSwap(u, nil)
	return nil
}

// lookBriefly is a look that does not outlast the lease.
func (c *Connected) lookBriefly(ctx context.Context) (Kept, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return c.look(ctx)
}

// revoked says why the account needs a person.
func revoked(kept Kept, unfinished time.Time, err error) *Problem {
	p := &Problem{
		Cause: "Zendesk no longer accepts the refresh token (invalid_grant): access was revoked, or not used for too long", Fix: Connect, err: err,
	}
	if unfinished.After(kept.AskedAt) {
		p.Cause = fmt.Sprintf("Zendesk no longer accepts the refresh token (invalid_grant): the renewal begun at %s was not seen to its end, "+
			"and the tokens that it brought are lost", unfinished.UTC().Format(time.RFC3339))
	}
	return p
}

// Format keeps every verb from printing a secret or a token.
func (*Connected) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

func (*Connected) String() string       { return "[redacted]" }
func (*Connected) GoString() string     { return "[redacted]" }
func (*Connected) LogValue() slog.Value { return slog.StringValue("[redacted]") }
