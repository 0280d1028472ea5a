package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/httpserver"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/workflows"
)

const (
	secret   = "bmV3IHNlY3JldA=="
	previous = "b2xkIHNlY3JldA=="
	path     = "/webhooks/zendesk/acme"
	invoked  = "01GB4T0BVZJ5F3ZQZ8Q3X7Y1AB"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// woken is a signal that Temporal was given.
type woken struct {
	workflow string
	subject  workflows.SubjectInput
	event    workflows.Event
}

// recorder is a Temporal client that holds signals. hinder, when set, is asked first.
type recorder struct {
	mu     sync.Mutex
	held   []woken
	hinder func(context.Context, woken) error
}

func (f *recorder) SignalWithStartWorkflow(ctx context.Context, id, name string, arg any, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	event, ok := arg.(workflows.Event)
	if !ok || name != workflows.EventSignal || o.TaskQueue != "queue" || len(args) != 1 {
		return nil, errors.New("not what a workflow is woken with")
	}
	subject, _ := args[0].(workflows.SubjectInput)
	one := woken{workflow: id, subject: subject, event: event}
	f.mu.Lock()
	hinder := f.hinder
	f.mu.Unlock()
	if hinder != nil {
		if err := hinder(ctx, one); err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = append(f.held, one)
	return nil, nil
}

func (f *recorder) hinderBy(hinder func(context.Context, woken) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hinder = hinder
}

func (f *recorder) signals() []woken {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]woken(nil), f.held...)
}

// vault is a source of stored secrets.
type vault struct {
	mu      sync.Mutex
	secrets map[string][]Secret
	err     error
	asked   int
}

func (v *vault) Secrets(_ context.Context, account string) ([]Secret, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	return v.secrets[account], v.err
}

func (v *vault) put(account string, secrets ...Secret) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secrets[account] = secrets
}

func (v *vault) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
}

func (v *vault) questions() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked
}

// diary is a log that tests read.
type diary struct {
	mu    sync.Mutex
	text  bytes.Buffer
	heard map[string]chan struct{}
}

func (d *diary) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for text, heard := range d.heard {
		if strings.Contains(string(line), text) {
			close(heard)
			delete(d.heard, text)
		}
	}
	return d.text.Write(line)
}

// hear returns a channel that is closed when a line holds the text.
func (d *diary) hear(text string) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.heard == nil {
		d.heard = map[string]chan struct{}{}
	}
	heard := make(chan struct{})
	d.heard[text] = heard
	return heard
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// site is a server at noon whose surroundings are made up. The accounts acme and other are enabled, off is not.
type site struct {
	clock    *clock
	temporal *recorder
	vault    *vault
	log      *diary
	server   *server
	url      string
}

// setup is what a test may change before the server is made.
type setup struct {
	env    config.Env
	file   *config.File
	stored SecretSource
	probes []httpserver.Probe
	now    func() time.Time
	level  config.LogLevel
}

func newSite(t testing.TB, change ...func(*setup)) *site {
	t.Helper()
	s := newQuietSite(t, change...)
	web := httptest.NewServer(s.server.routes())
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

// newQuietSite is a site that listens nowhere.
func newQuietSite(t testing.TB, change ...func(*setup)) *site {
	t.Helper()
	s := &site{clock: &clock{at: noon}, temporal: &recorder{}, vault: &vault{secrets: map[string][]Secret{}}, log: &diary{}}
	off := config.DefaultConnector("off", "off")
	off.Enabled = false
	in := setup{
		env: config.Env{TaskQueue: "queue", ZendeskWebhookSecret: config.Secrets{config.NewSecret(secret)}},
		file: &config.File{Ordered: []*config.Connector{
			config.DefaultConnector("zendesk", "acme"), config.DefaultConnector("second", "other"), off,
		}},
		stored: s.vault, now: s.clock.now, level: config.LevelDebug,
	}
	for _, f := range change {
		f(&in)
	}
	log := config.NewLogger(s.log, config.LogText, in.level)
	s.server = newServer(options{
		env: in.env, file: in.file, signaler: s.temporal, counts: newCounts(), probes: in.probes, log: log, now: in.now,
		ring: newKeyring(in.env.ZendeskWebhookSecret, in.stored, enabled(in.file), log, in.now),
	})
	return s
}

// without removes the secrets of the environment.
func without(in *setup) { in.env.ZendeskWebhookSecret = nil }

// one leaves one connector.
func one(in *setup) { in.file.Ordered = in.file.Ordered[:1] }

// delivery is a request as Zendesk makes it.
type delivery struct {
	path   string
	secret string
	at     time.Time
	body   string
	change func(*http.Request)
}

// request is a delivery of the body to acme, signed now with the secret of the environment.
func (s *site) request(body string) delivery {
	return delivery{path: path, secret: secret, at: s.clock.now(), body: body}
}

func (d delivery) build(t testing.TB, base string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+d.path, strings.NewReader(d.body))
	require.NoError(t, err)
	stamp := d.at.UTC().Format(time.RFC3339)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(zendesk.HeaderSignatureTimestamp, stamp)
	req.Header.Set(zendesk.HeaderSignature, zendesk.Sign(d.secret, stamp, []byte(d.body)))
	req.Header.Set(zendesk.HeaderAccountID, "12514403")
	req.Header.Set(zendesk.HeaderInvocationID, invoked)
	if d.change != nil {
		d.change(req)
	}
	return req
}

// reply is what came back.
type reply struct {
	status int
	body   string
	header http.Header
}

func (s *site) send(t testing.TB, d delivery) reply {
	t.Helper()
	return do(t, http.DefaultClient, d.build(t, s.url))
}

// call sends a delivery without a network: for tests on made-up time.
func (s *site) call(t testing.TB, d delivery) reply {
	t.Helper()
	w := httptest.NewRecorder()
	s.server.routes().ServeHTTP(w, d.build(t, ""))
	return reply{w.Code, w.Body.String(), w.Header()}
}

func do(t testing.TB, c *http.Client, req *http.Request) reply {
	t.Helper()
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return reply{resp.StatusCode, string(body), resp.Header}
}

func get(t testing.TB, url string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return do(t, http.DefaultClient, req)
}

// counted returns the counts of an account that have not been written yet.
func (s *site) counted(account string) map[string]int64 {
	c := s.server.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int64{}
	if t := c.of[account]; t != nil {
		for result, n := range t.n {
			out[result] = n
		}
	}
	return out
}

func assertUnavailable(t testing.TB, r reply) {
	t.Helper()
	assert.Equal(t, http.StatusServiceUnavailable, r.status)
	assert.Equal(t, "5", r.header.Get("Retry-After"), "without it Zendesk does not send it again")
}

// envelope is an event of a subscription.
func envelope(id, eventType, subject, detail, event string) string {
	return fmt.Sprintf(`{"type":"zen:event-type:%s","account_id":12514403,"id":%q,"time":"2026-05-04T11:59:58.5Z",
		"zendesk_event_version":"2022-11-06","subject":%q,"detail":%s,"event":%s}`, eventType, id, subject, detail, event)
}

// solved is an event of ticket 141.
func solved(id string) string {
	return envelope(id, "ticket.status_changed", "zen:ticket:141", `{"id":"141","requester_id":"7","status":"SOLVED",
		"subject":"I, Ada, cannot log in","description":"ada@example.com"}`, `{"current":"SOLVED","previous":"OPEN"}`)
}

// trigger is the body of a trigger.
func trigger(eventType string) string {
	return `{"type":"` + eventType + `","ticket_id":"141","user_id":"7"}`
}
