package main

import (
	"encoding/json"
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
	assert.JSONEq(t, `{"connector": "zendesk", "account": "acme", "networks": ["127.0.0.0/8", "::1/128"]}`, stdout)

	var row struct {
		Networks []string `json:"networks"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &row))
	var read config.Networks
	require.NoError(t, read.UnmarshalText([]byte(row.Networks[0]+","+row.Networks[1])), "what is printed can be pasted")

	h.sim.Faults().Add(sim.Fault{Path: "/ips", Status: 404})
	_, stderr := h.starter(exitFailed, "webhooks", "ips")
	assert.Contains(t, stderr, "ask for Zendesk's networks: ")
	_, stderr = h.starter(exitUsage, "webhooks", "ips", "nobody")
	assert.Contains(t, stderr, "nobody")
}
