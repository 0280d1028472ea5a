package zendesk

import (
	"context"
	"maps"
	"net/http"
	"net/url"

	"zendesk-brevo/internal/rest"
)

// list reads a page of a cursor-paginated list of Support's main nouns; filter holds the list's own parameters.
func (c *Client) list(
	ctx context.Context, route, path, noun string, q ListQuery, filter url.Values,
) (*envelope, Page[struct{}], error) {
	query, err := pageQuery(path, q)
	if err != nil {
		return nil, Page[struct{}]{}, err
	}
	if q.Cursor == "" || query.Has("page[after]") {
		maps.Copy(query, filter)
	}
	r := c.call(http.MethodGet, route, path, query, nil)
	e, meta, err := c.rows(ctx, r, orElse(q.PageSize, listPageSize), noun)
	if err != nil {
		return nil, Page[struct{}]{}, err
	}
	cursor, end, err := c.nextCursor(r, meta, e.paging)
	if err != nil {
		return nil, Page[struct{}]{}, err
	}
	return e, Page[struct{}]{Cursor: cursor, End: end, AskedAt: meta.SentAt, Count: e.count, Bytes: e.bytes}, nil
}

// search reads a page of a search, which goes by page number.
func (c *Client) search(
	ctx context.Context, route, noun string, query url.Values, number int64,
) (*envelope, Page[struct{}], error) {
	e, meta, err := c.support(ctx, c.call(http.MethodGet, route, "", query, nil), noun)
	if err != nil {
		return nil, Page[struct{}]{}, err
	}
	page := Page[struct{}]{End: e.nextPage == "", AskedAt: meta.SentAt, Count: e.count, Bytes: e.bytes}
	if !page.End {
		page.Next = max(number, 1) + 1
	}
	return e, page, nil
}

// linked is the paging part of the answers that encoding/json decodes.
type linked struct {
	Meta  paging `json:"meta"`
	Links paging `json:"links"`
}

func (l linked) paging() paging {
	return paging{HasMore: l.Meta.HasMore, AfterCursor: l.Meta.AfterCursor, NextLink: l.Links.NextLink}
}

// UnmarshalJSON takes what the page decoder takes.
func (p *paging) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	p.decode(s)
	return s.err
}

// UnmarshalJSON takes what the page decoder takes; the value has to be right.
func (n *Count) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	*n = Count{}
	s.object(func(key []byte) {
		switch string(key) {
		case "value":
			n.Value = s.id()
		case "refreshed_at":
			n.RefreshedAt = s.time()
		default:
			s.skip()
		}
	})
	return s.err
}

func (c *Client) count(ctx context.Context, route string) (Read[Count], error) {
	return c.countWhere(ctx, route, nil)
}

func (c *Client) countWhere(ctx context.Context, route string, query url.Values) (Read[Count], error) {
	var out struct {
		Count *Count `json:"count"`
	}
	r := c.call(http.MethodGet, route, "", query, nil)
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return Read[Count]{}, err
	}
	if out.Count == nil {
		return Read[Count]{}, missing(r, meta, "count")
	}
	return Read[Count]{Row: *out.Count, AskedAt: meta.SentAt}, nil
}

// odd is a readable answer that cannot be used; reason is a constant.
func odd(r rest.Request, meta rest.Meta, reason string) error {
	return &rest.Error{
		Vendor: "zendesk", Method: r.Method, Route: r.Route, Status: meta.Status, RequestID: meta.RequestID, Reason: reason,
	}
}

// missing says that an answer was JSON, but not the documented one.
func missing(r rest.Request, meta rest.Meta, key string) error {
	return odd(r, meta, "body is not the documented JSON: it has no "+key)
}
