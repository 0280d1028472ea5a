package deploy_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/internal/dev"
	"zendesk-brevo/internal/freeport"
)

// TestNamespace runs temporal-namespace.sh against a real server with the retention of its service, as at the first start and
// as at every later one.
func TestNamespace(t *testing.T) {
	path, err := dev.FindTemporal()
	if err != nil {
		t.Skipf("skipped: needs the embedded Temporal server: %v", err)
	}
	s, err := testsuite.StartDevServer(context.WithoutCancel(t.Context()), testsuite.DevServerOptions{
		ExistingPath: path, Stdout: io.Discard, Stderr: io.Discard,
		ClientOptions: &client.Options{HostPort: freeport.Address(t), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))},
	})
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Stop()) }()
	settings := project(t).Services["temporal-namespace"].Environment
	t.Setenv("PATH", filepath.Dir(path)+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("TEMPORAL_ADDRESS", s.FrontendHostPort())
	t.Setenv("TEMPORAL_NAMESPACE", "connector")
	t.Setenv("RETENTION", *settings["RETENTION"])
	t.Setenv("HOME", t.TempDir())
	for range 2 {
		out, err := exec.CommandContext(t.Context(), "/bin/sh", "temporal-namespace.sh").CombinedOutput()
		require.NoError(t, err, string(out))
	}
	made, err := s.Client().WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "connector"})
	require.NoError(t, err)
	assert.EqualValues(t, 30*24, made.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration().Hours())

	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	require.Error(t, exec.CommandContext(t.Context(), "/bin/sh", "temporal-namespace.sh").Run(), "a job that failed is started again")
}
