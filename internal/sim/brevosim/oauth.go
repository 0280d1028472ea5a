package brevosim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"zendesk-brevo/internal/sim"
)

const tokenRoute = "/realms/partner/oauth/token"

// accessToken is what the account's app was given.
type accessToken struct {
	scopes []string
	until  time.Time
}

// serveToken answers the grant client_credentials of the account's one app. It takes a form only, as the standard has it: the
// vendor's guide names no other encoding. Without a scope the token carries all that the app has; one that it has not is refused.
// https://developers.brevo.com/docs/oauth-m2m-authentication
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	sim.SetRoute(r, tokenRoute)
	refuse := func(status int, code string) {
		reply{status, map[string]any{"error": code, "error_description": "The request was refused."}}.write(w)
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || media != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		refuse(http.StatusBadRequest, "invalid_request")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	scopes := strings.Fields(r.PostForm.Get("scope"))
	if len(scopes) == 0 {
		s.misuse("a token was asked for without a scope")
		scopes = s.opts.AppScopes
	}
	switch {
	case s.opts.ClientID == "" || r.PostForm.Get("client_id") != s.opts.ClientID || r.PostForm.Get("client_secret") != s.opts.ClientSecret:
		refuse(http.StatusUnauthorized, "invalid_client")
	case r.PostForm.Get("grant_type") != "client_credentials":
		refuse(http.StatusBadRequest, "unsupported_grant_type")
	case slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(s.opts.AppScopes, scope) }):
		refuse(http.StatusBadRequest, "invalid_scope")
	default:
		s.tokensIssued++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", s.opts.ClientSecret, s.tokensIssued))
		token := hex.EncodeToString(sum[:])
		s.tokens[token] = accessToken{scopes: scopes, until: s.clock.Now().Add(s.opts.TokenTTL)}
		reply{http.StatusOK, map[string]any{
			"access_token": token, "token_type": "Bearer", "expires_in": int(s.opts.TokenTTL.Seconds()), "scope": strings.Join(scopes, " "),
		}}.write(w)
	}
}

// TokensIssued counts the access tokens given out.
func (s *Server) TokensIssued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokensIssued
}

// RevokeTokens ends every access token.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// resources are the areas that scopes speak of, by the beginnings of paths. To write does not include to read.
// https://developers.brevo.com/docs/oauth-scopes
var resources = []struct{ prefix, name string }{
	{"/contacts", "contacts"}, {"/processes", "contacts"}, {"/companies", "crm"}, {"/crm", "crm"}, {"/events", "events"}, {"/smtp", "transactional.email"},
}

// admitToken returns the refusal that an access token earns, or nil.
func (s *Server) admitToken(r *http.Request, token string) *reply {
	t, ok := s.tokens[token]
	if !ok || !s.clock.Now().Before(t.until) {
		return failure(http.StatusUnauthorized, "unauthorized", "Invalid or expired access token")
	}
	verb := ":write"
	if r.Method == http.MethodGet {
		verb = ":read"
	}
	for _, resource := range resources {
		if strings.HasPrefix(strings.TrimPrefix(r.URL.Path, "/v3"), resource.prefix) && !slices.Contains(t.scopes, resource.name+verb) {
			return failure(http.StatusForbidden, "permission_denied", "The access token lacks the scope "+resource.name+verb)
		}
	}
	return nil
}
