package main

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

func TestRotate(t *testing.T) {
	h := newHooked(t)
	_, stderr := h.starter(exitFailed, "webhooks", "rotate")
	assert.Contains(t, stderr, "no webhook of acme is installed: make one with `starter webhooks install`")
	h.starter(exitOK, "webhooks", "install")
	first := h.secrets()[0]
	stdout, _ := h.starter(exitOK, "webhooks", "rotate")
	until := h.now().Add(25 * time.Minute)
	assert.Contains(t, stdout, "what the old one signed is accepted until "+clock(until))
	assert.Contains(t, stdout, "accepted its signature")
	h.works(store.WebhookEvents)
	assert.Len(t, h.secrets(), 2)
	assert.Contains(t, h.secrets(), first)

	h.pass(25 * time.Minute)
	require.Len(t, h.secrets(), 1)
	assert.NotContains(t, h.secrets(), first)
	h.works(store.WebhookEvents)

	h.starter(exitOK, "webhooks", "install")
	rows, err := h.account.Secrets(t.Context(), "")
	require.NoError(t, err)
	assert.Len(t, rows, 1, "what has expired goes")

	// With a key that does not open what is stored, the webhook server's may well do so: nothing is replaced.
	before := h.secrets()
	t.Setenv("ENCRYPTION_KEY", seal.Generate())
	_, stderr = h.starter(exitFailed, "webhooks", "rotate")
	assert.Contains(t, stderr, "sealed with another ENCRYPTION_KEY: set that one, or new,old to replace a key; if it is lost, `starter webhooks install`")
	assert.Equal(t, before, h.secrets())
	h.works(store.WebhookEvents)
	h.key = os.Getenv("ENCRYPTION_KEY")
	_, stderr = h.starter(exitOK, "webhooks", "install")
	assert.Contains(t, stderr, "it is replaced, and the webhook server needs the key of now")
	h.works(store.WebhookEvents)
	h.starter(exitOK, "webhooks", "rotate")
	h.works(store.WebhookEvents)

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
		h.pass(time.Minute)
		require.Equal(t, exitFailed, h.run(t.Context(), "webhooks", "remove"))
		assert.Contains(t, h.stderr.String(), "Delete 2 webhooks of acme in Zendesk? Changes will come with the schedule alone. [y/N] ")
		assert.Contains(t, h.stderr.String(), "starter: nothing was deleted\n")
	}
	require.Len(t, h.hooks(), 3)

	// The page of a proxy does not say that a webhook is gone.
	h.sim.Faults().Add(sim.Fault{Method: "DELETE", Path: "/api/v2/webhooks/", Status: 404, ContentType: "text/html", Body: "<html>Not here</html>"})
	h.pass(time.Minute)
	require.Equal(t, exitFailed, h.run(t.Context(), "webhooks", "remove", "--yes"))
	require.Len(t, h.hooks(), 3)
	assert.Len(t, h.secrets(), 2)

	// Zendesk fails half-way; the next run goes on.
	h.sim.Faults().Add(sim.Fault{Method: "DELETE", Path: "/api/v2/webhooks/", Skip: 1, DropAfter: true})
	h.pass(time.Minute)
	require.Equal(t, exitFailed, h.run(t.Context(), "webhooks", "remove", "--yes"))
	h.program.answer = "Yes\n"
	h.pass(time.Minute)
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
