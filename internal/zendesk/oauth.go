package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"zendesk-brevo/internal/rest"
)

// Renewer is a credential that can replace what Zendesk refused. A Client tells it of every request answered 401; when
// Refused returns true the request is sent once more, signed anew.
type Renewer interface {
	Credential
	Refused(r *http.Request) bool
}

const (
	routeToken     = "/oauth/tokens"
	routeAuthorize = "/oauth/authorizations/new"
)

// OAuthConfig describes an OAuth client of one account. A public client has no secret. HTTP and Now may be nil.
type OAuthConfig struct {
	BaseURL      string // of the account, as in Config
	ClientID     string // Zendesk's "unique identifier"
	ClientSecret string
	Scopes       []string // of client credentials; without any Zendesk decides
	HTTP         *http.Client
	Now          func() time.Time
	Log          *slog.Logger                     // as in Config
	Called       func(context.Context, rest.Call) // as in Config
}

// Format keeps every verb from printing the secret.
func (OAuthConfig) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue keeps slog from printing the secret.
func (OAuthConfig) LogValue() slog.Value { return slog.StringValue(redacted) }

// OAuthApp asks Zendesk for tokens. Asking costs no budget. What goes wrong with that is a *rest.Error of the route
// /oauth/tokens. It shows nothing of itself.
// https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
type OAuthApp struct {
	cfg  OAuthConfig
	gate *rest.Client
}

// NewOAuthApp checks the configuration; it makes no call.
func NewOAuthApp(cfg OAuthConfig) (*OAuthApp, error) {
	if cfg.ClientID == "" {
		return nil, errors.New("zendesk credential: OAuth client id is empty")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	gate, err := rest.New(rest.Config{
		Vendor: "zendesk", BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Problem: problem, RequestIDHeader: requestIDHeader, Now: cfg.Now,
		Log: cfg.Log, Called: cfg.Called,
		Authorize: func(context.Context, *http.Request) error { return nil },
	})
	if err != nil {
		return nil, err
	}
	return &OAuthApp{cfg: cfg, gate: gate}, nil
}

// AuthorizationURL is where a person lets the client act for them. Zendesk sends them on to redirect with a code, which only
// the holder of verifier can exchange (PKCE, S256), and with state.
// https://support.zendesk.com/hc/en-us/articles/4408845965210
func (a *OAuthApp) AuthorizationURL(redirect, state, verifier string, scopes []string) string {
	c := oauth2.Config{
		ClientID: a.cfg.ClientID, RedirectURL: redirect, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: strings.TrimRight(a.cfg.BaseURL, "/") + routeAuthorize},
	}
	return c.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

// grant is the body of a token request, which Zendesk wants as JSON rather than as a form.
type grant struct {
	GrantType    string `json:"grant_type"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"`
	Code         string `json:"code,omitempty"`
	RedirectURI  string `json:"redirect_uri,omitempty"`
	CodeVerifier string `json:"code_verifier,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

// Exchange turns a code, which lives two minutes and works once, into tokens. redirect, verifier and scopes are those of its
// authorization.
func (a *OAuthApp) Exchange(ctx context.Context, code, redirect, verifier string, scopes []string) (Tokens, error) {
	return a.ask(ctx, grant{
		GrantType: "authorization_code", Code: code, RedirectURI: redirect, CodeVerifier: verifier, Scope: strings.Join(scopes, " "),
	})
}

// Refresh turns a refresh token into new tokens; with that Zendesk ends the access token and the refresh token that they replace.
func (a *OAuthApp) Refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	return a.ask(ctx, grant{GrantType: "refresh_token", RefreshToken: refreshToken})
}

// IsInvalidGrant reports that Zendesk does not accept a code or a refresh token: it expired, was used or was revoked.
func IsInvalidGrant(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Route == routeToken && e.Code == "invalid_grant"
}

// Tokens are what a person's consent gives. They show nothing of themselves.
type Tokens struct {
	rest.Token
	Refresh      string    // empty: there is none, and the access token is not to be renewed
	RefreshUntil time.Time // zero: Zendesk did not say
}

// Format keeps every verb from printing a token.
func (Tokens) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue keeps slog from printing a token.
func (Tokens) LogValue() slog.Value { return slog.StringValue(redacted) }

func (a *OAuthApp) ask(ctx context.Context, g grant) (Tokens, error) {
	var out struct {
		AccessToken      string          `json:"access_token"`
		RefreshToken     string          `json:"refresh_token"`
		ExpiresIn        json.RawMessage `json:"expires_in"`
		RefreshExpiresIn json.RawMessage `json:"refresh_token_expires_in"`
		Scope            json.RawMessage `json:"scope"`
	}
	g.ClientID, g.ClientSecret = a.cfg.ClientID, a.cfg.ClientSecret
	r := rest.Request{Method: http.MethodPost, Route: routeToken, Body: g}
	meta, err := a.gate.Do(ctx, r, &out)
	if err != nil {
		return Tokens{}, err
	}
	if out.AccessToken == "" {
		return Tokens{}, missing(r, meta, "access_token")
	}
	t := Tokens{Token: rest.ParseToken(out.AccessToken, out.ExpiresIn, out.Scope, meta.SentAt), Refresh: out.RefreshToken}
	if life := rest.Lifetime(out.RefreshExpiresIn); life > 0 {
		t.RefreshUntil = meta.SentAt.Add(life)
	}
	return t, nil
}

// Format keeps every verb from printing the secret.
func (*OAuthApp) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue keeps slog from printing the secret.
func (*OAuthApp) LogValue() slog.Value { return slog.StringValue(redacted) }

// OAuthClient is a Credential that gets its access tokens by the grant client_credentials and keeps them in memory. Such
// tokens act as the user bound to the client and come without a refresh token: at their end a new one is asked for.
// Granted has to be compared with the scopes asked for: for a scope that it does not know Zendesk issues a token all the
// same, with which calls are forbidden.
type OAuthClient struct{ *rest.Tokens }

// ClientCredentials is the credential of a confidential OAuth client. It asks for nothing yet; what is wrong with its
// configuration shows when it first signs.
func ClientCredentials(cfg OAuthConfig) *OAuthClient {
	app, err := NewOAuthApp(cfg)
	if err == nil && cfg.ClientSecret == "" {
		err = errors.New("zendesk credential: OAuth client secret is empty")
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	return &OAuthClient{rest.NewTokens(now, func(ctx context.Context) (rest.Token, error) {
		if err != nil {
			return rest.Token{}, err
		}
		t, err := app.ask(ctx, grant{GrantType: "client_credentials", Scope: strings.Join(cfg.Scopes, " ")})
		return t.Token, err
	})}
}

// Format keeps every verb from printing the secret or a token.
func (*OAuthClient) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

func (*OAuthClient) String() string       { return redacted }
func (*OAuthClient) GoString() string     { return redacted }
func (*OAuthClient) LogValue() slog.Value { return slog.StringValue(redacted) }
