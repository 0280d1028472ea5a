package brevo_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
)

// An answer that holds nothing would say: no such e-mail was sent, no such list exists, nobody is blocklisted. It is no answer, and
// what was asked for may have been done.
func TestAnAnswerThatSaysNothingIsNoSuccess(t *testing.T) {
	for _, e := range endpoints() {
		if e.want == nil || e.status == http.StatusNoContent {
			continue
		}
		for _, body := range []string{"", "{}", "null"} {
			if body != "" && e.path == "/events/batch" {
				continue // it speaks of failures alone
			}
			if body == "null" && e.path == "/crm/attributes/companies" || body != "" && e.path == "/companies" && e.method == "GET" {
				continue // without a count, it may be how none is written
			}
			t.Run(e.name+" "+body, func(t *testing.T) {
				_, err := e.call(t.Context(), newVendor(t, e.status, body).client(t))
				var call *rest.Error
				require.ErrorAs(t, err, &call)
				assert.Equal(t, e.status, call.Status)
				assert.Contains(t, call.Reason, "body is not the documented JSON")
				assert.True(t, call.MayHaveArrived())
			})
		}
	}
}

// Brevo leaves out the rows where there are none, and says so by the count.
func TestAPageWithoutRows(t *testing.T) {
	for body, offset := range map[string]int{
		`{"count":0}`: 0, `{"count":20}`: 20, `{"count":"0","contacts":null}`: 0, `{"contacts":[]}`: 0, `{"contacts":null}`: 0,
	} {
		got, err := newVendor(t, http.StatusOK, body).client(t).ListContacts(t.Context(), brevo.ContactQuery{Offset: offset})
		require.NoError(t, err, body)
		assert.Empty(t, got.Contacts)
		assert.True(t, got.End)
	}
	for _, body := range []string{`{"count":21}`, `{"count":21,"contacts":null}`, `{"message":"ok"}`, `{"count":21,"contacts":[{}]}`} {
		_, err := newVendor(t, http.StatusOK, body).client(t).ListContacts(t.Context(), brevo.ContactQuery{Offset: 20})
		require.Error(t, err, body)
	}
}
