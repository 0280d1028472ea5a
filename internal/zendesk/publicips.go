package zendesk

import (
	"context"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

const routePublicIPs = "/ips"

// Networks are those that Zendesk calls from.
type Networks struct {
	Prefixes []netip.Prefix
	Odd      []string // entries of the answer that are no network, as Zendesk wrote them: up to 50 characters each
}

// EgressNetworks are the networks that Zendesk calls from, for this account's deliveries: those that it names for the account
// where it does, else all of its own. They change: Zendesk advises to ask daily. Its error is a *rest.Error, also where the
// answer names no network that can be read.
// https://developer.zendesk.com/api-reference/ticketing/account-configuration/public_ips/
func (c *Client) EgressNetworks(ctx context.Context) (Networks, error) {
	// Published descriptions of the answer differ: one has it inside an "ips" member.
	type answer struct {
		Egress struct {
			All      listed `json:"all"`
			Specific listed `json:"specific"`
		} `json:"egress"`
	}
	var out struct {
		answer
		IPs answer `json:"ips"`
	}
	r := c.call(http.MethodGet, routePublicIPs, routePublicIPs, nil, nil)
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return Networks{}, err
	}
	for _, list := range []listed{out.Egress.Specific, out.IPs.Egress.Specific, out.Egress.All, out.IPs.Egress.All} {
		if networks := networksOf(list); len(networks.Prefixes) > 0 {
			return networks, nil
		}
	}
	return Networks{}, missing(r, meta, "network under egress")
}

// listed is a list of texts that may be missing.
type listed []string

// UnmarshalJSON takes what the page decoder takes.
func (l *listed) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	*l = nil
	s.elements(func() { *l = append(*l, s.str()) })
	return s.err
}

func networksOf(list []string) (n Networks) {
	for _, text := range list {
		if prefix, ok := networkOf(text); ok {
			n.Prefixes = append(n.Prefixes, prefix)
		} else {
			n.Odd = append(n.Odd, strings.ToValidUTF8(text[:min(len(text), 50)], ""))
		}
	}
	return n
}

// leadingZeros are those of a decimal octet, with which Zendesk's own page writes an address: 102.16.12.041/32.
var leadingZeros = regexp.MustCompile(`(^|\.)0+([0-9])`)

// networkOf reads a network in CIDR notation, or an address alone.
func networkOf(text string) (netip.Prefix, bool) {
	if text = strings.TrimSpace(text); !strings.Contains(text, ":") {
		address, bits, found := strings.Cut(text, "/")
		text = leadingZeros.ReplaceAllString(address, "$1$2")
		if found {
			text += "/" + bits
		}
	}
	if addr, err := netip.ParseAddr(text); err == nil {
		prefix, err := addr.Prefix(addr.BitLen())
		return prefix, err == nil && addr.Zone() == ""
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err == nil
}
