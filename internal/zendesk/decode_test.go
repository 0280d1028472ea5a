package zendesk_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/zendesk"
)

// TestPageDecodesAsTagged compares the page decoder with encoding/json over the nouns' own tags.
func TestPageDecodesAsTagged(t *testing.T) {
	page := exportPage(t, 50)
	var want struct {
		Tickets []zendesk.Ticket    `json:"tickets"`
		Metrics []zendesk.MetricSet `json:"metric_sets"`
	}
	require.NoError(t, json.Unmarshal(page, &want))
	for i := range want.Tickets {
		want.Tickets[i].Metrics = &want.Metrics[i]
	}
	got, err := zendesk.DecodeTickets(page)
	require.NoError(t, err)
	assert.Equal(t, want.Tickets, got)
}

func decodeTicket(t *testing.T, body string) zendesk.Ticket {
	t.Helper()
	rows, err := zendesk.DecodeTickets([]byte(`{"tickets":[` + body + `],"end_of_stream":true}`))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0]
}

func TestTicketWithEverything(t *testing.T) {
	got := decodeTicket(t, `{"id":26000000000001,"external_id":"A-1","via":{"channel":"native_messaging","source":{"from":{},"rel":null}},
		"from_messaging_channel":true,"created_at":"2025-03-01T08:15:30Z","updated_at":"2025-03-02T08:15:30.25+02:00",
		"generated_timestamp":1740816930,"type":"incident","priority":"urgent","status":"hold","custom_status_id":4,
		"requester_id":11,"submitter_id":12,"assignee_id":13,"organization_id":14,"group_id":15,"brand_id":16,"ticket_form_id":17,
		"problem_id":18,"followup_ids":[19,20],"tags":["vip","caf\u00e9"],"custom_fields":[{"id":1,"value":null},{"id":2,"value":"x"},
		{"id":3,"value":true},{"id":4,"value":12.5},{"id":5,"value":["a","b"]},{"id":6,"value":{"k":[1]}}],
		"satisfaction_rating":{"id":9,"score":"good","comment":"private","reason":"r","reason_id":5},
		"metric_set":{"ticket_id":26000000000001,"reopens":2,"replies":3,"solved_at":"2025-03-03T00:00:00Z",
		"reply_time_in_minutes":{"calendar":12,"business":null}},"subject":"private","description":"private"}`)
	twelve := int64(12)
	assert.Equal(t, zendesk.Ticket{
		ID: 26000000000001, ExternalID: "A-1", Via: zendesk.Via{Channel: "native_messaging"}, FromMessagingChannel: true,
		CreatedAt: time.Date(2025, 3, 1, 8, 15, 30, 0, time.UTC), UpdatedAt: time.Date(2025, 3, 2, 6, 15, 30, 250_000_000, time.UTC),
		GeneratedTimestamp: 1740816930, Type: "incident", Priority: "urgent", Status: "hold", CustomStatusID: 4,
		RequesterID: 11, SubmitterID: 12, AssigneeID: 13, OrganizationID: 14, GroupID: 15, BrandID: 16, TicketFormID: 17,
		ProblemID: 18, FollowupIDs: []int64{19, 20}, Tags: []string{"vip", "café"},
		CustomFields: []zendesk.CustomField{
			{ID: 1},
			{ID: 2, Value: "x"},
			{ID: 3, Value: true},
			{ID: 4, Value: 12.5},
			{ID: 5, Value: []any{"a", "b"}},
			{ID: 6, Value: map[string]any{"k": []any{1.0}}},
		},
		SatisfactionRating: &zendesk.SatisfactionRating{ID: 9, Score: "good", ReasonID: 5},
		Metrics: &zendesk.MetricSet{
			TicketID: 26000000000001, Reopens: 2, Replies: 3, SolvedAt: time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC),
			ReplyTime: zendesk.Minutes{Calendar: &twelve},
		},
	}, got)
}

func TestTicketText(t *testing.T) {
	got := decodeTicket(t, `{"id":1,"subject":"private-text","raw_subject":"private-text","description":"private-text",
		"satisfaction_rating":{"id":9,"score":"bad","comment":"private-text"},"via":{"channel":"email","source":{"from":{"name":"private-text"}}}}`)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "private-text")
}

func TestTicketWithNothing(t *testing.T) {
	got := decodeTicket(t, `{"id":1,"external_id":null,"via":null,"created_at":null,"type":null,"priority":null,"status":"deleted",
		"requester_id":null,"tags":null,"custom_fields":null,"satisfaction_rating":null,"followup_ids":null,"metric_set":null,
		"from_messaging_channel":null,"generated_timestamp":null}`)
	assert.Equal(t, zendesk.Ticket{ID: 1, Status: "deleted"}, got)
	assert.True(t, got.Deleted())
}

func TestUnofferedRating(t *testing.T) {
	got := decodeTicket(t, `{"id":1,"satisfaction_rating":{"score":"unoffered"}}`)
	assert.Equal(t, &zendesk.SatisfactionRating{Score: "unoffered"}, got.SatisfactionRating)
}

func TestMetricSetsJoin(t *testing.T) {
	const tickets, sets = `"tickets":[{"id":1},{"id":2},{"id":3}]`, `"metric_sets":[{"ticket_id":3,"reopens":3},{"ticket_id":1,"reopens":1}]`
	for name, body := range map[string]string{
		"after the tickets":  `{` + tickets + `,` + sets + `,"end_of_stream":true}`,
		"before the tickets": `{` + sets + `,` + tickets + `,"end_of_stream":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := zendesk.DecodeTickets([]byte(body))
			require.NoError(t, err)
			require.NotNil(t, rows[0].Metrics)
			require.NotNil(t, rows[2].Metrics)
			assert.Equal(t, int64(1), rows[0].Metrics.Reopens)
			assert.Nil(t, rows[1].Metrics)
			assert.Equal(t, int64(3), rows[2].Metrics.Reopens)
		})
	}
	rows, err := zendesk.DecodeTickets([]byte(`{` + tickets + `,"end_of_stream":true}`))
	require.NoError(t, err)
	assert.Nil(t, rows[0].Metrics, "missing altogether")
}

func TestUserShapes(t *testing.T) {
	rows, err := zendesk.DecodeUsers([]byte(`{"users":[
		{"id":1,"name":"李 雷","email":null,"phone":"+15551234567","shared_phone_number":true,"role":"end-user","active":false,
		 "suspended":true,"verified":true,"external_id":"X","organization_id":9,"ticket_restriction":"requested","tags":["a"],
		 "user_fields":{"tier":"gold","n":5.1,"on":true,"since":"2012-07-23T00:00:00Z","empty":null},"locale":"en-US",
		 "time_zone":"Copenhagen","iana_time_zone":"Europe/Copenhagen","created_at":"2009-07-20T22:55:29Z",
		 "updated_at":"2011-05-05T10:38:52Z","last_login_at":null,"details":"private","notes":"private"},
		{"id":2,"name":"Second","active":null,"shared_phone_number":null,"user_fields":{},"tags":[]},
		{"id":3}]}`))
	require.NoError(t, err)
	require.Len(t, rows, 3)
	assert.Equal(t, zendesk.User{
		ID: 1, Name: "李 雷", Phone: "+15551234567", SharedPhoneNumber: true, Role: "end-user", Suspended: true, Verified: true,
		ExternalID: "X", OrganizationID: 9, TicketRestriction: "requested", Tags: []string{"a"},
		UserFields: map[string]any{"tier": "gold", "n": 5.1, "on": true, "since": "2012-07-23T00:00:00Z", "empty": nil},
		Locale:     "en-US", TimeZone: "Copenhagen", IANATimeZone: "Europe/Copenhagen",
		CreatedAt: time.Date(2009, 7, 20, 22, 55, 29, 0, time.UTC), UpdatedAt: time.Date(2011, 5, 5, 10, 38, 52, 0, time.UTC),
	}, rows[0])
	assert.Equal(t, zendesk.User{ID: 2, Name: "Second", Active: true, UserFields: map[string]any{}, Tags: []string{}}, rows[1])
	assert.Equal(t, zendesk.User{ID: 3, Active: true}, rows[2], "silence is not a deletion")
}

func TestOrganizationShapes(t *testing.T) {
	rows, err := zendesk.DecodeOrganizations([]byte(`{"organizations":[
		{"id":1,"name":"Acme","domain_names":["acme.example"],"external_id":"E","group_id":2,"tags":["gold"],
		 "organization_fields":{"plan":"pro"},"created_at":"2018-11-14T00:14:52Z","updated_at":"2018-11-14T00:54:22Z",
		 "deleted_at":"2019-01-01T00:00:00Z","notes":"private","details":"private"},
		{"id":2,"name":"Bare","domain_names":[],"external_id":null,"deleted_at":null}]}`))
	require.NoError(t, err)
	assert.Equal(t, []zendesk.Organization{
		{
			ID: 1, Name: "Acme", DomainNames: []string{"acme.example"}, ExternalID: "E", GroupID: 2, Tags: []string{"gold"},
			OrganizationFields: map[string]any{"plan": "pro"}, CreatedAt: time.Date(2018, 11, 14, 0, 14, 52, 0, time.UTC),
			UpdatedAt: time.Date(2018, 11, 14, 0, 54, 22, 0, time.UTC), DeletedAt: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC),
		},
		{ID: 2, Name: "Bare", DomainNames: []string{}},
	}, rows)
}

func TestAnswersOfAnotherShapeAreNoEmptyPages(t *testing.T) {
	for _, body := range []string{
		`{}`, `[]`, `null`, `{"tickets":[]}`, `{"end_of_stream":true}`, `{"tickets":null,"end_of_stream":true}`,
		`{"tickets":[],"end_of_stream":null}`, `{"tickets":{},"end_of_stream":true}`, `{"tickets":[{}],"end_of_stream":true}`,
		`{"tickets":[{"id":null}],"end_of_stream":true}`, `{"tickets":[],"end_of_stream":true} trailing`,
	} {
		_, err := zendesk.DecodeTickets([]byte(body))
		assert.Error(t, err, body)
	}
}
