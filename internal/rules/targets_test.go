package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/mapping"
)

func TestTargetsAreWhatMustBeInBrevo(t *testing.T) {
	set := load(t, `
- name: bad
  on: satisfaction_rating.bad
  do:
    - brevo.list_add: Recovery
    - brevo.list_remove: 32
    - brevo.attribute: {last_rating: "{{ transition.to }}", STARS: "{{ ticket.score }}", VIP: true, NEXT: null, AT: "{{ transition.occurred_at }}"}
- name: good
  on: satisfaction_rating.good
  do:
    - brevo.list_remove: Recovery
    - brevo.list_remove: Recovery
    - brevo.attribute: {LAST_RATING: "{{ transition.to }}!", STARS: 5, REOPENS: "{{ ticket.reopens }}", CALM: "{{ ticket.reopens == 0 }}", AT: never}
    - brevo.attribute: {WHO: "{{ contact.email }}", NEXT: "call {{ ticket.id }}", CALM: null}
`, rules.Options{Builtin: true})
	both := []string{"bad", "good"}
	assert.Equal(t, rules.Targets{
		Lists: []rules.ListTarget{{Name: "Recovery", Adds: true, Rules: both}, {ID: 32, Rules: []string{"bad"}}},
		Attributes: []rules.AttributeTarget{
			{Name: "AT", Type: mapping.Text, Rules: both},
			{Name: "LAST_RATING", Type: mapping.Text, Rules: both},
			{Name: "NEXT", Type: mapping.Text, Rules: both},
			{Name: "STARS", Type: mapping.Float, Rules: both},
			{Name: "VIP", Type: mapping.Boolean, Rules: []string{"bad"}},
			{Name: "CALM", Type: mapping.Boolean, Rules: []string{"good"}},
			{Name: "REOPENS", Type: mapping.Float, Rules: []string{"good"}},
			{Name: "WHO", Type: mapping.Text, Rules: []string{"good"}},
		},
	}, set.Targets())

	cleared := load(t, "- {on: ticket.solved, do: [brevo.attribute: {NEXT: null}]}", rules.Options{}).Targets()
	assert.Equal(t, []rules.AttributeTarget{{Name: "NEXT", Rules: []string{"ticket.solved brevo.attribute"}}}, cleared.Attributes)
	assert.Equal(t, rules.Targets{}, load(t, "[]", rules.Options{Builtin: true}).Targets(), "built-in rules need nothing")
}

func TestDatesOfAttributesAreDays(t *testing.T) {
	set := load(t, `- {on: ticket.solved, do: [brevo.attribute: {DAY: "{{ ticket.solved_at }}", NONE: "{{ contact.created_at }}"}, brevo.event: {name: x, properties: {at: "{{ ticket.solved_at }}"}}]}`, rules.Options{})
	planned := set.Evaluate(solvedOnce(), facts())
	require.Len(t, planned, 2)
	assert.Equal(t, map[string]any{"DAY": at(30).Format("2006-01-02"), "NONE": nil}, planned[0].Action.Attributes)
	assert.Equal(t, at(30).Format("2006-01-02T15:04:05Z"), planned[1].Action.Properties["at"])
	assert.Equal(t, mapping.Date, set.Targets().Attributes[0].Type)
}
