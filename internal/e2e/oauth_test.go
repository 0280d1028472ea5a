package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

func oauth(zo *zendesksim.Options, _ *brevosim.Options) {
	zo.ClientID, zo.ClientSecret, zo.TokenTTL = "brevo", "a-secret", 10*time.Minute
}

// connectBy replaces the credential in connectors.yaml.
func (w *world) connectBy(auth string) {
	w.yaml = fmt.Sprintf(`brevo: {api_key: %q, base_url: %q}
connectors:
  zendesk: {subdomain: %s, base_url: %q, auth: {%s}, lists: {all_customers: Zendesk customers, active_tickets: Open tickets, satisfied_customers: Satisfied customers}}
`, brevosim.DefaultAPIKey, w.brevoURL, account, w.zendeskURL, auth)
}

func TestAnOAuthClientBringsTheAccountOver(t *testing.T) {
	w := newWorld(t, seed.Size{Users: 60, Tickets: 120, Organizations: 10}, oauth)
	w.connectBy(`oauth: {client_id: brevo, client_secret: a-secret}`)
	out := w.sync(t, workflows.SyncInput{})
	assert.NotZero(t, out.Push.Sent)
	assert.Empty(t, w.zendesk.Log().Unknown())
}

func TestARefusedOAuthClientPausesTheAccount(t *testing.T) {
	w := newWorld(t, seed.Size{Users: 60, Tickets: 120, Organizations: 10}, oauth)
	w.connectBy(`oauth: {client_id: brevo, client_secret: another}`)
	env := w.environment(t)
	env.RegisterDelayedCallback(env.CancelWorkflow, 5*time.Minute)
	env.ExecuteWorkflow(workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
	require.Error(t, env.GetWorkflowError())
	p, standing, err := w.account().Paused(t.Context())
	require.NoError(t, err)
	require.True(t, standing)
	assert.Contains(t, p.Message, "check client_id, client_secret and scopes under auth.oauth")
}
