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

// pages is a Brevo of total rows that gives at most cap of them at once.
type pages struct {
	total, cap int
	noCount    bool // says nothing of the total
	noOffset   bool // gives the first page whatever is asked for
	noun       string
	asked      int
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked++
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	if p.noOffset {
		offset = 0
	}
	items := make([]string, 0, limit)
	for i := offset; i < min(offset+min(limit, p.cap), p.total); i++ {
		items = append(items, fmt.Sprintf(`{"id":%d}`, i+1))
	}
	count := ""
	if !p.noCount {
		count = fmt.Sprintf(`"count":%d,`, p.total)
	}
	_, _ = fmt.Fprintf(w, `{%s%q:[%s]}`, count, p.noun, strings.Join(items, ","))
}

func (p *pages) client(t *testing.T) *brevo.Client {
	t.Helper()
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	c, err := brevo.New(brevo.Config{BaseURL: srv.URL, Credential: brevo.APIKey(testKey)})
	require.NoError(t, err)
	return c
}

func TestListsAreReadPageByPage(t *testing.T) {
	for name, tc := range map[string]struct {
		pages
		asked int
	}{
		"none":                         {pages{total: 0, cap: 50}, 1},
		"one":                          {pages{total: 1, cap: 50}, 1},
		"a page":                       {pages{total: 50, cap: 50}, 1},
		"a page and one":               {pages{total: 51, cap: 50}, 2},
		"pages cut down by the server": {pages{total: 45, cap: 20}, 3},
		"the last of them full":        {pages{total: 40, cap: 20}, 2},
		"no count":                     {pages{total: 45, cap: 20, noCount: true}, 4},
		"no count, nothing":            {pages{total: 0, cap: 20, noCount: true}, 1},
		"offsets are not known":        {pages{total: 20, cap: 20, noOffset: true, noCount: true}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			tc.noun = "lists"
			lists, err := tc.client(t).ListLists(t.Context())
			require.NoError(t, err)
			require.Len(t, lists, tc.total)
			for i, l := range lists {
				assert.Equal(t, int64(i+1), l.ID)
			}
			assert.Equal(t, tc.asked, tc.pages.asked)

			folders := tc.pages
			folders.noun = "folders"
			got, err := folders.client(t).ListFolders(t.Context())
			require.NoError(t, err)
			assert.Len(t, got, tc.total)
		})
	}
}

func TestContactsEndByCountAndNotByTheSizeOfAPage(t *testing.T) {
	for name, tc := range map[string]struct {
		pages
		asked int
	}{
		"none":                         {pages{total: 0, cap: 1000}, 1},
		"a page":                       {pages{total: 1000, cap: 1000}, 1},
		"pages cut down by the server": {pages{total: 450, cap: 200}, 3},
		"no count":                     {pages{total: 450, cap: 200, noCount: true}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			tc.noun = "contacts"
			c, n := tc.client(t), 0
			for q := (brevo.ContactQuery{Limit: brevo.MaxContactPage}); ; {
				page, err := c.ListContacts(t.Context(), q)
				require.NoError(t, err)
				n += len(page.Contacts)
				assert.Equal(t, n, page.Next)
				if !tc.noCount {
					assert.Equal(t, int64(tc.total), page.Count)
				}
				if q.Offset = page.Next; page.End {
					break
				}
			}
			assert.Equal(t, tc.total, n)
			assert.Equal(t, tc.asked, tc.pages.asked)
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
		"Completed": {true, false}, "FAILED": {true, true}, "Cancelled": {true, true},
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
