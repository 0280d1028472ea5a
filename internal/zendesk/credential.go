package zendesk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// Credential signs one request. Implementations are safe for concurrent use and show nothing of themselves when printed
// or logged.
type Credential interface {
	Authorize(ctx context.Context, r *http.Request) error
}

const redacted = "[redacted]"

type apiToken struct{ email, token string }

// APIToken is the account-wide token of an agent, sent as HTTP Basic. Zendesk ends these tokens on 2027-04-30 and
// creates no new ones since 2026-10-27.
// https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
func APIToken(email, token string) Credential { return apiToken{email, token} }

func (t apiToken) Authorize(_ context.Context, r *http.Request) error {
	if t.email == "" || t.token == "" {
		return errors.New("zendesk credential: e-mail or API token is empty")
	}
	r.SetBasicAuth(t.email+"/token", t.token)
	return nil
}

func (apiToken) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }
func (apiToken) String() string             { return redacted }
func (apiToken) GoString() string           { return redacted }
func (apiToken) LogValue() slog.Value       { return slog.StringValue(redacted) }

type bearer struct {
	token func(ctx context.Context) (string, error)
}

// Bearer is an OAuth access token. It is asked for before every call, because access tokens live 30 minutes by default;
// an error of token ends the call and must not hold the token.
func Bearer(token func(ctx context.Context) (string, error)) Credential { return bearer{token} }

func (b bearer) Authorize(ctx context.Context, r *http.Request) error {
	token, err := b.token(ctx)
	if err != nil {
		return fmt.Errorf("zendesk credential: %w", err)
	}
	if token == "" {
		return errors.New("zendesk credential: access token is empty")
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return nil
}

func (bearer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }
func (bearer) String() string             { return redacted }
func (bearer) GoString() string           { return redacted }
func (bearer) LogValue() slog.Value       { return slog.StringValue(redacted) }
