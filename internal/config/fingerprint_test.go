package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every field of Connector is here: with a line that changes it, and whether that asks for a new evaluation of everyone.
func TestFingerprint(t *testing.T) {
	settings := map[string]struct {
		lines   []string
		counted bool
	}{
		"Name": {}, "Type": {}, "Enabled": {}, "Auth": {}, "Automations": {lines: []string{"automations: [{on: x}]"}},
		"Subdomain": {counted: true},
		"BaseURL":   {[]string{"base_url: https://support.acme.com"}, true},
		"Sync": {[]string{
			"sync: {users: false}", "sync: {tickets: false}", "sync: {organizations: false}", "sync: {satisfaction_ratings: false}", "sync: {roles: [agent]}",
			"sync: {exclude: {emails: [a@example.com]}}", "sync: {exclude: {domains: [example.com]}}", "sync: {exclude: {tags: [a]}}", "sync: {exclude: {patterns: []}}",
		}, true},
		"Lists":      {[]string{"lists: {all_customers: 1}", "lists: {all_customers: A}", "lists: {active_tickets: 1}", "lists: {satisfied_customers: 1}"}, true},
		"ListFolder": {[]string{"list_folder: Other"}, true}, "AdoptLists": {[]string{"adopt_lists: true"}, true},
		"Thresholds": {[]string{"thresholds: {satisfied: 81}"}, true}, "DefaultRegion": {[]string{"default_region: US"}, true},
		"FieldMapping": {[]string{"field_mapping: {tags: null}", "field_mapping: {tags: T}", "field_mapping: {user_fields.*: auto}", "field_mapping: {name: [A, B]}", "field_mapping: {name: [B, A]}"}, true},
		"Overwrite":    {[]string{"overwrite: [SMS]"}, true}, "NewContacts": {[]string{"new_contacts: skip"}, true},
		"OnBrevoDeleted": {[]string{"on_brevo_deleted: recreate"}, true}, "OnUserMerged": {counted: true}, "OnUserDeleted": {counted: true},
		"Pilot":      {[]string{"pilot: {emails: [a@example.com]}"}, true},
		"RateLimits": {[]string{"rate_limits: {zendesk_share: 0.5}"}, false}, "Schedule": {[]string{"schedule: {every: 1m}"}, false},
		"Events": {[]string{"events: {max_age: 1h}"}, false}, "Webhooks": {[]string{"webhooks: {max_age: 1h}"}, false},
		"AutomationsMode": {[]string{"automations_mode: shadow"}, false}, "BuiltinAutomations": {[]string{"builtin_automations: false"}, false},
		"Debug": {[]string{"debug: true"}, false}, "LogLevel": {[]string{"log_level: error"}, false}, "LogWebhooks": {[]string{"log_webhooks: true"}, false},
	}
	base := connector(t, minimal)
	seen := map[string]string{base.Fingerprint(): "nothing"}
	for _, field := range reflect.VisibleFields(reflect.TypeOf(*base)) {
		s, ok := settings[field.Name]
		require.True(t, ok, "%s: decide whether the fingerprint counts it", field.Name)
		for _, line := range s.lines {
			c := connector(t, withLines(line))
			require.NotEqual(t, reflect.ValueOf(*base).FieldByName(field.Name).Interface(), reflect.ValueOf(*c).FieldByName(field.Name).Interface(), "%s changes nothing", line)
			if !s.counted {
				assert.Equal(t, base.Fingerprint(), c.Fingerprint(), line)
				continue
			}
			assert.NotContains(t, seen, c.Fingerprint(), line)
			seen[c.Fingerprint()] = line
		}
	}
	for _, field := range []string{"Subdomain", "OnUserMerged", "OnUserDeleted"} { // no second value can be written in the file
		c := *base
		reflect.ValueOf(&c).Elem().FieldByName(field).SetString("other")
		assert.NotEqual(t, base.Fingerprint(), c.Fingerprint(), field)
	}
}

func TestFingerprintIgnoresOrderAndCredentials(t *testing.T) {
	a := connector(t, withLines("sync: {roles: [agent, end-user]}", "field_mapping: {tags: T, role: R}", "overwrite: [A, B]"))
	b := connector(t, strings.Replace(withLines("overwrite: [B, A]", "", "field_mapping: {role: r, tags: t}", "sync: {roles: [end-user, agent]}"),
		"${ZENDESK_API_TOKEN}", "another", 1))
	require.NotEqual(t, a.Auth, b.Auth)
	assert.Equal(t, a.Fingerprint(), b.Fingerprint())
}
