package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/mapping"
)

const examplePath = "../../connectors.example.yaml"

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	text, err := os.ReadFile("testdata/broken.yaml")
	require.NoError(t, err)
	_, err = config.Parse("connectors.yaml", text, environment("BREVO_API_KEY=xsmtpsib-1"))
	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	assert.Greater(t, len(problems), 30)
	golden(t, "broken.golden", err.Error()+"\n")
}

func TestTheDocumentedBlockLoadsUnchanged(t *testing.T) {
	text, err := os.ReadFile("testdata/documented.yaml")
	require.NoError(t, err)
	c := connector(t, string(text))

	assert.Equal(t, "admin@example.com", c.Auth.Email)
	assert.Equal(t, "the-zendesk-secret", c.Auth.APIToken.Reveal())
	assert.False(t, c.Auth.UsesOAuth())
	assert.Equal(t, "yourcompany", c.Account())
	assert.Equal(t, "https://yourcompany.zendesk.com", c.URL())
	assert.Equal(t, config.ListRef{ID: 31}, c.Lists.ActiveTickets)
	assert.Equal(t, config.LevelVerbose, c.LogLevel)
	assert.True(t, c.LogWebhooks)
	require.Len(t, c.FieldMapping, 11)
	assert.Equal(t, "email", c.FieldMapping[0].Source)
	assert.Equal(t, []string{"EMAIL"}, c.FieldMapping[0].Targets)
	rule, ok := c.FieldMapping.Rule("user_fields.account_tier")
	require.True(t, ok)
	assert.Equal(t, []string{"ACCOUNT_TIER"}, rule.Targets)
	assert.Equal(t, 33, rule.At.Line)
}

func TestTheShippedFilesNameRealSources(t *testing.T) {
	for _, path := range []string{"testdata/documented.yaml", examplePath} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		_, err = config.Parse("connectors.yaml", text, usual(), config.WithSources(mapping.CheckSource))
		require.NoError(t, err, path)
	}
}

func TestTheDocumentedBlockNamesItsMissingVariables(t *testing.T) {
	text, err := os.ReadFile("testdata/documented.yaml")
	require.NoError(t, err)
	_, err = config.Parse("connectors.yaml", text, environment("BREVO_API_KEY=xkeysib-1", "ZENDESK_API_TOKEN=t"))
	require.EqualError(t, err, "connectors.yaml:5:5: auth.email is missing: a Zendesk API token signs in together with an agent's e-mail address; "+
		"set the environment variable ZENDESK_EMAIL (or put it in .env), or add email: under auth")

	_, err = config.Parse("connectors.yaml", text, environment("ZENDESK_EMAIL=admin@example.com", "ZENDESK_API_TOKEN=t"))
	require.EqualError(t, err, "connectors.yaml:1:1: brevo.api_key is missing; set the environment variable BREVO_API_KEY (or put it in .env), "+
		"or add brevo: {api_key: \"${NAME}\"} for a variable of your own")
}

func TestTheBrevoKeyComesFromTheEnvironment(t *testing.T) {
	rest := strings.TrimPrefix(minimal, `brevo: {api_key: "${BREVO_API_KEY}"}`+"\n")
	require.NotEqual(t, minimal, rest)
	for _, brevo := range []string{"", "brevo:\n", "brevo: {}\n", "brevo: {api_key: }\n", "brevo: {base_url: \"http://127.0.0.1:1/v3\"}\n"} {
		file, err := parse(brevo + rest)
		require.NoError(t, err, brevo)
		assert.Equal(t, "xkeysib-the-brevo-secret", file.Brevo.APIKey.Reveal(), brevo)
	}
	file, err := config.Parse("connectors.yaml", []byte("brevo: {api_key: written}\n"+rest), usual())
	require.NoError(t, err)
	assert.Equal(t, "written", file.Brevo.APIKey.Reveal(), "the file goes first")

	for key, want := range map[string]string{
		"":                "connectors.yaml:1:1: brevo.api_key is missing; set the environment variable BREVO_API_KEY (or put it in .env), or add api_key: \"${NAME}\" under brevo for a variable of your own",
		"xsmtpsib-sesame": "connectors.yaml:1:1: the environment variable BREVO_API_KEY is an SMTP key; use an API key (it begins with xkeysib-) from Brevo's SMTP & API page",
		"open sesame":     "connectors.yaml:1:1: the environment variable BREVO_API_KEY contains a space or a line break; copy the value again, on one line",
	} {
		_, err := config.Parse("connectors.yaml", []byte("brevo: {}\n"+rest), environment("BREVO_API_KEY="+key, "ZENDESK_API_TOKEN=t", "ZENDESK_EMAIL=a@example.com"))
		require.EqualError(t, err, want)
	}
	_, err = config.Parse("connectors.yaml", []byte("brevo: {apiKey: typed}\n"+rest), environment("ZENDESK_API_TOKEN=t", "ZENDESK_EMAIL=a@example.com"))
	require.EqualError(t, err, `connectors.yaml:1:9: unknown key "apiKey" in brevo; did you mean api_key?`)
}

func TestDefaults(t *testing.T) {
	c := connector(t, minimal)
	want := config.DefaultConnector("zendesk", "acme")
	want.Auth = c.Auth
	assert.Equal(t, want, c)
	assert.Equal(t, 5*time.Minute, c.Schedule.Every)

	file, err := parse(minimal)
	require.NoError(t, err)
	assert.Equal(t, config.DefaultBrevoURL, file.Brevo.BaseURL)
}

func TestTheExampleLoads(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	require.NoError(t, err)
	c := connector(t, string(text))
	assert.Equal(t, config.ListRef{Name: "Zendesk customers"}, c.Lists.AllCustomers)
	assert.Equal(t, "admin@yourcompany.com", c.Auth.Email)
}

// A commented-out setting of the example is "#name:", prose begins with "# ".
var commentedOut = regexp.MustCompile(`(?m)^( *)#([a-z_]+:)`)

func TestTheExampleShowsTheDefaults(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	require.NoError(t, err)
	uncommented := commentedOut.ReplaceAllString(string(text), "$1$2")
	require.Greater(t, len(commentedOut.FindAllString(string(text), -1)), 40)

	asShipped, err := parse(string(text))
	require.NoError(t, err)
	shown, err := parse(uncommented)
	require.NoError(t, err)
	assert.Equal(t, asShipped.Brevo, shown.Brevo)

	want, got := *asShipped.Ordered[0], *shown.Ordered[0]
	// An empty list and no list mean the same to all readers of these.
	for _, list := range []*[]string{&want.Overwrite, &want.Pilot.Emails, &want.Sync.Exclude.Emails, &want.Sync.Exclude.Domains, &want.Sync.Exclude.Tags} {
		*list = []string{}
	}
	assert.Equal(t, want, got)
	assert.Equal(t, asShipped.Ordered[0].Fingerprint(), shown.Ordered[0].Fingerprint())
}

// The keys come from the decoder itself: an unknown key's message lists them.
func TestTheExampleShowsEverySetting(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	require.NoError(t, err)
	for _, probe := range []string{"qqqqqqqqqqqq: 1", "sync: {qqqqqqqqqqqq: 1}", "sync: {exclude: {qqqqqqqqqqqq: 1}}", "lists: {qqqqqqqqqqqq: 1}", "events: {qqqqqqqqqqqq: 1}", "rate_limits: {qqqqqqqqqqqq: 1}"} {
		_, err := parse(withLines(probe))
		require.Error(t, err)
		_, known, found := strings.Cut(err.Error(), "known here: ")
		require.True(t, found, err)
		for _, name := range strings.Split(known, ", ") {
			assert.Regexp(t, `(?m)^ *#?`+name+`:`, string(text), "the example does not show %s", name)
		}
	}
}

func TestLoadReadsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "connectors.yaml")
	_, err := config.Load(path, usual())
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "copy connectors.example.yaml")

	require.NoError(t, os.WriteFile(path, []byte(minimal), 0o600))
	file, err := config.Load(path, usual())
	require.NoError(t, err)
	assert.Equal(t, path, file.Path)

	require.NoError(t, os.WriteFile(path, []byte("brevo: {}\nconnectors: 1\n"), 0o600))
	_, err = config.Load(path, usual())
	assert.ErrorContains(t, err, path+":2:13: connectors must be a mapping")

	_, err = config.Load(t.TempDir(), usual())
	require.Error(t, err)
	assert.False(t, errors.Is(err, fs.ErrNotExist))
}

func TestChoosingAConnector(t *testing.T) {
	file, err := parse(minimal + "  old:\n    enabled: false\n    type: zendesk\n    auth: {api_token: \"${UNSET}\"}\n")
	require.NoError(t, err, "a connector that is switched off may lack its variables and its subdomain")
	require.Len(t, file.Ordered, 2)
	assert.Equal(t, "old", file.Ordered[1].Name)

	c, err := file.Connector("")
	require.NoError(t, err)
	assert.Equal(t, "zendesk", c.Name)
	c, err = file.Connector("zendesk")
	require.NoError(t, err)
	assert.Equal(t, "acme", c.Account())

	_, err = file.Connector("zendes")
	require.EqualError(t, err, `no connector "zendes" in connectors.yaml: did you mean "zendesk"? known: zendesk, old`)
	_, err = file.Connector("shopify")
	require.EqualError(t, err, `no connector "shopify" in connectors.yaml: known: zendesk, old`)
	_, err = file.Connector("old")
	require.EqualError(t, err, `connector "old" is switched off in connectors.yaml: set enabled: true on it`)

	file, err = parse(withLines("enabled: false"))
	require.NoError(t, err)
	_, err = file.Connector("")
	require.EqualError(t, err, "no connector in connectors.yaml is enabled: set enabled: true on one of zendesk")
}

func TestOneEnabledConnectorPerBrevoAccount(t *testing.T) {
	_, err := parse(minimal + "  second:\n    type: zendesk\n    subdomain: other\n    auth: {api_token: t}\n")
	require.EqualError(t, err, `connectors.yaml:6:3: connectors "zendesk" (line 3) and "second" are both enabled; `+
		"set enabled: false on one of them: one enabled connector per Brevo account")
}

func TestMappingSourcesAreJudgedByTheirRegistry(t *testing.T) {
	check := func(source string) (string, string) {
		if source == "open_ticket" {
			return "is no source", "did you mean open_tickets?"
		}
		return "", ""
	}
	_, err := config.Parse("connectors.yaml", []byte(withLines("field_mapping: {open_ticket: OPEN, role: ROLE}")), usual(), config.WithSources(check))
	require.EqualError(t, err, `connectors.yaml:6:21: field_mapping.open_ticket is no source; did you mean open_tickets?`)
}

func TestAutomationsAreJudgedByTheirRules(t *testing.T) {
	var judged []int // lines of what was judged; 0: no mapping
	check := func(c *config.Connector) []config.Problem {
		judged = nil
		for _, a := range c.Automations {
			if a.Node == nil {
				judged = append(judged, 0)
				continue
			}
			judged = append(judged, a.At.Line)
		}
		assert.Equal(t, "zd_", c.Events.Prefix, "the rest of the connector is known, wherever it stands")
		return []config.Problem{{At: config.Position{Line: 9, Column: 15}, Message: "automations[3].when knows no x", Fix: "remove it"}}
	}
	load := func(lines ...string) error {
		judged = nil
		_, err := config.Parse("connectors.yaml", []byte(withLines(lines...)), usual(), config.WithAutomations(check))
		return err
	}
	require.EqualError(t, load("automations:", "  - on: a", "  - 5", "  - when: x", "    on: b", `events: {prefix: zd_, settle: soon}`),
		`connectors.yaml has 3 problems:
connectors.yaml:8:9: automations[2] must be a mapping (key: value lines), found a number; write its settings as key: value
connectors.yaml:9:15: automations[3].when knows no x; remove it
connectors.yaml:11:35: events.settle must be a duration, found "soon"; write a number with a unit, such as 30s, 5m or 24h`)
	assert.Equal(t, []int{7, 0, 9}, judged)

	require.NoError(t, load("automations: []"))
	require.NoError(t, load("automations:"))
	for _, odd := range []string{"- &a {on: x}", "- {on: *a}", "- {on: !!str x}", "- {<<: {on: x}}"} {
		require.Error(t, load("automations:", "  "+odd), odd)
		assert.Empty(t, judged, "what YAML composes is not read: "+odd)
	}
}

func TestWhatBecomesOfMergedUsers(t *testing.T) {
	assert.Equal(t, config.OnUserKeep, connector(t, minimal).OnUserMerged)
	c := connector(t, withLines("on_user_merged: delete"))
	assert.Equal(t, config.OnUserDelete, c.OnUserMerged)
	assert.NotEqual(t, connector(t, minimal).Fingerprint(), c.Fingerprint())
}

func TestTicketsMayBeActedOnAtOnce(t *testing.T) {
	for text, want := range map[string]time.Duration{"0s": 0, "250ms": 250 * time.Millisecond, "60s": time.Minute} {
		assert.Equal(t, want, connector(t, withLines("events: {settle: "+text+"}")).Events.Settle)
	}
}
