package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/mapping"
)

func TestNameIsSplitAtTheFirstWhiteSpace(t *testing.T) {
	m := compile(t, mapping.Config{})
	for _, tc := range []struct{ name, first, last string }{
		{"Ana López", "Ana", "López"},
		{"  Ana   María  López ", "Ana", "María  López"},
		{"Cher", "Cher", ""},
		{"李\u3000小龍", "李", "小龍"},
		{"Ana\u00a0López", "Ana", "López"},
		{"Ana\tLópez", "Ana", "López"},
		{"\x00 Ana López", "Ana", "López"},
		{"Ana\xff López", "Ana", "López"},
		{"", "", ""},
		{" \n ", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := customer(t)
			c.User.Name = tc.name
			contact := m.Map(c, nil)
			want := map[string]any{}
			if tc.first != "" {
				want["FIRSTNAME"] = tc.first
			}
			if tc.last != "" {
				want["LASTNAME"] = tc.last
			}
			got := map[string]any{}
			for _, name := range []string{"FIRSTNAME", "LASTNAME"} {
				if value, found := contact.Attributes[name]; found {
					got[name] = value
				}
			}
			assert.Equal(t, want, got)
			assert.Subset(t, contact.Managed, []string{"FIRSTNAME", "LASTNAME"}, "an absent last name is in scope, so that an old one is cleared")
		})
	}
}

func TestNameTargets(t *testing.T) {
	c := customer(t)
	assert.Equal(t, map[string]any{"FULLNAME": "Ana María López"}, only(t, rule("name", "fullname")).Map(c, nil).Attributes)
	assert.Equal(t, map[string]any{"VORNAME": "Ana", "REST": "María López"}, only(t, rule("name", "Vorname", "rest")).Map(c, nil).Attributes)
	assert.Empty(t, only(t, rule("name")).Map(c, nil).Attributes)
	assert.Equal(t, map[string]any{"FULLNAME": "Ana María López", "FIRSTNAME": "Ana"}, only(t, rule("name", "FULLNAME"), rule("first_name", "FIRSTNAME")).Map(c, nil).Attributes)
}

func TestPhoneTargetsShareOneNote(t *testing.T) {
	m := only(t, rule("phone", "sms", "WhatsApp", "PHONE"))
	c := customer(t)
	assert.Equal(t, map[string]any{"SMS": "+34612345678", "WHATSAPP": "+34612345678", "PHONE": "+34612345678"}, m.Map(c, nil).Attributes)
	for reason, change := range map[string]func(*mapping.Customer){
		mapping.NoDefaultRegion:      func(c *mapping.Customer) { c.User.Phone = "612 34 56 78" },
		mapping.InvalidPhone:         func(c *mapping.Customer) { c.User.Phone = "ask at the desk" },
		mapping.PhoneExtension:       func(c *mapping.Customer) { c.User.Phone = "+34 612 34 56 78 ext. 45" },
		mapping.SharedPhone:          func(c *mapping.Customer) { c.User.SharedPhone = true },
		mapping.PhoneHeldByOlderUser: func(c *mapping.Customer) { c.PhoneHeldBy = 1 },
	} {
		t.Run(reason, func(t *testing.T) {
			c := customer(t)
			change(&c)
			contact := m.Map(c, nil)
			assert.Empty(t, contact.Attributes)
			assert.Equal(t, []string{"PHONE", "SMS", "WHATSAPP"}, contact.Managed)
			require.Len(t, contact.Notes, 1, "a phone left out is counted once")
			assert.Equal(t, reason, contact.Notes[0].Reason)
		})
	}
	c.User.Phone, c.User.SharedPhone = " ", true
	assert.Empty(t, m.Map(c, nil).Notes, "no phone is nothing to note")
}

func TestOtherSourceOfAPhoneNumber(t *testing.T) {
	m := only(t, rule("user_fields.account_tier", "WHATSAPP"), rule("user_fields.seats", "LANDLINE_NUMBER"))
	c := customer(t)
	c.User.Fields = map[string]any{"account_tier": "+49 30 123456", "seats": 612345678.0}
	contact := m.Map(c, nil)
	assert.Equal(t, map[string]any{"WHATSAPP": "+4930123456"}, contact.Attributes)
	assert.Equal(t, []mapping.Note{{Target: "LANDLINE_NUMBER", Reason: mapping.NoDefaultRegion}}, contact.Notes)
}

func TestSatisfaction(t *testing.T) {
	m := compile(t, mapping.Config{Lists: []string{"satisfied_customers"}})
	strict := compile(t, mapping.Config{Lists: []string{"satisfied_customers"}, SatisfiedThreshold: 90})
	for _, tc := range []struct {
		ratings           int
		mean              float64
		want              any
		satisfied, strict bool
	}{
		{0, 0, nil, false, false},
		{0, 100, nil, false, false},
		{1, 0, 0.0, false, false},
		{3, 200.0 / 3, 66.7, false, false},
		{8, 79.94, 79.9, false, false},
		{8, 79.96, 80.0, true, false},
		{1, 100, 100.0, true, true},
	} {
		c := customer(t)
		c.Measures.Ratings, c.Measures.Satisfaction = tc.ratings, tc.mean
		contact := m.Map(c, nil)
		assert.Equal(t, tc.want, contact.Attributes["CSAT_SCORE"])
		assert.Equal(t, tc.satisfied, len(contact.Lists) == 1, "mean %v", tc.mean)
		assert.Equal(t, []string{"satisfied_customers"}, contact.ManagedLists, "who is not satisfied leaves the list")
		assert.Equal(t, tc.strict, len(strict.Map(c, nil).Lists) == 1, "mean %v", tc.mean)
	}
}

func TestScopeFollowsTheStreams(t *testing.T) {
	m := compile(t, mapping.Config{Lists: allLists})
	own := []string{"FIRSTNAME", "LASTNAME", "ORGANIZATION_ID", "ROLE", "SMS", "TAGS", "TICKET_RESTRICTION"}
	for _, tc := range []struct {
		name           string
		ready          []mapping.Stream
		managed, lists []string
	}{
		{"nothing", nil, nil, nil},
		{"users", []mapping.Stream{mapping.Users}, own, []string{"all_customers"}},
		{"tickets", []mapping.Stream{mapping.Tickets}, []string{"LAST_SUPPORT_DATE", "OPEN_TICKETS", "TOTAL_TICKETS"}, []string{"active_tickets"}},
		{"ratings without tickets", []mapping.Stream{mapping.SatisfactionRatings}, nil, nil},
		{"tickets and ratings", []mapping.Stream{mapping.Tickets, mapping.SatisfactionRatings}, []string{"CSAT_SCORE", "LAST_SUPPORT_DATE", "OPEN_TICKETS", "TOTAL_TICKETS"}, []string{"active_tickets", "satisfied_customers"}},
		{"organizations", []mapping.Stream{mapping.Organizations}, []string{"COMPANY_NAME", "COMPANY_TAGS"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			contact := m.Map(customer(t), after(tc.ready...))
			assert.Equal(t, tc.managed, contact.Managed)
			assert.Equal(t, tc.lists, contact.ManagedLists)
			assert.Len(t, contact.Attributes, len(tc.managed))
		})
	}
}

func TestResourceSwitchedOffIsNotMapped(t *testing.T) {
	m := compile(t, mapping.Config{
		Lists: allLists, Resources: map[mapping.Stream]bool{mapping.Users: true, mapping.SatisfactionRatings: false, mapping.Organizations: false},
		FieldMapping: []mapping.FieldRule{rule("organization.fields.region", "REGION"), rule("ticket_fields.101", "REASON")},
	})
	contact := m.Map(customer(t), nil)
	for _, name := range []string{"CSAT_SCORE", "COMPANY_NAME", "COMPANY_TAGS", "REGION"} {
		assert.NotContains(t, contact.Managed, name)
	}
	assert.Equal(t, []string{"active_tickets", "all_customers"}, contact.ManagedLists)
	assert.Contains(t, contact.Attributes, "REASON")
	_, organization, ticket := m.Fields()
	assert.Empty(t, organization)
	assert.Equal(t, []int64{101}, ticket)
}

func TestCustomFieldValues(t *testing.T) {
	for _, tc := range []struct {
		name, source string
		value        any
		want         any
		note         string
	}{
		{"integer", "user_fields.seats", 25.0, 25.0, ""},
		{"integer as text", "user_fields.seats", " 25 ", 25.0, ""},
		{"no integer", "user_fields.seats", "many", nil, mapping.UnexpectedValue},
		{"not finite", "user_fields.mrr", "NaN", nil, mapping.UnexpectedValue},
		{"json number", "user_fields.mrr", json.Number("1250.50"), 1250.5, ""},
		{"empty number", "user_fields.mrr", "", nil, ""},
		{"decimal as text", "user_fields.mrr", "-0.5", -0.5, ""},
		{"checkbox on", "user_fields.trial", true, true, ""},
		{"checkbox off", "user_fields.trial", false, false, ""},
		{"checkbox unset", "user_fields.trial", nil, nil, ""},
		{"checkbox nonsense", "user_fields.trial", "maybe", nil, mapping.UnexpectedValue},
		{"timestamp", "user_fields.renewal", "2012-07-23T00:00:00Z", "2012-07-23", ""},
		{"timestamp elsewhere", "user_fields.renewal", "2012-07-23T00:00:00+02:00", "2012-07-22", ""},
		{"day", "user_fields.renewal", "2012-07-23", "2012-07-23", ""},
		{"no day", "user_fields.renewal", "23.07.2012", nil, mapping.UnexpectedValue},
		{"tag", "user_fields.customer_type", "smb", "smb", ""},
		{"label", "user_fields.customer_type.label", "smb", "Small business", ""},
		{"tag without a label", "user_fields.customer_type.label", "new_tag", "new_tag", ""},
		{"tags", "user_fields.interests", []any{"chat", "voice"}, "chat,voice", ""},
		{"labels", "user_fields.interests.label", []any{"chat", "fax"}, "Live chat,fax", ""},
		{"no tags", "user_fields.interests", []any{}, nil, ""},
		{"text", "user_fields.account_tier", "  gold\r\n plus\x00 ", "gold plus", ""},
		{"number in a text field", "user_fields.account_tier", 12345678901.0, "12345678901", ""},
		{"true in a text field", "user_fields.account_tier", true, "true", ""},
		{"long text", "user_fields.account_tier", strings.Repeat("é", 256), strings.Repeat("é", 255), mapping.TextCut},
		{"long item", "user_fields.interests", []any{strings.Repeat("a", 300), "b"}, strings.Repeat("a", 255), mapping.TextCut},
		{"list that just fits", "user_fields.interests", []any{strings.Repeat("a", 253), "b"}, strings.Repeat("a", 253) + ",b", ""},
		{"list one too long", "user_fields.interests", []any{strings.Repeat("a", 253), "bc", "d"}, strings.Repeat("a", 253), mapping.TextCut},
		{"blank text", "user_fields.account_tier", " \t ", nil, ""},
		{"object", "user_fields.account_tier", map[string]any{"a": 1.0}, nil, mapping.UnexpectedValue},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := customer(t)
			key := tc.source[len("user_fields."):]
			for _, def := range definitions() {
				if key == def.Key || key == def.Key+".label" {
					c.User.Fields = map[string]any{def.Key: tc.value}
				}
			}
			contact := only(t, rule(tc.source, "X")).Map(c, nil)
			assert.Equal(t, []string{"X"}, contact.Managed)
			if tc.want == nil {
				assert.Empty(t, contact.Attributes)
			} else {
				assert.Equal(t, map[string]any{"X": tc.want}, contact.Attributes)
			}
			if tc.note == "" {
				assert.Empty(t, contact.Notes)
			} else {
				assert.Equal(t, []mapping.Note{{Target: "X", Reason: tc.note}}, contact.Notes)
			}
		})
	}
}

func TestZeroIsAValue(t *testing.T) {
	contact := compile(t, mapping.Config{Lists: allLists}).Map(mapping.Customer{User: mapping.User{Email: "a@b.example"}}, nil)
	assert.Equal(t, map[string]any{"OPEN_TICKETS": 0.0, "TOTAL_TICKETS": 0.0}, contact.Attributes)
	assert.Equal(t, []string{"all_customers"}, contact.Lists)
}

func TestEmailCanBeCopied(t *testing.T) {
	contact := only(t, rule("email", "email", "work_email")).Map(customer(t), nil)
	assert.Equal(t, "ana.lopez@example.com", contact.Email)
	assert.Equal(t, map[string]any{"WORK_EMAIL": "ana.lopez@example.com"}, contact.Attributes)
}

func TestDayIsUTC(t *testing.T) {
	c := customer(t)
	c.Measures.LastTicketAt = time.Date(2024, 1, 1, 1, 0, 0, 0, time.FixedZone("", 2*3600))
	assert.Equal(t, map[string]any{"D": "2023-12-31"}, only(t, rule("last_ticket_date", "d")).Map(c, nil).Attributes)
}
