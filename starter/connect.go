package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// oauthClients is where Zendesk keeps OAuth clients.
const oauthClients = control.OAuthClients

type connectFlags struct {
	paste, loopback, webhooks, clientCredentials, json bool
}

func (a *app) connectCommand() *cobra.Command {
	var f connectFlags
	cmd := &cobra.Command{
		Use:   "connect" + connectorArg,
		Short: "Connect Zendesk: let an administrator agree in the browser",
		Long: "Connect Zendesk as the OAuth client under auth.oauth: an administrator opens the address that is printed and agrees, and the\n" +
			"tokens are stored, sealed with ENCRYPTION_KEY. Which scopes are asked for follows from what is on, and is shown first. Workers\n" +
			"that run take up the tokens, and a pause for credentials ends.\n\n" +
			"Zendesk sends the browser back to http://" + loopbackCallback + callbackPath + ", or where PUBLIC_URL is set to\n" +
			"PUBLIC_URL" + callbackPath + ": that address must be a redirect URL of the OAuth client, under\n" + oauthClients + ".\n\n" +
			"With an API token under auth it is checked, and said who it signs in as.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.connect(cmd.Context(), args, f) },
	}
	cmd.Flags().BoolVar(&f.paste, "paste", false, "open no port: paste the address that the browser ends up at")
	cmd.Flags().BoolVar(&f.loopback, "loopback", false, "come back to this host, although PUBLIC_URL is set")
	cmd.Flags().BoolVar(&f.webhooks, "webhooks", false, "ask for what `starter webhooks install` needs (else where PUBLIC_URL is set or a webhook is installed)")
	cmd.Flags().BoolVar(&f.clientCredentials, "client-credentials", false, "sign in by client credentials instead, without a person")
	jsonFlag(cmd, &f.json)
	return a.withConnector(cmd)
}

// connectReport is what `starter connect` came to.
type connectReport struct {
	Connector    string         `json:"connector"`
	Account      string         `json:"account"`
	Method       string         `json:"method"` // oauth, client_credentials, api_token
	Role         string         `json:"role"`   // of the user that calls are made as
	Scopes       []string       `json:"scopes"` // as granted; empty: an API token, which has none
	Until        *time.Time     `json:"accessUntil"`
	RefreshUntil *time.Time     `json:"refreshUntil"`
	Resumed      *control.Pause `json:"resumed"` // the pause that ended
	Paused       *control.Pause `json:"paused"`  // the pause that still stands
	Warnings     []string       `json:"warnings"`

	name string // of the user; for a terminal alone
}

func (a *app) connect(ctx context.Context, args []string, f connectFlags) error {
	if f.clientCredentials && (f.paste || f.loopback) {
		return usage("--client-credentials needs no browser: leave --paste and --loopback out")
	}
	if err := a.load(args); err != nil {
		return err
	}
	if !a.cfg.Auth.UsesOAuth() && (f.paste || f.loopback || f.webhooks || f.clientCredentials) {
		return usage("auth of %s holds an API token, and the flag is for an OAuth client: make one under %s, and put its identifier into auth.oauth.client_id",
			a.cfg.Name, oauthClients)
	}
	var (
		out *connectReport
		err error
	)
	switch {
	case !a.cfg.Auth.UsesOAuth():
		out, err = a.checkAPIToken(ctx)
	case f.clientCredentials:
		out, err = a.connectClient(ctx, f)
	default:
		out, err = a.connectPerson(ctx, f)
	}
	if err != nil {
		return err
	}
	out.Connector, out.Account = a.cfg.Name, a.cfg.Account()
	if err := a.liftPause(ctx, out); err != nil {
		return err
	}
	if f.json {
		return a.printJSON(out)
	}
	a.printf("%s", a.connected(out))
	return nil
}

// connected is the report for people.
func (a *app) connected(c *connectReport) string {
	who := "a user with the role " + c.Role
	if a.terminal && c.name != "" { // who it is must not end up in a file
		who = fmt.Sprintf("%s (%s)", oneLine(c.name), c.Role)
	}
	how := map[string]string{"oauth": "by OAuth", "client_credentials": "by client credentials", "api_token": "with an API token"}[c.Method]
	text := fmt.Sprintf("Connected %s to Zendesk %s, as %s.\n", c.Account, how, who)
	if len(c.Scopes) > 0 {
		text += "Granted: " + strings.Join(c.Scopes, ", ") + ".\n"
	}
	if c.RefreshUntil != nil {
		text += fmt.Sprintf("Access is renewed by itself; without any use it ends on %s.\n", c.RefreshUntil.Format(time.DateOnly))
	}
	if c.Resumed != nil {
		text += fmt.Sprintf("The pause since %s has ended; work goes on within a minute.\n", clock(*c.Resumed.At))
	}
	if c.Paused != nil {
		text += fmt.Sprintf("The account stays paused since %s: %s. `starter resume` ends that.\n", clock(*c.Paused.At), c.Paused.Message)
	}
	for _, warning := range c.Warnings {
		text += "Mind: " + warning + "\n"
	}
	return text
}

// liftPause ends a pause that connecting was the remedy for.
func (a *app) liftPause(ctx context.Context, out *connectReport) error {
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	lifted, err := control.LiftPause(ctx, account)
	if err != nil {
		return a.storeFailure(err)
	}
	out.Resumed, out.Paused, out.Warnings = lifted.Resumed, lifted.Paused, append(out.Warnings, lifted.Warnings...)
	return nil
}

// checkAPIToken says who an API token signs in as, and that its days are counted.
func (a *app) checkAPIToken(ctx context.Context) (*connectReport, error) {
	me, err := a.whoIs(ctx, zendesk.APIToken(a.cfg.Auth.Email, a.cfg.Auth.APIToken.Reveal()))
	if err != nil {
		return nil, err
	}
	if me.Role != "admin" {
		return nil, failed("the API token signs in as a user with the role %q, and exports need admin: set auth.email to the address of an administrator", me.Role)
	}
	out := &connectReport{Method: "api_token", Role: me.Role, Scopes: []string{}, name: me.Name, Warnings: []string{}}
	out.Warnings = append(out.Warnings, control.APITokenWarning(a.now()))
	return out, nil
}

// connectClient tries client credentials, and lets them count from now on.
func (a *app) connectClient(ctx context.Context, f connectFlags) (*connectReport, error) {
	if a.cfg.Auth.OAuth.ClientSecret.IsZero() {
		return nil, usage("client credentials need a confidential OAuth client: add client_secret under auth.oauth, or run `starter connect` without the flag")
	}
	account, err := a.account(ctx)
	if err != nil {
		return nil, err
	}
	needed, err := a.neededScopes(ctx, account, f)
	if err != nil {
		return nil, err
	}
	client := credentials.Client(a.cfg, credentials.Options{Store: account, Now: a.now})
	me, err := a.whoIs(ctx, client)
	if err != nil {
		return nil, err
	}
	if me.Role != "admin" {
		return nil, failed("the OAuth client acts as a user with the role %q, and exports need admin: bind it to an administrator under %s", me.Role, oauthClients)
	}
	if missing := credentials.Missing(client.Granted(), needed); len(missing) > 0 {
		return nil, failed("the OAuth client was granted %q, and lacks %s: write scopes: [%s] under auth.oauth",
			client.Granted(), strings.Join(missing, ", "), quotedScopes(credentials.Names(needed)))
	}
	if err := credentials.Forget(ctx, account); err != nil {
		return nil, a.storeFailure(err)
	}
	return &connectReport{Method: "client_credentials", Role: me.Role, Scopes: strings.Fields(client.Granted()), name: me.Name, Warnings: []string{}}, nil
}

// quotedScopes are scopes as YAML takes them: a colon wants quotes.
func quotedScopes(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		if out[i] = name; strings.Contains(name, ":") {
			out[i] = `"` + name + `"`
		}
	}
	return strings.Join(out, ", ")
}

// neededScopes follow from what is on.
func (a *app) neededScopes(ctx context.Context, account *store.Account, f connectFlags) ([]credentials.Scope, error) {
	set, err := activities.RuleSet(a.cfg)
	if err != nil {
		return nil, usage("%s", oneLine(err.Error()))
	}
	installed, err := account.Webhooks(ctx)
	if err != nil {
		return nil, a.storeFailure(err)
	}
	return credentials.Needed(set, f.webhooks || a.settings.PublicURL != "" || len(installed) > 0), nil
}

// whoIs asks Zendesk who a credential signs in as. It answers 200 to strangers too, who have no id.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
func (a *app) whoIs(ctx context.Context, credential zendesk.Credential) (zendesk.User, error) {
	client, err := zendesk.New(zendesk.Config{BaseURL: a.cfg.URL(), Credential: credential, Now: a.now})
	if err != nil {
		return zendesk.User{}, usage("connector %s: %s", a.cfg.Name, err)
	}
	me, err := client.Me(ctx)
	var call *rest.Error
	switch {
	case errors.Is(err, context.Canceled):
		return zendesk.User{}, err
	case errors.As(err, &call) && call.Status == http.StatusForbidden && a.cfg.Auth.UsesOAuth():
		return zendesk.User{}, failed("Zendesk gave a token with which not even its user may be read (403): the scope read is missing, or the OAuth client may not have it")
	case err != nil:
		cause, fix := activities.ExplainError(err)
		return zendesk.User{}, &failure{code: exitFailed, cause: err, text: oneLine(cause) + ": " + fix}
	case me.Row.ID == 0:
		return zendesk.User{}, failed("Zendesk does not know the credentials: check auth and subdomain in connectors.yaml")
	}
	return me.Row, nil
}

// encryption judges ENCRYPTION_KEY for commands that store what is sealed with it; others is who else needs the same one.
func (a *app) encryption(others string) (*seal.Box, error) {
	box, err := seal.New(a.settings.EncryptionKey.Reveal())
	if err != nil {
		return nil, usage("%s, and give %s the same one", err, others)
	}
	return box, nil
}
