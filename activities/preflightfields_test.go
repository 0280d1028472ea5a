package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Which field a title means is known once Zendesk has told its fields.
func TestAConditionOnAFieldThatNoTitleMeansIsTold(t *testing.T) {
	a := newAutomated(t, "    field_mapping: {ticket_fields.Topic: TOPIC}\n"+
		"    automations: [{name: deaf, on: ticket.solved, when: 'ticket.fields[\"123\"] == \"x\"', do: [brevo.event: x]}]\n")
	assert.Contains(t, a.preflight(true).Notices,
		`automation "deaf" asks for ticket.fields["123"], which is none of the fields that field_mapping carries: it is always empty`)
}
