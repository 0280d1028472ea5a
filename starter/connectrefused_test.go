package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
)

// TestConnectRefused stores nothing, and says what to do in one line.
func TestConnectRefused(t *testing.T) {
	agent := func(c *connecting) {
		user, ok := c.sim.Account().PlainAgent()
		require.True(c.t, ok)
		c.sim.ConsentAs(user.ID)
	}
	for name, tc := range map[string]struct {
		opts   zendesksim.Options
		before func(*connecting)
		answer func(address string) string // instead of what Zendesk answers
		want   string
	}{
		"somebody who is no admin": {before: agent, want: `who agreed has the role "agent" in Zendesk, and exports need admin; nothing was stored: let an administrator sign in to Zendesk and run ` + "`starter connect` again"},
		"nobody agrees":            {before: func(c *connecting) { c.sim.DenyConsent() }, want: "access was refused in Zendesk (access_denied); nothing was stored: run `starter connect` again, and let an administrator agree"},
		"a scope that the client may not have": {
			opts: zendesksim.Options{ClientScopes: []string{"read"}}, before: func(c *connecting) {
				c.configure(public + "\n    automations: [{name: tell, on: ticket.solved, do: [zendesk.note: solved]}]")
			},
			want: `Zendesk granted "read", and tickets:write is missing; nothing was stored: let the OAuth client have it under ` + oauthClients + ", and run `starter connect` again",
		},
		"a token of no use": {
			opts: zendesksim.Options{ClientScopes: []string{}}, want: "Zendesk gave a token with which not even its user may be read (403): the scope read is missing, or the OAuth client may not have it",
		},
		"a redirect that Zendesk refuses": {
			answer: func(address string) string {
				u, _ := url.Parse(address)
				return "error=invalid_request&error_description=redirect&state=" + u.Query().Get("state")
			},
			want: "Zendesk did not accept the request (invalid_request): make REDIRECT a redirect URL of the client connector under " + oauthClients + ", check client_id, and run `starter connect` again",
		},
		"scopes that Zendesk refuses": {
			answer: func(address string) string {
				u, _ := url.Parse(address)
				return "error=invalid_scope&state=" + u.Query().Get("state")
			},
			want: "Zendesk does not let the OAuth client have these scopes (invalid_scope): allow read under " + oauthClients + ", and run `starter connect` again",
		},
		"a code that is none": {
			answer: func(string) string { return "0123456789abcdef" },
			want:   "Zendesk did not accept the code (invalid_grant): it works once, for two minutes, and with the redirect REDIRECT that it was made for: run `starter connect` again",
		},
		"a client that has a secret": {
			opts: zendesksim.Options{ClientSecret: "s3cret"},
			want: "Zendesk refused the OAuth client (invalid_client): check client_id and client_secret under auth.oauth; a confidential client needs its secret, a public one has none",
		},
		"Zendesk is down": {
			before: func(c *connecting) { c.sim.Faults().Add(sim.Fault{Path: "/oauth/tokens", Status: 500, Body: "{}"}) },
			want:   "zendesk POST /oauth/tokens: 500 (request sim-00000002): try again in a minute; if it stays, look at the vendor's status page",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newConnecting(t, tc.opts, public)
			if tc.before != nil {
				tc.before(c)
			}
			want := strings.ReplaceAll(tc.want, "REDIRECT", c.redirect())
			a := c.begin()
			address := a.address()
			if tc.answer != nil {
				_, err := fmt.Fprintln(a.stdin, tc.answer(address))
				require.NoError(t, err)
			} else {
				status, page := visit(t, address)
				assert.Equal(t, 400, status)
				assert.Contains(t, page, "Not connected")
			}
			stdout, stderr := a.end(exitFailed)
			assert.Equal(t, "starter: "+want+"\n", stderr)
			assert.NotContains(t, stdout, "Connected acme")
			assert.False(t, c.stored())
		})
	}
}

// TestConnectIsNotMisled: pages elsewhere can send a browser to this host too.
func TestConnectIsNotMisled(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{}, public)
	a := c.begin()
	address := a.address()
	for _, query := range []string{"", "?code=0123456789&state=another", "?code=0123456789", "?state=", "?code=%3Cscript%3E&state=x"} {
		status, page := visit(t, c.redirect()+query)
		assert.Equal(t, 400, status, query)
		assert.Contains(t, page, "This is no answer to the `starter connect` that waits")
		assert.NotContains(t, page, "<script")
	}
	status, _ := visit(t, address)
	assert.Equal(t, 200, status, "it still waits for its own")
	a.end(exitOK)
}

func TestConnectBadInput(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{}, public)
	refused := func(code int, want string, args ...string) {
		t.Helper()
		_, stderr := c.begin(args...).end(code)
		assert.Equal(t, "starter: "+want+"\n", stderr)
		assert.False(t, c.stored())
	}
	t.Setenv("ENCRYPTION_KEY", "")
	refused(exitUsage, "ENCRYPTION_KEY is not set: make one with `starter keygen`, and give the worker and the webhook server the same one")
	t.Setenv("ENCRYPTION_KEY", "c2hvcnQ=")
	refused(exitUsage, "ENCRYPTION_KEY must be 32 bytes in base64 or hex: make one with `starter keygen`; it holds 5, and give the worker and the webhook server the same one")
	t.Setenv("ENCRYPTION_KEY", c.key)

	listener, err := net.Listen("tcp", c.callback)
	require.NoError(t, err)
	refused(exitFailed, c.callback+" is in use by another program, perhaps another `starter connect`: stop that, or run `starter connect --paste`")
	require.NoError(t, listener.Close())

	t.Setenv("PUBLIC_URL", "http://hooks.example.com")
	refused(exitUsage, "PUBLIC_URL must begin with https:// for Zendesk to send anybody there: set it so, or run `starter connect --loopback`")
	t.Setenv("PUBLIC_URL", "")
	refused(exitUsage, "client credentials need a confidential OAuth client: add client_secret under auth.oauth, or run `starter connect` without the flag", "--client-credentials")
	refused(exitUsage, `no connector "zendsk" in connectors.yaml: did you mean "zendesk"? known: zendesk`, "zendsk")
	refused(exitUsage, "--client-credentials needs no browser: leave --paste and --loopback out", "--client-credentials", "--paste")
	c.configure(`auth: {email: a@example.com, api_token: t}`)
	refused(exitUsage, "auth of zendesk holds an API token, and the flag is for an OAuth client: make one under "+oauthClients+
		", and put its identifier into auth.oauth.client_id", "--paste")
	assert.Empty(t, c.sim.Log().Calls())
}

func TestConnectByClientCredentials(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{ClientSecret: "s3cret"}, "auth: {oauth: {client_id: connector, client_secret: s3cret}}")
	a := c.begin()
	visit(t, a.address())
	a.end(exitOK)
	require.True(t, c.stored())
	stdout, _ := c.begin("--client-credentials").end(exitOK)
	assert.Equal(t, "Connected acme to Zendesk by client credentials, as a user with the role admin.\nGranted: read.\n", stdout)
	assert.False(t, c.stored(), "from now on they count")
	require.NoError(t, c.worker())
	_, stderr := c.begin("--client-credentials", "--webhooks").end(exitFailed)
	assert.Equal(t, `starter: the OAuth client was granted "read", and lacks webhooks:write, triggers:write: write scopes: [read, "webhooks:write", "triggers:write"] under auth.oauth`+"\n", stderr)
	c.configure("auth: {oauth: {client_id: connector, client_secret: another}}")
	_, stderr = c.begin("--client-credentials").end(exitFailed)
	assert.Contains(t, stderr, "check client_id, client_secret and scopes under auth.oauth")
	assert.NotContains(t, stderr, "another")
}

func TestConnectChecksAnAPIToken(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{}, "")
	email, token := c.sim.Credentials()
	c.configure(fmt.Sprintf("auth: {email: %q, api_token: %q}", email, token))
	require.NoError(t, c.account.SetPause(t.Context(), store.Pause{Kind: activities.PauseOperator, Message: "a look first", At: noon}))
	stdout, stderr := c.begin().end(exitOK)
	assert.Empty(t, stderr)
	assert.Equal(t, "Connected acme to Zendesk with an API token, as a user with the role admin.\n"+
		"The account stays paused since 2024-01-15T12:00:00Z: a look first. `starter resume` ends that.\n"+
		"Mind: Zendesk ends all API tokens on 2027-04-30 (in 1200 days) and makes none since 2026-10-27: make an OAuth client under "+oauthClients+
		", put it into auth.oauth, and run `starter connect` again\n", stdout)
	stdout, _ = c.begin("--json").end(exitOK)
	var out connectReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &out))
	assert.Equal(t, []any{"api_token", "admin", 1, "operator"}, []any{out.Method, out.Role, len(out.Warnings), out.Paused.Kind})
	assert.NotContains(t, stdout, c.sim.Account().Owner().Name)

	agent, _ := c.sim.Account().PlainAgent()
	c.configure(fmt.Sprintf("auth: {email: %q, api_token: %q}", agent.Email, token))
	_, stderr = c.begin().end(exitFailed)
	assert.Equal(t, `starter: the API token signs in as a user with the role "agent", and exports need admin: set auth.email to the address of an administrator`+"\n", stderr)
	c.configure(fmt.Sprintf("auth: {email: %q, api_token: wrong}", email))
	_, stderr = c.begin().end(exitFailed)
	assert.Contains(t, stderr, "API tokens can no longer be created and end on 2027-04-30")
	assert.NotContains(t, stderr, "regenerate")
}
