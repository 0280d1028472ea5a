package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/pgtest"
	"zendesk-brevo/internal/store/storetest"
	"zendesk-brevo/internal/zendesk"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var engines = map[string]func(testing.TB) string{
	"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "connector.db") },
	"postgres": pgtest.URL,
}

const redirect = "http://127.0.0.1:8765/oauth/callback"

// site is a connected account: a simulated Zendesk and a store with its tokens.
type site struct {
	sim   *zendesksim.Server
	cfg   *config.Connector
	url   string // of the store
	key   string
	later atomic.Int64
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func (s *site) now() time.Time { return noon.Add(time.Duration(s.later.Load())) }

func (s *site) pass(d time.Duration) { s.later.Add(int64(d)) }

func newSite(t *testing.T, storeURL string, opts zendesksim.Options) *site {
	t.Helper()
	s := &site{url: storeURL, key: seal.Generate()}
	opts.Account, opts.Plan, opts.Clock = seed.New(seed.Size{Users: 10}, 1), zendesksim.Unlimited, sim.NewClock(s.now, 1)
	opts.ClientID, opts.RedirectURIs = "connector", []string{redirect}
	s.sim = zendesksim.New(opts)
	running, err := s.sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = running.Close() })
	s.cfg = config.DefaultConnector("zendesk", "acme")
	s.cfg.BaseURL = running.URL
	s.cfg.Auth.OAuth = config.OAuth{ClientID: "connector", ClientSecret: config.NewSecret(opts.ClientSecret), Scopes: []string{"read"}}
	return s
}

// options are those of a program of its own.
func (s *site) options(t *testing.T) credentials.Options {
	t.Helper()
	st, err := store.Open(t.Context(), s.url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = st.Close() })
	box, err := seal.New(s.key)
	require.NoError(t, err)
	return credentials.Options{Store: st.Account("acme"), Box: box, Now: s.now}
}

// worker is a client of Zendesk in a program of its own.
func (s *site) worker(t *testing.T, o credentials.Options) *zendesk.Client {
	t.Helper()
	c, err := zendesk.New(zendesk.Config{BaseURL: s.cfg.URL(), Credential: credentials.Zendesk(s.cfg, o), Now: s.now})
	require.NoError(t, err)
	return c
}

// connect stores tokens as `starter connect` does.
func (s *site) connect(t *testing.T, o credentials.Options) {
	t.Helper()
	app, err := credentials.App(s.cfg, o)
	require.NoError(t, err)
	resp, err := direct.Get(app.AuthorizationURL(redirect, "state", "a-verifier-that-is-long-enough-for-the-standard", []string{"read"}))
	require.NoError(t, err)
	defer resp.Body.Close()
	to, err := resp.Location()
	require.NoError(t, err)
	tokens, err := app.Exchange(t.Context(), to.Query().Get("code"), redirect, "a-verifier-that-is-long-enough-for-the-standard", []string{"read"})
	require.NoError(t, err)
	require.NoError(t, credentials.Put(t.Context(), "acme", o, tokens))
}

var direct = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// call is one call to Zendesk; a worker whose turn to wait is over tries again, as its policies do.
func call(t *testing.T, c *zendesk.Client) error {
	t.Helper()
	for {
		_, err := c.Me(t.Context())
		if !errors.Is(err, credentials.ErrBusy) {
			return err
		}
	}
}

// TestTwentyWorkersRenewOnce has twenty programs, each with a store of its own over one database, whose access token ends, and
// then is revoked, at the same moment.
func TestTwentyWorkersRenewOnce(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, address(t), zendesksim.Options{})
			s.connect(t, s.options(t))
			var workers []*zendesk.Client
			for range 20 {
				workers = append(workers, s.worker(t, s.options(t)))
			}
			all := func() {
				var wg sync.WaitGroup
				for _, c := range workers {
					wg.Go(func() { assert.NoError(t, call(t, c)) })
				}
				wg.Wait()
			}
			all()
			assert.Zero(t, s.sim.Granted("refresh_token"))
			s.pass(29 * time.Minute)
			all()
			assert.Equal(t, 1, s.sim.Granted("refresh_token"), "the access token is at its end")
			s.sim.RevokeTokens()
			all()
			assert.Equal(t, 2, s.sim.Granted("refresh_token"), "the access token was revoked")
			dump := storetest.Dump(t, s.url)
			assert.NotContains(t, dump, "access")
			assert.NotContains(t, dump, "refresh")
		})
	}
}

func TestARevokedConsentAsksForAPerson(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	o.Sleep = atOnce
	c := s.worker(t, o)
	var problem *credentials.Problem
	require.ErrorAs(t, call(t, c), &problem)
	assert.Equal(t, "Zendesk is not connected yet: run `starter connect`", problem.Error())

	s.connect(t, o)
	require.NoError(t, call(t, c), "a running worker takes up the tokens")
	s.sim.RevokeConsent()
	for range 2 {
		require.ErrorAs(t, call(t, c), &problem)
		assert.Equal(t, "Zendesk no longer accepts the refresh token (invalid_grant): access was revoked, or not used for too long: run `starter connect`", problem.Error())
	}
	s.connect(t, s.options(t))
	require.NoError(t, call(t, c))
}

// atOnce waits for nothing.
func atOnce(context.Context, time.Duration) error { return nil }

// TestAProgramDiesWhileItRenews leaves a lease behind, and tokens that Zendesk has replaced by others that nobody has.
func TestAProgramDiesWhileItRenews(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	s.connect(t, o)
	s.pass(29 * time.Minute)
	s.sim.Faults().Add(sim.Fault{Method: "POST", Path: "/oauth/tokens", DropAfter: true})
	c := s.worker(t, o)
	var lost *rest.Error
	require.ErrorAs(t, call(t, c), &lost)
	assert.True(t, lost.MayHaveArrived())
	begun := s.now()
	s.pass(time.Minute)
	var problem *credentials.Problem
	other := s.options(t)
	other.Sleep = atOnce
	require.ErrorAs(t, call(t, s.worker(t, other)), &problem)
	assert.Equal(t, "Zendesk no longer accepts the refresh token (invalid_grant): the renewal begun at "+begun.Format(time.RFC3339)+
		" was not seen to its end, and the tokens that it brought are lost: run `starter connect`", problem.Error())

	// One that dies without a word holds the lease for two minutes, in which others wait.
	s.connect(t, o)
	s.pass(29 * time.Minute)
	taken, _, err := o.Store.TakeLease(t.Context(), "zendesk_tokens", "dead", 2*time.Minute, s.now())
	require.NoError(t, err)
	require.True(t, taken)
	waits := 0
	impatient := s.options(t)
	impatient.Sleep = func(context.Context, time.Duration) error { waits++; return nil }
	_, err = s.worker(t, impatient).Me(t.Context())
	require.ErrorIs(t, err, credentials.ErrBusy)
	assert.Equal(t, 10, waits)
	s.pass(2 * time.Minute)
	require.NoError(t, call(t, c), "Zendesk had not been asked")
	assert.Equal(t, 2, s.sim.Granted("refresh_token"))

	// Had it been, what it was given would be lost with it.
	s.pass(29 * time.Minute)
	begun = s.now()
	taken, _, err = o.Store.TakeLease(t.Context(), "zendesk_tokens", "dead", 2*time.Minute, begun)
	require.NoError(t, err)
	require.True(t, taken)
	s.sim.RevokeConsent()
	s.pass(2 * time.Minute)
	for range 2 {
		require.ErrorAs(t, call(t, c), &problem)
		assert.Contains(t, problem.Error(), "the renewal begun at "+begun.Format(time.RFC3339)+" was not seen to its end")
	}
	s.connect(t, o)
	require.NoError(t, call(t, c))
}

// TestAnotherRotatedFirst is the refusal that a second refresher meets: the store knows better than its refresh token.
func TestAnotherRotatedFirst(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	s.connect(t, o)
	s.pass(29 * time.Minute)
	// While the first one's request is on its way, a person connects the account anew, and what it asks with is revoked.
	o.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/oauth/tokens" {
			s.sim.RevokeConsent()
			s.connect(t, s.options(t))
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	require.NoError(t, call(t, s.worker(t, o)))
	assert.Zero(t, s.sim.Granted("refresh_token"))
	assert.Equal(t, 2, s.sim.Granted("authorization_code"))
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTokensWithoutAnEnd(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{EternalTokens: true})
	o := s.options(t)
	s.connect(t, o)
	c := s.worker(t, o)
	s.pass(1000 * time.Hour)
	require.NoError(t, call(t, c))
	s.sim.Faults().Add(sim.Fault{Path: "/api/v2/*", Status: http.StatusUnauthorized, Body: `{"error":"IP address not allowed"}`, Times: 1})
	var refused *rest.Error
	require.ErrorAs(t, call(t, c), &refused)
	require.NoError(t, call(t, c), "a refusal is not remembered: the tokens were good all the time")
	s.sim.RevokeTokens()
	require.ErrorAs(t, call(t, c), &refused)
	assert.Equal(t, http.StatusUnauthorized, refused.Status)
	s.connect(t, s.options(t))
	require.NoError(t, call(t, c))
}

func TestStoredTokensWinOverClientCredentials(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{ClientSecret: "s3cret"})
	o := s.options(t)
	c := s.worker(t, o)
	require.NoError(t, call(t, c))
	s.sim.RevokeTokens()
	require.NoError(t, call(t, c))
	assert.Equal(t, 2, s.sim.Granted("client_credentials"))
	s.connect(t, o)
	require.NoError(t, call(t, c))
	s.pass(time.Hour)
	require.NoError(t, call(t, c))
	assert.Equal(t, 2, s.sim.Granted("client_credentials"))
	assert.Equal(t, 1, s.sim.Granted("refresh_token"))
	stored, err := credentials.Stored(t.Context(), o.Store)
	require.NoError(t, err)
	assert.True(t, stored)
	require.NoError(t, credentials.Forget(t.Context(), o.Store))
	require.NoError(t, call(t, c))
	assert.Equal(t, 3, s.sim.Granted("client_credentials"))
}

// TestKeysAreReplaced seals with the first key of ENCRYPTION_KEY whenever tokens are renewed.
func TestKeysAreReplaced(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	s.connect(t, o)
	old := s.key
	var problem *credentials.Problem
	s.key = seal.Generate()
	require.ErrorAs(t, call(t, s.worker(t, s.options(t))), &problem)
	assert.Equal(t, "the tokens of Zendesk were sealed with another ENCRYPTION_KEY: add that key behind a comma and run `starter resume`, or run `starter connect`", problem.Error())
	keyless := o
	keyless.Box = nil
	require.ErrorAs(t, call(t, s.worker(t, keyless)), &problem)
	assert.Equal(t, "the tokens of Zendesk are sealed, and ENCRYPTION_KEY is not set here: set it to the one that `starter connect` ran with, then run `starter resume`", problem.Error())

	fresh := s.key
	s.key = fresh + "," + old
	c := s.worker(t, s.options(t))
	require.NoError(t, call(t, c))
	s.pass(29 * time.Minute)
	require.NoError(t, call(t, c))
	s.key = fresh
	require.NoError(t, call(t, s.worker(t, s.options(t))))
}

// TestARefusedUserIsNotRenewedForEver: renewing does not help a user who lost access.
func TestARefusedUserIsNotRenewedForEver(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	s.connect(t, o)
	s.sim.Faults().Add(sim.Fault{Path: "/api/v2/*", Status: http.StatusUnauthorized, Body: `{"error":"invalid_token"}`, Times: 100})
	c := s.worker(t, o)
	for range 5 {
		var refused *rest.Error
		require.ErrorAs(t, call(t, c), &refused)
		assert.Equal(t, http.StatusUnauthorized, refused.Status)
	}
	assert.Equal(t, 1, s.sim.Granted("refresh_token"))
}

func TestCredentialsShowNothing(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{ClientSecret: "s3cret-s3cret"})
	credential := credentials.Zendesk(s.cfg, s.options(t))
	token := zendesk.Tokens{Token: rest.Token{Access: "s3cret-s3cret"}, Refresh: "s3cret-s3cret"}
	for _, v := range []any{credential, token, &token, token.Token, credentials.Kept{Tokens: token}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			assert.NotContains(t, fmt.Sprintf(verb, v), "s3cret")
		}
	}
}
