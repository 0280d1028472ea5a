package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// RenewMargin is how long before its end an access token is replaced: longer than a request takes to reach the vendor and
	// than clocks differ. Tokens that live less than five minutes are replaced after four fifths of their life.
	RenewMargin = time.Minute
	// RenewPause is how soon a token that replaced a refused one may itself be replaced after a refusal: where the user or app
	// behind the client lost access, every call would else ask for a token first.
	RenewPause = time.Minute
)

// Token is what a token endpoint answered, as far as every grant has it. It shows nothing of itself.
type Token struct {
	Access  string
	Scope   string // as granted, space-separated; empty when the answer did not say
	AskedAt time.Time
	Until   time.Time // zero: it does not expire
}

const redacted = "[redacted]"

// Format keeps every verb from printing the token.
func (Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue keeps slog from printing the token.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// Due is when the token is to be replaced; zero: never.
func (t Token) Due() time.Time {
	if t.Until.IsZero() {
		return time.Time{}
	}
	return t.Until.Add(-min(RenewMargin, t.Until.Sub(t.AskedAt)/5))
}

// ParseToken reads the members that all token endpoints have, in the spellings that the vendors use.
// https://www.rfc-editor.org/rfc/rfc6749#section-5.1
func ParseToken(access string, expiresIn, scope json.RawMessage, askedAt time.Time) Token {
	t := Token{Access: access, Scope: scopeText(scope), AskedAt: askedAt}
	if life := Lifetime(expiresIn); life > 0 {
		t.Until = askedAt.Add(life)
	}
	return t
}

// Lifetime reads expires_in, in seconds; 0 when it is null, as with tokens that do not expire, or no positive number. A
// token that ends all the same is replaced when the vendor refuses it.
func Lifetime(raw json.RawMessage) time.Duration {
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

// Tokens signs with access tokens that need no other secret than the client's own, as with the grant client_credentials: it
// keeps the present one in memory and asks for another at its end. It is safe for concurrent use, and callers who need a
// token at the same time share one request.
type Tokens struct {
	ask     func(context.Context) (Token, error)
	now     func() time.Time
	busy    chan struct{} // holds one element while a token is asked for
	current atomic.Pointer[heldToken]
	granted atomic.Pointer[string]
	// refusedOnce says that the next token replaces a refused one.
	refusedOnce atomic.Bool
}

type heldToken struct {
	Token
	replacement bool // of a token that was refused
}

// NewTokens asks for nothing yet.
func NewTokens(now func() time.Time, ask func(context.Context) (Token, error)) *Tokens {
	return &Tokens{ask: ask, now: now, busy: make(chan struct{}, 1)}
}

// Authorize signs with a token that has not run out, asking for one when there is none; its errors are those of asking.
func (s *Tokens) Authorize(ctx context.Context, r *http.Request) error {
	token := s.valid()
	if token == nil {
		var err error
		if token, err = s.renew(ctx); err != nil {
			return err
		}
	}
	SignBearer(r, token.Access)
	return nil
}

// SignBearer signs a request with an access token.
func SignBearer(r *http.Request, access string) { r.Header.Set("Authorization", "Bearer "+access) }

// SignedWith reports whether a request was signed with an access token.
func SignedWith(r *http.Request, access string) bool {
	return r.Header.Get("Authorization") == "Bearer "+access
}

// Granted is the scope of the last token, space-separated, as the vendor gave it; empty before the first one, and when the
// answer did not say.
func (s *Tokens) Granted() string {
	if scope := s.granted.Load(); scope != nil {
		return *scope
	}
	return ""
}

// Refused forgets the token that the request was signed with, and reports whether another one can take its place. It
// cannot where that token was itself got, less than a minute ago, in the place of a refused one.
func (s *Tokens) Refused(r *http.Request) bool {
	token := s.current.Load()
	if token == nil || !SignedWith(r, token.Access) {
		return true // it is forgotten already
	}
	if token.replacement && s.now().Before(token.AskedAt.Add(RenewPause)) {
		return false
	}
	s.refusedOnce.Store(true)
	s.current.CompareAndSwap(token, nil)
	return true
}

func (s *Tokens) valid() *heldToken {
	token := s.current.Load()
	if token == nil || !token.Due().IsZero() && !s.now().Before(token.Due()) {
		return nil
	}
	return token
}

// renew asks for a token, unless somebody else did while this call waited for its turn.
func (s *Tokens) renew(ctx context.Context) (*heldToken, error) {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if token := s.valid(); token != nil {
		return token, nil
	}
	replacement := s.refusedOnce.Load()
	asked, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	token := &heldToken{Token: asked, replacement: replacement}
	if replacement {
		s.refusedOnce.Store(false)
	}
	s.granted.Store(&asked.Scope)
	s.current.Store(token)
	return token, nil
}
