package brevo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
)

// app is a Brevo that gives out tokens, %d being their number, and takes the newest alone.
type app struct {
	body   string
	status int
	asked  []url.Values
	types  []string
	signed []string
	again  bool // the next call is refused
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/realms/partner/oauth/token" {
		_ = r.ParseForm()
		a.asked, a.types = append(a.asked, r.PostForm), append(a.types, r.Header.Get("Content-Type"))
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(strings.ReplaceAll(a.body, "%d", strconv.Itoa(len(a.asked)))))
		return
	}
	a.signed = append(a.signed, r.Header.Get("Authorization"))
	if a.again {
		a.again = false
		w.WriteHeader(http.StatusUnauthorized)
	}
	_, _ = w.Write([]byte(`{"attributes":[]}`))
}

const appSecret = "the-secret-of-the-app"

func connectApp(t *testing.T, a *app, now func() time.Time) *brevo.Client {
	t.Helper()
	if a.status == 0 {
		a.status = http.StatusOK
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	credential := brevo.ClientCredentials(brevo.OAuthConfig{
		TokenURL: server.URL + "/realms/partner/oauth/token", ClientID: "app", ClientSecret: appSecret, Scopes: []string{"contacts:read", "crm:read"}, Now: now,
	})
	assert.Equal(t, "OAuth app [redacted]", credential.String())
	c, err := brevo.New(brevo.Config{BaseURL: server.URL + "/v3", Credential: credential, Now: now})
	require.NoError(t, err)
	return c
}

func TestAnAppAsksForTokens(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	a := &app{body: `{"access_token":"t%d","expires_in":3600,"scope":"contacts:read crm:read"}`}
	c := connectApp(t, a, func() time.Time { return now })
	call := func() {
		t.Helper()
		_, err := c.ListAttributes(t.Context())
		require.NoError(t, err)
	}
	call()
	call()
	assert.Equal(t, []url.Values{{
		"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {appSecret}, "scope": {"contacts:read crm:read"},
	}}, a.asked)
	assert.Equal(t, []string{"application/x-www-form-urlencoded"}, a.types)
	now = now.Add(59 * time.Minute)
	call()
	a.again = true
	call()
	assert.Equal(t, []string{"Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"}, a.signed)
}

func TestAnAppThatIsRefused(t *testing.T) {
	for body, code := range map[string]string{
		`{"error":"invalid_scope","error_description":"` + appSecret + `"}`: "invalid_scope",
		`{"code":"unauthorized","message":"no"}`:                            "unauthorized",
	} {
		a := &app{body: body, status: http.StatusBadRequest}
		_, err := connectApp(t, a, time.Now).ListAttributes(t.Context())
		var refused *rest.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, []any{400, code, brevo.TokenRoute, "brevo"}, []any{refused.Status, refused.Code, refused.Route, refused.Vendor})
		assert.NotContains(t, err.Error(), appSecret)
		assert.Empty(t, a.signed)
	}
	a := &app{body: `{"scope":"x"}`}
	_, err := connectApp(t, a, time.Now).ListAttributes(t.Context())
	require.ErrorContains(t, err, "no access_token")

	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(verb, brevo.OAuthConfig{ClientSecret: appSecret}), appSecret)
	}
	_, err = brevo.New(brevo.Config{BaseURL: "https://api.brevo.com/v3", Credential: brevo.ClientCredentials(brevo.OAuthConfig{ClientID: "app"})})
	require.Error(t, err)
}
