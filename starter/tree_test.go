package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

// withoutJSON are the commands that print no result of their own: help, and scripts for shells.
var withoutJSON = []string{
	"starter help", "starter completion bash", "starter completion zsh", "starter completion fish", "starter completion powershell",
}

// commands are all that do something, by their whole name. Those that only hold others print their help.
func commands() (out []*cobra.Command) {
	root := (&app{env: env{stdout: os.Stdout, stderr: os.Stderr}}).root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Runnable() && (!cmd.HasSubCommands() || cmd == root) {
			out = append(out, cmd)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return out
}

func TestEveryCommandPrintsJSON(t *testing.T) {
	t.Parallel()
	all := commands()
	require.Greater(t, len(all), 20)
	var names []string
	for _, cmd := range all {
		names = append(names, cmd.CommandPath())
		flag := cmd.Flags().Lookup("json")
		if slices.Contains(withoutJSON, cmd.CommandPath()) {
			assert.Nil(t, flag, "%s: not an exception any more", cmd.CommandPath())
			continue
		}
		if assert.NotNil(t, flag, "%s has no --json", cmd.CommandPath()) {
			assert.Equal(t, "bool", flag.Value.Type())
			assert.Contains(t, flag.Usage, "JSON")
		}
	}
	for _, name := range withoutJSON {
		assert.Contains(t, names, name)
	}
}

// TestNoColoursInPipes runs every command as a program whose output goes into a pipe, on what calls itself a colourful terminal.
func TestNoColoursInPipes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	away := strings.Replace(connectorsYAML, "brevo: {", `brevo: {base_url: "http://127.0.0.1:1", `, 1) + `    base_url: "http://127.0.0.1:1"` + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "connectors.yaml"), []byte(away), 0o600))
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "connector.db"))
	require.NoError(t, err)
	acc := st.Account("acme")
	require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: activities.PauseCredentials, Message: "mend the token", At: noon}))
	require.NoError(t, acc.AddRejects(t.Context(), []store.Reject{{Kind: store.KindUser, ID: 7, Reason: "refused", Detail: "a \x1b[31mred\x1b[0m word", RunID: "run-1", At: noon}}))
	require.NoError(t, st.Close())
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "starter", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CONNECTORS_FILE=connectors.yaml", "STORE_URL=sqlite:connector.db", "TEMPORAL_ADDRESS=127.0.0.1:1",
			"TEMPORAL_CONFIG_FILE="+os.DevNull, "TERM=xterm-256color", "COLORTERM=truecolor", "CLICOLOR_FORCE=1", "NO_COLOR=")
		out, _ := cmd.CombinedOutput() // without Temporal and vendors many fail
		return string(out)
	}
	require.Contains(t, run("status"), "paused since", "what is yellow on a terminal is there")
	for _, cmd := range commands() {
		if slices.Contains(withoutJSON, cmd.CommandPath()) {
			continue
		}
		args := strings.Fields(cmd.CommandPath())[1:]
		if cmd.Flags().Lookup("details") != nil {
			args = append(args, "--details")
		}
		if cmd.Name() == "show" && cmd.Parent().Name() == "rejects" {
			args = append(args, "user", "7")
		}
		for _, args := range [][]string{args, append(slices.Clone(args), "--json")} {
			out := run(args...)
			assert.NotContains(t, out, "\x1b", "starter %s", strings.Join(args, " "))
			assert.NotEmpty(t, out, "starter %s", strings.Join(args, " "))
		}
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		terminal      bool
		env           map[string]string
		moves, colour bool
	}{
		{true, map[string]string{"TERM": "xterm"}, true, true},
		{true, nil, true, true},
		{true, map[string]string{"NO_COLOR": "1"}, true, false},
		{true, map[string]string{"TERM": "dumb"}, false, false},
		{false, map[string]string{"TERM": "xterm", "CLICOLOR_FORCE": "1"}, false, false},
	} {
		moves, colour := shows(tc.terminal, func(name string) string { return tc.env[name] })
		assert.Equal(t, [2]bool{tc.moves, tc.colour}, [2]bool{moves, colour}, tc)
	}
}

func TestCompletionKnowsTheNames(t *testing.T) {
	p := newProgram(t)
	require.NoError(t, account(t).AddRejects(t.Context(), []store.Reject{{Kind: store.KindUser, ID: 7, Reason: "refused", RunID: "run-1", At: noon}}))
	complete := func(args ...string) []string {
		t.Helper()
		require.Equal(t, exitOK, p.run(t.Context(), append([]string{cobra.ShellCompNoDescRequestCmd}, args...)...), p.stderr.String())
		lines := strings.Split(strings.TrimSpace(p.stdout.String()), "\n")
		return lines[:len(lines)-1] // the last is for the shell
	}
	for _, cmd := range commands() {
		if strings.HasSuffix(cmd.Use, connectorArg) && !strings.Contains(cmd.Use, "KIND") {
			assert.Equal(t, []string{"zendesk"}, complete(append(strings.Fields(cmd.CommandPath())[1:], "")...), cmd.CommandPath())
		}
	}
	assert.Equal(t, []string{"users", "tickets", "organizations", "satisfaction_ratings"}, complete("sync", "--resources", ""))
	assert.Equal(t, []string{"users", "tickets", "organizations", "satisfaction_ratings"}, complete("reset", "--stream", ""))
	assert.Contains(t, complete("sync", "--type", ""), "full")
	assert.Contains(t, complete("automations", "test", "--type", ""), "ticket.solved")
	assert.Equal(t, []string{"user", "organization"}, complete("rejects", "show", ""))
	assert.Empty(t, complete("rejects", "show", "user", ""))
	assert.Equal(t, []string{"zendesk"}, complete("rejects", "show", "user", "7", ""))
	assert.Equal(t, []string{"refused"}, complete("rejects", "retry", "--reason", ""))
	for _, shell := range []string{"bash", "zsh", "fish"} {
		require.Equal(t, exitOK, p.run(t.Context(), "completion", shell))
		assert.Contains(t, p.stdout.String(), "starter")
	}

	t.Setenv("CONNECTORS_FILE", "broken.yaml")
	require.NoError(t, os.WriteFile("broken.yaml", []byte("connectors: ["), 0o600))
	assert.Empty(t, complete("status", ""), "a broken file completes nothing, and says nothing")
}

func TestCommandsThatTellWhatTheyDoPrintJSON(t *testing.T) {
	p := newProgram(t)
	require.Equal(t, exitOK, p.run(t.Context(), "keygen", "--json"))
	var key struct {
		EncryptionKey string `json:"encryptionKey"`
	}
	require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &key))
	assert.NotEmpty(t, key.EncryptionKey)
	require.Equal(t, exitOK, p.run(t.Context(), "version", "--json"))
	assert.Contains(t, p.stdout.String(), `"version": "`)
	require.Equal(t, exitOK, p.run(t.Context(), "--json"))
	assert.Contains(t, p.stdout.String(), `"next": "starter test"`)
	assert.Contains(t, p.stdout.String(), `"account": "acme"`)
	require.Equal(t, exitFailed, p.run(t.Context(), "schedule", "pause", "--json"))
	assert.Empty(t, p.stdout.String())
	t.Setenv("CONNECTORS_FILE", "none.yaml")
	require.Equal(t, exitOK, p.run(t.Context(), "--json"))
	assert.JSONEq(t, `{"next":"cp connectors.example.yaml none.yaml","status":null}`, p.stdout.String())
}
