package rest

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"zendesk-brevo/internal/budget"
)

// LevelVerbose is the level of what is said of every call: between slog's info and debug.
const LevelVerbose = slog.Level(-2)

// Call is one request that left, without anything that could name a person: Route is the template, never the path.
type Call struct {
	Vendor string
	Method string
	Route  string
	Status int // 0 when no answer came
	Took   time.Duration
}

// observe tells the meter how a call ended: what its headers say of each bucket it needed, or that they say nothing. resp is
// nil when no answer came. It returns what it told.
func (c *Client) observe(ctx context.Context, resp *http.Response, needs []budget.Need) []budget.Reading {
	var readings []budget.Reading
	if resp != nil && c.cfg.Readings != nil {
		readings = c.cfg.Readings(resp, needs)
	}
	for _, n := range needs {
		if !slices.ContainsFunc(readings, func(r budget.Reading) bool { return r.Bucket == n.Bucket }) {
			readings = append(readings, budget.Reading{Bucket: n.Bucket, Silent: true})
		}
	}
	c.cfg.Meter.Observe(ctx, readings...)
	return readings
}

// tell reports a call that ended to the log and to whoever counts.
func (c *Client) tell(ctx context.Context, r Request, meta Meta, readings []budget.Reading, err error) {
	took := c.cfg.Now().Sub(meta.SentAt)
	if c.cfg.Called != nil {
		c.cfg.Called(ctx, Call{Vendor: c.cfg.Vendor, Method: r.Method, Route: r.Route, Status: meta.Status, Took: took})
	}
	if !c.cfg.Log.Enabled(ctx, LevelVerbose) {
		return
	}
	attrs := []slog.Attr{
		slog.String("vendor", c.cfg.Vendor), slog.String("method", r.Method), slog.String("route", r.Route),
		slog.Int("status", meta.Status), slog.Int64("ms", took.Milliseconds()),
	}
	if left := remaining(c.cfg.Vendor, readings); len(left) > 0 {
		attrs = append(attrs, slog.Attr{Key: "remaining", Value: slog.GroupValue(left...)})
	}
	if meta.RequestID != "" {
		attrs = append(attrs, slog.String("request", meta.RequestID))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.cfg.Log.LogAttrs(ctx, LevelVerbose, "vendor call", attrs...)
}

// remaining is what the answer's headers left of each bucket; readings that no header made have no limit.
func remaining(vendor string, readings []budget.Reading) []slog.Attr {
	var left []slog.Attr
	for _, reading := range readings {
		if reading.Limit > 0 {
			left = append(left, slog.Int(strings.TrimPrefix(reading.Bucket, vendor+":"), reading.Remaining))
		}
	}
	slices.SortFunc(left, func(x, y slog.Attr) int { return strings.Compare(x.Key, y.Key) })
	return left
}
