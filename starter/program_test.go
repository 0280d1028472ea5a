package main

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

const running1 = enums.WORKFLOW_EXECUTION_STATUS_RUNNING

// account opens the program's store for a test to fill.
func account(t *testing.T) *store.Account {
	t.Helper()
	st, err := store.Open(t.Context(), "sqlite:connector.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st.Account("acme")
}

func TestSyncStartsTheAccountsOneSync(t *testing.T) {
	p := newProgram(t)
	code := p.run(t.Context(), "sync", "--type", "full", "--resources", "tickets, users,tickets", "--since", "2023-01-01")
	require.Equal(t, exitOK, code, p.stderr.String())
	require.Len(t, p.fake.started, 1)
	o := p.fake.started[0]
	assert.Equal(t, "zendesk/acme/sync", o.ID)
	assert.Equal(t, "queue", o.TaskQueue)
	assert.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, o.WorkflowIDConflictPolicy)
	assert.True(t, o.WorkflowExecutionErrorWhenAlreadyStarted)
	kind, _ := o.TypedSearchAttributes.GetKeyword(workflows.TypeAttribute)
	assert.Equal(t, "full", kind)
	name, _ := o.TypedSearchAttributes.GetKeyword(workflows.AccountAttribute)
	assert.Equal(t, "acme", name)
	assert.Equal(t, []any{workflows.SyncInput{
		Account: "acme", Type: "full", Resources: []string{"users", "tickets"}, Since: time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC),
	}}, p.fake.inputs)
	assert.Equal(t, "Started the full sync of acme.\nWatch it with `starter sync --wait`, or look with `starter status`.\n", p.stdout.String())

	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--json"))
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","type":"incremental","workflowId":"zendesk/acme/sync","runId":"run-1"}`, p.stdout.String())
	assert.NoFileExists(t, "connector.db", "the worker makes the store")
}

func TestSyncSaysThatOneRuns(t *testing.T) {
	p := newProgram(t)
	p.fake.startErr = serviceerror.NewWorkflowExecutionAlreadyStarted("started", "", "run-0")
	p.fake.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-0", running1, "")
	assert.Equal(t, exitFailed, p.run(t.Context(), "sync", "--type", "incremental", "--wait"))
	assert.Equal(t, "starter: a full sync of acme runs since 2024-01-15T11:59:00Z (1m00s ago), and only one may: "+
		"watch it with `starter sync --wait`, or end it with `starter sync --cancel`\n", p.stderr.String())
	assert.Empty(t, p.stdout.String())
}

func TestCommandsNeedAWorker(t *testing.T) {
	p := newProgram(t)
	want := "starter: no worker polls task queue \"queue\" in namespace \"default\" at temporal:7233: start one with `bin/worker` (or everything with `make run`)\n"
	for name, pollers := range map[string]map[enums.TaskQueueType]time.Time{
		"nobody":         {},
		"workflows only": {enums.TASK_QUEUE_TYPE_WORKFLOW: noon},
		"one that died":  {enums.TASK_QUEUE_TYPE_WORKFLOW: noon.Add(-2 * time.Minute), enums.TASK_QUEUE_TYPE_ACTIVITY: noon.Add(-2 * time.Minute)},
	} {
		p.fake.pollers = pollers
		for _, args := range [][]string{{}, {"test"}, {"sync"}} {
			assert.Equal(t, exitFailed, p.run(t.Context(), args...), name)
			assert.Equal(t, want, p.stderr.String(), name)
			assert.Empty(t, p.stdout.String(), name)
		}
	}
	assert.Empty(t, p.fake.started)
}

func TestTemporalsRefusalsAreExplained(t *testing.T) {
	p := newProgram(t)
	for want, err := range map[string]error{
		"has no namespace \"default\": set TEMPORAL_NAMESPACE, or create it": serviceerror.NewNamespaceNotFound("default"),
		"refuses access to namespace \"default\": check TEMPORAL_API_KEY":    serviceerror.NewPermissionDenied("no", ""),
		"stopped answering":        serviceerror.NewUnavailable("gone"),
		"answered: odd; two lines": serviceerror.NewInternal("odd\ntwo lines"),
	} {
		p.fake.away = err
		assert.Equal(t, exitFailed, p.run(t.Context(), "test"))
		assert.Contains(t, p.stderr.String(), want)
	}
}

func TestWatchingEndsWithASummary(t *testing.T) {
	p := newProgram(t)
	f := p.fake
	f.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-1", running1, "")
	f.executions["zendesk/acme/pull/users"] = executionOf("zendesk/acme/pull/users", "pull-1", running1, "run-1",
		waits(activities.ErrRateLimited, "waiting 40 s: Zendesk export budget", 34*time.Second, 2))
	f.executions["zendesk/acme/pull/tickets"] = executionOf("zendesk/acme/pull/tickets", "old", running1, "an earlier run")
	f.progress["zendesk/acme/sync"] = workflows.Progress{Subject: "full", Phase: "pull", Expected: map[string]int64{"users": 8400}}
	f.progress["zendesk/acme/pull/users"] = workflows.Progress{Rows: map[string]int64{"users": 3000}, Pages: map[string]int64{"users": 3}}
	looks := 0
	f.onDescribe = func() {
		if looks++; looks == 40 {
			f.run.set = func(out any) { *out.(*workflows.SyncResult) = fullResult() }
			close(f.run.done)
		}
	}
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--wait"), p.stderr.String())
	assert.Empty(t, f.started, "it watches the sync that runs")
	assert.Equal(t, "Watching the full sync that started 1m00s ago.\n", p.stderr.String())
	golden(t, "watch.txt", p.stdout.String())

	f.onDescribe = nil
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--wait", "--json"))
	var s summary
	require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &s), "stdout holds JSON alone")
	assert.Equal(t, "completed", s.Status)
	assert.EqualValues(t, 7912, s.Contacts.Sent)
}

func TestInterruptingTheWatchLeavesTheSync(t *testing.T) {
	p := newProgram(t)
	p.fake.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-1", running1, "")
	ctx, cancel := context.WithCancel(t.Context())
	looks := 0
	p.fake.onDescribe = func() {
		if looks++; looks == 20 {
			cancel()
		}
	}
	assert.Equal(t, exitFailed, p.run(ctx, "sync", "--type", "full", "--wait"))
	assert.Contains(t, p.stderr.String(), "Detached; the sync goes on. `starter sync --wait` watches it again, `starter sync --cancel` ends it.")
	assert.Empty(t, p.fake.canceled)
	assert.NotContains(t, p.stdout.String(), "✗")
}

func TestCancelWaitsForTheEnd(t *testing.T) {
	p := newProgram(t)
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--cancel"))
	assert.Equal(t, "No sync of acme runs.\n", p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--cancel", "--json"))
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","canceled":false}`, p.stdout.String())

	p.fake.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-1", running1, "")
	require.Equal(t, exitOK, p.run(t.Context(), "sync", "--cancel"))
	assert.Equal(t, []string{"zendesk/acme/sync run-1"}, p.fake.canceled)
	assert.Contains(t, p.stdout.String(), "Canceled. What was read and sent stays")
}

func TestConnectionTest(t *testing.T) {
	p := newProgram(t)
	close(p.fake.run.done)
	lines := []activities.CheckLine{
		{Name: "API connection successful", State: activities.CheckOK},
		{Name: "Users readable", State: activities.CheckOK},
		{Name: "Tickets readable", State: activities.CheckOK},
		{Name: "Organizations readable", State: activities.CheckOK},
		{Name: "Webhooks configured", State: activities.CheckOptional, Cause: "optional; changes arrive within 5m"},
	}
	p.fake.run.set = func(out any) { out.(*activities.CheckResult).Lines = lines }
	assert.Equal(t, exitOK, p.run(t.Context(), "test", "zendesk"))
	assert.Equal(t, "✓ API connection successful\n✓ Users readable\n✓ Tickets readable\n✓ Organizations readable\n"+
		"- Webhooks not configured (optional; changes arrive within 5m)\n", p.stdout.String())
	require.Len(t, p.fake.started, 1)
	assert.Equal(t, "zendesk/acme/check", p.fake.started[0].ID)

	lines[2] = activities.CheckLine{Name: "Tickets readable", State: activities.CheckFailed, Cause: "zendesk GET /api/v2/tickets: 403", Fix: "give the connected user the admin role"}
	assert.Equal(t, exitFailed, p.run(t.Context(), "test"))
	assert.Contains(t, p.stdout.String(), "\n✗ Tickets readable: zendesk GET /api/v2/tickets: 403; give the connected user the admin role\n")
	assert.Empty(t, p.stderr.String())

	assert.Equal(t, exitFailed, p.run(t.Context(), "test", "--json"))
	assert.Contains(t, p.stdout.String(), `"passed": false`)
}

func TestStatusReadsTheStore(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	run, err := acc.BeginRun(t.Context(), store.Run{ID: "run-0", Type: "full", Streams: []string{"users"}, StartedAt: noon.Add(-2 * time.Hour)})
	require.NoError(t, err)
	stats := store.RunStats{Unchanged: 7, Rejected: map[string]int64{"invalid_email": 1}}
	require.NoError(t, acc.EndRun(t.Context(), run.ID, activities.RunCompleted, stats, noon.Add(-time.Hour)))
	_, err = acc.BeginRun(t.Context(), store.Run{ID: "run-1", Type: "incremental", Streams: []string{"users"}, StartedAt: noon.Add(-time.Minute)})
	require.NoError(t, err)
	require.NoError(t, acc.SetContacted(t.Context(), store.Contacted{Vendor: "zendesk", OK: true, At: noon.Add(-time.Minute)}))

	status := func() map[string]any {
		require.Equal(t, exitOK, p.run(t.Context(), "status", "--json"), p.stderr.String())
		var out map[string]any
		require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &out))
		return out
	}
	got := status()
	assert.Equal(t, false, got["connected"], "Brevo was never called")
	assert.Equal(t, "2024-01-15T11:59:00Z", got["connectedAt"])
	assert.Equal(t, "2024-01-15T11:00:00Z", got["lastSync"], "the run that has not ended does not count")
	assert.EqualValues(t, 0, got["usersSynced"])
	assert.EqualValues(t, 7, got["contacts"].(map[string]any)["unchanged"])
	assert.Nil(t, got["paused"])
	assert.Nil(t, got["running"])
	assert.Nil(t, got["nextRun"])
	assert.Equal(t, "running", got["lastRun"].(map[string]any)["status"])

	require.NoError(t, acc.SetContacted(t.Context(), store.Contacted{Vendor: "brevo", OK: true, At: noon}))
	require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: activities.PauseOperator, Message: "look first", At: noon}))
	p.fake.next, p.fake.schedule = []time.Time{noon.Add(5 * time.Minute)}, &client.ScheduleState{}
	p.fake.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-1", running1, "")
	got = status()
	assert.Equal(t, true, got["connected"])
	assert.Equal(t, map[string]any{"kind": "operator", "message": "look first", "at": "2024-01-15T12:00:00Z"}, got["paused"])
	assert.Equal(t, "2024-01-15T12:05:00Z", got["nextRun"])
	assert.Equal(t, map[string]any{"type": "full", "phase": "", "startedAt": "2024-01-15T11:59:00Z", "runId": "run-1"}, got["running"])
	assert.Len(t, got["unknown"], 1, "no worker tells the phase")
}

func TestRejectsKeepPersonalDataBack(t *testing.T) {
	p := newProgram(t)
	require.NoError(t, account(t).AddRejects(t.Context(), []store.Reject{
		{Kind: store.KindUser, ID: 7, Reason: "invalid_email", Detail: "Invalid email: someone@@example.com", RunID: "run-1", At: noon.Add(-time.Hour)},
		{Kind: store.KindUser, ID: 8, Reason: "refused", Detail: "nobody knows", RunID: "run-1", At: noon},
	}))
	for _, args := range [][]string{{"rejects", "list"}, {"rejects", "list", "--json"}} {
		assert.Equal(t, exitOK, p.run(t.Context(), args...))
		assert.Contains(t, p.stdout.String(), "invalid_email")
		assert.NotContains(t, p.stdout.String(), "someone")
		assert.Empty(t, p.stderr.String())
	}
	assert.Equal(t, exitOK, p.run(t.Context(), "rejects", "list", "--limit", "1"))
	assert.Contains(t, p.stdout.String(), "1 more (")
	assert.Contains(t, p.stdout.String(), "--limit 2 lists all")

	assert.Equal(t, exitOK, p.run(t.Context(), "rejects", "list", "--details", "zendesk"))
	assert.Contains(t, p.stdout.String(), "someone@@example.com")
	assert.Contains(t, p.stderr.String(), "may hold personal data")
}

func TestBareStarterAdvises(t *testing.T) {
	p := newProgram(t)
	assert.Equal(t, exitOK, p.run(t.Context()))
	assert.Contains(t, p.stdout.String(), "\nNext: starter test\n")
}

func TestALockedStoreIsSaid(t *testing.T) {
	t.Parallel()
	a := &app{}
	require.NoError(t, a.settings.StoreURL.UnmarshalText([]byte("sqlite:data/connector.db")))
	err := a.storeFailure(store.ErrLocked)
	assert.EqualError(t, err, "the store data/connector.db is locked by another program: wait until it has finished, or stop what holds the file, then try again")
	require.NoError(t, a.settings.StoreURL.UnmarshalText([]byte("postgres://u:password@host/db")))
	assert.NotContains(t, a.storeFailure(store.ErrLocked).Error(), "password")
}

var _ temporalClient = client.Client(nil)
