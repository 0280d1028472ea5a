package activities_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
)

const account = "acme"

// workshop runs single steps between both simulated vendors, and lets a test act while a call is under way.
type workshop struct {
	t       *testing.T
	zendesk *zendesksim.Server
	brevo   *brevosim.Server
	store   *store.Account
	steps   *activities.Activities
	now     time.Time

	mu   sync.Mutex
	hook func(*http.Request) error // called once an answer is there and before the step has it; an error replaces the answer
	date func(http.Header)         // changes the headers of answers; nil: they stay
}

func newWorkshop(t *testing.T, size seed.Size, opts ...func(*brevosim.Options)) *workshop {
	t.Helper()
	return workshopOf(t, size, func(_ *zendesksim.Options, bo *brevosim.Options) {
		for _, o := range opts {
			o(bo)
		}
	})
}

func workshopOf(t *testing.T, size seed.Size, change func(*zendesksim.Options, *brevosim.Options)) *workshop {
	t.Helper()
	w := &workshop{t: t, now: time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)}
	clock := sim.NewClock(func() time.Time { return w.now }, 1)
	zo := zendesksim.Options{Account: seed.New(size, 7), Subdomain: account, Plan: zendesksim.Unlimited, Clock: clock}
	bo := brevosim.Options{Plan: brevosim.Unlimited, Clock: clock}
	change(&zo, &bo)
	w.zendesk, w.brevo = zendesksim.New(zo), brevosim.New(bo)
	zs, err := w.zendesk.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = zs.Close() })
	bs, err := w.brevo.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = bs.Close() })

	email, token := w.zendesk.Credentials()
	path := filepath.Join(t.TempDir(), "connectors.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `brevo: {api_key: %q, base_url: %q}
connectors: {zendesk: {subdomain: %s, base_url: %q, auth: {email: %q, api_token: %q}, lists: {all_customers: Customers}}}
`, brevosim.DefaultAPIKey, bs.URL+"/v3", account, zs.URL, email, token), 0o600))
	file, err := config.Load(path, os.Getenv)
	require.NoError(t, err)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w.store = s.Account(account)
	client := rest.NewHTTPClient()
	client.Transport = &interrupted{client.Transport, w}
	w.steps = activities.New(activities.Options{
		File: file, Store: s, HTTP: client, Now: func() time.Time { return w.now },
		// Waiting for a rate window is what makes time go by here.
		Sleep: func(_ context.Context, d time.Duration) error { w.now = w.now.Add(d); return nil },
	})
	return w
}

// interrupted is a transport that runs the workshop's hook in the middle of a call.
type interrupted struct {
	next http.RoundTripper
	w    *workshop
}

func (i *interrupted) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := i.next.RoundTrip(r)
	i.w.mu.Lock()
	hook := i.w.hook
	i.w.mu.Unlock()
	if err == nil && i.w.date != nil {
		i.w.date(resp.Header)
	}
	if err != nil || hook == nil {
		return resp, err
	}
	if err := hook(r); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// during acts once in the middle of the first call of that method and path.
func (w *workshop) during(method, path string, act func() error) {
	w.t.Cleanup(func() { assert.Nil(w.t, w.hook, "no call was made to %s %s", method, path) })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = func(r *http.Request) error {
		if r.Method != method || r.URL.Path != path {
			return nil
		}
		w.mu.Lock()
		w.hook = nil
		w.mu.Unlock()
		return act()
	}
}

// run executes one step as a worker would.
func run[In, Out any](w *workshop, step func(context.Context, In) (Out, error), in In) (Out, error) {
	w.t.Helper()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(step)
	var out Out
	value, err := env.ExecuteActivity(step, in)
	if err != nil {
		return out, err
	}
	return out, value.Get(&out)
}

// must is run for steps that have to succeed, repeated while they wait for a rate window.
func must[In, Out any](w *workshop, step func(context.Context, In) (Out, error), in In) Out {
	w.t.Helper()
	for range 20 {
		out, err := run(w, step, in)
		if err == nil {
			return out
		}
		w.t.Logf("again after: %v", err)
		w.now = w.now.Add(10 * time.Second)
	}
	w.t.Fatal("the step never succeeded")
	panic("unreachable")
}

// begin opens a full run and makes what it needs in Brevo.
func (w *workshop) begin() {
	w.t.Helper()
	require.NoError(w.t, w.store.SetScanState(w.t.Context(), w.now, 0, "looked")) // many are planned only after a look
	must(w, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "one", Type: activities.Full, StartedAt: w.now})
	must(w, w.steps.Account.Preflight, activities.PreflightInput{Account: account, Full: true})
}

// pull reads a stream to its end.
func (w *workshop) pull(stream string) {
	w.t.Helper()
	for range 100 {
		if must(w, w.steps.Zendesk.FetchPage, activities.PageInput{Account: account, Stream: stream}).End {
			return
		}
	}
	w.t.Fatalf("%s never ended", stream)
}
