// Package activities holds the steps that touch the world: they read Zendesk, keep the mirror, and write Brevo. Every
// step first honours a pause, decides from the store alone, and may be repeated at any point.
package activities

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/wait"
)

// HeartbeatTimeout is how soon a worker that died in the middle of a step is noticed.
const HeartbeatTimeout = 10 * time.Second

// Options are what the steps need. File and Store are required.
type Options struct {
	File  *config.File
	Store *store.Store
	HTTP  *http.Client     // nil: one that honours proxies and never follows redirects
	Now   func() time.Time // nil: time.Now
	// Sleep waits out a short rate-limit pause without giving up the worker slot; nil: a timer.
	Sleep func(ctx context.Context, d time.Duration) error
	Waker Waker     // nil: what a sync recorded waits for webhooks, and offering it fails
	Box   *seal.Box // of ENCRYPTION_KEY; nil: there is none, and tokens of Zendesk that are stored cannot be used
	Log   *slog.Logger
	// Called gives what hears of each call to an account's vendors; nil: nobody does.
	Called func(account string) func(context.Context, rest.Call)
}

// Activities groups the steps by what they touch.
type Activities struct {
	Account *Account // the account's own book-keeping, and steps that read both vendors
	Zendesk *Zendesk // reads Zendesk into the mirror
	Brevo   *Brevo   // brings Brevo up to date with the mirror
}

// New builds the steps over one configuration and one store.
func New(o Options) *Activities {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = wait.For
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &connections{opts: o, open: map[string]*connection{}}
	return &Activities{Account: &Account{c}, Zendesk: &Zendesk{c}, Brevo: &Brevo{c}}
}

// Settle waits until no access token is being renewed, and lets none be renewed from then on; it gives up with ctx. It is for
// the end of a program: the vendor's answer to a renewal exists nowhere else until it is stored.
func (a *Activities) Settle(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		a.Account.connections.renewing.Lock()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Account is the steps that keep an account's books.
type Account struct{ connections *connections }

// Zendesk is the steps that read Zendesk into the mirror.
type Zendesk struct{ connections *connections }

// Brevo is the steps that write Brevo.
type Brevo struct{ connections *connections }

// do runs one step: it finds the account's connection, honours a pause, keeps the heartbeat going, and turns whatever
// failed into the outcome that the policies know.
func do[T any](ctx context.Context, c *connections, account string, step func(context.Context, *connection) (T, error)) (T, error) {
	var zero T
	conn, err := c.get(account)
	if err != nil {
		return zero, configurationError(err)
	}
	if err := conn.honourPause(ctx); err != nil {
		return zero, err
	}
	defer keepAlive(ctx)()
	out, err := step(context.WithValue(ctx, working{}, true), conn)
	if err != nil {
		return zero, conn.outcome(ctx, err)
	}
	return out, nil
}

// keepAlive heartbeats until the returned function is called, so that long calls and long computations look alive.
func keepAlive(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(HeartbeatTimeout / 4)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { close(done) }
}
