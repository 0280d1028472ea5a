package zendesk_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/zendesk"
)

func TestEgressNetworks(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want []string // none: an error
	}{
		"specific":         {`{"egress":{"all":["216.198.0.0/18","10.0.0.1/32"],"specific":["216.198.0.0/18"]},"ingress":{"all":["192.0.2.0/24"]}}`, []string{"216.198.0.0/18"}},
		"specific is gone": {`{"egress":{"all":["216.198.0.0/18","2001:db8::/32"]},"ingress":{}}`, []string{"216.198.0.0/18", "2001:db8::/32"}},
		"specific, empty":  {`{"egress":{"all":["216.198.0.0/18"],"specific":[]}}`, []string{"216.198.0.0/18"}},
		"no network":       {`{"egress":{"all":["zendesk"]}}`, nil},
		"nothing":          {`{}`, nil},
		"something else":   {`<html>`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "/ips", r.URL.Path)
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(test.body))
			}))
			defer api.Close()
			c, err := zendesk.New(zendesk.Config{BaseURL: api.URL, Credential: zendesk.APIToken("a@example.com", "token")})
			require.NoError(t, err)
			networks, err := c.EgressNetworks(t.Context())
			assert.Equal(t, test.want == nil, err != nil)
			var want []netip.Prefix
			for _, text := range test.want {
				want = append(want, netip.MustParsePrefix(text))
			}
			assert.Equal(t, want, networks)
		})
	}
}
