package brevosim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
)

func event(name string, identifiers obj) obj {
	return obj{"event_name": name, "identifiers": identifiers}
}

func TestCreateEvent(t *testing.T) {
	ann := obj{"email_id": "ann@example.com"}
	tests := []struct {
		name    string
		body    obj
		status  int
		contact int64
	}{
		{"by address", event("ticket_solved", ann), 204, 1},
		{"by id before all", event("ticket_solved", obj{"contact_id": 2, "email_id": "ann@example.com"}), 204, 2},
		{"by external id", event("ticket_solved", obj{"ext_id": "77"}), 204, 1},
		{"by phone", event("ticket_solved", obj{"phone_id": "+33687654321"}), 204, 3},
		{"nobody", event("ticket_solved", obj{"email_id": "zoe@example.com"}), 204, 0},
		{"a dot in the name", event("ticket.solved", ann), 400, 0},
		{"no name", event("", ann), 400, 0},
		{"a long name", event(strings.Repeat("a", 256), ann), 400, 0},
		{"email is no identifier", event("ticket_solved", obj{"email": "ann@example.com"}), 400, 0},
		{"no identifiers", event("ticket_solved", obj{}), 400, 0},
		{"a bad date", obj{"event_name": "x", "identifiers": ann, "event_date": "today"}, 400, 0},
		{"over 50 KB", obj{"event_name": "x", "identifiers": ann, "event_properties": obj{"a": strings.Repeat("x", 51<<10)}}, 400, 0},
		{"a bad property name", obj{"event_name": "x", "identifiers": ann, "event_properties": obj{"a.b": 1}}, 400, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			got := a.call("POST", "/events", tt.body)
			require.Equal(t, tt.status, got.Status, "%s", got.Raw)
			if tt.status != 204 {
				assert.Empty(t, a.Events())
				return
			}
			assert.Empty(t, got.Raw)
			require.Len(t, a.Events(), 1)
			assert.Equal(t, tt.contact, a.Events()[0].ContactID)
			assert.Equal(t, tt.contact == 0, len(a.Unattributed()) == 1)
		})
	}
}

func TestEventsChangeTheirContact(t *testing.T) {
	a := seeded(t)
	a.must(204, "POST", "/events", obj{
		"event_name": "x", "identifiers": obj{"email_id": "bob@example.com"},
		"contact_properties": obj{"AGE": 12, "UNKNOWN": "x", "BORN": "later", "FIRSTNAME": "Rob"},
	})
	assert.Equal(t, obj{"AGE": 12.0, "FIRSTNAME": "Rob"}, a.contact("bob@example.com").Attributes)
	assert.Zero(t, a.Writes().Total(), "an event is no contact write")
}

func TestBatchOfEvents(t *testing.T) {
	good, bad := event("ok", obj{"email_id": "ann@example.com"}), event("not ok", obj{"email_id": "ann@example.com"})
	many := make([]obj, 201)
	for i := range many {
		many[i] = good
	}
	tests := []struct {
		name   string
		body   any
		status int
		stored int
		failed float64
	}{
		{"all well", obj{"events": []obj{good, good}}, 202, 2, 0},
		{"some", obj{"events": []obj{bad, good, bad}}, 207, 1, 2},
		{"none", obj{"events": []obj{bad}}, 400, 0, 1},
		{"a bare array", []obj{good}, 400, 0, 0},
		{"empty", obj{"events": []obj{}}, 400, 0, 0},
		{"201", obj{"events": many}, 400, 0, 201},
		{"200", obj{"events": many[:200]}, 202, 200, 0},
		{"over 512 KB", obj{"events": []obj{good}, "x": strings.Repeat("x", 513<<10)}, 400, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			got := a.call("POST", "/events/batch", tt.body)
			require.Equal(t, tt.status, got.Status, "%s", got.Raw)
			assert.Len(t, a.Events(), tt.stored)
			if tt.status == 202 {
				assert.EqualValues(t, tt.stored, got.object(t)["count"])
				return
			}
			assert.Equal(t, tt.failed, got.object(t)["failed_events"])
			if tt.status == 207 {
				assert.Equal(t, []any{0.0, 2.0}, got.object(t)["errors"].([]any)[0].(obj)["eventIndex"])
			}
		})
	}
}

func TestReadingEvents(t *testing.T) {
	a := open(t, brevosim.Options{EventLag: time.Minute})
	a.SeedContact(brevosim.Contact{Email: "ann@example.com"})
	a.SeedContact(brevosim.Contact{Email: "bob@example.com"})
	for _, e := range []obj{
		{"event_name": "older", "event_date": "2026-02-01T10:00:00+01:00", "identifiers": obj{"contact_id": 1}, "event_properties": obj{"key": "k1"}},
		{"event_name": "newer", "event_date": "2026-02-02T10:00:00Z", "identifiers": obj{"contact_id": 1}},
		{"event_name": "other", "event_date": "2026-02-03T10:00:00Z", "identifiers": obj{"contact_id": 2}},
		{"event_name": "nobody", "identifiers": obj{"email_id": "zoe@example.com"}},
		{"event_name": "ancient", "event_date": "2024-02-03T10:00:00Z", "identifiers": obj{"contact_id": 2}},
	} {
		a.must(204, "POST", "/events", e)
	}
	names := func(query string) []string {
		out := []string{}
		for _, e := range a.must(200, "GET", "/events?"+query, nil).object(t)["events"].([]any) {
			out = append(out, e.(obj)["event_name"].(string))
		}
		return out
	}
	assert.Empty(t, names(""), "not visible yet")
	a.clock.Advance(time.Minute)
	assert.Equal(t, []string{"other", "newer", "older"}, names(""), "newest first, of the last six months, of somebody")
	assert.Equal(t, []string{"newer", "older"}, names("contact_id=1"))
	assert.Equal(t, []string{"older"}, names("contact_id=1&event_name=older&event_name=other"))
	assert.Equal(t, []string{"newer"}, names("startDate=2026-02-02&endDate=2026-02-02"))
	assert.Equal(t, []string{"ancient"}, names("startDate=2024-01-01&endDate=2024-12-31"))
	assert.Equal(t, []string{"newer"}, names("limit=1&offset=1"))
	a.must(400, "GET", "/events?limit=10001", nil)
	first := a.must(200, "GET", "/events?contact_id=1&event_name=older", nil).object(t)["events"].([]any)[0].(obj)
	assert.Equal(t, "2026-02-01T14:30:00.000+05:30", first["event_date"])
	assert.Equal(t, obj{"key": "k1"}, first["event_properties"])
}

func TestSendEmail(t *testing.T) {
	to := []obj{{"email": "Ann@example.com"}}
	tests := []struct {
		name   string
		body   obj
		status int
	}{
		{"template", obj{"templateId": 7, "to": to}, 201},
		{"scheduled", obj{"templateId": 7, "to": to, "scheduledAt": "2026-03-02T10:00:00Z"}, 202},
		{"unknown template", obj{"templateId": 8, "to": to}, 400},
		{"no template", obj{"to": to}, 400},
		{"nobody", obj{"templateId": 7}, 400},
		{"bad address", obj{"templateId": 7, "to": []obj{{"email": "x"}}}, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := open(t, brevosim.Options{TemplateIDs: []int64{7}})
			got := a.call("POST", "/smtp/email", tt.body)
			require.Equal(t, tt.status, got.Status, "%s", got.Raw)
			if tt.status < 300 {
				assert.NotEmpty(t, got.object(t)["messageId"])
				require.Len(t, a.Emails(), 1)
				assert.Equal(t, []string{"ann@example.com"}, a.Emails()[0].To)
			}
		})
	}
}

func TestIdempotencyKeys(t *testing.T) {
	for _, dedup := range []bool{false, true} {
		a := open(t, brevosim.Options{DedupEmails: dedup})
		send := func(key string) any {
			return a.must(201, "POST", "/smtp/email", obj{
				"templateId": 7, "to": []obj{{"email": "ann@example.com"}}, "headers": obj{"Idempotency-Key": key},
			}).object(t)["messageId"]
		}
		first, again, other := send("a"), send("a"), send("b")
		assert.Equal(t, dedup, first == again)
		assert.NotEqual(t, first, other)
		assert.Len(t, a.Emails(), map[bool]int{false: 3, true: 2}[dedup])
		assert.Equal(t, "a", a.Emails()[0].IdempotencyKey)
	}
}

func TestBareEvents(t *testing.T) {
	a := open(t, brevosim.Options{BareEvents: true})
	a.SeedContact(brevosim.Contact{Email: "ann@example.com"})
	a.must(204, "POST", "/events", obj{"event_name": "x", "identifiers": obj{"contact_id": 1}, "event_properties": obj{"key": "k"}})
	row := a.must(200, "GET", "/events", nil).object(t)["events"].([]any)[0].(obj)
	assert.Equal(t, "x", row["event_name"])
	assert.NotContains(t, row, "event_properties")
}
