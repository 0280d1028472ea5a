package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// consentTimeout is how long an administrator may take.
const consentTimeout = 10 * time.Minute

// agreement is one attempt to have an administrator agree.
type agreement struct {
	*app
	client   *zendesk.OAuthApp
	redirect string
	state    string // answers to other attempts have another one
	verifier string // PKCE: a code is of no use without it
	needed   []credentials.Scope
	say      func(format string, args ...any) // to the person; with --json that is not stdout
}

// connectPerson lets an administrator agree in the browser, and stores the tokens. Nothing is stored unless they are of use.
func (a *app) connectPerson(ctx context.Context, f connectFlags) (*connectReport, error) {
	box, err := a.encryption("the worker and the webhook server")
	if err != nil {
		return nil, err
	}
	public, err := a.publicRedirect(f)
	if err != nil {
		return nil, err
	}
	account, err := a.account(ctx)
	if err != nil {
		return nil, err
	}
	options := credentials.Options{Store: account, Box: box, Now: a.now}
	c, err := a.newAgreement(ctx, account, options, f)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, consentTimeout)
	defer cancel()
	answers := newAnswers(c.state)
	if c.redirect = public; public == "" {
		c.redirect = "http://" + a.callback + callbackPath
		if !f.paste {
			stop, address, err := answers.listen(ctx, a.callback)
			if err != nil {
				return nil, err
			}
			defer stop()
			c.redirect = "http://" + address + callbackPath
		}
	}
	c.introduce(public != "", f.paste)
	answers.read(a.stdin, public != "" || f.paste)
	return c.await(ctx, answers, options)
}

func (a *app) newAgreement(ctx context.Context, account *store.Account, o credentials.Options, f connectFlags) (*agreement, error) {
	c := &agreement{app: a, state: rand.Text(), verifier: oauth2.GenerateVerifier(), say: a.printf}
	if f.json {
		c.say = func(format string, args ...any) { fmt.Fprintf(a.stderr, format, args...) }
	}
	var err error
	if c.needed, err = a.neededScopes(ctx, account, f); err != nil {
		return nil, err
	}
	if c.client, err = credentials.App(a.cfg, o); err != nil {
		return nil, usage("connector %s: %s", a.cfg.Name, err)
	}
	return c, nil
}

// publicRedirect is where the webhook server takes the answer; empty where this host does.
func (a *app) publicRedirect(f connectFlags) (string, error) {
	if a.settings.PublicURL == "" || f.loopback {
		return "", nil
	}
	u, err := url.Parse(a.settings.PublicURL)
	if err != nil || u.Scheme != "https" && !loopback(u.Hostname()) {
		return "", usage("PUBLIC_URL must begin with https:// for Zendesk to send anybody there: set it so, or run `starter connect --loopback`")
	}
	return a.settings.PublicURL + callbackPath, nil
}

// introduce shows what will be asked for and why, the redirect and its place in Zendesk, and the address to open.
func (c *agreement) introduce(public, paste bool) {
	c.say("Zendesk will be asked to allow:\n")
	for _, scope := range c.needed {
		c.say("  %-16s %s\n", scope.Name, scope.Why)
	}
	c.say("\nZendesk then sends the browser to %s\nwhich must be a redirect URL of the client %s, under %s.\n", c.redirect, c.cfg.Auth.OAuth.ClientID, oauthClients)
	c.say("If Zendesk says that the redirect is not valid, add it there and open the address again.\n")
	address := c.client.AuthorizationURL(c.redirect, c.state, c.verifier, credentials.Names(c.needed))
	opened := c.browse != nil && c.browse(address) == nil
	verb := "Open"
	if opened {
		verb = "The browser opens"
	}
	c.say("\n%s this address, signed in to Zendesk as an administrator:\n\n%s\n\n", verb, address)
	switch {
	case public:
		c.say("Paste the line that the last page shows, within two minutes of it:\n")
	case paste:
		c.say("The last page will not load. Paste its address here, within two minutes:\n")
	default:
		c.say("Waiting for the browser. If it runs elsewhere, paste the address of the last page here, within two minutes.\n")
	}
}

// await takes answers until one can be used.
func (c *agreement) await(ctx context.Context, answers *answers, o credentials.Options) (*connectReport, error) {
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, failed("nobody agreed within %d minutes: if Zendesk refused the redirect, make %s a redirect URL of the client under %s; then run `starter connect` again",
					int(consentTimeout.Minutes()), c.redirect, oauthClients)
			}
			return nil, ctx.Err()
		case err := <-answers.bad:
			c.warnf("starter: %s", err)
		case err := <-answers.ended:
			return nil, err
		case answer := <-answers.came:
			out, err := c.settle(ctx, answer, o)
			answer.tell(err)
			return out, err
		}
	}
}

// settle turns an answer into stored tokens.
func (c *agreement) settle(ctx context.Context, answer answer, o credentials.Options) (*connectReport, error) {
	if answer.refusal != "" {
		return nil, c.refused(answer.refusal)
	}
	tokens, err := c.client.Exchange(ctx, answer.code, c.redirect, c.verifier, credentials.Names(c.needed))
	if err != nil {
		return nil, c.notExchanged(err)
	}
	me, err := c.whoIs(ctx, zendesk.Bearer(func(context.Context) (string, error) { return tokens.Access, nil }))
	if err != nil {
		return nil, err
	}
	if me.Role != "admin" {
		return nil, failed("who agreed has the role %q in Zendesk, and exports need admin; nothing was stored: let an administrator sign in to Zendesk and run `starter connect` again", me.Role)
	}
	if missing := credentials.Missing(tokens.Scope, c.needed); len(missing) > 0 {
		return nil, failed("Zendesk granted %q, and %s is missing; nothing was stored: let the OAuth client have it under %s, and run `starter connect` again",
			tokens.Scope, strings.Join(missing, ", "), oauthClients)
	}
	if err := credentials.Put(ctx, c.cfg.Account(), o, tokens); err != nil {
		return nil, c.storeFailure(err)
	}
	return &connectReport{
		Method: "oauth", Role: me.Role, Scopes: strings.Fields(tokens.Scope), Until: utc(tokens.Until), RefreshUntil: utc(tokens.RefreshUntil),
		Warnings: []string{}, name: me.Name,
	}, nil
}

// refused puts the error of an authorization into words. Its description is Zendesk's own text, and not repeated.
// https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
func (c *agreement) refused(code string) error {
	switch code {
	case "access_denied":
		return failed("access was refused in Zendesk (access_denied); nothing was stored: run `starter connect` again, and let an administrator agree")
	case "invalid_scope":
		return failed("Zendesk does not let the OAuth client have these scopes (invalid_scope): allow %s under %s, and run `starter connect` again",
			strings.Join(credentials.Names(c.needed), ", "), oauthClients)
	}
	return failed("Zendesk did not accept the request (%s): make %s a redirect URL of the client %s under %s, check client_id, and run `starter connect` again",
		code, c.redirect, c.cfg.Auth.OAuth.ClientID, oauthClients)
}

// notExchanged says why a code did not become tokens.
func (c *agreement) notExchanged(err error) error {
	text := ""
	var call *rest.Error
	if errors.As(err, &call) {
		switch {
		case zendesk.IsInvalidGrant(err):
			text = fmt.Sprintf("Zendesk did not accept the code (invalid_grant): it works once, for two minutes, and with the redirect %s that it was made for: run `starter connect` again", c.redirect)
		case call.Code == "invalid_client":
			text = "Zendesk refused the OAuth client (invalid_client): check client_id and client_secret under auth.oauth; a confidential client needs its secret, a public one has none"
		}
	}
	if text == "" {
		cause, fix := activities.ExplainError(err)
		text = oneLine(cause) + ": " + fix
	}
	return &failure{code: exitFailed, cause: err, text: text}
}
