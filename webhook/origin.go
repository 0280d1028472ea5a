package main

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"zendesk-brevo/internal/config"
)

// allow refuses what comes from outside ALLOWED_CIDRS, if that is set.
func (s *server) allow(c *gin.Context) {
	if len(s.env.AllowedCIDRs) == 0 {
		return
	}
	if from, ok := origin(c.Request, s.env.TrustedProxies); ok && holds(s.env.AllowedCIDRs, from) {
		return
	}
	s.countFor(s.connector(c), resultForbidden)
	s.warn("forbidden", "a request from outside ALLOWED_CIDRS was refused: behind a proxy, set TRUSTED_PROXIES to its address")
	c.String(http.StatusForbidden, "Forbidden")
	c.Abort()
}

// origin is the address that a request comes from: its peer's or, where that is a trusted proxy, the last address of
// X-Forwarded-For that is none. What stands before that one was written by somebody who is not trusted. Where the proxies name
// none, it is the farthest of them. ok is false when a trusted proxy writes something that is no address.
func origin(r *http.Request, trusted config.Networks) (from netip.Addr, ok bool) {
	if from, ok = address(r.RemoteAddr); !ok {
		return from, false
	}
	// A proxy may add a line of its own to those that it was sent.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !holds(trusted, from) {
			break
		}
		if hop = strings.TrimSpace(hop); hop == "" {
			continue
		}
		if from, ok = address(hop); !ok {
			return from, false
		}
	}
	return from, true
}

// address reads an address with or without a port; IPv4 addresses in the form of IPv6 count as the former.
func address(text string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}

func holds(networks config.Networks, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// countFor counts a request that no connector took: for the one that its path names, else for all, since nobody can tell
// whose it was meant to be.
func (s *server) countFor(cfg *config.Connector, result string) {
	if cfg != nil {
		s.counts.add(cfg.Account(), result, s.now())
		return
	}
	for account := range s.connectors {
		s.counts.add(account, result, s.now())
	}
}
