package zendesk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	routeTickets = "/api/v2/tickets.json"
	routeTicket  = "/api/v2/tickets/{id}.json"
)

// TicketDetail is a ticket with what one request brings along; Requester and Organization are nil when Zendesk did not
// send them.
type TicketDetail struct {
	Ticket
	Requester    *User
	Organization *Organization
}

// ShowTicket reads one ticket with its metrics, its requester and its organization, in one request.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#show-ticket
func (c *Client) ShowTicket(ctx context.Context, id int64) (Read[TicketDetail], error) {
	query := url.Values{"include": {"metric_sets,users,organizations"}}
	e, meta, err := c.support(ctx, c.call(http.MethodGet, routeTicket, withID(routeTicket, id), query, nil), "ticket")
	if err != nil {
		return Read[TicketDetail]{}, err
	}
	detail := TicketDetail{Ticket: e.tickets[0]}
	for i := range e.users {
		if e.users[i].ID == detail.RequesterID {
			detail.Requester = &e.users[i]
		}
	}
	for i := range e.organizations {
		if e.organizations[i].ID == detail.OrganizationID {
			detail.Organization = &e.organizations[i]
		}
	}
	return Read[TicketDetail]{Row: detail, AskedAt: meta.SentAt}, nil
}

// ShowManyTickets reads up to 100 tickets with their metrics; more is an error. Ids that do not exist are left out.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#show-multiple-tickets
func (c *Client) ShowManyTickets(ctx context.Context, ids []int64) (TicketPage, error) {
	query, err := manyIDs(ids)
	if err != nil || len(ids) == 0 {
		return TicketPage{End: true}, err
	}
	query.Set("include", "metric_sets")
	r := c.call(http.MethodGet, "/api/v2/tickets/show_many.json", "", query, nil)
	e, meta, err := c.rows(ctx, r, len(ids), "tickets")
	if err != nil {
		return TicketPage{}, err
	}
	return TicketPage{Rows: e.tickets, End: true, AskedAt: meta.SentAt, Count: e.count, Bytes: e.bytes}, nil
}

// ListTickets reads a page of the tickets that are not archived; exports have them all.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets
func (c *Client) ListTickets(ctx context.Context, q ListQuery) (TicketPage, error) {
	e, page, err := c.list(ctx, routeTickets, routeTickets, "tickets", q, nil)
	if err != nil {
		return TicketPage{}, err
	}
	return withRows(page, e.tickets), nil
}

// TicketByExternalID finds the ticket with an external id; false: there is none. It asks the list, because the index of the
// search lags behind, and so it does not know archived tickets. External ids need not be unique: of several tickets it is
// the oldest. A list that does not go by external id gives ErrInconclusive.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets
func (c *Client) TicketByExternalID(ctx context.Context, externalID string) (Read[Ticket], bool, error) {
	if externalID == "" {
		return Read[Ticket]{}, false, errors.New("zendesk tickets: needs an external id to look for")
	}
	e, page, err := c.list(ctx, routeTickets, routeTickets, "tickets", ListQuery{}, url.Values{"external_id": {externalID}})
	if err != nil || len(e.tickets) == 0 {
		return Read[Ticket]{}, false, err
	}
	oldest := slices.MinFunc(e.tickets, func(a, b Ticket) int { return cmp.Compare(a.ID, b.ID) })
	if !strings.EqualFold(oldest.ExternalID, externalID) {
		return Read[Ticket]{}, false, ErrInconclusive
	}
	return Read[Ticket]{Row: oldest, AskedAt: page.AskedAt}, true, nil
}

// SearchQuery asks for a page of a search. Zendesk gives at most 1,000 tickets and 10,000 users for one query.
type SearchQuery struct {
	Query    string // Zendesk's search syntax
	Page     int64  // from 1, Page.Next of the page before; 0: the first
	PageSize int    // up to 100; 0: 100
}

func (q SearchQuery) values(prefix string) url.Values {
	query := url.Values{
		"query":    {strings.TrimSpace(prefix + q.Query)},
		"per_page": {strconv.Itoa(orElse(q.PageSize, listPageSize))},
	}
	if q.Page > 1 {
		query.Set("page", strconv.FormatInt(q.Page, 10))
	}
	return query
}

// SearchTickets reads a page of tickets that match. The index lags a minute or two behind.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/#list-search-results
func (c *Client) SearchTickets(ctx context.Context, q SearchQuery) (TicketPage, error) {
	e, page, err := c.search(ctx, "/api/v2/search.json", "results", q.values("type:ticket "), q.Page)
	if err != nil {
		return TicketPage{}, err
	}
	return withRows(page, e.tickets), nil
}

// TicketInput is what a ticket is created with, or changed to: empty members are not sent.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-ticket
type TicketInput struct {
	Subject             string             `json:"subject,omitempty"`
	Comment             *CommentInput      `json:"comment,omitempty"` // required to create
	RequesterID         int64              `json:"requester_id,omitempty"`
	Requester           *RequesterInput    `json:"requester,omitempty"` // instead of RequesterID: found by e-mail, or created
	OrganizationID      int64              `json:"organization_id,omitempty"`
	AssigneeID          int64              `json:"assignee_id,omitempty"`
	GroupID             int64              `json:"group_id,omitempty"`
	BrandID             int64              `json:"brand_id,omitempty"`
	TicketFormID        int64              `json:"ticket_form_id,omitempty"`
	ExternalID          string             `json:"external_id,omitempty"`
	Type                string             `json:"type,omitempty"`
	Priority            string             `json:"priority,omitempty"`
	Status              string             `json:"status,omitempty"`
	Tags                []string           `json:"tags,omitempty"` // replaces the ticket's tags
	CustomFields        []CustomFieldInput `json:"custom_fields,omitempty"`
	ViaFollowupSourceID int64              `json:"via_followup_source_id,omitempty"` // creates a follow-up of a closed ticket
	// UpdatedStamp with SafeUpdate makes an update fail with 409 when the ticket changed since that updated_at.
	UpdatedStamp string `json:"updated_stamp,omitempty"`
	SafeUpdate   bool   `json:"safe_update,omitempty"`
}

// CommentInput is a comment to add. Public nil leaves Zendesk's default, which is a public reply that is mailed out.
type CommentInput struct {
	Body     string `json:"body,omitempty"`
	HTMLBody string `json:"html_body,omitempty"`
	Public   *bool  `json:"public,omitempty"`
	AuthorID int64  `json:"author_id,omitempty"`
}

// RequesterInput names a requester who may not exist yet.
type RequesterInput struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
}

// CustomFieldInput is a value for a custom ticket field; nil clears it.
type CustomFieldInput struct {
	ID    int64 `json:"id"`
	Value any   `json:"value"`
}

type ticketBody struct {
	Ticket TicketInput `json:"ticket"`
}

// CreateTicket creates a ticket. It is not idempotent: after an error for which rest.Error.MayHaveArrived is true, look
// for the ticket's external id before trying again.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-ticket
func (c *Client) CreateTicket(ctx context.Context, in TicketInput) (Read[Ticket], error) {
	return c.writeTicket(ctx, http.MethodPost, routeTickets, 0, in)
}

// UpdateTicket changes a ticket. A closed ticket answers 422.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
func (c *Client) UpdateTicket(ctx context.Context, id int64, in TicketInput) (Read[Ticket], error) {
	return c.writeTicket(ctx, http.MethodPut, routeTicket, id, in)
}

func (c *Client) writeTicket(ctx context.Context, method, route string, id int64, in TicketInput) (Read[Ticket], error) {
	e, meta, err := c.support(ctx, c.call(method, route, withID(route, id), nil, ticketBody{in}), "ticket")
	if err != nil {
		return Read[Ticket]{}, err
	}
	return Read[Ticket]{Row: e.tickets[0], AskedAt: meta.SentAt}, nil
}

// CountTickets counts the tickets that are not archived, approximately.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#count-tickets
func (c *Client) CountTickets(ctx context.Context) (Read[Count], error) {
	return c.count(ctx, "/api/v2/tickets/count.json")
}

// manyIDs is the query of a show_many call.
func manyIDs(ids []int64) (url.Values, error) {
	if len(ids) > MaxShowMany {
		return nil, fmt.Errorf("zendesk show_many: %d ids, at most %d go in one request", len(ids), MaxShowMany)
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return url.Values{"ids": {strings.Join(texts, ",")}}, nil
}
