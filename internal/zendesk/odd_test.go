package zendesk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/zendesk"
)

func TestTicketWithOddOptionalMembers(t *testing.T) {
	sane := zendesk.Ticket{ID: 1, Status: "open", UpdatedAt: time.Date(2025, 3, 2, 8, 15, 30, 0, time.UTC)}
	for text, change := range map[string]func(*zendesk.Ticket){
		`"organization_id":"500"`:         func(t *zendesk.Ticket) { t.OrganizationID = 500 },
		`"organization_id":""`:            nil,
		`"organization_id":{}`:            nil,
		`"requester_id":5.0`:              func(t *zendesk.Ticket) { t.RequesterID = 5 },
		`"group_id":"many"`:               nil,
		`"generated_timestamp":[]`:        nil,
		`"external_id":12`:                func(t *zendesk.Ticket) { t.ExternalID = "12" },
		`"external_id":{"a":1}`:           nil,
		`"priority":false`:                nil,
		`"from_messaging_channel":"true"`: func(t *zendesk.Ticket) { t.FromMessagingChannel = true },
		`"from_messaging_channel":null`:   nil,
		`"from_messaging_channel":"odd"`:  nil,
		`"from_messaging_channel":1`:      nil,
		`"tags":{}`:                       func(t *zendesk.Ticket) { t.Tags = []string{} },
		`"tags":"vip"`:                    func(t *zendesk.Ticket) { t.Tags = []string{} },
		`"tags":["vip",null,{},7]`:        func(t *zendesk.Ticket) { t.Tags = []string{"vip", "7"} },
		`"followup_ids":["19",null,20]`:   func(t *zendesk.Ticket) { t.FollowupIDs = []int64{19, 20} },
		`"custom_fields":{}`:              func(t *zendesk.Ticket) { t.CustomFields = []zendesk.CustomField{} },
		`"custom_fields":[null,[],{"id":"3","value":"x"}]`: func(t *zendesk.Ticket) {
			t.CustomFields = []zendesk.CustomField{{ID: 3, Value: "x"}}
		},
		`"via":[]`:                     nil,
		`"via":"web"`:                  nil,
		`"via":{"channel":{}}`:         nil,
		`"satisfaction_rating":[]`:     nil,
		`"satisfaction_rating":"good"`: nil,
		`"satisfaction_rating":{"score":"good","id":"x","updated_at":"soon"}`: func(t *zendesk.Ticket) {
			t.SatisfactionRating = &zendesk.SatisfactionRating{Score: "good"}
		},
		`"metric_set":[]`: nil,
		`"metric_set":{"reopens":"2","solved_at":"never","reply_time_in_minutes":[],"full_resolution_time_in_minutes":{"calendar":"12","business":""}}`: func(t *zendesk.Ticket) {
			twelve := int64(12)
			t.Metrics = &zendesk.MetricSet{Reopens: 2, FullResolutionTime: zendesk.Minutes{Calendar: &twelve}}
		},
		`"updated_at":"2025-03-02 08:15:30 UTC"`:   nil,
		`"updated_at":"2025-03-02T10:15:30+0200"`:  nil,
		`"updated_at":"2025-03-02 10:15:30+02:00"`: nil,
		`"created_at":""`:                          nil,
	} {
		t.Run(text, func(t *testing.T) {
			want := sane
			if change != nil {
				change(&want)
			}
			got := decodeTicket(t, `{"id":1,"status":"open","updated_at":"2025-03-02T08:15:30Z",`+text+`}`)
			assert.Equal(t, want, got)
		})
	}
}

func TestWhatOrdersRowsHasToBeRight(t *testing.T) {
	for _, member := range []string{
		`"updated_at":"soon"`, `"updated_at":1740903330`, `"updated_at":{}`, `"updated_at":"2025-03-02 08:15:30"`, `"updated_at":"2025-03-02"`,
		`"created_at":"soon"`, `"created_at":false`, `"id":"x"`, `"id":1.5`, `"id":[]`,
	} {
		_, err := zendesk.DecodeTickets([]byte(`{"tickets":[{"id":1,` + member + `}],"end_of_stream":true}`))
		assert.ErrorContains(t, err, "at byte", member)
		_, err = zendesk.DecodeUsers([]byte(`{"users":[{"id":1,` + member + `}]}`))
		assert.ErrorContains(t, err, "at byte", member)
		_, err = zendesk.DecodeOrganizations([]byte(`{"organizations":[{"id":1,` + member + `}]}`))
		assert.ErrorContains(t, err, "at byte", member)
	}
	_, err := zendesk.DecodeOrganizations([]byte(`{"organizations":[{"id":1,"deleted_at":"lately"}]}`))
	assert.ErrorContains(t, err, "at byte", "an organization whose deletion cannot be read must not pass for one that exists")
	for _, end := range []string{`"soon"`, `1`, `{}`, `[]`} {
		_, err := zendesk.DecodeTickets([]byte(`{"tickets":[],"end_of_stream":` + end + `}`))
		assert.ErrorContains(t, err, "at byte", end)
	}
}

// Broken JSON is never forgiven, wherever it stands.
func TestOddIsNotBroken(t *testing.T) {
	for _, member := range []string{
		`"tags":{"a":}`, `"tags":{]`, `"via":[}`, `"organization_id":12x`, `"organization_id":tru`, `"external_id":nul`,
		`"satisfaction_rating":[1`, `"from_messaging_channel":"\x"`, `"custom_fields":[{},]`, `"type":01`,
	} {
		_, err := zendesk.DecodeTickets([]byte(`{"tickets":[{"id":1,` + member + `}],"end_of_stream":true}`))
		assert.Error(t, err, member)
	}
}

func TestPeopleWithOddOptionalMembers(t *testing.T) {
	users, err := zendesk.DecodeUsers([]byte(`{"users":[
		{"id":"1","active":"false","suspended":null,"verified":"true","organization_id":"500","user_fields":[],"tags":null,"phone":15551234567},
		{"id":2,"active":"perhaps","organization_id":"","user_fields":"none","last_login_at":"yesterday","tags":{}},
		{"id":3,"active":null,"user_fields":null,"shared_phone_number":0},
		{"id":4,"active":true,"user_fields":{"seats":1e400,"nested":{"deep":[-1e400,2]},"tier":"gold"}}]}`))
	require.NoError(t, err)
	assert.Equal(t, []zendesk.User{
		{ID: 1, Verified: true, OrganizationID: 500, UserFields: map[string]any{}, Phone: "15551234567"},
		{ID: 2, Active: true, UserFields: map[string]any{}, Tags: []string{}},
		{ID: 3, Active: true},
		{ID: 4, Active: true, UserFields: map[string]any{"seats": nil, "nested": map[string]any{"deep": []any{nil, 2.0}}, "tier": "gold"}},
	}, users)
	organizations, err := zendesk.DecodeOrganizations([]byte(`{"organizations":[
		{"id":1.0,"domain_names":{},"group_id":"x","organization_fields":[],"tags":null,"external_id":7}]}`))
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Organization{
		{ID: 1, DomainNames: []string{}, OrganizationFields: map[string]any{}, ExternalID: "7"},
	}, organizations)
}

func TestOddCompanyOfWhatWasAskedFor(t *testing.T) {
	rows, err := zendesk.DecodeTickets([]byte(`{"tickets":[{"id":1}],"end_of_stream":"true","metric_sets":{},"users":{},
		"count":{"value":1},"meta":[],"links":[]}`))
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Ticket{{ID: 1}}, rows)
}

func TestOddRowsBesideWhatWasAskedFor(t *testing.T) {
	const beside = `"users":[null,{"name":"No id"},{"id":"x"},{"id":6,"updated_at":"soon"},7,{"id":"5","name":"Ann"}],
		"organizations":[null,{},{"id":[]},{"id":9,"deleted_at":"lately"},{"id":8,"name":"Acme"}]`
	rows, err := zendesk.DecodeTickets([]byte(`{"tickets":[{"id":1}],"end_of_stream":true,` + beside + `}`))
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Ticket{{ID: 1}}, rows)
	c, _ := connect(t, map[string]answer{"/api/v2/tickets/1.json": {body: `{"ticket":{"id":1,"requester_id":5,"organization_id":8},` + beside + `}`}})
	got, err := c.ShowTicket(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, "Ann", got.Row.Requester.Name)
	assert.Equal(t, "Acme", got.Row.Organization.Name)

	for _, row := range []string{`null`, `{"name":"No id"}`, `{"id":6,"updated_at":"soon"}`} {
		_, err := zendesk.DecodeUsers([]byte(`{"users":[` + row + `]}`))
		assert.Error(t, err, "what was asked for has to be right: %s", row)
		_, err = zendesk.DecodeOrganizations([]byte(`{"organizations":[` + row + `]}`))
		assert.Error(t, err, row)
	}
}

func TestOddCounts(t *testing.T) {
	for body, want := range map[string]int64{
		`{"value":"102","refreshed_at":""}`: 102, `{"value":102,"refreshed_at":"lately"}`: 102, `{"value":102.0,"refreshed_at":{}}`: 102, `{"value":true}`: -1, `5`: -1,
	} {
		c, _ := connect(t, map[string]answer{"/api/v2/tickets/count.json": {body: `{"count":` + body + `}`}})
		got, err := c.CountTickets(t.Context())
		if want < 0 {
			assert.Error(t, err, body)
			continue
		}
		require.NoError(t, err, body)
		assert.Equal(t, zendesk.Count{Value: want}, got.Row)
	}
}

func TestOddCountsOfASearch(t *testing.T) {
	for body, want := range map[string]int64{`12`: 12, `"12"`: 12, `12.0`: 12, `0`: 0, `""`: -1, `null`: -1, `"many"`: -1, `{}`: -1, `1.5`: -1} {
		c, _ := connect(t, map[string]answer{"/api/v2/search/count.json": {body: `{"count":` + body + `}`}})
		got, err := c.CountSearch(t.Context(), "type:ticket")
		if want < 0 {
			assert.ErrorContains(t, err, "it has no count", body)
			continue
		}
		require.NoError(t, err, body)
		assert.Equal(t, want, got, body)
	}
}

// One odd row leaves the rest of the list, and what it says for sure, readable.
func TestWebhooksAndTriggersWithOddOptionalMembers(t *testing.T) {
	const invocations = "/api/v2/webhooks/" + hookID + "/invocations"
	c, _ := connect(t, map[string]answer{
		"/api/v2/webhooks": {body: `{"webhooks":[{"id":"01A","created_at":"","subscriptions":"conditional_ticket_events","name":7},
			{"id":"01B","created_at":1777896000,"subscriptions":{},"status":null},
			{"id":"01C","created_at":"2026-05-04 12:00:00 UTC","subscriptions":["zen:event-type:ticket.created",null,{}]},
			{"id":"01D","subscriptions":""}],"meta":{"has_more":false}}`},
		"/api/v2/triggers": {body: `{"triggers":[{"id":"25","created_at":"","actions":{},"title":"a"},
			{"id":26.0,"active":"false","created_at":"lately","actions":[null,"x",{"field":7,"value":{}},{"value":["` + hookID + `","{}"],"field":"notification_webhook"},
				{"field":"notification_webhook","value":["01Z","{}"]}]},
			{"id":27,"active":null,"actions":[{"field":"notification_webhook","value":[7]},{"field":"notification_webhook","value":"` + hookID + `"}]}],"meta":[]}`},
		invocations: {body: `{"invocations":[{"id":"01A","latest_completed_at":"","attempts_count":"1","status":"failed"},
			{"id":2,"created_at":"2026-05-04T12:00:00+0000","latest_completed_at":null,"attempts_count":{}}],"meta":{"has_more":"false"}}`},
		invocations + "/01A/attempts": {body: `{"attempts":[{"id":"01B","response_code":"503","created_at":"","duration_ms":12.0},{"response_code":null}]}`},
	})
	hooks, err := c.AllWebhooks(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Webhook{
		{ID: "01A", Name: "7", Subscriptions: []string{zendesk.ConditionalTicketEvents}},
		{ID: "01B", Subscriptions: []string{}},
		{ID: "01C", Subscriptions: []string{"zen:event-type:ticket.created"}, CreatedAt: noon},
		{ID: "01D"},
	}, hooks.Rows)
	triggers, err := c.ListTriggers(t.Context(), zendesk.ListQuery{})
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Trigger{
		{ID: 25, Title: "a", Active: true}, {ID: 26, WebhookID: hookID}, {ID: 27, Active: true},
	}, triggers.Rows)
	page, err := c.ListInvocations(t.Context(), hookID, zendesk.InvocationQuery{})
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Invocation{{ID: "01A", Status: "failed", AttemptsCount: 1}, {ID: "2", CreatedAt: noon}}, page.Rows)
	attempts, err := c.ListInvocationAttempts(t.Context(), hookID, "01A")
	require.NoError(t, err)
	assert.Equal(t, []zendesk.InvocationAttempt{{ID: "01B", ResponseCode: 503, DurationMS: 12}, {}}, attempts)
}

func TestWebhooksAndTriggersThatCannotBeRead(t *testing.T) {
	for _, rows := range []string{`{}`, `"none"`, `[7]`, `["x"]`, `[{"id":"25x"}]`, `[{"actions":[}]`} {
		c, _ := connect(t, map[string]answer{"/api/v2/triggers": {body: `{"triggers":` + rows + `}`}})
		_, err := c.ListTriggers(t.Context(), zendesk.ListQuery{})
		assert.ErrorContains(t, err, "/api/v2/triggers", rows)
	}
}

func TestSurveysAndFieldsWithOddOptionalMembers(t *testing.T) {
	c, _ := connect(t, map[string]answer{
		"/api/v2/guide/survey_responses": {body: `{"survey_responses":[{"id":5,"responder_id":"439","expires_at":"one day","subject_zrns":{},"survey":[],
			"answers":[{"type":"rating_scale","rating":4.0,"question":{"id":7,"options":null},"updated_at":"2025-03-02T08:15:30Z"}]},
			{"id":"6","answers":{}}],"meta":{"has_more":"false"},"links":[]}`},
		"/api/v2/user_fields.json": {body: `{"user_fields":[{"id":"7","key":"tier","active":"true","system":null,"custom_field_options":
			[{"id":"1","name":"Gold","value":3}]},{"id":8,"custom_field_options":{}},
			{"id":9,"active":null},{"id":10,"active":false},{"id":11,"active":"false"}],"meta":[],"links":null}`},
	})
	surveys, err := c.ListSurveyResponses(t.Context(), zendesk.SurveyQuery{})
	require.NoError(t, err)
	assert.True(t, surveys.End)
	assert.Equal(t, []zendesk.SurveyResponse{
		{ID: "5", ResponderID: 439, SubjectZRNs: []string{}, Answers: []zendesk.SurveyAnswer{{
			Type: "rating_scale", Rating: 4, Question: zendesk.SurveyQuestion{ID: "7"}, UpdatedAt: time.Date(2025, 3, 2, 8, 15, 30, 0, time.UTC),
		}}},
		{ID: "6"},
	}, surveys.Rows)
	fields, err := c.ListUserFields(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Field{
		{ID: 7, Key: "tier", Active: true, Options: []zendesk.FieldOption{{ID: 1, Name: "Gold", Value: "3"}}},
		{ID: 8, Active: true},
		{ID: 9, Active: true},
		{ID: 10},
		{ID: 11},
	}, fields.Rows)
}

// Zendesk filters surveys by milliseconds, so their times may come in them too.
func TestWhenASurveyExpires(t *testing.T) {
	for text, want := range map[string]time.Time{
		`"2026-05-04T12:00:00Z"`: noon, `"2026-05-04T12:00:00.000Z"`: noon, `"2026-05-04 12:00:00 UTC"`: noon, `"2026-05-04T14:00:00+0200"`: noon,
		`1777896000000`: noon, `"1777896000000"`: noon, `1777896000`: noon, `"1777896000"`: noon, `1777896000000.0`: noon,
		`null`: {}, `""`: {}, `0`: {}, `-1`: {}, `"one day"`: {}, `true`: {}, `{"at":1}`: {}, `[1777896000]`: {},
	} {
		c, _ := connect(t, map[string]answer{"/api/v2/guide/survey_responses": {
			body: `{"survey_responses":[{"expires_at":` + text + `,"id":"5"},{"id":"6"}],"meta":{"has_more":false}}`,
		}})
		got, err := c.ListSurveyResponses(t.Context(), zendesk.SurveyQuery{})
		require.NoError(t, err, text)
		assert.Equal(t, []zendesk.SurveyResponse{{ID: "5", ExpiresAt: want}, {ID: "6"}}, got.Rows, text)
	}
	c, _ := connect(t, map[string]answer{"/api/v2/guide/survey_responses": {body: `{"survey_responses":[{"expires_at":12x}]}`}})
	_, err := c.ListSurveyResponses(t.Context(), zendesk.SurveyQuery{})
	assert.Error(t, err, "broken JSON")
}

func TestSurveysAndFieldsThatCannotBeRead(t *testing.T) {
	c, _ := connect(t, map[string]answer{
		"/api/v2/guide/survey_responses": {body: `{"survey_responses":[{"id":"5","answers":[{"updated_at":"soon"}]}]}`},
		"/api/v2/user_fields.json":       {body: `{"user_fields":[{"id":"x"}]}`},
	})
	_, err := c.ListSurveyResponses(t.Context(), zendesk.SurveyQuery{})
	assert.ErrorContains(t, err, "at byte")
	_, err = c.ListUserFields(t.Context())
	assert.ErrorContains(t, err, "at byte")
}
