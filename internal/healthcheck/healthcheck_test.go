package healthcheck_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/freeport"
	"zendesk-brevo/internal/healthcheck"
)

func TestAsk(t *testing.T) {
	status := http.StatusOK
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/healthz", r.URL.Path)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	})
	plain, encrypted := freeport.Server(t, handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer encrypted.Close()
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:9")
	address := strings.TrimPrefix(plain.URL, "http://")
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)

	require.NoError(t, healthcheck.Ask(t.Context(), address, false))
	require.NoError(t, healthcheck.Ask(t.Context(), "0.0.0.0:"+port, false), "what is listened on everywhere is asked here")
	require.NoError(t, healthcheck.Ask(t.Context(), ":"+port, false))
	require.NoError(t, healthcheck.Ask(t.Context(), strings.TrimPrefix(encrypted.URL, "https://"), true))
	require.Error(t, healthcheck.Ask(t.Context(), address, true), "plain text where TLS is spoken")

	for _, status = range []int{http.StatusServiceUnavailable, http.StatusFound, http.StatusNotFound} {
		assert.ErrorContains(t, healthcheck.Ask(t.Context(), address, false), "/healthz answers ")
	}
	plain.Close()
	require.ErrorContains(t, healthcheck.Ask(t.Context(), address, false), "nothing answers on "+address+": ")
	require.ErrorContains(t, healthcheck.Ask(t.Context(), "8080", false), `"8080" is not host:port`)
}
