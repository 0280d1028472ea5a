package rest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Error is a call that did not succeed: an answer outside 2xx, an answer that could not be read, or none at all.
// Its text holds the route template, status, code and request id only; Detail is for the rejects table.
type Error struct {
	Vendor    string
	Method    string
	Route     string
	Status    int    // 0 when no answer came; 2xx when the answer's body could not be read
	Code      string // the vendor's error code; empty when the body had none
	Reason    string // what went wrong below HTTP: "timeout", "body cut short"; empty when Status tells
	RequestID string
	// RetryAfter is what the vendor asked to wait; 0 when it did not ask.
	RetryAfter time.Duration
	Detail     string
	Fields     []string
	Foreign    bool // see Problem
	cause      error
	unsent     bool // no connection came about, so nothing can have arrived
}

// Malformed is what a reader given to Stream returns when it understands the answer's bytes but not their sense. Why is
// shown to people: a constant, or built from constants and numbers, never from the answer's text.
type Malformed struct{ Why string }

func (m *Malformed) Error() string { return m.Why }

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s:", e.Vendor, e.Method, e.Route)
	if e.Status != 0 {
		fmt.Fprintf(&b, " %d", e.Status)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, " %s", e.Code)
	}
	if e.Reason != "" {
		fmt.Fprintf(&b, " %s", e.Reason)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", e.RequestID)
	}
	return b.String()
}

// Unwrap gives context.Canceled or context.DeadlineExceeded when the caller's context ended the call; never the
// transport's own error, whose text holds the URL.
func (e *Error) Unwrap() error { return e.cause }

// Timeout reports whether the vendor took longer to answer than the call may last.
func (e *Error) Timeout() bool { return e.Reason == reasonTimeout }

// MayHaveArrived reports whether the vendor may have carried out the call although no readable success came back.
func (e *Error) MayHaveArrived() bool {
	switch {
	case e.Status == 0:
		return !e.unsent
	case e.Status >= 200 && e.Status <= 299:
		return true
	}
	return e.Status >= 500 || e.Status == http.StatusRequestTimeout
}

// ReasonHTML is the Reason of an answer that did not come from the vendor's API but from something before it: an edge
// server, a maintenance page, a proxy.
const ReasonHTML = "answered HTML instead of JSON"

var errHTML = errors.New(ReasonHTML)

const (
	reasonTimeout   = "timeout"
	reasonCanceled  = "canceled"
	reasonRefused   = "connection refused"
	reasonDNS       = "host not found"
	reasonCut       = "body cut short"
	reasonMalformed = "body is not the documented JSON"
	reasonNetwork   = "network error"
	reasonConnect   = "could not connect"
	reasonTLS       = "certificate or TLS not accepted"
	reasonRedirect  = "redirected, which is not followed: check base_url"
)

func (c *Client) transportError(ctx context.Context, r Request, meta Meta, err error) error {
	e := &Error{Vendor: c.cfg.Vendor, Method: r.Method, Route: r.Route, Status: meta.Status, RequestID: meta.RequestID}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.Reason, e.cause = reasonCanceled, context.Canceled
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.Reason, e.cause = reasonTimeout, context.DeadlineExceeded
	case meta.Status != 0:
		e.Reason = bodyReason(meta, err)
	default:
		e.Reason, e.unsent = networkReason(err)
	}
	return e
}

// bodyReason says what was wrong with an answer whose status came through.
func bodyReason(meta Meta, err error) string {
	var (
		netErr    net.Error
		malformed *Malformed
	)
	switch {
	case errors.As(err, &netErr) && netErr.Timeout():
		return reasonTimeout
	case errors.As(err, &netErr), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), truncatedJSON(err):
		return reasonCut
	case isHTML(meta.Header.Get("Content-Type")):
		return ReasonHTML
	case errors.As(err, &malformed):
		return reasonMalformed + ": " + malformed.Why
	}
	return reasonMalformed
}

// truncatedJSON knows encoding/json's error for a text that ends too early; its type is that of any syntax error.
func truncatedJSON(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input"
}

// networkReason says why no answer came, and whether it is certain that the vendor never saw the call.
func networkReason(err error) (reason string, unsent bool) {
	var (
		netErr  net.Error
		dnsErr  *net.DNSError
		opErr   *net.OpError
		certErr *tls.CertificateVerificationError
		record  tls.RecordHeaderError
	)
	dialling := errors.As(err, &opErr) && opErr.Op == "dial"
	switch {
	case errors.As(err, &dnsErr):
		return reasonDNS, true
	case errors.Is(err, syscall.ECONNREFUSED):
		return reasonRefused, true
	case errors.As(err, &certErr), errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return reasonTLS, true
	case errors.As(err, &netErr) && netErr.Timeout():
		return reasonTimeout, dialling
	case dialling:
		return reasonConnect, true
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return reasonCut, false
	}
	return reasonNetwork, false
}

func (c *Client) problem(r Request, meta Meta, resp *http.Response) error {
	e := &Error{
		Vendor: c.cfg.Vendor, Method: r.Method, Route: r.Route, Status: meta.Status, RequestID: meta.RequestID,
		RetryAfter: RetryAfter(resp.Header, c.cfg.Now()),
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxProblemBody))
	if c.cfg.Problem != nil {
		p := c.cfg.Problem(body)
		e.Code, e.Detail, e.Fields, e.Foreign = cleanCode(p.Code), p.Detail, p.Fields, p.Foreign
	}
	switch {
	case meta.Status >= 300 && meta.Status <= 399:
		e.Reason = reasonRedirect
	case e.Code == "" && isHTML(resp.Header.Get("Content-Type")):
		e.Reason = ReasonHTML
	}
	return e
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,80}$`)

// cleanCode keeps a code only while it cannot hold a sentence: vendors also put human text, with addresses, there.
func cleanCode(code string) string {
	if codePattern.MatchString(code) {
		return code
	}
	return ""
}

// longestWait is the most that RetryAfter gives: a vendor that asks for more means something else, as a moment in Unix time.
const longestWait = time.Hour

// RetryAfter reads the header of that name, given in seconds or as an HTTP date; at most an hour.
// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func RetryAfter(h http.Header, now time.Time) time.Duration {
	raw := strings.TrimSpace(h.Get("Retry-After"))
	if raw == "" {
		return 0
	}
	if s, err := strconv.ParseFloat(raw, 64); err == nil && s >= 0 {
		return time.Duration(min(s, longestWait.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(raw); err == nil && at.After(now) {
		return min(at.Sub(now), longestWait)
	}
	return 0
}
