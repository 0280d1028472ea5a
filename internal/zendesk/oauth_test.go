package zendesk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

const clientSecret = "cl1ent-s3cret"

// issuer is a Zendesk that issues tokens and takes only those it still honours.
type issuer struct {
	mu      sync.Mutex
	now     time.Time
	status  int    // of the token endpoint; 0: 201
	body    string // of the token endpoint, %d being the number of the token; empty: a plain one
	asked   []map[string]any
	calls   []string // the Authorization of each other call
	revoked map[string]bool
	all     bool // every token is refused
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/oauth/tokens" {
		var asked map[string]any
		_ = json.NewDecoder(r.Body).Decode(&asked)
		asked["method"], asked["type"], asked["signed"] = r.Method, r.Header.Get("Content-Type"), r.Header.Get("Authorization")
		i.asked = append(i.asked, asked)
		w.WriteHeader(max(i.status, http.StatusOK))
		body := i.body
		if body == "" {
			body = `{"access_token":"t%d","refresh_token":null,"expires_in":1800,"scope":"read write","token_type":"bearer"}`
		}
		_, _ = w.Write([]byte(strings.ReplaceAll(body, "%d", fmt.Sprint(len(i.asked)))))
		return
	}
	token := r.Header.Get("Authorization")
	i.calls = append(i.calls, token)
	if i.all || i.revoked[token] {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"invalid_token"}`))
		return
	}
	_, _ = w.Write([]byte(`{"user":{"id":7},"ticket":{"id":7}}`))
}

func (i *issuer) clock() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.now
}

// change alters the issuer between calls.
func (i *issuer) change(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

func connectOAuth(t *testing.T, i *issuer, scopes ...string) (*zendesk.Client, *zendesk.OAuthClient, *meter) {
	t.Helper()
	i.now = noon
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	credential := zendesk.ClientCredentials(zendesk.OAuthConfig{
		BaseURL: server.URL, ClientID: "sync", ClientSecret: clientSecret, Scopes: scopes, Now: i.clock,
	})
	m := &meter{}
	c, err := zendesk.New(zendesk.Config{BaseURL: server.URL, Credential: credential, Meter: m, Now: i.clock})
	require.NoError(t, err)
	return c, credential, m
}

func TestClientCredentialsAskOnce(t *testing.T) {
	i := &issuer{status: http.StatusCreated}
	c, credential, m := connectOAuth(t, i, "read", "users:write")
	assert.Empty(t, credential.Granted())
	for range 3 {
		_, err := c.ShowUser(t.Context(), 7)
		require.NoError(t, err)
	}
	assert.Equal(t, []map[string]any{{
		"grant_type": "client_credentials", "client_id": "sync", "client_secret": clientSecret, "scope": "read users:write",
		"method": "POST", "type": "application/json", "signed": "",
	}}, i.asked)
	assert.Equal(t, []string{"Bearer t1", "Bearer t1", "Bearer t1"}, i.calls)
	assert.Equal(t, "read write", credential.Granted(), "what Zendesk gave, not what was asked for")
	assert.Len(t, m.needs, 3, "asking for a token costs no budget")
}

func TestTokensAreReplacedBeforeTheyEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		expires string
		wait    time.Duration
		want    string
	}{
		"half an hour, nearly":      {"1800", 29*time.Minute - time.Second, "Bearer t1"},
		"half an hour":              {"1800", 29 * time.Minute, "Bearer t2"},
		"written as text":           {`"1800"`, 29 * time.Minute, "Bearer t2"},
		"a minute, nearly":          {"60", 48*time.Second - time.Nanosecond, "Bearer t1"},
		"a minute":                  {"60", 48 * time.Second, "Bearer t2"},
		"never":                     {"null", 1000 * time.Hour, "Bearer t1"},
		"in words that say nothing": {`"soon"`, 1000 * time.Hour, "Bearer t1"},
	} {
		t.Run(name, func(t *testing.T) {
			i := &issuer{body: `{"access_token":"t%d","expires_in":` + tc.expires + `,"scope":["read","write"]}`}
			c, credential, _ := connectOAuth(t, i)
			_, err := c.ShowUser(t.Context(), 7)
			require.NoError(t, err)
			i.change(func() { i.now = i.now.Add(tc.wait) })
			_, err = c.ShowUser(t.Context(), 7)
			require.NoError(t, err)
			assert.Equal(t, []string{"Bearer t1", tc.want}, i.calls)
			assert.Equal(t, "read write", credential.Granted())
			assert.NotContains(t, i.asked[0], "scope", "no scope is asked for where none is configured")
		})
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	i := &issuer{revoked: map[string]bool{}}
	c, _, m := connectOAuth(t, i)
	_, err := c.ShowUser(t.Context(), 7)
	require.NoError(t, err)
	i.change(func() { i.revoked["Bearer t1"] = true })
	got, err := c.UpdateTicket(t.Context(), 7, zendesk.TicketInput{Status: "open"})
	require.NoError(t, err)
	assert.Equal(t, int64(7), got.Row.ID)
	assert.Equal(t, []string{"Bearer t1", "Bearer t1", "Bearer t2"}, i.calls)
	assert.Len(t, m.needs, 3, "the repetition counts in Zendesk's limit, so it does here")

	i.change(func() { i.all = true })
	for range 3 {
		_, err = c.ShowUser(t.Context(), 7)
		var e *rest.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, http.StatusUnauthorized, e.Status)
	}
	assert.Len(t, i.asked, 2, "a replacement that is refused at once is not replaced on every call")
	assert.Len(t, i.calls, 6)

	i.change(func() { i.now = i.now.Add(time.Minute) })
	_, err = c.ShowUser(t.Context(), 7)
	require.Error(t, err)
	assert.Len(t, i.asked, 3, "later it is tried again")
	assert.Len(t, i.calls, 8, "once")
}

func TestOtherCredentialsAreNotTriedTwice(t *testing.T) {
	c, v := connect(t, map[string]answer{"/api/v2/users/7.json": {status: 401, body: `{"error":"Couldn't authenticate you"}`}})
	_, err := c.ShowUser(t.Context(), 7)
	require.Error(t, err)
	assert.Len(t, v.asked, 1)
}

func TestConcurrentCallsShareATokenRequest(t *testing.T) {
	i := &issuer{revoked: map[string]bool{}}
	c, _, _ := connectOAuth(t, i)
	c2, _, _ := connectOAuth(t, i) // takes the clock and the counts of the same issuer
	together := func(c *zendesk.Client) {
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				_, err := c.ShowUser(context.Background(), 7)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
	}
	together(c)
	assert.Len(t, i.asked, 1)
	i.change(func() { i.revoked["Bearer t1"] = true })
	together(c)
	assert.Len(t, i.asked, 2, "late refusals of the old token leave the new one alone")
	i.change(func() { i.now = i.now.Add(time.Hour) })
	together(c)
	assert.Len(t, i.asked, 3)
	together(c2)
	assert.Len(t, i.asked, 4, "another credential has its own token")
}

func TestTokenRequestsThatFail(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		code   string
		text   string
	}{
		"bad client":   {401, `{"error":"invalid_client","error_description":"no such client ` + clientSecret + `"}`, "invalid_client", "401 invalid_client"},
		"in an object": {400, `{"error":{"code":"invalid_grant","message":"` + clientSecret + ` has expired"}}`, "invalid_grant", "400 invalid_grant"},
		"down":         {503, ``, "", "503"},
		"no token":     {200, `{"scope":"read"}`, "", "no access_token"},
		"not the JSON": {200, `"` + clientSecret + `"`, "", "not the documented JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			i := &issuer{status: tc.status, body: tc.body}
			if tc.body == "" {
				i.body = " "
			}
			c, credential, _ := connectOAuth(t, i)
			_, err := c.ShowUser(t.Context(), 7)
			var e *rest.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "/oauth/tokens", e.Route)
			assert.Equal(t, tc.code, e.Code)
			assert.Contains(t, err.Error(), tc.text)
			assert.NotContains(t, err.Error(), clientSecret)
			assert.Empty(t, i.calls)
			assert.Len(t, i.asked, 1, "a refused client is not a refused token")
			assert.Empty(t, credential.Granted())
		})
	}
}

func TestACancelledCallWaitsForNoToken(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-answer
		_, _ = w.Write([]byte(`{"access_token":"t"}`))
	}))
	t.Cleanup(server.Close)
	credential := zendesk.ClientCredentials(zendesk.OAuthConfig{BaseURL: server.URL, ClientID: "sync", ClientSecret: clientSecret})
	first := make(chan error)
	go func() {
		first <- credential.Authorize(context.Background(), httptest.NewRequest(http.MethodGet, "/", nil))
	}()
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, credential.Authorize(ctx, httptest.NewRequest(http.MethodGet, "/", nil)), context.Canceled)
	close(answer)
	require.NoError(t, <-first)
}

func TestOAuthConfigShowsNothing(t *testing.T) {
	cfg := zendesk.OAuthConfig{ClientSecret: clientSecret}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(verb, cfg), clientSecret)
		assert.NotContains(t, fmt.Sprintf(verb, &cfg), clientSecret)
	}
	assert.NotContains(t, cfg.LogValue().String(), clientSecret)
}

func TestRequestsForTokensAreTold(t *testing.T) {
	i := &issuer{status: http.StatusCreated, now: noon}
	server := httptest.NewServer(i)
	defer server.Close()
	var log strings.Builder
	var told []rest.Call
	credential := zendesk.ClientCredentials(zendesk.OAuthConfig{
		BaseURL: server.URL, ClientID: "sync", ClientSecret: clientSecret, Now: i.clock,
		Log:    slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Called: func(_ context.Context, call rest.Call) { told = append(told, call) },
	})
	c, err := zendesk.New(zendesk.Config{BaseURL: server.URL, Credential: credential, Now: i.clock})
	require.NoError(t, err)
	_, err = c.ShowUser(t.Context(), 7)
	require.NoError(t, err)
	assert.Equal(t, []rest.Call{{Vendor: "zendesk", Method: http.MethodPost, Route: "/oauth/tokens", Status: http.StatusCreated}}, told)
	assert.Contains(t, log.String(), "route=/oauth/tokens status=201")
	assert.NotContains(t, log.String(), clientSecret)
	assert.NotContains(t, log.String(), "t1")
}
