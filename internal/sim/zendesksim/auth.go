package zendesksim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// actor is who makes a request, and what his token allows.
type actor struct {
	user   seed.User
	scopes []string // nil: an API token, which has no scopes
}

// mayCall reports whether the scopes cover a call. A token with unknown scopes is issued all the same and fails here.
func (a *actor) mayCall(method, resource string) bool {
	if a.scopes == nil {
		return true
	}
	need := "write"
	if method == http.MethodGet {
		need = "read"
	}
	return slices.Contains(a.scopes, need) || resource != "" && slices.Contains(a.scopes, resource+":"+need)
}

// signIn finds out who is calling. No credential, or an address with a wrong password, gives no actor and no refusal:
// users/me then shows the anonymous user. A bad API token or bearer is refused everywhere.
func (s *Server) signIn(r *http.Request) (*actor, func(http.ResponseWriter)) {
	header := r.Header.Get("Authorization")
	if token, ok := strings.CutPrefix(header, "Bearer "); ok {
		scopes, ok := s.bearerScopes(token)
		if !ok {
			return nil, invalidToken
		}
		owner, _ := s.account.Users.Get(s.account.Owner().ID)
		return &actor{user: owner, scopes: scopes}, nil
	}
	name, secret, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	email, isToken := strings.CutSuffix(name, "/token")
	if !isToken {
		return nil, nil // passwords were switched off in January 2026
	}
	if secret != s.opts.Token {
		return nil, unauthenticated
	}
	user, ok := s.userByEmail(email)
	if !ok || user.Suspended {
		return nil, unauthenticated
	}
	return &actor{user: user}, nil
}

// userByEmail finds the active user with that address. Who has signed in once is found without looking through
// everybody again.
func (s *Server) userByEmail(email string) (seed.User, bool) {
	if strings.EqualFold(email, s.opts.Email) {
		return s.account.Users.Get(s.account.Owner().ID)
	}
	key := strings.ToLower(email)
	if id, ok := s.team.Load(key); ok {
		if u, ok := s.account.Users.Get(id.(int64)); ok && u.Active && strings.EqualFold(u.Email, email) {
			return u, true
		}
	}
	u, ok := s.account.UserByEmail(email)
	if ok {
		s.team.Store(key, u.ID)
	}
	return u, ok
}

func (s *Server) bearerScopes(token string) ([]string, bool) {
	if slices.Contains(s.opts.Bearer, token) {
		return []string{"read", "write"}, true
	}
	return s.oauth.check(token, time.Now())
}

// oauth issues access tokens by POST /oauth/tokens
// (https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/).
type oauth struct {
	id, secret string
	ttl        time.Duration

	mu     sync.Mutex
	n      int
	access map[string]grant
}

type grant struct {
	scopes  []string
	expires time.Time
}

func newOAuth(o Options) *oauth {
	return &oauth{id: o.ClientID, secret: o.ClientSecret, ttl: o.TokenTTL, access: map[string]grant{}}
}

func (o *oauth) check(token string, now time.Time) ([]string, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g, ok := o.access[token]
	return g.scopes, ok && now.Before(g.expires)
}

// RevokeTokens makes every issued OAuth access token invalid, as an administrator can.
func (s *Server) RevokeTokens() {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	clear(s.oauth.access)
}

func (o *oauth) issue(scopes []string, now time.Time) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.n++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", o.secret, o.n))
	token := hex.EncodeToString(sum[:])
	o.access[token] = grant{scopes: scopes, expires: now.Add(o.ttl)}
	return token
}

// createToken serves the client_credentials grant: a JSON body, 201, no refresh token.
func createToken(s *Server, x *exchange) {
	var in struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		Scope        string `json:"scope"`
		ExpiresIn    int    `json:"expires_in"`
	}
	if json.NewDecoder(x.r.Body).Decode(&in) != nil {
		oauthError(x.w, http.StatusBadRequest, "invalid_request", "The request is missing a required parameter or is otherwise malformed.")
		return
	}
	switch {
	case in.GrantType != "client_credentials":
		oauthError(x.w, http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported.")
	case s.oauth.id == "" || in.ClientID != s.oauth.id || in.ClientSecret != s.oauth.secret:
		oauthError(x.w, http.StatusUnauthorized, "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.")
	default:
		scopes := strings.Fields(in.Scope)
		if scopes == nil {
			scopes = []string{}
		}
		token := s.oauth.issue(scopes, time.Now())
		writeJSON(x.w, http.StatusCreated, map[string]any{
			"access_token": token, "token_type": "bearer", "scope": in.Scope, "expires_in": int(s.oauth.ttl.Seconds()),
		})
	}
}

func oauthError(w http.ResponseWriter, status int, code, text string) {
	writeJSON(w, status, map[string]any{"error": code, "error_description": text})
}
