package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// TokensName is the stored secret that holds the tokens of a Zendesk account.
const TokensName = "zendesk_tokens"

// ErrNone: no tokens are stored.
var ErrNone = errors.New("no tokens of Zendesk are stored")

// Kept are stored tokens.
type Kept struct {
	zendesk.Tokens
	replacement bool   // of an access token that was refused
	sealed      string // as the store has them
}

// vault keeps the tokens of one account.
type vault struct {
	account *store.Account
	name    string // of the account
	box     *seal.Box
}

// document is what is sealed.
type document struct {
	Access       string    `json:"access"`
	Refresh      string    `json:"refresh,omitempty"`
	Scope        string    `json:"scope"`
	AskedAt      time.Time `json:"asked_at"`
	Until        time.Time `json:"until,omitzero"`
	RefreshUntil time.Time `json:"refresh_until,omitzero"`
	Replacement  bool      `json:"replacement,omitempty"`
}

// row reads the sealed tokens; ErrNone.
func (v *vault) row(ctx context.Context) (store.Secret, error) {
	s, err := v.account.Secret(ctx, TokensName)
	if errors.Is(err, store.ErrNotFound) {
		return s, ErrNone
	}
	return s, err
}

// open opens sealed tokens, or says in a *Problem why that cannot be.
func (v *vault) open(s store.Secret) (Kept, error) {
	if v.box == nil {
		return Kept{}, &Problem{
			Cause: "the tokens of Zendesk are sealed, and ENCRYPTION_KEY is not set here",
			Fix:   "set it to the one that `starter connect` ran with, then run `starter resume`",
		}
	}
	text, err := v.box.Open(s.KeyID, s.Sealed, v.context())
	if err != nil {
		return Kept{}, &Problem{
			Cause: "the tokens of Zendesk were sealed with another ENCRYPTION_KEY",
			Fix:   "add that key behind a comma and run `starter resume`, or " + Connect, err: err,
		}
	}
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return Kept{}, &Problem{Cause: "the stored tokens of Zendesk are not readable", Fix: Connect}
	}
	return Kept{
		Tokens: zendesk.Tokens{
			Token:   rest.Token{Access: d.Access, Scope: d.Scope, AskedAt: d.AskedAt, Until: d.Until},
			Refresh: d.Refresh, RefreshUntil: d.RefreshUntil,
		},
		replacement: d.Replacement, sealed: s.Sealed,
	}, nil
}

func (v *vault) context() string { return v.name + "/" + TokensName }

func (v *vault) seal(t zendesk.Tokens, replacement bool, now time.Time) (store.Secret, error) {
	text, err := json.Marshal(document{
		Access: t.Access, Refresh: t.Refresh, Scope: t.Scope, AskedAt: t.AskedAt, Until: t.Until, RefreshUntil: t.RefreshUntil,
		Replacement: replacement,
	})
	if err != nil {
		return store.Secret{}, errors.New("seal tokens: not JSON")
	}
	id, sealed, err := v.box.Seal(string(text), v.context())
	if err != nil {
		return store.Secret{}, fmt.Errorf("seal tokens: %w", err)
	}
	return store.Secret{Name: TokensName, KeyID: id, Sealed: sealed, CreatedAt: now}, nil
}

// Format keeps every verb from printing a token.
func (Kept) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// LogValue keeps slog from printing a token.
func (Kept) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// Put stores the tokens that a person's consent gave, in place of those that were there.
func Put(ctx context.Context, account string, o Options, t zendesk.Tokens) error {
	v := vault{account: o.Store, name: account, box: o.Box}
	s, err := v.seal(t, false, o.Now())
	if err != nil {
		return err
	}
	return o.Store.PutSecret(ctx, s)
}

// Stored reports whether tokens are stored.
func Stored(ctx context.Context, account *store.Account) (bool, error) {
	_, err := (&vault{account: account}).row(ctx)
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	return err == nil, err
}

// Forget removes stored tokens: an OAuth client with a secret then signs in by client credentials.
func Forget(ctx context.Context, account *store.Account) error {
	return account.DeleteSecrets(ctx, TokensName)
}
