// Command webhook is the HTTP server that Zendesk's webhooks arrive at. It verifies each delivery, tells Temporal which ticket
// or user it is about, and answers. It calls neither vendor and keeps no record: what happened is read by the workflow.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/healthcheck"
	"zendesk-brevo/internal/httpserver"
	"zendesk-brevo/internal/store"
)

// stopGrace is how long requests in flight may go on after a signal to stop.
const stopGrace = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	do, known := commands[strings.Join(os.Args[1:], " ")]
	if !known {
		fmt.Fprintln(os.Stderr, "webhook: run it without arguments to serve, or as `webhook healthcheck` to ask whether the one on this host does")
		os.Exit(2)
	}
	env, err := config.LoadEnv()
	if err == nil {
		err = do(ctx, env)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

// commands are what the program does, by its arguments.
var commands = map[string]func(context.Context, config.Env) error{
	"": run,
	"healthcheck": func(ctx context.Context, env config.Env) error {
		return healthcheck.Ask(ctx, env.WebhookAddr, env.TLSCert != "")
	},
}

// run serves until ctx ends. Its errors name what to do.
func run(ctx context.Context, env config.Env) error {
	file, err := config.Load(env.ConnectorsFile, os.Getenv, connectors.Checks()...)
	if err != nil {
		return err
	}
	p, err := newProgram(env, file, config.NewLogger(os.Stderr, env.LogFormat, logLevel(file)))
	if err != nil {
		return err
	}
	defer p.temporal.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", env.WebhookAddr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("%s is in use by another program: stop it, or set WEBHOOK_ADDR to a free address", env.WebhookAddr)
		}
		return fmt.Errorf("listen on WEBHOOK_ADDR: %w", err)
	}
	return p.serve(ctx, listener)
}

// program is everything that runs in the process. Neither the store nor Temporal need answer when it starts.
type program struct {
	log      *slog.Logger
	store    *lateStore
	temporal client.Client
	counts   *counts
	ring     *keyring
	server   *server
	cert     *certificate // nil: no TLS
}

func newProgram(env config.Env, file *config.File, logger *slog.Logger) (*program, error) {
	p := &program{log: logger, counts: newCounts(), store: &lateStore{log: logger, open: func(ctx context.Context) (*store.Store, error) {
		return store.Open(ctx, env.StoreURL.Reveal())
	}}}
	if env.TLSCert != "" {
		cert, err := loadCertificate(env.TLSCert, env.TLSKey, logger)
		if err != nil {
			return nil, err
		}
		p.cert = cert
	}
	source, err := storedSecrets(env.EncryptionKey, p.store, logger, time.Now)
	if err != nil {
		return nil, err
	}
	if p.temporal, err = lazyTemporal(logger); err != nil {
		return nil, err
	}
	p.ring = newKeyring(env.ZendeskWebhookSecret, source, enabled(file), logger, time.Now)
	p.server = newServer(options{
		env: env, file: file, signaler: p.temporal, ring: p.ring, counts: p.counts, log: logger, now: time.Now,
		probes: []httpserver.Probe{
			{Name: "the store", Ask: p.store.ping},
			{Name: "Temporal", Ask: func(ctx context.Context) error {
				_, err := p.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
				return err
			}},
		},
	})
	return p, nil
}

// serve answers on the listener until ctx ends, and closes what it opened.
func (p *program) serve(ctx context.Context, listener net.Listener) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	_ = p.store.attempt(background, openAtOnce) // else run tries again, and says why
	var loops sync.WaitGroup
	loops.Go(func() { p.store.run(background) })
	loops.Go(func() { p.ring.run(background) })
	loops.Go(func() { p.counts.run(background, p.store, p.log) })
	var encryption *tls.Config
	if p.cert != nil {
		encryption = p.cert.config()
		loops.Go(func() { p.cert.run(background) })
		p.log.Info("certificate loaded", "valid_until", p.cert.until())
	}
	err := p.server.serve(ctx, listener, encryption)
	stop()
	loops.Wait()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	if lost := p.counts.flush(grace, p.store); lost != nil {
		p.log.Warn("the last counts of webhooks are lost", "error", lost)
	}
	p.store.close()
	return err
}

// lazyTemporal is a client as Temporal's environment says (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY and so on)
// that connects when it is first used, and again whenever the connection is lost.
// https://docs.temporal.io/develop/environment-configuration
func lazyTemporal(logger *slog.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("read Temporal's environment: %w", err)
	}
	options.Logger = log.NewStructuredLogger(logger)
	c, err := client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to Temporal: %w: check the TEMPORAL_ variables", err)
	}
	return c, nil
}

// enabled are the connectors that deliveries are taken for.
func enabled(file *config.File) []*config.Connector {
	var out []*config.Connector
	for _, cfg := range file.Ordered {
		if cfg.Enabled {
			out = append(out, cfg)
		}
	}
	return out
}

// logLevel is the most talkative level that any connector asks for.
func logLevel(file *config.File) config.LogLevel {
	level := config.LevelError
	for _, cfg := range enabled(file) {
		if cfg.LogLevel.Level() < level.Level() {
			level = cfg.LogLevel
		}
	}
	return level
}
