package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestSecrets(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		secrets := func(a *store.Account, prefix string) []string {
			t.Helper()
			found, err := a.Secrets(c, prefix)
			require.NoError(t, err)
			var out []string
			for _, secret := range found {
				out = append(out, secret.Name)
			}
			return out
		}
		assert.Empty(t, secrets(a, ""))
		current := store.Secret{Name: "webhook_signing/01J", KeyID: "0a1b2c3d", Sealed: "c2VhbGVk", CreatedAt: at(0)}
		previous := store.Secret{Name: "webhook_signing/01J/previous", KeyID: "ffffffff", Sealed: "b2xk", CreatedAt: at(-9), ExpiresAt: at(-1)}
		for _, secret := range []store.Secret{
			previous, current,
			{Name: "webhook_signing/01K"},
			{Name: "webhookXsigning/01J"},
			{Name: "WEBHOOK_signing/01J"},
			{Name: "100%"},
			{Name: "100"},
			{Name: "schlüssel/ä1"},
		} {
			require.NoError(t, a.PutSecret(c, secret))
		}
		require.NoError(t, s.Account("other").PutSecret(c, current))

		got, err := a.Secrets(c, "webhook_signing/01J")
		require.NoError(t, err)
		assert.Equal(t, []store.Secret{current, previous}, got, "an expired one is the caller's to judge")
		assert.ElementsMatch(t, []string{"webhook_signing/01J", "webhook_signing/01J/previous", "webhook_signing/01K"}, secrets(a, "webhook_signing/"))
		assert.Equal(t, []string{"100%"}, secrets(a, "100%"), "a prefix is no pattern")
		assert.Equal(t, []string{"schlüssel/ä1"}, secrets(a, "schlüssel/ä"))
		assert.Len(t, secrets(a, ""), 8)

		current.KeyID, current.Sealed, current.CreatedAt, current.ExpiresAt = "11111111", "bmV3", at(5), at(6)
		require.NoError(t, a.PutSecret(c, current))
		got, err = a.Secrets(c, current.Name)
		require.NoError(t, err)
		assert.Equal(t, []store.Secret{current, previous}, got)

		require.NoError(t, a.DeleteSecrets(c, "webhook_signing/01J"))
		require.NoError(t, a.DeleteSecrets(c, "webhook_signing/01J"), "once more")
		assert.Equal(t, []string{"webhook_signing/01K"}, secrets(a, "webhook_signing/"))
		assert.Equal(t, []string{"webhook_signing/01J"}, secrets(s.Account("other"), ""), "another account's stay")
		require.NoError(t, a.DeleteSecrets(c, ""))
		assert.Empty(t, secrets(a, ""))
	})
}

func TestWebhooks(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		got, err := a.Webhooks(c)
		require.NoError(t, err)
		assert.Empty(t, got)
		events := store.Webhook{ID: "01J", Kind: store.WebhookEvents, Endpoint: "https://hooks.example.com/webhooks/zendesk/acme", CreatedAt: at(2)}
		pair := store.Webhook{ID: "01K", Kind: store.WebhookTriggers, Endpoint: events.Endpoint, Triggers: []int64{26_800_000_000_001, 26_800_000_000_002}, CreatedAt: at(1)}
		for _, w := range []store.Webhook{events, pair, events} {
			require.NoError(t, a.PutWebhook(c, w))
		}
		require.NoError(t, s.Account("other").PutWebhook(c, events))
		got, err = a.Webhooks(c)
		require.NoError(t, err)
		assert.Equal(t, []store.Webhook{pair, events}, got)

		pair.Triggers, pair.Endpoint = nil, "https://elsewhere.example.com/webhooks/zendesk/acme"
		require.NoError(t, a.PutWebhook(c, pair))
		require.NoError(t, a.DeleteWebhook(c, events.ID))
		require.NoError(t, a.DeleteWebhook(c, events.ID), "once more")
		got, err = a.Webhooks(c)
		require.NoError(t, err)
		assert.Equal(t, []store.Webhook{pair}, got)
		got, err = s.Account("other").Webhooks(c)
		require.NoError(t, err)
		assert.Equal(t, []store.Webhook{events}, got)
	})
}
