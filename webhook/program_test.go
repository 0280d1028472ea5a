package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/freeport"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// running is the whole program, but for its command line.
type running struct {
	*site
	program *program
	stop    func()
	done    <-chan error
	up      <-chan struct{} // closed when it serves
}

// start runs the program with its own clock, without a Temporal that answers.
func start(t *testing.T, env config.Env) *running {
	t.Helper()
	t.Setenv("TEMPORAL_ADDRESS", freeport.Address(t))
	log := &diary{}
	file := &config.File{Ordered: []*config.Connector{config.DefaultConnector("zendesk", "acme")}}
	env.TaskQueue = "queue"
	p, err := newProgram(env, file, config.NewLogger(log, config.LogText, config.LevelInfo))
	require.NoError(t, err)
	t.Cleanup(p.temporal.Close)
	p.server.timeout = 200 * time.Millisecond
	listener := freeport.Listen(t)
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	done := make(chan error, 1)
	r := &running{
		site:    &site{log: log, server: p.server, url: "http://" + listener.Addr().String(), clock: &clock{at: time.Now()}},
		program: p, stop: stop, done: done, up: log.hear("webhook server ready"),
	}
	go func() { done <- p.serve(ctx, listener) }()
	return r
}

// TestProgramWithoutTemporal starts, says what is missing, asks for repetitions, and leaves its counts in the store.
func TestProgramWithoutTemporal(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "connector.db")
	r := start(t, config.Env{StoreURL: config.NewSecret(address), ZendeskWebhookSecret: config.Secrets{config.NewSecret(secret)}})
	open := r.log.hear("store open")
	if _, err := r.program.store.get(); err != nil {
		<-open
	}
	assert.Equal(t, 200, get(t, r.url+"/healthz").status)
	ready := get(t, r.url+"/readyz")
	assert.Equal(t, 503, ready.status)
	assert.Equal(t, "Temporal does not answer\n", ready.body)
	assertUnavailable(t, r.send(t, r.request(trigger("ticket.solved"))))
	assert.Equal(t, 401, r.status(t, "forged"))
	organization := envelope("e1", "organization.created", "zen:organization:3", `{"id":"3"}`, `{}`)
	assert.Equal(t, 200, r.send(t, r.request(organization)).status, "needs no Temporal")
	r.stop()
	require.NoError(t, <-r.done)

	st, err := store.Open(t.Context(), address)
	require.NoError(t, err)
	defer st.Close()
	results, err := st.Account("acme").WebhookResults(t.Context())
	require.NoError(t, err)
	n := map[string]int64{}
	for _, one := range results {
		n[one.Result] = one.N
		assert.WithinDuration(t, time.Now(), one.LastAt, time.Minute)
	}
	assert.Equal(t, map[string]int64{resultUnavailable: 1, resultBadSignature: 1, resultScheduled: 1}, n)
}

// TestProgramWithoutStore takes deliveries all the same, and those of stored secrets once the store is there.
func TestProgramWithoutStore(t *testing.T) {
	key := seal.Generate()
	st := sealed(t, key, previous)
	r := start(t, config.Env{
		StoreURL: config.NewSecret("postgres://connector@" + freeport.Address(t) + "/connector"), EncryptionKey: config.NewSecret(key),
		ZendeskWebhookSecret: config.Secrets{config.NewSecret(secret)},
	})
	assert.Equal(t, "the store does not answer\nTemporal does not answer\n", get(t, r.url+"/readyz").body)
	organization := r.request(envelope("e1", "organization.created", "zen:organization:3", `{"id":"3"}`, `{}`))
	assert.Equal(t, 200, r.send(t, organization).status)
	organization.secret = previous
	assertUnavailable(t, r.send(t, organization))

	got, err := st.get()
	require.NoError(t, err)
	r.program.store.mu.Lock()
	r.program.store.st = got
	r.program.store.mu.Unlock()
	keys := r.program.ring.accounts["acme"]
	keys.mu.Lock()
	keys.asked = time.Time{} // as if a second had passed
	keys.mu.Unlock()
	assert.Equal(t, 200, r.send(t, organization).status)
	r.stop()
	require.NoError(t, <-r.done)
}

// TestProgramThatCannotStart says which setting is wrong.
func TestProgramThatCannotStart(t *testing.T) {
	file := &config.File{Ordered: []*config.Connector{config.DefaultConnector("zendesk", "acme")}}
	for want, env := range map[string]config.Env{
		"TLS_CERT":       {TLSCert: "missing.pem", TLSKey: "missing.pem"},
		"ENCRYPTION_KEY": {EncryptionKey: config.NewSecret("short")},
	} {
		_, err := newProgram(env, file, config.NewLogger(&diary{}, config.LogText, config.LevelInfo))
		require.ErrorContains(t, err, want)
	}
	err := run(t.Context(), config.Env{ConnectorsFile: filepath.Join(t.TempDir(), "connectors.yaml")})
	require.ErrorContains(t, err, "connectors.example.yaml")
}

// TestThePortIsTaken names the address and the variable.
func TestThePortIsTaken(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer held.Close()
	path := filepath.Join(t.TempDir(), "connectors.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`brevo: {api_key: xkeysib-0123456789abcdef0123456789abcdef}
connectors: {zendesk: {subdomain: acme, auth: {email: admin@example.com, api_token: "0123456789abcdef"}}}
`), 0o600))
	err = run(t.Context(), config.Env{
		ConnectorsFile: path, WebhookAddr: held.Addr().String(), StoreURL: config.NewSecret("sqlite:" + filepath.Join(t.TempDir(), "c.db")),
		LogFormat: config.LogText, ZendeskWebhookSecret: config.Secrets{config.NewSecret(secret)},
	})
	require.EqualError(t, err, held.Addr().String()+" is in use by another program: stop it, or set WEBHOOK_ADDR to a free address")
}

// TestSimulatedZendesk goes the whole way: a webhook is installed, things happen, Temporal stumbles, and every event arrives.
func TestSimulatedZendesk(t *testing.T) {
	s := newSite(t, without)
	z := zendesksim.New(zendesksim.Options{
		Account: seed.New(seed.Size{Users: 60, Tickets: 30, Organizations: 5}, 1), Clock: sim.NewClock(s.clock.now, 1), WebhooksByHand: true,
		Plan: zendesksim.Unlimited,
	})
	api, err := z.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, api.Close()) })
	email, token := z.Credentials()
	c, err := zendesk.New(zendesk.Config{BaseURL: api.URL, Credential: zendesk.APIToken(email, token), Now: s.clock.now})
	require.NoError(t, err)
	ctx := t.Context()
	types := zendesk.EventTypes(zendesk.KindTicket, zendesk.KindUser, zendesk.KindOrganization, zendesk.KindArticle)
	made, err := c.CreateWebhook(ctx, zendesk.NewWebhook("Contacts", s.url+path, types...))
	require.NoError(t, err)
	shown, err := c.ShowSigningSecret(ctx, made.Row.ID)
	require.NoError(t, err)
	s.vault.put("acme", Secret{Value: shown.Reveal()})

	stumbles := 3
	s.temporal.hinderBy(func(context.Context, woken) error {
		if stumbles--; stumbles >= 0 {
			return errors.New("connection refused")
		}
		return nil
	})
	winner, loser := z.CreateUser(seed.User{Name: "Ada", Email: "ada@example.com"}), z.CreateUser(seed.User{Name: "Ada L", Email: "ada.l@example.com"})
	z.CreateOrganization(seed.Organization{Name: "Acme"})
	ticket := z.CreateTicket(seed.Ticket{RequesterID: loser})
	z.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status, t.Priority = "solved", "urgent" })
	z.MergeUsers(winner, loser)
	requests := z.DrainWebhooks(ctx)
	z.DisturbWebhooks(zendesksim.Disturbance{Seed: 1, Duplicate: 1})
	z.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status = "open" })
	requests += z.DrainWebhooks(ctx)

	events := 0
	for _, d := range z.Deliveries() {
		assert.Equal(t, "success", d.Status, d.EventType)
		events++
	}
	n := s.counted("acme")
	assert.EqualValues(t, 3, n[resultUnavailable])
	assert.NotZero(t, n[resultDuplicate])
	assert.NotZero(t, n[resultScheduled])
	assert.EqualValues(t, requests, n[resultUnavailable]+n[resultDuplicate]+n[resultScheduled]+n[resultDelivered]+n[resultIgnored])
	assert.EqualValues(t, events, n[resultScheduled]+n[resultDelivered]+n[resultIgnored], "each was taken once")
	merged := map[int64]int64{}
	for _, one := range s.temporal.signals() {
		if one.event.MergedWith != 0 {
			merged[one.subject.ID] = one.event.MergedWith
		}
	}
	assert.True(t, merged[winner] == loser || merged[loser] == winner)
	assert.NotContains(t, s.log.String(), "ada")

	// A test of the webhook from Zendesk's side is a delivery like any other.
	tested, err := c.TestWebhook(ctx, made.Row.ID, s.url+path, trigger("ticket.solved"))
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, tested.Status)
}

// TestHealthcheck asks the program that serves on the address of the environment, with and without TLS.
func TestHealthcheck(t *testing.T) {
	p := newPair(t, time.Now().Add(time.Hour))
	for name, env := range map[string]config.Env{"plain": {}, "encrypted": {TLSCert: p.cert, TLSKey: p.key}} {
		t.Run(name, func(t *testing.T) {
			env.StoreURL = config.NewSecret("sqlite:" + filepath.Join(t.TempDir(), "connector.db"))
			r := start(t, env)
			env.WebhookAddr = strings.TrimPrefix(r.url, "http://")
			<-r.up
			require.NoError(t, commands["healthcheck"](t.Context(), env))
			assert.NotContains(t, r.log.String(), "TLS handshake error")
			r.stop()
			require.NoError(t, <-r.done)
			require.ErrorContains(t, commands["healthcheck"](t.Context(), env), "nothing answers on "+env.WebhookAddr)
		})
	}
}
