package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/httpserver"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/workflows"
)

const (
	// signalTimeout is how long Temporal may take to hold a signal. Zendesk itself waits 10 to 12 seconds.
	signalTimeout = 3 * time.Second
	answerWithin  = 15 * time.Second
	// atOnce bounds the deliveries in hand, and with them the memory that bodies of up to 1 MiB take.
	atOnce = 256
)

// options is what a server needs.
type options struct {
	env      config.Env
	file     *config.File
	signaler workflows.Signaler
	ring     *keyring
	counts   *counts
	probes   []httpserver.Probe
	log      *slog.Logger
	now      func() time.Time
}

// server takes deliveries.
type server struct {
	options
	connectors map[string]*config.Connector // the enabled ones, by account
	only       *config.Connector            // the one whose deliveries need not name their account; nil if there are several
	waker      workflows.Waker
	seen       *seen
	quiet      *quiet
	timeout    time.Duration // of a signal
	slots      chan struct{}
}

func newServer(o options) *server {
	s := &server{
		options: o, connectors: map[string]*config.Connector{}, timeout: signalTimeout, slots: make(chan struct{}, atOnce),
		waker: workflows.Waker{Client: o.signaler, Queue: o.env.TaskQueue}, quiet: newQuiet(o.now),
	}
	var maxAge time.Duration
	for _, cfg := range enabled(o.file) {
		s.connectors[cfg.Account()] = cfg
		maxAge = max(maxAge, cfg.Webhooks.MaxAge)
		s.only = cfg
	}
	if len(s.connectors) != 1 {
		s.only = nil
	}
	// For as long as a repetition of what was signed just now, on a clock that runs ahead, would be accepted.
	s.seen = newSeen(maxAge+zendesk.MaxClockSkew, seenMost, o.now)
	return s
}

// routes is the handler of all requests. Nothing but deliveries has a body, and no answer holds more than what is asked.
func (s *server) routes() http.Handler {
	r := httpserver.Routes(s.probes, s.panicked)
	r.GET(consentPath, s.consent)
	deliveries := r.Group("/webhooks/zendesk", s.allow, s.admit)
	for _, path := range []string{"", "/", "/:account", "/:account/"} {
		deliveries.POST(path, s.receive)
	}
	return r
}

// serve answers on the listener until ctx ends, then lets requests in flight finish. With encryption it speaks HTTPS.
func (s *server) serve(ctx context.Context, listener net.Listener, encryption *tls.Config) error {
	s.announce(listener, encryption != nil)
	defer context.AfterFunc(ctx, func() { s.log.Info("webhook server stopping") })()
	web := httpserver.Server{Handler: s.routes(), Answer: answerWithin, Grace: stopGrace, TLS: encryption, Log: s.log}
	return web.Serve(ctx, listener)
}

func (s *server) announce(listener net.Listener, encrypted bool) {
	s.log.Info("webhook server ready", "address", listener.Addr().String(), "tls", encrypted, "connectors", len(s.connectors))
	if len(s.connectors) == 0 {
		s.log.Warn("no connector is enabled: every delivery is answered 404")
	}
	if s.env.WebhookAllowTestSecret {
		s.log.Warn("WEBHOOK_ALLOW_TEST_SECRET is on: everybody knows that secret; switch it off once deliveries arrive")
	}
	if len(s.env.ZendeskWebhookSecret) == 0 && s.env.EncryptionKey.IsZero() {
		s.log.Info("no signing secret yet, so every delivery is refused; webhooks are optional: to have them, " + howToConfigure)
	}
}

// howToConfigure is for accounts whose deliveries cannot be verified.
const howToConfigure = "run `starter webhooks install` with ENCRYPTION_KEY set here and there, or set ZENDESK_WEBHOOK_SECRET"

// admit turns requests away while too many are in hand: Zendesk sends them again.
func (s *server) admit(c *gin.Context) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		c.Next()
	default:
		if cfg := s.connector(c); cfg != nil {
			s.counts.add(cfg.Account(), resultUnavailable, s.now())
		}
		s.warn("too many", "too many deliveries at once: Zendesk is asked to repeat some")
		unavailable(c)
	}
}

// connector finds the connector whose deliveries the request's path is for.
func (s *server) connector(c *gin.Context) *config.Connector {
	if account := c.Param("account"); account != "" {
		return s.connectors[account]
	}
	return s.only
}

// takenFor is the key of the connector that a request in hand is for.
const takenFor = "connector"

// recover answers 503 where a handler panicked, so that Zendesk sends the delivery again: it does not repeat a 500. What was
// thrown may hold anything; only an error of Go's runtime is repeated in the log.
func (s *server) panicked(c *gin.Context, what, stack string) {
	if cfg, ok := c.Value(takenFor).(*config.Connector); ok {
		s.counts.add(cfg.Account(), resultUnavailable, s.now())
	}
	s.warn("panic", "a handler panicked: please report this", "panic", what, "stack", stack)
	if !c.Writer.Written() {
		unavailable(c)
	}
}

// unavailable asks Zendesk to send the delivery again: it does so only if Retry-After is below 60 seconds.
// https://developer.zendesk.com/api-reference/webhooks/introduction/
func unavailable(c *gin.Context) {
	c.Header("Retry-After", "5")
	c.String(http.StatusServiceUnavailable, "Service Unavailable")
	c.Abort()
}

// warn writes a line, but not more than one of a kind in ten seconds.
func (s *server) warn(kind, message string, args ...any) {
	held, ok := s.quiet.may(kind)
	if !ok {
		return
	}
	if held > 0 {
		args = append(args, "more_since_the_last", held)
	}
	s.log.Warn(message, args...)
}
