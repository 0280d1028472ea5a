package admin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/admin"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/workflows"
)

func TestSyncStartsASync(t *testing.T) {
	s := newSite(t)
	a := s.do(call{"POST", "/connectors/zendesk/sync", `{"type":"full","resources":["tickets","users"],"since":"2023-01-01"}`, nil})
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","type":"full","workflowId":"zendesk/acme/sync","runId":"run-1"}`, a.body)
	assert.Equal(t, []any{workflows.SyncInput{
		Account: account, Type: activities.Full, Resources: []string{"users", "tickets"}, Since: time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC),
	}}, s.temporal.inputs)
	assert.Equal(t, "queue", s.temporal.started[0].TaskQueue)

	require.NoError(t, s.store.Account(account).SetPause(t.Context(), store.Pause{Kind: activities.PauseOperator, Message: "look first", At: noon}))
	a = s.do(call{"POST", "/connectors/zendesk/sync", "", nil})
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	assert.Equal(t, "incremental", a.json(t)["type"])
	assert.Equal(t, "acme is paused, so the sync waits: look first", a.json(t)["notice"])
}

func TestOneSyncAtATime(t *testing.T) {
	s := newSite(t)
	s.temporal.running = true
	a := s.do(call{"POST", "/connectors/zendesk/sync", `{"type":"full"}`, nil})
	assert.Equal(t, http.StatusConflict, a.status)
	assert.Equal(t, "a sync of acme runs since 2026-11-20T11:59:00Z, and only one may", a.json(t)["error"])
	s.untouched("a sync runs")
}

func TestStatusSpeaksTheWordsOfTheStarter(t *testing.T) {
	s := newSite(t)
	acc := s.store.Account(account)
	r, err := acc.BeginRun(t.Context(), store.Run{ID: "run-0", Type: activities.Full, Streams: []string{"users"}, StartedAt: noon.Add(-2 * time.Hour)})
	require.NoError(t, err)
	require.NoError(t, acc.EndRun(t.Context(), r.ID, activities.RunCompleted, store.RunStats{Unchanged: 7}, noon.Add(-time.Hour)))
	for _, vendor := range []string{"zendesk", "brevo"} {
		require.NoError(t, acc.SetContacted(t.Context(), store.Contacted{Vendor: vendor, OK: true, At: noon}))
	}
	require.NoError(t, acc.CountWebhooks(t.Context(), map[string]int64{"delivered": 2, "bad_signature": 1}, noon))
	require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: activities.PauseOperator, Message: "look first", At: noon}))
	s.temporal.running = true
	a := s.do(call{"GET", "/connectors/zendesk/status", "", nil})
	require.Equal(t, http.StatusOK, a.status, a.body)
	got := a.json(t)
	assert.Equal(t, true, got["connected"])
	assert.Equal(t, "2026-11-20T11:00:00Z", got["lastSync"])
	for _, name := range []string{"usersSynced", "ticketsSynced", "organizationsSynced"} {
		assert.EqualValues(t, 0, got[name], name)
	}
	assert.Equal(t, "run-0", got["running"].(map[string]any)["runId"])
	assert.EqualValues(t, 2, got["webhooks"].(map[string]any)["accepted"])
	assert.Equal(t, "2026-11-20T12:01:00Z", got["nextRun"])

	s.temporal.away = errAway
	a = s.do(call{"GET", "/connectors/zendesk/status", "", nil})
	assert.Equal(t, http.StatusOK, a.status, "the store tells the rest")
	assert.Len(t, a.json(t)["unknown"], 2)
}

func TestTestHasTheFiveLines(t *testing.T) {
	s := newSite(t)
	a := s.do(call{"POST", "/connectors/zendesk/test", "", nil})
	require.Equal(t, http.StatusOK, a.status, a.body)
	assert.Equal(t, true, a.json(t)["passed"])
	var names []any
	for _, line := range a.json(t)["lines"].([]any) {
		names = append(names, line.(map[string]any)["name"])
	}
	assert.Equal(t, []any{"API connection successful", "Users readable", "Tickets readable", "Organizations readable", "Webhooks configured"}, names)

	s.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/tickets", Status: http.StatusForbidden, Times: 9, Body: `{"error":"Forbidden"}`})
	a = s.do(call{"POST", "/connectors/zendesk/test", "{}", nil})
	require.Equal(t, http.StatusOK, a.status, "the test was made")
	assert.Equal(t, false, a.json(t)["passed"])
	assert.Equal(t, "failed", a.json(t)["lines"].([]any)[2].(map[string]any)["state"])
}

func TestConnectSaysWhoItIs(t *testing.T) {
	s := newSite(t)
	email, secret := s.zendesk.Credentials()
	acc := s.store.Account(account)
	for name, body := range map[string]string{
		"what is configured": "", "the same": `{"subdomain":"Acme","apiToken":"` + secret + `","email":"` + email + `"}`,
	} {
		require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: activities.PauseCredentials, Message: "no", At: noon}))
		a := s.do(call{"POST", "/connectors/zendesk/connect", body, nil})
		require.Equal(t, http.StatusOK, a.status, "%s: %s", name, a.body)
		got := a.json(t)
		assert.Equal(t, true, got["connected"], name)
		assert.Equal(t, "credentials", got["resumed"].(map[string]any)["kind"], name)
		assert.Contains(t, got["warnings"].([]any)[0], "Zendesk ends all API tokens on 2027-04-30 (in 160 days)")
		assert.Equal(t, "admin", got["user"].(map[string]any)["role"], name)
		assert.NotContains(t, a.body, secret)
		_, paused, err := acc.Paused(t.Context())
		require.NoError(t, err)
		assert.False(t, paused, name)
	}
	require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: activities.PauseMassChange, Message: "many", At: noon}))
	a := s.do(call{"POST", "/connectors/zendesk/connect", "", nil})
	assert.Nil(t, a.json(t)["resumed"])
	assert.Equal(t, "many", a.json(t)["paused"].(map[string]any)["message"])
	_, paused, err := acc.Paused(t.Context())
	require.NoError(t, err)
	assert.True(t, paused, "another pause stays")
	assert.Zero(t, s.brevo.Writes(), "nothing is written")
	assert.NotContains(t, s.log.String(), email)
}

func TestConnectTellsWhoRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(*site)
		status  int
		says    string
	}{
		"Zendesk refuses the token": {func(s *site) {
			s.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/users/me", Status: http.StatusUnauthorized, Times: 9, Body: `{"error":"Couldn't authenticate you"}`})
		}, http.StatusUnprocessableEntity, "zendesk GET /api/v2/users/me.json: 401"},
		"Brevo refuses the key": {func(s *site) { s.brevo.SetAPIKey("xkeysib-another") }, http.StatusUnprocessableEntity, "brevo GET"},
		"nobody is admin": {func(s *site) {
			email, _ := s.zendesk.Credentials()
			var id int64
			for u := range s.zendesk.Account().Users.All() {
				if u.Email == email {
					id = u.ID
				}
			}
			require.True(s.t, s.zendesk.UpdateUser(id, func(u *seed.User) { u.Role = "agent" }))
		}, http.StatusUnprocessableEntity, `has the role "agent"`},
		"Zendesk is ill": {func(s *site) {
			s.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/users/me", Status: http.StatusBadGateway, Times: 9})
		}, http.StatusBadGateway, "502"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			acc := s.store.Account(account)
			require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: activities.PauseCredentials, Message: "no", At: noon}))
			test.prepare(s)
			a := s.do(call{"POST", "/connectors/zendesk/connect", "", nil})
			assert.Equal(t, test.status, a.status, a.body)
			assert.Contains(t, a.json(t)["error"], test.says)
			assert.NotEmpty(t, a.json(t)["fix"])
			_, paused, err := acc.Paused(t.Context())
			require.NoError(t, err)
			assert.True(t, paused, "the pause stands")
		})
	}
}

func TestConnectWhileAnotherProgramRenewsTheToken(t *testing.T) {
	box, err := seal.New(seal.Generate())
	require.NoError(t, err)
	now := func() time.Time { return noon }
	s := newSite(t, func(o *admin.Options) {
		o.File.Ordered[0].Auth = config.Auth{OAuth: config.OAuth{ClientID: "connector"}}
		o.Vendors = activities.New(activities.Options{
			File: o.File, Store: o.Store, Box: box, Now: now, Sleep: func(context.Context, time.Duration) error { return nil },
		}).Vendors
	})
	acc := s.store.Account(account)
	require.NoError(t, credentials.Put(t.Context(), account, credentials.Options{Store: acc, Box: box, Now: now}, zendesk.Tokens{
		Token: rest.Token{Access: "ended", AskedAt: noon.Add(-time.Hour), Until: noon}, Refresh: "good",
	}))
	taken, _, err := acc.TakeLease(t.Context(), "zendesk_tokens", "another", time.Minute, noon)
	require.NoError(t, err)
	require.True(t, taken)
	a := s.do(call{"POST", "/connectors/zendesk/connect", "", nil})
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.Equal(t, map[string]any{"error": "another program renews Zendesk's access token", "fix": "try again in a few seconds"}, a.json(t))
}

func TestTheAPIIsOffWithoutAToken(t *testing.T) {
	s := newSite(t, func(o *admin.Options) { o.Token = config.Secret{} })
	for _, c := range everyRoute {
		for _, header := range []string{"", "Bearer", "Bearer " + token} {
			c.change = func(r *http.Request) { r.Header.Set("Authorization", header) }
			a := s.do(c)
			assert.Equal(t, http.StatusForbidden, a.status, c.path)
			assert.Contains(t, a.body, "API_TOKEN")
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json"} {
		assert.Equal(t, http.StatusOK, s.do(call{"GET", path, "", nil}).status, path)
	}
	s.untouched("no token is set")
}
