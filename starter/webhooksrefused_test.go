package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

func TestInstallSaysWhatIsMissing(t *testing.T) {
	h := newHooked(t)
	for name, test := range map[string]struct {
		public, key, says string
	}{
		"no address":       {"", h.key, "PUBLIC_URL is not set: set it to the address under which Zendesk reaches the webhook server"},
		"not encrypted":    {"http://hooks.example.com", h.key, "PUBLIC_URL must begin with https://"},
		"no key":           {"https://hooks.example.com", "", "ENCRYPTION_KEY is not set: make one with `starter keygen`"},
		"a password":       {"https://hooks.example.com", "hunter2hunter2", "ENCRYPTION_KEY must be 32 bytes in base64 or hex: make one with `starter keygen`"},
		"not an address":   {"hooks.example.com", h.key, "the environment is not valid: PUBLIC_URL must be the address"},
		"a password in it": {"https://me:hunter2@hooks.example.com", h.key, "the environment is not valid: PUBLIC_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PUBLIC_URL", test.public)
			t.Setenv("ENCRYPTION_KEY", test.key)
			h.t = t
			_, stderr := h.starter(exitUsage, "webhooks", "install")
			assert.Contains(t, stderr, test.says)
			assert.NotContains(t, stderr, "hunter2")
		})
	}
	h.t = t
	t.Setenv("PUBLIC_URL", "")
	_, stderr := h.starter(exitUsage, "webhooks", "install")
	assert.Contains(t, stderr, "a tunnel")
	assert.Contains(t, stderr, "webhooks are optional: the schedule brings every change within 5m")

	h.configure("https://acme.zendesk.com", `{email: admin@example.com, api_token: "0123456789abcdef0123456789abcdef01234567"}`)
	t.Setenv("PUBLIC_URL", "http://localhost:8080")
	_, stderr = h.starter(exitUsage, "webhooks", "install")
	assert.Contains(t, stderr, "leads to this host alone (localhost:8080)")

	assert.Empty(t, h.sim.Log().Calls(), "nothing was tried")
	_, stderr = h.starter(exitUsage, "webhooks", "install", "nobody")
	assert.Contains(t, stderr, "known: zendesk")
}

func TestTheTestOfAnInstallationFails(t *testing.T) {
	for name, test := range map[string]struct {
		answer  int
		says    string
		pauses  time.Duration
		prepare func(h *hooked)
	}{
		"another key": {0, "refused the signature (401): it uses another store or another ENCRYPTION_KEY", retryAfter, func(h *hooked) { h.key = seal.Generate() }},
		"a proxy":     {http.StatusForbidden, "ALLOWED_CIDRS", 0, nil},
		"elsewhere":   {http.StatusNotFound, "PUBLIC_URL leads to something else", 0, nil},
		"moved":       {http.StatusPermanentRedirect, "set PUBLIC_URL to the address it redirects to", 0, nil},
		"no Temporal": {http.StatusServiceUnavailable, "/readyz", retryAfter, nil},
		"nobody": {0, "Zendesk could not connect", 0, func(h *hooked) {
			h.t.Setenv("PUBLIC_URL", "http://127.0.0.1:1")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHooked(t)
			good := h.key
			if test.answer != 0 {
				h.reply = func(bool) int { return test.answer }
			}
			if test.prepare != nil {
				test.prepare(h)
			}
			_, stderr := h.starter(exitFailed, "webhooks", "install")
			assert.Contains(t, stderr, "stays in Zendesk, but its test did not come through: ")
			assert.Contains(t, stderr, test.says)
			assert.Contains(t, stderr, "then run `starter webhooks install`, which tests again")
			assert.Equal(t, test.pauses, h.slept)
			require.Len(t, h.hooks(), 1)

			h.reply, h.key = nil, good
			t.Setenv("PUBLIC_URL", strings.TrimSuffix(h.url, "/webhooks/zendesk/acme"))
			h.starter(exitOK, "webhooks", "install")
			h.works(store.WebhookEvents)
		})
	}
}

func TestASecondLookAtANewSecret(t *testing.T) {
	h := newHooked(t)
	asked := 0
	h.reply = func(bool) int {
		if asked++; asked == 1 {
			return http.StatusUnauthorized // the webhook server looked for new secrets less than a second ago
		}
		return http.StatusOK
	}
	h.starter(exitOK, "webhooks", "install")
	assert.Equal(t, retryAfter, h.slept)
}

func TestZendeskRefuses(t *testing.T) {
	h := newHooked(t)
	const agent = "agent@example.com"
	h.sim.CreateUser(seed.User{Name: "Agnes", Email: agent, Role: "agent"})
	_, token := h.sim.Credentials()
	config, err := os.ReadFile("connectors.yaml")
	require.NoError(t, err)
	before, _, _ := strings.Cut(string(config), "auth: ")
	require.NoError(t, os.WriteFile("connectors.yaml", fmt.Appendf(nil, "%sauth: {email: %q, api_token: %q}}}\n", before, agent, token), 0o600))
	for _, command := range []string{"install", "list", "remove --yes"} {
		_, stderr := h.starter(exitFailed, append([]string{"webhooks"}, strings.Fields(command)...)...)
		assert.Contains(t, stderr, "Zendesk refuses it (403): webhooks need the credential of an admin; an OAuth client also needs the scope webhooks:write", command)
	}
	require.NoError(t, os.WriteFile("connectors.yaml", config, 0o600))

	h.sim.Faults().Add(sim.Fault{Method: "POST", Path: "/api/v2/triggers", Status: http.StatusForbidden})
	_, stderr := h.starter(exitFailed, "webhooks", "install", "--triggers")
	assert.Contains(t, stderr, "triggers need the credential of an admin; an OAuth client also needs the scope triggers:write")

	h.sim.Faults().Add(sim.Fault{Method: "POST", Path: "/api/v2/webhooks$", Status: http.StatusUnprocessableEntity})
	_, stderr = h.starter(exitFailed, "webhooks", "install")
	assert.Contains(t, stderr, "for an account without event subscriptions there is `starter webhooks install --triggers`")
	h.sim.Faults().Add(sim.Fault{
		Method: "POST", Path: "/api/v2/webhooks$", Status: http.StatusBadRequest,
		Body: `{"errors":[{"field":"endpoint","code":"InvalidURL","message":"is no\u001b\npublic address"}]}`,
	})
	_, stderr = h.starter(exitFailed, "webhooks", "install")
	assert.Contains(t, stderr, "make the webhook: Zendesk refuses it (400): endpoint: is no; public address: mend what Zendesk names; a trial account")
	h.sim.Faults().Add(sim.Fault{Method: "GET", Path: "/api/v2/webhooks$", Status: http.StatusUnauthorized})
	_, stderr = h.starter(exitFailed, "webhooks", "install")
	assert.Contains(t, stderr, "check auth in connectors.yaml")
}
