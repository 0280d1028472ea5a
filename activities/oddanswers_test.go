package activities_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
)

// plan looks for what changed in Zendesk, plans it for the run, contact by contact, and returns the step that will write it.
func (w *workshop) plan(run string) activities.WriteInput {
	w.t.Helper()
	w.now = w.now.Add(5 * time.Minute)
	must(w, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: run, Type: activities.Incremental, StartedAt: w.now})
	w.pull("users")
	planned := must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: run})
	require.Equal(w.t, int64(1), planned.Write+planned.Clear, "one contact")
	in := write(run)
	if planned.Clear > 0 {
		in.Plan = activities.PlanClear
	}
	return in
}

func TestALookThatTellsNothingNeverLiftsAnOptOut(t *testing.T) {
	for _, body := range []string{"", "{}", "null", "[]", `{"email":"ada@customers.example","emailBlacklisted":false}`} {
		t.Run(body, func(t *testing.T) {
			w, user := ready(t)
			require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
			w.brevo.Blocklist("ada@customers.example") // after our look
			w.zendesk.UpdateUser(user, func(u *seed.User) { u.Email = "lovelace@customers.example" })
			step := w.plan("two")
			w.brevo.Faults().Add(sim.Fault{Method: "GET", Path: "/v3/contacts/", Status: 200, Body: body})
			_, err := run(w, w.steps.Brevo.WriteContacts, step)
			require.ErrorContains(t, err, "body is not the documented JSON")
			assert.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, step).Sent)
			contact, ok := w.brevo.ContactByEmail("lovelace@customers.example")
			require.True(t, ok)
			assert.True(t, contact.EmailBlacklisted)
		})
	}
}

func TestAPageOfAProxyIsNeitherASuccessNorARefusal(t *testing.T) {
	for _, status := range []int{200, 201, 302, 307, 400, 403, 405, 410, 451} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d, new %t", status, first), func(t *testing.T) {
				w, user := ready(t)
				w.zendesk.UpdateUser(user, func(u *seed.User) { u.Phone = "+33612345678" })
				step, method := w.plan("first"), http.MethodPost
				if !first {
					must(w, w.steps.Brevo.WriteContacts, step)
					w.zendesk.UpdateUser(user, func(u *seed.User) { u.Name = "Ada King" })
					step, method = w.plan("two"), http.MethodPut
				}
				w.brevo.Faults().Add(sim.Fault{Method: method, Path: "/v3/contacts", Status: status, Body: "<html>Sign in", ContentType: "text/html"})
				_, err := run(w, w.steps.Brevo.WriteContacts, step)
				require.ErrorContains(t, err, activities.ErrUnreachable)
				assert.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, step).Sent)
				contact, ok := w.brevo.ContactByEmail("ada@customers.example")
				require.True(t, ok)
				assert.Equal(t, map[bool]string{true: "Lovelace", false: "King"}[first], contact.Attributes["LASTNAME"])
				assert.Equal(t, "33612345678", contact.Attributes["SMS"], "the number was not to blame")
			})
		}
	}
}
