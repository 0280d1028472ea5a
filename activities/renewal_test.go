package activities

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
)

func TestARefusedTokenAndARefusedAddressAreToldApart(t *testing.T) {
	cfg := config.DefaultConnector("zendesk", "acme")
	cfg.Auth.OAuth.ClientID = "connector"
	c := &connection{cfg: cfg}
	refused := &rest.Error{Vendor: "zendesk", Route: "/api/v2/users/me.json", Status: http.StatusUnauthorized}
	assert.Contains(t, pauseMessage(c.asConnected(refused, refused)), "starter connect")
	refused.Detail = "Access from IP address 192.0.2.7 is not allowed"
	message := pauseMessage(c.asConnected(refused, refused))
	assert.Contains(t, message, "192.0.2.7")
	assert.NotContains(t, message, "starter connect")
}

func TestSettleWaitsForARenewal(t *testing.T) {
	a := New(Options{File: &config.File{}})
	lock := &a.Account.connections.renewing
	lock.RLock()
	settled := make(chan struct{})
	go func() { a.Settle(t.Context()); close(settled) }()
	require.Eventually(t, func() bool {
		if !lock.TryRLock() {
			return true
		}
		lock.RUnlock()
		return false
	}, 5*time.Second, time.Millisecond, "no other renewal begins")
	select {
	case <-settled:
		t.Error("a renewal is in flight")
	default:
	}
	lock.RUnlock()
	<-settled

	held := New(Options{File: &config.File{}})
	held.Account.connections.renewing.RLock()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	held.Settle(ended) // gives up
}
