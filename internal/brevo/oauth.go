package brevo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"zendesk-brevo/internal/rest"
)

// TokenRoute is where Brevo's OAuth apps get their access tokens, below the host of the API.
// https://developers.brevo.com/docs/oauth-m2m-authentication
const TokenRoute = "/realms/partner/oauth/token"

// OAuthConfig describes a machine-to-machine app. All but HTTP and Now are required: a token asked for without a scope would
// carry everything the app may do.
type OAuthConfig struct {
	TokenURL     string // https://api.brevo.com/realms/partner/oauth/token
	ClientID     string
	ClientSecret string
	Scopes       []string
	HTTP         *http.Client
	Now          func() time.Time
	Log          *slog.Logger                     // as in Config
	Called       func(context.Context, rest.Call) // as in Config
}

// Format keeps every verb from printing the secret.
func (OAuthConfig) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// LogValue keeps slog from printing the secret.
func (OAuthConfig) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// ClientCredentials signs with access tokens that an OAuth app gets by the grant client_credentials. They live about an hour
// and have no refresh token: at their end, or once Brevo refuses one, another is asked for. What goes wrong with that is a
// *rest.Error of the route TokenRoute.
func ClientCredentials(cfg OAuthConfig) Credential {
	if cfg.ClientID == "" || cfg.ClientSecret == "" {
		return Credential{}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	tokens := rest.NewTokens(cfg.Now, func(ctx context.Context) (rest.Token, error) { return askToken(ctx, cfg) })
	return Credential{kind: "OAuth app", sign: tokens.Authorize, refused: tokens.Refused}
}

// askToken sends a form, as RFC 6749 has it: https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2
func askToken(ctx context.Context, cfg OAuthConfig) (rest.Token, error) {
	u, err := url.Parse(cfg.TokenURL)
	if err != nil || u.Host == "" {
		return rest.Token{}, errors.New("brevo credential: token_url is no URL")
	}
	gate, err := rest.New(rest.Config{
		Vendor: vendor, BaseURL: u.Scheme + "://" + u.Host, HTTP: cfg.HTTP, Problem: oauthProblem, RequestIDHeader: "sib-request-id", Now: cfg.Now,
		Log: cfg.Log, Called: cfg.Called,
		Authorize: func(context.Context, *http.Request) error { return nil },
	})
	if err != nil {
		return rest.Token{}, err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {cfg.ClientID}, "client_secret": {cfg.ClientSecret},
		"scope": {strings.Join(cfg.Scopes, " ")},
	}
	var out struct {
		AccessToken string          `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
		Scope       json.RawMessage `json:"scope"`
	}
	meta, err := gate.Do(ctx, rest.Request{
		Method: http.MethodPost, Route: TokenRoute, Path: u.EscapedPath(),
		Body: &rest.Upload{ContentType: "application/x-www-form-urlencoded", Data: []byte(form.Encode())},
	}, &out)
	if err != nil {
		return rest.Token{}, err
	}
	if out.AccessToken == "" {
		return rest.Token{}, &rest.Error{
			Vendor: vendor, Method: http.MethodPost, Route: TokenRoute, Status: meta.Status, RequestID: meta.RequestID,
			Reason: "the answer has no access_token",
		}
	}
	return rest.ParseToken(out.AccessToken, out.ExpiresIn, out.Scope, meta.SentAt), nil
}

// oauthProblem reads the error body of a token endpoint, which is not that of the API.
// https://www.rfc-editor.org/rfc/rfc6749#section-5.2
func oauthProblem(body []byte) rest.Problem {
	var b struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &b) == nil && b.Error != "" {
		return rest.Problem{Code: b.Error, Detail: clip(b.Description)}
	}
	return problem(body)
}
