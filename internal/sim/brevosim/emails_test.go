package brevosim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
)

// mail sends a template with a tag and returns its message id.
func (a *account) mail(template int, tag string, to ...string) string {
	a.t.Helper()
	recipients := []obj{}
	for _, address := range to {
		recipients = append(recipients, obj{"email": address})
	}
	got := a.must(201, "POST", "/smtp/email", obj{"templateId": template, "to": recipients, "tags": []string{tag}})
	return got.object(a.t)["messageId"].(string)
}

// sent lists the tags of the sent e-mails that a query selects.
func (a *account) sent(query string) []string {
	a.t.Helper()
	out := []string{}
	for _, row := range a.must(200, "GET", "/smtp/emails?"+query, nil).object(a.t)["transactionalEmails"].([]any) {
		tags, _ := row.(obj)["tags"].([]any)
		out = append(out, fmt.Sprint(tags...))
	}
	return out
}

func TestSentEmails(t *testing.T) {
	a := open(t, brevosim.Options{})
	first := a.mail(7, "one", "ann@example.com")
	a.clock.Advance(time.Hour)
	a.mail(8, "two", "Ann@example.com", "bob@example.com")
	a.must(201, "POST", "/smtp/email", obj{
		"sender": obj{"email": "x@example.com"}, "subject": "Hello", "htmlContent": "<p>Hello</p>", "to": []obj{{"email": "bob@example.com"}},
	})
	assert.Equal(t, []string{"two", "one"}, a.sent("email=ANN@example.com"), "newest first")
	assert.Equal(t, []string{"one", "two"}, a.sent("email=ann@example.com&sort=asc"))
	assert.Equal(t, []string{"two", "two"}, a.sent("templateId=8"), "a row for each recipient")
	assert.Equal(t, []string{"two"}, a.sent("templateId=8&email=bob@example.com"))
	assert.Equal(t, []string{"one"}, a.sent("messageId="+url.QueryEscape(first)))
	assert.Equal(t, []string{"one"}, a.sent("email=ann@example.com&limit=1&offset=1"))
	assert.Empty(t, a.sent("templateId=9"))

	got := a.must(200, "GET", "/smtp/emails?email=bob@example.com&limit=1", nil).object(t)
	assert.EqualValues(t, 2, got["count"])
	row := got["transactionalEmails"].([]any)[0].(obj)
	assert.Equal(t, "Hello", row["subject"])
	assert.NotContains(t, row, "templateId")
	assert.NotContains(t, row, "tags")
	assert.Equal(t, "2026-03-01T15:30:00.000+05:30", row["date"])
	assert.NotEmpty(t, row["uuid"])

	for query, code := range map[string]string{
		"": "missing_parameter", "limit=5": "missing_parameter", "templateId=1&startDate=2026-03-01": "missing_parameter",
		"templateId=1&endDate=2026-03-01": "missing_parameter", "templateId=x": "invalid_parameter", "templateId=1&sort=up": "invalid_parameter",
		"templateId=1&limit=1001": "out_of_range", "templateId=1&startDate=2026-03-02&endDate=2026-03-01": "invalid_parameter",
		"templateId=1&startDate=2026-01-01&endDate=2026-03-01":                     "invalid_parameter",
		"templateId=1&startDate=2026-03-01T00:00:00Z&endDate=2026-03-02T00:00:00Z": "invalid_parameter",
	} {
		assert.Equal(t, code, a.must(400, "GET", "/smtp/emails?"+query, nil).object(t)["code"], query)
	}
}

func TestSentEmailsByDay(t *testing.T) {
	a := open(t, brevosim.Options{})
	a.mail(7, "morning", "ann@example.com") // 2026-03-01, 14:30 in the account's zone
	a.clock.Advance(10 * time.Hour)
	a.mail(7, "night", "ann@example.com") // 2026-03-01 in UTC, but 2026-03-02 there
	day := func(from, to string) []string {
		return a.sent("templateId=7&startDate=2026-" + from + "&endDate=2026-" + to)
	}
	assert.Equal(t, []string{"morning"}, day("03-01", "03-01"))
	assert.Equal(t, []string{"night"}, day("03-02", "03-02"))
	assert.Equal(t, []string{"night", "morning"}, day("02-02", "03-02"))
	assert.Empty(t, day("02-01", "02-28"))
	a.clock.Advance(31 * 24 * time.Hour)
	assert.Empty(t, a.sent("templateId=7"), "without days it is the last thirty")
	assert.Len(t, day("03-01", "04-01"), 2)
}

func TestSentEmailsShowUpLate(t *testing.T) {
	a := open(t, brevosim.Options{EmailLag: time.Minute})
	a.mail(7, "now", "ann@example.com")
	a.must(202, "POST", "/smtp/email", obj{
		"templateId": 7, "to": []obj{{"email": "ann@example.com"}}, "tags": []string{"later"}, "scheduledAt": "2026-03-01T12:00:00Z",
	})
	assert.Empty(t, a.sent("templateId=7"))
	a.clock.Advance(time.Minute)
	assert.Equal(t, []string{"now"}, a.sent("templateId=7"))
	a.clock.Advance(3 * time.Hour)
	assert.Equal(t, []string{"later", "now"}, a.sent("templateId=7"), "a scheduled one shows when it has left")
}

// The list is how a client finds out what became of an e-mail whose answer never came.
func TestAnEmailWhoseAnswerIsLostIsListed(t *testing.T) {
	a := open(t, brevosim.Options{})
	a.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/smtp/email", DropAfter: true})
	body := strings.NewReader(`{"templateId":7,"to":[{"email":"ann@example.com"}],"tags":["k1"]}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url+"/v3/smtp/email", body)
	require.NoError(t, err)
	req.Header.Set("Api-Key", brevosim.DefaultAPIKey)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	require.Error(t, err)
	assert.Equal(t, []string{"k1"}, a.sent("email=ann@example.com&templateId=7"))
}
