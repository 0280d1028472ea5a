package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

// Each line is added to the minimal file as its line 6.
func TestWrongValues(t *testing.T) {
	for _, tc := range []struct{ line, want string }{
		{`enabled: "true"`, `6:14: enabled must be true or false, found "true"; write true without quotes`},
		{`enabled: off`, `6:14: enabled must be true or false, found "off"; write false without quotes`},
		{`enabled: 1`, `6:14: enabled must be true or false, found a number; write true or false`},
		{`adopt_lists: [true]`, `6:5: adopt_lists must be true or false, found a list; write true or false`},
		{`type: shopify`, `6:11: type cannot be "shopify"; allowed: zendesk`},
		{`type: zendes`, `6:11: type cannot be "zendes"; did you mean zendesk? allowed: zendesk`},
		{`base_url: http://acme.zendesk.com`, `6:15: base_url would send credentials over plain http; write https:// (http is accepted for localhost only)`},
		{`base_url: acme.zendesk.com`, `6:15: base_url is not a URL; write it like https://yourcompany.zendesk.com`},
		{`base_url: https://acme.zendesk.com/api/v2`, `6:15: base_url has a path; write only https:// and the host; /api/v2 is added`},
		{`base_url: https://me:pass@acme.zendesk.com`, `6:15: base_url carries credentials, a query or a fragment; write only https:// and the host`},
		{`base_url: https://acme.zendesk.com?x=1`, `6:15: base_url carries credentials, a query or a fragment; write only https:// and the host`},
		{`sync: {roles: []}`, `6:12: sync.roles is empty: nobody would become a contact; write [end-user], or remove the line`},
		{`sync: {roles: [agents]}`, `6:20: sync.roles[1] is not a Zendesk role; did you mean agent? allowed: end-user, agent, admin`},
		{`sync: {roles: {end-user: true}}`, `6:12: sync.roles must be a list, found a mapping; write [one, two]`},
		{`sync: true`, `6:11: sync must be a mapping (key: value lines), found true or false; put its settings below it, indented by two spaces`},
		{`sync: {exclude: {emails: [nobody]}}`, `6:31: sync.exclude.emails[1] is not an e-mail address; write it like name@example.com`},
		{`sync: {exclude: {domains: [example]}}`, `6:32: sync.exclude.domains[1] is not a domain; write it like example.com`},
		{`sync: {exclude: {tags: [two words]}}`, `6:29: sync.exclude.tags[1] is empty or contains a space; write it without spaces`},
		{`sync: {exclude: {tags: [2024]}}`, `6:29: sync.exclude.tags[1] must be text, found a number; put it in quotes`},
		{`lists: {all_customers: 0}`, `6:28: lists.all_customers is no list id; write the list's id (a number) or its name`},
		{`lists: {all_customers: 010}`, `6:28: lists.all_customers is no list id; write the list's id (a number) or its name`},
		{`lists: {all_customers: 1.5}`, `6:28: lists.all_customers must be a list id or a list name, found a number; write the list's id (a number) or its name`},
		{`lists: {all_customers: ""}`, `6:28: lists.all_customers is empty; write the list's id (a number) or its name`},
		{`lists: {all_customers: "30"}`, `6:28: lists.all_customers is a number in quotes, which would be a list's name; for the list with that id, write the number without quotes`},
		{`lists: {all_customers: 3, active_tickets: 3}`, `6:47: lists.all_customers and lists.active_tickets are the same list; give each condition a list of its own`},
		{`list_folder: ""`, `6:18: list_folder is empty; write a value, or remove the line for the default`},
		{`thresholds: {satisfied: 101}`, `6:29: thresholds.satisfied is out of range: 101; write a number from 0 to 100`},
		{`thresholds: {satisfied: 80%}`, `6:29: thresholds.satisfied must be a number, found "80%"; write 80 without the percent sign, or 0.8 as a share`},
		{`thresholds: {satisfied: .nan}`, `6:29: thresholds.satisfied must be a number, found a number; write a number without quotes`},
		{`default_region: UK`, `6:21: default_region is not a country code; write GB`},
		{`default_region: Norway`, `6:21: default_region is not a country code; write two letters such as US, GB or FR (ISO 3166)`},
		{`default_region: 47`, `6:21: default_region must be text, found a number; put it in quotes`},
		{`overwrite: [FIRST NAME]`, `6:17: overwrite[1] is not a Brevo attribute name; use letters, digits and underscores, such as COMPANY_NAME`},
		{`new_contacts: block`, `6:19: new_contacts cannot be "block"; allowed: create, blocklist, skip`},
		{`on_brevo_deleted: recreat`, `6:23: on_brevo_deleted cannot be "recreat"; did you mean recreate? allowed: skip, recreate`},
		{`on_user_merged: deleted`, `6:21: on_user_merged cannot be "deleted"; did you mean delete? allowed: keep, delete`},
		{`on_user_deleted: delete`, `6:22: on_user_deleted cannot be "delete"; allowed: keep`},
		{`on_user_deleted: [keep]`, `6:5: on_user_deleted must be one of keep, found a list; write keep`},
		{`pilot: {emails: [nobody]}`, `6:22: pilot.emails[1] is not an e-mail address; write it like name@example.com`},
		{`rate_limits: {zendesk_share: 80}`, `6:34: rate_limits.zendesk_share is a share between 0 and 1, found 80; for 80% write 0.8`},
		{`rate_limits: {export_share: 0}`, `6:33: rate_limits.export_share is out of range: 0; write a share above 0 and up to 1, such as 0.8`},
		{`rate_limits: {export_share: -0.1}`, `6:33: rate_limits.export_share is out of range: -0.1; write a share above 0 and up to 1, such as 0.8`},
		{`rate_limits: {export_share: 101}`, `6:33: rate_limits.export_share is out of range: 101; write a share above 0 and up to 1, such as 0.8`},
		{`schedule: {every: 5}`, `6:23: schedule.every has no unit; write 5s, 5m or 5h`},
		{`schedule: {every: 5 minutes}`, `6:23: schedule.every must be a duration, found "5 minutes"; write a number with a unit, such as 30s, 5m or 24h`},
		{`schedule: {every: 1s}`, `6:23: schedule.every is out of range: "1s"; write a duration from 10s to 24h`},
		{`events: {settle: 11m}`, `6:22: events.settle is out of range: "11m"; write a duration from 0s to 10m`},
		{`events: {settle: -1s}`, `6:22: events.settle is out of range: "-1s"; write a duration from 0s to 10m`},
		{`events: {prefix: "a.b"}`, `6:22: events.prefix has characters that Brevo event names cannot have; use letters, digits, hyphens and underscores, up to 50`},
		{`webhooks: {max_age: true}`, `6:25: webhooks.max_age must be a duration, found true or false; write a number with a unit, such as 30s, 5m or 24h`},
		{`automations_mode: dry`, `6:23: automations_mode cannot be "dry"; allowed: live, shadow`},
		{`automations: {on: x}`, `6:5: automations must be a list, found a mapping; begin each automation with a hyphen`},
		{`automations: [x]`, `6:19: automations[1] must be a mapping (key: value lines), found text; write its settings as key: value`},
		{`log_level: trace`, `6:16: log_level cannot be "trace"; allowed: error, warn, info, verbose, debug`},
		{`logLevel: debug`, `6:5: unknown key "logLevel" in connectors.zendesk; did you mean log_level?`},
		{`apiToken: t`, `6:5: unknown key "apiToken" in connectors.zendesk; api_token belongs under auth`},
		{`email: a@example.com`, `6:5: unknown key "email" in connectors.zendesk; email belongs under auth`},
		{`subdomain: beta`, `6:5: "subdomain" is written twice in connectors.zendesk (first on line 4); keep one of them`},
		{`default_region: ${REGION`, `6:21: default_region has a ${ that is no variable reference; write ${NAME}, or $${ for the characters themselves`},
		{`default_region: "${REGION:-US}"`, `6:21: default_region has a ${ that is no variable reference; write ${NAME}, or $${ for the characters themselves`},
		{`default_region: "${NOT_SET}"`, `6:21: default_region needs the environment variable NOT_SET, which is not set; export NOT_SET or put it in .env`},
	} {
		t.Run(tc.line, func(t *testing.T) {
			_, err := parse(withLines(tc.line))
			require.EqualError(t, err, "connectors.yaml:"+tc.want)
		})
	}
}

func TestWrongFieldMappings(t *testing.T) {
	for _, tc := range []struct{ entry, want string }{
		{`email: WORK_EMAIL`, "must include EMAIL"},
		{`email: null`, "must include EMAIL"},
		{`name: EMAIL`, "cannot be EMAIL"},
		{`phone: []`, "has no target; to switch it off, write null"},
		{`phone: false`, "found true or false; to switch it off, write null"},
		{`phone: 5`, "must be a list, found a number"},
		{`phone: {to: SMS}`, "must be a list, found a mapping"},
		{`phone: [SMS, 2]`, "phone[2] must be text, found a number"},
		{`tags: auto`, "auto works with user_fields.* only"},
		{`user_fields.*: FIELDS`, "one target for many fields; write auto"},
		{`ticket_fields.*: auto`, "auto works with user_fields.* only"},
		{`ticket_fields.*: null`, "only user_fields.* may stand for many fields"},
		{`tags: phone-tags`, "is not a Brevo attribute name"},
		{`"": X`, "empty source"},
		{`tags: X, role: x`, `X is already the target of "tags" (line 6)`},
	} {
		t.Run(tc.entry, func(t *testing.T) {
			_, err := parse(withLines("field_mapping: {" + tc.entry + "}"))
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "\n", "one mistake, one message")
		})
	}
}

func TestWrongAuth(t *testing.T) {
	for _, tc := range []struct{ auth, want string }{
		{`{}`, "auth has neither api_token nor oauth"},
		{`{email: a@example.com}`, "auth has neither api_token nor oauth"},
		{`{api_token: t, oauth: {client_id: a, client_secret: b}}`, "auth has both api_token and oauth"},
		{`{oauth: {client_secret: a}}`, "auth.oauth.client_id is missing"},
		{`{oauth: {client_id: a, client_secret: b, scopes: [Read All]}}`, "auth.oauth.scopes[1] is not an OAuth scope"},
		{`{oauth: {client_id: a, client_secret: b, scopes: []}}`, "auth.oauth.scopes is empty"},
		{`{api_token: ""}`, "auth.api_token is empty"},
		{`{api_token: "two words"}`, "auth.api_token contains a space or a line break"},
		{`{api_token: 123456}`, "auth.api_token must be text, found a number; put it in quotes"},
		{`{email: me, api_token: t}`, "auth.email is not an e-mail address"},
		{`{token: t}`, `unknown key "token" in auth`},
		{`secret-token-in-the-wrong-place`, "auth must be a mapping (key: value lines), found text"},
		{`null`, "connectors.zendesk.auth is missing"},
	} {
		t.Run(tc.auth, func(t *testing.T) {
			_, err := parse(strings.Replace(minimal, `{api_token: "${ZENDESK_API_TOKEN}"}`, tc.auth, 1))
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "wrong-place")
		})
	}
	_, err := config.Parse("connectors.yaml", []byte(minimal), environment("BREVO_API_KEY=k", "ZENDESK_API_TOKEN=t", "ZENDESK_EMAIL=me"))
	require.ErrorContains(t, err, "the environment variable ZENDESK_EMAIL is not an e-mail address")
}

func TestWrongSubdomains(t *testing.T) {
	for value, fix := range map[string]string{
		`https://acme.zendesk.com/agent`: `write "acme"`,
		`acme.zendesk.com`:               `write "acme"`,
		`Acme`:                           `write "acme"`,
		`acme_eu`:                        `write the part before .zendesk.com`,
		`-acme`:                          `write the part before .zendesk.com`,
		`""`:                             `write the part before .zendesk.com`,
	} {
		_, err := parse(strings.Replace(minimal, "subdomain: acme", "subdomain: "+value, 1))
		require.ErrorContains(t, err, "connectors.yaml:4:16: subdomain is not a Zendesk subdomain; "+fix)
	}
}

func TestWhatIsAccepted(t *testing.T) {
	c := connector(t, withLines(
		`base_url: http://127.0.0.1:9000/`,
		`enabled: "${TRUE}"`,
		`lists: {all_customers: "${LIST}", active_tickets: "Kunden ${HOST}", satisfied_customers: }`,
		`default_region: "${REGION}"`,
		`rate_limits: {zendesk_share: "${SHARE}", export_share: 1}`,
		`sync: {tickets: false, roles: [end-user, agent, agent], exclude: {emails: [Boss@Example.com], domains: ["@Example.COM"], tags: VIP, patterns: []}}`,
		`field_mapping: {phone: [sms, WHATSAPP], tags: , role: null, "user_fields.*": auto, "ticket_fields.Order number": ORDER}`,
		`overwrite: [firstname]`,
		`thresholds: {satisfied: 72.5}`,
		`pilot: {emails: [Me@Example.com]}`,
		`events: {settle: 0s}`,
		`list_folder: a$${b}`,
		`automations: [{on: ticket.solved}]`,
	))
	assert.Equal(t, "http://127.0.0.1:9000", c.BaseURL)
	assert.Equal(t, config.Lists{AllCustomers: config.ListRef{ID: 7}, ActiveTickets: config.ListRef{Name: "Kunden acme"}}, c.Lists)
	assert.Equal(t, "FR", c.DefaultRegion)
	assert.Equal(t, config.RateLimits{ZendeskShare: 0.5, ExportShare: 1}, c.RateLimits)
	assert.Equal(t, config.Sync{
		Users: true, Organizations: true, SatisfactionRatings: true, Roles: []string{"end-user", "agent"},
		Exclude: config.Exclude{Emails: []string{"boss@example.com"}, Domains: []string{"example.com"}, Tags: []string{"vip"}, Patterns: []string{}},
	}, c.Sync)
	for i := range c.FieldMapping {
		assert.Equal(t, 12, c.FieldMapping[i].At.Line)
		c.FieldMapping[i].At = config.Position{}
	}
	assert.Equal(t, config.FieldMapping{
		{Source: "phone", Targets: []string{"SMS", "WHATSAPP"}},
		{Source: "tags", Off: true},
		{Source: "role", Off: true},
		{Source: "user_fields.*", Auto: true},
		{Source: "ticket_fields.Order number", Targets: []string{"ORDER"}},
	}, c.FieldMapping)
	assert.Equal(t, []string{"FIRSTNAME"}, c.Overwrite)
	assert.Equal(t, 72.5, c.Thresholds.Satisfied)
	assert.True(t, c.Pilot.Active())
	assert.Equal(t, []string{"me@example.com"}, c.Pilot.Emails)
	assert.Equal(t, config.Events{MaxAge: 24 * time.Hour}, c.Events)
	assert.Equal(t, "a${b}", c.ListFolder)
	require.Len(t, c.Automations, 1)
	assert.Equal(t, 18, c.Automations[0].At.Line)
}

func TestOAuth(t *testing.T) {
	c := connector(t, strings.Replace(minimal, `api_token: "${ZENDESK_API_TOKEN}"`, `oauth: {client_id: brevo, client_secret: "${ZENDESK_API_TOKEN}"}`, 1))
	assert.True(t, c.Auth.UsesOAuth())
	assert.Equal(t, "the-zendesk-secret", c.Auth.OAuth.ClientSecret.Reveal())
	assert.Equal(t, []string{"read"}, c.Auth.OAuth.Scopes)
	assert.Empty(t, c.Auth.Email)

	public := connector(t, strings.Replace(minimal, `api_token: "${ZENDESK_API_TOKEN}"`, `oauth: {client_id: brevo}`, 1))
	assert.True(t, public.Auth.UsesOAuth())
	assert.True(t, public.Auth.OAuth.ClientSecret.IsZero(), "a public client has no secret")
}

func TestLogLevels(t *testing.T) {
	for line, want := range map[string]config.LogLevel{
		"debug: true": config.LevelVerbose, "{debug: true, log_level: error}": config.LevelVerbose,
		"{debug: true, log_level: debug}": config.LevelDebug, "log_level: warn": config.LevelWarn, "debug: false": config.LevelInfo,
	} {
		lines := strings.Split(strings.Trim(line, "{}"), ", ")
		assert.Equal(t, want, connector(t, withLines(lines...)).LogLevel, line)
	}
}

func TestBrevoOAuth(t *testing.T) {
	with := func(brevo string) string {
		return "brevo: {" + brevo + "}\nconnectors: {zendesk: {subdomain: acme, auth: {email: a@example.com, api_token: t}}}\n"
	}
	file, err := parse(with(`oauth: {client_id: app, client_secret: s}`))
	require.NoError(t, err)
	assert.True(t, file.Brevo.UsesOAuth())
	assert.True(t, file.Brevo.APIKey.IsZero(), "BREVO_API_KEY is not asked")
	assert.Equal(t, "s", file.Brevo.OAuth.ClientSecret.Reveal())
	assert.Equal(t, []string{"contacts:read", "contacts:write", "crm:read", "crm:write"}, file.Brevo.OAuth.Scopes)
	assert.Equal(t, "https://api.brevo.com/realms/partner/oauth/token", file.Brevo.OAuth.TokenURL)

	file, err = parse(with(`base_url: "http://127.0.0.1:9142/v3", oauth: {client_id: app, client_secret: s, scopes: ["transactional.email:write"]}`))
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:9142/realms/partner/oauth/token", file.Brevo.OAuth.TokenURL)
	assert.Equal(t, []string{"transactional.email:write"}, file.Brevo.OAuth.Scopes)

	file, err = parse(with(`oauth: {client_id: app, client_secret: s, token_url: "https://oauth.brevo.com/realms/partner/oauth/token"}`))
	require.NoError(t, err)
	assert.Equal(t, "https://oauth.brevo.com/realms/partner/oauth/token", file.Brevo.OAuth.TokenURL)

	for brevo, want := range map[string]string{
		`api_key: k, oauth: {client_id: a, client_secret: b}`:                   "brevo has both api_key and oauth",
		`oauth: {client_id: a}`:                                                 "brevo.oauth.client_secret is missing",
		`oauth: {client_secret: a}`:                                             "brevo.oauth.client_id is missing",
		`oauth: {client_id: a, client_secret: b, scopes: []}`:                   "brevo.oauth.scopes is empty",
		`oauth: {client_id: a, client_secret: b, scopes: [contacts]}`:           "brevo.oauth.scopes[1] is not a scope of Brevo",
		`oauth: {client_id: a, client_secret: b, token_url: "http://oauth.eu"}`: "brevo.oauth.token_url would send credentials over plain http",
	} {
		_, err := parse(with(brevo))
		require.ErrorContains(t, err, want)
	}
}
