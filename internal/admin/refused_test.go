package admin_test

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"zendesk-brevo/internal/admin"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/httpserver"
)

var errAway = serviceerror.NewUnavailable("gone")

// everyRoute is a request to each route of the API that would succeed.
var everyRoute = []call{
	{"POST", "/connectors/zendesk/connect", "{}", nil},
	{"POST", "/connectors/zendesk/sync", `{"type":"full"}`, nil},
	{"GET", "/connectors/zendesk/status", "", nil},
	{"POST", "/connectors/zendesk/test", "", nil},
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestOnlyTheBearerOfTheTokenIsServed(t *testing.T) {
	s := newSite(t)
	for _, c := range everyRoute {
		for name, change := range map[string]func(*http.Request){
			"none":     func(r *http.Request) { r.Header.Del("Authorization") },
			"another":  with("Authorization", "Bearer "+token+"0"),
			"a part":   with("Authorization", "Bearer "+token[:10]),
			"no value": with("Authorization", "Bearer "),
			"basic":    with("Authorization", "Basic "+token),
			"bare":     with("Authorization", token),
			"a cookie": func(r *http.Request) {
				r.Header.Del("Authorization")
				r.AddCookie(&http.Cookie{Name: "token", Value: token})
			},
			"the query": func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "token=" + token },
		} {
			c.change = change
			a := s.do(c)
			assert.Equal(t, http.StatusUnauthorized, a.status, "%s: %s", c.path, name)
			assert.Equal(t, `Bearer realm="zendesk-brevo"`, a.header.Get("WWW-Authenticate"), c.path)
			assert.NotContains(t, a.body, token)
		}
	}
	s.untouched("no token")
	assert.NotContains(t, s.log.String(), token)
}

func TestBadInputIsAnsweredAndChangesNothing(t *testing.T) {
	s := newSite(t)
	for _, c := range everyRoute {
		for _, name := range []string{"zendsk", "asleep"} {
			unknown := c
			unknown.path = strings.Replace(c.path, "/zendesk/", "/"+name+"/", 1)
			a := s.do(unknown)
			assert.Equal(t, http.StatusNotFound, a.status, unknown.path)
			assert.NotEmpty(t, a.json(t)["fix"], unknown.path)
		}
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
			if method != c.method {
				wrong := c
				wrong.method = method
				a := s.do(wrong)
				assert.Equal(t, http.StatusMethodNotAllowed, a.status, "%s %s", method, c.path)
				assert.Equal(t, c.method, a.header.Get("Allow"))
				assert.Contains(t, a.json(t)["error"], method)
			}
		}
		if c.method != "POST" {
			continue
		}
		for name, test := range map[string]struct {
			body   string
			change func(*http.Request)
			status int
		}{
			"malformed":     {`{"type":`, nil, 400},
			"a list":        {`[]`, nil, 400},
			"null":          {`null`, nil, 400},
			"two":           {`{} {}`, nil, 400},
			"unknown field": {`{"tyep":"full"}`, nil, 400},
			"too large":     {`{"type":"` + strings.Repeat("x", 70<<10) + `"}`, nil, 413},
			"a form":        {"type=full", with("Content-Type", "application/x-www-form-urlencoded"), 415},
			"plain text":    {`{}`, with("Content-Type", "text/plain"), 415},
			"no type":       {`{}`, func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		} {
			a := s.do(call{c.method, c.path, test.body, test.change})
			assert.Equal(t, test.status, a.status, "%s: %s: %s", c.path, name, a.body)
			assert.NotEmpty(t, a.json(t)["error"])
			assert.NotEmpty(t, a.json(t)["fix"], name)
		}
	}
	assert.Equal(t, http.StatusNotFound, s.do(call{"GET", "/connectors", "", nil}).status)
	s.untouched("bad input")
}

func TestBadOrdersAreExplained(t *testing.T) {
	s := newSite(t)
	for body, want := range map[string][2]string{
		`{"tpye":"full"}`:                        {"the body has a field that is unknown here", "did you mean type? known are type, resources, since"},
		`{"type":"ful"}`:                         {`type "ful" is unknown`, "did you mean full? choose from full, incremental"},
		`{"type":7}`:                             {"type must not be a JSON number", "send a string"},
		`{"resources":"users"}`:                  {"resources must not be a JSON string", "send a list of strings"},
		`{"resources":["user"]}`:                 {`resources "user" is unknown`, "did you mean users? choose from users, tickets, organizations, satisfaction_ratings"},
		`{"resources":["organizations"]}`:        {"resource organizations is switched off", "set sync.organizations: true in connectors.yaml"},
		`{"type":"full","since":"yesterday"}`:    {`since "yesterday" is not a date`, "write it as 2023-01-31 or 2023-01-31T12:00:00Z"},
		`{"type":"full","since":"2031-01-01"}`:   {"since 2031-01-01 is in the future", "name the first day whose tickets count"},
		`{"since":"2023-01-01"}`:                 {"since needs the type full", "an incremental sync keeps the bound of the last full one"},
		`{"type":"replay","since":"2023-01-01"}`: {`type "replay" is unknown`, "choose from full, incremental"},
	} {
		a := s.do(call{"POST", "/connectors/zendesk/sync", body, nil})
		assert.Equal(t, http.StatusBadRequest, a.status, body)
		assert.Equal(t, map[string]any{"error": want[0], "fix": want[1]}, a.json(t), body)
	}
	s.untouched("bad orders")
}

func TestOtherCredentialsThanTheConfiguredAreRefused(t *testing.T) {
	s := newSite(t)
	for body, says := range map[string]string{
		`{"subdomain":"other"}`:         "is of the subdomain acme",
		`{"email":"other@example.com"}`: "another e-mail address",
		`{"apiToken":"another-secret"}`: "another API token",
	} {
		a := s.do(call{"POST", "/connectors/zendesk/connect", body, nil})
		assert.Equal(t, http.StatusConflict, a.status, body)
		assert.Contains(t, a.json(t)["error"], says)
		assert.Contains(t, a.json(t)["fix"], "connectors.yaml")
		assert.NotContains(t, a.body, "another-secret")
	}
	s.untouched("other credentials")
	assert.NotContains(t, s.log.String(), "another-secret")
}

func TestWhatIsAwayIsSaid(t *testing.T) {
	s := newSite(t)
	s.temporal.polled = noon.Add(-time.Hour)
	for _, path := range []string{"sync", "test"} {
		a := s.do(call{"POST", "/connectors/zendesk/" + path, "", nil})
		assert.Equal(t, http.StatusServiceUnavailable, a.status, path)
		assert.Contains(t, a.json(t)["error"], "no worker polls task queue")
		assert.Contains(t, a.json(t)["fix"], "bin/worker")
	}
	s.temporal.away = errAway
	for _, path := range []string{"sync", "test"} {
		a := s.do(call{"POST", "/connectors/zendesk/" + path, "", nil})
		assert.Equal(t, http.StatusServiceUnavailable, a.status, path)
		assert.Equal(t, "Temporal at temporal:7233 stopped answering", a.json(t)["error"])
	}
	a := s.do(call{"GET", "/readyz", "", nil})
	assert.Equal(t, http.StatusServiceUnavailable, a.status)
	assert.Equal(t, "Temporal does not answer\n", a.body)
	s.untouched("Temporal is away")
	assert.Equal(t, http.StatusOK, s.do(call{"GET", "/healthz", "", nil}).status, "the process lives")

	require.NoError(t, s.store.Close())
	for _, c := range everyRoute[1:3] {
		assert.Equal(t, http.StatusServiceUnavailable, s.do(c).status, c.path)
	}
	assert.Contains(t, s.do(call{"GET", "/readyz", "", nil}).body, "the store does not answer")
	assert.Contains(t, s.do(call{"GET", "/metrics", "", nil}).body, "zendesk_brevo_store_up 0")
}

func TestTheDocumentListsEveryRoute(t *testing.T) {
	s := newSite(t)
	var documented []string
	for path, item := range s.document().Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+strings.ReplaceAll(path, "{name}", ":name"))
		}
	}
	assert.ElementsMatch(t, (&admin.Server{}).Routes(), documented)
}

func TestListen(t *testing.T) {
	var log strings.Builder
	logger := config.NewLogger(&log, config.LogText, config.LevelInfo)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	address := taken.Addr().String()

	listener, err := admin.Listen(t.Context(), address, false, logger)
	require.NoError(t, err, "a second worker works on without")
	assert.Nil(t, listener)
	assert.Equal(t, 1, strings.Count(log.String(), "\n"))
	assert.Contains(t, log.String(), "ADMIN_ADDR")

	_, err = admin.Listen(t.Context(), address, true, logger)
	require.EqualError(t, err, address+" is in use by another program: stop it, or set ADMIN_ADDR to a free address, or to off")
	_, err = admin.Listen(t.Context(), "192.0.2.1:0", true, logger)
	require.ErrorContains(t, err, "set it to an address of this host, or to off")

	listener, err = admin.Listen(t.Context(), config.AdminOff, true, logger)
	require.NoError(t, err)
	assert.Nil(t, listener)
	listener, err = admin.Listen(t.Context(), "0.0.0.0:0", true, logger)
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	assert.Contains(t, log.String(), "mind who does")
}

func TestAPanicIsAnswered(t *testing.T) {
	s := newSite(t, func(o *admin.Options) {
		o.Probes = []httpserver.Probe{}
		o.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(errors.New("ada@example.com")) })
	})
	resp, err := http.Get(s.url + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	assert.Contains(t, s.log.String(), "please report this")
	assert.NotContains(t, s.log.String(), "ada@example.com")
	assert.False(t, slices.Contains(resp.Header["Content-Type"], "text/html"))
}
