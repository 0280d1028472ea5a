package activities_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// marketer makes a change in Brevo by hand.
func (w *workshop) marketer(method, path, body string) {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("api-key", brevosim.DefaultAPIKey)
	r.Header.Set("content-type", "application/json")
	answer := httptest.NewRecorder()
	w.brevo.ServeHTTP(answer, r)
	require.Less(w.t, answer.Code, http.StatusMultipleChoices, answer.Body)
}

// Brevo refuses a call that takes somebody off a list which is not there any more. That is nothing to reject people for.
func TestAListThatWasDeletedInBrevoIsLeftWithoutRejectingAnybody(t *testing.T) {
	w, user := ready(t)
	w.pull("tickets")
	must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "one"})
	require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
	require.Contains(t, contactOf(w).Attributes, "TOTAL_TICKETS")
	list, ok := w.brevo.ListByName("Customers")
	require.True(t, ok)
	w.zendesk.UpdateUser(user, func(u *seed.User) { u.Suspended = true })
	step := w.plan("two")
	w.marketer(http.MethodDelete, fmt.Sprintf("/v3/contacts/lists/%d", list.ID), "")
	out := must(w, w.steps.Brevo.WriteContacts, step)
	assert.Equal(t, int64(1), out.Left)
	assert.Zero(t, out.Rejections())
	people, err := w.store.Peek(t.Context(), []int64{user})
	require.NoError(t, err)
	assert.Equal(t, store.DeliveryLeft, people[0].Delivery.State)
	assert.Empty(t, people[0].Delivery.Lists)
	assert.NotContains(t, contactOf(w).Attributes, "TOTAL_TICKETS", "what else leaving means was done")
	verified, err := w.store.Verified(t.Context())
	require.NoError(t, err)
	assert.Zero(t, verified, "the next sync looks at the lists")
}

// A number that was left out of a second attempt was not to blame when that is refused as well.
func TestARefusalThatIsNotAboutTheNumberKeepsItsWish(t *testing.T) {
	w, user := ready(t)
	w.zendesk.UpdateUser(user, func(u *seed.User) { u.Phone = "+33612345678" })
	step := w.plan("first")
	w.brevo.Faults().Add(sim.Fault{
		Method: http.MethodPost, Path: contactsPath, Status: http.StatusBadRequest, Times: 2, Body: `{"code":"bad_request","message":"not now"}`,
	})
	out := must(w, w.steps.Brevo.WriteContacts, step)
	require.Equal(t, int64(1), out.Rejections())
	require.NoError(t, w.store.MarkDirty(t.Context(), store.KindUser, []int64{user}, w.now))
	must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two"})
	require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("two")).Sent)
	assert.Equal(t, "33612345678", contactOf(w).Attributes["SMS"])
}

func contactOf(w *workshop) brevosim.Contact {
	w.t.Helper()
	c, there := w.brevo.ContactByEmail("ada@customers.example")
	require.True(w.t, there)
	return c
}
