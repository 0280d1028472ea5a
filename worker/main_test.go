package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/worker"

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

func TestAWorkerThatTemporalStopsEndsWithTheReason(t *testing.T) {
	var options worker.Options
	ctx, ended := untilFatal(t.Context(), &options)
	require.NoError(t, ctx.Err())
	options.OnFatalError(serviceerror.NewNamespaceNotFound("acme"))
	<-ctx.Done()
	require.EqualError(t, ended(), "temporal does not serve this worker any longer: Namespace acme is not found.")
}

func TestAWorkerThatIsAskedToStopEndsWell(t *testing.T) {
	parent, stop := context.WithCancel(t.Context())
	var options worker.Options
	ctx, ended := untilFatal(parent, &options)
	stop()
	<-ctx.Done()
	options.OnFatalError(serviceerror.NewInvalidArgument("too late"))
	require.NoError(t, ended())
}
