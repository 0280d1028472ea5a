package mapping_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/mapping"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return moment
}

// customer is a person with everything: names, a phone, an organization, tickets, ratings and custom fields.
func customer(t *testing.T) mapping.Customer {
	t.Helper()
	return mapping.Customer{
		User: mapping.User{
			ID: 9007199254740993, Email: "Ana.Lopez@Example.com", Name: "Ana María López", Phone: "+34 612 34 56 78", Role: "end-user",
			TicketRestriction: "requested", Tags: []string{"vip", "beta"}, OrganizationID: 360000000000001, Active: true,
			Fields: map[string]any{
				"customer_type": "enterprise", "account_tier": "tier_gold", "seats": 25.0, "mrr": "1250.50", "trial": false,
				"renewal": "2024-03-01T00:00:00Z", "interests": []any{"chat", "voice"}, "role": "buyer", "nickname": "Ani", "old": "x",
			},
			ExternalID: "crm-77", Locale: "es-ES", TimeZone: "Madrid", CreatedAt: at(t, "2021-05-04T23:30:00-02:00"),
		},
		Organization: &mapping.Organization{
			ID: 360000000000001, Name: "Acme GmbH", Tags: []string{"key", "eu"}, DomainNames: []string{"acme.example", "acme.test"},
			ExternalID: "org-5", Fields: map[string]any{"region": "emea", "employees": 40.0}, CreatedAt: at(t, "2019-01-02T03:04:05Z"),
		},
		Measures: mapping.Measures{
			OpenTickets: 2, TotalTickets: 7, Ratings: 3, Satisfaction: 200.0 / 3, LastTicketAt: at(t, "2024-01-31T23:59:59-01:00"),
			Channels: []string{"email", "web"}, LastChannel: "web", LastStatus: "open", LastRating: "good",
			LastRatingAt: at(t, "2024-01-20T10:00:00Z"), Reopens: 1,
			TicketFields: map[int64]any{101: "order_late", 102: []any{"red", "blue"}, 103: true, 104: "2024-02-03", 105: 3.0},
		},
	}
}

// definitions are the custom fields of the account that customer belongs to.
func definitions() []mapping.Definition {
	return []mapping.Definition{
		{Kind: "user", ID: 1, Key: "customer_type", Type: "dropdown", Title: "Customer type", Active: true, Options: map[string]string{"enterprise": "Enterprise", "smb": "Small business"}},
		{Kind: "user", ID: 2, Key: "account_tier", Type: "text", Title: "Account tier", Active: true},
		{Kind: "user", ID: 3, Key: "seats", Type: "integer", Title: "Seats", Active: true},
		{Kind: "user", ID: 4, Key: "mrr", Type: "decimal", Title: "MRR", Active: true},
		{Kind: "user", ID: 5, Key: "trial", Type: "checkbox", Title: "Trial", Active: true},
		{Kind: "user", ID: 6, Key: "renewal", Type: "date", Title: "Renewal", Active: true},
		{Kind: "user", ID: 7, Key: "interests", Type: "multiselect", Title: "Interests", Active: true, Options: map[string]string{"chat": "Live chat", "voice": "Voice"}},
		{Kind: "user", ID: 8, Key: "role", Type: "text", Title: "Buying role", Active: true},
		{Kind: "user", ID: 9, Key: "nickname", Type: "regexp", Title: "Nickname", Active: true},
		{Kind: "user", ID: 10, Key: "old", Type: "text", Title: "Old", Active: false},
		{Kind: "organization", ID: 11, Key: "region", Type: "dropdown", Title: "Region", Active: true, Options: map[string]string{"emea": "Europe, Middle East, Africa"}},
		{Kind: "organization", ID: 12, Key: "employees", Type: "integer", Title: "Employees", Active: true},
		{Kind: "ticket", ID: 100, Type: "subject", Title: "Subject", Active: true},
		{Kind: "ticket", ID: 101, Type: "tagger", Title: "Reason", Active: true, Options: map[string]string{"order_late": "Order::Late"}},
		{Kind: "ticket", ID: 102, Type: "multiselect", Title: "Colours", Active: true, Options: map[string]string{"red": "Red"}},
		{Kind: "ticket", ID: 103, Type: "checkbox", Title: "Refunded", Active: true},
		{Kind: "ticket", ID: 104, Type: "date", Title: "Due back", Active: true},
		{Kind: "ticket", ID: 105, Type: "integer", Title: "Items", Active: true},
		{Kind: "ticket", ID: 106, Type: "text", Title: "Twice", Active: true},
		{Kind: "ticket", ID: 107, Type: "text", Title: "twice", Active: true},
	}
}

func rule(source string, targets ...string) mapping.FieldRule {
	return mapping.FieldRule{Source: source, Targets: targets}
}

var allLists = []string{"all_customers", "active_tickets", "satisfied_customers"}

// sourceText is the field_mapping of the product's reference page.
func sourceText() []mapping.FieldRule {
	return []mapping.FieldRule{
		rule("email", "email"), rule("name", "FULLNAME"), rule("phone", "SMS"),
		rule("open_tickets", "OPEN_TICKETS"), rule("total_tickets", "TOTAL_TICKETS"), rule("avg_satisfaction", "CSAT_SCORE"), rule("last_ticket_date", "LAST_SUPPORT_DATE"),
		rule("organization.name", "COMPANY_NAME"), rule("organization.tags", "COMPANY_TAGS"),
		rule("user_fields.customer_type", "CUSTOMER_TYPE"), rule("user_fields.account_tier", "ACCOUNT_TIER"),
	}
}

func compile(t *testing.T, cfg mapping.Config) *mapping.Mapper {
	t.Helper()
	m, err := mapping.Compile(cfg, definitions())
	require.NoError(t, err)
	return m
}

// only compiles a mapping of one rule with every default switched off.
func only(t *testing.T, rules ...mapping.FieldRule) *mapping.Mapper {
	t.Helper()
	cfg := mapping.Config{FieldMapping: rules}
	for _, source := range mapping.Sources() {
		named := false
		for _, r := range rules {
			named = named || r.Source == source.Name
		}
		if len(source.DefaultTargets) > 0 && source.Name != "email" && !named {
			cfg.FieldMapping = append(cfg.FieldMapping, rule(source.Name))
		}
	}
	return compile(t, cfg)
}

// after tells that the given streams, and no others, have reached their end.
func after(streams ...mapping.Stream) func(mapping.Stream) bool {
	return func(s mapping.Stream) bool {
		for _, stream := range streams {
			if s == stream {
				return true
			}
		}
		return false
	}
}
