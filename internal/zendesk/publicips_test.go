package zendesk_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

func TestEgressNetworks(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want []string
		odd  []string
	}{
		"specific": {
			body: `{"egress":{"all":["216.198.0.0/18","10.0.0.1/32"],"specific":["216.198.0.0/18"]},"ingress":{"all":["192.0.2.0/24"]}}`,
			want: []string{"216.198.0.0/18"},
		},
		"specific is gone":     {body: `{"egress":{"all":["216.198.0.0/18","2001:db8::/32"]},"ingress":{}}`, want: []string{"216.198.0.0/18", "2001:db8::/32"}},
		"specific, empty":      {body: `{"egress":{"all":["216.198.0.0/18"],"specific":[]}}`, want: []string{"216.198.0.0/18"}},
		"specific, null":       {body: `{"egress":{"all":["216.198.0.0/18"],"specific":null}}`, want: []string{"216.198.0.0/18"}},
		"specific, unreadable": {body: `{"egress":{"all":["216.198.0.0/18"],"specific":["EU"]}}`, want: []string{"216.198.0.0/18"}},
		"inside ips": {
			body: `{"ips":{"egress":{"all":["192.0.2.0/24"],"specific":["198.51.100.0/24"]},"ingress":{"all":["203.0.113.0/24"]}}}`,
			want: []string{"198.51.100.0/24"},
		},
		"inside ips, not specific": {body: `{"ips":{"egress":{"all":["192.0.2.0/24"],"specific":null}}}`, want: []string{"192.0.2.0/24"}},
		"leading zeros": {
			body: `{"egress":{"all":["102.16.12.041/32","010.00.000.7/32","100.0.20.0/24"]}}`,
			want: []string{"102.16.12.41/32", "10.0.0.7/32", "100.0.20.0/24"},
		},
		"addresses":     {body: `{"egress":{"all":["5.6.7.8","5.6.7.08"," 2001:db8::7 "]}}`, want: []string{"5.6.7.8/32", "5.6.7.8/32", "2001:db8::7/128"}},
		"bits set":      {body: `{"egress":{"all":["198.51.100.7/24"]}}`, want: []string{"198.51.100.0/24"}},
		"some odd":      {body: `{"egress":{"all":["zendesk","192.0.2.0/24","192.0.2.0/33","fe80::1%eth0",7,{}]}}`, want: []string{"192.0.2.0/24"}, odd: []string{"zendesk", "192.0.2.0/33", "fe80::1%eth0", "7", ""}},
		"all odd":       {body: `{"egress":{"all":["everywhere"]}}`},
		"none":          {body: `{"egress":{"all":[]}}`},
		"no list":       {body: `{"egress":{"all":"192.0.2.0/24"}}`},
		"ingress alone": {body: `{"ingress":{"all":["192.0.2.0/24"]}}`},
		"nothing":       {body: `{}`},
		"an HTML page":  {body: `<html>`},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := connect(t, map[string]answer{"/ips": {body: test.body}})
			got, err := c.EgressNetworks(t.Context())
			if test.want == nil {
				var problem *rest.Error
				require.ErrorAs(t, err, &problem)
				assert.Contains(t, err.Error(), "zendesk GET /ips")
				return
			}
			require.NoError(t, err)
			want := zendesk.Networks{Odd: test.odd}
			for _, text := range test.want {
				want.Prefixes = append(want.Prefixes, netip.MustParsePrefix(text))
			}
			assert.Equal(t, want, got)
		})
	}
}
