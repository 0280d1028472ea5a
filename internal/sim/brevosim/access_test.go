package brevosim_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
)

func TestRefusedCallers(t *testing.T) {
	tests := []struct {
		name    string
		key     string
		prepare func(*brevosim.Server)
		status  int
		code    string
		message string
	}{
		{"no key", "", nil, 401, "unauthorized", "authentication not found in headers"},
		{"wrong key", "nope", nil, 401, "unauthorized", "Key not found"},
		{"rotated key", brevosim.DefaultAPIKey, func(s *brevosim.Server) { s.SetAPIKey("other") }, 401, "unauthorized", "Key not found"},
		{"unknown address", brevosim.DefaultAPIKey, func(s *brevosim.Server) { s.AllowIPs("203.0.113.0/24") }, 401, "unauthorized", "unrecognised IP address"},
		{"known address", brevosim.DefaultAPIKey, func(s *brevosim.Server) { s.AllowIPs("127.0.0.0/8", "203.0.113.9") }, 200, "", ""},
		{"no credit", brevosim.DefaultAPIKey, func(s *brevosim.Server) { s.RunOutOfCredit("/account") }, 402, "not_enough_credits", "credits"},
		{"outside the plan", brevosim.DefaultAPIKey, func(s *brevosim.Server) { s.Forbid("/account") }, 403, "permission_denied", "plan"},
		{"restored", brevosim.DefaultAPIKey, func(s *brevosim.Server) { s.Forbid("/account"); s.Restore() }, 200, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := open(t, brevosim.Options{})
			if tt.prepare != nil {
				tt.prepare(a.Server)
			}
			header := http.Header{}
			if tt.key != "" {
				header.Set("Api-Key", tt.key)
			}
			got := a.send("GET", "/account", nil, header)
			require.Equal(t, tt.status, got.Status)
			if tt.code != "" {
				assert.Equal(t, tt.code, got.object(t)["code"])
				assert.Contains(t, got.object(t)["message"], tt.message)
			}
		})
	}
}

func TestUnknownRoutesAreLoud(t *testing.T) {
	a := open(t, brevosim.Options{})
	assert.Equal(t, 404, a.call("GET", "/nothing/here", nil).Status)
	assert.Equal(t, 405, a.call("DELETE", "/account", nil).Status)
	require.Len(t, a.Log().Unknown(), 2)
	assert.Equal(t, 200, a.call("GET", "/account", nil).Status)
	assert.Len(t, a.Log().Unknown(), 2)
	calls := a.Log().Calls()
	assert.Equal(t, "/v3/account", calls[2].Route)
	assert.NotEmpty(t, calls[2].RequestID)
}

func TestRateLimitsByFamilyAndPlan(t *testing.T) {
	tests := []struct {
		name, method, path string
		plan               brevosim.Plan
		limit              int
		window             time.Duration
		reset              string
	}{
		{"contacts by the second", "GET", "/contacts", brevosim.General, 10, time.Second, "1"},
		{"contacts, advanced", "GET", "/contacts/lists", brevosim.Advanced, 20, time.Second, "1"},
		{"companies by the hour", "GET", "/companies", brevosim.General, 100, time.Hour, "3600"},
		{"processes, extended", "GET", "/processes", brevosim.Extended, 600, time.Hour, "3600"},
		{"reading events", "GET", "/events", brevosim.General, 100, time.Hour, "3600"},
		{"sent e-mails", "GET", "/smtp/emails?templateId=1", brevosim.General, 2, time.Second, "1"},
		{"sent e-mails, advanced", "GET", "/smtp/emails?templateId=1", brevosim.Advanced, 3, time.Second, "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := open(t, brevosim.Options{Plan: tt.plan})
			var got answer
			for range tt.limit {
				got = a.must(200, tt.method, tt.path, nil)
			}
			assert.Equal(t, "0", got.Header.Get("x-sib-ratelimit-remaining"))
			got = a.call(tt.method, tt.path, nil)
			require.Equal(t, 429, got.Status)
			assert.Equal(t, tt.reset, got.Header.Get("x-sib-ratelimit-reset"))
			assert.Empty(t, got.Header.Get("Retry-After"))
			assert.Equal(t, 200, a.call("GET", map[bool]string{true: "/account", false: "/contacts"}[tt.window == time.Second], nil).Status,
				"another family has its own budget")
			a.clock.Advance(tt.window)
			assert.Equal(t, 200, a.call(tt.method, tt.path, nil).Status)
		})
	}
}

func TestFamiliesAreCounted(t *testing.T) {
	a := open(t, brevosim.Options{Plan: brevosim.General})
	a.call("POST", "/events", obj{"event_name": "x", "identifiers": obj{"email_id": "a@example.com"}})
	a.call("POST", "/events/batch", obj{"events": []obj{}})
	a.call("GET", "/contacts/lists", nil)
	a.call("POST", "/contacts/import", obj{})
	a.call("POST", "/smtp/email", obj{})
	assert.Equal(t, 1, a.Calls(brevosim.FamilyEvents))
	assert.Equal(t, 1, a.Calls(brevosim.FamilyOther), "the batch of events is not listed among the limits")
	assert.Equal(t, 2, a.Calls(brevosim.FamilyContacts))
	assert.Equal(t, 1, a.Calls(brevosim.FamilySendEmail))
}

func TestDrainLeavesNothingForUs(t *testing.T) {
	a := open(t, brevosim.Options{Plan: brevosim.General})
	a.Drain(brevosim.FamilyOther, 99)
	assert.Equal(t, 200, a.call("GET", "/account", nil).Status)
	assert.Equal(t, 429, a.call("GET", "/account", nil).Status)
}

func TestResetHeaderUnits(t *testing.T) {
	for unit, want := range map[brevosim.ResetUnit]string{brevosim.Seconds: "180", brevosim.Milliseconds: "180000", brevosim.Absent: ""} {
		clock := &hand{now: time.Unix(1_800_000_000, 0)}
		a := open(t, brevosim.Options{Plan: brevosim.General, ResetUnit: unit, Clock: sim.NewClock(clock.Now, 20)})
		got := a.call("GET", "/account", nil)
		assert.Equal(t, want, got.Header.Get("x-sib-ratelimit-reset"), "an hour at speed 20, in %s", unit)
		assert.Equal(t, want == "", got.Header.Get("x-sib-ratelimit-limit") == "")
	}
}

func TestFaultsKeepTheRequestID(t *testing.T) {
	a := open(t, brevosim.Options{})
	a.Faults().Add(sim.Fault{Path: "/v3/contacts", Status: 502, Body: "<html>", ContentType: "text/html"}, brevosim.TooEarly("/v3/contacts", 1))
	assert.Equal(t, 502, a.call("GET", "/contacts", nil).Status)
	got := a.call("POST", "/contacts", obj{"email": "a@example.com"})
	assert.Equal(t, 425, got.Status)
	assert.Equal(t, "account_in_process", got.object(t)["code"])
	assert.Equal(t, 201, a.call("POST", "/contacts", obj{"email": "a@example.com"}).Status)
}

func TestManyAtOnce(t *testing.T) {
	a := open(t, brevosim.Options{})
	list := a.SeedList("one")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			email := fmt.Sprintf("p%d@example.com", i)
			for range 5 {
				a.call("POST", "/contacts", obj{"email": email, "listIds": []int64{list}, "updateEnabled": true})
				a.call("POST", "/contacts/import", obj{"jsonBody": []obj{{"email": email}}, "listIds": []int64{list}})
				a.call("GET", "/processes", nil)
				a.Contacts()
				a.Processes()
			}
		})
	}
	wg.Wait()
	assert.Len(t, a.Contacts(), 8)
	assert.Equal(t, brevosim.Writes{Creates: 40, Imports: 40, ImportRows: 40}, a.Writes())
	assert.Len(t, a.Processes(), 40)
}
