package e2e_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// stop is a failure that a person must end, and how the test ends it.
type stop struct {
	name    string
	begin   func(*world)
	end     func(*world)
	kind    string
	message string
}

var stops = []stop{
	{
		"Zendesk refuses the token",
		func(w *world) {
			w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental", Status: 401, Times: sim.Forever, Body: jsonBody})
		},
		clearFaults, activities.PauseCredentials,
		"Zendesk refused the credentials (401): check auth in connectors.yaml; API tokens can no longer be created and end on 2027-04-30, " +
			"so connect an OAuth client if the token is gone; then run `starter resume`",
	},
	{
		"Zendesk wants to be paid",
		func(w *world) {
			w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental", Status: 402, Times: sim.Forever, Body: jsonBody})
		},
		clearFaults, activities.PauseCredit,
		"Zendesk asks for more credit or a larger plan (402): settle it in the vendor's billing page; then run `starter resume`",
	},
	{
		"Zendesk refuses the connected user",
		func(w *world) {
			w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/users/me", Status: 403, Times: sim.Forever, Body: jsonBody})
		},
		clearFaults, activities.PauseCredentials,
		"Zendesk refused the connected user (403): connect an active administrator, and give the credential the scope that is missing; " +
			"then run `starter resume`",
	},
	{
		"Zendesk lets only some addresses in",
		func(w *world) {
			w.zendesk.Faults().Add(sim.Fault{
				Path: "/api/v2/incremental", Status: 403, Times: sim.Forever,
				Body: `{"error":{"title":"Forbidden","message":"Access is restricted: your IP address 198.51.100.7 is not allowed."}}`,
			})
		},
		clearFaults, activities.PauseCredentials,
		"Zendesk refuses this machine's IP address 198.51.100.7 (403): allow it in Zendesk Admin Center under Account > Security > Advanced > " +
			"IP Restrictions; then run `starter resume`",
	},
	{
		"the Brevo key was replaced",
		func(w *world) { w.brevo.SetAPIKey("another") },
		func(w *world) { w.brevo.SetAPIKey("xkeysib-simulated") },
		activities.PauseCredentials, "Brevo refused the API key (401): put a valid key into brevo.api_key; then run `starter resume`",
	},
	{
		"Brevo does not know the address of this machine",
		func(w *world) { w.brevo.AllowIPs("203.0.113.0/24") },
		func(w *world) { w.brevo.AllowIPs() },
		activities.PauseCredentials,
		"Brevo refuses this machine's IP address 127.0.0.1 (401): allow it in Brevo under Security > Authorized IPs; then run `starter resume`",
	},
	{
		"Brevo wants to be paid",
		func(w *world) { w.brevo.RunOutOfCredit("/contacts/import") },
		func(w *world) { w.brevo.Restore() }, activities.PauseCredit,
		"Brevo asks for more credit or a larger plan (402): settle it in the vendor's billing page; then run `starter resume`",
	},
	{
		"Brevo forbids imports",
		func(w *world) { w.brevo.Forbid("/contacts/import") },
		func(w *world) { w.brevo.Restore() }, activities.PauseCredentials,
		"Brevo refuses POST /contacts/import (403): the plan, the owner of the key, or the OAuth app lacks the permission: add it in Brevo; then run `starter resume`",
	},
}

func clearFaults(w *world) {
	w.zendesk.Faults().Clear()
	w.brevo.Faults().Clear()
}

func TestAPauseStopsEverythingAndTheSameRunGoesOnAfterIt(t *testing.T) {
	for _, tc := range stops {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			calm := faultyWorld(t)
			calm.again(t, workflows.SyncInput{})
			w := faultyWorld(t)
			tc.begin(w)
			var pause store.Pause
			var calls [2]int
			w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
				env.RegisterDelayedCallback(func() {
					pause = w.standing(t)
					calls[0] = w.calls()
				}, 90*time.Second)
				env.RegisterDelayedCallback(func() {
					calls[1] = w.calls()
					tc.end(w)
					assert.NoError(t, w.account().ClearPause(context.Background()))
				}, 5*time.Minute)
			}
			out := w.again(t, workflows.SyncInput{})
			assert.Equal(t, tc.kind, pause.Kind)
			assert.Equal(t, tc.message, pause.Message)
			assert.NotZero(t, calls[0])
			assert.Equal(t, calls[0], calls[1], "nothing is called while the pause stands")
			assert.Equal(t, calm.picture(), w.picture(), "nothing is lost")
			assert.Equal(t, int64(3), out.Push.Sent)
			w.assertHarmless(t)
			w.assertNoSecrets(t)

			var waits int
			for _, f := range w.watch.Failures() {
				if f.Err.Type() == activities.ErrPaused {
					if waits++; waits > 1 {
						continue
					}
					assert.Equal(t, "paused: "+tc.message, f.Err.Message())
					assert.False(t, f.Err.NonRetryable())
					assert.Equal(t, temporal.ApplicationErrorCategoryBenign, f.Err.Category())
					assert.Equal(t, time.Minute, f.Err.NextRetryDelay())
				}
			}
			assert.Positive(t, waits)
			_, err := w.account().LastRun(t.Context(), activities.RunCompleted)
			assert.NoError(t, err)
		})
	}
}

// standing is the pause that stands.
func (w *world) standing(t testing.TB) store.Pause {
	t.Helper()
	p, standing, err := w.account().Paused(context.Background())
	assert.NoError(t, err)
	assert.True(t, standing, "the account must be paused")
	return p
}

func TestAStreamThatIsRefusedIsSkippedAndTheOthersGoOn(t *testing.T) {
	for _, tc := range []struct {
		name   string
		fault  sim.Fault
		reason string
	}{
		{"403", sim.Fault{Status: 403, Body: jsonBody}, "Zendesk answered 403: the connected user needs the admin role (or the credential a wider scope)"},
		{"404 of an endpoint", sim.Fault{Status: 404, Body: `{"error":"InvalidEndpoint","description":"Not found"}`}, "Zendesk answered 404 InvalidEndpoint: the account's plan does not have it"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := faultyWorld(t)
			f := tc.fault
			f.Path, f.Times = "/api/v2/incremental/organizations", sim.Forever
			w.zendesk.Faults().Add(f)
			out := w.again(t, workflows.SyncInput{})
			assert.Equal(t, tc.reason, out.Streams["organizations"].Skipped)
			assert.Contains(t, out.Notices, "organizations skipped: "+tc.reason)
			assert.Equal(t, int64(3), out.Push.Sent)
			assert.Equal(t, 1.0, w.contact(t, linus).Attributes["OPEN_TICKETS"])
			assert.Empty(t, w.brevo.Companies())
			cursor, err := w.account().Cursor(t.Context(), "organizations")
			require.NoError(t, err)
			assert.Equal(t, tc.reason, cursor.Skipped)

			w.zendesk.Faults().Clear()
			out = w.again(t, workflows.SyncInput{})
			assert.Empty(t, out.Streams["organizations"].Skipped)
			assert.Len(t, w.brevo.Companies(), 3, "given again, it is read from where it stood")
		})
	}
}

func TestTicketsRefusedLeaveTheirAttributesAlone(t *testing.T) {
	w := faultyWorld(t)
	w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental/tickets", Status: 403, Times: sim.Forever})
	w.again(t, workflows.SyncInput{})
	assert.NotContains(t, w.contact(t, linus).Attributes, "OPEN_TICKETS", "unknown is not zero")
	assert.NotContains(t, w.contact(t, linus).Lists, w.list(t, "Open tickets"))
}

func TestEveryStreamRefusedPausesTheAccount(t *testing.T) {
	w := faultyWorld(t)
	w.zendesk.Faults().Add(
		sim.Fault{Path: "/api/v2/incremental", Status: 403, Times: sim.Forever},
		sim.Fault{Path: "/api/v2/guide", Status: 403, Times: sim.Forever},
	)
	w.pass(2 * time.Minute)
	_, err := w.trySync(t, workflows.SyncInput{})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "Zendesk refuses every stream to the connected user; the account is paused")
	p := w.standing(t)
	assert.Equal(t, "Zendesk refuses every stream to the connected user: connect an active administrator; then run `starter resume`", p.Message)
	assert.Zero(t, w.brevo.Writes().Total())
}

func TestACallThatIsRefusedForGoodEndsTheRunAndSaysWhichOne(t *testing.T) {
	for _, status := range []int{400, 404, 422} {
		w := faultyWorld(t)
		w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental/users", Status: status, Times: sim.Forever, Body: jsonBody})
		w.pass(2 * time.Minute)
		_, err := w.trySync(t, workflows.SyncInput{})
		var refused *temporal.ApplicationError
		require.ErrorAs(t, err, &refused)
		assert.Contains(t, err.Error(), "pull users: ")
		assert.Contains(t, err.Error(), "zendesk GET /api/v2/incremental/users/cursor.json: "+strconv.Itoa(status))
		w.assertNoSecrets(t)
		run, err := w.account().LastRun(t.Context())
		require.NoError(t, err)
		assert.Equal(t, activities.RunFailed, run.Status)
	}
}

func TestACursorThatDoesNotAdvanceSaysSo(t *testing.T) {
	w := faultyWorld(t)
	w.zendesk.Faults().Add(sim.Fault{
		Path: "/api/v2/incremental/users", Status: 200, Skip: 0, Times: 1,
		Body: `{"users":[],"after_cursor":null,"after_url":null,"before_cursor":null,"end_of_stream":false}`,
	})
	w.again(t, workflows.SyncInput{})
	var said bool
	for _, f := range w.watch.Failures() {
		said = said || strings.Contains(f.Err.Message(), "cursor")
	}
	assert.True(t, said, "%v", w.watch.Failures())
	assert.True(t, w.hasContact(ada), "asked again, it came")
}

func TestAGatewayTimeoutHalvesThePageAndItGrowsBack(t *testing.T) {
	w := newWorld(t, seed.Size{Users: 1600})
	w.watch = &watcher{}
	w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental/users", Status: 504, Times: 2, Body: htmlBody, ContentType: htmlText})
	out := w.again(t, workflows.SyncInput{})
	assert.Equal(t, int64(1600), out.Streams["users"].Rows)
	var sizes []string
	for _, c := range w.zendesk.Log().Filter("GET", "/api/v2/incremental/users") {
		q := strings.Split(c.RawQuery, "per_page=")
		sizes = append(sizes, strings.Split(q[1], "&")[0])
	}
	assert.Equal(t, []string{"1000", "500", "250", "500", "1000"}, sizes)
	assert.Contains(t, w.firstFailure(t).Message(), "page size halved to 500: zendesk GET /api/v2/incremental/users/cursor.json: 504")
	cursor, err := w.account().Cursor(t.Context(), "users")
	require.NoError(t, err)
	assert.Equal(t, 1000, cursor.PageSize)
	assert.NotContains(t, w.logs.String(), secret)
}

// noEnlarge keeps export pages at their size even when one second overflows them.
func noEnlarge(zo *zendesksim.Options, _ *brevosim.Options) { zo.NoEnlarge = true }

func TestOrganizationsOfOneCrowdedSecondAreCompleted(t *testing.T) {
	w := newWorld(t, seed.Size{Users: 1, Organizations: 300, SameSecond: 1300}, noEnlarge)
	out := w.again(t, workflows.SyncInput{})
	_, _, organizations, err := w.account().Counts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, int64(w.seed.Organizations.Live()), organizations)
	assert.Less(t, out.Streams["organizations"].Pages, int64(10))
	var want []string
	for o := range w.seed.Organizations.All() {
		if o.DeletedAt.IsZero() {
			want = append(want, o.Name)
		}
	}
	var got []string
	for _, c := range w.brevo.Companies() {
		got = append(got, c.Name)
	}
	assert.ElementsMatch(t, want, got)
}
