package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestReadyFollowsTheStore(t *testing.T) {
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	server := httptest.NewServer(routes(st))
	t.Cleanup(server.Close)

	assert.Equal(t, http.StatusOK, status(t, server.URL+"/healthz"))
	assert.Equal(t, http.StatusOK, status(t, server.URL+"/readyz"))
	require.NoError(t, st.Close())
	assert.Equal(t, http.StatusOK, status(t, server.URL+"/healthz"))
	assert.Equal(t, http.StatusServiceUnavailable, status(t, server.URL+"/readyz"))
}

func status(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	return resp.StatusCode
}
