package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// previewed is the program with simulated vendors, whose fake Temporal ends every run with what the real workflow returns.
type previewed struct {
	*program
	seed    *seed.Account
	zendesk *zendesksim.Server
	brevo   *brevosim.Server
}

func newPreviewed(t *testing.T) *previewed {
	t.Helper()
	p := &previewed{program: newProgram(t), seed: seed.New(seed.Size{Users: 60, Tickets: 120, Organizations: 6, End: noon.AddDate(0, 0, -1)}, 3)}
	clock := sim.NewClock(p.now, 1)
	p.zendesk = zendesksim.New(zendesksim.Options{Account: p.seed, Subdomain: "acme", Plan: zendesksim.Unlimited, Clock: clock})
	p.brevo = brevosim.New(brevosim.Options{Plan: brevosim.Unlimited, Clock: clock})
	zs, err := p.zendesk.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = zs.Close() })
	bs, err := p.brevo.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = bs.Close() })
	email, token := p.zendesk.Credentials()
	require.NoError(t, os.WriteFile("connectors.yaml", fmt.Appendf(nil, `brevo: {api_key: %q, base_url: %q}
connectors:
  zendesk:
    subdomain: acme
    base_url: %q
    auth: {email: %q, api_token: %q}
    lists: {all_customers: Zendesk customers}
`, brevosim.DefaultAPIKey, bs.URL+"/v3", zs.URL, email, token), 0o600))
	return p
}

// work does what a worker would about one sync, and has the fake Temporal tell its result.
func (p *previewed) work(t *testing.T, kind string) {
	t.Helper()
	file, err := config.Load("connectors.yaml", os.Getenv, connectors.Checks()...)
	require.NoError(t, err)
	st, err := store.Open(t.Context(), "sqlite:connector.db")
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(p.now().Add(time.Minute))
	workflows.Register(env, activities.New(activities.Options{
		File: file, Store: st, Now: env.Now, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Waker: nobody{},
	}))
	env.ExecuteWorkflow(workflows.Sync, workflows.SyncInput{Account: "acme", Type: kind})
	p.pass(env.Now().Sub(p.now()))
	require.NoError(t, env.GetWorkflowError())
	var result workflows.SyncResult
	require.NoError(t, env.GetWorkflowResult(&result))
	p.fake.run = &fakeRun{id: "zendesk/acme/sync", runID: "run-1", done: make(chan struct{}), set: func(out any) { *out.(*workflows.SyncResult) = result }}
	close(p.fake.run.done)
	p.fake.pollers = map[enums.TaskQueueType]time.Time{enums.TASK_QUEUE_TYPE_WORKFLOW: p.now(), enums.TASK_QUEUE_TYPE_ACTIVITY: p.now()}
}

type nobody struct{}

func (nobody) Wake(context.Context, string, []string, time.Duration) ([]string, error) {
	return nil, nil
}

func (p *previewed) customer(t *testing.T) seed.User {
	t.Helper()
	for u := range p.seed.Users.All() {
		if p.seed.KindOf(u.ID) == seed.Ordinary {
			return u
		}
	}
	t.Fatal("no ordinary customer")
	return seed.User{}
}

func TestAPreviewShowsWhatWouldBeWritten(t *testing.T) {
	p := newPreviewed(t)
	who := p.customer(t)
	email := strings.ToLower(who.Email)
	p.brevo.SeedMarketer([]string{email})
	p.work(t, activities.Preview)

	require.Equal(t, exitOK, p.run(t.Context(), "preview", "--email", strings.ToUpper(email)), p.stderr.String())
	assert.Equal(t, []any{workflows.SyncInput{Account: "acme", Type: "preview"}}, p.fake.inputs, "the address stays here")
	out := p.stdout.String()
	assert.Contains(t, out, "✓ preview of acme completed")
	assert.Contains(t, out, "nothing was written; the next sync would\n")
	assert.Regexp(t, `new lists +Zendesk customers\n`, out)
	assert.Contains(t, out, fmt.Sprintf("%s  user %d: changed\n", email, who.ID))
	assert.Regexp(t, `OPEN_TICKETS +- -> \d+\n`, out)
	assert.Contains(t, out, "list Zendesk customers  joins\n")
	assert.NotContains(t, out, "FIRSTNAME -", "the marketer's first name stays")

	require.Equal(t, exitOK, p.run(t.Context(), "preview", "--json", "--sample", "4"))
	var s previewSummary
	require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &s))
	assert.Len(t, s.People, 4)
	assert.Positive(t, s.Contacts.Created)
	assert.Equal(t, s.Contacts.Created, s.Contacts.Mailable)
	assert.Equal(t, s.Contacts.Created+s.Contacts.Changed, s.Lists["Zendesk customers"].Add)
	assert.Equal(t, []string{"changed", "created"}, slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, x := range s.People {
			if !yield(x.What) {
				return
			}
		}
	})), "some of every kind")

	require.Equal(t, exitOK, p.run(t.Context(), "preview", "--latest", "--email", "nobody@example.com"))
	assert.Contains(t, p.stdout.String(), "No user of Zendesk has this address")
	assert.Contains(t, p.stdout.String(), "the preview of acme that ended at")
}

func TestAPreviewShowsOldValuesAsBrevoHoldsThem(t *testing.T) {
	p := newPreviewed(t)
	who := p.customer(t)
	p.work(t, activities.Full)
	p.zendesk.UpdateUser(who.ID, func(u *seed.User) { u.Tags = []string{"gold"} })
	p.pass(2 * time.Minute)
	p.work(t, activities.Preview)
	require.Equal(t, exitOK, p.run(t.Context(), "preview", "--email", who.Email), p.stderr.String())
	out := p.stdout.String()
	_, people, _ := strings.Cut(out, "\n\n")
	assert.Regexp(t, fmt.Sprintf(`^%s  user %d: changed\n  TAGS  .* -> "gold"\n$`, strings.ToLower(who.Email), who.ID), people)
	assert.Contains(t, out, "  contacts   0 created, 1 changed\n  unchanged  42\n")

	// Where Brevo cannot be asked, what was sent last stands for it.
	p.brevo.Faults().Add(sim.Fault{Method: "GET", Path: "/v3/contacts/", Status: 500, Times: 100})
	require.Equal(t, exitOK, p.run(t.Context(), "preview", "--latest", "--email", who.Email))
	assert.Contains(t, p.stderr.String(), "old values are those that were sent last\n")
	assert.Contains(t, p.stdout.String(), `-> "gold"`)
	assert.NotContains(t, p.stderr.String(), strings.ToLower(who.Email))
}

func TestAPreviewAndASyncDoNotRunAtOnce(t *testing.T) {
	p := newProgram(t)
	p.fake.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-0", running1, "")
	p.fake.startErr = serviceerror.NewWorkflowExecutionAlreadyStarted("started", "", "run-0")
	require.Equal(t, exitFailed, p.run(t.Context(), "preview"))
	assert.Contains(t, p.stderr.String(), "a full sync of acme runs since")
}

func TestAPreviewIsStartedAlone(t *testing.T) {
	p := newProgram(t)
	require.Equal(t, exitOK, p.run(t.Context(), "preview", "--wait=false"))
	assert.Equal(t, "Started the preview of acme.\nWatch it with `starter preview`, or look with `starter status`.\n", p.stdout.String())
	p.fake.run.err = fmt.Errorf("workflow gone")
	close(p.fake.run.done)
	require.Equal(t, exitFailed, p.run(t.Context(), "preview"))
	assert.NotEmpty(t, p.stderr.String())
}

func TestTheFirstSyncAsksOnATerminal(t *testing.T) {
	p := newPreviewed(t)
	p.answer = "n\n"
	require.Equal(t, exitFailed, p.run(t.Context(), "sync", "--type", "full"))
	assert.Empty(t, p.fake.started)
	assert.Contains(t, p.stderr.String(), "acme has never been synced completely.")
	assert.Regexp(t, `contacts   at most \d+ \(users with the role end-user\)\n  companies  at most \d+\n`, p.stderr.String())
	assert.Contains(t, p.stderr.String(), "new_contacts: create (new contacts can be e-mailed from then on)\n  pilot      off: everybody is written\nStart this sync of acme? [y/N]")
	assert.Contains(t, p.stderr.String(), "nothing was started")
	require.Equal(t, exitFailed, p.run(t.Context(), "sync"), "an incremental one is the first as well")
	require.Equal(t, exitFailed, p.run(t.Context(), "sync", "--ticket", "5"), "and a replay writes whatever waits")
	assert.Empty(t, p.fake.started)
	replayed := account(t)
	_, err := replayed.BeginRun(t.Context(), store.Run{ID: "replay", Type: activities.Replay, StartedAt: p.now()})
	require.NoError(t, err)
	require.NoError(t, replayed.EndRun(t.Context(), "replay", activities.RunCompleted, store.RunStats{}, p.now()))
	require.Equal(t, exitFailed, p.run(t.Context(), "sync"), "a replay is no first sync")
	assert.Empty(t, p.fake.started)

	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--type", "full", "--yes"))
	assert.NotContains(t, p.stderr.String(), "[y/N]")
	p.answer = ""
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--type", "full"), "a script goes on without asking")
	assert.Len(t, p.fake.started, 2)

	p.work(t, activities.Preview)
	p.answer = "y\n"
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--type", "full"))
	assert.Regexp(t, `contacts   \d+ created \(\d+ can be e-mailed from then on\), 0 changed, by the preview of `, p.stderr.String())
	assert.Len(t, p.fake.started, 3)

	// What was counted under another configuration says nothing of this one.
	yaml, err := os.ReadFile("connectors.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("connectors.yaml", append(yaml, "    pilot: {emails: [ada@example.com]}\n"...), 0o600))
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--type", "full"))
	assert.Contains(t, p.stderr.String(), "contacts   at most 1\n")
	assert.Contains(t, p.stderr.String(), "pilot      on: nobody but 1 address of pilot.emails is written")
	require.NoError(t, os.WriteFile("connectors.yaml", yaml, 0o600))

	p.work(t, activities.Full)
	require.Equal(t, exitOK, p.run(t.Context(), "preview", "--latest", "--email", p.customer(t).Email))
	assert.Contains(t, p.stdout.String(), "a sync has run or the configuration has changed since")
	assert.Regexp(t, `user \d+: unchanged\n$`, p.stdout.String())
	p.answer = "n\n"
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--type", "full"), "it asks no second time")
	assert.Len(t, p.fake.started, 5)
}

func TestTheFirstSyncAfterAPilotAsksToo(t *testing.T) {
	p := newPreviewed(t)
	yaml, err := os.ReadFile("connectors.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("connectors.yaml", append(slices.Clone(yaml), "    pilot: {emails: [ada@example.com]}\n"...), 0o600))
	p.work(t, activities.Full)
	p.answer = "n\n"
	require.Equal(t, exitOK, p.run(t.Context(), "sync"), "the pilot goes on")
	require.NoError(t, os.WriteFile("connectors.yaml", yaml, 0o600))
	require.Equal(t, exitFailed, p.run(t.Context(), "sync"))
	assert.Contains(t, p.stderr.String(), "acme has been synced for a pilot alone. This sync writes everybody to Brevo:\n")
	assert.Len(t, p.fake.started, 1)
	everybody := account(t)
	_, err = everybody.BeginRun(t.Context(), store.Run{ID: "everybody", Type: activities.Incremental, StartedAt: p.now()})
	require.NoError(t, err)
	require.NoError(t, everybody.EndRun(t.Context(), "everybody", activities.RunCompleted, store.RunStats{}, p.now()))
	require.Equal(t, exitOK, p.run(t.Context(), "sync"))
	assert.Len(t, p.fake.started, 2)
}
