package credentials_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/credentials"
)

func needed(t *testing.T, automations string, webhooks bool) []credentials.Scope {
	t.Helper()
	file, err := config.Parse("connectors.yaml", []byte("brevo: {api_key: k}\nconnectors:\n  zendesk:\n    subdomain: acme\n    auth: {oauth: {client_id: c}}\n"+
		"    automations: "+automations+"\n"), func(string) string { return "" }, connectors.Checks()...)
	require.NoError(t, err)
	set, err := connectors.RuleSet(file.Ordered[0])
	require.NoError(t, err)
	return credentials.Needed(set, webhooks)
}

func TestScopesFollowFromWhatIsOn(t *testing.T) {
	for name, tc := range map[string]struct {
		automations string
		webhooks    bool
		want        []string
	}{
		"a sync":           {`[]`, false, []string{"read"}},
		"webhooks":         {`[]`, true, []string{"read", "webhooks:write", "triggers:write"}},
		"actions in Brevo": {`[{name: a, on: ticket.solved, do: [brevo.event: {name: x}]}]`, false, []string{"read"}},
		"notes":            {`[{name: a, on: ticket.solved, do: [zendesk.note: "n"]}]`, false, []string{"read", "tickets:write"}},
		"tickets":          {`[{name: a, on: user.created, do: [zendesk.ticket: {subject: s, body: b}]}]`, false, []string{"read", "tickets:write"}},
		"tags of tickets":  {`[{name: a, on: ticket.solved, do: [zendesk.tag: {add: [x]}]}]`, false, []string{"read", "tickets:write"}},
		"tags of users":    {`[{name: a, on: user.created, do: [zendesk.tag: {add: [x]}]}]`, false, []string{"read", "users:write"}},
		"everything": {
			`[{name: a, on: [user.created, ticket.solved], do: [zendesk.tag: {add: [x]}]}]`, true,
			[]string{"read", "webhooks:write", "triggers:write", "tickets:write", "users:write"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			scopes := needed(t, tc.automations, tc.webhooks)
			assert.Equal(t, tc.want, credentials.Names(scopes))
			assert.NotContains(t, credentials.Names(scopes), "write")
			for _, s := range scopes {
				assert.NotEmpty(t, s.Why)
			}
		})
	}
	assert.Equal(t, "for what automations do in Zendesk: tell, tell more",
		needed(t, `[{name: tell, on: ticket.solved, do: [zendesk.note: n]}, {name: tell more, on: ticket.solved, do: [zendesk.note: n, zendesk.tag: {add: [x]}]}]`, false)[1].Why)
}

func TestMissingScopes(t *testing.T) {
	all := []credentials.Scope{{Name: "read"}, {Name: "webhooks:write"}, {Name: "tickets:write"}}
	for granted, want := range map[string][]string{
		"read webhooks:write tickets:write": nil,
		"read write":                        nil,
		"":                                  nil, // the answer did not say: as asked for
		"read":                              {"webhooks:write", "tickets:write"},
		"write":                             {"read"},
		"read webhooks:read tickets:wrote":  {"webhooks:write", "tickets:write"},
	} {
		assert.Equal(t, want, credentials.Missing(granted, all), granted)
	}
}
