// Package credentials decides how the vendors are signed in to. It keeps the tokens of a connected Zendesk account, sealed in
// the store, and sees to it that of all programs one at a time renews them.
package credentials

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// Options are what credentials need beside the configuration. Only Store and Now are required.
type Options struct {
	Store *store.Account
	Box   *seal.Box // nil: there is no ENCRYPTION_KEY, and stored tokens cannot be used
	HTTP  *http.Client
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	// Renewing is held for reading while stored tokens are renewed; once it is locked none are any more. nil: nobody waits for that.
	Renewing *sync.RWMutex
	// Log and Called hear of each call for tokens; nil: nobody does.
	Log    *slog.Logger
	Called func(context.Context, rest.Call)
}

// Problem is a credential that will not work until a person acts.
type Problem struct {
	Cause, Fix string
	err        error
}

func (p *Problem) Error() string { return p.Cause + ": " + p.Fix }

// Unwrap gives the refused call behind it, if there is one.
func (p *Problem) Unwrap() error { return p.err }

// Connect is the command that every problem of stored tokens leads to.
const Connect = "run `starter connect`"

// Zendesk is how a connector signs in to Zendesk: with its API token; or as its OAuth client, by the tokens that `starter
// connect` stored, and without any by client credentials.
func Zendesk(cfg *config.Connector, o Options) zendesk.Credential {
	if !cfg.Auth.UsesOAuth() {
		return zendesk.APIToken(cfg.Auth.Email, cfg.Auth.APIToken.Reveal())
	}
	return newConnected(cfg, o)
}

// App is the connector's OAuth client at Zendesk.
func App(cfg *config.Connector, o Options) (*zendesk.OAuthApp, error) {
	return zendesk.NewOAuthApp(oauthConfig(cfg, o))
}

// Client is the connector's OAuth client signing in by client credentials.
func Client(cfg *config.Connector, o Options) *zendesk.OAuthClient {
	return zendesk.ClientCredentials(oauthConfig(cfg, o))
}

func oauthConfig(cfg *config.Connector, o Options) zendesk.OAuthConfig {
	return zendesk.OAuthConfig{
		BaseURL: cfg.URL(), ClientID: cfg.Auth.OAuth.ClientID, ClientSecret: cfg.Auth.OAuth.ClientSecret.Reveal(),
		Scopes: cfg.Auth.OAuth.Scopes, HTTP: o.HTTP, Now: o.Now, Log: o.Log, Called: o.Called,
	}
}

// Brevo is how Brevo is signed in to: with its API key, or as an OAuth client.
func Brevo(cfg config.Brevo, o Options) brevo.Credential {
	if !cfg.UsesOAuth() {
		return brevo.APIKey(cfg.APIKey.Reveal())
	}
	return brevo.ClientCredentials(brevo.OAuthConfig{
		TokenURL: cfg.OAuth.TokenURL, ClientID: cfg.OAuth.ClientID, ClientSecret: cfg.OAuth.ClientSecret.Reveal(),
		Scopes: cfg.OAuth.Scopes, HTTP: o.HTTP, Now: o.Now, Log: o.Log, Called: o.Called,
	})
}
