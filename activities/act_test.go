package activities

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

// A call that got no access token never left: its action is simply due again. Of any other call without an answer nobody knows.
func TestACallWithoutATokenHasNotArrived(t *testing.T) {
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = st.Close() })
	for route, arrived := range map[string]bool{routeToken: false, brevo.TokenRoute: false, "/v3/events": true} {
		for _, status := range []int{0, http.StatusServiceUnavailable, http.StatusRequestTimeout} {
			cause := &rest.Error{Vendor: "brevo", Method: http.MethodPost, Route: route, Status: status}
			assert.Equal(t, arrived, mayHaveArrived(cause), "%s %d", route, status)

			c := &connection{store: st.Account(route), now: func() time.Time { return noon }}
			planned := rules.Planned{
				Key: cause.Error(), Transition: rules.Transition{Key: "k", Type: rules.UserUpdated, UserID: 1, OccurredAt: noon},
				Action: rules.Action{Kind: rules.BrevoEvent, Event: "e"}, Due: noon,
			}
			require.NoError(t, c.store.PlanActions(t.Context(), nil, []rules.Planned{planned}, noon))
			action, err := c.store.Action(t.Context(), planned.Key)
			require.NoError(t, err)
			opened, err := c.store.OpenAction(t.Context(), &action, store.Acting{Contact: 7}, noon)
			require.NoError(t, err)
			require.ErrorIs(t, (&actor{connection: c, action: opened}).failed(t.Context(), cause), cause)
			after, err := c.store.Action(t.Context(), planned.Key)
			require.NoError(t, err)
			assert.Equal(t, arrived, after.State == store.ActionOpen, "%s %d", route, status)
		}
	}
}
