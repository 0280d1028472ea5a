package zendesk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct {
		status                  int
		contentType, body       string
		code                    string
		fields                  []string
		detail                  string
		retryAfter              time.Duration
		notFound, isUnavailable bool
	}{
		"validation": {
			status: 422, body: `{"error":"RecordInvalid","description":"Record validation errors","details":{"email":[{"description":"Email: ada@example.com is taken","error":"DuplicateValue"}]}}`,
			code: "RecordInvalid", fields: []string{"email"}, detail: "ada@example.com is taken",
		},
		"object":          {status: 403, body: `{"error":{"title":"Forbidden","message":"You do not have access"}}`, code: "Forbidden", detail: "You do not have access", isUnavailable: true},
		"json:api":        {status: 400, body: `{"errors":[{"code":"InvalidPaginationDepth","title":"Invalid","detail":"too deep","status":"400"}]}`, code: "InvalidPaginationDepth", detail: "too deep"},
		"json:api number": {status: 400, body: `{"errors":[{"code":"Odd","title":"Invalid","status":400}]}`, code: "Odd", detail: "Invalid"},
		"webhooks": {
			status: 400, body: `{"errors":[{"field":"endpoint","code":"InvalidURL","message":"Ada's host is not public"},{"field":"name","message":"is too long"},{"code":"Odd"}]}`,
			code: "InvalidURL", fields: []string{"endpoint", "name"}, detail: "endpoint: Ada's host is not public; name: is too long",
		},
		"webhooks, both members": {
			status: 400, body: `{"error":{"title":"Invalid","message":"not valid","code":"Invalid"},"errors":[{"field":"endpoint","message":"is missing"},{"field":"endpoint"}]}`,
			code: "Invalid", fields: []string{"endpoint"}, detail: "endpoint: is missing; endpoint",
		},
		"webhooks, no code":   {status: 400, body: `{"errors":[{"message":"ask ada@example.com"}]}`, detail: "ask ada@example.com"},
		"webhooks, no text":   {status: 400, body: `{"error":{"message":"not valid"},"errors":[{"code":"Odd"},7]}`, code: "Odd", detail: "not valid"},
		"a list of sentences": {status: 400, body: `{"errors":["ask ada@example.com"]}`, detail: `"ask ada@example.com"`},
		"object with code": {
			status: 400, body: `{"error":{"code":"invalid_grant","title":"Bad Request","message":"expired","details":{"refresh_token":["is too old"]}}}`,
			code: "invalid_grant", fields: []string{"refresh_token"}, detail: `expired ["is too old"]`,
		},
		"object with a number for code": {status: 403, body: `{"error":{"code":403,"title":"Forbidden"}}`, code: "Forbidden", detail: "Forbidden", isUnavailable: true},
		"object with a sentence":        {status: 400, body: `{"error":{"code":"ask ada@example.com","message":"no"}}`, detail: "no"},
		"bare sentence":                 {status: 401, body: `{"error":"Couldn't authenticate you"}`, detail: "Couldn't authenticate you"},
		"oauth":                         {status: 401, body: `{"error":"invalid_token","error_description":"expired"}`, code: "invalid_token"},
		"gone record":                   {status: 404, body: `{"error":"RecordNotFound","description":"Not found"}`, code: "RecordNotFound", detail: "Not found", notFound: true},
		"no such path":                  {status: 404, body: `{"error":"InvalidEndpoint","description":"Not found"}`, code: "InvalidEndpoint", detail: "Not found", isUnavailable: true},
		"guide 404":                     {status: 404, body: `{"errors":[{"code":"NotFound","status":"404"}]}`, code: "NotFound", notFound: true},
		"text 404":                      {status: 404, contentType: "text/plain", body: "Not found", detail: "Not found", notFound: true},
		"nobody's domain":               {status: 404, contentType: "text/html", body: "<html>No help desk at ada</html>", detail: "No help desk"},
		"limit as json":                 {status: 429, body: `{"error":"APIRateLimitExceeded","description":"Number of allowed"}`, code: "APIRateLimitExceeded", detail: "Number of allowed", retryAfter: 7 * time.Second},
		"limit as text":                 {status: 429, contentType: "text/plain", body: "Number of allowed API requests per minute exceeded", detail: "Number of allowed", retryAfter: 7 * time.Second},
		"html":                          {status: 500, contentType: "text/html; charset=utf-8", body: "<html>oops</html>", detail: "oops"},
		"empty":                         {status: 502},
		"conflict":                      {status: 409, body: `{"error":"UpdateConflict","description":"Safe Update prevented the update due to outdated data"}`, code: "UpdateConflict", detail: "outdated"},
		"truncated":                     {status: 422, body: `{"error":"RecordInv`, detail: "RecordInv"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			header := map[string]string{"X-Request-Id": "req-1"}
			if c.contentType != "" {
				header["Content-Type"] = c.contentType
			}
			if c.retryAfter > 0 {
				header["Retry-After"] = "7"
			}
			client, _ := connect(t, map[string]answer{"/api/v2/users/7.json": {status: c.status, header: header, body: c.body}},
				func(cfg *zendesk.Config) {
					cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				})
			_, err := client.ShowUser(t.Context(), 7)
			var e *rest.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.status, e.Status)
			assert.Equal(t, c.code, e.Code)
			assert.Equal(t, c.fields, e.Fields)
			assert.Contains(t, e.Detail, c.detail)
			assert.Equal(t, c.retryAfter, e.RetryAfter)
			assert.Equal(t, "req-1", e.RequestID)
			assert.Equal(t, c.notFound, zendesk.IsNotFound(err))
			assert.Equal(t, c.isUnavailable, zendesk.IsUnavailable(err))
			assert.Contains(t, err.Error(), "/api/v2/users/{id}.json")
			for _, text := range []string{err.Error(), log.String()} {
				for _, secret := range []string{"ada", "s3cret", "admin@example.com", "authenticate", "help desk", "oops", "users/7"} {
					assert.NotContains(t, text, secret)
				}
			}
		})
	}
}

func TestTooRecentStarts(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"as documented": {400, `{"error":"StartTimeTooRecent","description":"Too recent start_time. Use a start_time older than 60 seconds"}`, true},
		"code alone":    {422, `{"error":"StartTimeTooRecent"}`, true},
		"sentence":      {422, `{"error":"InvalidValue","description":"Too recent start_time. Use a start_time older than 5 minutes"}`, true},
		"other code":    {400, `{"error":"InvalidValue","description":"Invalid start_time"}`, false},
		"other status":  {403, `{"error":"StartTimeTooRecent"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := connect(t, map[string]answer{ticketsPath: {status: c.status, body: c.body}})
			_, err := client.ExportTickets(t.Context(), zendesk.ExportQuery{StartTime: noon})
			require.Error(t, err)
			assert.Equal(t, c.want, zendesk.IsTooRecent(err))
		})
	}
	assert.False(t, zendesk.IsTooRecent(errors.New("StartTimeTooRecent")))
}

func TestAnAccountWithoutSurveys(t *testing.T) {
	const path = "/api/v2/guide/survey_responses"
	for name, c := range map[string]struct {
		answer answer
		want   bool
	}{
		"of the API":  {answer{status: 404, body: `{"errors":[{"code":"NotFound","title":"Not found"}]}`}, true},
		"as HTML":     {answer{status: 404, header: map[string]string{"Content-Type": "text/html"}, body: "<html>"}, true},
		"maintenance": {answer{status: 503, header: map[string]string{"Content-Type": "text/html"}, body: "<html>"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := connect(t, map[string]answer{path: c.answer, ticketsPath: c.answer})
			_, err := client.ListSurveyResponses(t.Context(), zendesk.SurveyQuery{})
			assert.Equal(t, c.want, zendesk.HasNoSurveys(err))
			_, err = client.ExportTickets(t.Context(), zendesk.ExportQuery{})
			require.Error(t, err)
			assert.False(t, zendesk.HasNoSurveys(err), "another endpoint")
		})
	}
}

func TestOtherErrorsAreNeither(t *testing.T) {
	for _, err := range []error{nil, errors.New("x"), &rest.Error{Status: http.StatusInternalServerError}} {
		assert.False(t, zendesk.IsNotFound(err))
		assert.False(t, zendesk.IsUnavailable(err))
	}
	assert.True(t, zendesk.IsNotFound(fmt.Errorf("show: %w", &rest.Error{Status: http.StatusNotFound, Code: "RecordNotFound"})))
}

func TestCredentialsSign(t *testing.T) {
	c, v := connect(t, map[string]answer{"/api/v2/users/7.json": {body: `{"user":{"id":7}}`}})
	_, err := c.ShowUser(t.Context(), 7)
	require.NoError(t, err)
	user, password, ok := v.asked[0].BasicAuth()
	assert.True(t, ok)
	assert.Equal(t, "admin@example.com/token", user)
	assert.Equal(t, "s3cret", password)
	assert.Equal(t, "application/json", v.asked[0].Header.Get("Accept"))

	tokens := []string{"first", "second"}
	c, v = connect(t, map[string]answer{"/api/v2/users/7.json": {body: `{"user":{"id":7}}`}}, func(cfg *zendesk.Config) {
		cfg.Credential = zendesk.Bearer(func(context.Context) (string, error) {
			token := tokens[0]
			tokens = tokens[1:]
			return token, nil
		})
	})
	for range 2 {
		_, err = c.ShowUser(t.Context(), 7)
		require.NoError(t, err)
	}
	assert.Equal(t, "Bearer first", v.asked[0].Header.Get("Authorization"))
	assert.Equal(t, "Bearer second", v.asked[1].Header.Get("Authorization"))
}

func TestCredentialsThatCannotSignAskNobody(t *testing.T) {
	gone := errors.New("connection is gone")
	for name, credential := range map[string]zendesk.Credential{
		"no e-mail":     zendesk.APIToken("", "s3cret"),
		"no token":      zendesk.APIToken("admin@example.com", ""),
		"no client id":  zendesk.ClientCredentials(zendesk.OAuthConfig{BaseURL: "https://x.zendesk.com", ClientSecret: "s3cret"}),
		"no secret":     zendesk.ClientCredentials(zendesk.OAuthConfig{BaseURL: "https://x.zendesk.com", ClientID: "c"}),
		"empty bearer":  zendesk.Bearer(func(context.Context) (string, error) { return "", nil }),
		"failed bearer": zendesk.Bearer(func(context.Context) (string, error) { return "", gone }),
	} {
		t.Run(name, func(t *testing.T) {
			c, v := connect(t, nil, func(cfg *zendesk.Config) { cfg.Credential = credential })
			_, err := c.Me(t.Context())
			require.ErrorContains(t, err, "zendesk credential")
			assert.NotContains(t, err.Error(), "s3cret")
			assert.NotContains(t, err.Error(), "admin@example.com")
			assert.Empty(t, v.asked)
			assert.Equal(t, name == "failed bearer", errors.Is(err, gone))
		})
	}
}

func TestCredentialsShowNothing(t *testing.T) {
	for _, credential := range []zendesk.Credential{
		zendesk.APIToken("admin@example.com", "s3cret"),
		zendesk.Bearer(func(context.Context) (string, error) { return "s3cret", nil }),
		zendesk.ClientCredentials(zendesk.OAuthConfig{BaseURL: "https://x.zendesk.com", ClientID: "c", ClientSecret: "s3cret"}),
	} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "credential", credential, "config", zendesk.Config{Credential: credential})
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credential", credential, "config", zendesk.Config{Credential: credential})
		text := log.String()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text += fmt.Sprintf(verb, credential) + fmt.Sprintf(verb, &zendesk.Config{Credential: credential})
		}
		assert.NotContains(t, text, "s3cret")
		assert.NotContains(t, text, "admin@example.com")
		assert.NotContains(t, text, fmt.Sprintf("%x", "s3cret"))
	}
}

func TestNewRefuses(t *testing.T) {
	_, err := zendesk.New(zendesk.Config{BaseURL: "https://x.zendesk.com"})
	assert.ErrorContains(t, err, "credential")
	_, err = zendesk.New(zendesk.Config{BaseURL: "http://x.zendesk.com", Credential: zendesk.APIToken("a", "b")})
	assert.ErrorContains(t, err, "https")
}
