package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// hooked is a program beside a simulated Zendesk, and the place that its webhooks lead to: it accepts what a secret in the
// store has signed, as the webhook server does.
type hooked struct {
	*program
	t       *testing.T
	sim     *zendesksim.Server
	client  *zendesk.Client
	account *store.Account
	key     string // of the place
	url     string

	mu      sync.Mutex
	reply   func(accepted bool) int // nil: 200 or 401
	arrived []zendesk.Event
}

func newHooked(t *testing.T) *hooked {
	t.Helper()
	h := &hooked{program: newProgram(t), t: t, key: seal.Generate()}
	h.sim = zendesksim.New(zendesksim.Options{
		Account: seed.New(seed.Size{Users: 10}, 1), Clock: sim.NewClock(h.now, 1), WebhooksByHand: true,
	})
	running, err := h.sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	email, token := h.sim.Credentials()
	h.configure(running.URL, fmt.Sprintf("{email: %q, api_token: %q}", email, token))
	h.client, err = zendesk.New(zendesk.Config{BaseURL: running.URL, Credential: zendesk.APIToken(email, token), Now: h.now})
	require.NoError(t, err)
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	h.url = web.URL + "/webhooks/zendesk/acme"
	t.Setenv("PUBLIC_URL", web.URL)
	t.Setenv("ENCRYPTION_KEY", h.key)
	h.account = account(t)
	return h
}

func (h *hooked) configure(baseURL, auth string) {
	h.t.Helper()
	require.NoError(h.t, os.WriteFile("connectors.yaml", fmt.Appendf(nil, `brevo: {api_key: "xkeysib-0123456789abcdef0123456789abcdef"}
connectors: {zendesk: {subdomain: acme, base_url: %q, auth: %s}}
`, baseURL, auth), 0o600))
}

// secrets are those in force by the store, as who has the key reads them.
func (h *hooked) secrets() []string {
	rows, err := h.account.Secrets(h.t.Context(), signingPrefix)
	require.NoError(h.t, err)
	box, err := seal.New(h.key)
	require.NoError(h.t, err)
	var out []string
	for _, row := range rows {
		if !row.ExpiresAt.IsZero() && !h.now().Before(row.ExpiresAt) {
			continue
		}
		if secret, err := box.Open(row.KeyID, row.Sealed, "acme/"+row.Name); err == nil {
			out = append(out, secret)
		}
	}
	return out
}

func (h *hooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	_, err := zendesk.Verify(r.Header, body, h.secrets(), h.now(), 15*time.Minute)
	code := http.StatusUnauthorized
	if err == nil {
		if event, err := zendesk.ParseEvent(body); err == nil {
			h.arrived = append(h.arrived, event)
			code = http.StatusOK
		}
	}
	if h.reply != nil {
		code = h.reply(err == nil)
	}
	w.WriteHeader(code)
}

// starter runs a command line that must end with a code, a minute after the one before.
func (h *hooked) starter(code int, args ...string) (stdout, stderr string) {
	h.t.Helper()
	h.pass(time.Minute)
	require.Equal(h.t, code, h.run(h.t.Context(), args...), h.stdout.String()+h.stderr.String())
	stderr = h.stderr.String()
	if code != exitOK {
		assert.Equal(h.t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
	}
	return h.stdout.String(), stderr
}

// hooks are the webhooks of the account.
func (h *hooked) hooks() []zendesk.Webhook {
	h.t.Helper()
	all, err := h.client.AllWebhooks(h.t.Context())
	require.NoError(h.t, err)
	return all.Rows
}

func (h *hooked) triggers() []zendesk.Trigger {
	h.t.Helper()
	all, err := h.client.ListTriggers(h.t.Context(), zendesk.ListQuery{})
	require.NoError(h.t, err)
	return all.Rows
}

// works checks that exactly these kinds of webhooks are installed, stored, and deliver.
func (h *hooked) works(kinds ...string) {
	h.t.Helper()
	hooks := h.hooks()
	require.Len(h.t, hooks, len(kinds))
	rows, err := h.account.Webhooks(h.t.Context())
	require.NoError(h.t, err)
	require.Len(h.t, rows, len(kinds))
	for i, row := range rows {
		assert.Equal(h.t, kinds[i], row.Kind)
		assert.Equal(h.t, hooks[i].ID, row.ID)
		assert.Equal(h.t, h.url, row.Endpoint)
		assert.Equal(h.t, h.url, hooks[i].Endpoint)
		assert.Equal(h.t, "active", hooks[i].Status)
		shown, err := h.client.ShowSigningSecret(h.t.Context(), row.ID)
		require.NoError(h.t, err)
		assert.Contains(h.t, h.secrets(), shown.Reveal())
	}
	h.arrived = nil
	ticket := h.sim.CreateTicket(seed.Ticket{RequesterID: h.sim.CreateUser(seed.User{Name: "Ann", Email: "ann@example.com"})})
	h.sim.DrainWebhooks(h.t.Context())
	told := map[string]bool{}
	for _, event := range h.arrived {
		if event.Type == "ticket.created" {
			assert.Equal(h.t, ticket, event.TicketID)
			told[map[bool]string{true: store.WebhookTriggers, false: store.WebhookEvents}[event.Trigger]] = true
		}
	}
	assert.Len(h.t, told, len(kinds))
	assert.Empty(h.t, h.sim.Log().Unknown())
}
