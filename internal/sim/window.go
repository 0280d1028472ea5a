package sim

import (
	"sync"
	"time"
)

// Window is a fixed-window rate limiter: limit calls in a period, where the period starts at the first call after the
// previous one has ended. It is safe for concurrent use.
type Window struct {
	mu     sync.Mutex
	clock  *Clock
	period time.Duration
	limit  int
	used   int
	ends   time.Time
}

// NewWindow returns a limiter of limit calls per period of vendor time (the clock's speed shortens it). Limit 0 means
// no limit.
func NewWindow(limit int, period time.Duration, clock *Clock) *Window {
	return &Window{clock: clock, period: clock.Shorten(period), limit: limit}
}

// Take takes one unit. It returns what remains in the window, the time until the window ends, and whether the unit was
// there. Without a limit it returns 0, 0 and true.
func (w *Window) Take() (remaining int, resets time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.limit == 0 {
		return 0, 0, true
	}
	now := w.clock.Now()
	if !now.Before(w.ends) {
		w.used, w.ends = 0, now.Add(w.period)
	}
	resets = w.ends.Sub(now)
	if w.used >= w.limit {
		return 0, resets, false
	}
	w.used++
	return w.limit - w.used, resets, true
}

// Peek is Take without taking: what a call that is not counted here would be told. An idle window is full and has a
// whole period to go.
func (w *Window) Peek() (remaining int, resets time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.limit == 0 {
		return 0, 0
	}
	now := w.clock.Now()
	if !now.Before(w.ends) {
		return w.limit, w.period
	}
	return max(0, w.limit-w.used), w.ends.Sub(now)
}

// Drain takes up to n units at once, as other applications of the account would, starting the window when it is idle.
func (w *Window) Drain(n int) {
	for range n {
		w.Take()
	}
}

// Limit returns the calls allowed in a window; 0 means no limit.
func (w *Window) Limit() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.limit
}

// SetLimit changes the limit from now on, as a change of plan does. Calls already taken stay taken.
func (w *Window) SetLimit(limit int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit = limit
}
