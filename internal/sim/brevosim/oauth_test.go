package brevosim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
)

// token asks for an access token; answer is the body of a refusal too.
func token(t *testing.T, a *account, change url.Values) (status int, answer map[string]any) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"s3cret"}, "scope": {"contacts:read"}}
	for name, values := range change {
		form[name] = values
	}
	resp, err := http.PostForm(a.url+"/realms/partner/oauth/token", form)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	return resp.StatusCode, answer
}

func TestAppsGetTokensOfAnHour(t *testing.T) {
	a := open(t, brevosim.Options{ClientID: "app", ClientSecret: "s3cret"})
	for want, change := range map[string]url.Values{
		"invalid_client":         {"client_secret": {"another"}},
		"unsupported_grant_type": {"grant_type": {"password"}},
		"invalid_scope":          {"scope": {"contacts:read events:write"}},
	} {
		status, answer := token(t, a, change)
		assert.Equal(t, want, answer["error"])
		assert.Equal(t, map[bool]int{true: 401, false: 400}[want == "invalid_client"], status)
	}
	status, answer := token(t, a, nil)
	require.Equal(t, 200, status)
	assert.EqualValues(t, 3600, answer["expires_in"])
	assert.NotContains(t, answer, "refresh_token")
	header := http.Header{"Authorization": {"Bearer " + answer["access_token"].(string)}}
	assert.Equal(t, 200, a.send("GET", "/contacts/attributes", nil, header).Status)
	assert.Equal(t, 403, a.send("GET", "/companies", nil, header).Status)
	assert.Equal(t, 403, a.send("POST", "/contacts", map[string]any{"email": "a@example.com"}, header).Status)
	a.clock.Advance(time.Hour)
	assert.Equal(t, 401, a.send("GET", "/contacts/attributes", nil, header).Status)
	assert.Equal(t, 1, a.TokensIssued())
	assert.Empty(t, a.Misuses())
	token(t, a, url.Values{"scope": {""}})
	assert.Len(t, a.Misuses(), 1, "such a token carries everything")
}
