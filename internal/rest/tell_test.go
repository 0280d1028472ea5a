package rest_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/freeport"
	"zendesk-brevo/internal/rest"
)

func TestEveryCallIsToldOnce(t *testing.T) {
	status := http.StatusOK
	server := freeport.Server(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "req-7")
		w.WriteHeader(status)
	}))
	defer server.Close()
	var calls []rest.Call
	var log strings.Builder
	noon := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	c := gate(t, server.URL, &log, func(cfg *rest.Config) {
		cfg.Called = func(_ context.Context, call rest.Call) { calls = append(calls, call) }
		cfg.Log = config.NewLogger(&log, config.LogText, config.LevelVerbose)
		cfg.RequestIDHeader = "X-Request-Id"
		cfg.Now = func() time.Time { noon = noon.Add(12 * time.Millisecond); return noon }
		cfg.Readings = func(*http.Response, []budget.Need) []budget.Reading {
			return []budget.Reading{{Bucket: "acme:exports", Limit: 10, Remaining: 7}, {Bucket: "acme:account", Limit: 400, Remaining: 340}, {Bucket: "acme:guessed", Remaining: 99}}
		}
	})
	_, err := c.Do(t.Context(), request(), nil)
	require.NoError(t, err)
	assert.Contains(t, log.String(), `level=VERBOSE msg="vendor call" vendor=acme method=POST route=/contacts/{id} status=200 ms=12 `+
		`remaining.account=340 remaining.exports=7 request=req-7`+"\n")

	status = http.StatusTeapot
	_, err = c.Do(t.Context(), request(), nil)
	require.Error(t, err)
	server.Close()
	_, err = c.Do(t.Context(), request(), nil)
	require.Error(t, err)
	assert.Equal(t, []int{http.StatusOK, http.StatusTeapot, 0}, []int{calls[0].Status, calls[1].Status, calls[2].Status}, "also what nobody answered")
	assert.Equal(t, rest.Call{Vendor: "acme", Method: http.MethodPost, Route: "/contacts/{id}", Status: http.StatusOK, Took: 12 * time.Millisecond}, calls[0])
	assert.Equal(t, 3, strings.Count(log.String(), "vendor call"))
	assert.Contains(t, log.String(), "status=0")
	assertSilent(t, log.String())

	log.Reset()
	quiet := gate(t, server.URL, &log, func(cfg *rest.Config) { cfg.Log = config.NewLogger(&log, config.LogText, config.LevelInfo) })
	_, err = quiet.Do(t.Context(), request(), nil)
	require.Error(t, err)
	assert.Empty(t, log.String(), "at info nothing is said of calls")
}

func TestTheLevelOfCallsIsVerbose(t *testing.T) {
	assert.Equal(t, config.SlogVerbose, rest.LevelVerbose)
	assert.Less(t, slog.LevelDebug, rest.LevelVerbose)
}
