package main

import (
	"encoding/json"
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
	now := func() time.Time { return noon.Add(h.later) }
	h.sim = zendesksim.New(zendesksim.Options{
		Account: seed.New(seed.Size{Users: 10}, 1), Clock: sim.NewClock(now, 1), WebhooksByHand: true,
	})
	running, err := h.sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	email, token := h.sim.Credentials()
	h.configure(running.URL, fmt.Sprintf("{email: %q, api_token: %q}", email, token))
	h.client, err = zendesk.New(zendesk.Config{BaseURL: running.URL, Credential: zendesk.APIToken(email, token), Now: now})
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
		if !row.ExpiresAt.IsZero() && !noon.Add(h.later).Before(row.ExpiresAt) {
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
	_, err := zendesk.Verify(r.Header, body, h.secrets(), noon.Add(h.later), 15*time.Minute)
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
	h.later += time.Minute
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

func TestInstallMakesOneWebhookHoweverOftenItRuns(t *testing.T) {
	h := newHooked(t)
	stdout, stderr := h.starter(exitOK, "webhooks", "install")
	assert.Contains(t, stdout, "Made the webhook ")
	assert.Contains(t, stdout, "Zendesk reached "+h.url+", and the webhook server accepted its signature.")
	assert.Empty(t, stderr)
	require.Len(t, h.arrived, 1)
	assert.Equal(t, zendesk.KindIgnored, h.arrived[0].Kind, "the test changes nothing")
	assert.NotEmpty(t, h.arrived[0].ID)
	h.works(store.WebhookEvents)
	hook := h.hooks()[0]
	assert.Equal(t, "Zendesk to Brevo (acme)", hook.Name)
	assert.Equal(t, zendesk.EventTypes(zendesk.KindTicket, zendesk.KindUser), hook.Subscriptions)
	rows, err := h.account.Secrets(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, rows, 1)
	assert.NotContains(t, rows[0].Sealed, h.secrets()[0])

	for range 2 {
		stdout, stderr = h.starter(exitOK, "webhooks", "install", "zendesk")
		assert.Contains(t, stdout, "The webhook "+hook.ID+" is there")
		assert.Empty(t, stderr)
		h.works(store.WebhookEvents)
	}
}

// TestInstallIsCutOff lets each call of the first run fail in turn, or loses its answer: whatever Zendesk did, a second run ends well, with one webhook.
func TestInstallIsCutOff(t *testing.T) {
	for name, test := range map[string]struct {
		fault    sim.Fault
		triggers bool
		says     string
	}{
		"looking":             {sim.Fault{Method: "GET", Path: "/api/v2/webhooks$", Status: 500}, false, "list webhooks"},
		"making":              {sim.Fault{Method: "POST", Path: "/api/v2/webhooks$", DropAfter: true}, false, "found by its address"},
		"making, in vain":     {sim.Fault{Method: "POST", Path: "/api/v2/webhooks$", Status: 502}, false, "found by its address"},
		"reading the secret":  {sim.Fault{Method: "GET", Path: "/api/v2/webhooks/*/signing_secret", Status: 500}, false, "read the signing secret"},
		"testing":             {sim.Fault{Method: "POST", Path: "/api/v2/webhooks/test", DropAfter: true}, false, "test webhook"},
		"testing, half told":  {sim.Fault{Method: "POST", Path: "/api/v2/webhooks/test", Status: 200, Body: "{}"}, false, "then run `starter webhooks install`"},
		"making the second":   {sim.Fault{Method: "POST", Path: "/api/v2/triggers", Skip: 1, DropAfter: true}, true, "make the trigger Zendesk to Brevo (acme): updated"},
		"making the first":    {sim.Fault{Method: "POST", Path: "/api/v2/triggers", DropAfter: true}, true, "make the trigger Zendesk to Brevo (acme): created"},
		"looking at triggers": {sim.Fault{Method: "GET", Path: "/api/v2/triggers", Status: 500}, true, "list triggers"},
		"testing the pair":    {sim.Fault{Method: "POST", Path: "/api/v2/webhooks/test", Status: 200, Body: "{}"}, true, "then run `starter webhooks install --triggers`"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHooked(t)
			args, kind := []string{"webhooks", "install"}, store.WebhookEvents
			if test.triggers {
				args, kind = append(args, "--triggers"), store.WebhookTriggers
			}
			h.sim.Faults().Add(test.fault)
			_, stderr := h.starter(exitFailed, args...)
			assert.Contains(t, stderr, test.says)
			assert.Equal(t, 1, h.sim.Faults().Fired())
			h.starter(exitOK, args...)
			h.works(kind)
			if test.triggers {
				assert.Len(t, h.triggers(), 2)
			}
		})
	}
}

func TestInstallMendsItsWebhook(t *testing.T) {
	h := newHooked(t)
	h.starter(exitOK, "webhooks", "install")
	id := h.hooks()[0].ID
	inactive, elsewhere, few := "inactive", "https://old.example.com/webhooks/zendesk/acme", []string{"zen:event-type:ticket.created", "zen:event-type:article.published"}
	require.NoError(t, h.client.PatchWebhook(t.Context(), id, zendesk.WebhookPatch{Status: &inactive, Endpoint: &elsewhere, Subscriptions: &few}))
	stdout, _ := h.starter(exitOK, "webhooks", "install")
	assert.Contains(t, stdout, "Mended the webhook "+id+": its address, which was "+elsewhere+", its status, which was inactive, ")
	assert.Contains(t, stdout, " missing subscriptions.")
	h.works(store.WebhookEvents)
	assert.Contains(t, h.hooks()[0].Subscriptions, "zen:event-type:article.published", "what else it tells is a person's choice")

	// The server moved.
	second := httptest.NewServer(h)
	t.Cleanup(second.Close)
	t.Setenv("PUBLIC_URL", second.URL+"/")
	h.url = second.URL + "/webhooks/zendesk/acme"
	stdout, _ = h.starter(exitOK, "webhooks", "install")
	assert.Contains(t, stdout, "Mended the webhook "+id+": its address")
	h.works(store.WebhookEvents)

	// Somebody deleted it in Zendesk.
	require.NoError(t, h.client.DeleteWebhook(t.Context(), id))
	stdout, _ = h.starter(exitOK, "webhooks", "install")
	assert.Contains(t, stdout, "Made the webhook ")
	h.works(store.WebhookEvents)
	rows, err := h.account.Secrets(t.Context(), "")
	require.NoError(t, err)
	assert.Len(t, rows, 1, "the old one's secret went with it")

	// Somebody replaced its secret in Zendesk: what the old one signed is still accepted for a while.
	before := h.secrets()[0]
	_, err = h.client.ResetSigningSecret(t.Context(), h.hooks()[0].ID)
	require.NoError(t, err)
	h.starter(exitOK, "webhooks", "install")
	h.works(store.WebhookEvents)
	assert.Len(t, h.secrets(), 2)
	assert.Contains(t, h.secrets(), before)
}

func TestInstallTakesOverAndNamesOthers(t *testing.T) {
	h := newHooked(t)
	form := zendesk.NewWebhook("By hand", h.url, "zen:event-type:ticket.created")
	made, err := h.client.CreateWebhook(t.Context(), form)
	require.NoError(t, err)
	h.later += time.Second
	_, err = h.client.CreateWebhook(t.Context(), form)
	require.NoError(t, err)
	_, err = h.client.CreateWebhook(t.Context(), zendesk.NewWebhook("Pair", h.url, zendesk.ConditionalTicketEvents))
	require.NoError(t, err)

	stdout, stderr := h.starter(exitOK, "webhooks", "install")
	assert.Contains(t, stdout, "Mended the webhook "+made.Row.ID+": ", "the oldest")
	assert.Contains(t, stderr, "leads to the same address, so that every change comes twice")
	assert.Equal(t, 1, strings.Count(stderr, "\n"), "the pair's is of another kind")
	assert.Len(t, h.hooks(), 3)
	assert.Equal(t, "By hand", h.hooks()[0].Name)

	stdout, _ = h.starter(exitOK, "webhooks", "list")
	assert.Regexp(t, made.Row.ID+` +events +here +active +By hand +`+h.url, stdout)
	assert.Regexp(t, `triggers +elsewhere +active +Pair`, stdout)
	stdout, _ = h.starter(exitOK, "webhooks", "list", "--json")
	var list struct {
		Connector, Account string
		Webhooks           []webhookRow
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &list))
	require.Len(t, list.Webhooks, 3)
	assert.Equal(t, []bool{true, false, false}, []bool{list.Webhooks[0].Installed, list.Webhooks[1].Installed, list.Webhooks[2].Installed})
	assert.NotNil(t, list.Webhooks[0].Triggers)
}

func TestInstallAWebhookThatSendsOtherwise(t *testing.T) {
	h := newHooked(t)
	form := zendesk.NewWebhook("Pair", h.url, zendesk.ConditionalTicketEvents)
	form.HTTPMethod, form.Format = http.MethodPut, "xml"
	_, err := h.client.CreateWebhook(t.Context(), form)
	require.NoError(t, err)
	stdout, _ := h.starter(exitOK, "webhooks", "install", "--triggers")
	assert.Contains(t, stdout, ": how it sends.")
	h.works(store.WebhookTriggers)
}

func TestTheTriggerPair(t *testing.T) {
	h := newHooked(t)
	stdout, _ := h.starter(exitOK, "webhooks", "install", "--triggers")
	assert.Contains(t, stdout, "Made the trigger Zendesk to Brevo (acme): created.")
	h.works(store.WebhookTriggers)
	assert.Len(t, h.triggers(), 2)
	stdout, _ = h.starter(exitOK, "webhooks", "install", "--triggers")
	assert.NotContains(t, stdout, "Made")
	assert.Len(t, h.triggers(), 2)

	require.NoError(t, h.client.DeleteTrigger(t.Context(), h.triggers()[0].ID))
	stdout, _ = h.starter(exitOK, "webhooks", "install", "--triggers")
	assert.Equal(t, 1, strings.Count(stdout, "Made the trigger"))
	rows, err := h.account.Webhooks(t.Context())
	require.NoError(t, err)
	var ids []int64
	for _, trigger := range h.triggers() {
		ids = append(ids, trigger.ID)
	}
	assert.ElementsMatch(t, ids, rows[0].Triggers)

	// Both ways at once.
	h.starter(exitOK, "webhooks", "install")
	h.works(store.WebhookTriggers, store.WebhookEvents)
	h.starter(exitOK, "webhooks", "rotate")
	h.works(store.WebhookTriggers, store.WebhookEvents)
	h.starter(exitOK, "webhooks", "remove", "--yes")
	assert.Empty(t, h.hooks())
	assert.Empty(t, h.triggers())
}
