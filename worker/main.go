// Command worker runs the workflows and activities: it reads Zendesk, keeps the mirror and writes Brevo.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
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

// settleGrace is how long a renewal of an access token that a step leaves behind may take after that.
const settleGrace = 15 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	do, known := commands[strings.Join(os.Args[1:], " ")]
	if !known {
		fmt.Fprintln(os.Stderr, "worker: run it without arguments to work, or as `worker healthcheck` to ask whether the one on this host does")
		os.Exit(2)
	}
	env, err := config.LoadEnv()
	if err == nil {
		err = do(ctx, env)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

// commands are what the program does, by its arguments.
var commands = map[string]func(context.Context, config.Env) error{"": run, "healthcheck": askHealth}

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
	f, err := openFront(ctx, env, logger)
	if err != nil {
		return err
	}
	defer f.close()
	st, err := store.Open(ctx, env.StoreURL.Reveal())
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			logger.Error("close store", "error", err)
		}
	}()
	if err := f.measure(file, st); err != nil {
		return err
	}
	c, err := dial(ctx, logger, f.temporal)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := ensureSearchAttributes(ctx, c); err != nil {
		return err
	}
	return serve(ctx, c, env, version, activities.Options{File: file, Store: st, Box: box, Log: logger}, f)
}

// encryption is what opens the tokens that `starter connect` sealed; nil without ENCRYPTION_KEY.
func encryption(env config.Env) (*seal.Box, error) {
	if env.EncryptionKey.IsZero() {
		return nil, nil
	}
	return seal.New(env.EncryptionKey.Reveal())
}

func serve(ctx context.Context, c client.Client, env config.Env, version worker.DeploymentOptions, o activities.Options, f *front) error {
	options := worker.Options{WorkerStopTimeout: stopGrace, DeploymentOptions: version}
	ctx, ended := untilFatal(ctx, &options)
	w := worker.New(c, env.TaskQueue, options)
	o.Waker = workflows.Waker{Client: c, Queue: env.TaskQueue}
	f.observe(&o)
	steps := activities.New(o)
	workflows.Register(w, steps)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start worker on task queue %s: %w", env.TaskQueue, err)
	}
	served := f.serve(ctx, c, env, o, steps)
	o.Log.Info("worker ready", "task_queue", env.TaskQueue, "connectors", len(o.File.Ordered), "build_id", version.Version.BuildID)
	<-ctx.Done()
	o.Log.Info("worker stopping")
	w.Stop()
	served()
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleGrace)
	defer cancel()
	steps.Settle(settle)
	return ended()
}

// untilFatal ends ctx also when Temporal's SDK stops the worker by itself, because the server will never serve it: whatever
// supervises this program must learn of it. ended gives that reason, and nil where ctx ended otherwise.
func untilFatal(parent context.Context, options *worker.Options) (_ context.Context, ended func() error) {
	ctx, fail := context.WithCancelCause(parent)
	options.OnFatalError = func(err error) {
		fail(fmt.Errorf("temporal does not serve this worker any longer: %w", err))
	}
	return ctx, func() error {
		defer fail(nil)
		if parent.Err() != nil {
			return nil
		}
		return context.Cause(ctx)
	}
}

// dial connects to Temporal as its environment says: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY and so on. change may
// add to that.
// https://docs.temporal.io/develop/environment-configuration
func dial(ctx context.Context, logger *slog.Logger, change func(*client.Options)) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("read Temporal's environment: %w", err)
	}
	options.Logger = log.NewStructuredLogger(logger)
	change(&options)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reach Temporal at %s: start it, or set TEMPORAL_ADDRESS", cmp.Or(options.HostPort, client.DefaultHostPort)), err)
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
