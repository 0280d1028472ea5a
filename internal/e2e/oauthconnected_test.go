package e2e_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/control"
	signing "zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

const (
	redirect = "http://127.0.0.1:8765/oauth/callback"
	// duringTheWait is when a backfill of connectedWorld has read eight pages, and waits.
	duringTheWait = 30 * time.Second
	verifier      = "a-verifier-that-is-as-long-as-the-standard-wants"
)

// connectedWorld is an account whose access tokens live so long, and whose backfill takes longer than a minute: after eight
// pages it waits for the next window.
func connectedWorld(t *testing.T, life time.Duration) *world {
	t.Helper()
	w := seeded(t, seed.Size{Users: 2400, Tickets: 9000, Organizations: 90}, 5, func(zo *zendesksim.Options, _ *brevosim.Options) {
		zo.ClientID, zo.RedirectURIs, zo.TokenTTL, zo.Plan, zo.EmptyPages = "brevo", []string{redirect}, life, zendesksim.Professional, true
	})
	w.connectBy(`oauth: {client_id: brevo}`)
	var err error
	w.box, err = seal.New(seal.Generate())
	require.NoError(t, err)
	w.watch = &watcher{}
	return w
}

// consent is what `starter connect` does once a person has agreed: it stores tokens and ends the pause.
func (w *world) consent(t testing.TB) {
	t.Helper()
	o := signing.Options{Store: w.account(), Box: w.box, Now: w.clock.Now}
	cfg := w.file(t).Ordered[0]
	app, err := signing.App(cfg, o)
	require.NoError(t, err)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(app.AuthorizationURL(redirect, "state", verifier, []string{"read"}))
	require.NoError(t, err)
	defer resp.Body.Close()
	to, err := resp.Location()
	require.NoError(t, err)
	tokens, err := app.Exchange(context.Background(), to.Query().Get("code"), redirect, verifier, []string{"read"})
	require.NoError(t, err)
	require.NoError(t, signing.Put(context.Background(), account, o, tokens))
	require.NoError(t, w.account().ClearPause(context.Background()))
}

// refusals counts the answers 401 that calls to the API got.
func (w *world) refusals() (n int) {
	for _, call := range w.zendesk.Log().Calls() {
		if call.Status == http.StatusUnauthorized {
			n++
		}
	}
	return n
}

// failedAttempts are the attempts that failed, but for waits.
func (w *world) failedAttempts() (out []string) {
	for _, f := range w.watch.Failures() {
		if kind := f.Err.Type(); kind != activities.ErrRateLimited && kind != activities.ErrBusy {
			out = append(out, kind+": "+f.Err.Message())
		}
	}
	return out
}

func TestAnAccessTokenThatEndsMidBackfillCostsNoPage(t *testing.T) {
	for name, revoke := range map[string]bool{"by itself": false, "by revocation": true} {
		t.Run(name, func(t *testing.T) {
			life, renewals := time.Minute, 2 // one because the run begins a minute later
			if revoke {
				life, renewals = 30*time.Minute, 1
			}
			w := connectedWorld(t, life)
			w.consent(t)
			want := expect(w.seed, w.portrait(t), wishes{})
			if revoke {
				w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
					env.RegisterDelayedCallback(func() { w.zendesk.RevokeTokens() }, duringTheWait)
				}
			}
			w.sync(t, workflows.SyncInput{})
			assert.Empty(t, w.failedAttempts())
			if revoke {
				assert.Positive(t, w.refusals())
			} else {
				assert.Zero(t, w.refusals(), "a token is replaced before its end")
			}
			assert.Equal(t, renewals, w.zendesk.Granted("refresh_token"))
			w.assertAs(t, want.want)
			assertNoTokens(t, w)
		})
	}
}

func TestARevokedConsentPausesAndGoesOnAfterConnect(t *testing.T) {
	w := connectedWorld(t, time.Minute) // so that the refusal is met by a renewal, and by no call to the API
	w.consent(t)
	want := expect(w.seed, w.portrait(t), wishes{})
	var message string
	var calls [2]int
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { w.zendesk.RevokeConsent() }, duringTheWait)
		env.RegisterDelayedCallback(func() {
			p := w.standing(t)
			assert.Equal(t, activities.PauseCredentials, p.Kind)
			message, calls[0] = p.Message, w.calls()
			assert.False(t, w.standsConnected(t))
		}, 2*time.Minute)
		env.RegisterDelayedCallback(func() {
			calls[1] = w.calls()
			w.consent(t)
		}, 5*time.Minute)
	}
	w.sync(t, workflows.SyncInput{})
	assert.Equal(t, "Zendesk no longer accepts the refresh token (invalid_grant): access was revoked, or not used for too long: run `starter connect`", message)
	assert.Equal(t, calls[0], calls[1], "nothing is called while the pause stands")
	assert.Equal(t, 2, w.zendesk.Granted("authorization_code"))
	w.assertAs(t, want.want)
	assertNoTokens(t, w)
}

// standsConnected is what `starter status` says of the connection.
func (w *world) standsConnected(t *testing.T) bool {
	t.Helper()
	s, err := control.Collect(t.Context(), config.DefaultConnector("zendesk", account), w.account(), func(context.Context) (*control.Engine, error) {
		return nil, errors.New("not asked")
	})
	require.NoError(t, err)
	return s.Connected
}

func TestAnAccountThatNobodyConnectedPauses(t *testing.T) {
	w := connectedWorld(t, 30*time.Minute)
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			assert.Equal(t, "Zendesk is not connected yet: run `starter connect`", w.standing(t).Message)
			assert.Zero(t, w.calls())
			w.consent(t)
		}, 90*time.Second)
	}
	w.sync(t, workflows.SyncInput{})
}

// assertNoTokens looks for what Zendesk issued in history and logs.
func assertNoTokens(t *testing.T, w *world) {
	t.Helper()
	var issued []string
	for _, call := range w.zendesk.Log().Calls() {
		if call.Path == "/oauth/tokens" {
			for _, word := range strings.FieldsFunc(string(call.Body), func(r rune) bool { return strings.ContainsRune(`",:{}`, r) }) {
				if len(word) == 64 { // codes and refresh tokens
					issued = append(issued, word)
				}
			}
		}
	}
	assert.NotEmpty(t, issued)
	for _, entry := range append(w.watch.Entries(), w.logs.String()) {
		for _, never := range append(issued, "Bearer ", verifier) {
			assert.NotContains(t, entry, never)
		}
	}
}
