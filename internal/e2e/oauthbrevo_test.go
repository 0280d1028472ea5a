package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

// appWorld signs in to Brevo as a machine-to-machine app with the secret given.
func appWorld(t *testing.T, secret, scopes string) *world {
	t.Helper()
	w := seeded(t, seed.Size{Users: 60, Tickets: 120, Organizations: 10}, 3, func(_ *zendesksim.Options, bo *brevosim.Options) {
		bo.ClientID, bo.ClientSecret = "app", "s3cret-of-the-app"
	})
	email, token := w.zendesk.Credentials()
	w.yaml = fmt.Sprintf(`brevo: {base_url: %q, oauth: {client_id: app, client_secret: %q%s}}
connectors:
  zendesk:
    subdomain: %s
    base_url: %q
    auth: {email: %q, api_token: %q}
    lists: {all_customers: Zendesk customers, active_tickets: Open tickets, satisfied_customers: Satisfied customers}
`, w.brevoURL, secret, scopes, account, w.zendeskURL, email, token)
	return w
}

func TestABrevoAppBringsTheAccountOver(t *testing.T) {
	w := appWorld(t, "s3cret-of-the-app", "")
	want := expect(w.seed, w.portrait(t), wishes{})
	w.sync(t, workflows.SyncInput{})
	w.assertAs(t, want.want)
	assert.Equal(t, 1, w.brevo.TokensIssued())
	w.brevo.RevokeTokens()
	w.sync(t, workflows.SyncInput{})
	w.assertAs(t, want.want)
	assert.Equal(t, 2, w.brevo.TokensIssued(), "what was revoked is replaced")
	assert.Empty(t, w.brevo.Misuses())
	assert.NotContains(t, w.logs.String(), "s3cret-of-the-app")
}

func TestARefusedBrevoAppPausesTheAccount(t *testing.T) {
	for name, tc := range map[string]struct{ secret, scopes, want string }{
		"a wrong secret":                  {"another", "", "Brevo refused the OAuth app (401 invalid_client): check client_id, client_secret and scopes under brevo.oauth; then run `starter resume`"},
		"a scope that the app lacks":      {"s3cret-of-the-app", `, scopes: ["contacts:read", "events:write"]`, "Brevo refused the OAuth app (400 invalid_scope): check client_id, client_secret and scopes under brevo.oauth; then run `starter resume`"},
		"a scope that the sync will miss": {"s3cret-of-the-app", `, scopes: ["contacts:read"]`, "(403): the plan, the owner of the key, or the OAuth app lacks the permission: add it in Brevo; then run `starter resume`"},
	} {
		t.Run(name, func(t *testing.T) {
			w := appWorld(t, tc.secret, tc.scopes)
			message := ""
			w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
				env.RegisterDelayedCallback(func() { message = w.standing(t).Message }, 4*time.Minute)
				env.RegisterDelayedCallback(env.CancelWorkflow, 5*time.Minute)
			}
			_, err := w.trySync(t, workflows.SyncInput{Type: activities.Full})
			require.Error(t, err)
			assert.Contains(t, message, tc.want)
		})
	}
}
