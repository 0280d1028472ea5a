package zendesksim

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The grant types; that of passwords is gone.
const (
	grantClient  = "client_credentials"
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
)

// oauthRoutes are the authorization page, the token endpoint, and the tokens API of administrators.
func oauthRoutes() []route {
	const tokens = v2 + "/oauth/tokens"
	return []route{
		{"GET /oauth/authorizations/new", anyone, "", "", authorize},
		{"POST /oauth/tokens", anyone, "", "", createToken},
		{"GET " + tokens, admins, "", "", listTokens},
		{"GET " + tokens + "/current", admins, "", "", showToken},
		{"GET " + tokens + "/{id}", admins, "", "", showToken},
		{"DELETE " + tokens + "/{id}", admins, "", "", revokeToken},
	}
}

// authorize is the page on which a person agrees, with the person: it sends the browser on at once. A redirect that is not
// registered is refused on the page itself, for it cannot be trusted with an answer.
// https://support.zendesk.com/hc/en-us/articles/4408845965210
func authorize(s *Server, x *exchange) {
	o, q := s.oauth, x.r.URL.Query()
	o.mu.Lock()
	defer o.mu.Unlock()
	redirect, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case o.opts.ClientID == "" || q.Get("client_id") != o.opts.ClientID:
		invalidAuthorization(x.w, "invalid_client", "No such client")
		return
	case err != nil || !slices.Contains(o.redirects, q.Get("redirect_uri")):
		invalidAuthorization(x.w, "invalid_request", "The redirect_uri does not match a redirect URL of the client")
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	switch {
	case q.Get("response_type") != "code":
		answer.Set("error", "unsupported_response_type")
	case challenge != "" && method != "S256", challenge == "" && o.public():
		answer.Set("error", "invalid_request")
		answer.Set("error_description", "A public client must use PKCE with S256")
	case strings.TrimSpace(q.Get("scope")) == "":
		answer.Set("error", "invalid_scope")
	case o.consent.denies:
		answer.Set("error", "access_denied")
		answer.Set("error_description", "The end-user or authorization server denied the request.")
	default:
		key := o.secret("code")
		o.codes[key] = code{
			user: o.consent.user, redirect: q.Get("redirect_uri"), challenge: challenge, scopes: o.allowed(q.Get("scope")), until: x.now.Add(codeTTL),
		}
		answer.Set("code", key)
	}
	query := redirect.Query()
	for name := range answer {
		query.Set(name, answer.Get(name))
	}
	redirect.RawQuery = query.Encode()
	x.w.Header().Set("Location", redirect.String())
	x.w.WriteHeader(http.StatusFound)
}

func invalidAuthorization(w http.ResponseWriter, code, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte("<h1>Invalid Authorization Request</h1><p>" + html.EscapeString(code+": "+text) + "</p>"))
}

// tokenRequest is the body of a token request, in JSON.
type tokenRequest struct {
	GrantType        string `json:"grant_type"`
	ClientID         string `json:"client_id"`
	ClientSecret     string `json:"client_secret"`
	Code             string `json:"code"`
	RedirectURI      string `json:"redirect_uri"`
	CodeVerifier     string `json:"code_verifier"`
	RefreshToken     string `json:"refresh_token"`
	Scope            string `json:"scope"`
	ExpiresIn        int    `json:"expires_in"`
	RefreshExpiresIn int    `json:"refresh_token_expires_in"`
}

// createToken serves all grants: a JSON body, 201. Client credentials come without a refresh token, and for confidential clients.
func createToken(s *Server, x *exchange) {
	var in tokenRequest
	if json.NewDecoder(x.r.Body).Decode(&in) != nil {
		oauthError(x.w, http.StatusBadRequest, "invalid_request", "The request is missing a required parameter or is otherwise malformed.")
		return
	}
	o := s.oauth
	var made *pair
	switch {
	case !slices.Contains([]string{grantClient, grantCode, grantRefresh}, in.GrantType):
		oauthError(x.w, http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported.")
		return
	case !o.knows(in.ClientID, in.ClientSecret):
		oauthError(x.w, http.StatusUnauthorized, "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.")
		return
	case in.GrantType == grantClient && o.public():
		oauthError(x.w, http.StatusBadRequest, "unauthorized_client", "The client is not authorized to use this grant.")
		return
	case in.ExpiresIn != 0 && (in.ExpiresIn <= 300 || in.ExpiresIn >= 172_800):
		oauthError(x.w, http.StatusBadRequest, "invalid_request", "expires_in is out of range.")
		return
	case in.GrantType == grantClient:
		o.mu.Lock()
		made = o.issue(grantClient, s.account.Owner().ID, o.allowed(in.Scope), in, x.now)
		o.mu.Unlock()
	case in.GrantType == grantCode:
		made = o.exchange(in, x.now)
	default:
		made = o.refresh(in, x.now)
	}
	if made == nil {
		oauthError(x.w, http.StatusBadRequest, "invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.")
		return
	}
	out := map[string]any{"access_token": made.access, "token_type": "bearer", "scope": strings.Join(made.scopes, " "), "expires_in": nil}
	if !made.until.IsZero() {
		out["expires_in"] = int(made.until.Sub(x.now).Seconds())
	}
	if made.refresh != "" {
		out["refresh_token"], out["refresh_token_expires_in"] = made.refresh, int(made.refreshUntil.Sub(x.now).Seconds())
	}
	writeJSON(x.w, http.StatusCreated, out)
}

func oauthError(w http.ResponseWriter, status int, code, text string) {
	writeJSON(w, status, map[string]any{"error": code, "error_description": text})
}

// shown is a token as the tokens API has it: the first ten characters of it.
func (p *pair) shown() map[string]any {
	out := map[string]any{
		"id": p.id, "user_id": p.user, "scopes": p.scopes, "token": p.access[:min(10, len(p.access))], "created_at": p.created.Format(time.RFC3339),
	}
	if !p.until.IsZero() {
		out["expires_at"] = p.until.Format(time.RFC3339)
	}
	return out
}

func listTokens(s *Server, x *exchange) {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	rows := []any{}
	for _, p := range s.oauth.pairs {
		if p.user == x.actor.user.ID && p.access != "" {
			rows = append(rows, p.shown())
		}
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"tokens": rows, "count": len(rows), "next_page": nil, "previous_page": nil})
}

// asked is the index of the token that a request names by its id, or as current; -1: there is none.
func (o *oauth) asked(x *exchange) int {
	id := x.actor.token
	if text := x.r.PathValue("id"); text != "" {
		id, _ = strconv.ParseInt(text, 10, 64)
	}
	return slices.IndexFunc(o.pairs, func(p *pair) bool { return p.id == id })
}

func showToken(s *Server, x *exchange) {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	i := s.oauth.asked(x)
	if i < 0 {
		recordNotFound(x.w)
		return
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"token": s.oauth.pairs[i].shown()})
}

func revokeToken(s *Server, x *exchange) {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	i := s.oauth.asked(x)
	if i < 0 {
		recordNotFound(x.w)
		return
	}
	s.oauth.pairs = slices.Delete(s.oauth.pairs, i, i+1)
	x.w.WriteHeader(http.StatusNoContent)
}
