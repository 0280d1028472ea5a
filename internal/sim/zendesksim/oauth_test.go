package zendesksim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

const (
	redirect = "http://127.0.0.1:8765/oauth/callback"
	// The example of https://www.rfc-editor.org/rfc/rfc7636#appendix-B
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// consent follows an authorization URL and returns the answer's page, or the query of the redirect.
func (a *account) consent(t *testing.T, with url.Values) (page string, answer url.Values) {
	t.Helper()
	q := url.Values{
		"response_type": {"code"}, "client_id": {"connector"}, "redirect_uri": {redirect}, "scope": {"read"}, "state": {"s t"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for name, values := range with {
		q[name] = values
	}
	r := a.as(t, stranger, http.MethodGet, "/oauth/authorizations/new?"+q.Encode(), "")
	if r.status != http.StatusFound {
		assert.Equal(t, http.StatusBadRequest, r.status)
		return r.text, nil
	}
	to, err := url.Parse(r.header.Get("Location"))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(to.String(), redirect+"?"))
	assert.Equal(t, "s t", to.Query().Get("state"))
	return "", to.Query()
}

// ask asks for tokens by JSON members.
func (a *account) ask(t *testing.T, members string, args ...any) reply {
	t.Helper()
	return a.as(t, stranger, http.MethodPost, "/oauth/tokens", `{"client_id":"connector",`+fmt.Sprintf(members, args...)+`}`)
}

func (a *account) exchange(t *testing.T, code, verifier string) reply {
	t.Helper()
	return a.ask(t, `"grant_type":"authorization_code","code":%q,"redirect_uri":%q,"code_verifier":%q`, code, redirect, verifier)
}

func openPublic(t *testing.T) *account {
	t.Helper()
	return open(t, small, zendesksim.Options{ClientID: "connector", RedirectURIs: []string{redirect}})
}

func TestACodeIsGoodOnceForTwoMinutes(t *testing.T) {
	a := openPublic(t)
	code := func() string {
		_, answer := a.consent(t, nil)
		return answer.Get("code")
	}
	first := code()
	r := a.exchange(t, first, verifier)
	require.Equal(t, http.StatusCreated, r.status, r.text)
	assert.Equal(t, "read", r.json["scope"])
	assert.EqualValues(t, 1800, r.json["expires_in"])
	assert.EqualValues(t, 30*24*3600, r.json["refresh_token_expires_in"])
	assert.Equal(t, 200, a.as(t, bearer(r.json["access_token"].(string)), http.MethodGet, "/api/v2/tickets/2", "").status)
	want(t, a.exchange(t, first, verifier), 400, "invalid_grant")
	want(t, a.exchange(t, code(), "another-verifier"), 400, "invalid_grant")
	want(t, a.ask(t, `"grant_type":"authorization_code","code":%q,"redirect_uri":"http://127.0.0.1/","code_verifier":%q`, code(), verifier), 400, "invalid_grant")
	late := code()
	a.sleep(120 * time.Second)
	want(t, a.exchange(t, late, verifier), 400, "invalid_grant")
	want(t, a.ask(t, `"grant_type":"client_credentials","scope":"read"`), 400, "unauthorized_client")
	want(t, a.ask(t, `"grant_type":"refresh_token","refresh_token":"x","client_secret":"x"`), 401, "invalid_client")
	assert.Equal(t, 1, a.Granted("authorization_code"))
}

func TestAuthorizationsThatAreRefused(t *testing.T) {
	a := openPublic(t)
	page, _ := a.consent(t, url.Values{"redirect_uri": {"https://elsewhere.example.com/oauth/callback"}})
	assert.Contains(t, page, "redirect_uri does not match", "nobody is sent to an address that is not registered")
	page, _ = a.consent(t, url.Values{"client_id": {"another"}})
	assert.Contains(t, page, "No such client")
	for name, with := range map[string]url.Values{
		"unsupported_response_type": {"response_type": {"token"}},
		"invalid_request":           {"code_challenge": {""}},
		"invalid_scope":             {"scope": {""}},
	} {
		_, answer := a.consent(t, with)
		assert.Equal(t, name, answer.Get("error"))
		assert.Empty(t, answer.Get("code"))
	}
	a.DenyConsent()
	_, answer := a.consent(t, nil)
	assert.Equal(t, "access_denied", answer.Get("error"))
}

func TestARefreshEndsThePairThatItReplaces(t *testing.T) {
	a := openPublic(t)
	_, answer := a.consent(t, nil)
	r := a.exchange(t, answer.Get("code"), verifier)
	old, oldRefresh := bearer(r.json["access_token"].(string)), r.json["refresh_token"]
	r = a.ask(t, `"grant_type":"refresh_token","refresh_token":%q`, oldRefresh)
	require.Equal(t, http.StatusCreated, r.status, r.text)
	now := bearer(r.json["access_token"].(string))
	want(t, a.as(t, old, http.MethodGet, "/api/v2/tickets/2", ""), 401, "invalid_token")
	assert.Equal(t, 200, a.as(t, now, http.MethodGet, "/api/v2/tickets/2", "").status)
	want(t, a.ask(t, `"grant_type":"refresh_token","refresh_token":%q`, oldRefresh), 400, "invalid_grant")
	assert.Equal(t, 1, a.Granted("refresh_token"))

	a.sleep(30 * time.Minute)
	want(t, a.as(t, now, http.MethodGet, "/api/v2/tickets/2", ""), 401, "invalid_token")
	a.RevokeConsent()
	want(t, a.ask(t, `"grant_type":"refresh_token","refresh_token":%q`, r.json["refresh_token"]), 400, "invalid_grant")
}

func TestTokensActAsWhoConsented(t *testing.T) {
	a := open(t, small, zendesksim.Options{ClientID: "connector", RedirectURIs: []string{redirect}, ClientScopes: []string{"read", "webhooks:write"}, EternalTokens: true})
	ordinary, _ := a.Account().Users.Get(a.Account().UsersOf(seed.Ordinary)[0])
	a.ConsentAs(ordinary.ID)
	_, answer := a.consent(t, nil)
	r := a.exchange(t, answer.Get("code"), verifier)
	assert.Nil(t, r.json["expires_in"])
	assert.NotContains(t, r.json, "refresh_token")
	me := a.as(t, bearer(r.json["access_token"].(string)), http.MethodGet, "/api/v2/users/me", "")
	assert.EqualValues(t, ordinary.ID, me.json["user"].(map[string]any)["id"])
	assert.Equal(t, 403, a.as(t, bearer(r.json["access_token"].(string)), http.MethodGet, "/api/v2/oauth/tokens", "").status)

	a.ConsentAs(a.Account().Owner().ID)
	_, answer = a.consent(t, url.Values{"scope": {"read tickets:write webhooks:write"}})
	r = a.exchange(t, answer.Get("code"), verifier)
	assert.Equal(t, "read webhooks:write", r.json["scope"], "what the client may have of it")
	token := bearer(r.json["access_token"].(string))
	current := a.as(t, token, http.MethodGet, "/api/v2/oauth/tokens/current", "")
	require.Equal(t, 200, current.status, current.text)
	shown := current.json["token"].(map[string]any)
	assert.Equal(t, []any{"read", "webhooks:write"}, shown["scopes"])
	assert.Len(t, shown["token"], 10)
	list := a.as(t, token, http.MethodGet, "/api/v2/oauth/tokens", "")
	assert.Len(t, list.json["tokens"], 1)
	address := fmt.Sprintf("/api/v2/oauth/tokens/%.0f", shown["id"])
	assert.Equal(t, 403, a.as(t, token, http.MethodDelete, address, "").status, "read alone")
	assert.Equal(t, 204, a.write(t, http.MethodDelete, address, "").status)
	want(t, a.as(t, token, http.MethodGet, "/api/v2/users/me", ""), 401, "invalid_token")
	_, answer = a.consent(t, nil)
	token = bearer(a.exchange(t, answer.Get("code"), verifier).json["access_token"].(string))
	assert.Equal(t, 200, a.as(t, token, http.MethodGet, "/api/v2/users/me", "").status)
	a.RevokeTokens()
	want(t, a.as(t, token, http.MethodGet, "/api/v2/users/me", ""), 401, "invalid_token")
}
