package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

const poison = "poison@customers.example"

// poisoned puts somebody in front of Brevo who answers 400 to every request whose body names one person, as a vendor does
// that dislikes a row and does not say which.
func (w *world) poisoned(t *testing.T) {
	t.Helper()
	target, err := url.Parse(w.brevoURL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	front := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte(poison)) {
			out.Header().Set("Content-Type", "application/json")
			out.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(out, `{"code":"invalid_parameter","message":"Something about `+poison+`"}`)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(out, r)
	}))
	t.Cleanup(front.Close)
	w.brevoURL = front.URL + "/v3"
	w.configure("")
}

func TestOneBadRowStandsAloneAndTheOthersArrive(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.poisoned(t)
		w.watch = &watcher{}
		for i := range 12 {
			w.moveIn(fmt.Sprintf("good%02d@customers.example", i), "Given Family")
			if i == 6 {
				w.moveIn(poison, "Bad Row")
			}
		}
		out := w.again(t, in)
		assert.Equal(t, map[string]int64{"refused": 1}, out.Push.Rejected)
		assert.False(t, w.hasContact(poison))
		assert.Len(t, w.brevo.Contacts(), 12)
		rejects, err := w.account().Rejects(t.Context(), 10)
		require.NoError(t, err)
		require.Len(t, rejects, 1)
		assert.Equal(t, "refused", rejects[0].Reason)
		assert.Equal(t, "Something about "+poison, rejects[0].Detail, "the vendor's words are kept for the operator")
		for _, entry := range append(w.watch.Entries(), w.logs.String()) {
			assert.NotContains(t, entry, poison)
		}

		w.brevo.ResetWrites()
		assert.Zero(t, w.again(t, in).Push.Sent)
		assert.Zero(t, w.brevo.Writes().Total(), "nothing is sent again")
	})
}

func TestAFailedProcessIsHalvedLikeARefusedImport(t *testing.T) {
	w := town(t)
	for i := range 8 {
		w.moveIn(fmt.Sprintf("good%02d@customers.example", i), "Given Family")
	}
	w.brevo.FailProcesses(3)
	out := w.again(t, workflows.SyncInput{})
	assert.Len(t, w.brevo.Contacts(), 8, "halves of a failed import are imported again")
	assert.Empty(t, out.Push.Rejected)
	assert.Zero(t, w.again(t, workflows.SyncInput{}).Push.Sent)
	w.assertHarmless(t)
}

func TestAPhoneThatSomebodyElseHasOrThatBrevoRefusesIsLeftOut(t *testing.T) {
	for name, silent := range map[string]bool{"named in a file": false, "not named anywhere": true} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
				w.brevo.SeedContact(brevosim.Contact{Email: "holder@marketer.example", Attributes: map[string]any{"SMS": "+33612345678"}})
				w.brevo.RefusePhone("+33611112222")
				w.moveIn(ada, "Ada Lovelace", withPhone("+33612345678"))
				w.moveIn(grace, "Grace Hopper", withPhone("+33611112222"))
				w.moveIn(linus, "Linus Torvalds", withPhone("+33699998888"))
				w.moveIn("two..dots@customers.example", "Invalid Address")
				// The files of refused rows are away for a moment.
				w.brevo.Faults().Add(sim.Fault{Path: "/files", Status: 503})
				out := w.again(t, in)
				for _, email := range []string{ada, grace} {
					c := w.contact(t, email)
					assert.NotContains(t, c.Attributes, "SMS")
					assert.NotEmpty(t, c.Attributes["FIRSTNAME"])
					assert.Contains(t, c.Lists, w.list(t, "Zendesk customers"))
				}
				assert.Equal(t, "33699998888", w.contact(t, linus).Attributes["SMS"])
				holder := w.contact(t, "holder@marketer.example")
				assert.Equal(t, map[string]any{"SMS": "33612345678"}, holder.Attributes)
				assert.Equal(t, int64(1), out.Push.Rejected["invalid_email"])
				rejects, err := w.account().CountRejects(t.Context(), "")
				require.NoError(t, err)
				assert.Equal(t, map[string]int64{"invalid_email": 1}, rejects)

				w.brevo.ResetWrites()
				w.again(t, in)
				assert.Zero(t, w.brevo.Writes().Total(), "no refused number is tried again")
			}, func(_ *zendesksim.Options, bo *brevosim.Options) { bo.SilentBadPhones = silent })
		})
	}
}
