package mapping_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"zendesk-brevo/mapping"
)

func anyValue() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.String(), toAny[string]), rapid.Map(rapid.Float64(), toAny[float64]), rapid.Map(rapid.Bool(), toAny[bool]),
		rapid.Map(rapid.SliceOf(rapid.Map(rapid.String(), toAny[string])), toAny[[]any]),
		rapid.Map(rapid.SampledFrom([]string{"2024-02-30", "2024-01-01", "12.5", "true", "smb"}), toAny[string]),
	)
}

func toAny[T any](v T) any { return v }

func anyMoment() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(0, 4e9), func(s int64) time.Time {
		if s%3 == 0 {
			return time.Time{}
		}
		return time.Unix(s, 0)
	})
}

func anyCustomer() *rapid.Generator[mapping.Customer] {
	return rapid.Custom(func(t *rapid.T) mapping.Customer {
		c := mapping.Customer{
			User: mapping.User{
				Email: rapid.String().Draw(t, "email"), Name: rapid.String().Draw(t, "name"), Role: rapid.String().Draw(t, "role"),
				Phone:       rapid.OneOf(rapid.StringMatching(`\+?[0-9 ()-]{0,16}`), rapid.String()).Draw(t, "phone"),
				SharedPhone: rapid.Bool().Draw(t, "shared"), Tags: rapid.SliceOf(rapid.String()).Draw(t, "tags"),
				OrganizationID: rapid.Int64Min(0).Draw(t, "organization"), CreatedAt: anyMoment().Draw(t, "created"),
				Fields: map[string]any{},
			},
			Measures: mapping.Measures{
				OpenTickets: rapid.IntRange(0, 9).Draw(t, "open"), Ratings: rapid.IntRange(0, 9).Draw(t, "ratings"),
				Satisfaction: rapid.Float64Range(0, 100).Draw(t, "mean"), LastTicketAt: anyMoment().Draw(t, "last"), TicketFields: map[int64]any{},
			},
			PhoneHeldBy: rapid.Int64Range(0, 1).Draw(t, "held"),
		}
		for _, def := range definitions() {
			c.User.Fields[def.Key] = anyValue().Draw(t, def.Key)
			c.Measures.TicketFields[def.ID] = anyValue().Draw(t, def.Key)
		}
		if rapid.Bool().Draw(t, "has organization") {
			c.Organization = &mapping.Organization{Name: rapid.String().Draw(t, "company"), Fields: c.User.Fields}
		}
		return c
	})
}

func TestMapProperties(t *testing.T) {
	m := compile(t, mapping.Config{FieldMapping: everySource(), Lists: allLists})
	types := map[string]string{}
	for _, a := range m.Attributes() {
		types[a.Name] = a.Type
	}
	streams := []mapping.Stream{mapping.Users, mapping.Tickets, mapping.Organizations, mapping.SatisfactionRatings}
	rapid.Check(t, func(rt *rapid.T) {
		c := anyCustomer().Draw(rt, "customer")
		ready := after(rapid.SliceOfDistinct(rapid.SampledFrom(streams), rapid.ID[mapping.Stream]).Draw(rt, "ready")...)
		contact := m.Map(c, ready)
		assert.Equal(rt, contact, m.Map(c, ready), "the same customer gives the same contact")
		assert.True(rt, slices.IsSorted(contact.Managed))
		assert.Subset(rt, contact.ManagedLists, contact.Lists)
		for name, value := range contact.Attributes {
			assert.Contains(rt, contact.Managed, name)
			assertType(rt, name, types[name], value)
		}
		for _, note := range contact.Notes {
			assert.Contains(rt, contact.Managed, note.Target)
		}

		text := mapping.Canonical(contact.Attributes)
		var stored map[string]any
		require.NoError(rt, json.Unmarshal(text, &stored))
		assert.Equal(rt, contact.Attributes, stored, "values are what JSON gives back")
		assert.Equal(rt, string(text), string(mapping.Canonical(stored)))
		assert.True(rt, mapping.Equal(contact.Attributes, stored))
	})
}

func assertType(t *rapid.T, name, typ string, value any) {
	switch typ {
	case mapping.Float:
		assert.IsType(t, 0.0, value, name)
	case mapping.Boolean:
		assert.IsType(t, true, value, name)
	case mapping.Date:
		_, err := time.Parse(time.DateOnly, value.(string))
		assert.NoError(t, err, name)
	default:
		text := value.(string)
		assert.NotEmpty(t, text, name)
		assert.Equal(t, strings.TrimSpace(text), text, name)
		assert.LessOrEqual(t, utf8.RuneCountInString(text), mapping.MaxText, name)
		assert.False(t, strings.ContainsFunc(text, unicode.IsControl), name)
		assert.True(t, utf8.ValidString(text), name)
	}
}

func TestCanonical(t *testing.T) {
	assert.Equal(t, `{}`, string(mapping.Canonical(nil)))
	assert.Equal(t, `{"A":"<&>","B":[1,"x"],"C":1,"D":false}`, string(mapping.Canonical(map[string]any{
		"D": false, "C": int64(1), "B": []any{1, "x"}, "A": "<&>", "E": nil,
	})))
	assert.True(t, mapping.Equal(map[string]any{"A": 1, "B": []string{"x"}}, map[string]any{"A": 1.0, "B": []any{"x"}}))
	assert.True(t, mapping.Equal(nil, map[string]any{"A": nil}))
	assert.False(t, mapping.Equal(map[string]any{"A": ""}, nil), "empty is not absent")
	assert.False(t, mapping.Equal(map[string]any{"A": "1"}, map[string]any{"A": 1}))
}

func BenchmarkMap(b *testing.B) {
	m, err := mapping.Compile(mapping.Config{Lists: allLists}, nil)
	require.NoError(b, err)
	c := mapping.Customer{User: mapping.User{
		Email: "ana@example.com", Name: "Ana López", Phone: "+34612345678", Role: "end-user", Tags: []string{"a", "b"}, Active: true,
	}}
	for b.Loop() {
		mapping.Canonical(m.Map(c, nil).Attributes)
	}
}
