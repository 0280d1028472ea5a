package zendesk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/zendesk"
)

const hookID = "01GB4T0BVZJ5F3ZQZ8Q3X7Y1AA"

// webhookCalls are the calls of webhook administration; the document of webhooks has no example answers, so these are
// what Zendesk's pages show.
func webhookCalls() []apiCall {
	in := zendesk.NewWebhook("Contacts", "https://hooks.example.com/webhooks/zendesk", "zen:event-type:ticket.created")
	in.CustomHeaders = map[string]string{"X-Site": "a"}
	hook := `{"webhook":{"id":"` + hookID + `","name":"Contacts","status":"active","subscriptions":["zen:event-type:ticket.created"]}}`
	secret := `{"signing_secret":{"algorithm":"SHA256","secret":"c2VzYW1l"}}`
	status, query := "inactive", zendesk.InvocationQuery{
		Status: "circuit broken", From: noon.Add(-time.Hour), To: noon, PageSize: 10, Sort: "-latest_completed_at",
	}
	trigger := zendesk.NewTriggers("Contacts", hookID)[1]
	trigger.CategoryID = "10026"
	return []apiCall{
		{operation: "createOrCloneWebhook", answer: hook, do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.CreateWebhook(ctx, in)) }},
		{operation: "showWebhook", answer: hook, do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowWebhook(ctx, hookID)) }},
		{operation: "updateWebhook", answer: " ", do: func(ctx context.Context, c *zendesk.Client) error { return c.UpdateWebhook(ctx, hookID, in) }},
		{operation: "patchWebhook", answer: " ", do: func(ctx context.Context, c *zendesk.Client) error {
			return c.PatchWebhook(ctx, hookID, zendesk.WebhookPatch{Status: &status})
		}},
		{operation: "deleteWebhook", answer: " ", do: func(ctx context.Context, c *zendesk.Client) error { return c.DeleteWebhook(ctx, hookID) }},
		{operation: "showWebhookSigningSecret", answer: secret, do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowSigningSecret(ctx, hookID)) }},
		{operation: "resetWebhookSigningSecret", answer: secret, do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ResetSigningSecret(ctx, hookID)) }},
		{operation: "testWebhook", answer: `{"response":{"status":200,"headers":[],"payload":"OK"}}`, do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.TestWebhook(ctx, hookID, "https://hooks.example.com/", "{}"))
		}},
		{operation: "listWebhookInvocations", answer: `{"invocations":[]}`, do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ListInvocations(ctx, hookID, query))
		}},
		{operation: "listWebhookInvocationAttempts", answer: `{"attempts":[]}`, do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ListInvocationAttempts(ctx, hookID, "01GB4T0BVZJ5F3ZQZ8Q3X7Y1AB"))
		}},
		{operation: "ListTriggers", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ListTriggers(ctx, zendesk.ListQuery{PageSize: 50}))
		}},
		{operation: "CreateTrigger", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.CreateTrigger(ctx, trigger)) }},
		{operation: "DeleteTrigger", answer: " ", do: func(ctx context.Context, c *zendesk.Client) error { return c.DeleteTrigger(ctx, 25) }},
	}
}

func TestWebhookContract(t *testing.T) {
	if _, err := os.Stat(contracts); err != nil {
		t.Skipf("the OpenAPI documents are not beside the repository (%s): requests and answers are not compared with them", contracts)
	}
	for _, call := range webhookCalls() {
		t.Run(call.operation, func(t *testing.T) {
			server := &documented{t: t, call: call}
			web := httptest.NewServer(server)
			defer web.Close()
			c, err := zendesk.New(zendesk.Config{BaseURL: web.URL, Credential: zendesk.APIToken("a@example.com", "t")})
			require.NoError(t, err)
			require.NoError(t, call.do(t.Context(), c))
			assert.Positive(t, server.served)
		})
	}
}

func TestCreateWebhookSendsWhatZendeskDocuments(t *testing.T) {
	var sent map[string]any
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		assert.NoError(t, json.Unmarshal(raw, &sent))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"webhook":{"id":"`+hookID+`","status":"active"}}`)
	}))
	defer web.Close()
	c, err := zendesk.New(zendesk.Config{BaseURL: web.URL, Credential: zendesk.APIToken("a@example.com", "t")})
	require.NoError(t, err)
	got, err := c.CreateWebhook(t.Context(), zendesk.NewWebhook("n", "https://h.example.com", zendesk.ConditionalTicketEvents))
	require.NoError(t, err)
	assert.Equal(t, hookID, got.Row.ID)
	assert.Equal(t, map[string]any{"webhook": map[string]any{
		"name": "n", "endpoint": "https://h.example.com", "http_method": "POST", "request_format": "json", "status": "active",
		"subscriptions": []any{"conditional_ticket_events"},
	}}, sent)
	sent = nil
	_, err = c.CreateTrigger(t.Context(), zendesk.NewTriggers("n", hookID)[0])
	require.Error(t, err, "an answer without a trigger is none")
	assert.Equal(t, map[string]any{"trigger": map[string]any{
		"title":      "n: created",
		"conditions": map[string]any{"all": []any{map[string]any{"field": "update_type", "operator": "is", "value": "Create"}}, "any": []any{}},
		"actions": []any{map[string]any{"field": "notification_webhook", "value": []any{
			hookID, `{"type":"ticket.created","ticket_id":"{{ticket.id}}","user_id":"{{ticket.requester.id}}"}`,
		}}},
	}}, sent)
}

func TestSigningSecretIsNotShown(t *testing.T) {
	c, _ := connect(t, map[string]answer{
		"/api/v2/webhooks/" + hookID + "/signing_secret": {body: `{"signing_secret":{"algorithm":"SHA256","secret":"sesame"}}`},
	})
	got, err := c.ShowSigningSecret(t.Context(), hookID)
	require.NoError(t, err)
	assert.Equal(t, "sesame", got.Reveal())
	assert.Equal(t, "SHA256", got.Algorithm)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, got), "sesame")
	}
	_, err = json.Marshal(got)
	assert.Error(t, err)
}

func TestIDsCannotLeaveTheirRoute(t *testing.T) {
	c, v := connect(t, nil)
	for _, id := range []string{"", "..", "../users/1", "a/b", "a?b", strings.Repeat("a", 65)} {
		_, err := c.ShowWebhook(t.Context(), id)
		require.Error(t, err, id)
		require.Error(t, c.DeleteWebhook(t.Context(), id), id)
		_, err = c.TestWebhook(t.Context(), id, "https://h.example.com", "")
		require.Error(t, err, id)
		_, err = c.ListInvocationAttempts(t.Context(), hookID, id)
		require.Error(t, err, id)
	}
	assert.Empty(t, v.queries(), "no such call is made")
}

func TestInvocations(t *testing.T) {
	path := "/api/v2/webhooks/" + hookID + "/invocations"
	c, v := connect(t, map[string]answer{
		path: {body: `{"invocations":[{"id":"01A","webhook_id":"` + hookID + `","status":"circuit broken","event_type":"zen:event-type:ticket.created",
			"created_at":"2026-05-04T11:00:00Z","latest_completed_at":"2026-05-04T11:00:01Z","attempts_count":2}],"meta":{"has_more":true,"after_cursor":"next"}}`},
		path + "/01A/attempts": {body: `{"attempts":[{"id":"01B","status":"server error","response_code":503,"response_body":"secret","duration_ms":12}]}`},
	})
	page, err := c.ListInvocations(t.Context(), hookID, zendesk.InvocationQuery{Status: "failed", From: noon, PageSize: 1})
	require.NoError(t, err)
	require.Len(t, page.Rows, 1)
	assert.Equal(t, "circuit broken", page.Rows[0].Status)
	assert.Equal(t, int64(2), page.Rows[0].AttemptsCount)
	assert.Equal(t, "next", page.Cursor)
	assert.False(t, page.End)
	assert.Equal(t, "2026-05-04T12:00:00Z", v.queries()[0].Get("filter[from_ts]"))
	assert.Equal(t, "failed", v.queries()[0].Get("filter[status]"))
	attempts, err := c.ListInvocationAttempts(t.Context(), hookID, "01A")
	require.NoError(t, err)
	require.Len(t, attempts, 1)
	assert.Equal(t, 503, attempts[0].ResponseCode)
}

func TestWebhookTestInBothPublishedShapes(t *testing.T) {
	for body, want := range map[string]int{
		`{"response":{"status":401,"payload":"Unauthorized"}}`: 401, `{"response":{"status":"200"}}`: 200, `{"test":{"status":"failed","response_code":503}}`: 503,
	} {
		c, v := connect(t, map[string]answer{"/api/v2/webhooks/test": {body: body}})
		got, err := c.TestWebhook(t.Context(), hookID, "https://h.example.com", "{}")
		require.NoError(t, err)
		assert.Equal(t, want, got.Status)
		assert.Equal(t, hookID, v.queries()[0].Get("webhook_id"))
	}
	c, _ := connect(t, map[string]answer{"/api/v2/webhooks/test": {body: `{"response":{}}`}})
	_, err := c.TestWebhook(t.Context(), hookID, "https://h.example.com", "{}")
	assert.ErrorContains(t, err, "status of the endpoint")
}

func TestTriggersNameTheirWebhook(t *testing.T) {
	c, _ := connect(t, map[string]answer{"/api/v2/triggers": {body: `{"triggers":[
		{"id":25,"title":"a","active":true,"actions":[{"field":"status","value":"solved"},{"field":"notification_webhook","value":["` + hookID + `","{}"]}]},
		{"id":26,"title":"b","active":false,"actions":[{"field":"notification_webhook","value":7}]}],"meta":{"has_more":false}}`}})
	page, err := c.ListTriggers(t.Context(), zendesk.ListQuery{})
	require.NoError(t, err)
	require.Len(t, page.Rows, 2)
	assert.Equal(t, zendesk.Trigger{ID: 25, Title: "a", Active: true, WebhookID: hookID}, page.Rows[0])
	assert.Empty(t, page.Rows[1].WebhookID)
	assert.True(t, page.End)
}
