package activities

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// connections opens each account once.
type connections struct {
	opts Options
	mu   sync.Mutex
	open map[string]*connection
	// renewing is held for reading while the access token of a connected account is renewed.
	renewing sync.RWMutex
}

// connection is one account: its configuration, its part of the store, and both vendors.
type connection struct {
	cfg     *config.Connector
	store   *store.Account
	zendesk *zendesk.Client
	brevo   *brevo.Client
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	log     *slog.Logger

	compile    sync.Once // see ruleSet
	compiled   *rules.Set
	compileErr error
}

func (c *connections) get(account string) (*connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn, ok := c.open[account]; ok {
		return conn, nil
	}
	cfg, err := c.connector(account)
	if err != nil {
		return nil, err
	}
	conn, err := c.dial(cfg)
	if err != nil {
		return nil, err
	}
	c.open[account] = conn
	return conn, nil
}

func (c *connections) connector(account string) (*config.Connector, error) {
	for _, cfg := range c.opts.File.Ordered {
		if cfg.Account() == account {
			if !cfg.Enabled {
				return nil, fmt.Errorf("connector %s is switched off: set enabled: true in connectors.yaml and restart the worker", cfg.Name)
			}
			return cfg, nil
		}
	}
	return nil, fmt.Errorf("no connector for subdomain %q: add it to this worker's connectors.yaml and restart the worker", account)
}

func (c *connections) dial(cfg *config.Connector) (*connection, error) {
	conn := &connection{
		cfg: cfg, store: c.opts.Store.Account(cfg.Account()), now: c.opts.Now, sleep: c.opts.Sleep,
		log: c.opts.Log.With("account", cfg.Account()),
	}
	m := &meter{account: conn.store, now: c.opts.Now, sleep: c.opts.Sleep, log: conn.log, proceed: conn.honourPauseAtWork}
	var called func(context.Context, rest.Call)
	if c.opts.Called != nil {
		called = c.opts.Called(cfg.Account())
	}
	signing := credentials.Options{
		Store: conn.store, Box: c.opts.Box, HTTP: c.opts.HTTP, Now: c.opts.Now, Sleep: c.opts.Sleep, Log: conn.log, Called: called,
		Renewing: &c.renewing,
	}
	var err error
	conn.zendesk, err = zendesk.New(zendesk.Config{
		BaseURL: cfg.URL(), Credential: credentials.Zendesk(cfg, signing),
		HTTP: c.noting(conn, "zendesk"), Meter: m, Now: c.opts.Now, Log: conn.log, Called: called,
		Shares: zendesk.Shares{Account: cfg.RateLimits.ZendeskShare, Exports: cfg.RateLimits.ExportShare},
	})
	if err != nil {
		return nil, fmt.Errorf("connector %s: %w", cfg.Name, err)
	}
	conn.brevo, err = brevo.New(brevo.Config{
		BaseURL: c.opts.File.Brevo.BaseURL, Credential: credentials.Brevo(c.opts.File.Brevo, signing),
		HTTP: c.noting(conn, "brevo"), Meter: m, Share: 1, Now: c.opts.Now, Log: conn.log, Called: called,
	})
	if err != nil {
		return nil, fmt.Errorf("brevo: %w", err)
	}
	return conn, nil
}

// noting gives a vendor's HTTP client that remembers in the store how the latest call ended: what `starter status`
// reports as connected.
func (c *connections) noting(conn *connection, vendor string) *http.Client {
	client := rest.NewHTTPClient()
	if c.opts.HTTP != nil {
		copied := *c.opts.HTTP
		client = &copied
	}
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	client.Transport = &noter{next: client.Transport, vendor: vendor, conn: conn}
	return client
}

// noteEvery bounds how often an unchanged outcome is written.
const noteEvery = 10 * time.Second

type noter struct {
	next   http.RoundTripper
	vendor string
	conn   *connection
	mu     sync.Mutex
	last   store.Contacted
}

func (n *noter) RoundTrip(r *http.Request) (*http.Response, error) {
	count(r.Context(), n.vendor)
	resp, err := n.next.RoundTrip(r)
	now := store.Contacted{Vendor: n.vendor, OK: true, At: n.conn.now()}
	switch {
	case err != nil:
		now.OK, now.Message = false, "no answer"
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden, resp.StatusCode >= 500:
		now.OK, now.Message = false, "answered "+strconv.Itoa(resp.StatusCode)
	}
	n.note(r.Context(), now)
	return resp, err
}

func (n *noter) note(ctx context.Context, now store.Contacted) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if ctx.Err() != nil || (n.last.OK == now.OK && n.last.Message == now.Message && now.At.Sub(n.last.At) < noteEvery) {
		return
	}
	if err := n.conn.store.SetContacted(ctx, now); err != nil {
		n.conn.log.WarnContext(ctx, "outcome of the latest call not stored", "error", err)
		return
	}
	n.last = now
}

// mapper compiles the mapping with the field definitions and attribute names that preflight stored.
func (c *connection) mapper(ctx context.Context) (*mapping.Mapper, error) {
	fields, _, err := c.store.Fields(ctx)
	if err != nil {
		return nil, fmt.Errorf("read field definitions: %w", err)
	}
	attributes, err := c.store.Attributes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return c.compileMapping(fields, attributes)
}

// compileMapping compiles the mapping with the given field definitions and the names that the account's attributes have.
func (c *connection) compileMapping(fields []store.Field, attributes []store.Attribute) (*mapping.Mapper, error) {
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = a.Name
	}
	m, err := mapping.Compile(mappingConfig(c.cfg), definitions(fields))
	if err != nil {
		return nil, configurationError(err)
	}
	return m.Rename(mapping.NamesIn(names)), nil
}

// mappingConfig is what the mapping needs of a connector.
func mappingConfig(cfg *config.Connector) mapping.Config {
	out := mapping.Config{
		Overwrite: cfg.Overwrite, SatisfiedThreshold: cfg.Thresholds.Satisfied, DefaultRegion: cfg.DefaultRegion,
		Roles: cfg.Sync.Roles,
		Exclude: mapping.Exclude{
			Emails: cfg.Sync.Exclude.Emails, Domains: cfg.Sync.Exclude.Domains,
			Tags: cfg.Sync.Exclude.Tags, Patterns: cfg.Sync.Exclude.Patterns,
		},
		Resources: map[mapping.Stream]bool{
			mapping.Users: cfg.Sync.Users, mapping.Tickets: cfg.Sync.Tickets,
			mapping.Organizations: cfg.Sync.Organizations, mapping.SatisfactionRatings: cfg.Sync.SatisfactionRatings,
		},
	}
	for _, rule := range cfg.FieldMapping {
		out.FieldMapping = append(out.FieldMapping, mapping.FieldRule{Source: rule.Source, Targets: rule.Targets, Auto: rule.Auto})
	}
	for _, list := range configuredLists(cfg) {
		out.Lists = append(out.Lists, list.key)
	}
	return out
}

// configuredList is one list that connectors.yaml names.
type configuredList struct {
	key string
	ref config.ListRef
}

func configuredLists(cfg *config.Connector) []configuredList {
	var out []configuredList
	for _, list := range []configuredList{
		{"all_customers", cfg.Lists.AllCustomers},
		{"active_tickets", cfg.Lists.ActiveTickets},
		{"satisfied_customers", cfg.Lists.SatisfiedCustomers},
	} {
		if !list.ref.IsZero() {
			out = append(out, list)
		}
	}
	return out
}

func definitions(fields []store.Field) []mapping.Definition {
	out := make([]mapping.Definition, len(fields))
	for i, f := range fields {
		out[i] = mapping.Definition{
			Kind: f.Kind, ID: f.ID, Key: f.Key, Type: f.Type, Title: f.Title, Active: f.Active, Options: f.Options,
		}
	}
	return out
}
