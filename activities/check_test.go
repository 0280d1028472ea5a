package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
)

// TestAClockThatIsWrongIsToldWithItsSeconds lets time stand still at the vendor while it goes by here, and the other way round.
func TestAClockThatIsWrongIsToldWithItsSeconds(t *testing.T) {
	for name, tc := range map[string]struct {
		skew time.Duration
		want string
	}{
		"in step":       {20 * time.Second, ""},
		"ahead":         {95 * time.Second, "95 s ahead of Zendesk"},
		"behind":        {-95 * time.Second, "95 s behind Zendesk"},
		"a week behind": {-7 * 24 * time.Hour, "604800 s behind Zendesk"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t, seed.Size{Users: 3})
			vendor := w.now
			w.date = func(h http.Header) { h.Set("Date", vendor.Add(-tc.skew).Format(http.TimeFormat)) }
			result, err := w.steps.Account.CheckConnection(t.Context(), activities.CheckInput{Account: account})
			require.NoError(t, err)
			assert.True(t, result.Passed(), "it is told, and stops nothing")
			last := result.Lines[len(result.Lines)-1]
			if tc.want == "" {
				assert.NotEqual(t, "Clock", last.Name)
				return
			}
			assert.Equal(t, "Clock", last.Name)
			assert.Contains(t, last.Cause, tc.want)
			assert.Contains(t, last.Cause, "NTP")
		})
	}
}
