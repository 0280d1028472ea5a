package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/sim"
)

func TestWebhooksIPs(t *testing.T) {
	h := newHooked(t)
	stdout, _ := h.starter(exitOK, "webhooks", "ips")
	assert.Equal(t, "ALLOWED_CIDRS=127.0.0.0/8,::1/128\n", stdout)
	stdout, _ = h.starter(exitOK, "webhooks", "ips", "--json")
	assert.JSONEq(t, `{"connector": "zendesk", "account": "acme", "networks": ["127.0.0.0/8", "::1/128"], "leftOut": []}`, stdout)

	var row struct {
		Networks []string `json:"networks"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &row))
	var read config.Networks
	require.NoError(t, read.UnmarshalText([]byte(row.Networks[0]+","+row.Networks[1])), "what is printed can be pasted")

	// What Zendesk's own page shows: https://developer.zendesk.com/api-reference/ticketing/account-configuration/public_ips/
	h.sim.Faults().Add(sim.Fault{
		Path: "/ips", Times: 2, Status: 200, Body: `{"ips":{"egress":{"all":["102.16.12.041/32","5.6.7.8","the moon"]},"ingress":{"all":["1.2.3.4"]}}}`,
	})
	stdout, stderr := h.starter(exitOK, "webhooks", "ips")
	assert.Equal(t, "ALLOWED_CIDRS=102.16.12.41/32,5.6.7.8/32\n", stdout)
	assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	assert.Contains(t, stderr, `Zendesk also names "the moon", which is no network and is left out`)
	stdout, _ = h.starter(exitOK, "webhooks", "ips", "--json")
	assert.JSONEq(t, `{"connector": "zendesk", "account": "acme", "networks": ["102.16.12.41/32", "5.6.7.8/32"], "leftOut": ["the moon"]}`, stdout)

	h.sim.Faults().Add(sim.Fault{Path: "/ips", Status: 404})
	_, stderr = h.starter(exitFailed, "webhooks", "ips")
	assert.Contains(t, stderr, "ask for Zendesk's networks: ")
	_, stderr = h.starter(exitUsage, "webhooks", "ips", "nobody")
	assert.Contains(t, stderr, "nobody")
}
