package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

const herList = "Her own"

// shared is an account that a marketer uses too: of a list of ours she made two members, and another list is hers alone. One more
// customer left our list by herself.
func shared(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, seed.Size{Users: 320, Tickets: 500, Organizations: 12})
	w.configure("adopt_lists: true")
	mine, ours := w.brevo.SeedList(herList), w.brevo.SeedList("Zendesk customers")
	for _, email := range []string{ada, grace} {
		w.moveIn(email, "Ada Lovelace")
		w.brevo.SeedContact(brevosim.Contact{Email: email, Attributes: map[string]any{"FIRSTNAME": "Countess"}, Lists: []int64{mine, ours}})
	}
	w.moveIn(linus, "Linus Example")
	w.again(t, workflows.SyncInput{})
	require.Greater(t, len(w.onList(t, "Zendesk customers")), 150, "more than one call")
	w.brevo.Unsubscribe(linus, ours)
	w.again(t, workflows.SyncInput{})
	return w
}

// disconnected marks the account as `starter disconnect` does.
func (w *world) disconnected(t *testing.T) {
	t.Helper()
	require.NoError(t, w.account().SetPause(t.Context(), store.Pause{Kind: activities.PauseDisconnected, Message: "disconnected", At: w.clock.Now()}))
}

// undo runs the workflow of a disconnection.
func (w *world) undo(t *testing.T, attributes bool) (out workflows.DisconnectResult, err error) {
	t.Helper()
	env := w.environment(t)
	env.ExecuteWorkflow(workflows.Disconnect, workflows.DisconnectInput{Account: account, Attributes: attributes})
	end := env.Now()
	w.clock.now = func() time.Time { return end }
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return out, err
	}
	return out, env.GetWorkflowResult(&out)
}

func attributeNames(w *world) (names []string) {
	for _, a := range w.brevo.Attributes() {
		names = append(names, a.Name)
	}
	return names
}

func TestDisconnectTakesBackOurMembershipsAndASyncBringsThemAgain(t *testing.T) {
	for _, attributes := range []bool{false, true} {
		for _, by := range ways {
			t.Run(by.name+map[bool]string{true: ", with attributes"}[attributes], func(t *testing.T) {
				t.Parallel()
				w := shared(t)
				before, contacts, companies := w.picture(), len(w.brevo.Contacts()), len(w.brevo.Companies())
				adas := w.contact(t, ada)
				members := len(w.onList(t, "Zendesk customers")) + len(w.onList(t, "Open tickets")) + len(w.onList(t, "Satisfied customers"))
				open := len(w.onList(t, "Open tickets")) // neither ada nor grace has a ticket
				require.Positive(t, open)
				made := len(attributeNames(w))
				w.brevo.ResetWrites()
				w.disconnected(t)
				out, err := w.undo(t, attributes)
				require.NoError(t, err)
				assert.False(t, w.standsConnected(t), "though the latest calls succeeded")

				assert.EqualValues(t, members-2, out.Memberships, "all but the two that the marketer made")
				assert.ElementsMatch(t, []int64{adas.ID, w.contact(t, grace).ID}, w.onList(t, "Zendesk customers"))
				assert.Empty(t, w.onList(t, "Open tickets"))
				assert.Empty(t, w.onList(t, "Satisfied customers"))
				assert.Len(t, w.onList(t, herList), 2)
				assert.Len(t, w.brevo.Contacts(), contacts)
				assert.Len(t, w.brevo.Companies(), companies)
				assert.Equal(t, "Countess", w.contact(t, ada).Attributes["FIRSTNAME"])
				if attributes {
					assert.NotContains(t, attributeNames(w), "OPEN_TICKETS")
					assert.Len(t, out.Attributes.Deleted, made-len(attributeNames(w)))
					assert.Empty(t, out.Attributes.Kept)
				} else {
					assert.Equal(t, adas.Attributes, w.contact(t, ada).Attributes)
					assert.Len(t, attributeNames(w), made)
				}
				w.assertHarmless(t)

				w.brevo.Log().Reset()
				out, err = w.undo(t, attributes)
				require.NoError(t, err)
				assert.Zero(t, out.Memberships)
				assert.Zero(t, w.brevoWrites(), "a second time there is nothing to do")

				require.NoError(t, w.account().ClearPause(t.Context()))
				w.again(t, by.in)
				assert.Equal(t, before, w.picture(), "everything is back, and nobody whom it should not")
				assert.NotContains(t, w.onList(t, "Zendesk customers"), w.contact(t, linus).ID, "she had left it herself")
				w.assertHarmless(t)
			})
		}
	}
}

func TestDisconnectGoesOnAfterWhateverStandsInItsWay(t *testing.T) {
	remove := "/v3/contacts/lists/*/contacts/remove"
	for name, fault := range map[string]sim.Fault{
		"an answer is lost":        {Method: "POST", Path: remove, DropAfter: true, Times: 3},
		"Brevo is away":            {Method: "POST", Path: remove, Status: 503, Times: 2},
		"Brevo asks to slow down":  {Method: "POST", Path: remove, Status: 429},
		"one spoils a whole call":  {Method: "POST", Path: remove, Status: 400, Body: `{"code":"invalid_parameter","message":"` + secret + `"}`},
		"by a sentence":            {Method: "POST", Path: remove, Status: 400, Body: `{"code":"` + secret + `"}`},
		"deleting loses an answer": {Method: "DELETE", Path: "/v3/contacts/attributes", DropAfter: true, Times: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := shared(t)
			w.disconnected(t)
			w.watch = &watcher{}
			w.brevo.Faults().Add(fault)
			_, err := w.undo(t, true)
			require.NoError(t, err)
			require.Positive(t, w.brevo.Faults().Fired())
			assert.Len(t, w.onList(t, "Zendesk customers"), 2)
			assert.Empty(t, w.onList(t, "Open tickets"))
			assert.NotContains(t, attributeNames(w), "OPEN_TICKETS")
			w.assertNoSecrets(t)
		})
	}
}

func TestDisconnectSaysThatTheKeyIsRefused(t *testing.T) {
	w := shared(t)
	w.disconnected(t)
	w.brevo.SetAPIKey("another")
	_, err := w.undo(t, false)
	require.ErrorContains(t, err, "brevo.api_key")
	assert.Equal(t, activities.PauseDisconnected, w.standing(t).Kind)
	w.brevo.SetAPIKey(brevosim.DefaultAPIKey)
	_, err = w.undo(t, false)
	require.NoError(t, err)
	assert.Empty(t, w.onList(t, "Open tickets"))
}

func TestDisconnectLeavesEverybodyOutsideThePilot(t *testing.T) {
	w := shared(t)
	pilots := w.onList(t, "Open tickets")[:2]
	var emails []string
	for _, c := range w.brevo.Contacts() {
		if slices.Contains(pilots, c.ID) {
			emails = append(emails, c.Email)
		}
	}
	require.Len(t, emails, 2)
	w.configure(fmt.Sprintf("adopt_lists: true\npilot: {emails: [%s]}", strings.Join(emails, ", ")))
	others, all := w.portraits(emails), store.Undo{Only: emails}
	outside, err := w.account().CountUndoableBut(t.Context(), all)
	require.NoError(t, err)
	require.Greater(t, outside, int64(150))
	w.disconnected(t)
	w.brevo.Log().Reset()
	_, err = w.undo(t, true)
	require.ErrorContains(t, err, "remove pilot from connectors.yaml")
	assert.Zero(t, w.brevoWrites(), "an attribute has everybody's values")

	out, err := w.undo(t, false)
	require.NoError(t, err)
	assert.EqualValues(t, 2, out.People)
	assert.Positive(t, out.Memberships)
	removed := map[int64]bool{}
	for _, call := range w.brevo.Log().Calls() {
		if call.Method == "GET" {
			continue
		}
		require.Contains(t, call.Path, "/contacts/remove")
		var body struct {
			IDs []int64 `json:"ids"`
		}
		require.NoError(t, json.Unmarshal(call.Body, &body))
		for _, id := range body.IDs {
			removed[id] = true
		}
	}
	assert.Len(t, removed, 2)
	for _, id := range pilots {
		assert.True(t, removed[id])
		assert.NotContains(t, w.onList(t, "Zendesk customers"), id)
		assert.NotContains(t, w.onList(t, "Open tickets"), id)
	}
	assert.Equal(t, others, w.portraits(emails), "the others stand as they stood")
	left, err := w.account().CountUndoableBut(t.Context(), all)
	require.NoError(t, err)
	assert.Equal(t, outside, left)

	w.configure("adopt_lists: true")
	out, err = w.undo(t, true)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, out.People, outside)
	assert.Len(t, w.onList(t, "Zendesk customers"), 2, "whom the marketer put there")
	assert.Empty(t, w.onList(t, "Open tickets"))
	assert.NotContains(t, attributeNames(w), "OPEN_TICKETS")
	w.assertHarmless(t)
}

// TestDisconnectWorksOnlyWhileDisconnected: somebody who resumes has other plans.
func TestDisconnectWorksOnlyWhileDisconnected(t *testing.T) {
	w := shared(t)
	w.brevo.ResetWrites()
	_, err := w.undo(t, true)
	require.ErrorContains(t, err, "the account was resumed while it was being disconnected")
	assert.Zero(t, w.brevo.Writes().Total())
	assert.Contains(t, attributeNames(w), "OPEN_TICKETS")
}

func TestDisconnectWaitsForContactsThatAreBeingWritten(t *testing.T) {
	w := shared(t)
	ids, err := w.account().Undoable(t.Context(), store.Undo{}, 0, 3)
	require.NoError(t, err)
	_, err = w.account().Claim(t.Context(), ids[1:2], "somebody", time.Minute, w.clock.Now().Add(time.Minute))
	require.NoError(t, err)
	w.disconnected(t)
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { assert.Len(t, w.onList(t, "Zendesk customers"), 3, "of one contact somebody is not done") }, 10*time.Second)
	}
	_, err = w.undo(t, false)
	require.NoError(t, err)
	assert.Len(t, w.onList(t, "Zendesk customers"), 2)
	left, err := w.account().CountUndoable(t.Context(), store.Undo{})
	require.NoError(t, err)
	assert.Zero(t, left)
}

func TestNothingWorksWhileDisconnected(t *testing.T) {
	w, who := lively(t)
	ticket := w.open(who)
	w.disconnected(t)
	calls := w.calls()
	w.look(t, w.subject(ticket), news("ticket.created"), moment{5 * time.Minute, func() {
		assert.Equal(t, calls, w.calls())
		assert.NoError(t, w.account().ClearPause(background))
	}})
	assert.Equal(t, []string{"ticket_created"}, w.events(ticket))
}

// TestTheRealProgramsConnectPauseAndDisconnect runs what a person types against the real worker and the real Temporal.
func TestTheRealProgramsConnectPauseAndDisconnect(t *testing.T) {
	s := realServer(t)
	w := newWorld(t, seed.Size{Users: 120, Tickets: 150, Organizations: 6})
	w.realTime()
	queue := fmt.Sprintf("operate-%d", time.Now().UnixNano())
	w.startWorker(t, s, queue)
	run := func(args ...string) string {
		t.Helper()
		stdout, stderr := w.starterAt(t, []string{"TEMPORAL_ADDRESS=" + s.FrontendHostPort(), "TASK_QUEUE=" + queue}, args...)
		return stdout + stderr
	}
	workerPolls(t, s, queue)
	assert.Contains(t, run("status"), "never called")
	run("sync", "--type", "full", "--wait", "--json")
	before := w.picture()
	require.NotEmpty(t, w.onList(t, "Zendesk customers"))
	assert.Contains(t, run("schedule", "apply"), "Created the schedule")

	assert.Contains(t, run("pause", "--reason", "lunch"), "The schedule is paused.")
	assert.Contains(t, run("schedule", "show"), "paused: paused by starter pause; `starter resume` lets it go on")
	assert.Contains(t, run("resume"), "The schedule goes on.")
	assert.Contains(t, run("schedule", "pause"), "Paused the schedule")
	run("pause")
	assert.Contains(t, run("resume"), "stays so: `starter schedule resume` lets it go on")

	told := run("disconnect", "--yes", "--attributes")
	assert.Contains(t, told, "Removed the schedule.")
	assert.Contains(t, told, "Disconnected acme.")
	assert.Empty(t, w.onList(t, "Zendesk customers"))
	assert.NotContains(t, attributeNames(w), "OPEN_TICKETS")

	assert.Contains(t, run("resume"), "Resumed acme")
	run("sync", "--type", "full", "--wait", "--json")
	assert.Equal(t, before, w.picture())
	w.assertHarmless(t)
}

func TestDisconnectTakesBackTheListsOfAutomations(t *testing.T) {
	w, who, ticket := rule(t, "    do: [brevo.list_add: Recovery]")
	w.solve(t, ticket)
	require.Equal(t, []int64{w.contactOf(t, who).ID}, w.onList(t, "Recovery"))
	w.disconnected(t)
	_, err := w.undo(t, false)
	require.NoError(t, err)
	assert.Empty(t, w.onList(t, "Recovery"))
}
