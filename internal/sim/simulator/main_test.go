package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

func TestBadFlagsAreErrors(t *testing.T) {
	for _, args := range [][]string{{"--plan", "gold"}, {"--users", "0"}, {"--speed", "0"}, {"extra"}} {
		assert.Error(t, run(t.Context(), args, io.Discard, io.Discard), args)
	}
}
