package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

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
	assert.Equal(t, zendesk.Subscriptions(), hook.Subscriptions)
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
	h.pass(time.Second)
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

func TestInstallAndRemoveTellInJSON(t *testing.T) {
	h := newHooked(t)
	told := func(args ...string) (out narration) {
		stdout, _ := h.starter(exitOK, append(args, "--json")...)
		require.NoError(t, json.Unmarshal([]byte(stdout), &out), stdout)
		return out
	}
	made := told("webhooks", "install")
	require.Len(t, made.Webhooks, 1)
	assert.Equal(t, h.hooks()[0].ID, made.Webhooks[0].ID)
	assert.Equal(t, h.url, made.Webhooks[0].Endpoint)
	assert.Contains(t, made.Did[0], "Made the webhook "+made.Webhooks[0].ID)
	assert.Contains(t, told("webhooks", "rotate").Did[0], "Replaced the signing secret")

	h.sim.Faults().Add(sim.Fault{Method: "POST", Path: "/api/v2/webhooks/test", Status: 200, Body: "{}", Times: sim.Forever})
	stdout, stderr := h.starter(exitFailed, "webhooks", "install", "--json")
	assert.Contains(t, stdout, "is there", "what was done before a failure is told too")
	assert.Contains(t, stderr, "its test did not come through")

	gone := told("webhooks", "remove", "--yes")
	assert.Equal(t, []string{"Deleted the webhook " + made.Webhooks[0].ID + "."}, gone.Did)
	assert.Empty(t, gone.Webhooks)
}
