package zendesk_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

func TestShowTicketIsOneRequest(t *testing.T) {
	c, v := connect(t, map[string]answer{"/api/v2/tickets/7.json": {body: `{"ticket":{"id":7,"requester_id":2,"organization_id":5},
		"metric_sets":[{"ticket_id":7,"reopens":1}],"users":[{"id":1},{"id":2,"email":"a@example.com"}],"organizations":[{"id":5,"name":"Acme"}]}`}})
	got, err := c.ShowTicket(t.Context(), 7)
	require.NoError(t, err)
	assert.Equal(t, noon, got.AskedAt)
	assert.Equal(t, int64(1), got.Row.Metrics.Reopens)
	assert.Equal(t, "a@example.com", got.Row.Requester.Email)
	assert.Equal(t, "Acme", got.Row.Organization.Name)
	assert.Equal(t, []url.Values{{"include": {"metric_sets,users,organizations"}}}, v.queries())
}

func TestShowTicketWithoutSideloads(t *testing.T) {
	c, _ := connect(t, map[string]answer{"/api/v2/tickets/7.json": {body: `{"ticket":{"id":7,"requester_id":2}}`}})
	got, err := c.ShowTicket(t.Context(), 7)
	require.NoError(t, err)
	assert.Nil(t, got.Row.Requester)
	assert.Nil(t, got.Row.Organization)
	assert.Nil(t, got.Row.Metrics)
}

func TestShowMany(t *testing.T) {
	ids := make([]int64, 101)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	c, v := connect(t, map[string]answer{
		"/api/v2/tickets/show_many.json":       {body: `{"tickets":[{"id":2}],"count":1}`},
		"/api/v2/users/show_many.json":         {body: `{"users":[{"id":2}],"count":1}`},
		"/api/v2/organizations/show_many.json": {body: `{"organizations":[{"id":2}],"count":1}`},
	})
	calls := map[string]func(ids []int64) (int, error){
		"tickets": func(ids []int64) (int, error) { p, err := c.ShowManyTickets(t.Context(), ids); return len(p.Rows), err },
		"users":   func(ids []int64) (int, error) { p, err := c.ShowManyUsers(t.Context(), ids); return len(p.Rows), err },
		"organizations": func(ids []int64) (int, error) {
			p, err := c.ShowManyOrganizations(t.Context(), ids)
			return len(p.Rows), err
		},
	}
	for name, call := range calls {
		_, err := call(ids)
		assert.ErrorContains(t, err, "at most 100", name)
		n, err := call(nil)
		assert.NoError(t, err, name)
		assert.Zero(t, n, name)
	}
	assert.Empty(t, v.queries(), "neither too many nor none ask Zendesk")
	for name, call := range calls {
		n, err := call([]int64{2, 3})
		assert.NoError(t, err, name)
		assert.Equal(t, 1, n, name)
	}
	for _, q := range v.queries() {
		assert.Equal(t, "2,3", q.Get("ids"))
	}
	n, err := calls["users"](ids[:100])
	assert.NoError(t, err)
	assert.Equal(t, 1, n)
}

func TestListFollowsItsLink(t *testing.T) {
	const path = "/api/v2/organizations/5/users.json"
	for name, next := range map[string]string{
		"brackets as they are": "{host}" + path + "?page[after]=xyz&page[size]=2",
		"brackets encoded":     "{host}" + path + "?page%5Bafter%5D=xyz&page%5Bsize%5D=2",
	} {
		t.Run(name, func(t *testing.T) {
			c, v := connect(t, map[string]answer{
				path: {body: `{"users":[{"id":1}],"meta":{"has_more":true,"after_cursor":"xyz"},"links":{"next":"` + next + `"}}`},
			})
			page, err := c.OrganizationMembers(t.Context(), 5, zendesk.ListQuery{PageSize: 2})
			require.NoError(t, err)
			require.False(t, page.End)
			_, err = c.OrganizationMembers(t.Context(), 5, zendesk.ListQuery{Cursor: page.Cursor})
			require.NoError(t, err)
			assert.Equal(t, []url.Values{{"page[size]": {"2"}}, {"page[size]": {"2"}, "page[after]": {"xyz"}}}, v.queries())

			_, err = c.ListUsers(t.Context(), zendesk.ListQuery{Cursor: page.Cursor})
			assert.ErrorContains(t, err, "belongs to another list")
		})
	}
}

func TestListPaging(t *testing.T) {
	for name, c := range map[string]struct {
		body, cursor, fails string
		end                 bool
	}{
		"no paging at all":        {`{"users":[]}`, "", "", true},
		"last page with a cursor": {`{"users":[],"meta":{"has_more":false,"after_cursor":"x"},"links":{"next":null}}`, "", "", true},
		"cursor without a link":   {`{"users":[],"meta":{"has_more":true,"after_cursor":"x"}}`, "x", "", false},
		"more without a cursor":   {`{"users":[],"meta":{"has_more":true}}`, "", "without a cursor", false},
		"link to another host": {
			`{"users":[],"meta":{"has_more":true,"after_cursor":"x"},"links":{"next":"https://evil.example/api/v2/users.json?page[after]=y"}}`,
			"x", "", false,
		},
		"link to another list": {
			`{"users":[],"meta":{"has_more":true,"after_cursor":"x"},"links":{"next":"{host}/api/v2/tickets.json?page[after]=y"}}`,
			"x", "", false,
		},
		"link without a host": {
			`{"users":[],"meta":{"has_more":true,"after_cursor":"x"},"links":{"next":"/api/v2/users.json?page[after]=y"}}`,
			"x", "", false,
		},
		"link to another host alone": {
			`{"users":[],"meta":{"has_more":true},"links":{"next":"https://evil.example/api/v2/users.json?page[after]=y"}}`,
			"", "leaves the list", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, v := connect(t, map[string]answer{"/api/v2/users.json": {body: c.body}})
			page, err := client.ListUsers(t.Context(), zendesk.ListQuery{Sort: "id"})
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				require.ErrorAs(t, err, new(*rest.Error))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.cursor, page.Cursor)
			assert.Equal(t, c.end, page.End)
			assert.Equal(t, []url.Values{{"page[size]": {"100"}, "sort": {"id"}}}, v.queries())
		})
	}
}

// Answers recorded from another host, and proxies, write links of a host that the account does not have.
func TestListGoesOnByCursorWhereItsLinkLeadsElsewhere(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	t.Cleanup(other.Close)
	c, v := connect(t, map[string]answer{
		"/api/v2/satisfaction_ratings.json?page%5Bsize%5D=2&score=good": {
			body: `{"satisfaction_ratings":[{"id":1}],"meta":{"has_more":true,"after_cursor":"xyz"},
				"links":{"next":"` + other.URL + `/api/v2/satisfaction_ratings.json?page[after]=xyz&page[size]=2"}}`,
		},
		"/api/v2/satisfaction_ratings.json": {body: `{"satisfaction_ratings":[{"id":2}],"meta":{"has_more":false}}`},
	})
	q := zendesk.RatingQuery{ListQuery: zendesk.ListQuery{PageSize: 2}, Score: "good"}
	first, err := c.ListSatisfactionRatings(t.Context(), q)
	require.NoError(t, err)
	require.False(t, first.End)
	q.Cursor = first.Cursor
	second, err := c.ListSatisfactionRatings(t.Context(), q)
	require.NoError(t, err)
	assert.True(t, second.End)
	assert.Equal(t, []zendesk.SatisfactionRating{{ID: 2}}, second.Rows)
	assert.Equal(t, []url.Values{
		{"page[size]": {"2"}, "score": {"good"}},
		{"page[size]": {"2"}, "score": {"good"}, "page[after]": {"xyz"}},
	}, v.queries())
	assert.Zero(t, elsewhere)
}

func TestMeRefusesStrangers(t *testing.T) {
	for _, body := range []string{`{"user":{"id":null,"name":"Anonymous user","role":"end-user"}}`, `{"user":{}}`, `{"user":null}`} {
		c, _ := connect(t, map[string]answer{"/api/v2/users/me.json": {body: body}})
		_, err := c.Me(t.Context())
		var e *rest.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, http.StatusUnauthorized, e.Status, body)
		assert.Equal(t, "AnonymousUser", e.Code, body)
	}
	c, _ := connect(t, map[string]answer{"/api/v2/users/me.json": {body: `{"status":"ok"}`}})
	_, err := c.Me(t.Context())
	assert.ErrorContains(t, err, "200 body is not the documented JSON", "what says nothing of a user says nothing of the credential")
}

func TestFieldsReadEveryPage(t *testing.T) {
	const path = "/api/v2/user_fields.json"
	c, v := connect(t, map[string]answer{
		path + "?page%5Bsize%5D=100": {body: `{"user_fields":[{"id":7,"key":"tier","type":"dropdown","title":"Tier","active":true,
			"custom_field_options":[{"id":1,"name":"Gold","value":"tier_gold"}]}],"meta":{"has_more":true,"after_cursor":"n"},
			"links":{"next":"{host}/api/v2/user_fields.json?page[size]=100&page[after]=n"}}`},
		path: {body: `{"user_fields":[{"id":8,"key":"since","type":"date"}],"meta":{"has_more":false}}`},
	})
	page, err := c.ListUserFields(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Field{
		{ID: 7, Key: "tier", Type: "dropdown", Title: "Tier", Active: true, Options: []zendesk.FieldOption{{ID: 1, Name: "Gold", Value: "tier_gold"}}},
		{ID: 8, Key: "since", Type: "date", Active: true}, // the flag is optional
	}, page.Rows)
	assert.Len(t, v.queries(), 2)
	assert.Equal(t, noon, page.AskedAt)
}

func TestFieldsThatTurnInACircle(t *testing.T) {
	c, _ := connect(t, map[string]answer{"/api/v2/ticket_fields.json": {
		body: `{"ticket_fields":[{"id":7}],"meta":{"has_more":true,"after_cursor":"n"}}`,
	}})
	_, err := c.ListTicketFields(t.Context())
	assert.ErrorContains(t, err, "does not advance")
}

func TestSurveyResponses(t *testing.T) {
	c, v := connect(t, map[string]answer{"/api/v2/guide/survey_responses": {body: `{"survey_responses":[{"id":"01J1","responder_id":439,
		"expires_at":"2025-06-01T00:00:00Z","subject_zrns":["zen:ticket:99"],"survey":{"id":"s","version":2,"state":"enabled"},"answers":[
		{"type":"rating_scale","rating":4,"rating_category":"good","question":{"id":"q","options":[{"rating":1},{"rating":5}]},
		"created_at":"2025-05-01T00:00:00Z","updated_at":"2025-05-02T00:00:00Z"},{"type":"open_ended","value":"private-text"},{"type":"skipped"}]}],
		"meta":{"has_more":true,"after_cursor":"n"}}`}})
	page, err := c.ListSurveyResponses(t.Context(), zendesk.SurveyQuery{
		CreatedStart: time.UnixMilli(1700000000123), CreatedEnd: time.UnixMilli(1700000001000), TicketIDs: []int64{99, 100}, PageSize: 50,
	})
	require.NoError(t, err)
	assert.Equal(t, "n", page.Cursor)
	assert.Equal(t, "good", page.Rows[0].Answers[0].RatingCategory)
	assert.Equal(t, int64(4), page.Rows[0].Answers[0].Rating)
	text, err := json.Marshal(page.Rows)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "private-text")
	assert.Equal(t, []url.Values{{
		"filter[created_at_start]": {"1700000000123"}, "filter[created_at_end]": {"1700000001000"},
		"filter[subject_zrns]": {"zen:ticket:99,zen:ticket:100"}, "page[size]": {"50"}, "sort": {"id"},
	}}, v.queries())
}

func TestSatisfactionRatingBareAndListed(t *testing.T) {
	for _, body := range []string{`{"satisfaction_rating":{"id":3,"score":"good"}}`, `{"satisfaction_rating":[{"id":3,"score":"good"}]}`} {
		c, _ := connect(t, map[string]answer{"/api/v2/satisfaction_ratings/3.json": {body: body}})
		got, err := c.ShowSatisfactionRating(t.Context(), 3)
		require.NoError(t, err)
		assert.Equal(t, zendesk.SatisfactionRating{ID: 3, Score: "good"}, got.Row)
	}
	c, _ := connect(t, map[string]answer{"/api/v2/satisfaction_ratings/3.json": {body: `{"satisfaction_rating":[]}`}})
	_, err := c.ShowSatisfactionRating(t.Context(), 3)
	assert.Error(t, err)
}

func TestSearchTickets(t *testing.T) {
	c, v := connect(t, map[string]answer{"/api/v2/search.json": {body: `{"results":[{"id":9,"result_type":"user"},
		{"id":1,"status":"open","result_type":"ticket"}],"count":150,"next_page":"https://elsewhere.example/?page=3"}`}})
	page, err := c.SearchTickets(t.Context(), zendesk.SearchQuery{Query: "status:open", Page: 2})
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Ticket{{ID: 1, Status: "open"}}, page.Rows)
	assert.Equal(t, int64(3), page.Next)
	assert.Equal(t, int64(150), page.Count)
	assert.False(t, page.End)
	assert.Equal(t, []url.Values{{"query": {"type:ticket status:open"}, "per_page": {"100"}, "page": {"2"}}}, v.queries())
}

func TestCounts(t *testing.T) {
	c, _ := connect(t, map[string]answer{
		"/api/v2/tickets/count.json":       {body: `{"count":{"value":102,"refreshed_at":"2020-04-06T02:18:17Z"}}`},
		"/api/v2/users/count.json":         {body: `{"count":{"value":100000,"refreshed_at":null}}`},
		"/api/v2/organizations/count.json": {body: `{}`},
	})
	tickets, err := c.CountTickets(t.Context())
	require.NoError(t, err)
	assert.Equal(t, zendesk.Count{Value: 102, RefreshedAt: time.Date(2020, 4, 6, 2, 18, 17, 0, time.UTC)}, tickets.Row)
	users, err := c.CountUsers(t.Context())
	require.NoError(t, err)
	assert.Equal(t, zendesk.Count{Value: 100000}, users.Row)
	_, err = c.CountOrganizations(t.Context())
	assert.ErrorContains(t, err, "it has no count")
}

func TestTicketInputSendsOnlyWhatIsSet(t *testing.T) {
	var sent []byte
	c, _ := connect(t, map[string]answer{"/api/v2/tickets/7.json": {body: `{"ticket":{"id":7,"status":"open"},"audit":{"id":1}}`}},
		func(cfg *zendesk.Config) { cfg.HTTP = &http.Client{Transport: recorder{&sent}} })
	internal := false
	got, err := c.UpdateTicket(t.Context(), 7, zendesk.TicketInput{
		Comment: &zendesk.CommentInput{Body: "note", Public: &internal}, CustomFields: []zendesk.CustomFieldInput{{ID: 3}},
	})
	require.NoError(t, err)
	assert.Equal(t, int64(7), got.Row.ID)
	assert.JSONEq(t, `{"ticket":{"comment":{"body":"note","public":false},"custom_fields":[{"id":3,"value":null}]}}`, string(sent))
}

type recorder struct{ body *[]byte }

func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	if *r.body, err = io.ReadAll(body); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(req)
}

func TestRefusedBudgetAsksNobody(t *testing.T) {
	m := &meter{refuse: &budget.Exhausted{Bucket: zendesk.BucketExports, Wait: time.Minute}}
	c, v := connect(t, nil, func(cfg *zendesk.Config) { cfg.Meter = m })
	_, err := c.ExportUsers(t.Context(), zendesk.ExportQuery{})
	var exhausted *budget.Exhausted
	require.ErrorAs(t, err, &exhausted)
	assert.Empty(t, v.queries())
}
