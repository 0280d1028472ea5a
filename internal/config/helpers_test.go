package config_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// environment is a getenv over NAME=value pairs.
func environment(pairs ...string) func(string) string {
	values := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

// usual holds what the example and the minimal file refer to.
func usual() func(string) string {
	return environment("BREVO_API_KEY=xkeysib-the-brevo-secret", "ZENDESK_API_TOKEN=the-zendesk-secret", "ZENDESK_EMAIL=admin@example.com", "LIST=7", "REGION=fr", "TRUE=true", "SHARE=0.5", "HOST=acme")
}

const minimal = `brevo: {api_key: "${BREVO_API_KEY}"}
connectors:
  zendesk:
    subdomain: acme
    auth: {api_token: "${ZENDESK_API_TOKEN}"}
`

// withLines is the minimal file with more settings on the connector.
func withLines(lines ...string) string {
	return minimal + "    " + strings.Join(lines, "\n    ") + "\n"
}

func parse(text string) (*config.File, error) {
	return config.Parse("connectors.yaml", []byte(text), usual())
}

// connector parses a valid text and returns its only connector.
func connector(t *testing.T, text string) *config.Connector {
	t.Helper()
	file, err := parse(text)
	require.NoError(t, err)
	c, err := file.Connector("")
	require.NoError(t, err)
	return c
}

// golden compares with testdata/name; `go test -update` rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
