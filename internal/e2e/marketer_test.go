package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
)

// asMarketer does something in Brevo as another program of the account's owner would, and leaves no trace in the logs
// that the tests inspect.
func (w *world) asMarketer(t testing.TB, method, path string, body any) {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, w.brevoURL+path, bytes.NewReader(raw))
	require.NoError(t, err)
	req.Header.Set("Api-Key", brevosim.DefaultAPIKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Less(t, resp.StatusCode, 300, "%s", answer)
	w.brevo.Log().Reset()
	w.brevo.ResetWrites()
}
