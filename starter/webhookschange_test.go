package main

import (
	"context"
	"encoding/json"
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
	"zendesk-brevo/internal/zendesk"
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
	h.sim.Faults().Add(sim.Fault{Method: "GET", Path: "/api/v2/webhooks$", Status: http.StatusUnauthorized})
	_, stderr = h.starter(exitFailed, "webhooks", "install")
	assert.Contains(t, stderr, "check auth in connectors.yaml")
}

func TestRotate(t *testing.T) {
	h := newHooked(t)
	_, stderr := h.starter(exitFailed, "webhooks", "rotate")
	assert.Contains(t, stderr, "no webhook of acme is installed: make one with `starter webhooks install`")
	h.starter(exitOK, "webhooks", "install")
	first := h.secrets()[0]
	stdout, _ := h.starter(exitOK, "webhooks", "rotate")
	until := noon.Add(h.later + 25*time.Minute)
	assert.Contains(t, stdout, "what the old one signed is accepted until "+clock(until))
	assert.Contains(t, stdout, "accepted its signature")
	h.works(store.WebhookEvents)
	assert.Len(t, h.secrets(), 2)
	assert.Contains(t, h.secrets(), first)

	h.later += 25 * time.Minute
	require.Len(t, h.secrets(), 1)
	assert.NotContains(t, h.secrets(), first)
	h.works(store.WebhookEvents)

	// Without the key in which it was sealed, what Zendesk shows counts.
	before := h.secrets()[0]
	h.key = seal.Generate()
	t.Setenv("ENCRYPTION_KEY", h.key)
	_, stderr = h.starter(exitOK, "webhooks", "rotate")
	assert.Contains(t, stderr, "sealed with an ENCRYPTION_KEY that is not set here")
	h.works(store.WebhookEvents)
	assert.Contains(t, h.secrets(), before)

	require.NoError(t, h.client.DeleteWebhook(t.Context(), h.hooks()[0].ID))
	_, stderr = h.starter(exitFailed, "webhooks", "rotate")
	assert.Contains(t, stderr, "was deleted in Zendesk: run `starter webhooks install`")
}

func TestReplacingTheEncryptionKey(t *testing.T) {
	h := newHooked(t)
	h.starter(exitOK, "webhooks", "install")
	next := seal.Generate()
	t.Setenv("ENCRYPTION_KEY", next+","+h.key)
	h.key = next + "," + h.key
	h.starter(exitOK, "webhooks", "install")
	h.key = next
	h.works(store.WebhookEvents)
}

// TestRotateIsCutOff stops a rotation after each of its steps: deliveries are accepted before, or after the same command has
// been run again, which then makes no third secret.
func TestRotateIsCutOff(t *testing.T) {
	for name, fault := range map[string]sim.Fault{
		"before it began":         {Method: "GET", Path: "/api/v2/webhooks/*/signing_secret", Status: 500},
		"before Zendesk replaced": {Method: "POST", Path: "/api/v2/webhooks/*/signing_secret", Status: 500},
		"after Zendesk replaced":  {Method: "POST", Path: "/api/v2/webhooks/*/signing_secret", DropAfter: true},
		"before the test":         {Method: "POST", Path: "/api/v2/webhooks/test", DropBefore: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHooked(t)
			h.starter(exitOK, "webhooks", "install")
			id, first := h.hooks()[0].ID, h.secrets()[0]
			show := func() string {
				shown, err := h.client.ShowSigningSecret(t.Context(), id)
				require.NoError(t, err)
				return shown.Reveal()
			}
			h.sim.Faults().Add(fault)
			h.starter(exitFailed, "webhooks", "rotate")
			require.Equal(t, 1, h.sim.Faults().Fired())
			assert.Contains(t, h.secrets(), first, "what is on its way is accepted")
			replaced := show()
			if name != "after Zendesk replaced" {
				h.works(store.WebhookEvents)
			}
			stdout, _ := h.starter(exitOK, "webhooks", "rotate")
			h.works(store.WebhookEvents)
			if name == "after Zendesk replaced" {
				assert.Contains(t, stdout, "has replaced the signing secret of webhook "+id+" already")
				assert.Equal(t, replaced, show())
				assert.ElementsMatch(t, []string{first, replaced}, h.secrets())
			}
			assert.NotEqual(t, first, show())
		})
	}
}

func TestRemove(t *testing.T) {
	h := newHooked(t)
	stdout, _ := h.starter(exitOK, "webhooks", "remove", "--yes")
	assert.Equal(t, "No webhook of acme is installed.\n", stdout)
	h.starter(exitOK, "webhooks", "install")
	h.starter(exitOK, "webhooks", "install", "--triggers")
	_, err := h.client.CreateWebhook(t.Context(), zendesk.NewWebhook("Staging", "https://staging.example.com/webhooks/zendesk/acme", "zen:event-type:ticket.created"))
	require.NoError(t, err)

	_, stderr := h.starter(exitUsage, "webhooks", "remove")
	assert.Contains(t, stderr, "no terminal to answer on: add --yes")
	for _, no := range []string{"n\n", "\n", "maybe\n", "no"} {
		h.program.answer = no
		h.later += time.Minute
		require.Equal(t, exitFailed, h.run(t.Context(), "webhooks", "remove"))
		assert.Contains(t, h.stderr.String(), "Delete 2 webhooks of acme in Zendesk? Changes will come with the schedule alone. [y/N] ")
		assert.Contains(t, h.stderr.String(), "starter: nothing was deleted\n")
	}
	require.Len(t, h.hooks(), 3)

	// Zendesk fails half-way; the next run goes on.
	h.sim.Faults().Add(sim.Fault{Method: "DELETE", Path: "/api/v2/webhooks/", Skip: 1, DropAfter: true})
	h.later += time.Minute
	require.Equal(t, exitFailed, h.run(t.Context(), "webhooks", "remove", "--yes"))
	h.program.answer = "Yes\n"
	h.later += time.Minute
	require.Equal(t, exitOK, h.run(t.Context(), "webhooks", "remove"), h.stderr.String())
	assert.Contains(t, h.stderr.String(), "(Staging) leads to https://staging.example.com/webhooks/zendesk/acme and stays")
	require.Len(t, h.hooks(), 1)
	assert.Empty(t, h.triggers())
	rows, err := h.account.Webhooks(t.Context())
	require.NoError(t, err)
	assert.Empty(t, rows)
	assert.Empty(t, h.secrets())
}

func TestRemoveWhatIsOnlyInZendesk(t *testing.T) {
	h := newHooked(t)
	// An installation that was cut off before anything was stored, and one whose webhook somebody deleted.
	made, err := h.client.CreateWebhook(t.Context(), zendesk.NewWebhook("Zendesk to Brevo (acme)", h.url, zendesk.ConditionalTicketEvents))
	require.NoError(t, err)
	_, err = h.client.CreateTrigger(t.Context(), zendesk.NewTriggers("Zendesk to Brevo (acme)", made.Row.ID)[0])
	require.NoError(t, err)
	require.NoError(t, h.account.PutWebhook(t.Context(), store.Webhook{ID: "01GONE", Kind: store.WebhookEvents, Triggers: []int64{5}}))

	foreign := zendesk.NewTriggers("VIP", made.Row.ID)[1]
	trigger, err := h.client.CreateTrigger(t.Context(), foreign)
	require.NoError(t, err)
	_, stderr := h.starter(exitFailed, "webhooks", "remove", "--yes")
	assert.Contains(t, stderr, fmt.Sprintf("trigger %d (VIP: updated) calls webhook %s and was not installed from here", trigger.Row.ID, made.Row.ID))
	assert.Len(t, h.triggers(), 2)

	require.NoError(t, h.client.DeleteTrigger(t.Context(), trigger.Row.ID))
	stdout, _ := h.starter(exitOK, "webhooks", "remove", "--yes")
	assert.Contains(t, stdout, "Deleted the webhook "+made.Row.ID+" and 1 trigger.")
	assert.Empty(t, h.hooks())
	assert.Empty(t, h.triggers())
}

func TestAnInterruptedQuestionIsNoAnswer(t *testing.T) {
	h := newHooked(t)
	h.starter(exitOK, "webhooks", "install")
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = writer.Close(); _ = reader.Close() })
	a := &app{env: env{stdin: reader, stderr: &h.stderr}}
	cancel()
	agreed, err := a.ask(ctx, "Delete?")
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, agreed)
}

func TestWebhooksStatus(t *testing.T) {
	h := newHooked(t)
	stdout, _ := h.starter(exitOK, "webhooks", "status")
	assert.Contains(t, stdout, "No webhook of acme is installed: the schedule brings every change within 5m; `starter webhooks install` makes one.")
	stdout, _ = h.starter(exitOK, "webhooks", "list")
	assert.Contains(t, stdout, "No webhook of acme is installed")

	requester := h.sim.CreateUser(seed.User{Name: "Ann", Email: "ann@example.com"})
	h.starter(exitOK, "webhooks", "install")
	hook := h.hooks()[0]
	stdout, _ = h.starter(exitOK, "webhooks", "status")
	assert.Contains(t, stdout, "last delivery  none yet")
	assert.Contains(t, stdout, "Zendesk's log of the last 7 days holds nothing")

	happen := func(code int) {
		h.later += time.Minute
		h.reply = func(bool) int { return code }
		h.sim.CreateTicket(seed.Ticket{RequesterID: requester})
		h.sim.DrainWebhooks(t.Context())
	}
	happen(http.StatusOK)
	happen(http.StatusOK)
	happen(http.StatusUnauthorized)
	counted := noon.Add(h.later)
	require.NoError(t, h.account.CountWebhooks(t.Context(), map[string]int64{"delivered": 2, "ignored": 1, "bad_signature": 1, "of_the_future": 1}, counted))

	stdout, stderr := h.starter(exitOK, "webhooks", "status")
	assert.Empty(t, stderr)
	for _, line := range []string{
		"  last delivery  " + clock(counted) + " (1m00s ago)",
		"  delivered      2, last " + clock(counted),
		"  bad_signature  1, last " + clock(counted),
		"`starter webhooks rotate`",
		"look at the log of the webhook server",
		"webhook " + hook.ID + " (events), active, to " + h.url,
		"  success       2, last ",
		"  client error  1, last ",
		"the webhook server refused the signature (401): it uses another store or another ENCRYPTION_KEY; give it the STORE_URL",
	} {
		assert.Contains(t, stdout, line)
	}

	stdout, _ = h.starter(exitOK, "webhooks", "status", "--json")
	var report webhooksReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.Equal(t, utc(counted), report.LastDelivery)
	assert.Equal(t, []resultCount{{"delivered", 2, utc(counted), ""}, {"ignored", 1, utc(counted), ""}}, report.Accepted)
	assert.Equal(t, []string{"bad_signature", "of_the_future"}, []string{report.Refused[0].Result, report.Refused[1].Result})
	require.Len(t, report.Webhooks, 1)
	assert.True(t, report.Webhooks[0].LogWhole)
	require.Len(t, report.Webhooks[0].Log, 2)
	assert.Equal(t, logCount{Status: "success", N: 2, LastAt: report.Webhooks[0].Log[0].LastAt}, report.Webhooks[0].Log[0])
	assert.True(t, report.Webhooks[0].Log[1].Failed)

	// What Zendesk does not tell is said, and the rest shown.
	h.sim.Faults().Add(sim.Fault{Path: "/api/v2/webhooks/" + hook.ID + "/invocations", Status: 403})
	h.later += time.Minute
	require.Equal(t, exitOK, h.run(t.Context(), "webhooks", "status"))
	assert.Contains(t, h.stderr.String(), "Zendesk's log is not known: read the log of webhook "+hook.ID+": Zendesk refuses it (403)")
	assert.Contains(t, h.stdout.String(), "delivered")
	h.sim.Faults().Add(sim.Fault{Path: "/api/v2/webhooks$", Status: 500})
	h.later += time.Minute
	require.Equal(t, exitOK, h.run(t.Context(), "webhooks", "status", "--json"))
	require.NoError(t, json.Unmarshal(h.stdout.Bytes(), &report))
	assert.Len(t, report.Unknown, 1)

	inactive := "inactive"
	require.NoError(t, h.client.PatchWebhook(t.Context(), hook.ID, zendesk.WebhookPatch{Status: &inactive}))
	stdout, _ = h.starter(exitOK, "webhooks", "status")
	assert.Contains(t, stdout, "inactive in Zendesk: `starter webhooks install` mends that")
	require.NoError(t, h.client.DeleteWebhook(t.Context(), hook.ID))
	stdout, _ = h.starter(exitOK, "webhooks", "list")
	assert.Contains(t, stdout, "Webhook "+hook.ID+" is missing in Zendesk: `starter webhooks install` mends that.")
	stdout, _ = h.starter(exitOK, "webhooks", "status")
	assert.Contains(t, stdout, "missing in Zendesk")

	stdout, _ = h.starter(exitOK, "status")
	assert.Contains(t, stdout, "webhooks             3 accepted, last "+clock(counted))
	assert.Contains(t, stdout, "; refused 2 (bad_signature 1, of_the_future 1), last ")
}

func TestKeygenPrintsAKeyAlone(t *testing.T) {
	p := newProgram(t)
	require.NoError(t, os.Remove("connectors.yaml"))
	require.Equal(t, exitOK, p.run(t.Context(), "keygen"))
	key := strings.TrimSuffix(p.stdout.String(), "\n")
	_, err := seal.New(key)
	require.NoError(t, err)
	assert.Contains(t, p.stderr.String(), "set this as ENCRYPTION_KEY")
	assert.NotContains(t, p.stderr.String(), key)
	require.Equal(t, exitOK, p.run(t.Context(), "keygen"))
	assert.NotEqual(t, key+"\n", p.stdout.String())
}
