package mapping_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/mapping"
)

func names(m *mapping.Mapper) []string {
	var names []string
	for _, a := range m.Attributes() {
		names = append(names, a.Name)
	}
	return names
}

func TestFieldsThatZendeskDoesNotHaveAreLeftOut(t *testing.T) {
	for _, tc := range []struct {
		name string
		rule mapping.FieldRule
		want string
	}{
		{"user field", rule("user_fields.acount_tier", "X"), "no user field has the key acount_tier (nearest: account_tier); X is left out"},
		{"nothing near", rule("user_fields.weather", "X"), "no user field has the key weather; X is left out"},
		{"label of a user field", rule("user_fields.customer_typ.label", "X"), "no user field has the key customer_typ (nearest: customer_type); X is left out"},
		{"two targets", rule("user_fields.acount_tier", "X", "y"), "no user field has the key acount_tier (nearest: account_tier); X, Y are left out"},
		{"organization field", rule("organization.fields.regio", "X"), "no organization field has the key regio (nearest: region); X is left out"},
		{"ticket field", rule("ticket_fields.Reasons", "X"), "no custom ticket field has the id or title Reasons (nearest: Reason); X is left out"},
		{"ticket field by id", rule("ticket_fields.999", "X"), "no custom ticket field has the id or title 999; X is left out"},
		{"label of a ticket field", rule("ticket_fields.Reasons.label", "X"), "no custom ticket field has the id or title Reasons (nearest: Reason); X is left out"},
		{"ticket text", rule("ticket_fields.subject", "X"), "subject is a system field, and only custom ticket fields can be mapped; X is left out"},
		{"ticket text by id", rule("ticket_fields.100", "X"), "no custom ticket field has the id or title 100; X is left out"},
		{"ambiguous title", rule("ticket_fields.TWICE", "X"), "several ticket fields have the title TWICE: name one by its id, 106, 107; X is left out"},
		{"ambiguous title of labels", rule("ticket_fields.twice.label", "X"), "several ticket fields have the title twice: name one by its id, 106, 107; X is left out"},
		{"label of a text field", rule("user_fields.account_tier.label", "X"), "user_fields.account_tier.label: a field of type text has no labels, drop .label; X is left out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := compile(t, mapping.Config{FieldMapping: []mapping.FieldRule{tc.rule, rule("user_fields.seats", "SEATS")}, Overwrite: []string{"X"}})
			assert.Equal(t, []string{"field_mapping: " + tc.want}, m.Notices())
			c := customer(t)
			contact := m.Map(c, nil)
			assert.NotContains(t, names(m), "X")
			assert.NotContains(t, contact.Managed, "X", "what we do not manage is not cleared")
			assert.Equal(t, 25.0, contact.Attributes["SEATS"], "the others stay")
			user, organization, ticket := m.Fields()
			assert.Equal(t, []any{[]string{"seats"}, 0, 0}, []any{user, len(organization), len(ticket)}, "nothing is stored for it")
		})
	}
}

func TestTheReferencePageFitsAnyAccount(t *testing.T) {
	m, err := mapping.Compile(mapping.Config{FieldMapping: sourceText()}, []mapping.Definition{{Kind: "user", ID: 1, Key: "customer_kind", Type: "text", Active: true}})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"field_mapping: no user field has the key customer_type (nearest: customer_kind); CUSTOMER_TYPE is left out",
		"field_mapping: no user field has the key account_tier; ACCOUNT_TIER is left out",
	}, m.Notices())
	assert.Empty(t, compile(t, mapping.Config{FieldMapping: sourceText()}).Notices(), "an account with these fields")
}

func TestWhatIsSwitchedOffIsNotMissed(t *testing.T) {
	rules := []mapping.FieldRule{rule("user_fields.weather"), rule("ticket_fields.Weather", "X")}
	m := compile(t, mapping.Config{FieldMapping: rules, Resources: map[mapping.Stream]bool{mapping.Tickets: false}})
	assert.Empty(t, m.Notices())
}

func TestALeftOutRuleKeepsItsAttribute(t *testing.T) {
	auto := mapping.FieldRule{Source: "user_fields.*", Auto: true}
	m := compile(t, mapping.Config{FieldMapping: []mapping.FieldRule{auto, rule("user_fields.weather", "SEATS")}})
	assert.NotContains(t, names(m), "SEATS")
	assert.Contains(t, names(m), "USER_SEATS", "auto does not take what a rule names")

	_, err := mapping.Compile(mapping.Config{FieldMapping: []mapping.FieldRule{rule("user_fields.weather", "ROLE")}}, definitions())
	assert.ErrorContains(t, err, "ROLE is already written by role", "a conflict stays a mistake")

	m = compile(t, mapping.Config{FieldMapping: []mapping.FieldRule{rule("user_fields.weather", "PRENOM")}}).Rename(map[string]string{"FIRSTNAME": "PRENOM"})
	assert.Contains(t, names(m), "FIRSTNAME")
	assert.NotContains(t, names(m), "PRENOM")
}

func TestOverwriteOutlivesAFieldOfAuto(t *testing.T) {
	cfg := mapping.Config{FieldMapping: []mapping.FieldRule{{Source: "user_fields.*", Auto: true}}, Overwrite: []string{"SEATS"}}
	assert.Empty(t, compile(t, cfg).Notices())
	defs := slices.DeleteFunc(definitions(), func(d mapping.Definition) bool { return d.Key == "seats" })
	m, err := mapping.Compile(cfg, defs)
	require.NoError(t, err)
	assert.Equal(t, []string{"overwrite: nothing writes SEATS; it has no effect"}, m.Notices())
}

func TestAKindWithoutDefinitionsIsTakenOnTrust(t *testing.T) {
	without := func(kind string) []mapping.Definition {
		return slices.DeleteFunc(definitions(), func(d mapping.Definition) bool { return d.Kind == kind })
	}
	rules := []mapping.FieldRule{
		rule("user_fields.seats", "SEATS"), rule("user_fields.customer_type.label", "TYPE"),
		{Source: "user_fields.*", Auto: true},
		rule("organization.fields.employees", "EMPLOYEES"), rule("ticket_fields.105", "ITEMS"), rule("ticket_fields.Reason", "REASON"),
		rule("ticket_fields.101.label", "WHY"),
	}
	for kind, tc := range map[string]struct {
		attributes map[string]any // as text, or absent
		notices    []string
	}{
		"user": {map[string]any{"SEATS": "25", "TYPE": nil, "TRIAL": nil, "EMPLOYEES": 40.0, "ITEMS": 3.0, "REASON": "order_late"}, []string{
			"Zendesk shows no user fields; user_fields.seats is taken on trust, as text, for SEATS",
			"user_fields.customer_type.label needs the definitions of user fields, which are unknown; TYPE is left out",
		}},
		"organization": {map[string]any{"SEATS": 25.0, "TYPE": "Enterprise", "TRIAL": false, "EMPLOYEES": "40", "ITEMS": 3.0}, []string{
			"Zendesk shows no organization fields; organization.fields.employees is taken on trust, as text, for EMPLOYEES",
		}},
		"ticket": {map[string]any{"SEATS": 25.0, "EMPLOYEES": 40.0, "ITEMS": "3", "REASON": nil, "WHY": nil}, []string{
			"Zendesk shows no ticket fields; ticket_fields.105 is taken on trust, as text, for ITEMS",
			"ticket_fields.Reason needs the definitions of ticket fields, which are unknown: name the field by its id; REASON is left out",
			"ticket_fields.101.label needs the definitions of ticket fields, which are unknown; WHY is left out",
		}},
	} {
		t.Run(kind, func(t *testing.T) {
			m, err := mapping.Compile(mapping.Config{FieldMapping: rules, Overwrite: []string{"REASON"}}, without(kind))
			require.NoError(t, err)
			contact := m.Map(customer(t), nil)
			for name, want := range tc.attributes {
				assert.Equal(t, want, contact.Attributes[name], name)
				assert.Equal(t, want != nil, slices.Contains(contact.Managed, name), name)
			}
			for i, notice := range tc.notices {
				tc.notices[i] = "field_mapping: " + notice
			}
			assert.Equal(t, tc.notices, m.Notices())
		})
	}
}

func TestNothingIsClearedOnTrust(t *testing.T) {
	c := customer(t)
	delete(c.User.Fields, "seats")
	cfg := mapping.Config{FieldMapping: []mapping.FieldRule{rule("user_fields.seats", "SEATS")}}
	assert.Contains(t, compile(t, cfg).Map(c, nil).Managed, "SEATS", "a known field without a value is cleared")
	m, err := mapping.Compile(cfg, nil)
	require.NoError(t, err)
	assert.NotContains(t, m.Map(c, nil).Managed, "SEATS", "a field that may not exist is not")
	assert.NotEqual(t, compile(t, cfg).Hash(), m.Hash())
}

func TestCheckSource(t *testing.T) {
	for _, source := range mapping.Sources() {
		message, fix := mapping.CheckSource(source.Name)
		assert.Empty(t, message+fix, source.Name)
	}
	const list = "`starter mapping sources` lists them all"
	for name, want := range map[string]string{
		"user_fields.anything": "", "ticket_fields.Order number": "", " open_tickets ": "", "organization.fields.x.label": "",
		"opne_tickets": "did you mean open_tickets?", "organization_fields.region": "did you mean organization.fields.KEY?",
		"user_fields.": "did you mean user_fields.*?", "weather": list, "": list,
	} {
		message, fix := mapping.CheckSource(name)
		assert.Equal(t, want, fix, name)
		assert.Equal(t, want != "", message == "is no source", name)
	}
}
