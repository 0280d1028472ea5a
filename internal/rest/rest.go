// Package rest is the one gate through which both vendor clients call their HTTP APIs: it reserves budget, signs, sends,
// bounds and decodes, and turns every failure into an *Error that carries no secret and no personal data.
package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zendesk-brevo/internal/budget"
)

const (
	maxProblemBody = 1 << 20
	// maxBody bounds a successful answer. The largest expected one is an export page of 1,000 rows, a few megabytes.
	maxBody = 256 << 20
	// maxDrain is how much of an unread remainder is read so that the connection can be used again.
	maxDrain = 64 << 10
	// DefaultTimeout covers one call from dialling to the last byte; Zendesk's slowest export pages take over a minute.
	DefaultTimeout = 2 * time.Minute
)

// Config describes one vendor's API to the gate. Vendor, BaseURL and Authorize are required.
type Config struct {
	Vendor    string // "zendesk" or "brevo": names errors and log lines
	BaseURL   string // https; plain http is accepted on loopback hosts only
	HTTP      *http.Client
	Authorize func(ctx context.Context, r *http.Request) error
	// Refused hears of every request that was answered 401 and reports whether Authorize would now sign with something
	// else: the request is then sent once more. nil: a 401 is final.
	Refused func(r *http.Request) bool
	Meter   budget.Meter
	// Readings extracts the rate-limit headers of any response to a call that needed the given buckets.
	Readings func(resp *http.Response, needs []budget.Need) []budget.Reading
	// Problem extracts the vendor's error code and text from an error body; the text may hold personal data.
	Problem func(body []byte) Problem
	// RequestIDHeader names the response header by which the vendor's support finds a call.
	RequestIDHeader string
	Now             func() time.Time
	// Log gets one line for each call, at LevelVerbose.
	Log *slog.Logger
	// Called hears of each call after it ended. nil: nobody listens.
	Called func(ctx context.Context, call Call)
}

// Problem is what a vendor's error body says.
type Problem struct {
	Code   string   // open vocabulary; the gate keeps it only while it looks like a code
	Detail string   // human text, possibly with personal data
	Fields []string // the identifiers or fields at fault, by name: "email", "SMS"
	// Foreign: the body is not the vendor's error model, so that something else may have written it.
	Foreign bool
}

// Client sends requests to one vendor. It is safe for concurrent use.
type Client struct {
	cfg  Config
	base *url.URL
}

// New checks the base URL and fills the defaults.
func New(cfg Config) (*Client, error) {
	base, err := ParseBaseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.HTTP == nil {
		cfg.HTTP = NewHTTPClient()
	}
	own := *cfg.HTTP
	own.CheckRedirect = noRedirect
	cfg.HTTP = &own
	if cfg.Meter == nil {
		cfg.Meter = budget.Unmetered{}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{cfg: cfg, base: base}, nil
}

// NewHTTPClient is a client that honours HTTPS_PROXY and the system's CAs. Like every client given to New it follows
// no redirect: credentials must not travel to a host that the configuration does not name.
func NewHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	return &http.Client{Transport: transport, Timeout: DefaultTimeout, CheckRedirect: noRedirect}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// ParseBaseURL accepts an https URL, or an http one whose host is loopback. Its errors do not repeat the value, which
// may hold a misplaced credential.
func ParseBaseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("base_url must look like https://host")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("base_url must not carry credentials, a query or a fragment")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("base_url must use https: plain http is accepted for loopback hosts only, found host %q", u.Hostname())
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Request is one API call. Route is the path template that errors and logs show ("/api/v2/users/{id}").
type Request struct {
	Method string
	Route  string
	Path   string     // Route with its parameters filled in and escaped; empty: Route itself
	Query  url.Values // encoded by the gate
	Body   any        // marshalled as JSON; an *Upload is sent as it is
	Header http.Header
	Needs  []budget.Need
}

// Upload is a body that is not JSON.
type Upload struct {
	ContentType string
	Data        []byte
}

// Meta is what a caller may want to know of an answered call.
type Meta struct {
	Status    int
	SentAt    time.Time // just before the request left: the asked_at of every row it returns
	Header    http.Header
	RequestID string
}

// Do sends the request and decodes a JSON answer into out, which may be nil. Only a 204 has nothing to decode, and leaves out as
// it is. A page of HTML is no success, also where no answer is expected: something before the API wrote it. The body is read to its end first: an answer that was cut after a complete JSON value is still a cut answer.
func (c *Client) Do(ctx context.Context, r Request, out any) (Meta, error) {
	return c.stream(ctx, r, func(meta Meta, body io.Reader) error {
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		empty := len(bytes.TrimSpace(data)) == 0
		switch {
		case !empty && isHTML(meta.Header.Get("Content-Type")): // servers give that type to answers without a body too
			return errHTML
		case out == nil, empty && meta.Status == http.StatusNoContent:
			return nil
		case empty:
			return &Malformed{Why: "it is empty"}
		}
		return json.Unmarshal(data, out)
	})
}

// Stream sends the request and hands the body of a 2xx answer to read, which must not keep it. An error of read
// means that the body was cut or malformed, and is reported as such, without its text; only that of a *Malformed is kept.
func (c *Client) Stream(ctx context.Context, r Request, read func(body io.Reader) error) (Meta, error) {
	return c.stream(ctx, r, func(_ Meta, body io.Reader) error { return read(body) })
}

func (c *Client) stream(ctx context.Context, r Request, read func(meta Meta, body io.Reader) error) (Meta, error) {
	meta, req, err := c.send(ctx, r, read)
	if meta.Status == http.StatusUnauthorized && c.cfg.Refused != nil && c.cfg.Refused(req) {
		meta, _, err = c.send(ctx, r, read)
	}
	return meta, err
}

// send sends the request once; it returns the signed request for the sake of Refused.
func (c *Client) send(ctx context.Context, r Request, read func(meta Meta, body io.Reader) error) (Meta, *http.Request, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return Meta{}, nil, err
	}
	if err := c.cfg.Meter.Reserve(ctx, r.Needs...); err != nil {
		return Meta{}, nil, err
	}
	if err := c.cfg.Authorize(ctx, req); err != nil {
		return Meta{}, nil, err
	}
	meta := Meta{SentAt: c.cfg.Now()}
	resp, err := c.cfg.HTTP.Do(req)
	told := c.observe(ctx, resp, r.Needs)
	if err != nil {
		err = c.transportError(ctx, r, Meta{}, err)
		c.tell(ctx, r, meta, told, err)
		return meta, req, err
	}
	defer func() { _ = resp.Body.Close() }()
	meta.Status, meta.Header = resp.StatusCode, resp.Header
	if c.cfg.RequestIDHeader != "" {
		meta.RequestID = cleanCode(resp.Header.Get(c.cfg.RequestIDHeader))
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		err = c.problem(r, meta, resp)
	} else if err = read(meta, &boundedReader{r: resp.Body, left: maxBody}); err != nil {
		err = c.transportError(ctx, r, meta, err)
	} else {
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrain)
	}
	c.tell(ctx, r, meta, told, err)
	return meta, req, err
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	path := r.Path
	if path == "" {
		path = r.Route
	}
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("build %s %s: path must start with a slash", r.Method, r.Route)
	}
	target, err := c.base.Parse(c.base.Path + path)
	if err != nil || target.Host != c.base.Host || target.Scheme != c.base.Scheme {
		return nil, fmt.Errorf("build %s %s: path leaves the account's host", r.Method, r.Route)
	}
	if len(r.Query) > 0 {
		target.RawQuery = r.Query.Encode()
	}
	body, contentType, err := encode(r.Body)
	if err != nil {
		return nil, fmt.Errorf("encode body of %s %s: %w", r.Method, r.Route, err)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("build %s %s: invalid request", r.Method, r.Route)
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "zendesk-brevo")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req, nil
}

func encode(body any) (io.Reader, string, error) {
	switch b := body.(type) {
	case nil:
		return http.NoBody, "", nil
	case *Upload:
		return bytes.NewReader(b.Data), b.ContentType, nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, "", err
	}
	return bytes.NewReader(data), "application/json", nil
}

// SameHost reports whether a link found in an answer stays on the account's own scheme and host, and returns
// its path and query for a Request.
func (c *Client) SameHost(link string) (path string, query url.Values, err error) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != c.base.Scheme || hostPort(u) != hostPort(c.base) || u.User != nil {
		return "", nil, fmt.Errorf("%s returned a link that leaves the account's host", c.cfg.Vendor)
	}
	return strings.TrimPrefix(u.EscapedPath(), c.base.Path), u.Query(), nil
}

// hostPort is a host in lower case with its port written out.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// boundedReader fails, rather than ends, where an answer grows past its bound: an end would read as a cut body.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &Malformed{Why: "larger than the largest expected answer"}
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

func isHTML(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	return media == "text/html"
}
