package zendesk

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// InvocationQuery asks for a page of a webhook's invocations, of which Zendesk keeps seven days.
type InvocationQuery struct {
	Status   string // success, failed, timeout, "circuit broken" ...; empty: all
	From, To time.Time
	PageSize int
	Cursor   string
	Sort     string // latest_completed_at, -latest_completed_at
}

// Invocation is one request that Zendesk wanted to make, with all its attempts.
type Invocation struct {
	ID                string    `json:"id"`
	WebhookID         string    `json:"webhook_id"`
	Status            string    `json:"status"` // unknown, accepted, success, failed, timeout, circuit broken, throttled, client error, server error
	EventType         string    `json:"event_type"`
	CreatedAt         time.Time `json:"created_at"`
	LatestCompletedAt time.Time `json:"latest_completed_at"`
	AttemptsCount     int64     `json:"attempts_count"`
}

// ListInvocations reads a page of what Zendesk tried to deliver to a webhook.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhook_invocations/#list-webhook-invocations
func (c *Client) ListInvocations(ctx context.Context, id string, q InvocationQuery) (Page[Invocation], error) {
	r, err := c.webhookCall(http.MethodGet, webhookRoute+"/invocations", nil, nil, id)
	if err != nil {
		return Page[Invocation]{}, err
	}
	if r.Query, err = pageQuery(r.Path, ListQuery{PageSize: q.PageSize, Cursor: q.Cursor, Sort: q.Sort}); err != nil {
		return Page[Invocation]{}, err
	}
	if !strings.HasPrefix(q.Cursor, "/") {
		q.filter(r.Query)
	}
	var out struct {
		Rows []Invocation `json:"invocations"`
		linked
	}
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return Page[Invocation]{}, err
	}
	if out.Rows == nil {
		return Page[Invocation]{}, missing(r, meta, "invocations")
	}
	cursor, end, err := c.nextCursor(r, meta, out.paging())
	if err != nil {
		return Page[Invocation]{}, err
	}
	return Page[Invocation]{Rows: out.Rows, Cursor: cursor, End: end, AskedAt: meta.SentAt}, nil
}

func (q InvocationQuery) filter(to url.Values) {
	if q.Status != "" {
		to.Set("filter[status]", q.Status)
	}
	if !q.From.IsZero() {
		to.Set("filter[from_ts]", q.From.UTC().Format(time.RFC3339))
	}
	if !q.To.IsZero() {
		to.Set("filter[to_ts]", q.To.UTC().Format(time.RFC3339))
	}
}

// InvocationAttempt is one attempt of an invocation. The endpoint's answer is not decoded.
type InvocationAttempt struct {
	ID           string    `json:"id"`
	InvocationID string    `json:"invocation_id"`
	Status       string    `json:"status"`
	ResponseCode int       `json:"response_code"`
	CreatedAt    time.Time `json:"created_at"`
	DurationMS   int64     `json:"duration_ms"`
}

// ListInvocationAttempts reads the attempts of an invocation.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhook_invocations/#list-webhook-invocation-attempts
func (c *Client) ListInvocationAttempts(ctx context.Context, id, invocation string) ([]InvocationAttempt, error) {
	r, err := c.webhookCall(http.MethodGet, webhookRoute+"/invocations/{invocation_id}/attempts", nil, nil, id, invocation)
	if err != nil {
		return nil, err
	}
	var out struct {
		Rows []InvocationAttempt `json:"attempts"`
	}
	meta, err := c.gate.Do(ctx, r, &out)
	if err == nil && out.Rows == nil {
		err = missing(r, meta, "attempts")
	}
	return out.Rows, err
}
