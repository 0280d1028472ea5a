package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryCommandRefusesWhatIsNotThere: a connector that is not there and a file that is malformed are said in one way by every
// command, before anything is opened or called.
func TestEveryCommandRefusesWhatIsNotThere(t *testing.T) {
	needs := map[string][]string{
		"starter explain": {"--email", "ada@example.com"}, "starter forget": {"--email", "ada@example.com", "--yes"},
		"starter reset": {"--stream", "users", "--yes"}, "starter disconnect": {"--yes"}, "starter webhooks remove": {"--yes"},
		"starter automations test": {"--ticket", "35"}, "starter rejects retry": {"--all"}, "starter rejects show": {"user", "7"},
	}
	p := newProgram(t)
	good, err := os.ReadFile("connectors.yaml")
	require.NoError(t, err)
	tried := 0
	for _, cmd := range commands() {
		if !strings.HasSuffix(cmd.Use, connectorArg) {
			continue
		}
		tried++
		args := append(strings.Fields(cmd.CommandPath())[1:], needs[cmd.CommandPath()]...)
		for says, of := range map[string]struct {
			args []string
			file []byte
		}{
			`did you mean "zendesk"?`: {append(slices.Clone(args), "zendsk"), good},
			"connectors.yaml:":        {args, []byte("connectors: [")},
		} {
			require.NoError(t, os.WriteFile("connectors.yaml", of.file, 0o600))
			assert.Equal(t, exitUsage, p.run(t.Context(), of.args...), "%s: %s", cmd.CommandPath(), p.stderr.String())
			assert.Contains(t, p.stderr.String(), says, cmd.CommandPath())
			assert.Empty(t, p.stdout.String(), cmd.CommandPath())
		}
	}
	assert.Greater(t, tried, 25)
	assert.Nil(t, standing(t, account(t)))
}
