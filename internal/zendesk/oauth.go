package zendesk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"zendesk-brevo/internal/rest"
)

// Renewer is a credential that can replace what Zendesk refused. A Client tells it of every request answered 401; when
// Refused returns true the request is sent once more, signed anew.
type Renewer interface {
	Credential
	Refused(r *http.Request) bool
}

const (
	routeToken = "/oauth/tokens"
	// renewMargin is how long before its end a token is replaced: longer than a request takes to reach Zendesk and than
	// clocks differ. Tokens that live less than five minutes are replaced after four fifths of their life.
	renewMargin = time.Minute
	// renewPause is how soon a token that replaced a refused one may itself be replaced after a refusal: where the user
	// behind the client lost access, every call would else ask for a token first.
	renewPause = time.Minute
)

// ClientCredentialsConfig describes a confidential OAuth client of one account. HTTP and Now may be nil; without Scopes
// Zendesk decides.
type ClientCredentialsConfig struct {
	BaseURL      string // of the account, as in Config
	ClientID     string // Zendesk's "unique identifier"
	ClientSecret string
	Scopes       []string
	HTTP         *http.Client
	Now          func() time.Time
}

// Format keeps every verb from printing the secret.
func (ClientCredentialsConfig) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue keeps slog from printing the secret.
func (ClientCredentialsConfig) LogValue() slog.Value { return slog.StringValue(redacted) }

// OAuthClient is a Credential that gets its access tokens by the grant client_credentials and keeps them in memory. Such
// tokens act as the user bound to the client and come without a refresh token: at their end a new one is asked for.
// Asking costs no budget. It is safe for concurrent use, and callers who need a token at the same time share one request.
type OAuthClient struct {
	cfg     ClientCredentialsConfig
	gate    *rest.Client
	err     error         // why there is no gate
	busy    chan struct{} // holds one element while a token is asked for
	current atomic.Pointer[accessToken]
	granted atomic.Pointer[string]
	// refusedOnce says that the next token replaces a refused one.
	refusedOnce atomic.Bool
}

type accessToken struct {
	value       string
	askedAt     time.Time
	renewAt     time.Time // zero: it does not expire
	replacement bool      // of a token that Zendesk refused
}

// ClientCredentials is the credential of an OAuth client. It asks for nothing yet; what is wrong with its configuration
// shows when it first signs.
// https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
func ClientCredentials(cfg ClientCredentialsConfig) *OAuthClient {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	o := &OAuthClient{cfg: cfg, busy: make(chan struct{}, 1)}
	if cfg.ClientID == "" || cfg.ClientSecret == "" {
		o.err = errors.New("zendesk credential: OAuth client id or secret is empty")
		return o
	}
	o.gate, o.err = rest.New(rest.Config{
		Vendor: "zendesk", BaseURL: cfg.BaseURL, HTTP: cfg.HTTP, Problem: problem, RequestIDHeader: requestIDHeader, Now: cfg.Now,
		Authorize: func(context.Context, *http.Request) error { return nil },
	})
	return o
}

// Authorize signs with a token that has not run out, asking for one when there is none. What goes wrong with that is a
// *rest.Error of the route /oauth/tokens.
func (o *OAuthClient) Authorize(ctx context.Context, r *http.Request) error {
	token := o.valid()
	if token == nil {
		var err error
		if token, err = o.renew(ctx); err != nil {
			return err
		}
	}
	r.Header.Set("Authorization", "Bearer "+token.value)
	return nil
}

// Granted is the scope of the last token, space-separated, as Zendesk gave it; empty before the first one, and when the
// answer did not say. It has to be compared with Scopes: for a scope that it does not know Zendesk issues a token all the
// same, with which calls are forbidden.
func (o *OAuthClient) Granted() string {
	if scope := o.granted.Load(); scope != nil {
		return *scope
	}
	return ""
}

// Refused forgets the token that the request was signed with, and reports whether another one can take its place. It
// cannot where that token was itself got, less than a minute ago, in the place of a refused one.
func (o *OAuthClient) Refused(r *http.Request) bool {
	token := o.current.Load()
	if token == nil || r.Header.Get("Authorization") != "Bearer "+token.value {
		return true // it is forgotten already
	}
	if token.replacement && o.cfg.Now().Before(token.askedAt.Add(renewPause)) {
		return false
	}
	o.refusedOnce.Store(true)
	o.current.CompareAndSwap(token, nil)
	return true
}

func (o *OAuthClient) valid() *accessToken {
	token := o.current.Load()
	if token == nil || !token.renewAt.IsZero() && !o.cfg.Now().Before(token.renewAt) {
		return nil
	}
	return token
}

// renew asks for a token, unless somebody else did while this call waited for its turn.
func (o *OAuthClient) renew(ctx context.Context) (*accessToken, error) {
	if o.err != nil {
		return nil, o.err
	}
	select {
	case o.busy <- struct{}{}:
		defer func() { <-o.busy }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if token := o.valid(); token != nil {
		return token, nil
	}
	replacement := o.refusedOnce.Load()
	token, scope, err := o.request(ctx)
	if err != nil {
		return nil, err
	}
	if replacement {
		token.replacement = true
		o.refusedOnce.Store(false)
	}
	o.granted.Store(&scope)
	o.current.Store(token)
	return token, nil
}

func (o *OAuthClient) request(ctx context.Context) (*accessToken, string, error) {
	var out struct {
		AccessToken string          `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
		Scope       json.RawMessage `json:"scope"`
	}
	r := rest.Request{Method: http.MethodPost, Route: routeToken, Body: struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		Scope        string `json:"scope,omitempty"`
	}{"client_credentials", o.cfg.ClientID, o.cfg.ClientSecret, strings.Join(o.cfg.Scopes, " ")}}
	meta, err := o.gate.Do(ctx, r, &out)
	if err != nil {
		return nil, "", err
	}
	if out.AccessToken == "" {
		return nil, "", missing(r, meta, "access_token")
	}
	token := &accessToken{value: out.AccessToken, askedAt: meta.SentAt}
	if life := lifetime(out.ExpiresIn); life > 0 {
		token.renewAt = meta.SentAt.Add(life - min(renewMargin, life/5))
	}
	return token, scopeText(out.Scope), nil
}

// lifetime reads expires_in, in seconds; 0 when it is null, as with tokens that do not expire, or no positive number. A
// token that ends all the same is replaced when Zendesk refuses it.
func lifetime(raw json.RawMessage) time.Duration {
	seconds, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 32)
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// scopeText takes the documented string, and the list that Zendesk's other API for tokens gives.
func scopeText(raw json.RawMessage) string {
	var (
		text string
		list []string
	)
	if json.Unmarshal(raw, &text) != nil && json.Unmarshal(raw, &list) == nil {
		return strings.Join(list, " ")
	}
	return text
}

// Format keeps every verb from printing the secret or a token.
func (*OAuthClient) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

func (*OAuthClient) String() string       { return redacted }
func (*OAuthClient) GoString() string     { return redacted }
func (*OAuthClient) LogValue() slog.Value { return slog.StringValue(redacted) }
