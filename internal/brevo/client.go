// Package brevo is a typed client of Brevo's API v3: account, attributes, lists, contacts, imports, companies, processes,
// events and template e-mails. Every failed call is a *rest.Error; a request that Brevo would refuse for its size or
// shape alone fails before it is sent, with an ordinary error.
//
// Two mistakes cannot be made with it: to lift a blocklisting (see Blocklist) and to erase stored attributes in an
// import (emptyContactsAttributes has no field here). Error texts hold no personal data; rest.Error.Detail may.
//
// https://developers.brevo.com/reference
package brevo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

const vendor = "brevo"

// Config describes the account to call. BaseURL and Credential are required.
type Config struct {
	BaseURL    string // https://api.brevo.com/v3; plain http on loopback only
	Credential Credential
	HTTP       *http.Client // nil: rest.NewHTTPClient
	Meter      budget.Meter // nil: nothing is counted
	// Share is the part of every limit this product may use, 0 < Share <= 1; 0 means all of it.
	Share  float64
	Now    func() time.Time
	Log    *slog.Logger
	Called func(context.Context, rest.Call) // hears of each call; nil: nobody does
}

// Client calls one Brevo account. It is safe for concurrent use.
type Client struct {
	gate    *rest.Client
	cfg     Config
	base    *url.URL
	buckets buckets
}

// New checks the configuration; it makes no call.
func New(cfg Config) (*Client, error) {
	if cfg.Credential.sign == nil {
		return nil, errors.New("brevo needs an API key or a bearer token")
	}
	if cfg.Share == 0 {
		cfg.Share = 1
	}
	if cfg.Share < 0 || cfg.Share > 1 {
		return nil, fmt.Errorf("share must be above 0 and at most 1, found %g", cfg.Share)
	}
	base, err := rest.ParseBaseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.HTTP == nil {
		cfg.HTTP = rest.NewHTTPClient()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{cfg: cfg, base: base, buckets: buckets{share: cfg.Share, now: cfg.Now}}
	c.gate, err = rest.New(rest.Config{
		Vendor: vendor, BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Authorize: cfg.Credential.sign, Refused: cfg.Credential.refused,
		Meter: cfg.Meter, Readings: c.buckets.readings, Problem: problem, RequestIDHeader: "sib-request-id",
		Now: cfg.Now, Log: cfg.Log, Called: cfg.Called,
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Credential signs requests. It prints as its kind, never as its secret.
type Credential struct {
	kind    string
	sign    func(ctx context.Context, r *http.Request) error
	refused func(r *http.Request) bool // see rest.Config; nil: a 401 is final
}

// APIKey signs with the header api-key: https://developers.brevo.com/docs/how-it-works.
func APIKey(key string) Credential {
	if key == "" {
		return Credential{}
	}
	return Credential{kind: "API key", sign: func(_ context.Context, r *http.Request) error {
		r.Header.Set("api-key", key)
		return nil
	}}
}

// Bearer signs with an OAuth access token, asked for before every call; token caches and renews it (Brevo's last about
// an hour and have no refresh token): https://developers.brevo.com/docs/oauth-m2m-authentication.
func Bearer(token func(ctx context.Context) (string, error)) Credential {
	if token == nil {
		return Credential{}
	}
	return Credential{kind: "bearer token", sign: func(ctx context.Context, r *http.Request) error {
		t, err := token(ctx)
		if err != nil {
			return fmt.Errorf("get Brevo access token: %w", err)
		}
		r.Header.Set("Authorization", "Bearer "+t)
		return nil
	}}
}

// String names the kind of credential, for messages.
func (c Credential) String() string {
	if c.kind == "" {
		return "no credential"
	}
	return c.kind + " [redacted]"
}

// GoString keeps %#v from printing more than String.
func (c Credential) GoString() string { return c.String() }

// LogValue keeps slog from printing more than String.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

// call is one request: everything a method of the client knows about its endpoint.
type call struct {
	method string
	route  string // template, for errors and logs
	path   string // empty: route
	query  url.Values
	body   any
	bucket string
}

// do sends a call and decodes its answer. A 429 without Retry-After gets the wait that Brevo's own headers tell.
func (c *Client) do(ctx context.Context, r call, out any) (rest.Meta, error) {
	meta, err := c.gate.Do(ctx, rest.Request{
		Method: r.method, Route: r.route, Path: r.path, Query: r.query, Body: r.body,
		Needs: []budget.Need{c.buckets.need(r.bucket)},
	}, out)
	var failure *rest.Error
	if errors.As(err, &failure) && failure.Status == http.StatusTooManyRequests && failure.RetryAfter == 0 {
		failure.RetryAfter = c.buckets.wait(meta.Header, r.bucket)
	}
	return meta, err
}

// segment escapes one path parameter. Dot segments would be resolved away and reach another endpoint.
func segment(value string) (string, error) {
	if strings.Trim(value, ".") == "" {
		return "", errors.New("a path parameter must not be empty or made of dots")
	}
	return url.PathEscape(value), nil
}

// timestamp is the form Brevo's date-time parameters take: UTC, milliseconds.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
