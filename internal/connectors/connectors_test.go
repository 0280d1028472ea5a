package connectors_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/rules"
)

const minimal = `brevo: {api_key: k}
connectors:
  zendesk:
    subdomain: acme
    auth: {email: admin@example.com, api_token: t}
`

func parse(text string) (*config.File, error) {
	variables := map[string]string{"BREVO_API_KEY": "set", "ZENDESK_API_TOKEN": "set"}
	return config.Parse("connectors.yaml", []byte(text), func(name string) string { return variables[name] }, connectors.Checks()...)
}

func TestMistakesAreFoundWhenTheFileIsRead(t *testing.T) {
	for name, tc := range map[string]struct{ lines, want string }{
		"a fact": {
			"    automations:\n      - on: ticket.solved\n        do: [brevo.event: x]\n      - on: ticket.solved\n        when: ticket.statuz == \"solved\"\n        do: [brevo.event: x]\n",
			`connectors.yaml:10:15: automations[2].when knows no "ticket.statuz"; did you mean ticket.status?`,
		},
		"among others, by line": {
			"    automations:\n      - on: ticket.solvd\n        do: [brevo.event: x]\n    field_mapping: {open_ticket: X}\n    new_contacts: never\n    log_levl: info\n",
			`connectors.yaml has 4 problems:
connectors.yaml:7:13: automations[1].on[1] knows no "ticket.solvd"; did you mean ticket.solved?
connectors.yaml:9:21: field_mapping.open_ticket is no source; did you mean open_tickets?
connectors.yaml:10:19: new_contacts cannot be "never"; allowed: create, blocklist, skip
connectors.yaml:11:5: unknown key "log_levl" in connectors.zendesk; did you mean log_level?`,
		},
		"in the middle": {
			"    automations:\n      - on: ticket.solved\n        do: [brevo.event: x]\n      - nothing\n      - on: ticket.solved\n        do: [brevo.evnt: x]\n",
			`connectors.yaml has 2 problems:
connectors.yaml:9:9: automations[2] must be a mapping (key: value lines), found text; write its settings as key: value
connectors.yaml:11:14: automations[3].do[1] has an unknown action "brevo.evnt"; did you mean brevo.event?`,
		},
		"a key twice": {
			"    automations:\n      - on: ticket.solved\n        on: ticket.created\n        do: [brevo.event: x]\n",
			`connectors.yaml:8:9: automations[1].on is written twice (first on line 7); keep one of them`,
		},
		"flow style":  {"    automations: [{on: ticket.solved}]\n", `connectors.yaml:6:20: automations[1].do is missing; add do: with at least one action: ` + strings.Join(rules.Kinds(), ", ")},
		"empty":       {"    automations: [{}]\n", "connectors.yaml has 2 problems:\nconnectors.yaml:6:19: automations[1].on is missing; add on: with one of " + strings.Join(rules.Types(), ", ") + "\nconnectors.yaml:6:19: automations[1].do is missing; add do: with at least one action: " + strings.Join(rules.Kinds(), ", ")},
		"off as well": {"    enabled: false\n    automations: [{on: ticket.solved, do: [brevo.event: a.b]}]\n", `connectors.yaml:7:57: automations[1].do[1].brevo.event.name is no name for a Brevo event; use up to 200 letters, digits, hyphens and underscores`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(minimal + tc.lines)
			require.Error(t, err)
			assert.Equal(t, tc.want, err.Error())
		})
	}
}

// A custom field that no line of field_mapping carries is always empty, so what asks for it would never act.
func TestConditionsAskOnlyForFieldsThatAreCarried(t *testing.T) {
	const rule = "    automations:\n      - on: ticket.solved\n        when: %s\n        do: [brevo.event: x]\n"
	const ticket, contact = `ticket.fields["123"] == "billing"`, `contact.fields.tier == "gold"`
	refusal := func(field, source string) string {
		return "connectors.yaml:9:15: automations[1].when asks for a custom field that field_mapping does not carry, so " + field +
			" is always empty; add a line such as " + source + ": ATTRIBUTE_NAME to field_mapping"
	}
	for name, tc := range map[string]struct{ mapping, when, want string }{
		"a ticket's":                   {"{tags: T}", ticket, refusal(`ticket.fields["123"]`, "ticket_fields.123")},
		"a ticket's, another carried":  {"{ticket_fields.124: A}", ticket, refusal(`ticket.fields["123"]`, "ticket_fields.123")},
		"a ticket's, carried":          {"{ticket_fields.123: A}", ticket, ""},
		"a ticket's, its label":        {"{ticket_fields.123.label: A}", ticket, ""},
		"a ticket's, perhaps by title": {"{ticket_fields.Topic: A}", ticket, ""},
		"a contact's":                  {"{ticket_fields.tier: A}", contact, refusal(`contact.fields["tier"]`, "user_fields.tier")},
		"a contact's, carried":         {"{user_fields.tier: A}", contact, ""},
		"a contact's, among all":       {"{user_fields.*: auto}", contact, ""},
		"a contact's, switched off":    {"{user_fields.tier: null}", contact, refusal(`contact.fields["tier"]`, "user_fields.tier")},
		"both, deep inside":            {"{user_fields.tier: A}", `ticket.rated and (` + contact + ` or ` + ticket + `)`, refusal(`ticket.fields["123"]`, "ticket_fields.123")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(minimal + "    field_mapping: " + tc.mapping + "\n" + fmt.Sprintf(rule, "'"+tc.when+"'"))
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestTheConnectorsSettingsReachItsRules(t *testing.T) {
	file, err := parse(minimal + "    builtin_automations: false\n    events: {prefix: zd_, max_age: 1h}\n    automations: [{name: mine, on: ticket.solved, do: [brevo.event: x]}]\n")
	require.NoError(t, err)
	set, err := connectors.RuleSet(file.Ordered[0])
	require.NoError(t, err)
	require.Len(t, set.Rules(), 1)
	now := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	at := func(age time.Duration) []rules.Planned {
		return set.Evaluate(rules.Transition{Key: "k", Type: rules.TicketSolved, TicketID: 35, OccurredAt: now.Add(-age)}, rules.Facts{Now: now})
	}
	require.Len(t, at(time.Minute), 1)
	assert.Equal(t, "zd_x", at(time.Minute)[0].Action.Event)
	assert.Empty(t, at(2*time.Hour), "older than max_age")

	file, err = parse(minimal)
	require.NoError(t, err)
	set, err = connectors.RuleSet(file.Ordered[0])
	require.NoError(t, err)
	assert.Len(t, set.Rules(), 10, "the built-in rules")
}

// exampleAutomations is the part of the example that begins with "# automations:", each line of which becomes a setting
// without its "# ".
var exampleAutomations = regexp.MustCompile(`(?m)^    # automations:\n(    #.*\n)+`)

func TestTheExamplesAutomationsLoadAndDoWhatTheySay(t *testing.T) {
	text, err := os.ReadFile("../../connectors.example.yaml")
	require.NoError(t, err)
	block := exampleAutomations.FindString(string(text))
	require.NotEmpty(t, block)
	used := strings.Replace(string(text), block, regexp.MustCompile(`(?m)^    # ?`).ReplaceAllString(block, "    "), 1)
	file, err := parse(used)
	require.NoError(t, err)
	cfg := file.Ordered[0]
	cfg.BuiltinAutomations = false
	set, err := connectors.RuleSet(cfg)
	require.NoError(t, err)

	list := set.Rules()
	require.Len(t, list, 3)
	assert.Equal(t, rules.CSATRequest, list[0].Name)
	assert.Equal(t, time.Hour, list[0].After)
	assert.Equal(t, []string{rules.TicketReopened}, list[0].Unless)
	assert.Equal(t, "1 per person in 7d", list[0].Limit.String())
	assert.Equal(t, "bad rating recovery", list[1].Name)
	assert.Equal(t, []string{rules.BrevoListAdd, rules.ZendeskNote}, []string{list[1].Do[0].Kind, list[1].Do[1].Kind})
	assert.Equal(t, "reopened alert", list[2].Name)

	score := 25.0
	f := rules.Facts{Ticket: rules.Ticket{ID: 35, Status: "open", Priority: "high", Score: &score}, Contact: rules.Contact{ID: 9}}
	rated := set.Evaluate(rules.Transition{Key: "k", Type: rules.RatingBad, TicketID: 35, UserID: 9}, f)
	require.Len(t, rated, 2)
	assert.Equal(t, "Rated bad (25 of 100). Jane is on the list Zendesk recovery in Brevo.", rated[1].Action.Fill(rules.Person{Name: "Jane"}).Body)
	reopened := set.Evaluate(rules.Transition{Key: "k", Type: rules.TicketReopened, TicketID: 35, UserID: 9, Number: 2}, f)
	require.Len(t, reopened, 1)
	assert.EqualValues(t, 2, reopened[0].Action.Properties["times"])
	f.Ticket.Priority = "low"
	assert.Empty(t, set.Evaluate(rules.Transition{Key: "k", Type: rules.TicketReopened, TicketID: 35, UserID: 9, Number: 1}, f))
}

// Secrets and addresses put in any place of an automation must not come back in a message.
func TestMessagesAboutAutomationsHoldNoSecretsAndNoAddresses(t *testing.T) {
	const base = "{on: ticket.solved, do: [brevo.event: x], %s}"
	for _, secret := range []string{"xkeysib-0123456789abcdef0123456789abcdef", "a123456789abcdef0123456789abcdef01234567", "someone@example.com"} {
		for _, at := range []string{
			"name: S", "on: S", "on: [S]", "when: S", "when: ticket.S", "when: ticket.status == S", "when: 'ticket.status == \"S'", "when: 'S(ticket.status)'",
			"when: 'ticket.reopens == \"S\"'", "after: S", "unless: S", "limit: S", "limit: {per: S}", "limit: {S: 1}", "use: S", "do: S", "do: [S: x]",
			"do: [brevo.event: S]", "do: [brevo.event: {S: x}]", "do: [brevo.event: {name: x, properties: {S: 1}}]", "do: [brevo.event: {name: x, properties: {a: '{{ S }}'}}]",
			"do: [brevo.email: S]", "do: [brevo.attribute: {S: 1}]", "do: [zendesk.tag: 'S S']", "do: [zendesk.ticket: {subject: a, body: b, priority: S}]",
			"do: [zendesk.note: '{{ S }}']", "do: [zendesk.note: 'a {{ ticket.S }}']", "S: x", "x: S", "do: [zendesk.note: '${S}']", "do: [brevo.list_add: {S: x}]",
		} {
			entry := strings.ReplaceAll(strings.ReplaceAll(base, "%s", at), "S", secret)
			_, err := parse(minimal + "    automations: [" + entry + ", {nonsense: 1}]\n")
			require.Error(t, err)
			for i := range len(secret) - 9 {
				assert.NotContains(t, err.Error(), secret[i:i+10], at)
			}
		}
	}
}

// Whatever stands under automations, the file is read, or its problems have a place in it.
func FuzzAutomations(f *testing.F) {
	for _, seed := range []string{
		"- on: ticket.solved\n  do: [brevo.event: x]", "- use: csat_request\n  after: 1h", "- {on: [ticket.solved], limit: {per: ticket, within: 1d}, do: 5}",
		"- on:\n  do:\n", "- do: [{brevo.attribute: {A: {b: c}}}]", "- ? a\n  : b", "- {on: 1, on: 2}", "[[]]", "- {name: &x [*x]}", "- !!binary x", "- |\n  a", "- <<: {on: x}",
		"- on: ticket.solved\n  when: 'any(contact.tags, # == \"a\")'\n  do: [zendesk.note: '{{ ticket.id }}']", "- {1: 2, null: 3, [a]: b}", "- 0x1: .inf\n  do: [brevo.attribute: {A: .inf}]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// The fuzzer does not notice an input that never ends; this does.
		watchdog := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("still reading: %q", text)) })
		defer watchdog.Stop()
		file, err := parse(minimal + "    automations:\n      " + strings.ReplaceAll(text, "\n", "\n      ") + "\n")
		if err == nil {
			for _, c := range file.Ordered {
				_, err := connectors.RuleSet(c)
				require.NoError(t, err)
			}
			return
		}
		var problems config.Problems
		require.ErrorAs(t, err, &problems)
		for _, p := range problems {
			require.Positive(t, p.At.Line, p.Message)
			require.Positive(t, p.At.Column, p.Message)
		}
	})
}
