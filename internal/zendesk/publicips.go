package zendesk

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
)

const routePublicIPs = "/ips"

// EgressNetworks are the networks that Zendesk calls from, for this account's deliveries: those that it names for the account
// where it does, else all of its own. They change: Zendesk advises to ask daily.
// https://developer.zendesk.com/api-reference/ticketing/account-configuration/public_ips/
func (c *Client) EgressNetworks(ctx context.Context) ([]netip.Prefix, error) {
	var out struct {
		Egress struct {
			All      []netip.Prefix `json:"all"`
			Specific []netip.Prefix `json:"specific"`
		} `json:"egress"`
	}
	if _, err := c.gate.Do(ctx, c.call(http.MethodGet, routePublicIPs, routePublicIPs, nil, nil), &out); err != nil {
		return nil, err
	}
	networks := out.Egress.Specific
	if len(networks) == 0 {
		networks = out.Egress.All
	}
	if len(networks) == 0 {
		return nil, errors.New("zendesk ips: the answer names no network")
	}
	return networks, nil
}
