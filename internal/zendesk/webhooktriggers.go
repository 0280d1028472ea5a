package zendesk

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const triggersRoute = "/api/v2/triggers"

// TriggerCondition is one condition of a trigger, such as {status changed} or {status is solved}.
// https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
type TriggerCondition struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value,omitempty"`
}

// TriggerInput describes a trigger that calls a webhook made for ConditionalTicketEvents.
type TriggerInput struct {
	Title      string
	CategoryID string // empty: Zendesk's choice
	All, Any   []TriggerCondition
	WebhookID  string
	Body       string // of the request, with placeholders such as {{ticket.id}}; up to 16,000 characters
}

// TriggerBody is the body that ParseEvent reads, for a trigger about tickets. It holds ids only: Zendesk does not escape
// the text of a placeholder for JSON.
func TriggerBody(eventType string) string {
	return `{"type":"` + eventType + `","ticket_id":"{{ticket.id}}","user_id":"{{ticket.requester.id}}"}`
}

// NewTriggers are the inputs of the trigger pair: one tells of new tickets and one of changes of a ticket's status or
// priority. Every other change reaches the product by its schedule.
func NewTriggers(title, webhookID string) []TriggerInput {
	return []TriggerInput{
		{
			Title: title + ": created", WebhookID: webhookID, Body: TriggerBody("ticket.created"),
			All: []TriggerCondition{{Field: "update_type", Operator: "is", Value: "Create"}},
		},
		{
			Title: title + ": updated", WebhookID: webhookID, Body: TriggerBody("ticket.updated"),
			All: []TriggerCondition{{Field: "update_type", Operator: "is", Value: "Change"}},
			Any: []TriggerCondition{{Field: "status", Operator: "changed"}, {Field: "priority", Operator: "changed"}},
		},
	}
}

type triggerAction struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

func (in TriggerInput) body() any {
	trigger := map[string]any{
		"title":      in.Title,
		"conditions": map[string]any{"all": orNone(in.All), "any": orNone(in.Any)},
		"actions":    []triggerAction{{Field: "notification_webhook", Value: []string{in.WebhookID, in.Body}}},
	}
	if in.CategoryID != "" {
		trigger["category_id"] = in.CategoryID
	}
	return map[string]any{"trigger": trigger}
}

func orNone(c []TriggerCondition) []TriggerCondition {
	if c == nil {
		return []TriggerCondition{}
	}
	return c
}

// Trigger is a trigger of the account.
// https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/
type Trigger struct {
	ID        int64
	Title     string
	Active    bool   // true when the answer does not say
	WebhookID string // that its first notification_webhook action calls; empty when it calls none
	CreatedAt time.Time
}

// CreateTrigger creates an active trigger.
// https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/#create-trigger
func (c *Client) CreateTrigger(ctx context.Context, in TriggerInput) (Read[Trigger], error) {
	var out struct {
		Trigger *Trigger `json:"trigger"`
	}
	r := c.call(http.MethodPost, triggersRoute, "", nil, in.body())
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return Read[Trigger]{}, err
	}
	if out.Trigger == nil {
		return Read[Trigger]{}, missing(r, meta, "trigger")
	}
	return Read[Trigger]{Row: *out.Trigger, AskedAt: meta.SentAt}, nil
}

// ListTriggers reads a page of the account's triggers.
// https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/#list-triggers
func (c *Client) ListTriggers(ctx context.Context, q ListQuery) (Page[Trigger], error) {
	query, err := pageQuery(triggersRoute, q)
	if err != nil {
		return Page[Trigger]{}, err
	}
	var out struct {
		Rows []Trigger `json:"triggers"`
		linked
	}
	r := c.call(http.MethodGet, triggersRoute, "", query, nil)
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return Page[Trigger]{}, err
	}
	if out.Rows == nil {
		return Page[Trigger]{}, missing(r, meta, "triggers")
	}
	cursor, end, err := c.nextCursor(r, meta, out.paging())
	if err != nil {
		return Page[Trigger]{}, err
	}
	return Page[Trigger]{Rows: out.Rows, Cursor: cursor, End: end, AskedAt: meta.SentAt}, nil
}

// DeleteTrigger deletes a trigger; *rest.Error with status 404 when there is none.
// https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/#delete-trigger
func (c *Client) DeleteTrigger(ctx context.Context, id int64) error {
	const route = triggersRoute + "/{trigger_id}"
	path := triggersRoute + "/" + strconv.FormatInt(id, 10)
	_, err := c.gate.Do(ctx, c.call(http.MethodDelete, route, path, nil, nil), nil)
	return err
}
