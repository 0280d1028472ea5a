package zendesk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"zendesk-brevo/internal/rest"
)

// ConditionalTicketEvents is the one subscription of a webhook that triggers and automations call; it stands alone.
// https://developer.zendesk.com/documentation/event-connectors/webhooks/creating-and-monitoring-webhooks/
const ConditionalTicketEvents = "conditional_ticket_events"

const (
	webhooksRoute = "/api/v2/webhooks"
	webhookRoute  = webhooksRoute + "/{webhook_id}"
)

// WebhookInput describes a webhook to create or to replace. Empty members are left out.
type WebhookInput struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Endpoint    string `json:"endpoint"`
	HTTPMethod  string `json:"http_method"`    // POST, for event subscriptions
	Format      string `json:"request_format"` // json, for event subscriptions
	Status      string `json:"status"`         // active, inactive
	// Subscriptions are event types ("zen:event-type:ticket.created"), or ConditionalTicketEvents alone. Which of the two is
	// fixed when the webhook is created.
	Subscriptions []string          `json:"subscriptions,omitempty"`
	CustomHeaders map[string]string `json:"custom_headers,omitempty"` // only with an https endpoint
}

// NewWebhook is the input of an active webhook that posts JSON to endpoint.
func NewWebhook(name, endpoint string, subscriptions ...string) WebhookInput {
	return WebhookInput{
		Name: name, Endpoint: endpoint, HTTPMethod: http.MethodPost, Format: "json", Status: "active", Subscriptions: subscriptions,
	}
}

// WebhookPatch changes those members of a webhook that are not nil.
type WebhookPatch struct {
	Name          *string   `json:"name,omitempty"`
	Endpoint      *string   `json:"endpoint,omitempty"`
	Status        *string   `json:"status,omitempty"`
	Subscriptions *[]string `json:"subscriptions,omitempty"`
}

type webhookBody[T any] struct {
	Webhook T `json:"webhook"`
}

// CreateWebhook creates a webhook. Trial accounts may have ten (403 above that).
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#create-or-clone-webhook
func (c *Client) CreateWebhook(ctx context.Context, in WebhookInput) (Read[Webhook], error) {
	return c.webhook(ctx, c.call(http.MethodPost, webhooksRoute, "", nil, webhookBody[WebhookInput]{in}))
}

// ShowWebhook reads a webhook; *rest.Error with status 404 when there is none.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#show-webhook
func (c *Client) ShowWebhook(ctx context.Context, id string) (Read[Webhook], error) {
	r, err := c.webhookCall(http.MethodGet, webhookRoute, nil, nil, id)
	if err != nil {
		return Read[Webhook]{}, err
	}
	return c.webhook(ctx, r)
}

func (c *Client) webhook(ctx context.Context, r rest.Request) (Read[Webhook], error) {
	var out webhookBody[*Webhook]
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return Read[Webhook]{}, err
	}
	if out.Webhook == nil || cleanID(out.Webhook.ID) == "" {
		return Read[Webhook]{}, missing(r, meta, "webhook with an id")
	}
	return Read[Webhook]{Row: *out.Webhook, AskedAt: meta.SentAt}, nil
}

// AllWebhooks reads every webhook of the account, page by page; AskedAt is that of the first page.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#list-webhooks
func (c *Client) AllWebhooks(ctx context.Context) (Page[Webhook], error) {
	all := Page[Webhook]{End: true}
	for cursor, end := "", false; !end; {
		query, err := pageQuery(webhooksRoute, ListQuery{Cursor: cursor})
		if err != nil {
			return Page[Webhook]{}, err
		}
		var out struct {
			Rows []Webhook `json:"webhooks"`
			linked
		}
		r := c.call(http.MethodGet, webhooksRoute, "", query, nil)
		meta, err := c.gate.Do(ctx, r, &out)
		if err != nil {
			return Page[Webhook]{}, err
		}
		if out.Rows == nil {
			return Page[Webhook]{}, missing(r, meta, "webhooks")
		}
		if all.AskedAt.IsZero() {
			all.AskedAt = meta.SentAt
		}
		all.Rows = append(all.Rows, out.Rows...)
		asked := cursor
		if cursor, end, err = c.nextCursor(r, meta, out.paging()); err != nil {
			return Page[Webhook]{}, err
		}
		if !end && cursor == asked {
			return Page[Webhook]{}, odd(r, meta, "the cursor does not advance although the list goes on")
		}
	}
	return all, nil
}

// UpdateWebhook replaces a webhook.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#update-webhook
func (c *Client) UpdateWebhook(ctx context.Context, id string, in WebhookInput) error {
	return c.webhookWrite(ctx, http.MethodPut, id, webhookBody[WebhookInput]{in})
}

// PatchWebhook changes a part of a webhook.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#patch-webhook
func (c *Client) PatchWebhook(ctx context.Context, id string, in WebhookPatch) error {
	return c.webhookWrite(ctx, http.MethodPatch, id, webhookBody[WebhookPatch]{in})
}

// DeleteWebhook deletes a webhook; *rest.Error with status 404 when there is none. Delete the triggers that call it first.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#delete-webhook
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	return c.webhookWrite(ctx, http.MethodDelete, id, nil)
}

func (c *Client) webhookWrite(ctx context.Context, method, id string, body any) error {
	r, err := c.webhookCall(method, webhookRoute, nil, body, id)
	if err != nil {
		return err
	}
	_, err = c.gate.Do(ctx, r, nil)
	return err
}

// webhookCall fills the opaque ids of a route in, in order.
func (c *Client) webhookCall(method, route string, query url.Values, body any, ids ...string) (rest.Request, error) {
	path := route
	for _, id := range ids {
		if id == "" || cleanID(id) == "" {
			return rest.Request{}, fmt.Errorf("build %s %s: an id is empty or no id of Zendesk", method, route)
		}
		from, to := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		path = path[:from] + id + path[to+1:]
	}
	return c.call(method, route, path, query, body), nil
}

// SigningSecret signs the requests of one webhook. It shows nothing of itself when printed or logged.
type SigningSecret struct {
	Algorithm string // SHA256
	secret    string
}

// Reveal returns the secret exactly as Zendesk shows it, which is the key for Sign and Verify.
func (s SigningSecret) Reveal() string { return s.secret }

// Format writes a placeholder, whatever the verb.
func (SigningSecret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON refuses: a secret is stored encrypted or not at all.
func (SigningSecret) MarshalJSON() ([]byte, error) {
	return nil, errors.New("encode signing secret: a secret is not written as JSON")
}

// ShowSigningSecret reads the secret of a webhook.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#show-webhook-signing-secret
func (c *Client) ShowSigningSecret(ctx context.Context, id string) (SigningSecret, error) {
	return c.signingSecret(ctx, http.MethodGet, id)
}

// ResetSigningSecret replaces the secret of a webhook and returns the new one. The old one ends at once; requests on their
// way are still signed with it, so a receiver accepts both for a while.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#reset-webhook-signing-secret
func (c *Client) ResetSigningSecret(ctx context.Context, id string) (SigningSecret, error) {
	return c.signingSecret(ctx, http.MethodPost, id)
}

func (c *Client) signingSecret(ctx context.Context, method, id string) (SigningSecret, error) {
	r, err := c.webhookCall(method, webhookRoute+"/signing_secret", nil, nil, id)
	if err != nil {
		return SigningSecret{}, err
	}
	var out struct {
		SigningSecret struct {
			Algorithm string `json:"algorithm"`
			Secret    string `json:"secret"`
		} `json:"signing_secret"`
	}
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return SigningSecret{}, err
	}
	if out.SigningSecret.Secret == "" {
		return SigningSecret{}, missing(r, meta, "signing_secret")
	}
	return SigningSecret{Algorithm: out.SigningSecret.Algorithm, secret: out.SigningSecret.Secret}, nil
}

// WebhookTest is what an endpoint answered to a test.
type WebhookTest struct{ Status int }

// TestWebhook lets Zendesk send an existing webhook's test request, signed with that webhook's secret, to endpoint, with
// payload as its body. Zendesk waits for the endpoint before it answers.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#test-webhook
func (c *Client) TestWebhook(ctx context.Context, id, endpoint, payload string) (WebhookTest, error) {
	const route = webhooksRoute + "/test"
	if id == "" || cleanID(id) == "" {
		return WebhookTest{}, fmt.Errorf("build POST %s: the id is no id of Zendesk", route)
	}
	request := map[string]any{"endpoint": endpoint, "http_method": http.MethodPost, "request_format": "json", "payload": payload}
	// One published description of this call names its body "request", another one "webhook".
	body := map[string]any{"request": request, "webhook": request}
	r := c.call(http.MethodPost, route, "", url.Values{"webhook_id": {id}}, body)
	var out struct {
		Response struct {
			Status flexibleInt `json:"status"`
		} `json:"response"`
		Test struct {
			ResponseCode flexibleInt `json:"response_code"`
		} `json:"test"`
	}
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return WebhookTest{}, err
	}
	status := max(int(out.Response.Status), int(out.Test.ResponseCode))
	if status == 0 {
		return WebhookTest{}, missing(r, meta, "status of the endpoint")
	}
	return WebhookTest{Status: status}, nil
}

// flexibleInt is a number that may come as a string.
type flexibleInt int

// UnmarshalJSON takes 200 and "200"; anything else is 0.
func (n *flexibleInt) UnmarshalJSON(raw []byte) error {
	v, _ := strconv.Atoi(strings.Trim(string(raw), `"`))
	*n = flexibleInt(v)
	return nil
}
