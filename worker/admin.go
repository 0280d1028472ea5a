package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/admin"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/healthcheck"
	"zendesk-brevo/internal/httpserver"
	"zendesk-brevo/internal/metrics"
	"zendesk-brevo/internal/store"
)

// front is what the worker shows to those who run it: metrics, health and the API. A front without a listener shows nothing,
// and measures nothing.
type front struct {
	listener net.Listener
	metrics  *metrics.Metrics
	log      *slog.Logger
	server   control.Server // as messages name it
}

// openFront takes the address of ADMIN_ADDR before anything is begun, so that one that cannot be had is said at once.
func openFront(ctx context.Context, env config.Env, logger *slog.Logger) (*front, error) {
	listener, err := admin.Listen(ctx, env.AdminAddr, os.Getenv("ADMIN_ADDR") != "", logger)
	return &front{listener: listener, log: logger}, err
}

func (f *front) close() {
	if f.listener != nil {
		_ = f.listener.Close() // closed already where the server ended as it should
	}
}

// measure begins to measure, if somebody can see it.
func (f *front) measure(file *config.File, st *store.Store) error {
	if f.listener == nil {
		return nil
	}
	o := metrics.Options{Store: st, Now: time.Now, Log: f.log}
	for _, cfg := range file.Ordered {
		if cfg.Enabled {
			o.Accounts = append(o.Accounts, cfg.Account())
		}
	}
	var err error
	f.metrics, err = metrics.New(o)
	return err
}

// observe lets the options of the steps and of Temporal's client report here.
func (f *front) observe(o *activities.Options) {
	if f.metrics != nil {
		o.Called = f.metrics.Called
	}
}

func (f *front) temporal(o *client.Options) {
	f.server = control.Server{Address: cmp.Or(o.HostPort, client.DefaultHostPort), Namespace: cmp.Or(o.Namespace, client.DefaultNamespace)}
	if f.metrics != nil {
		o.MetricsHandler = f.metrics.Temporal(f.log)
	}
}

// serve answers until ctx ends; the returned function waits for the last answer. That it cannot serve is no reason to stop the
// work.
func (f *front) serve(ctx context.Context, c client.Client, env config.Env, shared activities.Options, steps *activities.Activities) (wait func()) {
	if f.listener == nil {
		return func() {}
	}
	o := admin.Options{
		File: shared.File, Store: shared.Store, Vendors: steps.Vendors, Token: env.APIToken, Metrics: f.metrics.Handler(), Log: f.log, Now: time.Now,
		Engine: &control.Engine{Client: c, Server: f.server, Queue: env.TaskQueue, Now: time.Now},
		Probes: []httpserver.Probe{
			{Name: "the store", Ask: shared.Store.Ping},
			{Name: "Temporal", Ask: func(ctx context.Context) error {
				_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
				return err
			}},
		},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := (&admin.Server{Options: o}).Serve(ctx, f.listener); err != nil {
			f.log.Error("metrics, health and API ended", "error", err)
		}
	}()
	return func() { <-done }
}

// askHealth is `worker healthcheck`: it fails unless a worker on this host answers on ADMIN_ADDR.
func askHealth(ctx context.Context, env config.Env) error {
	if env.AdminAddr == config.AdminOff {
		return fmt.Errorf("ADMIN_ADDR is %s, so the worker cannot be asked: set it to an address, such as 127.0.0.1:9464", config.AdminOff)
	}
	return healthcheck.Ask(ctx, env.AdminAddr, false)
}
