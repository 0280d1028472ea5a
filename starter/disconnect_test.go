package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// connected is an account at work: with a schedule, a webhook, contacts on lists, an attribute of ours and a sealed token.
func connected(t *testing.T) *hooked {
	t.Helper()
	h := newHooked(t)
	h.starter(exitOK, "webhooks", "install", "--triggers")
	h.fake.schedule = &client.ScheduleState{}
	h.polled()
	h.fake.run.set = func(out any) {
		*out.(*workflows.DisconnectResult) = workflows.DisconnectResult{People: 3, Memberships: 4}
	}
	ctx := t.Context()
	users := []int64{7, 8, 9}
	claimed, err := h.account.Claim(ctx, users, "test", time.Minute, noon)
	require.NoError(t, err)
	results := make([]store.Result, len(claimed))
	for i, c := range claimed {
		c.Delivery.State, c.Delivery.Lists, c.Delivery.BrevoID = store.DeliverySent, []int64{4}, c.Delivery.UserID
		results[i] = store.Result{Delivery: c.Delivery}
	}
	require.NoError(t, h.account.Record(ctx, "test", results, noon))
	require.NoError(t, h.account.SaveAttributes(ctx, []store.Attribute{
		{Name: "OPEN_TICKETS", Category: brevo.CategoryNormal, Type: brevo.TypeFloat, Ours: true},
		{Name: "LOYALTY", Category: brevo.CategoryNormal, Type: brevo.TypeFloat},
		{Name: "zendesk_id", Category: "company", Type: "text", Ours: true},
	}))
	require.NoError(t, h.account.PutSecret(ctx, store.Secret{Name: credentials.TokensName, KeyID: "k", Sealed: "s", CreatedAt: noon}))
	return h
}

// polled has a worker that is there for longer than any test.
func (h *hooked) polled() {
	h.fake.pollers = map[enums.TaskQueueType]time.Time{}
	for _, kind := range []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_WORKFLOW, enums.TASK_QUEUE_TYPE_ACTIVITY} {
		h.fake.pollers[kind] = noon.Add(24 * time.Hour)
	}
}

// untouched fails the test if anything of the connection is missing.
func (h *hooked) untouched() {
	h.t.Helper()
	assert.NotNil(h.t, h.fake.schedule)
	assert.Empty(h.t, h.fake.started)
	assert.Len(h.t, h.hooks(), 1)
	assert.Nil(h.t, standing(h.t, h.account))
	secrets, err := h.account.Secrets(h.t.Context(), "")
	require.NoError(h.t, err)
	assert.Len(h.t, secrets, 2)
}

func TestDisconnectSaysFirstWhatItWillDo(t *testing.T) {
	h := connected(t)
	h.fake.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-1", running1, "")
	want := `To disconnect acme:
  schedule    is removed
  sync        the running full sync is canceled
  webhooks    1 webhook and 2 triggers deleted in Zendesk
  lists       3 contacts taken off the lists that they were put on here
  attributes  1 that were made here stay (--attributes deletes them)
  secrets     2 secrets deleted from the store
  what stays  contacts, companies with their attribute zendesk_id, lists, events; tags, notes and tickets in Zendesk; the mirror here
`
	stdout, stderr := h.starter(exitOK, "disconnect", "--dry-run")
	assert.Equal(t, want, stdout)
	assert.Empty(t, stderr)
	stdout, _ = h.starter(exitOK, "disconnect", "--dry-run", "--attributes")
	assert.Contains(t, stdout, "1 that were made here are deleted in Brevo, with their values in every contact:\n              OPEN_TICKETS\n")
	stdout, _ = h.starter(exitOK, "disconnect", "--dry-run", "--attributes", "--json")
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","dryRun":true,"schedule":"removed","syncCanceled":true,"webhooks":1,"triggers":2,
		"people":3,"memberships":0,"outsidePilot":0,"attributes":["OPEN_TICKETS"],"attributesKept":[],"secrets":2,"did":[],"left":[]}`, stdout)
	h.untouched()

	_, stderr = h.starter(exitUsage, "disconnect")
	assert.Contains(t, stderr, "add --yes, or look with --dry-run")
	h.answer = "n\n"
	h.pass(time.Minute)
	assert.Equal(t, exitFailed, h.run(t.Context(), "disconnect"))
	assert.Contains(t, h.stderr.String(), "Disconnect acme? [y/N] starter: nothing was changed")
	h.untouched()
}

func TestDisconnectSaysWhomThePilotKeeps(t *testing.T) {
	h := connected(t)
	yaml, err := os.ReadFile("connectors.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("connectors.yaml", []byte(strings.Replace(string(yaml), "subdomain: acme,", "subdomain: acme, pilot: {emails: [ada@example.com]},", 1)), 0o600))
	_, stderr := h.starter(exitUsage, "disconnect", "--yes", "--attributes")
	assert.Contains(t, stderr, "--attributes: ")
	assert.Contains(t, stderr, "contacts outside the pilot have some (3)")
	assert.Contains(t, stderr, "remove pilot from connectors.yaml")
	h.untouched()
	stdout, _ := h.starter(exitOK, "disconnect", "--dry-run")
	assert.Contains(t, stdout, "  lists       0 contacts taken off the lists that they were put on here\n")
	assert.Contains(t, stdout, "  pilot       3 contacts outside of it left as they are: remove pilot from connectors.yaml and disconnect again")
	h.untouched()
	close(h.fake.run.done)
	stdout, _ = h.starter(exitOK, "disconnect", "--yes")
	assert.Contains(t, stdout, "By the pilot, 3 contacts outside of it left as they are")
}

func TestDisconnectTakesEverythingBack(t *testing.T) {
	h := connected(t)
	h.fake.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-1", running1, "")
	stdout, stderr := h.starter(exitOK, "disconnect", "--yes")
	for _, line := range []string{
		"Removed the schedule.", "Canceled the full sync.", "Deleted the webhook ", " and 2 triggers.", "Ended 4 list memberships.",
		"Deleted 1 secret from the store.", "Zendesk keeps the consent", "Disconnected acme. Nothing works on it until `starter resume`.",
	} {
		assert.Contains(t, stdout, line)
	}
	assert.Empty(t, stderr)
	assert.Nil(t, h.fake.schedule)
	assert.Equal(t, []string{"zendesk/acme/sync run-1"}, h.fake.canceled)
	assert.Empty(t, h.hooks())
	assert.Empty(t, h.triggers())
	secrets, err := h.account.Secrets(t.Context(), "")
	require.NoError(t, err)
	assert.Empty(t, secrets)
	require.Len(t, h.fake.started, 1)
	assert.Equal(t, "zendesk/acme/disconnect", h.fake.started[0].ID)
	assert.Equal(t, []any{workflows.DisconnectInput{Account: "acme"}}, h.fake.inputs)
	assert.Equal(t, activities.PauseDisconnected, standing(t, h.account).Kind)

	// A pause does not turn it into less, and a second time there is nothing to do.
	h.starter(exitOK, "pause", "--reason", "sure is sure")
	assert.Equal(t, activities.PauseDisconnected, standing(t, h.account).Kind)
	h.fake.run.set = nil
	stdout, _ = h.starter(exitOK, "disconnect", "--yes", "--json")
	var again disconnection
	require.NoError(t, json.Unmarshal([]byte(stdout), &again))
	assert.Empty(t, again.Did)
	assert.Equal(t, "none", again.Schedule)
	h.starter(exitOK, "resume")
	assert.Nil(t, standing(t, h.account))
}

func TestDisconnectKeepsTheSecretsWhileSomethingNeedsThem(t *testing.T) {
	h := connected(t)
	close(h.fake.run.done)
	h.sim.Faults().Add(sim.Fault{Method: "DELETE", Path: "/api/v2/webhooks", Status: 500})
	stdout, stderr := h.starter(exitFailed, "disconnect", "--yes", "--json")
	assert.Contains(t, stderr, "acme is stopped, but not all was taken back: delete webhook ")
	assert.Contains(t, stderr, "then run `starter disconnect` again")
	var out disconnection
	require.NoError(t, json.Unmarshal([]byte(stdout), &out))
	assert.Len(t, out.Left, 1)
	assert.EqualValues(t, 4, out.Memberships, "what is possible is done")
	secrets, err := h.account.Secrets(t.Context(), "")
	require.NoError(t, err)
	assert.NotEmpty(t, secrets)
	h.starter(exitOK, "disconnect", "--yes")
	assert.Empty(t, h.hooks())
}

func TestBadInputDisconnectsNothing(t *testing.T) {
	h := connected(t)
	for _, tc := range []struct {
		name string
		do   func()
		args []string
		code int
		says string
	}{
		{"unknown connector", nil, []string{"other"}, exitUsage, "other"},
		{"two connectors", nil, []string{"zendesk", "other"}, exitUsage, "accepts at most 1 arg"},
		{"unknown flag", nil, []string{"--lists"}, exitUsage, "unknown flag: --lists"},
		{"Temporal away", func() { h.fake.away = serviceerror.NewUnavailable("gone") }, nil, exitFailed, "stopped answering"},
		{"no worker", func() { h.fake.away, h.fake.pollers = nil, nil }, nil, exitFailed, "no worker polls"},
		{"no store", func() { h.polled(); t.Setenv("STORE_URL", "sqlite:connectors.yaml") }, nil, exitFailed, "check STORE_URL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.do != nil {
				tc.do()
			}
			assert.Equal(t, tc.code, h.run(t.Context(), append([]string{"disconnect", "--yes"}, tc.args...)...))
			assert.Contains(t, h.stderr.String(), tc.says)
			assert.Empty(t, h.stdout.String())
			h.untouched()
		})
	}
}
