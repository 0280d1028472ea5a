package zendesk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

const (
	routeArticles   = "/api/v2/help_center/articles.json"
	routeUserEvents = "/api/v2/users/{id}/events"
)

// CountDeletedUsers counts the deleted users, approximately, those deleted for good included: exports show them too.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#count-deleted-users
func (c *Client) CountDeletedUsers(ctx context.Context) (Read[Count], error) {
	return c.count(ctx, "/api/v2/deleted_users/count.json")
}

// CountSearch counts what a search finds, exactly, whatever the largest number of results is that a search shows.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/#show-results-count
func (c *Client) CountSearch(ctx context.Context, query string) (int64, error) {
	var out struct {
		Count json.RawMessage `json:"count"`
	}
	r := c.call(http.MethodGet, "/api/v2/search/count.json", "", url.Values{"query": {query}}, nil)
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return 0, err
	}
	n := (&scanner{b: out.Count}).optionalInt()
	if n == nil {
		return 0, missing(r, meta, "count")
	}
	return *n, nil
}

// NewestTicket is the greatest id among the tickets that are neither archived nor deleted, 0 when there is none. Zendesk
// numbers tickets one by one, so an account has no more tickets than that, deleted ones included.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#list-tickets
func (c *Client) NewestTicket(ctx context.Context) (int64, error) {
	page, err := c.ListTickets(ctx, ListQuery{PageSize: 1, Sort: "-id"})
	if err != nil || len(page.Rows) == 0 {
		return 0, err
	}
	return page.Rows[0].ID, nil
}

// HelpCenterThere fails with what the account answers when it has no Help Center; nothing of the articles is kept.
// https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/#list-articles
func (c *Client) HelpCenterThere(ctx context.Context) error {
	return c.there(ctx, routeArticles, "", "articles")
}

// UserEventsThere fails with what the account answers while the Events API is not activated; nothing of the events of the
// user is kept. https://developer.zendesk.com/api-reference/ticketing/users/events-api/events-api/
func (c *Client) UserEventsThere(ctx context.Context, user int64) error {
	return c.there(ctx, routeUserEvents, withID(routeUserEvents, user), "events")
}

// there asks for the shortest page of a list that a plan may lack.
func (c *Client) there(ctx context.Context, route, path, noun string) error {
	var out map[string]any
	r := c.call(http.MethodGet, route, path, url.Values{"page[size]": {"1"}}, nil)
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return err
	}
	if out[noun] == nil {
		return missing(r, meta, noun)
	}
	return nil
}
