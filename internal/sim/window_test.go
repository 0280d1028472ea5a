package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/sim"
)

func TestWindowStartsAtItsFirstCallAndRunsFaster(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	w := sim.NewWindow(2, time.Minute, sim.NewClock(func() time.Time { return now }, 20))

	now = now.Add(time.Hour) // idle time is nobody's window
	remaining, resets, ok := w.Take()
	assert.True(t, ok)
	assert.Equal(t, 1, remaining)
	assert.Equal(t, 3*time.Second, resets, "a minute at speed 20")

	now = now.Add(500 * time.Millisecond)
	remaining, resets, ok = w.Take()
	assert.True(t, ok)
	assert.Zero(t, remaining)
	assert.Equal(t, 2500*time.Millisecond, resets)
	assert.Equal(t, 3, sim.Seconds(resets), "headers round up")

	_, _, ok = w.Take()
	assert.False(t, ok)
	now = now.Add(2500 * time.Millisecond)
	remaining, _, ok = w.Take()
	assert.True(t, ok, "a new window")
	assert.Equal(t, 1, remaining)
}

func TestWindowWithoutLimitAdmitsEverything(t *testing.T) {
	w := sim.NewWindow(0, time.Minute, sim.NewClock(nil, 1))
	for range 1000 {
		_, _, ok := w.Take()
		assert.True(t, ok)
	}
}

func TestDrainAndPeek(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	w := sim.NewWindow(5, time.Minute, sim.NewClock(func() time.Time { return now }, 1))
	remaining, resets := w.Peek()
	assert.Equal(t, 5, remaining)
	assert.Equal(t, time.Minute, resets)
	w.Drain(3)
	remaining, _ = w.Peek()
	assert.Equal(t, 2, remaining)
}
