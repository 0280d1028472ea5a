package zendesk_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

const ticketsPath = "/api/v2/incremental/tickets/cursor.json"

func TestExportGoesByTimeFirstAndByCursorAfterwards(t *testing.T) {
	c, v := connect(t, map[string]answer{ticketsPath: {body: `{"tickets":[{"id":1}],"after_cursor":"c2","end_of_stream":false}`}})
	start := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	page, err := c.ExportTickets(t.Context(), zendesk.ExportQuery{StartTime: start, PageSize: 500})
	require.NoError(t, err)
	assert.Equal(t, "c2", page.Cursor)
	assert.False(t, page.End)
	assert.Equal(t, noon, page.AskedAt)
	assert.Len(t, page.Rows, 1)
	assert.Equal(t, int64(len(`{"tickets":[{"id":1}],"after_cursor":"c2","end_of_stream":false}`)), page.Bytes)

	_, err = c.ExportTickets(t.Context(), zendesk.ExportQuery{Cursor: "c1", StartTime: start})
	require.NoError(t, err)
	assert.Equal(t, []url.Values{
		{"start_time": {"1672531200"}, "per_page": {"500"}, "include": {"metric_sets"}},
		{"cursor": {"c1"}, "include": {"metric_sets"}},
	}, v.queries())
}

func TestExportStart(t *testing.T) {
	latest := strconv.FormatInt(noon.Add(-65*time.Second).Unix(), 10)
	for name, c := range map[string]struct {
		start time.Time
		want  string
	}{
		"zero is the beginning":             {time.Time{}, "0"},
		"long ago stays":                    {time.Unix(1700000000, 0), "1700000000"},
		"before 1970 is the beginning":      {time.Unix(-5, 0), "0"},
		"now moves":                         {noon, latest},
		"half a minute ago moves":           {noon.Add(-30 * time.Second), latest},
		"tomorrow moves":                    {noon.Add(24 * time.Hour), latest},
		"a minute ago moves":                {noon.Add(-time.Minute), latest},
		"65 seconds ago stays":              {noon.Add(-65 * time.Second), latest},
		"66 seconds ago stays":              {noon.Add(-66 * time.Second), strconv.FormatInt(noon.Unix()-66, 10)},
		"a fraction is never rounded later": {time.Unix(1700000000, 999_999_999), "1700000000"},
	} {
		t.Run(name, func(t *testing.T) {
			client, v := connect(t, map[string]answer{
				ticketsPath:                              {body: `{"tickets":[],"end_of_stream":true}`},
				"/api/v2/incremental/organizations.json": {body: `{"organizations":[],"end_of_stream":true}`},
			})
			_, err := client.ExportTickets(t.Context(), zendesk.ExportQuery{StartTime: c.start})
			require.NoError(t, err)
			_, err = client.ExportOrganizations(t.Context(), c.start, 0)
			require.NoError(t, err)
			for _, q := range v.queries() {
				assert.Equal(t, c.want, q.Get("start_time"))
			}
		})
	}
}

func TestExportEnds(t *testing.T) {
	for name, c := range map[string]struct {
		asked, body string
		want        zendesk.UserPage
		fails       bool
	}{
		"last page keeps its cursor": {
			"c1", `{"users":[{"id":1}],"after_cursor":"c2","end_of_stream":true}`,
			zendesk.UserPage{Rows: []zendesk.User{{ID: 1, Active: true}}, Cursor: "c2", End: true},
			false,
		},
		"an empty page that is not the end goes on": {
			"c1", `{"users":[],"after_cursor":"c2","end_of_stream":false}`, zendesk.UserPage{Rows: []zendesk.User{}, Cursor: "c2"}, false,
		},
		"nothing new leaves the resume point": {
			"c1", `{"users":[],"after_cursor":null,"end_of_stream":true}`,
			zendesk.UserPage{Rows: []zendesk.User{}, Cursor: "c1", End: true},
			false,
		},
		"the same cursor at the end is fine": {
			"c1", `{"users":[],"after_cursor":"c1","end_of_stream":true}`,
			zendesk.UserPage{Rows: []zendesk.User{}, Cursor: "c1", End: true},
			false,
		},
		"a cursor that stands still": {"c1", `{"users":[],"after_cursor":"c1","end_of_stream":false}`, zendesk.UserPage{}, true},
		"no cursor to go on with":    {"c1", `{"users":[],"after_cursor":null,"end_of_stream":false}`, zendesk.UserPage{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := connect(t, map[string]answer{"/api/v2/incremental/users/cursor.json": {body: c.body}})
			got, err := client.ExportUsers(t.Context(), zendesk.ExportQuery{Cursor: c.asked})
			if c.fails {
				var e *rest.Error
				require.ErrorAs(t, err, &e)
				assert.Contains(t, err.Error(), "does not advance")
				return
			}
			require.NoError(t, err)
			c.want.AskedAt, c.want.Bytes = noon, int64(len(c.body))
			assert.Equal(t, c.want, got)
		})
	}
}

func TestExportOrganizations(t *testing.T) {
	c, v := connect(t, map[string]answer{"/api/v2/incremental/organizations.json": {
		body: `{"organizations":[{"id":1,"deleted_at":null},{"id":2,"deleted_at":"2025-01-01T00:00:00Z"}],"count":2,` +
			`"end_time":1700000500,"next_page":"https://elsewhere.example/","end_of_stream":false}`,
	}})
	page, err := c.ExportOrganizations(t.Context(), time.Unix(1700000000, 0), 2)
	require.NoError(t, err)
	assert.Equal(t, int64(1700000500), page.Next)
	assert.Equal(t, int64(2), page.Count)
	assert.False(t, page.End)
	assert.False(t, page.Rows[1].DeletedAt.IsZero())
	assert.Equal(t, []url.Values{{"start_time": {"1700000000"}, "per_page": {"2"}}}, v.queries())
}

func TestExportOfACutBodyHasNoRows(t *testing.T) {
	whole := string(exportPage(t, 3))
	c, _ := connect(t, map[string]answer{
		ticketsPath: {header: map[string]string{"Content-Length": strconv.Itoa(len(whole))}, body: whole[:len(whole)/2]},
	})
	page, err := c.ExportTickets(t.Context(), zendesk.ExportQuery{Cursor: "c1"})
	var e *rest.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, http.StatusOK, e.Status)
	assert.Equal(t, "body cut short", e.Reason)
	assert.Empty(t, page.Rows)
}
