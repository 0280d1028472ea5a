package zendesksim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// request is what tells one request of a webhook from another one.
type request struct {
	webhook, invocation, secret, stamp string
	body                               []byte
}

// send makes a request and returns the beginning of the answer.
func (h *webhooks) send(ctx context.Context, in webhookInput, q request) (a WebhookAttempt, retryAfter string, answer []byte) {
	a.At = h.clock.Now()
	defer func() { a.Took = h.clock.Now().Sub(a.At) }()
	a.Status = "failed"
	req, err := http.NewRequestWithContext(ctx, in.HTTPMethod, in.Endpoint, bytes.NewReader(q.body))
	if err != nil {
		return a, "", nil
	}
	for name, value := range in.CustomHeaders {
		req.Header.Set(name, value)
	}
	mac := hmac.New(sha256.New, []byte(q.secret))
	mac.Write([]byte(q.stamp))
	mac.Write(q.body)
	for name, value := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "User-Agent": "Zendesk Webhook",
		"X-Zendesk-Webhook-Signature":           base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		"X-Zendesk-Webhook-Signature-Timestamp": q.stamp,
		"X-Zendesk-Account-Id":                  strconv.Itoa(AccountID),
		"X-Zendesk-Webhook-Id":                  q.webhook,
		"X-Zendesk-Webhook-Invocation-Id":       q.invocation,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := h.client.Do(req)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		answer, err = io.ReadAll(io.LimitReader(resp.Body, 4096))
	}
	var netErr net.Error
	switch {
	case err != nil && errors.As(err, &netErr) && netErr.Timeout():
		a.Code, a.Status = http.StatusGatewayTimeout, "timeout"
	case err != nil:
	case resp.StatusCode >= 500:
		a.Code, a.Status = resp.StatusCode, "server error"
	case resp.StatusCode >= 300:
		a.Code, a.Status = resp.StatusCode, "client error"
	default:
		a.Code, a.Status = resp.StatusCode, "success"
	}
	if resp != nil {
		retryAfter = resp.Header.Get("Retry-After")
	}
	return a, retryAfter, answer
}

// testWebhook sends a test and answers with what the endpoint answered. Without an existing webhook the public test secret
// signs.
func testWebhook(s *Server, x *exchange) {
	type test struct {
		Endpoint string `json:"endpoint"`
		Payload  string `json:"payload"`
	}
	var in struct {
		Request *test `json:"request"`
		Webhook *test `json:"webhook"`
	}
	if !decode(x, &in, func() bool { return in.Request != nil || in.Webhook != nil }, "request") {
		return
	}
	if in.Request == nil {
		in.Request = in.Webhook
	}
	target := webhookInput{Endpoint: in.Request.Endpoint, HTTPMethod: http.MethodPost}
	q := request{secret: webhookTestSecret, stamp: s.clock.Now().Format(time.RFC3339), body: []byte(in.Request.Payload)}
	s.hooks.mu.Lock()
	q.invocation = s.hooks.ulid()
	if id := x.query("webhook_id"); id != "" {
		k := s.hooks.find(id)
		if k == nil {
			s.hooks.mu.Unlock()
			webhookNotFound(x.w)
			return
		}
		q.webhook, q.secret = k.ID, k.Secret
		if target.Endpoint == "" {
			target.Endpoint = k.In.Endpoint
		}
	}
	s.hooks.mu.Unlock()
	a, _, answer := s.hooks.send(x.r.Context(), target, q)
	if a.Code == 0 {
		a.Code = http.StatusBadGateway
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"response": map[string]any{"status": a.Code, "headers": []any{}, "payload": string(answer)}})
}
