package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
)

// TestDocumentation keeps docs/automations.md in step with the language: its tables are made of the rules' own names and keys, and
// its prose is testdata/automations.md.
func TestDocumentation(t *testing.T) {
	prose, err := os.ReadFile(filepath.Join("testdata", "automations.md"))
	require.NoError(t, err)
	text := string(prose)
	for name, table := range map[string]string{
		"events": eventTable(t), "builtin": builtinTable(t), "facts": factTable(t), "functions": "`" + strings.Join(rules.Functions, "`, `") + "`",
		"personal": "`{{" + strings.Join(rules.Personal, "}}`, `{{") + "}}`", "properties": "`" + strings.Join(rules.StandardProperties, "`, `") + "`",
		"reserved": strings.Join(rules.Reserved, ", "), "csat": "`" + readyMade(t).When + "`",
	} {
		marker := "<!-- " + name + " -->"
		require.Equal(t, 1, strings.Count(text, marker), marker)
		text = strings.Replace(text, marker, strings.TrimSuffix(table, "\n"), 1)
	}
	path := filepath.Join("..", "..", "docs", "automations.md")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text, "run go test ./internal/rules -run Documentation -update when this is meant")

	for _, kind := range rules.Kinds() {
		assert.Contains(t, text, "| `"+kind+"` |", "every action has its row")
	}
}

func readyMade(t *testing.T) rules.RuleConfig {
	t.Helper()
	rule, ok := rules.ReadyMade(rules.CSATRequest)
	require.True(t, ok)
	return rule
}

var eventMeanings = map[string]string{
	rules.TicketCreated:   "A ticket was submitted. Tickets that an automation made are no news.",
	rules.TicketUpdated:   "Its status changed: new, open, pending, hold, solved, closed. Other changes of a ticket are no event.",
	rules.TicketSolved:    "It was solved, or closed without having been seen solved. Closing a solved ticket does not count again.",
	rules.TicketReopened:  "It left solved for new, open, pending or hold.",
	rules.TicketEscalated: "Its priority became urgent.",
	rules.RatingCreated:   "Somebody rated a ticket, or changed a good rating to a bad one or back. Comes before good and bad.",
	rules.RatingGood:      "The rating is good (in the new CSAT: as Zendesk's own category says).",
	rules.RatingBad:       "The rating is bad. A neutral one is neither.",
	rules.UserCreated:     "A user was registered.",
	rules.UserUpdated:     "The profile changed: what this connector reads of it. Changes that an automation made are no news.",
	rules.UserMerged:      "A user was merged into this one. Only a webhook tells; it is about the one who remains.",
}

// sampleKeys are real keys, made by the code that records.
func sampleKeys(t *testing.T) map[string]string {
	t.Helper()
	day := time.Date(2024, 1, 15, 10, 0, 0, 0, time.UTC)
	out := map[string]string{}
	keep := func(list []rules.Transition) {
		for _, tr := range list {
			out[tr.Type] = tr.Key
		}
	}
	ticket := rules.TicketState{ID: 35, RequesterID: 9, Status: "open", CreatedAt: day, UpdatedAt: day}
	keep(happened(nil, ticket, day))
	solved := ticket
	solved.Status, solved.Priority, solved.UpdatedAt, solved.SolvedAt = "solved", "urgent", day.Add(time.Hour), day.Add(time.Hour)
	keep(happened(&ticket, solved, day))
	opened := solved
	opened.Status, opened.Reopens = "open", 1
	keep(happened(&solved, opened, day))
	for _, category := range []string{rules.Good, rules.Bad} {
		answer := rules.SurveyState{TicketID: 35, UserID: 9, Rating: rules.Rating{ID: "7", Category: category, At: day}}
		keep(rules.SurveyTransitions(nil, answer.Keeping(nil), day))
	}
	user := rules.UserState{ID: 9, Active: true, Profile: "a", CreatedAt: day, UpdatedAt: day}
	keep(rules.UserTransitions(nil, user, day))
	changed := user
	changed.Profile, changed.UpdatedAt = "b", day.Add(time.Hour)
	keep(rules.UserTransitions(&user, changed, day))
	keep([]rules.Transition{rules.MergedTransition(9, 12, day)})
	return out
}

func eventTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| event | what happened | key, for example |\n|---|---|---|\n")
	keys := sampleKeys(t)
	require.Len(t, eventMeanings, len(rules.Types()))
	for _, typ := range rules.Types() {
		require.NotEmpty(t, eventMeanings[typ], typ)
		require.NotEmpty(t, keys[typ], typ)
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", typ, eventMeanings[typ], keys[typ])
	}
	return b.String()
}

// useCases are those of the product's own table of events.
var useCases = map[string]string{
	rules.TicketCreated: "support acknowledgment", rules.TicketUpdated: "status notification", rules.TicketSolved: "CSAT survey trigger",
	rules.TicketReopened: "escalation alert", rules.UserCreated: "welcome to support", rules.UserUpdated: "attribute sync",
	rules.UserMerged: "deduplication", rules.RatingCreated: "feedback processing", rules.RatingBad: "recovery outreach", rules.RatingGood: "advocacy campaigns",
}

func builtinTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| event | sends to Brevo | when | use it for |\n|---|---|---|---|\n")
	list := rules.Builtin()
	require.Len(t, list, len(useCases))
	for _, rule := range list {
		require.Len(t, rule.On, 1)
		require.Len(t, rule.Do, 1)
		require.NotEmpty(t, useCases[rule.On[0]], rule.Name)
		when := "always"
		if rule.When != "" {
			when = "`" + rule.When + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", rule.On[0], rule.Do[0].Event, when, useCases[rule.On[0]])
	}
	return b.String()
}

var factMeanings = map[string]string{
	"ticket.id": "", "ticket.organization_id": "0: none", "ticket.status": "new, open, pending, hold, solved, closed, deleted: as it is now",
	"ticket.priority": "urgent, high, normal, low, or empty", "ticket.channel": "where it came from: web, email, chat, api ...",
	"ticket.reopens": "how often it was reopened", "ticket.rated": "it has a rating", "ticket.rating": "good, neutral, bad, or empty",
	"ticket.score": "0 to 100; without a rating no comparison with it holds", "ticket.created_at": "", "ticket.solved_at": "the latest time",
	"ticket.updated_at": "", "ticket.merged": "closed because it was merged into another",
	"ticket.deleted": "also when it was marked as spam", "ticket.fields": "`ticket.fields[\"360001\"]`: custom fields by id, those that field_mapping carries",
	"contact.id": "of the user in Zendesk", "contact.organization_id": "the default organization; 0: none", "contact.role": "end-user, agent, admin",
	"contact.locale": "en-US", "contact.time_zone": "", "contact.domain": "of the e-mail address", "contact.tags": "`\"vip\" in contact.tags`",
	"contact.suspended": "", "contact.blocklisted": "opted out of e-mail in Brevo", "contact.open_tickets": "new, open, pending or on hold",
	"contact.total_tickets": "", "contact.rated": "has rated a ticket", "contact.csat": "mean satisfaction, 0 to 100; without ratings no comparison holds",
	"contact.created_at": "", "contact.fields": "`contact.fields.tier`: custom fields by key, those that field_mapping carries",
	"transition.type": "the event", "transition.occurred_at": "Zendesk's time", "transition.number": "which time it was solved or reopened",
	"transition.from": "the status, priority or rating before; empty when not seen", "transition.to": "the same after",
	"transition.superseded": "the ticket had moved on when this was seen",
}

func factTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| fact | is | in templates | |\n|---|---|---|---|\n")
	names := rules.FactNames()
	require.Len(t, factMeanings, len(names))
	for _, f := range names {
		meaning, known := factMeanings[f.Name]
		require.True(t, known, f.Name)
		template := ""
		if f.Template {
			template = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, template, meaning)
	}
	return b.String()
}

var (
	yamlBlock  = regexp.MustCompile(`(?m)^    automations:\n((?:    .*\n|\n)+)`)
	inlineDo   = regexp.MustCompile("`- ((?:brevo|zendesk)[^`]+)`")
	inlineWhen = regexp.MustCompile("`when: ([^`]+)`")
)

// What people copy from the page works.
func TestTheExamplesOfTheDocumentationLoad(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "automations.md"))
	require.NoError(t, err)
	blocks := yamlBlock.FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		load(t, regexp.MustCompile(`(?m)^    `).ReplaceAllString(block[1], ""), rules.Options{Builtin: true})
	}
	actions := inlineDo.FindAllStringSubmatch(string(page), -1)
	require.GreaterOrEqual(t, len(actions), len(rules.Kinds()))
	for _, action := range actions {
		load(t, "- on: ticket.solved\n  do:\n    - "+action[1], rules.Options{})
	}
	for _, when := range inlineWhen.FindAllStringSubmatch(string(page), -1) {
		load(t, "- on: ticket.solved\n  when: "+when[1]+"\n  do: [brevo.event: x]", rules.Options{})
	}
}
