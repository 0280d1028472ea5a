// Package zendesk is the typed client of Zendesk Support: the reads and writes the product makes, with Zendesk's nouns.
// Ticket subjects, descriptions and comments are never decoded into rows: their text stays out of the process, but for the
// moment in which HasComment looks through it.
// https://developer.zendesk.com/api-reference/
package zendesk

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

// MaxShowMany is how many ids one show_many request takes.
const MaxShowMany = 100

// Config describes one Zendesk account. BaseURL and Credential are required.
type Config struct {
	BaseURL    string // https://{subdomain}.zendesk.com
	Credential Credential
	HTTP       *http.Client
	Meter      budget.Meter
	Shares     Shares
	Now        func() time.Time
	Log        *slog.Logger
	Called     func(context.Context, rest.Call) // hears of each call; nil: nobody does
}

// Shares are the parts of the account's rate limits that this product may use, 0 < share <= 1; zero means 0.8. The rest
// is left to people and other integrations, who draw on the same limits.
type Shares struct {
	Account float64
	Exports float64
}

const (
	defaultShare    = 0.8
	requestIDHeader = "X-Request-Id"
)

// Client calls one Zendesk account. It is safe for concurrent use. Its errors are *rest.Error for everything that
// Zendesk or the network answered, *budget.Exhausted when the meter refused, and those of the credential.
type Client struct {
	gate   *rest.Client
	shares Shares
	now    func() time.Time
}

// New checks the base URL and fills the defaults.
func New(cfg Config) (*Client, error) {
	if cfg.Credential == nil {
		return nil, errors.New("zendesk client: a credential is required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Shares.Account == 0 {
		cfg.Shares.Account = defaultShare
	}
	if cfg.Shares.Exports == 0 {
		cfg.Shares.Exports = defaultShare
	}
	var refused func(*http.Request) bool
	if r, ok := cfg.Credential.(Renewer); ok {
		refused = r.Refused
	}
	gate, err := rest.New(rest.Config{
		Vendor: "zendesk", BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Authorize: cfg.Credential.Authorize, Refused: refused,
		//nolint:bodyclose // readings look at headers only; the gate closes every body
		Meter: cfg.Meter, Readings: readings(cfg.Now), Problem: problem, RequestIDHeader: requestIDHeader, Now: cfg.Now, Log: cfg.Log,
		Called: cfg.Called,
	})
	if err != nil {
		return nil, err
	}
	return &Client{gate: gate, shares: cfg.Shares, now: cfg.Now}, nil
}

// Page is one page of rows.
type Page[T any] struct {
	Rows []T
	// Cursor asks for the next page of the same call. Exports keep it after the last page too, to resume from later.
	Cursor string
	// End says that nothing more is there now.
	End bool
	// AskedAt is when the request was sent: with a row's updated_at it tells which of two reads is newer.
	AskedAt time.Time
	// Next is the start of the next page where pages are not asked for by Cursor: the end_time of an organization
	// export in Unix seconds, the number of the next page of a search. 0 when there is none.
	Next int64
	// Count is Zendesk's count where the answer carries one: rows of an organization export page, all hits of a search.
	Count int64
	// Bytes is the size of the answer's body, decompressed.
	Bytes int64
}

// Read is one row.
type Read[T any] struct {
	Row     T
	AskedAt time.Time // when the request was sent
	// Date is when Zendesk answered, to the second and by its own clock; zero where the answer does not say, and of other
	// reads than Me.
	Date time.Time
}

// ListQuery asks for a page of a list. Every page is asked for with the same PageSize and Sort.
type ListQuery struct {
	PageSize int    // up to 100 on most lists; 0: 100
	Cursor   string // of the page before; empty: the first page
	Sort     string // "id", "-updated_at" ...; empty: Zendesk's order
}

const listPageSize = 100

// pageQuery is the query of a list. A cursor that is a link is followed as Zendesk wrote it, on its own route only.
// https://developer.zendesk.com/api-reference/introduction/pagination/
func pageQuery(route string, q ListQuery) (url.Values, error) {
	if strings.HasPrefix(q.Cursor, "/") {
		link, err := url.Parse(q.Cursor)
		if err != nil || strings.TrimSuffix(link.Path, ".json") != strings.TrimSuffix(route, ".json") {
			return nil, errors.New("zendesk list: the cursor belongs to another list")
		}
		return link.Query(), nil
	}
	query := url.Values{"page[size]": {strconv.Itoa(orElse(q.PageSize, listPageSize))}}
	if q.Cursor != "" {
		query.Set("page[after]", q.Cursor)
	}
	if q.Sort != "" {
		query.Set("sort", q.Sort)
	}
	return query, nil
}

// nextCursor turns the paging part of a list's answer into the cursor of the next page. The answer's link is taken while
// it leads to the same list on the account's own host; any other is never followed, and the cursor beside it serves.
func (c *Client) nextCursor(r rest.Request, meta rest.Meta, p paging) (cursor string, end bool, err error) {
	if !p.HasMore {
		return "", true, nil
	}
	if path, query, err := c.gate.SameHost(p.NextLink); err == nil && sameList(path, r) {
		return path + "?" + query.Encode(), false, nil
	}
	switch {
	case p.AfterCursor != "":
		return p.AfterCursor, false, nil
	case p.NextLink != "":
		return "", false, odd(r, meta, "the link to the next page leaves the list, and no cursor stands beside it")
	}
	return "", false, odd(r, meta, "more rows are announced without a cursor to ask for them")
}

// sameList reports whether a path is that of the request. Zendesk writes its links with and without .json.
func sameList(path string, r rest.Request) bool {
	asked := r.Path
	if asked == "" {
		asked = r.Route
	}
	return strings.TrimSuffix(path, ".json") == strings.TrimSuffix(asked, ".json")
}

// call is one request with its route's budget filled in.
func (c *Client) call(method, route, path string, query url.Values, body any) rest.Request {
	return rest.Request{
		Method: method, Route: route, Path: path, Query: query, Body: body, Needs: needs(method, route, c.shares),
	}
}

// support makes a call that answers with Support's main nouns; require names the keys its answer must have.
func (c *Client) support(ctx context.Context, r rest.Request, require ...string) (*envelope, rest.Meta, error) {
	e := &envelope{require: require}
	meta, err := c.gate.Stream(ctx, r, e.read)
	return e, meta, err
}

func orElse(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

func withID(route string, id int64) string {
	return strings.Replace(route, "{id}", strconv.FormatInt(id, 10), 1)
}
