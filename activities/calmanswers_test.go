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

const surveysPath = "/api/v2/guide/survey_responses"

// An account with legacy ratings may answer for the new surveys with a page of its Help Center.
func TestAPageOfHTMLEndsTheStreamOfSurveys(t *testing.T) {
	w := newWorkshop(t, seed.Size{Users: 10})
	w.begin()
	w.zendesk.Faults().Add(sim.Fault{Path: surveysPath, Status: http.StatusNotFound, Body: "<html>Page not found</html>", ContentType: "text/html", Times: sim.Forever})
	got, err := run(w, w.steps.Zendesk.FetchPage, activities.PageInput{Account: account, Stream: "satisfaction_ratings"})
	require.NoError(t, err)
	assert.Equal(t, activities.PageResult{End: true}, got)
}

func TestAStartThatIsTooRecentIsTriedAgainWhenItIsOldEnough(t *testing.T) {
	w := newWorkshop(t, seed.Size{Users: 10})
	w.begin()
	w.zendesk.Faults().Add(sim.Fault{
		Path: "/api/v2/incremental/users", Status: http.StatusUnprocessableEntity,
		Body: `{"error":"InvalidValue","description":"Too recent start_time. Use a start_time older than 5 minutes"}`,
	})
	in := activities.PageInput{Account: account, Stream: "users"}
	_, err := run(w, w.steps.Zendesk.FetchPage, in)
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	assert.False(t, failed.NonRetryable())
	assert.Equal(t, time.Minute, failed.NextRetryDelay())
	_, err = run(w, w.steps.Zendesk.FetchPage, in)
	assert.NoError(t, err)
}

// Counts are for the display: none of their answers may hold up a run, but for what holds all calls.
func TestACountThatCannotBeReadIsNoTotal(t *testing.T) {
	html := sim.Fault{Status: http.StatusBadGateway, Body: "<html>", ContentType: "text/html"}
	for name, c := range map[string]struct {
		fault sim.Fault
		want  map[string]int64
		typ   string // of the error
	}{
		"as a string":        {sim.Fault{Status: http.StatusOK, Body: `{"count":{"value":"102","refreshed_at":""}}`}, map[string]int64{"users": 10, "tickets": 102, "organizations": 0}, ""},
		"of another type":    {sim.Fault{Status: http.StatusOK, Body: `{"count":[]}`}, map[string]int64{"users": 10, "organizations": 0}, ""},
		"a gateway's page":   {html, map[string]int64{"users": 10, "organizations": 0}, ""},
		"no answer":          {sim.Fault{DropBefore: true, Times: 5}, map[string]int64{"users": 10, "organizations": 0}, ""},
		"asked to slow down": {sim.Fault{Status: http.StatusTooManyRequests}, nil, activities.ErrRateLimited},
		"locked out":         {sim.Fault{Status: http.StatusUnauthorized}, nil, activities.ErrPaused},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t, seed.Size{Users: 10})
			w.begin()
			c.fault.Path = "/api/v2/tickets/count"
			w.zendesk.Faults().Add(c.fault)
			got, err := run(w, w.steps.Account.Preflight, activities.PreflightInput{Account: account, Full: true})
			if c.typ != "" {
				var failed *temporal.ApplicationError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, c.typ, failed.Type())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got.Expected)
		})
	}
}
