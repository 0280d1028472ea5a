// Package e2e_test proves business outcomes: both simulated vendors behind real HTTP, a real store, the real workflows and
// activities. Most tests run in Temporal's test environment, where waits are skipped; a few run the real programs on
// the real embedded server.
package e2e_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

const account = "acme"

// world is one simulated account on either side, and the connector's store between them.
type world struct {
	seed       *seed.Account
	zendesk    *zendesksim.Server
	brevo      *brevosim.Server
	zendeskURL string
	brevoURL   string
	store      *store.Store
	storeURL   string
	clock      *skipClock
	yaml       string // connectors.yaml of the next run
	logs       *strings.Builder
	box        *seal.Box                                // of ENCRYPTION_KEY; nil: there is none
	watch      *watcher                                 // what the next runs put into history and into the SDK's log; nil: nobody looks
	prepare    func(*testsuite.TestWorkflowEnvironment) // called before each run; nil: nothing to prepare
	woken      []string                                 // subjects that syncs offered and nobody has followed yet
	naps       bool                                     // what a step sleeps passes for the vendors; else nobody sleeps, and waits go to Temporal
}

// skipClock is the time of the current test environment, and stands still between runs.
type skipClock struct {
	now   func() time.Time
	slept atomic.Int64 // nanoseconds that steps of worlds with naps slept through in all
}

func (c *skipClock) Now() time.Time { return c.now().Add(time.Duration(c.slept.Load())) }

type option func(*zendesksim.Options, *brevosim.Options)

// begun is when every world begins: two that are compared have the same day.
var begun = time.Now()

func newWorld(t testing.TB, size seed.Size, opts ...option) *world {
	t.Helper()
	w := &world{seed: seed.New(size, 7), clock: &skipClock{now: func() time.Time { return begun }}, logs: &strings.Builder{}}
	vendorClock := sim.NewClock(w.clock.Now, 1)
	zo := zendesksim.Options{Account: w.seed, Subdomain: account, Plan: zendesksim.Unlimited, Clock: vendorClock}
	bo := brevosim.Options{Plan: brevosim.Unlimited, Clock: vendorClock}
	for _, o := range opts {
		o(&zo, &bo)
	}
	w.zendesk, w.brevo = zendesksim.New(zo), brevosim.New(bo)
	zs, err := w.zendesk.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = zs.Close() })
	bs, err := w.brevo.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = bs.Close() })
	w.zendeskURL, w.brevoURL = zs.URL, bs.URL+"/v3"
	w.storeURL = "sqlite:" + filepath.Join(t.TempDir(), "connector.db")
	w.store, err = store.Open(t.Context(), w.storeURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.store.Close() })
	w.configure("")
	return w
}

// configure replaces the optional part of the connector's configuration.
func (w *world) configure(extra string) {
	email, token := w.zendesk.Credentials()
	w.yaml = fmt.Sprintf(`brevo: {api_key: %q, base_url: %q}
connectors:
  zendesk:
    subdomain: %s
    base_url: %q
    auth: {email: %q, api_token: %q}
    lists: {all_customers: Zendesk customers, active_tickets: Open tickets, satisfied_customers: Satisfied customers}
%s`, brevosim.DefaultAPIKey, w.brevoURL, account, w.zendeskURL, email, token, indent(extra))
}

func indent(block string) string {
	if block == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(strings.TrimSpace(block), "\n", "\n    ") + "\n"
}

func (w *world) file(t testing.TB) *config.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "connectors.yaml")
	require.NoError(t, os.WriteFile(path, []byte(w.yaml), 0o600))
	file, err := config.Load(path, os.Getenv)
	require.NoError(t, err)
	return file
}

func (w *world) account() *store.Account { return w.store.Account(account) }

// environment is a fresh time-skipping Temporal whose clock the vendors and the connector share.
func (w *world) environment(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(discardLogger{})
	interceptors := []interceptor.WorkerInterceptor{newFreshRun()}
	if w.watch != nil {
		suite.SetLogger(w.watch)
		interceptors = append(interceptors, w.watch)
	}
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: interceptors})
	env.SetStartTime(w.clock.now().Add(time.Minute))
	env.SetTestTimeout(2 * time.Minute)
	w.clock.now = env.Now
	logger := slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a := activities.New(activities.Options{
		File: w.file(t), Store: w.store, Now: w.clock.Now, Log: logger,
		Sleep: func(ctx context.Context, d time.Duration) error {
			if w.naps {
				w.clock.slept.Add(int64(d))
			}
			return ctx.Err()
		},
		Waker: w, Box: w.box,
	})
	workflows.Register(env, a)
	if w.prepare != nil {
		w.prepare(env)
	}
	return env
}

// sync runs one sync to its end and fails the test unless it succeeds.
func (w *world) sync(t *testing.T, in workflows.SyncInput) workflows.SyncResult {
	t.Helper()
	out, err := w.trySync(t, in)
	require.NoError(t, err)
	return out
}

func (w *world) trySync(t *testing.T, in workflows.SyncInput) (workflows.SyncResult, error) {
	t.Helper()
	env := w.environment(t)
	in.Account = account
	if in.Type == "" {
		in.Type = activities.Full
	}
	env.ExecuteWorkflow(workflows.Sync, in)
	end := env.Now()
	w.clock.now = func() time.Time { return end }
	require.True(t, env.IsWorkflowCompleted(), "the sync must end")
	var out workflows.SyncResult
	if err := env.GetWorkflowError(); err != nil {
		return out, err
	}
	return out, env.GetWorkflowResult(&out)
}

// discardLogger drops what the SDK says; the connector's own log goes to world.logs.
type discardLogger struct{}

func (discardLogger) Debug(string, ...any) {}
func (discardLogger) Info(string, ...any)  {}
func (discardLogger) Warn(string, ...any)  {}
func (discardLogger) Error(string, ...any) {}
