package main

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
)

func networks(t *testing.T, text string) config.Networks {
	t.Helper()
	var n config.Networks
	require.NoError(t, n.UnmarshalText([]byte(text)))
	return n
}

func TestAllowedNetworks(t *testing.T) {
	for name, test := range map[string]struct {
		allowed, trusted, forwarded string
		status                      int
	}{
		"no limit":                         {"", "", "", 200},
		"inside":                           {"127.0.0.0/8", "", "", 200},
		"inside, in the other family":      {"::1,127.0.0.1", "", "", 200},
		"outside":                          {"216.198.0.0/18", "", "", 403},
		"says that it is inside":           {"216.198.0.0/18", "", "216.198.0.7", 403},
		"a proxy says so":                  {"216.198.0.0/18", "127.0.0.1", "216.198.0.7", 200},
		"a proxy says otherwise":           {"216.198.0.0/18", "127.0.0.1", "203.0.113.9", 403},
		"says so before the proxy":         {"216.198.0.0/18", "127.0.0.1", "216.198.0.7, 203.0.113.9", 403},
		"a proxy that says nothing":        {"216.198.0.0/18", "127.0.0.1", "", 403},
		"a proxy that says nonsense":       {"216.198.0.0/18", "127.0.0.1", "zendesk", 403},
		"another proxy":                    {"216.198.0.0/18", "10.0.0.0/8", "216.198.0.7", 403},
		"through two proxies":              {"216.198.0.0/18", "127.0.0.1,10.0.0.0/8", "203.0.113.9, 216.198.0.7, 10.1.2.3", 200},
		"says so in a line of its own":     {"216.198.0.0/18", "127.0.0.1", "216.198.0.7|203.0.113.9", 403},
		"the proxy adds a line":            {"216.198.0.0/18", "127.0.0.1", "203.0.113.9|216.198.0.7", 200},
		"nonsense behind an allowed proxy": {"216.198.0.0/18,127.0.0.1", "127.0.0.1", "zendesk", 403},
		"an allowed proxy itself":          {"127.0.0.1", "127.0.0.1", "", 200},
		"a proxy that tells the port":      {"216.198.0.0/18", "127.0.0.1", "216.198.0.7:4711", 200},
		"a proxy that tells that of IPv6":  {"2001:db8::/32", "127.0.0.1", "[2001:db8::7]:4711", 200},
		"IPv4 in the form of IPv6":         {"216.198.0.0/18", "127.0.0.1", "::ffff:216.198.0.7", 200},
		"sixth version, written otherwise": {"2001:db8::/32", "127.0.0.1", "2001:0db8:0::7", 200},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(in *setup) {
				in.env.AllowedCIDRs, in.env.TrustedProxies = networks(t, test.allowed), networks(t, test.trusted)
			})
			d := s.request(trigger("ticket.solved"))
			d.change = func(r *http.Request) {
				if test.forwarded != "" {
					r.Header["X-Forwarded-For"] = strings.Split(test.forwarded, "|")
				}
				r.Header.Set("X-Real-Ip", "216.198.0.7") // which anybody may write
			}
			r := s.send(t, d)
			assert.Equal(t, test.status, r.status)
			assert.Equal(t, map[int]map[string]int64{200: {resultDelivered: 1}, 403: {resultForbidden: 1}}[r.status], s.counted("acme"))
			assert.Len(t, s.temporal.signals(), map[int]int{200: 1}[r.status])
			assert.Equal(t, 200, get(t, s.url+"/healthz").status, "probes come from elsewhere")
			assert.Equal(t, test.status == 403, strings.Contains(s.log.String(), "ALLOWED_CIDRS"))
		})
	}
	assert.False(t, netip.MustParsePrefix("127.0.0.0/8").Contains(netip.MustParseAddr("::ffff:127.0.0.1")), "why addresses are unmapped")
}

// TestRefusedBeforeAConnectorIsKnown: whoever looks at any account's counts sees that something went wrong.
func TestRefusedBeforeAConnectorIsKnown(t *testing.T) {
	s := newSite(t, func(in *setup) { in.env.AllowedCIDRs = networks(t, "192.0.2.0/24") })
	d := s.request(trigger("ticket.solved"))
	d.path = "/webhooks/zendesk"
	assert.Equal(t, 403, s.send(t, d).status)
	assert.Equal(t, map[string]int64{resultForbidden: 1}, s.counted("acme"))
	assert.Equal(t, map[string]int64{resultForbidden: 1}, s.counted("other"))

	s = newSite(t)
	d = s.request(trigger("ticket.solved"))
	d.path = "/webhooks/zendesk/nobody"
	assert.Equal(t, 404, s.send(t, d).status)
	assert.Equal(t, map[string]int64{resultNotFound: 1}, s.counted("acme"))
	assert.Equal(t, map[string]int64{resultNotFound: 1}, s.counted("other"))
	assert.Empty(t, s.counted("off"))
}

// TestSlashAtTheEnd: an endpoint that leads here by the check of webhooks does so.
func TestSlashAtTheEnd(t *testing.T) {
	for _, one := range []string{"/webhooks/zendesk", "/webhooks/zendesk/", path, path + "/"} {
		require.True(t, activities.LeadsHere("https://hooks.example.com"+one, "acme"))
		s := newSite(t, func(in *setup) { in.file.Ordered = in.file.Ordered[:1] })
		d := s.request(trigger("ticket.solved"))
		d.path = one
		assert.Equal(t, 200, s.send(t, d).status, one)
		assert.Equal(t, map[string]int64{resultDelivered: 1}, s.counted("acme"))
	}
}
