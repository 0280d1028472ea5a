// Command worker runs the workflows and activities: it reads Zendesk, keeps the mirror and writes Brevo.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// stopGrace is how long steps may go on after a signal to stop; what is not done by then is repeated elsewhere.
const stopGrace = 20 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env, err := config.LoadEnv()
	if err == nil {
		err = run(ctx, env)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

// run serves the task queue until ctx ends. Its errors name what to do.
func run(ctx context.Context, env config.Env) error {
	file, err := config.Load(env.ConnectorsFile, os.Getenv, connectors.Checks()...)
	if err != nil {
		return err
	}
	box, err := encryption(env)
	if err != nil {
		return err
	}
	version, err := versioning(env)
	if err != nil {
		return err
	}
	logger := config.NewLogger(os.Stderr, env.LogFormat, logLevel(file))
	st, err := store.Open(ctx, env.StoreURL.Reveal())
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			logger.Error("close store", "error", err)
		}
	}()
	c, err := dial(ctx, logger)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := ensureSearchAttributes(ctx, c); err != nil {
		return err
	}
	return serve(ctx, c, env.TaskQueue, version, activities.Options{File: file, Store: st, Box: box, Log: logger})
}

// encryption is what opens the tokens that `starter connect` sealed; nil without ENCRYPTION_KEY.
func encryption(env config.Env) (*seal.Box, error) {
	if env.EncryptionKey.IsZero() {
		return nil, nil
	}
	return seal.New(env.EncryptionKey.Reveal())
}

func serve(ctx context.Context, c client.Client, queue string, version worker.DeploymentOptions, o activities.Options) error {
	w := worker.New(c, queue, worker.Options{WorkerStopTimeout: stopGrace, DeploymentOptions: version})
	o.Waker = workflows.Waker{Client: c, Queue: queue}
	workflows.Register(w, activities.New(o))
	if err := w.Start(); err != nil {
		return fmt.Errorf("start worker on task queue %s: %w", queue, err)
	}
	o.Log.Info("worker ready", "task_queue", queue, "connectors", len(o.File.Ordered), "build_id", version.Version.BuildID)
	<-ctx.Done()
	o.Log.Info("worker stopping")
	w.Stop()
	return nil
}

// dial connects to Temporal as its environment says: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY and so on.
// https://docs.temporal.io/develop/environment-configuration
func dial(ctx context.Context, logger *slog.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("read Temporal's environment: %w", err)
	}
	options.Logger = log.NewStructuredLogger(logger)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		address := options.HostPort
		if address == "" {
			address = client.DefaultHostPort
		}
		return nil, errors.Join(fmt.Errorf("reach Temporal at %s: start it, or set TEMPORAL_ADDRESS", address), err)
	}
	return c, nil
}

// logLevel is the most talkative level that any connector asks for.
func logLevel(file *config.File) config.LogLevel {
	level := config.LevelError
	for _, cfg := range file.Ordered {
		if cfg.Enabled && cfg.LogLevel.Level() < level.Level() {
			level = cfg.LogLevel
		}
	}
	return level
}
