package zendesksim

import (
	"net/http"
	"slices"
	"strings"

	"zendesk-brevo/internal/sim/seed"
)

// actor is who makes a request, and what his token allows.
type actor struct {
	user   seed.User
	scopes []string // nil: an API token, which has no scopes
	token  int64    // the id of the OAuth token; 0: another credential
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
		who, ok := s.bearer(token)
		if !ok {
			return nil, invalidToken
		}
		return who, nil
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

// bearer is who an access token acts as.
func (s *Server) bearer(token string) (*actor, bool) {
	if slices.Contains(s.opts.Bearer, token) {
		owner, _ := s.account.Users.Get(s.account.Owner().ID)
		return &actor{user: owner, scopes: []string{"read", "write"}}, true
	}
	p, ok := s.oauth.find(token, s.clock.Now())
	if !ok {
		return nil, false
	}
	user, ok := s.account.Users.Get(p.user)
	if !ok || user.Suspended {
		return nil, false
	}
	return &actor{user: user, scopes: p.scopes, token: p.id}, true
}
