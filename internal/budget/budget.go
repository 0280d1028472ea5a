// Package budget is the arithmetic of vendor rate limits: what a response's headers say (Reading), what is
// known of a bucket's current window (Window), and whether one more call may go now (Window.Reserve). It is pure:
// time is passed in, nothing is stored. The store keeps the windows, the clients produce the readings.
package budget

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	// probeLease is how long a window waits for the answer of the one call that went first after a reset.
	// Should that call die unanswered, the next caller becomes the probe.
	probeLease = 30 * time.Second
	// probeRecheck is how soon a caller that met a probe should ask again.
	probeRecheck = 200 * time.Millisecond
	// sameWindow is how far two headers of one window may disagree about its end: vendors round to whole seconds.
	sameWindow = 1100 * time.Millisecond
	// longest is the longest window or wait that either vendor has: a number that says more is none of a duration.
	longest = time.Hour
	// clocks is how far the clocks of two workers that share a window may differ.
	clocks = time.Minute
)

// Reading is what one response's headers say of one bucket.
type Reading struct {
	Bucket    string        // the vendor's name of the bucket, prefixed with the vendor: "zendesk:incremental-exports"
	Limit     int           // units per window; 0 when the header does not say
	Remaining int           // units left after this call
	Reset     time.Duration // until the window ends; 0 when the header does not say
	// Silent: the call ended and told nothing, as when a gateway answered. The rest of the reading is empty.
	Silent bool
	// Granted: the vendor took the call and said nothing of this bucket. The rest of the reading is empty.
	Granted bool
	// Refused: the vendor turned the call down because nothing is left until Reset.
	Refused bool
}

// Need is one unit of one bucket, asked for before a call.
type Need struct {
	Bucket string
	Share  float64       // the part of the limit this product may use, 0 < Share <= 1; the rest is left to others
	Guess  int           // the limit assumed until a header tells
	Period time.Duration // the window's length assumed until a header tells
}

// Meter is asked before, and told after, every call to a vendor.
type Meter interface {
	// Reserve takes one unit of every need or none at all. It may sleep through a short wait; a longer one
	// is returned at once as *Exhausted. Units are never refunded.
	Reserve(ctx context.Context, needs ...Need) error
	// Observe learns from a response. It never fails a call that already succeeded: errors are the meter's to report.
	Observe(ctx context.Context, readings ...Reading)
}

// Exhausted says that a bucket has nothing left for this product until Wait has passed.
type Exhausted struct {
	Bucket string
	Wait   time.Duration
}

func (e *Exhausted) Error() string {
	return fmt.Sprintf("waiting %d s: %s budget", int(math.Ceil(e.Wait.Seconds())), e.Bucket)
}

// Window is what is known of a bucket's current window. The zero Window knows nothing.
type Window struct {
	Limit      int
	Remaining  int
	ResetsAt   time.Time // zero while the window's end is unknown
	ProbeUntil time.Time // non-zero while one call is out that will tell how the new window stands
}

// Floor is the number of units left to others: no call goes while Remaining is at or below it.
func (n Need) Floor(limit int) int {
	return limit - int(math.Floor(float64(limit)*n.Share+1e-9))
}

// Reserve decides whether one call may go at now. When it may, the returned window has the unit taken and wait is 0;
// otherwise the window is unchanged and wait (always positive) says when to ask again.
func (w Window) Reserve(now time.Time, n Need) (next Window, wait time.Duration) {
	if !w.known(now) {
		if w.ProbeUntil.After(now) {
			return w, min(probeRecheck, w.ProbeUntil.Sub(now))
		}
		limit := w.Limit
		if limit == 0 {
			limit = n.Guess
		}
		return Window{Limit: limit, Remaining: limit - 1, ProbeUntil: now.Add(probeLease)}, 0
	}
	if w.Remaining <= n.Floor(w.Limit) {
		return w, w.ResetsAt.Sub(now)
	}
	w.Remaining--
	return w, 0
}

// known reports whether the window's end lies ahead. One too far ahead is a vendor's mistake, and holds nobody.
func (w Window) known(now time.Time) bool {
	return w.ResetsAt.After(now) && w.ResetsAt.Sub(now) <= longest+clocks
}

// Observe folds a reading taken at now into the window. Within a window Remaining only falls; it rises only with a new
// reset, so an answer that arrives late from an older window changes nothing.
//
// A silent reading only ends the probe, so that the next call becomes one: without it a single 502 would keep everybody
// waiting for the probe's lease to run out. A granted one opens the window that its probe took its unit of. A refusal empties
// the window whatever was known of it, its end included, which may have been no more than assumed.
func (w Window) Observe(now time.Time, r Reading, period time.Duration) Window {
	known := w.known(now)
	switch {
	case r.Granted && !known && !w.ProbeUntil.IsZero():
		return Window{Limit: w.Limit, Remaining: w.Remaining, ResetsAt: now.Add(period)}
	case r.Silent, r.Granted:
		w.ProbeUntil = time.Time{}
		return w
	}
	limit := r.Limit
	if limit == 0 {
		limit = w.Limit
	}
	reset := min(r.Reset, longest)
	if reset <= 0 {
		if known && !r.Refused {
			w.Limit, w.Remaining, w.ProbeUntil = limit, min(w.Remaining, r.Remaining), time.Time{}
			return w
		}
		reset = period
	}
	ends := now.Add(reset)
	switch {
	case r.Refused && known && w.Remaining <= 0 && w.ResetsAt.After(ends):
		return Window{Limit: limit, ResetsAt: w.ResetsAt} // an earlier refusal asked for more
	case r.Refused:
		return Window{Limit: limit, ResetsAt: ends}
	case !known || ends.Sub(w.ResetsAt) > sameWindow:
		return Window{Limit: limit, Remaining: r.Remaining, ResetsAt: ends}
	case w.ResetsAt.Sub(ends) > sameWindow:
		return w
	}
	w.Limit, w.Remaining, w.ProbeUntil = limit, min(w.Remaining, r.Remaining), time.Time{}
	return w
}

// Unmetered is the meter of a connection that counts nothing: tests and tools against simulators without limits.
type Unmetered struct{}

func (Unmetered) Reserve(context.Context, ...Need) error { return nil }
func (Unmetered) Observe(context.Context, ...Reading)    {}
