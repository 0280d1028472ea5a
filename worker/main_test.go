package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

func TestAMistypedSourceIsReportedBeforeAnythingStarts(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "connectors.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`brevo: {api_key: xkeysib-0}
connectors:
  zendesk:
    subdomain: acme
    auth: {email: admin@example.com, api_token: t}
    field_mapping:
      opne_tickets: OPEN_TICKETS
`), 0o600))
	err := run(t.Context(), config.Env{ConnectorsFile: path, StoreURL: config.NewSecret("sqlite:" + filepath.Join(dir, "store.db"))})
	require.EqualError(t, err, path+":7:7: field_mapping.opne_tickets is no source; did you mean open_tickets?")
	assert.NoFileExists(t, filepath.Join(dir, "store.db"))
}
