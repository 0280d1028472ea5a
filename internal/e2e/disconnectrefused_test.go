package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
)

// Only a bad request about one member tells that they are not on the list: whatever else is refused ends in an error, and is still to do.
func TestDisconnectForgetsNoMembershipByARefusalOfAnotherKind(t *testing.T) {
	const remove = "/v3/contacts/lists/*/contacts/remove"
	for name, fault := range map[string]sim.Fault{
		"no such method": {Status: http.StatusMethodNotAllowed, Body: jsonBody},
		"too large":      {Status: http.StatusRequestEntityTooLarge, Body: jsonBody},
		"by a proxy":     {Status: http.StatusBadRequest, Body: "blocked", ContentType: "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			w := shared(t)
			w.disconnected(t)
			before := w.onList(t, "Open tickets")
			require.NotEmpty(t, before)
			fault.Method, fault.Path, fault.Times = http.MethodPost, remove, sim.Forever
			w.brevo.Faults().Add(fault)
			_, err := w.undo(t, false)
			require.Error(t, err)
			assert.Equal(t, before, w.onList(t, "Open tickets"))
			w.brevo.Faults().Clear()
			_, err = w.undo(t, false)
			require.NoError(t, err)
			assert.Empty(t, w.onList(t, "Open tickets"), "it is still known what to take back")
		})
	}
}

// TestDisconnectTakesOffTheOthersWhereSomebodyIsGoneAlready: one who left the list by hand spoils the whole call.
func TestDisconnectTakesOffTheOthersWhereSomebodyIsGoneAlready(t *testing.T) {
	w := town(t, brevoWith(func(b *brevosim.Options) { b.StrictRemovals = true }))
	for _, email := range []string{ada, grace, linus} {
		w.moveIn(email, "Given Family")
	}
	w.again(t, incrementally)
	const ours = "Zendesk customers"
	require.Subset(t, w.onList(t, ours), []int64{w.contact(t, ada).ID, w.contact(t, grace).ID, w.contact(t, linus).ID})
	list, _ := w.brevo.ListByName(ours)
	w.brevo.Unsubscribe(grace, list.ID)
	w.disconnected(t)
	out, err := w.undo(t, false)
	require.NoError(t, err)
	assert.Empty(t, w.onList(t, ours))
	assert.EqualValues(t, 2, out.Memberships)
}
