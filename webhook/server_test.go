package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/freeport"
	"zendesk-brevo/internal/httpserver"
	"zendesk-brevo/internal/zendesk"
)

func TestRoutes(t *testing.T) {
	s := newSite(t)
	for name, test := range map[string]struct {
		method, path string
		status       int
	}{
		"alive":                 {http.MethodGet, "/healthz", 200},
		"ready":                 {http.MethodGet, "/readyz", 200},
		"root":                  {http.MethodGet, "/", 404},
		"elsewhere":             {http.MethodPost, "/webhooks", 404},
		"below an account":      {http.MethodPost, path + "/events", 404},
		"up and down":           {http.MethodPost, "/webhooks/../webhooks/zendesk/acme", 404},
		"look at a delivery":    {http.MethodGet, path, 405},
		"put a delivery":        {http.MethodPut, path, 405},
		"no account, looked at": {http.MethodGet, "/webhooks/zendesk", 405},
		"posted health":         {http.MethodPost, "/healthz", 405},
		"deleted readiness":     {http.MethodDelete, "/readyz", 405},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), test.method, s.url+test.path, nil)
			require.NoError(t, err)
			r := do(t, http.DefaultClient, req)
			assert.Equal(t, test.status, r.status)
			assert.Equal(t, test.status == 405, r.header.Get("Allow") != "")
		})
	}
	assert.Empty(t, s.counted("acme"))
}

func TestReadyNamesWhatIsMissing(t *testing.T) {
	var store, temporal error
	s := newSite(t, func(in *setup) {
		in.probes = []httpserver.Probe{
			{Name: "the store", Ask: func(context.Context) error { return store }},
			{Name: "Temporal", Ask: func(context.Context) error { return temporal }},
		}
	})
	away := errors.New("dial tcp 10.1.2.3: no route to host")
	for _, test := range []struct {
		store, temporal error
		status          int
		body            string
	}{
		{nil, nil, 200, "OK"},
		{away, nil, 503, "the store does not answer\n"},
		{nil, away, 503, "Temporal does not answer\n"},
		{away, away, 503, "the store does not answer\nTemporal does not answer\n"},
	} {
		store, temporal = test.store, test.temporal
		r := get(t, s.url+"/readyz")
		assert.Equal(t, test.status, r.status)
		assert.Equal(t, test.body, r.body)
		assert.Equal(t, 200, get(t, s.url+"/healthz").status)
	}
}

// TestLogHoldsIdsOnly: neither what people are called or wrote, nor a secret, nor a signature.
func TestLogHoldsIdsOnly(t *testing.T) {
	s := newSite(t, func(in *setup) { in.file.Ordered[0].LogWebhooks, in.level = true, config.LevelInfo })
	assert.Equal(t, 200, s.send(t, s.request(solved("e1"))).status)
	line := s.log.String()
	for _, part := range []string{
		"level=INFO", "account=acme", "result=delivered", "type=ticket.status_changed", "ticket=141", "invocation=" + invoked, "event=e1", "age=1.5s", "ms=0",
	} {
		assert.Contains(t, line, part)
	}
	user := s.request(envelope("e2", "user.name_changed", "zen:user:7", `{"id":"7","email":"ada@example.com"}`, `{"current":"Ada"}`))
	assert.Equal(t, 200, s.send(t, user).status)
	assert.Contains(t, s.log.String(), "user=7")
	for _, d := range []delivery{
		{secret: "forged", body: solved("e3")},
		{secret: secret, body: `{"type":"ada@example.com"}`},
		{secret: secret, body: "Ada"},
		{secret: zendesk.TestSecret, body: solved("e4")},
	} {
		d.path, d.at = path, noon
		s.send(t, d)
	}
	d := s.request(solved("e5"))
	d.path = "/webhooks/zendesk/ada@example.com"
	s.send(t, d)
	text := s.log.String()
	for _, private := range []string{"Ada", "ada", "cannot log in", secret, zendesk.TestSecret, "forged", zendesk.Sign(secret, "2026-05-04T12:00:00Z", []byte(solved("e1")))} {
		assert.NotContains(t, text, private)
	}
}

// TestAcceptedDeliveriesAreQuiet unless the connector wants to hear of them.
func TestAcceptedDeliveriesAreQuiet(t *testing.T) {
	s := newSite(t, func(in *setup) { in.level = config.LevelInfo })
	s.send(t, s.request(solved("e1")))
	assert.Empty(t, s.log.String())
	s = newSite(t, func(in *setup) { in.level = config.LevelVerbose })
	s.send(t, s.request(solved("e1")))
	assert.Contains(t, s.log.String(), "level=VERBOSE")
}

// TestFloodOfRefusalsIsALineInAWhile, which says how many there were.
func TestFloodOfRefusalsIsALineInAWhile(t *testing.T) {
	s := newSite(t, func(in *setup) { in.level = config.LevelInfo })
	for range 500 {
		s.status(t, "forged")
	}
	assert.Equal(t, 1, strings.Count(s.log.String(), "\n"))
	assert.Contains(t, s.log.String(), "result=bad_signature")
	s.clock.move(quietFor)
	s.status(t, "forged")
	assert.Equal(t, 2, strings.Count(s.log.String(), "\n"))
	assert.Contains(t, s.log.String(), "more_since_the_last=499")
	assert.Equal(t, map[string]int64{resultBadSignature: 501}, s.counted("acme"))
}

// TestWhoeverLogsWebhooksSeesEachRefusal, but not each request of strangers who do not even pretend to be Zendesk.
func TestWhoeverLogsWebhooksSeesEachRefusal(t *testing.T) {
	s := newSite(t, func(in *setup) { in.file.Ordered[0].LogWebhooks, in.level = true, config.LevelInfo })
	for range 3 {
		s.status(t, "forged")
		unsigned := s.request(solved("e1"))
		unsigned.change = func(r *http.Request) { r.Header.Del(zendesk.HeaderSignature) }
		s.send(t, unsigned)
	}
	assert.Equal(t, 3, strings.Count(s.log.String(), "result=bad_signature"))
	assert.Equal(t, 1, strings.Count(s.log.String(), "result=not_signed"))
}

// serving runs a server that stops when the returned function is called; its error arrives on the channel.
func serving(t *testing.T, s *site, encryption *tls.Config) (stop func(), done <-chan error) {
	t.Helper()
	listener := freeport.Listen(t)
	s.url = "http://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- s.server.serve(ctx, listener, encryption) }()
	return cancel, ended
}

// TestRequestsInFlightAreAnswered while the server stops.
func TestRequestsInFlightAreAnswered(t *testing.T) {
	s := newQuietSite(t)
	stop, done := serving(t, s, nil)
	entered, release := make(chan struct{}), make(chan struct{})
	s.temporal.hinderBy(func(context.Context, woken) error {
		close(entered)
		<-release
		return nil
	})
	stopping := s.log.hear("webhook server stopping")
	answer := make(chan reply, 1)
	go func() { answer <- s.send(t, s.request(solved("e1"))) }()
	<-entered
	stop()
	<-stopping
	close(release)
	assert.Equal(t, 200, (<-answer).status)
	require.NoError(t, <-done)
	_, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	assert.Error(t, err, "nobody listens any more")
}

// TestLargeHeadersAreRefused: nobody fills the memory with them.
func TestLargeHeadersAreRefused(t *testing.T) {
	s := newQuietSite(t)
	stop, done := serving(t, s, nil)
	d := s.request(solved("e1"))
	d.change = func(r *http.Request) { r.Header.Set("X-Much", strings.Repeat("x", 3*httpserver.MaxHeader)) }
	assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, s.send(t, d).status)
	stop()
	require.NoError(t, <-done)
}

func TestStartSaysWhatIsDangerousOrMissing(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*setup)
		told    string
		warning bool
	}{
		"test secret":   {func(in *setup) { in.env.WebhookAllowTestSecret = true }, "WEBHOOK_ALLOW_TEST_SECRET", true},
		"no secret":     {without, "starter webhooks install", false}, // webhooks are optional
		"no connectors": {func(in *setup) { in.file.Ordered = in.file.Ordered[2:] }, "no connector is enabled", true},
		"nothing":       {func(*setup) {}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newQuietSite(t, test.change)
			ready := s.log.hear("webhook server ready")
			stop, done := serving(t, s, nil)
			<-ready
			stop()
			require.NoError(t, <-done)
			assert.Equal(t, test.warning, strings.Contains(s.log.String(), "WARN"))
			assert.Contains(t, s.log.String(), test.told)
		})
	}
}
