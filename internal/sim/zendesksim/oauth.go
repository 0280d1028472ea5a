package zendesksim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// codeTTL is how long an authorization code can be exchanged.
const codeTTL = 120 * time.Second

// oauth is the account's one OAuth client and what it has issued
// (https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/).
type oauth struct {
	opts Options

	mu        sync.Mutex
	n         int64
	redirects []string
	consent   consent
	codes     map[string]code
	pairs     []*pair
	granted   map[string]int // by grant type
}

// consent is what the person in front of the authorization page does.
type consent struct {
	user   int64
	denies bool
}

// code is a consent that has not been exchanged yet.
type code struct {
	user                int64
	redirect, challenge string
	scopes              []string
	until               time.Time
}

// pair is an access token and, unless the grant gives none, its refresh token.
type pair struct {
	id              int64
	access, refresh string
	user            int64
	scopes          []string
	created         time.Time
	until           time.Time // zero: it does not expire
	refreshUntil    time.Time
}

func newOAuth(o Options) *oauth {
	return &oauth{
		opts: o, redirects: o.RedirectURIs, consent: consent{user: o.Account.Owner().ID}, codes: map[string]code{}, granted: map[string]int{},
	}
}

// ConsentAs lets that user be the one who is signed in on the authorization page, and agrees.
func (s *Server) ConsentAs(user int64) {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	s.oauth.consent = consent{user: user}
}

// DenyConsent lets the person on the authorization page refuse.
func (s *Server) DenyConsent() {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	s.oauth.consent.denies = true
}

// RegisterRedirects replaces the redirect URLs of the OAuth client.
func (s *Server) RegisterRedirects(urls ...string) {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	s.oauth.redirects = urls
}

// RevokeTokens makes every issued OAuth access token invalid; refresh tokens stay.
func (s *Server) RevokeTokens() {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	for _, p := range s.oauth.pairs {
		p.access = ""
	}
}

// RevokeConsent ends everything that was issued, refresh tokens too, as an administrator can.
func (s *Server) RevokeConsent() {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	s.oauth.pairs = nil
}

// Granted counts the tokens issued by a grant type.
func (s *Server) Granted(grantType string) int {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	return s.oauth.granted[grantType]
}

// secret is a new token or code; only the server tells it from another one.
func (o *oauth) secret(kind string) string {
	o.n++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", o.opts.ClientSecret, kind, o.n))
	return hex.EncodeToString(sum[:])
}

// find is the pair of an access token that is still good.
func (o *oauth) find(access string, now time.Time) (pair, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.pairs {
		if p.access != "" && p.access == access && (p.until.IsZero() || now.Before(p.until)) {
			return *p, true
		}
	}
	return pair{}, false
}

// knows reports whether id and secret are the client's. A public client has no secret, and is known by its id alone.
func (o *oauth) knows(id, secret string) bool {
	return o.opts.ClientID != "" && id == o.opts.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(o.opts.ClientSecret)) == 1
}

func (o *oauth) public() bool { return o.opts.ClientSecret == "" }

// allowed are the scopes of a request that the client may be granted. Words that mean nothing are granted all the same: every
// call with them is then refused.
func (o *oauth) allowed(scope string) []string {
	out := []string{}
	for _, word := range strings.Fields(scope) {
		if o.opts.ClientScopes == nil || slices.Contains(o.opts.ClientScopes, word) {
			out = append(out, word)
		}
	}
	return out
}

// issue makes a pair. Callers hold the lock.
func (o *oauth) issue(grantType string, user int64, scopes []string, in tokenRequest, now time.Time) *pair {
	p := &pair{access: o.secret("access"), user: user, scopes: scopes, created: now}
	p.id = 31_000_000_000_000 + o.n
	if !o.opts.EternalTokens {
		p.until = now.Add(orTTL(in.ExpiresIn, o.opts.TokenTTL))
		if grantType != grantClient {
			p.refresh, p.refreshUntil = o.secret("refresh"), now.Add(orTTL(in.RefreshExpiresIn, o.opts.RefreshTTL))
		}
	}
	o.pairs = append(o.pairs, p)
	o.granted[grantType]++
	issued := *p // what is answered stays, whatever becomes of the pair
	return &issued
}

func orTTL(seconds int, otherwise time.Duration) time.Duration {
	if seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return otherwise
}

// exchange turns a code into a pair; nil when it is not good. A code that was tried is used up.
func (o *oauth) exchange(in tokenRequest, now time.Time) *pair {
	o.mu.Lock()
	defer o.mu.Unlock()
	c, ok := o.codes[in.Code]
	delete(o.codes, in.Code)
	if !ok || !now.Before(c.until) || in.RedirectURI != c.redirect || !verifies(in.CodeVerifier, c.challenge) {
		return nil
	}
	return o.issue(grantCode, c.user, c.scopes, in, now)
}

// refresh replaces a pair by a new one, and ends both of its tokens; nil when the refresh token is not good.
func (o *oauth) refresh(in tokenRequest, now time.Time) *pair {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.pairs, func(p *pair) bool {
		return p.refresh != "" && p.refresh == in.RefreshToken && now.Before(p.refreshUntil)
	})
	if i < 0 {
		return nil
	}
	old := o.pairs[i]
	o.pairs = slices.Delete(o.pairs, i, i+1)
	return o.issue(grantRefresh, old.user, old.scopes, in, now)
}

// verifies checks PKCE, where the authorization asked for it.
func verifies(verifier, challenge string) bool {
	if challenge == "" {
		return true
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]) == challenge
}
