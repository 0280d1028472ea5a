package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/rest"
)

func detail(d string) func(*rest.Error) { return func(e *rest.Error) { e.Detail = d } }

func TestEveryRefusalNamesItsFix(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		fix  string
	}{
		{"Zendesk 401", called("zendesk", export, 401), "check auth in connectors.yaml"},
		{"an OAuth client", called("zendesk", "/oauth/tokens", 401, code("invalid_client")), "check client_id, client_secret"},
		{"where OAuth clients sign in, an outage", called("zendesk", "/oauth/tokens", 503), "status page"},
		{"a revoked consent", &credentials.Problem{Cause: "Zendesk no longer accepts the refresh token", Fix: credentials.Connect}, "run `starter connect`"},
		{"Zendesk 403", called("zendesk", export, 403), "connect an active administrator"},
		{"no such account", called("zendesk", me, 404, reason(rest.ReasonHTML)), "check subdomain and base_url"},
		{"Zendesk unreachable", called("zendesk", me, 0, reason("host not found")), "HTTPS_PROXY"},
		{
			"Zendesk's IP restrictions, address named", called("zendesk", export, 403, detail("Your IP (198.51.100.7) is not permitted")),
			"Account > Security > Advanced > IP Restrictions",
		},
		{"Zendesk's IP restrictions as 401", called("zendesk", me, 401, detail("IP address restricted")), "IP Restrictions"},
		{"Brevo 401", called("brevo", "/account", 401, detail("Key not found")), "put a valid key into brevo.api_key"},
		{"Brevo's IP blocking", called("brevo", "/account", 401, detail("unrecognised IP address 2001:db8::7")), "Security > Authorized IPs"},
		{"Brevo's OAuth app", called("brevo", "/realms/partner/oauth/token", 400, code("invalid_scope")), "scopes under brevo.oauth"},
		{"Brevo 402", called("brevo", "/smtp/email", 402), "billing"},
		{"Brevo's validation", called("brevo", "/contacts", 400, code("account_under_validation")), "finish the account's validation"},
		{"Brevo's credits as 400", called("brevo", "/smtp/email", 400, code("not_enough_credits")), "billing"},
		{"Brevo's permissions as 400", called("brevo", "/contacts", 400, code("permission_denied")), "lacks the permission"},
		{"Brevo 403", called("brevo", "/companies", 403), "lacks the permission"},
		{"Brevo 404 on its base", called("brevo", "/contacts/attributes", 404), "check brevo.base_url"},
		{"Brevo unreachable", called("brevo", "/account", 0, reason("timeout")), "HTTPS_PROXY"},
		{"a proxy's login", called("brevo", "/account", 302), "HTTPS_PROXY"},
		{"a proxy's page", called("zendesk", me, 403, page), "HTTPS_PROXY"},
		{"an outage", called("brevo", "/account", 502), "status page"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cause, fix := activities.ExplainError(tc.err)
			assert.Contains(t, fix, tc.fix)
			assert.NotEmpty(t, cause)
			assert.NotContains(t, cause+fix, "egenerate", "nobody can make an API token any more")
		})
	}
}

func TestARefusedAddressIsNamedWhereTheVendorNamesIt(t *testing.T) {
	cause, _ := activities.ExplainError(called("brevo", "/account", 401, detail("unrecognised IP address 203.0.113.7.")))
	assert.Equal(t, "Brevo refuses this machine's IP address 203.0.113.7 (401)", cause)
	cause, _ = activities.ExplainError(called("zendesk", export, 403, detail("Restricted by IP")))
	assert.Equal(t, "Zendesk refuses this machine's IP address (403)", cause)
	assert.Equal(t, activities.PauseAll, activities.Classify(called("zendesk", export, 403, detail("Restricted by IP"))),
		"no stream is skipped for a reason that holds for all of them")
}
