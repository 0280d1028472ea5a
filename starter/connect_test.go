package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/storetest"
	"zendesk-brevo/internal/zendesk"
)

// connecting is a program beside a simulated Zendesk with an OAuth client, and a person with a browser.
type connecting struct {
	*program
	t        *testing.T
	sim      *zendesksim.Server
	url      string // of the simulated Zendesk
	callback string // where the command listens
	key      string
	account  *store.Account
	browse   func(string) error
}

func newConnecting(t *testing.T, opts zendesksim.Options, connector string) *connecting {
	t.Helper()
	c := &connecting{program: newProgram(t), t: t, callback: freeAddress(t), key: seal.Generate()}
	opts.Account, opts.Clock, opts.ClientID = seed.New(seed.Size{Users: 40}, 1), sim.NewClock(c.now, 1), "connector"
	opts.RedirectURIs = []string{c.redirect()}
	c.sim = zendesksim.New(opts)
	running, err := c.sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	c.url = running.URL
	c.configure(connector)
	t.Setenv("ENCRYPTION_KEY", c.key)
	c.account = account(t)
	return c
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

func (c *connecting) redirect() string { return "http://" + c.callback + "/oauth/callback" }

func (c *connecting) configure(connector string) {
	c.t.Helper()
	require.NoError(c.t, os.WriteFile("connectors.yaml", fmt.Appendf(nil, `brevo: {api_key: "xkeysib-0123456789abcdef0123456789abcdef"}
connectors:
  zendesk:
    subdomain: acme
    base_url: %q
    %s
`, c.url, connector), 0o600))
}

// attempt is a command that waits for the person.
type attempt struct {
	c              *connecting
	stdin          io.WriteCloser
	addresses      chan string  // that it prints, as it prints them
	stdout, stderr bytes.Buffer // to be read once it has ended
	code           chan int
}

func (c *connecting) begin(args ...string) *attempt { return c.beginOn(false, args...) }

func (c *connecting) beginOn(terminal bool, args ...string) *attempt {
	c.t.Helper()
	in, stdin := io.Pipe()
	said, saying := io.Pipe()
	a := &attempt{c: c, stdin: stdin, addresses: make(chan string, 1), code: make(chan int, 1)}
	go func() {
		defer close(a.addresses)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if found := printed.FindString(lines.Text()); found != "" {
				a.addresses <- found
			}
		}
	}()
	ctx := c.t.Context()
	go func() {
		code := run(ctx, append([]string{"connect"}, args...), env{
			stdin: in, stdout: io.MultiWriter(&a.stdout, saying), stderr: io.MultiWriter(&a.stderr, saying),
			now: c.now, callback: c.callback, terminal: terminal, browse: c.browse,
		})
		a.code <- code
		_ = in.Close()
		_ = saying.Close()
	}()
	return a
}

var printed = regexp.MustCompile(`^http://\S+/oauth/authorizations/new\?\S+`)

// address is the one that it prints.
func (a *attempt) address() string {
	a.c.t.Helper()
	address, ok := <-a.addresses
	if !ok {
		a.end(exitOK)
	}
	require.NotEmpty(a.c.t, address)
	return address
}

// end waits for the command, and returns what it printed in all.
func (a *attempt) end(want int) (stdout, stderr string) {
	a.c.t.Helper()
	code := <-a.code
	_ = a.stdin.Close()
	require.Equal(a.c.t, want, code, "%s%s", &a.stdout, &a.stderr)
	return a.stdout.String(), a.stderr.String()
}

// visit follows an address as a browser does, and returns the last page.
func visit(t *testing.T, address string) (status int, page string) {
	t.Helper()
	resp, err := http.Get(address)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// ending is the address that the browser of who agrees ends up at.
func ending(t *testing.T, address string) string {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(address)
	require.NoError(t, err)
	defer resp.Body.Close()
	to, err := resp.Location()
	require.NoError(t, err)
	return to.String()
}

// worker calls Zendesk with what the store holds, as a worker does.
func (c *connecting) worker() error {
	c.t.Helper()
	box, err := seal.New(c.key)
	require.NoError(c.t, err)
	a := &app{env: env{now: c.now}}
	require.NoError(c.t, a.load(nil))
	client, err := zendesk.New(zendesk.Config{
		BaseURL: c.url, Now: c.now, Credential: credentials.Zendesk(a.cfg, credentials.Options{Store: c.account, Box: box, Now: c.now}),
	})
	require.NoError(c.t, err)
	_, err = client.Me(c.t.Context())
	return err
}

func (c *connecting) stored() bool {
	c.t.Helper()
	stored, err := credentials.Stored(c.t.Context(), c.account)
	require.NoError(c.t, err)
	return stored
}

const public = "auth: {oauth: {client_id: connector}}"

func TestConnectEndToEnd(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{}, public)
	require.Error(t, c.worker())
	assert.Equal(t, exitOK, c.run(t.Context()))
	assert.Equal(t, "Zendesk is not connected yet. Next:\n  starter connect\nand let an administrator agree in the browser (docs/connect.md).\n", c.program.stdout.String())
	require.NoError(t, c.account.SetPause(t.Context(), store.Pause{Kind: activities.PauseCredentials, Message: "run `starter connect`", At: noon}))
	a := c.begin("zendesk")
	address := a.address()
	q, err := url.Parse(address)
	require.NoError(t, err)
	assert.Equal(t, "read", q.Query().Get("scope"))
	assert.Equal(t, "S256", q.Query().Get("code_challenge_method"))
	assert.Equal(t, "code", q.Query().Get("response_type"))
	status, page := visit(t, address)
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "Zendesk is connected. You can close this page.")
	stdout, stderr := a.end(exitOK)
	assert.Empty(t, stderr)
	said := strings.Replace(strings.ReplaceAll(stdout, c.redirect(), "REDIRECT"), address, "ADDRESS", 1)
	assert.Equal(t, `Zendesk will be asked to allow:
  read             syncs read users, tickets, organizations and ratings

Zendesk then sends the browser to REDIRECT
which must be a redirect URL of the client connector, under Zendesk Admin Center > Apps and integrations > APIs > OAuth clients.
If Zendesk says that the redirect is not valid, add it there and open the address again.

Open this address, signed in to Zendesk as an administrator:

ADDRESS

Waiting for the browser. If it runs elsewhere, paste the address of the last page here, within two minutes.
Connected acme to Zendesk by OAuth, as a user with the role admin.
Granted: read.
Access is renewed by itself; without any use it ends on 2024-02-14.
The pause since 2024-01-15T12:00:00Z has ended; work goes on within a minute.
`, said)
	require.NoError(t, c.worker())
	assert.Equal(t, exitOK, c.run(t.Context()))
	assert.Contains(t, c.program.stdout.String(), "\nNext: starter test\n")
	_, standing, err := c.account.Paused(t.Context())
	require.NoError(t, err)
	assert.False(t, standing)
	assert.Empty(t, c.sim.Log().Unknown())
	assert.NotContains(t, storetest.Dump(t, "sqlite:connector.db"), `"access"`)

	c.pass(time.Hour)
	require.NoError(t, c.worker())
	assert.Equal(t, 1, c.sim.Granted("refresh_token"))
}

func TestConnectTakesWhatIsPasted(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{ClientSecret: "s3cret"}, "auth: {oauth: {client_id: connector, client_secret: s3cret}}")
	for name, paste := range map[string]func(string) string{
		"the whole address": func(address string) string { return address },
		"the query":         func(address string) string { _, query, _ := strings.Cut(address, "?"); return query },
		"the code":          func(address string) string { u, _ := url.Parse(address); return `"` + u.Query().Get("code") + `"` },
	} {
		for _, args := range [][]string{{"--paste"}, {}} {
			t.Run(fmt.Sprint(name, args), func(t *testing.T) {
				require.NoError(t, credentials.Forget(t.Context(), c.account))
				a := c.beginOn(true, append(args, "--json")...)
				lines := ending(t, a.address())
				_, err := fmt.Fprintf(a.stdin, "\nwhat is this\n%s\n%s\n", strings.Replace(lines, "state=", "state=x", 1), paste(lines))
				require.NoError(t, err)
				stdout, stderr := a.end(exitOK)
				assert.Contains(t, stderr, "paste the whole address of the last page")
				assert.Contains(t, stderr, "that answer belongs to another attempt")
				var out connectReport
				require.NoError(t, json.Unmarshal([]byte(stdout), &out), stdout)
				assert.Equal(t, "oauth", out.Method)
				assert.Equal(t, []string{"read"}, out.Scopes)
				assert.Equal(t, noon.Add(30*time.Minute), *out.Until)
				assert.True(t, c.stored())
			})
		}
	}
	owner := c.sim.Account().Owner().Name
	a := c.beginOn(true, "--paste")
	address := a.address()
	_, err := fmt.Fprintln(a.stdin, ending(t, address))
	require.NoError(t, err)
	stdout, _ := a.end(exitOK)
	assert.Contains(t, stdout, "as "+owner+" (admin).", "a terminal may know who it is")
	assert.Contains(t, stdout, "The last page will not load.")
}

func TestConnectOpensTheBrowser(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{}, public)
	var opened string
	c.browse = func(address string) error { opened = address; return nil }
	a := c.begin()
	address := a.address()
	assert.Equal(t, address, opened)
	visit(t, address)
	stdout, _ := a.end(exitOK)
	assert.Contains(t, stdout, "The browser opens this address, ")
	assert.Equal(t, "127.0.0.1:8765", systemEnv().callback, "it stands in Zendesk")
	assert.Nil(t, desktopBrowser(false), "there is nobody to look at it")
}

func TestConnectAsksForWhatIsOn(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{}, public+"\n    automations: [{name: tell, on: ticket.solved, do: [zendesk.note: solved]}]")
	scopes := func(args ...string) string {
		a := c.begin(append(args, "--paste")...)
		address := a.address()
		require.NoError(t, a.stdin.Close())
		_, stderr := a.end(exitFailed)
		assert.Contains(t, stderr, "nothing was pasted that Zendesk's answer could be read from")
		u, err := url.Parse(address)
		require.NoError(t, err)
		return u.Query().Get("scope")
	}
	assert.Equal(t, "read tickets:write", scopes())
	assert.Equal(t, "read webhooks:write triggers:write tickets:write", scopes("--webhooks"))
	require.NoError(t, c.account.PutWebhook(t.Context(), store.Webhook{ID: "01", Kind: store.WebhookEvents, Endpoint: "https://hooks.example.com", CreatedAt: noon}))
	assert.Equal(t, "read webhooks:write triggers:write tickets:write", scopes(), "one is installed")
	require.NoError(t, c.account.DeleteWebhook(t.Context(), "01"))
	t.Setenv("PUBLIC_URL", "https://hooks.example.com")
	assert.Equal(t, "read webhooks:write triggers:write tickets:write", scopes("--loopback"))
}

func TestConnectThroughThePublicAddress(t *testing.T) {
	c := newConnecting(t, zendesksim.Options{}, public)
	t.Setenv("PUBLIC_URL", "https://hooks.example.com/")
	c.sim.RegisterRedirects("https://hooks.example.com/oauth/callback")
	a := c.begin()
	address := a.address()
	to, err := url.Parse(ending(t, address))
	require.NoError(t, err)
	assert.Equal(t, "https://hooks.example.com/oauth/callback", to.Scheme+"://"+to.Host+to.Path)
	_, err = fmt.Fprintln(a.stdin, to.RawQuery) // as the webhook server's page shows it
	require.NoError(t, err)
	stdout, _ := a.end(exitOK)
	assert.Contains(t, stdout, "Paste the line that the last page shows")
	require.NoError(t, c.worker())
}

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
