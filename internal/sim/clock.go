// Package sim is the common base of the simulated vendors: a clock whose rate windows can run fast, a fixed-window
// limiter, faults on demand, a log of every request, and a server on a loopback port. It knows no vendor.
package sim

import "time"

// Clock tells the vendor's time. Timestamps are those of its base clock; only durations that the vendor fixes (rate
// windows, the export lag) are shortened by speed, so that a demo or a test need not wait a real minute.
type Clock struct {
	base  func() time.Time
	speed float64
}

// NewClock returns a clock on base (nil means time.Now) whose vendor durations run speed times faster; a speed of
// zero or less means 1.
func NewClock(base func() time.Time, speed float64) *Clock {
	if base == nil {
		base = time.Now
	}
	if speed <= 0 {
		speed = 1
	}
	return &Clock{base: base, speed: speed}
}

// Now returns the base clock's time in UTC.
func (c *Clock) Now() time.Time { return c.base().UTC() }

// Speed returns the factor by which vendor durations are shortened.
func (c *Clock) Speed() float64 { return c.speed }

// Shorten converts a duration of the vendor's documentation into one of the base clock: at speed 20 a minute is 3 s.
func (c *Clock) Shorten(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.speed)
}

// Seconds rounds d up to whole seconds, as rate-limit headers state it. It is never negative.
func Seconds(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	return int((d + time.Second - 1) / time.Second)
}
