package activities_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
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

// changed is a workshop whose customer was delivered and has another last name by now, and the step that writes it.
func changed(t *testing.T, opts ...func(*brevosim.Options)) (*workshop, int64, activities.WriteInput) {
	t.Helper()
	w, user := ready(t, opts...)
	require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
	w.zendesk.UpdateUser(user, func(u *seed.User) { u.Name = "Ada King" })
	return w, user, w.plan("two")
}

func (w *workshop) delivery(user int64) store.Delivery {
	w.t.Helper()
	got, err := w.store.Peek(w.t.Context(), []int64{user})
	require.NoError(w.t, err)
	require.Len(w.t, got, 1)
	return got[0].Delivery
}

func TestOnlyBrevoItselfSaysThatAContactIsGone(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		for body, mime := range map[string]string{"": "", "404 page not found\n": "text/plain", "{}": "application/json", "<html>": "text/html"} {
			t.Run(method+" "+mime, func(t *testing.T) {
				w, _, step := changed(t)
				w.brevo.Faults().Add(sim.Fault{Method: method, Path: "/v3/contacts/", Status: 404, Body: body, ContentType: mime})
				_, err := run(w, w.steps.Brevo.WriteContacts, step)
				require.ErrorContains(t, err, activities.ErrUnreachable)
				must(w, w.steps.Brevo.WriteContacts, step)
				contact, ok := w.brevo.ContactByEmail("ada@customers.example")
				require.True(t, ok)
				assert.Equal(t, "King", contact.Attributes["LASTNAME"])
			})
		}
	}
}

func TestAnUpdateThatNamesSomethingUnknownTakesNobodyForDeleted(t *testing.T) {
	w, user, step := changed(t)
	w.brevo.Faults().Add(sim.Fault{Method: http.MethodPut, Path: "/v3/contacts/", Status: 404, Body: `{"code":"document_not_found","message":"No such thing"}`})
	out := must(w, w.steps.Brevo.WriteContacts, step)
	assert.Equal(t, map[string]int64{"refused": 1}, out.Rejected)
	assert.Equal(t, store.DeliveryRejected, w.delivery(user).State)
	rejects, err := w.store.Rejects(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, rejects, 1)
	assert.Equal(t, "No such thing", rejects[0].Detail)
}

func TestAnAttributeThatWasDeletedRejectsNobody(t *testing.T) {
	w, user, step := changed(t, func(o *brevosim.Options) { o.MissingReferences = true })
	gone := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "/v3/contacts/attributes/normal/LASTNAME", nil)
	gone.Header.Set("Api-Key", brevosim.DefaultAPIKey)
	w.brevo.ServeHTTP(httptest.NewRecorder(), gone)
	_, err := run(w, w.steps.Brevo.WriteContacts, step)
	require.ErrorContains(t, err, "attribute LASTNAME was deleted in Brevo: the next sync makes it again")
	assert.Equal(t, store.DeliverySent, w.delivery(user).State)
}

func TestAContactThatWasDeletedIsGone(t *testing.T) {
	w, user, step := changed(t)
	require.True(t, w.brevo.DeleteContact("ada@customers.example"))
	must(w, w.steps.Brevo.WriteContacts, step)
	assert.Equal(t, store.DeliveryGone, w.delivery(user).State)
	assert.Empty(t, w.brevo.Contacts())
}

func TestAWordOfTheAccountRejectsNobody(t *testing.T) {
	w, user, step := changed(t)
	w.brevo.Faults().Add(sim.Fault{
		Method: http.MethodPut, Path: "/v3/contacts/", Status: 400, Body: `{"code":"account_under_validation","message":"Your account is under validation"}`,
	})
	_, err := run(w, w.steps.Brevo.WriteContacts, step)
	require.ErrorContains(t, err, "finish the account's validation in Brevo")
	assert.Equal(t, store.DeliverySent, w.delivery(user).State)
	require.NoError(t, w.store.ClearPause(t.Context(), activities.PauseCredentials))
	assert.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, step).Sent)
}
