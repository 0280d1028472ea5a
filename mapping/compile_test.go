package mapping_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/mapping"
)

func TestProblems(t *testing.T) {
	auto := mapping.FieldRule{Source: "phone", Auto: true}
	for _, tc := range []struct {
		name          string
		cfg           mapping.Config
		want, nearest string
	}{
		{"unknown source", mapping.Config{FieldMapping: []mapping.FieldRule{rule("open_ticket", "X")}}, "is no source", "open_tickets"},
		{"nothing near", mapping.Config{FieldMapping: []mapping.FieldRule{rule("weather", "X")}}, "is no source", ""},
		{"the description's word", mapping.Config{FieldMapping: []mapping.FieldRule{rule("custom_fields", "X")}}, "is no source", "user_fields.*"},
		{"wrong prefix", mapping.Config{FieldMapping: []mapping.FieldRule{rule("organization_fields.region", "X")}}, "is no source", "organization.fields.region"},
		{"bad target", mapping.Config{FieldMapping: []mapping.FieldRule{rule("tags", "MY TAGS")}}, "is no attribute name", ""},
		{"long target", mapping.Config{FieldMapping: []mapping.FieldRule{rule("tags", strings.Repeat("A", 51))}}, "is no attribute name", ""},
		{"e-mail elsewhere", mapping.Config{FieldMapping: []mapping.FieldRule{rule("tags", "Email")}}, "only email goes there", ""},
		{"ext_id", mapping.Config{FieldMapping: []mapping.FieldRule{rule("external_id", "EXT_ID")}}, "left to you", ""},
		{"e-mail off", mapping.Config{FieldMapping: []mapping.FieldRule{rule("email")}}, "cannot be switched off", ""},
		{"taken by a default", mapping.Config{FieldMapping: []mapping.FieldRule{rule("external_id", "ROLE")}}, "`role: null` switches that off", ""},
		{"taken by a rule", mapping.Config{FieldMapping: []mapping.FieldRule{rule("locale", "X"), rule("time_zone", "x")}}, "already written by locale", ""},
		{"twice", mapping.Config{FieldMapping: []mapping.FieldRule{rule("locale", "X"), rule("locale", "Y")}}, "is named twice", ""},
		{"three names", mapping.Config{FieldMapping: []mapping.FieldRule{rule("name", "A", "B", "C")}}, "takes one target", ""},
		{"auto elsewhere", mapping.Config{FieldMapping: []mapping.FieldRule{auto}}, "auto is for user_fields.*", ""},
		{"target for all", mapping.Config{FieldMapping: []mapping.FieldRule{rule("user_fields.*", "X")}}, "takes auto or null", "auto"},
		{"overwrite", mapping.Config{Overwrite: []string{"FIRSTNAMES"}}, "nothing writes", "FIRSTNAME"},
		{"threshold", mapping.Config{SatisfiedThreshold: 101}, "not between 0 and 100", ""},
		{"region", mapping.Config{DefaultRegion: "UK"}, "is no region", "GB"},
		{"role", mapping.Config{Roles: []string{"agents"}}, "is no role", "agent"},
		{"list", mapping.Config{Lists: []string{"all_customer"}}, "is no list", "all_customers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := mapping.Compile(tc.cfg, definitions())
			assert.Nil(t, m)
			var problems mapping.Problems
			require.ErrorAs(t, err, &problems)
			require.Len(t, problems, 1)
			assert.Contains(t, problems[0].Message, tc.want)
			assert.Equal(t, tc.nearest, problems[0].Nearest)
			assert.NotEmpty(t, problems[0].Path)
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := mapping.Compile(mapping.Config{
		FieldMapping: []mapping.FieldRule{rule("open_ticket", "X"), rule("tags", "a b")}, Lists: []string{"vips"}, DefaultRegion: "Spain", Roles: []string{"boss"},
	}, definitions())
	var problems mapping.Problems
	require.ErrorAs(t, err, &problems)
	assert.Len(t, problems, 5)
	assert.Len(t, strings.Split(err.Error(), "\n"), 5)
	assert.Contains(t, err.Error(), `field_mapping: open_ticket: is no source; did you mean "open_tickets"?`)
}

func TestWithoutDefinitionsFieldsAreTakenOnTrust(t *testing.T) {
	rules := []mapping.FieldRule{
		rule("user_fields.anything", "A"), rule("user_fields.anything.label", "B"), rule("ticket_fields.Order number", "C"),
		rule("ticket_fields.7", "D"),
		{Source: "user_fields.*", Auto: true},
	}
	m, err := mapping.Compile(mapping.Config{FieldMapping: rules, Overwrite: []string{"MAYBE_AUTO"}}, nil)
	require.NoError(t, err)
	c := customer(t)
	c.User.Fields, c.Measures.TicketFields = map[string]any{"anything": "x"}, map[int64]any{7: "y"}
	contact := m.Map(c, nil)
	assert.Equal(t, "x", contact.Attributes["A"])
	assert.Equal(t, "y", contact.Attributes["D"])
	assert.NotContains(t, contact.Managed, "B", "a label cannot be told without the options, and must not be cleared")
	assert.NotContains(t, contact.Managed, "C", "a title cannot be told without the fields, and must not be cleared")
}

func TestOwnership(t *testing.T) {
	find := func(m *mapping.Mapper, name string) mapping.Attribute {
		for _, a := range m.Attributes() {
			if a.Name == name {
				return a
			}
		}
		require.FailNow(t, "no attribute", name)
		return mapping.Attribute{}
	}
	byDefault := compile(t, mapping.Config{})
	for _, name := range []string{"FIRSTNAME", "LASTNAME", "SMS"} {
		assert.True(t, find(byDefault, name).FillIfEmpty, name)
		assert.False(t, find(byDefault, name).Named, name)
	}
	assert.True(t, find(byDefault, "SMS").Identifier)
	assert.False(t, find(byDefault, "TAGS").FillIfEmpty)
	assert.True(t, find(byDefault, "OPEN_TICKETS").Support)
	assert.True(t, find(byDefault, "CSAT_SCORE").Support)
	assert.False(t, find(byDefault, "COMPANY_NAME").Support)

	overwritten := compile(t, mapping.Config{Overwrite: []string{"firstname"}})
	assert.False(t, find(overwritten, "FIRSTNAME").FillIfEmpty)
	assert.True(t, find(overwritten, "LASTNAME").FillIfEmpty)
	french := map[string]string{"FIRSTNAME": "PRENOM", "LASTNAME": "NOM"}
	assert.False(t, find(overwritten.Rename(french), "PRENOM").FillIfEmpty, "overwrite follows the name")
	assert.True(t, find(overwritten.Rename(french), "NOM").FillIfEmpty)
	assert.True(t, find(compile(t, mapping.Config{FieldMapping: []mapping.FieldRule{rule("name", "PRENOM", "NOM")}}), "NOM").FillIfEmpty)

	named := compile(t, mapping.Config{FieldMapping: []mapping.FieldRule{rule("tags", "tags"), {Source: "user_fields.*", Auto: true}}})
	assert.True(t, find(named, "TAGS").Named)
	assert.False(t, find(named, "SEATS").Named, "auto names nothing: an attribute that was there before stays the marketer's")
}

func TestAutoNames(t *testing.T) {
	def := func(key string) mapping.Definition {
		return mapping.Definition{Kind: "user", Key: key, Type: "text", Active: true}
	}
	m, err := mapping.Compile(mapping.Config{FieldMapping: []mapping.FieldRule{{Source: "user_fields.*", Auto: true}, rule("external_id", "CRM_ID")}}, []mapping.Definition{
		def("plan"), def("Plan"), def("email"), def("sms"), def("nom"), def("role"), def("2fa"), def("crm_id"), def(strings.Repeat("k", 60)),
	})
	require.NoError(t, err)
	got := map[string]string{}
	for _, a := range m.Attributes() {
		if key, found := strings.CutPrefix(a.Sources[0], "user_fields."); found {
			got[key] = a.Name
		}
	}
	assert.Equal(t, map[string]string{
		"plan": "USER_PLAN", "Plan": "PLAN", "email": "USER_EMAIL", "sms": "USER_SMS", "nom": "USER_NOM", "role": "USER_ROLE",
		"2fa": "USER_2FA", "crm_id": "USER_CRM_ID", strings.Repeat("k", 60): strings.Repeat("K", 50),
	}, got)
}

func TestNamesIn(t *testing.T) {
	for _, tc := range []struct {
		name       string
		attributes []string
		want       map[string]string
	}{
		{"empty account", nil, map[string]string{}},
		{"english", []string{"LASTNAME", "FIRSTNAME", "PRENOM", "NOM"}, map[string]string{}},
		{"french", []string{"NOM", "PRENOM", "SMS"}, map[string]string{"FIRSTNAME": "PRENOM", "LASTNAME": "NOM"}},
		{"german", []string{"vorname", "nachname"}, map[string]string{"FIRSTNAME": "VORNAME", "LASTNAME": "NACHNAME"}},
		{"italian", []string{"NOME", "COGNOME"}, map[string]string{"FIRSTNAME": "NOME", "LASTNAME": "COGNOME"}},
		{"portuguese", []string{"NOME", "SOBRENOME"}, map[string]string{"FIRSTNAME": "NOME", "LASTNAME": "SOBRENOME"}},
		{"spanish", []string{"NOMBRE", "APELLIDOS"}, map[string]string{"FIRSTNAME": "NOMBRE", "LASTNAME": "APELLIDOS"}},
		{"half a pair", []string{"NOM", "NAME"}, map[string]string{}},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.want, mapping.NamesIn(tc.attributes)) })
	}
}

func TestRenameLeavesNamedTargetsAlone(t *testing.T) {
	french := map[string]string{"FIRSTNAME": "PRENOM", "LASTNAME": "NOM"}
	c := customer(t)
	fullname := only(t, rule("name", "FULLNAME")).Rename(french)
	assert.Equal(t, map[string]any{"FULLNAME": "Ana María López"}, fullname.Map(c, nil).Attributes)
	spelled := only(t, rule("name", "FIRSTNAME", "LASTNAME")).Rename(french)
	assert.Contains(t, spelled.Map(c, nil).Attributes, "FIRSTNAME")
	taken := compile(t, mapping.Config{FieldMapping: []mapping.FieldRule{rule("user_fields.nickname", "PRENOM")}}).Rename(french)
	attributes := taken.Map(c, nil).Attributes
	assert.Equal(t, []any{"Ana", "Ani", "María López"}, []any{attributes["FIRSTNAME"], attributes["PRENOM"], attributes["NOM"]})

	m := compile(t, mapping.Config{})
	twice := m.Rename(map[string]string{"FIRSTNAME": "NOM", "LASTNAME": "nom"}).Map(c, nil).Attributes
	assert.Equal(t, []any{"Ana", "María López"}, []any{twice["NOM"], twice["LASTNAME"]}, "two names never share an attribute")
	again := m.Rename(french).Rename(nil)
	assert.Equal(t, m.Attributes(), again.Attributes())
	assert.Equal(t, m.Hash(), again.Hash())
	assert.NotEqual(t, m.Hash(), m.Rename(french).Hash())
}

func TestHashChangesWithTheOutputOnly(t *testing.T) {
	base := mapping.Config{
		FieldMapping: []mapping.FieldRule{rule("user_fields.customer_type.label", "TYPE"), rule("ticket_fields.Reason", "REASON")},
		Lists:        []string{"all_customers", "active_tickets"}, Roles: []string{"end-user", "agent"}, Exclude: mapping.Exclude{Domains: []string{"a.example", "b.example"}},
	}
	want := compile(t, base).Hash()
	for name, tc := range map[string]struct {
		change func(*mapping.Config, []mapping.Definition)
		same   bool
	}{
		"order of sets": {func(c *mapping.Config, _ []mapping.Definition) {
			c.Lists, c.Roles, c.Exclude.Domains = []string{"active_tickets", "all_customers"}, []string{"agent", "end-user"}, []string{"B.example", "a.example"}
		}, true},
		"order of rules": {func(c *mapping.Config, _ []mapping.Definition) {
			c.FieldMapping = []mapping.FieldRule{c.FieldMapping[1], c.FieldMapping[0]}
		}, true},
		"case of a target":           {func(c *mapping.Config, _ []mapping.Definition) { c.FieldMapping[0].Targets = []string{"type"} }, true},
		"id for title":               {func(c *mapping.Config, _ []mapping.Definition) { c.FieldMapping[1].Source = "ticket_fields.101" }, true},
		"renamed field":              {func(_ *mapping.Config, d []mapping.Definition) { d[0].Title = "Kind" }, true},
		"option not used":            {func(_ *mapping.Config, d []mapping.Definition) { d[13].Options = nil }, true},
		"threshold without its list": {func(c *mapping.Config, _ []mapping.Definition) { c.SatisfiedThreshold = 50 }, true},
		"spelled defaults":           {func(c *mapping.Config, _ []mapping.Definition) { c.Exclude.Patterns = mapping.DefaultPatterns }, true},
		"label":                      {func(_ *mapping.Config, d []mapping.Definition) { d[0].Options["smb"] = "Small" }, false},
		"type":                       {func(_ *mapping.Config, d []mapping.Definition) { d[13].Type = "checkbox" }, false},
		"region":                     {func(c *mapping.Config, _ []mapping.Definition) { c.DefaultRegion = "ES" }, false},
		"role":                       {func(c *mapping.Config, _ []mapping.Definition) { c.Roles = nil }, false},
		"exclusion":                  {func(c *mapping.Config, _ []mapping.Definition) { c.Exclude.Tags = []string{"x"} }, false},
		"no patterns":                {func(c *mapping.Config, _ []mapping.Definition) { c.Exclude.Patterns = []string{} }, false},
		"list":                       {func(c *mapping.Config, _ []mapping.Definition) { c.Lists = c.Lists[:1] }, false},
		"overwrite":                  {func(c *mapping.Config, _ []mapping.Definition) { c.Overwrite = []string{"SMS"} }, false},
		"resource off": {func(c *mapping.Config, _ []mapping.Definition) {
			c.Resources = map[mapping.Stream]bool{mapping.Tickets: false}
		}, false},
		"default named": {func(c *mapping.Config, _ []mapping.Definition) {
			c.FieldMapping = append(c.FieldMapping, rule("tags", "TAGS"))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, defs := base, definitions()
			cfg.FieldMapping = append([]mapping.FieldRule(nil), base.FieldMapping...)
			tc.change(&cfg, defs)
			m, err := mapping.Compile(cfg, defs)
			require.NoError(t, err)
			assert.Equal(t, tc.same, m.Hash() == want)
		})
	}
}
