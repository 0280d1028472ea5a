package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// start runs the program on free ports and returns the two addresses that it prints.
func start(t *testing.T, args ...string) (zendesk, brevo string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{
			"--zendesk-addr", "127.0.0.1:0", "--brevo-addr", "127.0.0.1:0", "--users", "60", "--tickets", "80", "--organizations", "20",
		}, args...), w, io.Discard)
		w.Close()
	}()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-done)
	})
	lines := bufio.NewScanner(r)
	address := func(prefix string) string {
		require.True(t, lines.Scan())
		rest, ok := strings.CutPrefix(lines.Text(), prefix)
		require.True(t, ok, lines.Text())
		url, _, _ := strings.Cut(rest, " ")
		return url
	}
	return address("simulated Zendesk ready at "), address("simulated Brevo ready at ")
}

func call(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

func TestBothVendorsAnswerAndCanBeControlled(t *testing.T) {
	zendesk, brevo := start(t, "--seed-brevo")
	status, body := call(t, http.MethodGet, zendesk+"/api/v2/users/me.json", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "Anonymous user")

	status, body = call(t, http.MethodPost, zendesk+"/_sim/faults", `{"path":"/api/v2/users/me","status":503,"body":"busy","content_type":"text/html"}`)
	require.Equal(t, http.StatusNoContent, status, body)
	status, body = call(t, http.MethodGet, zendesk+"/api/v2/users/me.json", "")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, "busy", body)

	_, body = call(t, http.MethodGet, zendesk+"/_sim/log", "")
	var calls []struct {
		Route  string
		Status int
		Fault  string
	}
	require.NoError(t, json.Unmarshal([]byte(body), &calls))
	require.Len(t, calls, 2)
	assert.Equal(t, "/api/v2/users/me", calls[0].Route)
	assert.Equal(t, "status", calls[1].Fault)

	status, _ = call(t, http.MethodGet, brevo+"/account", "")
	assert.Equal(t, http.StatusUnauthorized, status)
	_, body = call(t, http.MethodGet, strings.TrimSuffix(brevo, "/v3")+"/_sim/state?limit=1", "")
	var state struct {
		ContactCount int               `json:"contact_count"`
		Contacts     []json.RawMessage `json:"contacts"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &state))
	assert.Greater(t, state.ContactCount, 5)
	assert.Len(t, state.Contacts, 1)
}

func TestTheRequesterRatesATicket(t *testing.T) {
	zendesk, _ := start(t, "--csat", "new")
	account := seed.New(seed.Size{Users: 60, Tickets: 80, Organizations: 20}, 1)
	owner := account.Owner().Email
	id := strconv.FormatInt(account.TicketsOf(seed.OfferedTicket)[0], 10)
	rating := zendesk + "/_sim/tickets/" + id + "/rating"
	for body, want := range map[string]int{`{"stars":6}`: 400, `{"stars":0}`: 400, `{"star":3}`: 400, ``: 400, `{"stars":2,"comment":"slow"}`: 204} {
		status, answer := call(t, http.MethodPost, rating, body)
		assert.Equal(t, want, status, body+answer)
	}
	status, _ := call(t, http.MethodPost, zendesk+"/_sim/tickets/999999999/rating", `{"stars":2}`)
	assert.Equal(t, http.StatusNotFound, status)
	status, _ = call(t, http.MethodPost, zendesk+"/_sim/tickets/x/rating", `{"stars":2}`)
	assert.Equal(t, http.StatusBadRequest, status)

	signIn := "http://" + url.UserPassword(owner+"/token", zendesksim.DefaultToken).String() + "@" + strings.TrimPrefix(zendesk, "http://")
	_, body := call(t, http.MethodGet, signIn+"/api/v2/tickets/"+id+".json", "")
	assert.Contains(t, body, `"satisfaction_rating":{"score":"bad"`, "inside the ticket")
	_, body = call(t, http.MethodGet, signIn+"/api/v2/guide/survey_responses?filter[subject_zrns]=zen:ticket:"+id, "")
	assert.Contains(t, body, `"rating":2,"rating_category":"bad"`, "and as the answer of the survey")
}

func TestAnAccountWithoutASurveyTakesNoRating(t *testing.T) {
	zendesk, _ := start(t, "--csat", "none")
	status, _ := call(t, http.MethodPost, zendesk+"/_sim/tickets/2/rating", `{"stars":2}`)
	assert.Equal(t, http.StatusConflict, status)
}

func TestReceivedEventsAreListedWithoutAddresses(t *testing.T) {
	_, brevo := start(t)
	events := strings.TrimSuffix(brevo, "/v3") + "/_sim/events"
	_, body := call(t, http.MethodGet, events, "")
	assert.JSONEq(t, `[]`, body)
	send := func(name, properties string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, brevo+"/events",
			strings.NewReader(`{"event_name":"`+name+`","identifiers":{"email_id":"ann@example.com"},"event_properties":`+properties+`}`))
		require.NoError(t, err)
		req.Header.Set("Api-Key", brevosim.DefaultAPIKey)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusNoContent, resp.StatusCode)
	}
	list := func(query string) (got []receivedEvent) {
		status, body := call(t, http.MethodGet, events+query, "")
		require.Equal(t, http.StatusOK, status, body)
		assert.NotContains(t, body, "@")
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		return got
	}
	send("first", `{"ticket_id":35}`)
	send("second", `{"ticket":"x"}`)
	got := list("")
	require.Len(t, got, 2)
	assert.Equal(t, "first", got[0].Name)
	assert.EqualValues(t, 35, got[0].TicketID)
	assert.Nil(t, got[1].TicketID)
	assert.Zero(t, got[0].ContactID, "nobody has that address")
	assert.Len(t, list("?since="+url.QueryEscape(got[0].ReceivedAt.Format(time.RFC3339Nano))), 2)
	assert.Empty(t, list("?since="+url.QueryEscape(got[1].ReceivedAt.Add(time.Nanosecond).Format(time.RFC3339Nano))))
	status, _ := call(t, http.MethodGet, events+"?since=today", "")
	assert.Equal(t, http.StatusBadRequest, status)
}

func TestBadFlagsAreErrors(t *testing.T) {
	for _, args := range [][]string{{"--plan", "gold"}, {"--users", "0"}, {"--speed", "0"}, {"extra"}} {
		assert.Error(t, run(t.Context(), args, io.Discard, io.Discard), args)
	}
}
