package main

import (
	"encoding/json"
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
	"zendesk-brevo/internal/zendesk"
)

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
		h.pass(time.Minute)
		h.reply = func(bool) int { return code }
		h.sim.CreateTicket(seed.Ticket{RequesterID: requester})
		h.sim.DrainWebhooks(t.Context())
	}
	happen(http.StatusOK)
	happen(http.StatusOK)
	happen(http.StatusUnauthorized)
	counted := h.now()
	require.NoError(t, h.account.CountWebhooks(t.Context(), map[string]int64{"delivered": 2, "ignored": 1, "bad_signature": 1, "of_the_future": 1}, counted))

	stdout, stderr := h.starter(exitOK, "webhooks", "status")
	assert.Empty(t, stderr)
	for _, line := range []string{
		"  last delivery  " + clock(counted) + " (1m00s ago)",
		"  delivered      2, last " + clock(counted),
		"  bad_signature  1, last " + clock(counted),
		"if they are the same, `starter webhooks rotate`",
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
	h.pass(time.Minute)
	require.Equal(t, exitOK, h.run(t.Context(), "webhooks", "status"))
	assert.Contains(t, h.stderr.String(), "Zendesk's log is not known: read the log of webhook "+hook.ID+": Zendesk refuses it (403)")
	assert.Contains(t, h.stdout.String(), "delivered")
	h.sim.Faults().Add(sim.Fault{Path: "/api/v2/webhooks$", Status: 500})
	h.pass(time.Minute)
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
