package zendesk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The headers of a webhook request.
// https://developer.zendesk.com/documentation/webhooks/anatomy-of-a-webhook-request/
const (
	HeaderSignature          = "X-Zendesk-Webhook-Signature"
	HeaderSignatureTimestamp = "X-Zendesk-Webhook-Signature-Timestamp"
	HeaderAccountID          = "X-Zendesk-Account-Id"
	HeaderWebhookID          = "X-Zendesk-Webhook-Id"
	HeaderInvocationID       = "X-Zendesk-Webhook-Invocation-Id"
)

// TestSecret is the public secret with which Zendesk signs the test of a webhook that does not exist yet. Everybody knows
// it, so what it signs proves nothing.
// https://developer.zendesk.com/documentation/webhooks/verifying/
const TestSecret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==" //nolint:gosec // G101: public, and meant to be

// Why a request is not accepted as Zendesk's. Only ErrTooOld and ErrFromFuture are about requests whose signature is good.
var (
	ErrNotSigned     = errors.New("verify webhook: the request carries no signature")
	ErrBadSignature  = errors.New("verify webhook: the signature was made with another secret or for another body")
	ErrTestSecret    = errors.New("verify webhook: signed with Zendesk's public test secret: save the webhook in Zendesk, then test it again")
	ErrTooOld        = errors.New("verify webhook: signed too long ago")
	ErrFromFuture    = errors.New("verify webhook: signed in the future: set this host's clock by NTP")
	errNoVerifyBound = errors.New("verify webhook: the age window must be more than 0")
)

// MaxClockSkew is how far ahead of this host's clock a signature may be dated: two clocks that are kept by NTP differ
// by less, and a request from the near future can be replayed for that much longer and no more.
const MaxClockSkew = time.Minute

// Sign returns the signature of a request: base64 of HMAC-SHA256 over timestamp and body with no separator. The key is the
// secret exactly as Zendesk shows it; that it looks like base64 means nothing.
// https://developer.zendesk.com/documentation/webhooks/verifying/
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// VerifyOption changes what Verify accepts.
type VerifyOption func(*verification)

type verification struct{ allowTest bool }

// AllowTestSecret accepts what TestSecret signs when allow is true: for trying out a receiver, never in production.
func AllowTestSecret(allow bool) VerifyOption {
	return func(v *verification) { v.allowTest = allow }
}

// Verify returns the bytes that it has verified: body, when one of secrets signed it together with its timestamp header no
// longer than maxAge before now and no more than MaxClockSkew after it. Several secrets are valid while one is being replaced.
// TestSecret counts only by AllowTestSecret, not by standing among secrets. Retries may carry the first attempt's
// timestamp, so maxAge must cover them all.
//
// The error wraps ErrNotSigned, ErrBadSignature, ErrTestSecret, ErrTooOld or ErrFromFuture, in this order of precedence. How long
// a comparison takes tells nothing of the signature or of which secret was near.
func Verify(
	h http.Header, body []byte, secrets []string, now time.Time, maxAge time.Duration, options ...VerifyOption,
) ([]byte, error) {
	if maxAge <= 0 {
		return nil, errNoVerifyBound
	}
	var v verification
	for _, option := range options {
		option(&v)
	}
	given, stamp, ok := signatureOf(h)
	if !ok {
		return nil, ErrNotSigned
	}
	signed := func(secret string) bool { return hmac.Equal([]byte(Sign(secret, stamp, body)), []byte(given)) }
	test, good := signed(TestSecret), false
	for _, secret := range secrets {
		if secret != "" && secret != TestSecret && signed(secret) {
			good = true
		}
	}
	switch {
	case test && !v.allowTest:
		return nil, ErrTestSecret
	case !good && !test:
		return nil, ErrBadSignature
	}
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return nil, ErrBadSignature
	}
	switch age := now.Sub(at); {
	case age > maxAge:
		return nil, fmt.Errorf("%w: %d s, %d are allowed", ErrTooOld, wholeSeconds(age), wholeSeconds(maxAge))
	case -age > MaxClockSkew:
		return nil, fmt.Errorf("%w (%d s ahead of it)", ErrFromFuture, wholeSeconds(-age))
	}
	return body, nil
}

func wholeSeconds(d time.Duration) int64 { return int64(d.Round(time.Second) / time.Second) }

// signatureOf returns both headers of the signature; ok is false unless each is there once and not empty.
func signatureOf(h http.Header) (signature, timestamp string, ok bool) {
	signatures, timestamps := h.Values(HeaderSignature), h.Values(HeaderSignatureTimestamp)
	if len(signatures) != 1 || len(timestamps) != 1 || signatures[0] == "" || timestamps[0] == "" {
		return "", "", false
	}
	return signatures[0], timestamps[0], true
}

// Delivery is what the headers of a webhook request say of it. They are not signed: they may help to find a webhook or to
// recognise a repetition, and decide nothing else.
type Delivery struct {
	AccountID    int64  // 0 when absent
	WebhookID    string // empty when absent or no id
	InvocationID string // the same for all attempts of one invocation; empty when absent or no id
}

// DeliveryOf reads the headers.
func DeliveryOf(h http.Header) Delivery {
	d := Delivery{WebhookID: cleanID(h.Get(HeaderWebhookID)), InvocationID: cleanID(h.Get(HeaderInvocationID))}
	if n, err := strconv.ParseInt(h.Get(HeaderAccountID), 10, 64); err == nil && n > 0 {
		d.AccountID = n
	}
	return d
}

const maxOpaqueID = 64

// cleanID returns an opaque id of Zendesk, a ULID or UUID, and nothing for a text that can be none.
func cleanID(text string) string {
	if len(text) > maxOpaqueID {
		return ""
	}
	for i := range len(text) {
		c := text[i]
		if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '_') {
			return ""
		}
	}
	return text
}
