package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
)

// nextRun opens an incremental run an hour after the last one.
func (w *workshop) nextRun() {
	w.t.Helper()
	w.now = w.now.Add(time.Hour)
	must(w, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: w.now.String(), Type: activities.Incremental, StartedAt: w.now})
}

func TestAStreamWhoseCursorZendeskNoLongerTakesIsReadFromItsStart(t *testing.T) {
	for _, stream := range []string{"users", "tickets"} {
		for _, status := range []int{http.StatusBadRequest, http.StatusGone, http.StatusUnprocessableEntity} {
			t.Run(stream+" "+http.StatusText(status), func(t *testing.T) {
				w := newWorkshop(t, seed.Size{Users: 30, Tickets: 30})
				w.begin()
				w.pull(stream)
				before, err := w.store.Cursor(t.Context(), stream)
				require.NoError(t, err)
				fault := sim.Fault{Path: "/api/v2/incremental/" + stream, Query: "cursor=", Status: status, Body: `{"error":"InvalidValue","description":"cursor"}`}
				w.zendesk.Faults().Add(fault)
				w.nextRun()
				in := activities.PageInput{Account: account, Stream: stream}
				got, err := run(w, w.steps.Zendesk.FetchPage, in)
				require.NoError(t, err)
				assert.Contains(t, got.Notice, stream+": Zendesk no longer takes the place where the last sync ended")
				assert.False(t, got.End)
				w.pull(stream)
				after, err := w.store.Cursor(t.Context(), stream)
				require.NoError(t, err)
				assert.Equal(t, before.Value, after.Value)
				assert.Equal(t, before.Rows, after.Rows, "all came again")
			})
		}
	}
}

func TestAStreamWhoseEveryCursorIsRefusedEndsInAnError(t *testing.T) {
	w := newWorkshop(t, seed.Size{Users: 2500}) // more than a page
	w.begin()
	w.pull("users")
	w.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental/users", Query: "cursor=", Status: http.StatusBadRequest, Times: sim.Forever, Body: `{"error":"InvalidValue"}`})
	w.nextRun()
	in := activities.PageInput{Account: account, Stream: "users"}
	var failed *temporal.ApplicationError
	for calls := 0; ; calls++ {
		require.Less(t, calls, 5, "it begins anew for ever")
		if _, err := run(w, w.steps.Zendesk.FetchPage, in); err != nil {
			require.ErrorAs(t, err, &failed)
			break
		}
	}
	assert.True(t, failed.NonRetryable())
}
