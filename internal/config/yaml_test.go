package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

func TestWhatIsNoConfiguration(t *testing.T) {
	const empty = "1:1: the file is empty; copy connectors.example.yaml and fill in your accounts"
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", empty},
		{"comments only", "# hello\n\n", empty},
		{"byte order mark only", "\ufeff", empty},
		{"text", "hello\n", "1:1: the file must be a mapping (key: value lines), found text"},
		{"list", "- a\n", "1:1: the file must be a mapping (key: value lines), found a list"},
		{"tab", "brevo:\n\tapi_key: sesame\n", "2:1: a tab is used for indentation; indent with spaces"},
		{"variable without quotes", "brevo: {api_key: ${KEY}}\n", `1:19: this is not valid YAML: ',' or '}' must be specified; put quotes around values with ${...}: "${NAME}"`},
		{"open quote", "brevo:\n  api_key: \"sesame\n", "2:12: this is not valid YAML: could not find end character"},
		{"wrong indentation", "brevo:\n  api_key: sesame\n base_url: x\n", "3:2: this is not valid YAML"},
		{"two documents", "brevo: {}\n---\nconnectors: {}\n", "3:1: the file holds several YAML documents; keep one document"},
		{"directive", "%YAML 1.2\n---\n" + minimal, "1:1: YAML directives are not supported; remove the line"},
		{"not UTF-8", "brevo: \xff\n", "1:1: the file is not UTF-8 text; save it as UTF-8"},
		{"UTF-16", "b\x00r\x00", "1:1: the file is not UTF-8 text"},
		{"too large", "# " + strings.Repeat("x", 300<<10), "1:1: the file is larger than 128 KiB"},
		{"too deep", strings.Repeat("[", 10000), "1:1: this is nested too deeply"},
		{"too deep by indentation", strings.Repeat("- ", 10000) + "a", "1:1: this is nested too deeply"},
		{"anchor", "brevo: &a {api_key: sesame}\nconnectors: *a\n", "1:8: YAML anchors are not supported; remove the & mark"},
		{"alias", "brevo: &a {api_key: sesame}\nconnectors: *a\n", "2:13: YAML aliases are not supported; write the value out"},
		{"merge key", "<<: {brevo: {}}\n" + minimal, "1:1: merge keys (<<) are not supported; write the settings out"},
		{"tag", "brevo: !!map {api_key: sesame}\n", "1:8: YAML tags are not supported; remove the ! mark"},
		{"complex key", "? brevo\n: {}\n", "1:1: keys marked with ? are not supported; write key: value"},
		{"key twice", "brevo: {api_key: sesame}\nbrevo: {}\n", `2:1: "brevo" is written twice in the file (first on line 1); keep one of them`},
		{"no connectors", "brevo: {api_key: sesame}\n", "1:1: connectors is missing; add connectors: with a zendesk: entry"},
		{"no connector", "brevo: {api_key: sesame}\nconnectors: {}\n", "2:1: connectors has no entry; add a zendesk: entry"},
		{"no type", "connectors:\n  acme: {}\n", "2:3: connectors.acme.type is missing: the name alone does not say which product it is; add type: zendesk"},
		{"bad name", "connectors:\n  me@example.com: {}\n", "2:3: (not shown) is no name for a connector"},
		{"smtp key", "brevo: {api_key: xsmtpsib-sesame}\n", "1:18: brevo.api_key is an SMTP key; use an API key"},
		{"connector outside", "zendesk: {}\n" + minimal, `1:1: unknown key "zendesk" in the file; zendesk belongs under connectors`},
		{"key as a value", "brevo: sesame\n", "1:8: brevo must be a mapping (key: value lines), found text"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := config.Parse("connectors.yaml", []byte(tc.text), usual())
			require.ErrorContains(t, err, "connectors.yaml:"+tc.want)
			assert.NotContains(t, err.Error(), "sesame", "values of secrets are not shown")
		})
	}
}

func TestLineEndingsAndByteOrderMarkDoNotMatter(t *testing.T) {
	c := connector(t, "\ufeff"+strings.ReplaceAll(withLines("log_level: warn"), "\n", "\r\n"))
	assert.Equal(t, "acme", c.Subdomain)
	assert.Equal(t, config.LevelWarn, c.LogLevel)
}

func TestALongListOfProblemsIsCut(t *testing.T) {
	_, err := parse(minimal + strings.Repeat("nonsense: 1\n", 150))
	require.ErrorContains(t, err, "connectors.yaml has 150 problems:")
	assert.Len(t, strings.Split(err.Error(), "\n"), 102)
	assert.ErrorContains(t, err, "\nand 50 more")
}

// Secrets and addresses put in any place must not come back in a message.
func TestMessagesHoldNoSecretsAndNoAddresses(t *testing.T) {
	const secret = "xkeysib-0123456789abcdef0123456789abcdef"
	const address = "someone@example.com"
	names := []string{
		"enabled", "type", "subdomain", "base_url", "auth", "sync", "lists", "list_folder", "adopt_lists", "thresholds", "default_region",
		"field_mapping", "overwrite", "new_contacts", "on_brevo_deleted", "pilot", "rate_limits", "schedule", "events", "webhooks",
		"automations_mode", "automations", "debug", "log_level", "unknown_key",
	}
	for _, name := range names {
		for _, form := range []string{"%", "[%]", "{x: %}", "{%: x}", `"${VALUE}"`, `["${VALUE}"]`, "${%}", `"${%}"`} {
			for _, value := range []string{secret, address} {
				line := name + ": " + strings.ReplaceAll(form, "%", value)
				text := "brevo: {api_key: k}\nconnectors:\n  zendesk:\n    " + line + "\n    nonsense: 1\n"
				_, err := config.Parse("connectors.yaml", []byte(text), environment("VALUE="+value))
				require.Error(t, err)
				assert.NotContains(t, err.Error(), value, line)
			}
		}
	}
}

// Whatever is in the file, Load answers with a valid configuration or with problems that have a place in the file.
func FuzzParse(f *testing.F) {
	for _, path := range []string{"testdata/broken.yaml", "testdata/documented.yaml", examplePath} {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(string(text))
	}
	for _, text := range []string{minimal, "a: &x [*x]\n", "? ? a\n", "!!a !b c", "- - - {", "a: |\n  ${X}\n b", "%A\n---", "'\n\"", "<<: *a", "a:\n\t- b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parse(text)
		if err == nil {
			require.NotEmpty(t, file.Ordered)
			for _, c := range file.Ordered {
				require.Len(t, c.Fingerprint(), 32)
			}
			return
		}
		var problems config.Problems
		require.ErrorAs(t, err, &problems)
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		for _, p := range problems {
			require.Positive(t, p.At.Line)
			require.Positive(t, p.At.Column)
			require.LessOrEqual(t, p.At.Line, lines+1)
		}
	})
}
