package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

// realLimits are those of a usual account on either side.
func realLimits(zo *zendesksim.Options, bo *brevosim.Options) {
	zo.Plan, bo.Plan = zendesksim.Professional, brevosim.General
}

// sameRoutes are the kinds that the log cannot tell apart.
var sameRoutes = map[string]string{
	"import_looks": "looks", "company_looks": "looks", "companies": "company_requests", "company_links": "company_requests",
}

// planned are the requests of a plan by kind; those that go to one route are one.
func planned(requests []activities.Requests, together map[string]string) map[string]activities.Figure {
	out := map[string]activities.Figure{}
	for _, r := range requests {
		kind := r.What
		if with, joined := together[kind]; joined {
			kind = with
		}
		had, twice := out[kind]
		if !twice {
			out[kind] = r.Figure
			continue
		}
		sum := activities.Figure{Planned: had.Planned + r.Planned, AtLeast: had.AtLeast + r.AtLeast}
		if had.AtMost != nil && r.AtMost != nil {
			most := *had.AtMost + *r.AtMost
			sum.AtMost = &most
		}
		out[kind] = sum
	}
	return out
}

// What a plan says of a backfill, against what the simulated vendors logged of it and how long it took by their clock. The last
// size is bound by Brevo's hundred calls an hour, the others by Zendesk's exports.
func TestThePlanIsWhatTheBackfillTakes(t *testing.T) {
	for _, of := range []struct {
		size  seed.Size
		binds string
	}{
		{seed.Size{Users: 2600, Tickets: 9800, Organizations: 450}, "zendesk:incremental-exports"},
		{seed.Size{Users: 8400, Tickets: 34_200, Organizations: 1200}, "zendesk:incremental-exports"},
		{seed.Size{Users: 3000, Tickets: 4000, Organizations: 9600}, "brevo:other"},
	} {
		t.Run(fmt.Sprintf("%d users, %d tickets, %d organizations", of.size.Users, of.size.Tickets, of.size.Organizations), func(t *testing.T) {
			if testing.Short() && of.size.Tickets > 10_000 {
				t.Skip("the demo's size takes a while")
			}
			w := seeded(t, of.size, 7, realLimits)
			w.naps = true
			w.marketed()
			plan := w.plan(t)
			assert.Empty(t, writes(w), "a plan writes nothing")
			assert.EqualValues(t, len(w.zendesk.Log().Calls()), plan.Asked.Zendesk)
			assert.EqualValues(t, len(w.brevo.Log().Calls()), plan.Asked.Brevo)
			assert.Empty(t, w.zendesk.Log().Unknown())
			text, err := json.Marshal(plan)
			require.NoError(t, err)
			assert.NotContains(t, string(text), "@", "it goes into the history, so it names nobody")
			w.zendesk.Log().Reset()
			w.brevo.Log().Reset()

			slept := w.clock.slept.Load()
			got := w.sync(t, workflows.SyncInput{})
			took := got.EndedAt.Sub(got.StartedAt) + time.Duration(w.clock.slept.Load()-slept)

			zendesk, calls := planned(plan.Zendesk.Requests, nil), zendeskKinds(w.zendesk.Log().Calls())
			for kind, figure := range zendesk {
				assert.Equal(t, calls[kind], figure.Planned, "requests to Zendesk: %s", kind)
				assert.True(t, figure.Holds(calls[kind]), kind)
			}
			assert.EqualValues(t, len(w.zendesk.Log().Calls()), plan.Zendesk.Total.Planned, "requests to Zendesk")
			assert.Len(t, calls, len(zendesk), "no request is of a kind that is not planned")
			for _, stream := range plan.Zendesk.Streams {
				assert.Equal(t, got.Streams[stream.Stream].Pages, stream.Pages.Planned, stream.Stream)
				assert.GreaterOrEqual(t, got.Streams[stream.Stream].Rows, stream.Rows.AtLeast, stream.Stream)
			}

			brevo := planned(plan.Brevo.Requests, sameRoutes)
			calls = brevoKinds(w.brevo.Log().Calls())
			var sum int64
			for kind, figure := range brevo {
				sum += calls[kind]
				assert.True(t, figure.Holds(calls[kind]), "requests to Brevo: %s: %d", kind, calls[kind])
				if kind != "second_look" { // which goes by how many contacts there turn out to be
					assert.Equal(t, calls[kind], figure.Planned, "requests to Brevo: %s", kind)
				}
			}
			assert.EqualValues(t, len(w.brevo.Log().Calls()), sum, "no request is of a kind that is not planned")
			assert.InDelta(t, sum, plan.Brevo.Total.Planned, 1, "requests to Brevo")

			t.Logf("Zendesk %d requests, Brevo %d of %d; %v planned, %v taken", plan.Zendesk.Total.Planned, sum, plan.Brevo.Total.Planned,
				time.Duration(plan.Seconds)*time.Second, took.Round(time.Second))
			assert.InEpsilon(t, took.Seconds(), plan.Seconds, 0.15, "time")
			assert.Equal(t, of.binds, plan.Binds)
			assert.LessOrEqual(t, got.Push.Sent, plan.Brevo.Contacts.Planned)
			assert.LessOrEqual(t, int64(len(w.brevo.Contacts())), plan.Brevo.Present+plan.Mailable.AtMost)
		})
	}
}

// writes are the requests that changed something at either vendor, or tried to.
func writes(w *world) (out []sim.Call) {
	for _, c := range slices.Concat(w.zendesk.Log().Calls(), w.brevo.Log().Calls()) {
		if c.Method != http.MethodGet {
			out = append(out, c)
		}
	}
	return out
}

// zendeskKinds counts requests as the plan's kinds.
func zendeskKinds(calls []sim.Call) map[string]int64 {
	out := map[string]int64{}
	for _, c := range calls {
		switch path := strings.TrimSuffix(c.Path, ".json"); {
		case strings.HasPrefix(path, "/api/v2/incremental/"):
			stream, _, _ := strings.Cut(strings.TrimPrefix(path, "/api/v2/incremental/"), "/")
			out[stream]++
		case strings.HasPrefix(path, "/api/v2/guide/"):
			out["satisfaction_ratings"]++
		default:
			out["preflight"]++
		}
	}
	return out
}

// brevoKinds counts requests as the plan's kinds. Looks at contact imports and at company imports go to the same route.
func brevoKinds(calls []sim.Call) map[string]int64 {
	out := map[string]int64{}
	for _, c := range calls {
		path := strings.TrimPrefix(c.Path, "/v3")
		switch {
		case strings.HasPrefix(path, "/contacts/attributes"):
			out["attributes"]++
		case strings.HasPrefix(path, "/contacts/lists"), strings.HasPrefix(path, "/contacts/folders"):
			out["lists"]++
		case path == "/contacts/import":
			out["imports"]++
		case path == "/contacts" && c.Method == http.MethodGet && strings.Contains(c.RawQuery, "modifiedSince"):
			out["second_look"]++
		case path == "/contacts" && c.Method == http.MethodGet:
			out["look"]++
		case strings.HasPrefix(path, "/contacts"):
			out["writes"]++
		case strings.HasPrefix(path, "/processes"):
			out["looks"]++
		case strings.HasPrefix(path, "/crm/attributes"):
			out["company_attributes"]++
		case path == "/companies" && c.Method == http.MethodGet:
			out["company_lookups"]++
		case strings.HasPrefix(path, "/companies"):
			out["company_requests"]++
		default:
			out[c.Method+" "+c.Path]++
		}
	}
	return out
}
