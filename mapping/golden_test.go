package mapping_test

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

	"zendesk-brevo/mapping"
)

var update = flag.Bool("update", false, "rewrite golden files and generated documentation")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run go test ./mapping -update")
	assert.Equal(t, string(want), got, "run go test ./mapping -update when this is meant")
}

func goldenJSON(t *testing.T, name string, got any) {
	t.Helper()
	text, err := json.MarshalIndent(got, "", "  ")
	require.NoError(t, err)
	golden(t, filepath.Join("testdata", name+".golden"), string(text)+"\n")
}

// shape is everything a mapper tells about itself, and what it makes of the full customer.
func shape(t *testing.T, m *mapping.Mapper) any {
	t.Helper()
	user, organization, ticket := m.Fields()
	return map[string]any{
		"attributes": m.Attributes(), "lists": m.Lists(), "contact": m.Map(customer(t), nil),
		"fields": map[string]any{"user": user, "organization": organization, "ticket": ticket},
	}
}

func TestShapes(t *testing.T) {
	french := mapping.NamesIn([]string{"EMAIL", "SMS", "NOM", "PRENOM"})
	for name, m := range map[string]*mapping.Mapper{
		"default":     compile(t, mapping.Config{Lists: allLists}),
		"source_text": compile(t, mapping.Config{FieldMapping: sourceText(), Lists: allLists}),
		"auto":        compile(t, mapping.Config{FieldMapping: []mapping.FieldRule{{Source: "user_fields.*", Auto: true}, rule("user_fields.account_tier", "TIER"), rule("user_fields.trial")}}),
		"french":      compile(t, mapping.Config{Lists: []string{"all_customers"}}).Rename(french),
		"everything":  compile(t, mapping.Config{FieldMapping: everySource()}),
	} {
		t.Run(name, func(t *testing.T) { goldenJSON(t, name, shape(t, m)) })
	}
}

// everySource maps each source of the registry that has no default, and every custom field with its label.
func everySource() []mapping.FieldRule {
	var rules []mapping.FieldRule
	for _, source := range mapping.Sources() {
		switch {
		case len(source.DefaultTargets) > 0 || strings.Contains(source.Name, "KEY") || strings.Contains(source.Name, "title"):
		case source.Name == "user_fields.*":
			rules = append(rules, mapping.FieldRule{Source: source.Name, Auto: true})
		default:
			rules = append(rules, rule(source.Name, "Z_"+strings.ReplaceAll(source.Name, ".", "_")))
		}
	}
	return append(rules,
		rule("user_fields.customer_type.label", "Z_TYPE_LABEL"), rule("user_fields.interests.label", "Z_INTEREST_LABELS"),
		rule("organization.fields.region", "Z_REGION"), rule("organization.fields.region.label", "Z_REGION_LABEL"),
		rule("ticket_fields.101", "Z_REASON"), rule("ticket_fields.reason.label", "Z_REASON_LABEL"), rule("ticket_fields.Colours.label", "Z_COLOURS"),
		rule("ticket_fields.Refunded", "Z_REFUNDED"), rule("ticket_fields.Due back", "Z_DUE_BACK"), rule("ticket_fields.105", "Z_ITEMS"),
	)
}

func TestAwkwardCustomers(t *testing.T) {
	m := compile(t, mapping.Config{Lists: allLists, DefaultRegion: ""})
	type outcome struct {
		Skip, Reject string
		Contact      mapping.Contact
	}
	got := map[string]outcome{}
	for name, change := range map[string]func(c *mapping.Customer){
		"nothing but an e-mail": func(c *mapping.Customer) {
			*c = mapping.Customer{User: mapping.User{Email: "bare@example.com", Active: true, Role: "end-user"}}
		},
		"no e-mail":                   func(c *mapping.Customer) { c.User.Email = "" },
		"impossible e-mail":           func(c *mapping.Customer) { c.User.Email = "ana@@example" },
		"agent":                       func(c *mapping.Customer) { c.User.Role = "agent" },
		"suspended":                   func(c *mapping.Customer) { c.User.Suspended = true },
		"deleted or merged":           func(c *mapping.Customer) { c.User.Active = false },
		"mailer daemon":               func(c *mapping.Customer) { c.User.Email = "MAILER-DAEMON@example.com" },
		"national phone":              func(c *mapping.Customer) { c.User.Phone = "612 34 56 78" },
		"invalid phone":               func(c *mapping.Customer) { c.User.Phone = "+1 555" },
		"shared phone":                func(c *mapping.Customer) { c.User.SharedPhone = true },
		"phone held by an older user": func(c *mapping.Customer) { c.PhoneHeldBy = 4 },
		"one word":                    func(c *mapping.Customer) { c.User.Name = " Cher " },
		"unicode name":                func(c *mapping.Customer) { c.User.Name = "李\u3000小龍 先生" },
		"control characters": func(c *mapping.Customer) {
			c.User.Name = "\u0000Ana\t\nLópez\u0007"
			c.User.Tags = []string{"a\x00b", "", " c "}
		},
		"deleted organization still referenced": func(c *mapping.Customer) { c.Organization = nil },
		"no tickets": func(c *mapping.Customer) {
			c.Measures = mapping.Measures{}
		},
		"over-long text": func(c *mapping.Customer) {
			c.User.Name = "A " + strings.Repeat("ü", 300)
			c.User.Tags = []string{strings.Repeat("a", 200), strings.Repeat("b", 54), "c"}
		},
		"newest ticket just before midnight elsewhere": func(c *mapping.Customer) {
			c.Measures.LastTicketAt = time.Date(2024, 2, 1, 0, 30, 0, 0, time.FixedZone("", 3600))
		},
	} {
		c := customer(t)
		change(&c)
		got[name] = outcome{Skip: m.Skip(c.User), Reject: m.Reject(c.User), Contact: m.Map(c, nil)}
	}
	goldenJSON(t, "awkward", got)
}
