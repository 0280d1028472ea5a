package rules_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"zendesk-brevo/internal/rules"
)

var update = flag.Bool("update", false, "rewrite golden files")

func score(f float64) *float64 { return &f }

func facts(change ...func(*rules.Facts)) rules.Facts {
	f := rules.Facts{
		Now: at(60),
		Ticket: rules.Ticket{
			ID: 35, Status: "solved", Priority: "high", Channel: "web", CreatedAt: at(-500), SolvedAt: at(30), UpdatedAt: at(30),
			Rating: "bad", Score: score(0), Fields: map[string]any{"360001": "billing"},
		},
		Contact: rules.Contact{ID: 9, Role: "end-user", Domain: "example.com", Tags: []string{"vip", "eu"}, Fields: map[string]any{"tier": "gold"}},
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func solvedOnce() rules.Transition {
	return rules.Transition{Key: "ticket/35/solved#1", Type: rules.TicketSolved, TicketID: 35, UserID: 9, OccurredAt: at(30), Number: 1, From: "open", To: "solved"}
}

func ratedBad() rules.Transition {
	return rules.Transition{
		Key: "ticket/35/rating#7#1#bad", Type: rules.RatingBad, TicketID: 35, UserID: 9, OccurredAt: at(40), Number: 1, RatingID: "7", To: "bad", Score: score(25),
	}
}

func golden(t *testing.T, name string, v any) {
	got, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestGoldenExplanations(t *testing.T) {
	set := load(t, everything, rules.Options{Builtin: true, EventPrefix: "zd_", MaxAge: 24 * time.Hour})
	golden(t, "explain-solved", set.Explain(solvedOnce(), facts()))
	golden(t, "explain-bad", set.Explain(ratedBad(), facts()))
	golden(t, "explain-merged", set.Explain(solvedOnce(), facts(func(f *rules.Facts) { f.Ticket.Merged = true })))
	golden(t, "explain-old", set.Explain(solvedOnce(), facts(func(f *rules.Facts) { f.Now = at(2 * 24 * 3600) })))
	golden(t, "explain-user", set.Explain(rules.MergedTransition(9, 4, at(7)), rules.Facts{Contact: facts().Contact}))
	golden(t, "explain-limit", set.Explain(solvedOnce(), facts(func(f *rules.Facts) {
		f.Fired = map[string][]time.Time{"csat_request/user/9": {at(-3600)}}
	})))
}

func TestEveryEventOfTheProductHasItsRule(t *testing.T) {
	set := load(t, "- {name: mine, on: ticket.escalated, do: [brevo.event: x]}", rules.Options{})
	assert.True(t, set.Wants(rules.TicketEscalated))
	assert.False(t, set.Wants(rules.TicketSolved))

	builtin, err := rules.Compile(nil, rules.Options{Builtin: true, EventPrefix: "zd_"})
	require.NoError(t, err)
	require.Len(t, builtin.Rules(), 10)
	for _, typ := range rules.Types() {
		planned := builtin.Evaluate(rules.Transition{Key: "k", Type: typ, TicketID: 35, UserID: 9, OccurredAt: at(1), To: "solved"}, facts())
		if typ == rules.TicketEscalated {
			assert.Empty(t, planned)
			continue
		}
		require.Len(t, planned, 1, typ)
		assert.Equal(t, rules.BrevoEvent, planned[0].Action.Kind)
		assert.Equal(t, "zd_"+strings.ReplaceAll(typ, ".", "_"), planned[0].Action.Event)
		assert.Equal(t, at(1), planned[0].Due)
	}
	assert.False(t, builtin.Wants(rules.TicketEscalated))
}

func TestCSATRequestSkips(t *testing.T) {
	set := load(t, "- use: csat_request", rules.Options{})
	assert.Len(t, set.Evaluate(solvedOnce(), facts()), 1)
	for name, change := range map[string]func(*rules.Facts){
		"merged":    func(f *rules.Facts) { f.Ticket.Merged = true },
		"deleted":   func(f *rules.Facts) { f.Ticket.Deleted = true },
		"reopened":  func(f *rules.Facts) { f.Ticket.Status = "open" },
		"suspended": func(f *rules.Facts) { f.Contact.Suspended = true },
		"asked":     func(f *rules.Facts) { f.Fired = map[string][]time.Time{"csat_request/user/9": {at(-6 * 24 * 3600)}} },
	} {
		assert.Empty(t, set.Evaluate(solvedOnce(), facts(change)), name)
	}
	asked := func(f *rules.Facts) { f.Fired = map[string][]time.Time{"csat_request/user/9": {at(-7 * 24 * 3600)}} }
	assert.Len(t, set.Evaluate(solvedOnce(), facts(asked)), 1, "a week ago is long enough")
	superseded := solvedOnce()
	superseded.Superseded = true
	assert.Empty(t, set.Evaluate(superseded, facts()))
}

func TestConditions(t *testing.T) {
	for when, want := range map[string]bool{
		`ticket.status == "solved"`:                              true,
		`ticket.id == 35 and contact.id == 9`:                    true,
		`ticket.fields["360001"] == "billing"`:                   true,
		`ticket.fields["9"] == nil`:                              true,
		`ticket.fields["9"] > 3`:                                 false, // cannot be evaluated
		`contact.fields.tier in ["gold", "silver"]`:              true,
		`contact.domain endsWith "example.com"`:                  true,
		`any(contact.tags, # startsWith "v")`:                    true,
		`ticket.channel matches "^(web|api)$"`:                   true,
		`ticket.solved_at - ticket.created_at < duration("10m")`: true,
		`transition.occurred_at > date("2024-03-01")`:            true,
		`contact.csat < 50 or contact.csat >= 50`:                false, // no ratings
		`contact.rated`:                                          false,
		`ticket.rated and ticket.score < 50`:                     true,
		`int(ticket.channel) > 1`:                                false, // cannot be evaluated
		`contact.blocklisted ? false : ticket.priority != "low"`: true,

		`transition.number == 1 and transition.from == "open" and not transition.superseded`: true,
	} {
		set, err := rules.Compile([]rules.RuleConfig{{On: []string{rules.TicketSolved}, When: when, Do: []rules.Action{{Kind: rules.BrevoEvent, Event: "x"}}}}, rules.Options{})
		require.NoError(t, err, when)
		planned := set.Evaluate(solvedOnce(), facts())
		assert.Equal(t, want, len(planned) == 1 && planned[0].Failure == "", when)
	}
}

func TestErrorsOfConditionsRepeatNoValues(t *testing.T) {
	set := load(t, "- {on: ticket.solved, when: 'int(contact.domain) > 1', do: [brevo.event: x]}", rules.Options{})
	f := facts(func(f *rules.Facts) { f.Contact.Domain = "jane-doe.example" })
	why := set.Explain(solvedOnce(), f)[0].Why
	assert.Equal(t, "when cannot be evaluated with these values: int(contact.domain) > 1", why)
}

func TestPlansHoldNoPersonalDataUntilFilled(t *testing.T) {
	set := load(t, everything, rules.Options{Builtin: true})
	f := facts(func(f *rules.Facts) {
		f.Contact.Domain, f.Contact.Tags = "secret-domain.example", []string{"vip", "secret-tag"}
		f.Contact.Fields, f.Ticket.Fields = map[string]any{"a": "secret-field"}, map[string]any{"1": "secret-field"}
	})
	planned := set.Evaluate(ratedBad(), f)
	require.Len(t, planned, 10)
	data, err := json.Marshal(planned)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "secret")

	var back []rules.Planned
	require.NoError(t, json.Unmarshal(data, &back))
	person := rules.Person{Email: "jane@example.com", Name: "Jane Doe", FirstName: "Jane", LastName: "Doe", Phone: "+4930123456"}
	email, note, follow := back[2].Action, back[8].Action, back[9].Action
	require.Equal(t, []string{rules.BrevoEmail, rules.ZendeskNote, rules.ZendeskTicket}, []string{email.Kind, note.Kind, follow.Kind})
	assert.True(t, email.Personal() && note.Personal() && follow.Personal())
	assert.False(t, back[1].Action.Personal())
	assert.Equal(t, map[string]any{"first": "Jane", "subject": "Ticket 35"}, email.Fill(person).Params)
	assert.Equal(t, "Rated bad by Jane Doe", note.Fill(person).Body)
	assert.Equal(t, "+4930123456 about 35", follow.Fill(person).Body)
	assert.Equal(t, "{{contact.phone}} about 35", follow.Body, "the plan is left as it was")
}

func TestValuesBringNoPlaceholders(t *testing.T) {
	set := load(t, "- {on: ticket.solved, do: [zendesk.note: 'via {{ ticket.channel }}']}", rules.Options{})
	f := facts(func(f *rules.Facts) { f.Ticket.Channel = "{{contact.email}}" })
	action := set.Evaluate(solvedOnce(), f)[0].Action
	assert.False(t, action.Personal())
	assert.Equal(t, "via contact.email", action.Fill(rules.Person{Email: "jane@example.com"}).Body)
}

func TestEvaluatingChangesNothing(t *testing.T) {
	set := load(t, everything, rules.Options{Builtin: true, EventPrefix: "zd_"})
	before, err := json.Marshal(set.Rules())
	require.NoError(t, err)
	first := set.Evaluate(ratedBad(), facts())
	for range 3 {
		again := set.Evaluate(ratedBad(), facts())
		require.Equal(t, first, again)
		for i := range again { // a caller may do what it likes with its plan
			again[i].Action = again[i].Action.Fill(rules.Person{Email: "x"})
			for k := range again[i].Action.Properties {
				again[i].Action.Properties[k] = "changed"
			}
		}
	}
	after, err := json.Marshal(set.Rules())
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

func TestActionKeysAreUnique(t *testing.T) {
	set := load(t, everything, rules.Options{Builtin: true})
	rapid.Check(t, func(t *rapid.T) {
		st := drawStory(t)
		var m mirror
		for _, i := range watch(t, st.states) {
			m.offer(st.states[i], i)
		}
		seen := map[string]bool{}
		for _, tr := range m.recorded {
			planned := set.Evaluate(tr, rules.Facts{Ticket: rules.FactsOf(*m.state), Contact: facts().Contact})
			require.Equal(t, tr.Type == rules.TicketEscalated, len(planned) == 0, tr.Type)
			for _, p := range planned {
				require.False(t, seen[p.Key], p.Key)
				seen[p.Key] = true
				require.False(t, p.Due.Before(tr.OccurredAt))
			}
		}
	})
}

func TestARuleThatFailsLeavesWhatItWouldHaveDone(t *testing.T) {
	for name, tc := range map[string]struct{ rule, why string }{
		"when": {
			"- {name: r, on: ticket.solved, when: 'ticket.fields[\"7\"] > 3', limit: {per: person, within: 7d}, do: [brevo.event: x, brevo.event: y]}",
			`the rule failed: when cannot be evaluated with these values: ticket.fields["7"] > 3`,
		},
		"template": {
			"- {name: r, on: ticket.solved, limit: {per: person, within: 7d}, do: [brevo.event: x, brevo.event: {name: y, properties: {n: '{{int(ticket.channel)}}'}}]}",
			"the rule failed: an action's template cannot be evaluated with these values",
		},
	} {
		t.Run(name, func(t *testing.T) {
			set := load(t, tc.rule, rules.Options{})
			planned := set.Evaluate(solvedOnce(), facts())
			require.Len(t, planned, 2)
			for i, key := range []string{"ticket/35/solved#1/r/brevo.event", "ticket/35/solved#1/r/brevo.event#2"} {
				assert.Equal(t, key, planned[i].Key)
				assert.Equal(t, tc.why, planned[i].Failure)
				assert.NotNil(t, planned[i].Limit)
			}
			assert.Empty(t, set.Explain(solvedOnce(), facts())[0].Planned, "nothing follows")
		})
	}
}
