package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/zendesk"
)

// A 429 holds the account's next caller too, whatever the answers before it said, or did not say, of the window.
func TestEveryoneHearsThatZendeskAskedToSlowDown(t *testing.T) {
	for name, c := range map[string]struct {
		before bool // a call whose answer tells no reset, so that the window's end is assumed
		header http.Header
		wait   time.Duration
	}{
		"without a word":                  {false, nil, 10 * time.Second},
		"within an assumed window":        {true, http.Header{"Ratelimit-Limit": {"400"}, "Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"20"}}, 20 * time.Second},
		"wordless in an assumed window":   {true, nil, 10 * time.Second},
		"Retry-After in assumed window":   {true, http.Header{"Retry-After": {"34"}}, 34 * time.Second},
		"until a moment given in seconds": {false, http.Header{"Retry-After": {"1777896000"}}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t, seed.Size{Users: 10})
			vendors, err := w.steps.Vendors(account)
			require.NoError(t, err)
			if c.before {
				_, err := vendors.Zendesk.Me(t.Context())
				require.NoError(t, err)
			}
			w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/tickets", Status: http.StatusTooManyRequests, Header: c.header})
			_, err = vendors.Zendesk.ListTickets(t.Context(), zendesk.ListQuery{})
			require.ErrorContains(t, err, "429")

			_, err = vendors.Zendesk.ListTickets(t.Context(), zendesk.ListQuery{})
			var exhausted *budget.Exhausted
			require.ErrorAs(t, err, &exhausted)
			assert.Equal(t, c.wait, exhausted.Wait)
			w.now = w.now.Add(c.wait)
			_, err = vendors.Zendesk.ListTickets(t.Context(), zendesk.ListQuery{})
			assert.NoError(t, err)
		})
	}
}
