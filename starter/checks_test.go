package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
)

// mapped replaces field_mapping of the program's connectors.yaml.
func mapped(t *testing.T, lines ...string) {
	t.Helper()
	text := connectorsYAML
	if len(lines) > 0 {
		text += "    field_mapping:\n      " + strings.Join(lines, "\n      ") + "\n"
	}
	require.NoError(t, os.WriteFile("connectors.yaml", []byte(text), 0o600))
}

func TestMappingCheckJudgesEachLine(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	require.NoError(t, acc.ReplaceFields(t.Context(), "user", []store.Field{
		{Kind: "user", ID: 1, Key: "tier", Type: "dropdown", Title: "Tier", Active: true}, {Kind: "user", ID: 2, Key: "seats", Type: "integer", Title: "Seats", Active: true},
	}, noon))
	require.NoError(t, acc.SaveAttributes(t.Context(), []store.Attribute{{Name: "SEATS", Category: "normal", Type: "text"}, {Name: "TAGS", Category: "normal", Type: "text"}}))
	mapped(t, "user_fields.tier: TIER", "user_fields.tierr: TEAR", "user_fields.seats: SEATS", "tagz: LABELS", "locale: ROLE", "time_zone: null", "tags: [TAGS, LABELS2]")
	assert.Equal(t, exitUsage, p.run(t.Context(), "mapping", "check"))
	assert.Equal(t, "starter: field_mapping has 4 problems: correct those lines; `starter mapping sources` lists what can be mapped\n", p.stderr.String())
	lines := strings.Split(regexp.MustCompile(` {2,}`).ReplaceAllString(p.stdout.String(), " | "), "\n")
	assert.Equal(t, []string{
		"WHERE | SOURCE | TARGET | TYPE | RESULT",
		"connectors.yaml:7 | user_fields.tier | TIER | text | ok",
		"connectors.yaml:8 | user_fields.tierr | TEAR | problem: no user field has the key tierr (nearest: tier); TEAR is left out",
		"connectors.yaml:9 | user_fields.seats | SEATS | float | problem: SEATS is text in Brevo, and the value is float: choose another attribute",
		"connectors.yaml:10 | tagz | LABELS | problem: is no source; did you mean tags?",
		"connectors.yaml:11 | locale | ROLE | problem: ROLE is already written by role, by default; `role: null` switches that off",
		"connectors.yaml:12 | time_zone | switched off",
		"connectors.yaml:13 | tags | TAGS, LABELS2 | text, text | ok",
		"",
	}, lines)

	assert.Equal(t, exitUsage, p.run(t.Context(), "mapping", "check", "--json"))
	var out struct {
		Problems int
		Lines    []mappedLine
	}
	require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &out))
	assert.Equal(t, 4, out.Problems)
	assert.Equal(t, mappedLine{Place: "connectors.yaml:7", Source: "user_fields.tier", Targets: []string{"TIER"}, Types: []string{"text"}}, out.Lines[0])

	mapped(t, "user_fields.tier: TIER")
	assert.Equal(t, exitOK, p.run(t.Context(), "mapping", "check", "zendesk"))
	assert.Empty(t, p.stderr.String())
	mapped(t)
	assert.Equal(t, exitOK, p.run(t.Context(), "mapping", "check"))
	assert.Contains(t, p.stdout.String(), "changes nothing of the defaults")
}

func TestConfigCheckListsEverythingThatIsWrong(t *testing.T) {
	p := newProgram(t)
	t.Setenv("ENCRYPTION_KEY", "c2VjcmV0LXRoYXQtaXMtdG9vLXNob3J0")
	t.Setenv("ADMIN_ADDR", "127.0.0.1:99999")
	t.Setenv("TLS_CERT", "missing.pem")
	t.Setenv("TLS_KEY", "missing.key")
	t.Setenv("STORE_URL", "sqlite:.")
	t.Setenv("TEMPORAL_CONFIG_FILE", "broken.toml")
	require.NoError(t, os.WriteFile("broken.toml", []byte("[profile"), 0o600))
	require.NoError(t, os.WriteFile("connectors.yaml", []byte(strings.Replace(connectorsYAML, "0123456789abcdef0123456789abcdef01234567", "${NO_SUCH_TOKEN}", 1)+
		"    schedule: {every: 5}\n    field_mapping: {tagz: LABELS}\n"), 0o600))
	assert.Equal(t, exitUsage, p.run(t.Context(), "config", "check"))
	assert.Empty(t, p.stdout.String())
	for _, line := range []string{
		"starter: the configuration has 8 problems:\n",
		"  environment: ENCRYPTION_KEY must be 32 bytes in base64 or hex",
		"  environment: ADMIN_ADDR has the port \"99999\": write a number from 1 to 65535\n",
		"  environment: TLS_CERT and TLS_KEY cannot be used: open missing.pem: no such file",
		"  environment: STORE_URL: open .: is a directory\n",
		"  environment: Temporal's settings cannot be read: ",
		"  connectors.yaml:5:", "NO_SUCH_TOKEN",
		"  connectors.yaml:6:", "  connectors.yaml:7:21: field_mapping.tagz is no source; did you mean tags?\n",
	} {
		assert.Contains(t, p.stderr.String(), line)
	}
	assert.NotContains(t, p.stderr.String(), "c2VjcmV0")
	assert.NotContains(t, p.stderr.String(), "xkeysib-0")

	assert.Equal(t, exitUsage, p.run(t.Context(), "config", "check", "--json"))
	var out configReport
	require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &out))
	assert.False(t, out.OK)
	assert.Len(t, out.Problems, 8)
	assert.Empty(t, out.Settings)

	// What the environment itself gets wrong does not keep the file from being read.
	t.Setenv("LOG_FORMAT", "xml")
	t.Setenv("API_TOKEN_FILE", "missing.txt")
	assert.Equal(t, exitUsage, p.run(t.Context(), "config", "check"))
	for _, line := range []string{"environment: API_TOKEN_FILE names a file that cannot be read", "environment: LOG_FORMAT must be text or json", "connectors.yaml:7:21"} {
		assert.Contains(t, p.stderr.String(), line)
	}
	t.Setenv("CONNECTORS_FILE", "none.yaml")
	assert.Equal(t, exitUsage, p.run(t.Context(), "config", "check"))
	assert.Contains(t, p.stderr.String(), "none.yaml does not exist: copy connectors.example.yaml to it")
}

func TestConfigCheckShowsTheSettingsAndNoSecret(t *testing.T) {
	example, err := os.ReadFile("../connectors.example.yaml")
	require.NoError(t, err)
	p := newProgram(t)
	key := seal.Generate()
	t.Setenv("ENCRYPTION_KEY", key)
	t.Setenv("STORE_URL", "postgres://u:letmein@host/db")
	mapped(t, "user_fields.tier: TIER")
	require.Equal(t, exitOK, p.run(t.Context(), "config", "check"), p.stderr.String())
	text := p.stdout.String()
	for _, line := range []string{
		`STORE_URL +\[redacted\]`, `ENCRYPTION_KEY +\[redacted\]`, `connectors.zendesk.auth.api_token +\[redacted\]`, `brevo.api_key +\[redacted\]`,
		`connectors.zendesk.schedule.every +5m`, `connectors.zendesk.field_mapping.user_fields.tier +TIER`, `connectors.zendesk.sync.roles +end-user`,
	} {
		assert.Regexp(t, `(?m)^`+line+`$`, text)
	}
	require.Equal(t, exitOK, p.run(t.Context(), "config", "check", "--json"))
	for _, secret := range []string{key, "letmein", "xkeysib-0", "0123456789abcdef"} {
		assert.NotContains(t, text, secret)
		assert.NotContains(t, p.stdout.String(), secret)
	}
	assert.NoFileExists(t, "connector.db")

	// Each key that is shown is one that the example explains.
	var out configReport
	require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &out))
	for _, s := range out.Settings {
		parts := strings.Split(s.Name, ".")
		if last := parts[len(parts)-1]; strings.HasPrefix(s.Name, "connectors.zendesk.") && !strings.Contains(s.Name, "field_mapping") {
			assert.Contains(t, string(example), last, s.Name)
		}
	}
}

func TestResetSendsOneStreamBackToItsStart(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	for _, stream := range []string{"users", "tickets"} {
		_, err := acc.CommitUsers(t.Context(), store.Page{Stream: stream, To: "cursor", End: true, Now: noon}, nil)
		require.NoError(t, err)
	}
	cursor := func(stream string) store.Cursor {
		c, err := acc.Cursor(t.Context(), stream)
		require.NoError(t, err)
		return c
	}
	assert.Equal(t, exitUsage, p.run(t.Context(), "reset", "--stream", "tickets"))
	assert.Contains(t, p.stderr.String(), "add --yes")
	p.answer = "n\n"
	assert.Equal(t, exitFailed, p.run(t.Context(), "reset", "--stream", "tickets"))
	assert.Contains(t, p.stderr.String(), "The stream tickets of acme was last read to its end 2024-01-15T12:00:00Z (just now). "+
		"The next sync will read about 0 rows again, in some 1 export request. Reset it? [y/N]")
	assert.Equal(t, "cursor", cursor("tickets").Value)
	p.answer = ""
	require.Equal(t, exitOK, p.run(t.Context(), "reset", "--stream", "tickets", "--yes"), p.stderr.String())
	assert.Equal(t, "Reset the stream tickets of acme: the next sync reads it from the start.\n", p.stdout.String())
	assert.Empty(t, cursor("tickets").Value)
	assert.False(t, cursor("tickets").Completed.IsZero(), "that it was once read whole stays true")
	assert.Equal(t, "cursor", cursor("users").Value)
	require.Equal(t, exitOK, p.run(t.Context(), "reset", "--stream", "tickets", "--yes", "--json"))
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","stream":"tickets","reset":false,"completed":"2024-01-15T12:00:00Z","rows":0}`, p.stdout.String())
}

// TestBadInputChangesNothing goes through what a person may get wrong with the commands that stop and undo.
func TestBadInputChangesNothing(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	_, err := acc.CommitUsers(t.Context(), store.Page{Stream: "users", To: "cursor", End: true, Now: noon}, nil)
	require.NoError(t, err)
	good, err := os.ReadFile("connectors.yaml")
	require.NoError(t, err)
	for _, tc := range []struct {
		name  string
		args  []string
		code  int
		says  string
		setup func(*testing.T)
	}{
		{"pause: unknown connector", []string{"pause", "zendsk"}, exitUsage, `did you mean "zendesk"?`, nil},
		{"pause: malformed file", []string{"pause"}, exitUsage, "connectors.yaml:", broken},
		{"pause: store away", []string{"pause"}, exitFailed, "check STORE_URL", storeless},
		{"resume: unknown connector", []string{"resume", "zendsk"}, exitUsage, `did you mean "zendesk"?`, nil},
		{"resume: malformed file", []string{"resume"}, exitUsage, "connectors.yaml:", broken},
		{"resume: store away", []string{"resume"}, exitFailed, "check STORE_URL", storeless},
		{"disconnect: malformed file", []string{"disconnect", "--yes"}, exitUsage, "connectors.yaml:", broken},
		{"reset: no stream", []string{"reset", "--yes"}, exitUsage, "name the stream: --stream users|tickets|organizations|satisfaction_ratings", nil},
		{"reset: unknown stream", []string{"reset", "--yes", "--stream", "ticket"}, exitUsage, `"ticket" is unknown: did you mean tickets?`, nil},
		{"reset: unknown connector", []string{"reset", "--yes", "--stream", "users", "zendsk"}, exitUsage, `did you mean "zendesk"?`, nil},
		{"reset: malformed file", []string{"reset", "--yes", "--stream", "users"}, exitUsage, "connectors.yaml:", broken},
		{"reset: a sync runs", []string{"reset", "--yes", "--stream", "users"}, exitFailed, "end it with `starter sync --cancel`", func(*testing.T) {
			p.fake.executions["zendesk/acme/sync"] = executionOf("zendesk/acme/sync", "run-1", running1, "")
		}},
		{"reset: Temporal away", []string{"reset", "--yes", "--stream", "users"}, exitFailed, "stopped answering", func(*testing.T) { p.fake.away = serviceerror.NewUnavailable("gone") }},
		{"reset: store away", []string{"reset", "--yes", "--stream", "users"}, exitFailed, "check STORE_URL", storeless},
		{"mapping check: unknown connector", []string{"mapping", "check", "zendsk"}, exitUsage, `did you mean "zendesk"?`, nil},
		{"mapping check: malformed file", []string{"mapping", "check"}, exitUsage, "connectors.yaml:", broken},
		{"mapping check: store away", []string{"mapping", "check"}, exitFailed, "check STORE_URL", storeless},
		{"config check: an argument", []string{"config", "check", "zendesk"}, exitUsage, "unknown command", nil},
		{"config check: malformed file", []string{"config", "check"}, exitUsage, "connectors.yaml:", broken},
		{"schedule show: Temporal away", []string{"schedule", "show"}, exitFailed, "stopped answering", func(*testing.T) { p.fake.away = serviceerror.NewUnavailable("gone") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.setup != nil {
				tc.setup(t)
			}
			assert.Equal(t, tc.code, p.run(t.Context(), tc.args...), p.stdout.String())
			assert.Contains(t, p.stderr.String(), tc.says)
			assert.Empty(t, p.stdout.String())
			assert.Nil(t, standing(t, acc))
			c, err := acc.Cursor(t.Context(), "users")
			require.NoError(t, err)
			assert.Equal(t, "cursor", c.Value)
			p.fake.away, p.fake.executions = nil, newFake().executions
			require.NoError(t, os.WriteFile("connectors.yaml", good, 0o600))
		})
	}
}

func broken(t *testing.T) {
	require.NoError(t, os.WriteFile("connectors.yaml", []byte("connectors: ["), 0o600))
}

func storeless(t *testing.T) { t.Setenv("STORE_URL", "sqlite:connectors.yaml") }
