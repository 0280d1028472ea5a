package zendesksim_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

var small = seed.Size{Users: 120, Tickets: 300, Organizations: 60}

func basic(name, secret string) signIn {
	return func(r *http.Request) { r.SetBasicAuth(name, secret) }
}

func TestWhoMayCall(t *testing.T) {
	a := open(t, small, zendesksim.Options{Bearer: []string{"good-bearer"}})
	email, token := a.Credentials()
	agent, _ := a.Account().PlainAgent()
	ordinary, _ := a.Account().Users.Get(a.Account().UsersOf(seed.Ordinary)[0])
	suspended, _ := a.Account().Users.Get(a.Account().UsersOf(seed.SuspendedAgent)[0])
	const me, tickets, exports = "/api/v2/users/me.json", "/api/v2/tickets.json", "/api/v2/incremental/tickets/cursor.json?start_time=0"
	for _, tc := range []struct {
		name   string
		who    signIn
		path   string
		status int
		holds  string // part of the body
	}{
		{"stranger asks who he is", stranger, me, 200, `"id":null`},
		{"password asks who he is", basic(email, "secret"), me, 200, `"Anonymous user"`},
		{"bad token asks who he is", basic(email+"/token", "wrong"), me, 401, `{"error":"Couldn't authenticate you"}`},
		{"bad bearer asks who he is", bearer("wrong"), me, 401, `"error":"invalid_token"`},
		{"owner asks who he is", basic(email+"/token", token), me, 200, `"role":"admin"`},
		{"bearer asks who he is", bearer("good-bearer"), me, 200, `"role":"admin"`},
		{"stranger reads tickets", stranger, tickets, 401, "Couldn't authenticate you"},
		{"password reads tickets", basic(email, "secret"), tickets, 401, "Couldn't authenticate you"},
		{"suspended agent reads tickets", basic(suspended.Email+"/token", token), tickets, 401, "Couldn't authenticate you"},
		{"agent reads tickets", basic(agent.Email+"/token", token), tickets, 200, `"tickets":[`},
		{"agent exports", basic(agent.Email+"/token", token), exports, 403, `{"error":{"message":`},
		{"end user reads tickets", basic(ordinary.Email+"/token", token), tickets, 403, `"title":"Forbidden"`},
		{"agent lists webhooks", basic(agent.Email+"/token", token), "/api/v2/webhooks", 403, "Forbidden"},
		{"agent lists ratings", basic(agent.Email+"/token", token), "/api/v2/satisfaction_ratings", 403, "Forbidden"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := a.as(t, tc.who, http.MethodGet, tc.path, "")
			assert.Equal(t, tc.status, r.status)
			assert.Contains(t, r.text, tc.holds)
		})
	}
	assert.Empty(t, a.Log().Unknown())
}

func TestClientCredentials(t *testing.T) {
	a := open(t, small, zendesksim.Options{ClientID: "connector", ClientSecret: "s3cret"})
	issue := func(secret, scope string) reply {
		return a.as(t, stranger, http.MethodPost, "/oauth/tokens",
			`{"grant_type":"client_credentials","client_id":"connector","client_secret":"`+secret+`","scope":"`+scope+`"}`)
	}
	want(t, issue("wrong", "read"), 401, "invalid_client")
	want(t, a.as(t, stranger, http.MethodPost, "/oauth/tokens", `{"grant_type":"password"}`), 400, "unsupported_grant_type")

	r := issue("s3cret", "read")
	require.Equal(t, http.StatusCreated, r.status)
	assert.Equal(t, "bearer", r.json["token_type"])
	assert.EqualValues(t, 1800, r.json["expires_in"])
	assert.NotContains(t, r.json, "refresh_token")
	reader := bearer(r.json["access_token"].(string))
	assert.Equal(t, 200, a.as(t, reader, http.MethodGet, "/api/v2/tickets/2.json", "").status)
	refused := a.as(t, reader, http.MethodPost, "/api/v2/users.json", `{"user":{"name":"x"}}`)
	assert.Equal(t, 403, refused.status)
	assert.Equal(t, "Forbidden", refused.text, "a scope failure is text")

	r = issue("s3cret", "ticket:reed")
	require.Equal(t, http.StatusCreated, r.status, "unknown scopes get a token all the same")
	assert.Equal(t, 403, a.as(t, bearer(r.json["access_token"].(string)), http.MethodGet, "/api/v2/users/me.json", "").status)

	r = issue("s3cret", "tickets:read")
	tickets := bearer(r.json["access_token"].(string))
	assert.Equal(t, 200, a.as(t, tickets, http.MethodGet, "/api/v2/tickets.json", "").status)
	assert.Equal(t, 403, a.as(t, tickets, http.MethodGet, "/api/v2/users.json", "").status)

	a.RevokeTokens()
	want(t, a.as(t, reader, http.MethodGet, "/api/v2/tickets.json", ""), 401, "invalid_token")
}

func TestUnknownRoutesAreLoud(t *testing.T) {
	a := open(t, small, zendesksim.Options{NoHelpCenter: true})
	want(t, a.get(t, "/api/v2/nps/surveys.json"), 404, "InvalidEndpoint")
	want(t, a.write(t, http.MethodDelete, "/api/v2/tickets.json", ""), 404, "InvalidEndpoint")
	require.Len(t, a.Log().Unknown(), 2)
	assert.Equal(t, "/api/v2/nps/surveys.json", a.Log().Unknown()[0].Path)

	want(t, a.get(t, "/api/v2/help_center/articles.json"), 404, "InvalidEndpoint")
	want(t, a.get(t, "/api/v2/tickets/999999.json"), 404, "RecordNotFound")
	want(t, a.get(t, "/api/v2/tickets/abc"), 404, "RecordNotFound")
	assert.Len(t, a.Log().Unknown(), 2, "a product that is not there is a known route")
}

func TestRestrictedRole(t *testing.T) {
	a := open(t, small, zendesksim.Options{ForbidOrganizations: true})
	assert.Equal(t, 403, a.get(t, "/api/v2/organizations/count.json").status)
	assert.Equal(t, 403, a.get(t, "/api/v2/incremental/organizations.json?start_time=0").status)
	assert.Equal(t, 200, a.get(t, "/api/v2/incremental/users/cursor.json?start_time=0").status)
}
