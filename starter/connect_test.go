package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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
	"zendesk-brevo/internal/freeport"
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
	c := &connecting{program: newProgram(t), t: t, callback: freeport.Address(t), key: seal.Generate()}
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
