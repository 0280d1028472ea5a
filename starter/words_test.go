package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
)

func TestTimesAreShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:                        "0s",
		0:                                   "0ms",
		850 * time.Millisecond:              "850ms",
		34*time.Second + 900_000_000:        "34s",
		2*time.Minute + 5*time.Second:       "2m05s",
		59*time.Minute + 59*time.Second:     "59m59s",
		3*time.Hour + 2*time.Minute:         "3h02m",
		52*time.Hour + 59*time.Minute:       "2d4h",
		400 * 24 * time.Hour:                "400d",
		time.Minute - time.Nanosecond:       "59s",
		24*time.Hour - time.Nanosecond:      "23h59m",
		time.Second + 499*time.Millisecond:  "1s",
		60*time.Minute + 30*time.Second:     "1h00m",
		999*time.Microsecond + time.Second:  "1s",
		999*time.Millisecond + 999_999:      "999ms",
		10*time.Hour + 10*time.Minute + 999: "10h10m",
	} {
		assert.Equal(t, want, span(d), d.String())
	}
	now := time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC)
	assert.Equal(t, "just now", ago(now, now.Add(-900*time.Millisecond)))
	assert.Equal(t, "just now", ago(now, now.Add(time.Hour)), "clocks of two hosts differ")
	assert.Equal(t, "1m30s ago", ago(now, now.Add(-90*time.Second)))
	elsewhere := time.Date(2024, 1, 15, 12, 30, 0, 999, time.FixedZone("", 2*3600))
	assert.Equal(t, "2024-01-15T10:30:00Z", clock(elsewhere))
	assert.Equal(t, now, *utc(elsewhere))
	assert.Nil(t, utc(time.Time{}))
	assert.EqualValues(t, 1, seconds(time.Millisecond), "a wait that is left is never 0 s")
}

func TestNumbersAreGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 34200: "34,200", 1234567: "1,234,567", -1200: "-1,200"} {
		assert.Equal(t, want, thousands(n))
	}
	assert.Equal(t, "1 page", plural(1, "page"))
	assert.Equal(t, "0 pages", plural(0, "page"))
	assert.Equal(t, "2 addresses", plural(2, "address"))
	assert.Equal(t, "1,200 rows", plural(1200, "row"))
	assert.Equal(t, "no_email 1,200, agent 3, suspended 3, unspecified 1",
		byReason(map[string]int64{"suspended": 3, "no_email": 1200, "agent": 3, "": 1}))
}

func TestWaitsSayWhyAndHowLong(t *testing.T) {
	t.Parallel()
	limit := hold{Limit: true, Reason: "Zendesk export budget", Left: 33400 * time.Millisecond, Attempt: 4}
	assert.Equal(t, "waiting 34 s: Zendesk export budget", limit.short())
	later := limit
	later.Left = time.Second
	assert.Equal(t, limit.key(), later.key(), "a countdown is no news")
	assert.Equal(t, "paused", hold{Paused: true, Reason: "Brevo refused the API key (401)", Left: time.Minute}.short())
	assert.Equal(t, "trying again in 10 s (attempt 2 failed): zendesk GET /api/v2/users: 502",
		hold{Reason: "zendesk GET /api/v2/users: 502", Left: 10 * time.Second, Attempt: 3}.short())
}

func TestStreamNumbers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stream stream
		want   string
	}{
		"nothing yet":       {stream{State: streamReading}, "0 rows, 0 pages"},
		"expected":          {stream{State: streamReading, Expected: 34200}, "0 of ~34,200 rows, 0 pages"},
		"under way":         {stream{State: streamReading, Rows: 12000, Pages: 12, Expected: 34200, Rate: 950}, "12,000 of ~34,200 rows, 12 pages, 950 rows/s, ETA 24s"},
		"more than counted": {stream{State: streamReading, Rows: 40000, Pages: 40, Expected: 34200, Rate: 950}, "40,000 of ~34,200 rows, 40 pages, 950 rows/s"},
		"count unknown":     {stream{State: streamReading, Rows: 1, Pages: 1, Rate: 2}, "1 row, 1 page, 2 rows/s"},
		"waiting": {stream{
			State: streamReading, Rows: 12000, Pages: 12, Expected: 34200, Rate: 950,
			Holds: []hold{{Limit: true, Reason: "Zendesk export budget", Left: 34 * time.Second}},
		}, "12,000 of ~34,200 rows, waiting 34 s: Zendesk export budget"},
		"done":   {stream{State: streamDone, Rows: 34200, Pages: 35, Expected: 34000}, "34,200 rows, 35 pages, done"},
		"failed": {stream{State: streamFailed, Rows: 10, Pages: 1, Expected: 20}, "10 rows, 1 page, failed"},
	} {
		assert.Equal(t, test.want, test.stream.text(), name)
	}
}

func TestTheFiveLines(t *testing.T) {
	t.Parallel()
	line := func(name, state string) string {
		return checkLine(activities.CheckLine{Name: name, State: state, Cause: "zendesk GET /api/v2/users: 403", Fix: "give the connected user the admin role"}, palette{})
	}
	for _, name := range []string{
		"API connection successful", "Users readable", "Tickets readable", "Organizations readable", "Webhooks configured",
	} {
		assert.Equal(t, "✓ "+name, line(name, activities.CheckOK))
	}
	assert.Equal(t, "✗ Users readable: zendesk GET /api/v2/users: 403; give the connected user the admin role", line("Users readable", activities.CheckFailed))
	assert.Equal(t, "- Webhooks not configured (optional; changes arrive within 5m)", checkLine(activities.CheckLine{
		Name: "Webhooks configured", State: activities.CheckOptional, Cause: "optional; changes arrive within 5m",
	}, palette{}))
	assert.Equal(t, "\x1b[32m✓\x1b[0m Users readable", checkLine(activities.CheckLine{Name: "Users readable", State: activities.CheckOK}, palette{true}))
}

func TestResumeSaysWhatStood(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC)
	resumed := func(was *control.Pause, accept bool) string {
		return (&resumeReport{Account: "acme", Resumed: was != nil, Was: was}).text(accept)
	}
	credentials := &control.Pause{Kind: activities.PauseCredentials, Message: "Zendesk refused the credentials (401)", At: &at}
	mass := &control.Pause{Kind: activities.PauseMassChange, Message: "this run would clear 300 of 900 contacts", At: &at}
	assert.Equal(t, "acme is not paused.\n", resumed(nil, true))
	assert.Equal(t, "Resumed acme, which was paused since 2024-01-15T10:30:00Z:\n  Zendesk refused the credentials (401)\nWork goes on within a minute.\n",
		resumed(credentials, true))
	assert.Contains(t, resumed(mass, false), "it will pause again; if the change is meant: starter resume --accept")
	assert.Equal(t, "Resumed acme, and accepted once what paused it since 2024-01-15T10:30:00Z:\n  this run would clear 300 of 900 contacts\n",
		resumed(mass, true))
}
