package zendesk

import (
	"context"
	"net/http"
)

// ListTicketFields reads all definitions of ticket fields, Zendesk's own included.
// https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/#list-ticket-fields
func (c *Client) ListTicketFields(ctx context.Context) (Page[Field], error) {
	return c.fields(ctx, "/api/v2/ticket_fields.json", func(a *fieldsAnswer) []Field { return a.Ticket })
}

// ListUserFields reads all definitions of custom user fields.
// https://developer.zendesk.com/api-reference/ticketing/users/user_fields/#list-user-fields
func (c *Client) ListUserFields(ctx context.Context) (Page[Field], error) {
	return c.fields(ctx, "/api/v2/user_fields.json", func(a *fieldsAnswer) []Field { return a.User })
}

// ListOrganizationFields reads all definitions of custom organization fields.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organization_fields/#list-organization-fields
func (c *Client) ListOrganizationFields(ctx context.Context) (Page[Field], error) {
	return c.fields(ctx, "/api/v2/organization_fields.json", func(a *fieldsAnswer) []Field { return a.Organization })
}

type fieldsAnswer struct {
	Ticket       []Field `json:"ticket_fields"`
	User         []Field `json:"user_fields"`
	Organization []Field `json:"organization_fields"`
	linked
}

// fields reads every page of definitions; AskedAt is that of the first.
func (c *Client) fields(ctx context.Context, route string, rows func(*fieldsAnswer) []Field) (Page[Field], error) {
	all := Page[Field]{End: true}
	for cursor, end := "", false; !end; {
		query, err := pageQuery(route, ListQuery{Cursor: cursor})
		if err != nil {
			return Page[Field]{}, err
		}
		var out fieldsAnswer
		r := c.call(http.MethodGet, route, "", query, nil)
		meta, err := c.gate.Do(ctx, r, &out)
		if err != nil {
			return Page[Field]{}, err
		}
		if rows(&out) == nil {
			return Page[Field]{}, missing(r, meta, "fields")
		}
		if all.AskedAt.IsZero() {
			all.AskedAt = meta.SentAt
		}
		all.Rows = append(all.Rows, rows(&out)...)
		asked := cursor
		if cursor, end, err = c.nextCursor(r, meta, out.paging()); err != nil {
			return Page[Field]{}, err
		}
		if !end && cursor == asked {
			return Page[Field]{}, odd(r, meta, "the cursor does not advance although the list goes on")
		}
	}
	return all, nil
}

// ListWebhooks reads a page of the account's webhooks: the test that the credential may manage them.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/#list-webhooks
func (c *Client) ListWebhooks(ctx context.Context, pageSize int) (Page[Webhook], error) {
	const route = "/api/v2/webhooks"
	query, err := pageQuery(route, ListQuery{PageSize: pageSize})
	if err != nil {
		return Page[Webhook]{}, err
	}
	var out struct {
		Rows []Webhook `json:"webhooks"`
		linked
	}
	r := c.call(http.MethodGet, route, "", query, nil)
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return Page[Webhook]{}, err
	}
	if out.Rows == nil {
		return Page[Webhook]{}, missing(r, meta, "webhooks")
	}
	cursor, end, err := c.nextCursor(r, meta, out.paging())
	if err != nil {
		return Page[Webhook]{}, err
	}
	return Page[Webhook]{Rows: out.Rows, Cursor: cursor, End: end, AskedAt: meta.SentAt}, nil
}
