package activities_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// hooked is a workshop whose account has webhooks, and the endpoint that they lead to.
type hooked struct {
	*workshop
	vendors *activities.Vendors
	url     string
	answer  int // of the endpoint; 0: it hangs up
	reader  int64
}

func newHooked(t *testing.T) *hooked {
	t.Helper()
	w := &hooked{workshop: newWorkshop(t, seed.Size{Users: 10}), answer: http.StatusOK}
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if w.answer == 0 {
			panic(http.ErrAbortHandler)
		}
		rw.WriteHeader(w.answer)
	}))
	t.Cleanup(web.Close)
	w.url = web.URL + activities.WebhookPath(account)
	w.reader = w.zendesk.CreateUser(seed.User{Name: "Ann", Email: "ann@example.com"})
	vendors, err := w.steps.Vendors(account)
	require.NoError(t, err)
	w.vendors = vendors
	return w
}

// webhook makes one for new tickets; installed says whether the store knows of it.
func (w *hooked) webhook(installed bool) string {
	w.t.Helper()
	made, err := w.vendors.Zendesk.CreateWebhook(w.t.Context(), zendesk.NewWebhook("Contacts", w.url, "zen:event-type:ticket.created"))
	require.NoError(w.t, err)
	if installed {
		require.NoError(w.t, w.store.PutWebhook(w.t.Context(), store.Webhook{ID: made.Row.ID, Kind: store.WebhookEvents, Endpoint: w.url}))
	}
	return made.Row.ID
}

// happen makes tickets, to each of which the endpoint answers so.
func (w *hooked) happen(answer, tickets int) {
	w.t.Helper()
	w.answer = answer
	for range tickets {
		w.zendesk.CreateTicket(seed.Ticket{RequesterID: w.reader, Subject: "A question"})
	}
	w.zendesk.DrainWebhooks(w.t.Context())
}

// count is what a webhook server with the same store would have counted.
func (w *hooked) count(result string) {
	w.t.Helper()
	require.NoError(w.t, w.store.CountWebhooks(w.t.Context(), map[string]int64{result: 1}, w.now))
}

func (w *hooked) line() activities.CheckLine {
	w.t.Helper()
	result, err := w.steps.Account.CheckConnection(w.t.Context(), activities.CheckInput{Account: account})
	require.NoError(w.t, err)
	line := result.Lines[len(result.Lines)-1]
	assert.Equal(w.t, "Webhooks configured", line.Name)
	return line
}

func TestVendorsAreThoseOfTheSteps(t *testing.T) {
	t.Parallel()
	w := newHooked(t)
	me, err := w.vendors.Zendesk.Me(t.Context())
	require.NoError(t, err)
	assert.NotZero(t, me.Row.ID)
	_, err = w.vendors.Brevo.ListAttributes(t.Context())
	require.NoError(t, err)
	contacted, err := w.store.ContactedAll(t.Context())
	require.NoError(t, err)
	assert.Len(t, contacted, 2, "status tells of these calls too")
	budgets, err := w.store.Budgets(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, budgets)
	_, err = w.steps.Vendors("unknown")
	require.ErrorContains(t, err, "add it to this worker's connectors.yaml")
}

func TestAWebhookIsConfiguredWhenItBringsSomething(t *testing.T) {
	t.Parallel()
	w := newHooked(t)
	assert.Equal(t, activities.CheckLine{
		Name: "Webhooks configured", State: activities.CheckOptional, Cause: "optional; changes arrive within 5m",
	}, w.line())

	id := w.webhook(true)
	assert.Equal(t, activities.CheckOK, w.line().State, "nothing happened yet")
	w.happen(http.StatusOK, 3)
	w.count("delivered")
	w.now = w.now.Add(2 * time.Hour)
	assert.Equal(t, activities.CheckOK, w.line().State)

	inactive := "inactive"
	require.NoError(t, w.vendors.Zendesk.PatchWebhook(t.Context(), id, zendesk.WebhookPatch{Status: &inactive}))
	line := w.line()
	assert.Equal(t, activities.CheckFailed, line.State)
	assert.Contains(t, line.Cause, "inactive in Zendesk, or gone")
	assert.Contains(t, line.Fix, "run `starter webhooks install`,")
	require.NoError(t, w.store.PutWebhook(t.Context(), store.Webhook{ID: id, Kind: store.WebhookTriggers}))
	assert.Contains(t, w.line().Fix, "run `starter webhooks install --triggers`,")
}

func TestASilentWebhookIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer     int
		cause, fix string
	}{
		"another key":     {http.StatusUnauthorized, "refused the signature (401)", "starter webhooks rotate"},
		"a firewall":      {http.StatusForbidden, "address was refused (403)", "ALLOWED_CIDRS"},
		"something else":  {http.StatusNotFound, "without this connector (404)", "connectors.yaml"},
		"a redirect":      {http.StatusMovedPermanently, "redirects (301)", "the address it redirects to"},
		"a broken proxy":  {http.StatusBadGateway, "could not connect", "valid certificate"},
		"no Temporal":     {http.StatusServiceUnavailable, "was not ready (503)", "/readyz"},
		"a strange error": {http.StatusTeapot, "answered 418", "look at its log"},
		"nobody":          {0, "could not connect", "PUBLIC_URL can be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newHooked(t)
			id := w.webhook(true)
			w.happen(test.answer, 2)
			line := w.line()
			assert.Equal(t, activities.CheckFailed, line.State)
			assert.Contains(t, line.Cause, "the webhook "+id+" is silent: ")
			assert.Contains(t, line.Cause, test.cause)
			assert.Contains(t, line.Fix, test.fix)

			w.count("bad_signature")
			assert.Equal(t, activities.CheckFailed, w.line().State, "a refusal is no delivery")
			w.count("ignored")
			assert.Equal(t, activities.CheckOK, w.line().State, "the test of an installation came through")
			w.now = w.now.Add(2 * time.Hour)
			w.happen(test.answer, 1)
			assert.Equal(t, activities.CheckFailed, w.line().State, "it failed again, an hour after it worked")
		})
	}
}

func TestAWebhookOfAnotherStoreIsSilentHere(t *testing.T) {
	t.Parallel()
	w := newHooked(t)
	id := w.webhook(true)
	w.happen(http.StatusOK, 1)
	assert.Equal(t, activities.CheckOK, w.line().State, "the count may be on its way")
	w.now = w.now.Add(15 * time.Minute)
	line := w.line()
	assert.Equal(t, activities.CheckFailed, line.State)
	assert.Equal(t, "the webhook "+id+" is silent here: Zendesk delivers to "+w.url+", and nothing of it is counted in this store", line.Cause)
	assert.Contains(t, line.Fix, "STORE_URL")
}

func TestAWebhookThatWasNotInstalledFromHere(t *testing.T) {
	t.Parallel()
	w := newHooked(t)
	w.webhook(false)
	assert.Equal(t, activities.CheckOK, w.line().State)
	w.happen(http.StatusNotFound, 1)
	line := w.line()
	assert.Equal(t, activities.CheckOptional, line.State, "it may be somebody else's")
	assert.Contains(t, line.Cause, "changes arrive within 5m; the webhook ")

	// One of ours beside it decides alone.
	w.webhook(true)
	assert.Equal(t, activities.CheckOK, w.line().State)
}

func TestWebhooksThatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	w := newHooked(t)
	refuse := sim.Fault{Method: http.MethodGet, Path: "/api/v2/webhooks", Status: http.StatusForbidden, Times: sim.Forever}
	w.zendesk.Faults().Add(refuse)
	assert.Equal(t, activities.CheckOptional, w.line().State)
	w.zendesk.Faults().Clear()
	w.now = w.now.Add(time.Minute) // the refusal told nothing of the rate window

	id := w.webhook(true)
	refuse.Path = "/api/v2/webhooks/" + id + "/invocations"
	w.zendesk.Faults().Add(refuse)
	assert.Equal(t, activities.CheckOK, w.line().State, "a log that is closed says nothing")
	w.zendesk.Faults().Clear()
	w.now = w.now.Add(time.Minute)
	refuse.Path = "/api/v2/webhooks"
	w.zendesk.Faults().Add(refuse)
	line := w.line()
	assert.Equal(t, activities.CheckFailed, line.State, "one is installed")
	assert.Contains(t, line.Cause, "403")
}

func TestTheWebhookLogIsCounted(t *testing.T) {
	t.Parallel()
	w := newHooked(t)
	id := w.webhook(true)
	w.happen(http.StatusOK, 150)
	w.now = w.now.Add(time.Minute)
	w.happen(http.StatusUnauthorized, 3)

	log, err := activities.ReadWebhookLog(t.Context(), w.vendors.Zendesk, id, 10)
	require.NoError(t, err)
	assert.True(t, log.Whole)
	require.Len(t, log.Statuses, 2)
	assert.Equal(t, "success", log.Statuses[0].Status)
	assert.EqualValues(t, 150, log.Statuses[0].N)
	assert.EqualValues(t, 3, log.Statuses[1].N)
	assert.Equal(t, http.StatusUnauthorized, log.Statuses[1].Code)
	assert.Equal(t, w.now, log.Statuses[1].LastAt)
	assert.Equal(t, w.now.Add(-time.Minute), log.LastSuccess())
	failure, ok := log.LastFailure()
	assert.True(t, ok)
	assert.Equal(t, "client error", failure.Status)

	newest, err := activities.ReadWebhookLog(t.Context(), w.vendors.Zendesk, id, 1)
	require.NoError(t, err)
	assert.False(t, newest.Whole)
	assert.EqualValues(t, 97, newest.Statuses[0].N)
	assert.EqualValues(t, 3, newest.Statuses[1].N)
}

func TestEveryFailureHasACauseAndAFix(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"failed", "timeout", "circuit broken", "throttled", "client error", "server error", "something new"} {
		s := activities.WebhookStatus{Status: status}
		assert.True(t, s.Failed(), status)
		cause, fix := s.Explain()
		assert.NotEmpty(t, cause, status)
		assert.NotEmpty(t, fix, status)
	}
	for _, status := range []string{"success", "accepted", "unknown"} {
		assert.False(t, activities.WebhookStatus{Status: status}.Failed(), status)
	}
	at := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	assert.Equal(t, at, activities.LastAccepted([]store.WebhookResult{
		{Result: "bad_signature", LastAt: at.Add(time.Hour)}, {Result: "delivered", LastAt: at}, {Result: "ignored", LastAt: at.Add(-time.Hour)},
	}))
}

func TestEndpointsThatLeadHere(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]bool{
		"https://hooks.example.com/webhooks/zendesk/acme":   true,
		"https://hooks.example.com/webhooks/zendesk/acme/":  true,
		"https://hooks.example.com/webhooks/zendesk":        true,
		"https://example.com/hooks/webhooks/zendesk/acme":   true,
		"https://hooks.example.com/webhooks/zendesk/other":  false,
		"https://hooks.example.com/":                        false,
		"https://hooks.example.com/?next=/webhooks/zendesk": false,
		"://": false,
		"https://hooks.example.com/webhooks/zendesk/acme/more": false,
	} {
		assert.Equal(t, want, activities.LeadsHere(endpoint, account), endpoint)
	}
}
