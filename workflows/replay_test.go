package workflows_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/workflows"
)

// TestReplay replays recorded histories: a change that would break runs under way fails here. The files were recorded by
// internal/e2e from code that had landed; a file's name is its workflow id, with ~ for /, and after an @ the kind of run, or what an older version of
// the code did otherwise.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		id, _, _ := strings.Cut(strings.ReplaceAll(name, "~", "/"), "@")
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(file)
			require.NoError(t, err)
			defer func() { _ = f.Close() }()
			history, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
			require.NoError(t, err)
			replayer := worker.NewWorkflowReplayer()
			workflows.RegisterWorkflows(replayer)
			err = replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
				OriginalExecution: workflow.Execution{ID: id},
			})
			require.NoError(t, err)
		})
	}
}
