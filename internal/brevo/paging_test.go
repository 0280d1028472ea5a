package brevo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
)

func TestListsAreReadPageByPage(t *testing.T) {
	for _, total := range []int{0, 1, 49, 50, 51, 120} {
		t.Run(strconv.Itoa(total), func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
				limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
				var items []string
				for i := offset; i < min(offset+limit, total); i++ {
					items = append(items, fmt.Sprintf(`{"id":%d}`, i+1))
				}
				_, _ = fmt.Fprintf(w, `{"count":%d,"lists":[%s]}`, total, strings.Join(items, ","))
			}))
			defer srv.Close()
			c, err := brevo.New(brevo.Config{BaseURL: srv.URL, Credential: brevo.APIKey(testKey)})
			require.NoError(t, err)
			lists, err := c.ListLists(t.Context())
			require.NoError(t, err)
			require.Len(t, lists, total)
			for i, l := range lists {
				assert.Equal(t, int64(i+1), l.ID)
			}
		})
	}
}

func TestAPageThatFailsFailsTheWhole(t *testing.T) {
	v := newVendor(t, 500, "")
	lists, err := v.client(t).ListLists(t.Context())
	require.Error(t, err)
	assert.Nil(t, lists)
}

func TestProcessStatuses(t *testing.T) {
	for status, want := range map[brevo.ProcessStatus][2]bool{
		brevo.StatusQueued: {false, false}, brevo.StatusInProcess: {false, false}, brevo.StatusProcessing: {false, false},
		brevo.StatusCompleted: {true, false}, brevo.StatusFailed: {true, true}, brevo.StatusCancelled: {true, true}, "paused": {false, false},
	} {
		assert.Equal(t, want, [2]bool{status.IsDone(), status.IsFailed()}, status)
	}
}

func TestRejectsAreTheFilesThatExist(t *testing.T) {
	v := newVendor(t, 200, `{"id":1,"status":"completed","info":{"import":{"invalid_emails":"https://f.example/1.csv","duplicate_phone_id":null,"duplicate_ext_id":0,"duplicate_email_id":{}}}}`)
	p, err := v.client(t).GetProcess(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{brevo.RejectInvalidEmails: "https://f.example/1.csv"}, p.Rejects())
}
