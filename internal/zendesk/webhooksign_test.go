package zendesk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/zendesk"
)

// signed returns the headers of a request that secret signed at a time.
func signed(secret string, at time.Time, body []byte) http.Header {
	stamp := at.UTC().Format(time.RFC3339)
	h := http.Header{}
	h.Set(zendesk.HeaderSignature, zendesk.Sign(secret, stamp, body))
	h.Set(zendesk.HeaderSignatureTimestamp, stamp)
	return h
}

func TestPublishedVectorVerifies(t *testing.T) {
	body := []byte(`{"event":"ticket.updated","id":123}`)
	const signature = "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM="
	assert.Equal(t, signature, zendesk.Sign("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", "2021-03-25T05:09:27Z", body))
	h := http.Header{}
	h.Set("x-zendesk-webhook-signature", signature)
	h.Set("x-zendesk-webhook-signature-timestamp", "2021-03-25T05:09:27Z")
	at := time.Date(2021, 3, 25, 5, 10, 0, 0, time.UTC)
	_, err := zendesk.Verify(h, body, []string{zendesk.TestSecret}, at, time.Hour)
	require.ErrorIs(t, err, zendesk.ErrTestSecret, "a public secret is none, even when it is configured")
	assert.ErrorContains(t, err, "save the webhook in Zendesk")
	got, err := zendesk.Verify(h, body, []string{"another"}, at, time.Hour, zendesk.AllowTestSecret(true))
	require.NoError(t, err)
	assert.Equal(t, body, got)
}

func TestVerify(t *testing.T) {
	body := []byte(`{"type":"ticket.solved","ticket_id":1}`)
	const secret, old = "bmV3IHNlY3JldA==", "b2xkIHNlY3JldA=="
	change := func(f func(http.Header)) http.Header {
		h := signed(secret, noon, body)
		f(h)
		return h
	}
	tests := map[string]struct {
		header  http.Header
		body    []byte
		secrets []string
		want    error
		says    string // in the error
	}{
		"good":                      {header: signed(secret, noon, body)},
		"old secret while rotating": {header: signed(old, noon, body)},
		"fractions of a second":     {header: change(func(h http.Header) { restamp(h, secret, "2026-05-04T11:59:59.254571515Z", body) })},
		"at the edge of the window": {header: signed(secret, noon.Add(-15*time.Minute), body)},
		"within the clocks' skew":   {header: signed(secret, noon.Add(time.Minute), body)},
		"empty body":                {header: signed(secret, noon, nil), body: []byte{}},
		"unsigned":                  {header: http.Header{}, want: zendesk.ErrNotSigned},
		"no timestamp":              {header: change(func(h http.Header) { h.Del(zendesk.HeaderSignatureTimestamp) }), want: zendesk.ErrNotSigned},
		"no signature":              {header: change(func(h http.Header) { h.Del(zendesk.HeaderSignature) }), want: zendesk.ErrNotSigned},
		"two signatures":            {header: change(func(h http.Header) { h.Add(zendesk.HeaderSignature, "x") }), want: zendesk.ErrNotSigned},
		"another secret":            {header: signed("forged", noon, body), want: zendesk.ErrBadSignature},
		"another body":              {header: signed(secret, noon, body), body: []byte(`{}`), want: zendesk.ErrBadSignature},
		"another timestamp": {
			header: change(func(h http.Header) { h.Set(zendesk.HeaderSignatureTimestamp, "2026-05-04T12:00:01Z") }), want: zendesk.ErrBadSignature,
		},
		"half a signature": {
			header: change(func(h http.Header) { h.Set(zendesk.HeaderSignature, h.Get(zendesk.HeaderSignature)[:20]) }), want: zendesk.ErrBadSignature,
		},
		"signed nonsense time": {header: change(func(h http.Header) { restamp(h, secret, "yesterday", body) }), want: zendesk.ErrBadSignature},
		"decoded secret":       {header: signed("new secret", noon, body), want: zendesk.ErrBadSignature},
		"too old":              {header: signed(secret, noon.Add(-15*time.Minute-time.Second), body), want: zendesk.ErrTooOld, says: "901 s, 900 are allowed"},
		"forged and too old":   {header: signed("forged", noon.Add(-time.Hour), body), want: zendesk.ErrBadSignature},
		"future":               {header: signed(secret, noon.Add(61*time.Second), body), want: zendesk.ErrFromFuture, says: "61 s ahead"},
		"test secret":          {header: signed(zendesk.TestSecret, noon, body), want: zendesk.ErrTestSecret},
		"empty secret":         {header: signed("", noon, body), secrets: []string{""}, want: zendesk.ErrBadSignature},
		"no secrets":           {header: signed("", noon, body), secrets: []string{}, want: zendesk.ErrBadSignature},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.secrets == nil {
				test.secrets = []string{secret, old}
			}
			if test.body == nil {
				test.body = body
			}
			got, err := zendesk.Verify(test.header, test.body, test.secrets, noon, 15*time.Minute)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
				require.ErrorContains(t, err, test.says)
				assert.Nil(t, got, "bytes that are not verified are not returned")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.body, got)
		})
	}
}

func restamp(h http.Header, secret, stamp string, body []byte) {
	h.Set(zendesk.HeaderSignatureTimestamp, stamp)
	h.Set(zendesk.HeaderSignature, zendesk.Sign(secret, stamp, body))
}

func TestVerifyNeedsAWindow(t *testing.T) {
	_, err := zendesk.Verify(signed("s", noon, nil), nil, []string{"s"}, noon, 0)
	assert.ErrorContains(t, err, "age window")
}

func TestDeliveryOf(t *testing.T) {
	h := http.Header{}
	assert.Equal(t, zendesk.Delivery{}, zendesk.DeliveryOf(h))
	h.Set("X-Zendesk-Account-Id", "12514403")
	h.Set("X-Zendesk-Webhook-Id", "01GB4T0BVZJ5F3ZQZ8Q3X7Y1AA")
	h.Set("X-Zendesk-Webhook-Invocation-Id", "01GB4T0BVZJ5F3ZQZ8Q3X7Y1AB")
	assert.Equal(t, zendesk.Delivery{
		AccountID: 12514403, WebhookID: "01GB4T0BVZJ5F3ZQZ8Q3X7Y1AA", InvocationID: "01GB4T0BVZJ5F3ZQZ8Q3X7Y1AB",
	}, zendesk.DeliveryOf(h))
	h.Set("X-Zendesk-Account-Id", "-1")
	h.Set("X-Zendesk-Webhook-Id", "ada@example.com")
	h.Set("X-Zendesk-Webhook-Invocation-Id", strings.Repeat("0", 65))
	assert.Equal(t, zendesk.Delivery{}, zendesk.DeliveryOf(h), "what is no id is dropped")
}
