package rules_test

import (
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
)

// sources reads automations as connectors.yaml holds them.
func sources(t require.TestingT, text string) []rules.Source {
	f, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	require.NoError(t, err)
	list, ok := f.Docs[0].Body.(*ast.SequenceNode)
	require.True(t, ok)
	var out []rules.Source
	for _, node := range list.Values {
		s, err := rules.FromYAML(node.(*ast.MappingNode))
		require.NoError(t, err)
		out = append(out, s)
	}
	return out
}

func load(t require.TestingT, text string, o rules.Options) *rules.Set {
	set, err := rules.Load(sources(t, text), o)
	require.NoError(t, err)
	return set
}

const everything = `
- name: recovery
  on: [satisfaction_rating.bad]
  when: ticket.priority in ["high", "urgent"] and "vip" in contact.tags
  after: 90m
  unless: [satisfaction_rating.good]
  limit: {per: person, count: 2, within: 1w}
  do:
    - brevo.event: {name: recovery, properties: {stars: "{{ ticket.score }}", team: care}}
    - brevo.email: {template: 12, transactional: true, params: {first: "{{contact.first_name}}", subject: "Ticket {{ ticket.id }}"}}
    - brevo.email: 13
    - brevo.list_add: 30
    - brevo.list_remove: Happy people
    - brevo.attribute: {last_rating: "{{ transition.to }}", NEXT: null, VIP: true}
    - zendesk.tag: {add: [recovery], remove: [happy]}
    - zendesk.note: "Rated {{ transition.to }} by {{ contact.name }}"
    - zendesk.ticket: {subject: Call back, body: "{{contact.phone}} about {{ticket.id}}", priority: high, type: task, tags: [recovery]}
- on: ticket.solved
  do:
    - zendesk.tag: [csat_sent]
- use: csat_request
  after: 1h
  do:
    - brevo.email: 7
`

func TestLoadEverything(t *testing.T) {
	list := load(t, everything, rules.Options{}).Rules()
	require.Len(t, list, 3)
	assert.Equal(t, []string{"recovery", "ticket.solved zendesk.tag", "csat_request"}, []string{list[0].Name, list[1].Name, list[2].Name})
	r := list[0]
	assert.Equal(t, 90*time.Minute, r.After)
	assert.Equal(t, rules.Limit{Per: "person", Count: 2, Within: 7 * 24 * time.Hour}, r.Limit)
	assert.Equal(t, []rules.Action{
		{Kind: rules.BrevoEvent, Event: "recovery", Properties: map[string]any{"stars": "{{ ticket.score }}", "team": "care"}},
		{Kind: rules.BrevoEmail, Template: 12, Transactional: true, Params: map[string]any{"first": "{{contact.first_name}}", "subject": "Ticket {{ ticket.id }}"}},
		{Kind: rules.BrevoEmail, Template: 13},
		{Kind: rules.BrevoListAdd, ListID: 30},
		{Kind: rules.BrevoListRemove, ListName: "Happy people"},
		{Kind: rules.BrevoAttribute, Attributes: map[string]any{"LAST_RATING": "{{ transition.to }}", "NEXT": nil, "VIP": true}},
		{Kind: rules.ZendeskTag, Add: []string{"recovery"}, Remove: []string{"happy"}},
		{Kind: rules.ZendeskNote, Body: "Rated {{ transition.to }} by {{ contact.name }}"},
		{Kind: rules.ZendeskTicket, Subject: "Call back", Body: "{{contact.phone}} about {{ticket.id}}", Priority: "high", Type: "task", Tags: []string{"recovery"}},
	}, r.Do)
	csat := list[2]
	assert.Equal(t, []any{time.Hour, []string{"ticket.solved"}, []string{"ticket.reopened"}}, []any{csat.After, csat.On, csat.Unless})
	assert.Equal(t, rules.Limit{Per: "person", Count: 1, Within: 7 * 24 * time.Hour}, csat.Limit)
	assert.Equal(t, []rules.Action{{Kind: rules.BrevoEmail, Template: 7}}, csat.Do)
}

func TestProblems(t *testing.T) {
	const do = "\n  do:\n    - brevo.event: x"
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"empty":            {`- name: x`, "1:3: automations[1].on is missing; add on: with one of " + allTypes + "\n1:3: automations[1].do is missing; add do: with at least one action: " + allKinds},
		"unknown key":      {"- on: ticket.solved\n  wen: x" + do, "2:3: automations[1].wen is an unknown key; did you mean when?"},
		"unknown type":     {"- on: [ticket.solved, ticket.reopend]" + do, `1:23: automations[1].on[2] knows no "ticket.reopend"; did you mean ticket.reopened?`},
		"twice":            {"- on: [ticket.solved, ticket.solved]" + do, `1:23: automations[1].on[2] names ticket.solved twice; remove one`},
		"on is a number":   {"- on: 5" + do, "1:7: automations[1].on must be text, found a number; put it in quotes when it looks like a number"},
		"unless":           {"- on: ticket.solved\n  unless: [ticket.reopen]" + do, `2:12: automations[1].unless[1] knows no "ticket.reopen"; did you mean ticket.reopened?`},
		"unless no ticket": {"- on: user.created\n  unless: [ticket.created]" + do, "2:12: automations[1].unless[1] cannot be ticket.created: what happens to a user has no ticket; name an event of users"},
		"unknown name":     {"- on: ticket.solved\n  when: tiket.status == 'open'" + do, `2:9: automations[1].when knows no "tiket"; did you mean ticket?`},
		"untold":           {"- on: ticket.solved\n  when: not ticket.spam" + do, `2:9: automations[1].when knows no "ticket.spam"; Zendesk shows spam as deleted: ask ticket.deleted`},
		"untold, template": {"- on: ticket.solved\n  do:\n    - zendesk.note: '{{ ticket.spam }}'", `3:21: automations[1].do[1].zendesk.note has a template that knows no "ticket.spam"; Zendesk shows spam as deleted: ask ticket.deleted`},
		"unknown field":    {"- on: ticket.solved\n  when: ticket.statuss == 'open'" + do, `2:9: automations[1].when knows no "ticket.statuss"; did you mean ticket.status?`},
		"wrong type":       {"- on: ticket.solved\n  when: ticket.reopens == 'open'" + do, `2:9: automations[1].when has an error at character 16: invalid operation: == (mismatched types int and string)`},
		"no bool":          {"- on: ticket.solved\n  when: ticket.reopens" + do, `2:9: automations[1].when is no valid expression: expected bool, but got int`},
		"bad syntax":       {"- on: ticket.solved\n  when: ticket.reopens >" + do, `2:9: automations[1].when has an error at character 16: unexpected token EOF; it ends too early: put the whole of it in quotes when it holds a #, which YAML takes for a comment`},
		"the clock":        {"- on: ticket.solved\n  when: now() > ticket.created_at" + do, `2:9: automations[1].when cannot use "now"; known here: abs, all, any, ceil, count, date, duration, float, floor, hasPrefix, hasSuffix, int, len, lower, max, min, none, one, round, string, trim, upper`},
		"a range":          {"- on: ticket.solved\n  when: 'any(1..9, # == ticket.reopens)'" + do, `2:9: automations[1].when has a range; compare with < and > instead`},
		"a loop in a loop": {"- on: ticket.solved\n  when: 'any(contact.tags, any(contact.tags, true))'" + do, `2:9: automations[1].when has a loop within a loop; split the rule in two`},
		"variables":        {"- on: ticket.solved\n  when: let a = 1; a == 1" + do, `2:9: automations[1].when has variables; write one expression`},
		"matches":          {"- on: ticket.solved\n  when: ticket.channel matches ticket.status" + do, `2:9: automations[1].when has matches without a fixed pattern; write the pattern in quotes`},
		"an address":       {"- on: ticket.solved\n  when: contact.email == 'a'" + do, `2:9: automations[1].when knows no "contact.email"; known here: `},
		"ticket of a user": {"- on: [user.created, ticket.solved]\n  when: ticket.reopens > 1" + do, `2:9: automations[1].when asks about the ticket, and what happens to a user has none; remove the user events from on, or what asks about the ticket`},
		"after":            {"- on: ticket.solved\n  after: soon" + do, `2:10: automations[1].after must be a duration, found text; write a number with a unit, such as 30m, 1h or 7d`},
		"after too long":   {"- on: ticket.solved\n  after: 91d" + do, `2:10: automations[1].after is out of range: 2184h0m0s; write a duration up to 90d`},
		"before":           {"- on: ticket.solved\n  after: -1h" + do, `2:10: automations[1].after is out of range: -1h0m0s; write a duration up to 90d`},
		"limit":            {"- on: ticket.solved\n  limit: {per: persn}" + do, "2:3: automations[1].limit.within is missing or out of range: 0s; write a duration up to 90d, such as 7d\n2:16: automations[1].limit.per cannot be \"persn\"; did you mean person?"},
		"limit count":      {"- on: ticket.solved\n  limit: {per: person, count: 0, within: 7d}" + do, "2:31: automations[1].limit.count must be a whole number from 1 to 1000; write how often it may act"},
		"unknown action":   {"- on: ticket.solved\n  do:\n    - brevo.evnt: x", `3:7: automations[1].do[1] has an unknown action "brevo.evnt"; did you mean brevo.event?`},
		"two actions":      {"- on: ticket.solved\n  do:\n    - brevo.event: x\n      zendesk.tag: y", `3:7: automations[1].do[1] must have one action, found 2; begin each action with a hyphen: - brevo.event: NAME`},
		"event name":       {"- on: ticket.solved\n  do:\n    - brevo.event: a.b", `3:20: automations[1].do[1].brevo.event.name is no name for a Brevo event; use up to 200 letters, digits, hyphens and underscores`},
		"taken property":   {"- on: ticket.solved\n  do:\n    - brevo.event: {name: a, properties: {key: 1}}", `3:30: automations[1].do[1].brevo.event.properties cannot write key; choose another name`},
		"no template":      {"- on: ticket.solved\n  do:\n    - brevo.email: {transactional: true}", `3:7: automations[1].do[1].brevo.email needs template; add template:`},
		"template name":    {"- on: ticket.solved\n  do:\n    - brevo.email: welcome", `3:20: automations[1].do[1].brevo.email must be an id (a whole number), found text; copy the number that Brevo shows as its id`},
		"identity":         {"- on: ticket.solved\n  do:\n    - brevo.attribute: {email: x}", `3:7: automations[1].do[1].brevo.attribute cannot write EMAIL; choose another name`},
		"two types":        {"- on: ticket.solved\n  do:\n    - brevo.attribute: {STARS: 5}\n- on: ticket.solved\n  do:\n    - brevo.attribute: {stars: high}", `6:32: automations[2].do[1].brevo.attribute.STARS is a text, and automations[1] writes a number; write one type of value everywhere`},
		"two spellings":    {"- on: ticket.solved\n  do:\n    - brevo.attribute: {STARS: 5, stars: 6}", `3:7: automations[1].do[1].brevo.attribute writes "STARS" twice; keep one of them`},
		"attribute name":   {"- on: ticket.solved\n  do:\n    - brevo.attribute: {1ST: x}", `3:7: automations[1].do[1].brevo.attribute has a name that Brevo does not take: "1ST"; use letters, digits and underscores`},
		"no number":        {"- on: ticket.solved\n  do:\n    - brevo.attribute: {STARS: .nan}", `3:25: automations[1].do[1].brevo.attribute.STARS must be one value, found a number; write a text, a number, true, false or null`},
		"a quoted id":      {"- on: ticket.solved\n  do:\n    - brevo.list_add: '30'", `3:23: automations[1].do[1].brevo.list_add is a number in quotes, which would be a list's name; for the list with that id, write the number without quotes`},
		"key twice":        {"- on: ticket.solved\n  on: ticket.solved" + do, `2:3: automations[1].on is written twice (first on line 1); keep one of them`},
		"inner key twice":  {"- on: ticket.solved\n  limit: {per: person, within: 7d, per: ticket}" + do, `2:36: automations[1].limit.per is written twice (first on line 2); keep one of them`},
		"a tag":            {"- on: ticket.solved\n  do:\n    - zendesk.tag: two words", `3:20: automations[1].do[1].zendesk.tag.add has "two words", which is no tag; use words without spaces, commas and quotes`},
		"a note on a user": {"- on: user.created\n  do:\n    - zendesk.note: x", `3:21: automations[1].do[1].zendesk.note needs a ticket, and what happens to a user has none; use zendesk.ticket, or remove the user events from on`},
		"a bad template":   {"- on: ticket.solved\n  do:\n    - zendesk.note: 'a {{ ticket.idd }}'", `3:21: automations[1].do[1].zendesk.note has a template that knows no "ticket.idd"; did you mean ticket.id?`},
		"personal fields":  {"- on: ticket.solved\n  do:\n    - zendesk.note: '{{ contact.tags }}'", `3:21: automations[1].do[1].zendesk.note has a template that knows no "contact.tags"; known here: `},
		"an open template": {"- on: ticket.solved\n  do:\n    - zendesk.note: 'a {{ ticket.id'", `3:21: automations[1].do[1].zendesk.note has {{ without }}`},
		"a variable":       {"- on: ticket.solved\n  do:\n    - zendesk.note: '${NOTE}'", `3:21: automations[1].do[1].zendesk.note has a ${, and automations take no environment variables; write the value itself`},
		"priority":         {"- on: ticket.solved\n  do:\n    - zendesk.ticket: {subject: a, body: b, priority: urgnt}", `3:55: automations[1].do[1].zendesk.ticket.priority cannot be "urgnt"; did you mean urgent?`},
		"same name":        {"- name: a\n  on: ticket.solved" + do + "\n- name: a\n  on: ticket.solved" + do, `5:9: automations[2].name is the same as that of automations[1]; give each rule a name of its own`},
		"builtin name":     {"- name: builtin:x\n  on: ticket.solved" + do, `1:9: automations[1].name cannot be a name; use up to 60 letters, digits, spaces and . _ : # -; built-in rules alone begin with builtin:`},
		"ready made":       {"- use: csat", `1:8: automations[1].use knows no ready-made rule "csat"; known here: csat_request`},
		"several": {"- on: ticket.solvd\n  when: x\n  after: soon" + do + "\n- on: user.created\n  do: 5", `1:7: automations[1].on[1] knows no "ticket.solvd"; did you mean ticket.solved?
2:9: automations[1].when knows no "x"; known here: ticket, contact, transition
3:10: automations[1].after must be a duration, found text; write a number with a unit, such as 30m, 1h or 7d
7:7: automations[2].do[1] must be a mapping, found a number; write its settings as key: value`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rules.Load(sources(t, c.text), rules.Options{Builtin: true})
			require.Error(t, err)
			if c.want[len(c.want)-1] == ' ' { // a list that other tests pin follows
				assert.Contains(t, err.Error(), c.want)
				return
			}
			assert.Equal(t, c.want, err.Error())
		})
	}
}

const (
	allTypes = "ticket.created, ticket.updated, ticket.solved, ticket.reopened, ticket.escalated, satisfaction_rating.created, satisfaction_rating.good, satisfaction_rating.bad, user.created, user.updated, user.merged"
	allKinds = "brevo.event, brevo.email, brevo.list_add, brevo.list_remove, brevo.attribute, zendesk.tag, zendesk.note, zendesk.ticket"
)
