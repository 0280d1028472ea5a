package budget_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/budget"
)

var (
	noon   = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	minute = budget.Need{Bucket: "b", Share: 0.8, Guess: 200, Period: time.Minute}
)

// probed is the window after one call whose answer read so.
func probed(w budget.Window, r budget.Reading) budget.Window {
	out, _ := w.Reserve(noon, minute)
	return out.Observe(noon, r, minute.Period)
}

func TestARefusalEmptiesTheWindowWhateverWasKnownOfIt(t *testing.T) {
	assumed := probed(budget.Window{}, budget.Reading{Limit: 400, Remaining: 390})
	for name, c := range map[string]struct {
		known budget.Window
		reset time.Duration
		want  time.Duration
	}{
		"nothing known":                         {budget.Window{}, 20 * time.Second, 20 * time.Second},
		"an end that was only assumed":          {assumed, 20 * time.Second, 20 * time.Second},
		"an earlier end":                        {assumed, 5 * time.Minute, 5 * time.Minute},
		"a refusal that says nothing of a time": {assumed, 0, time.Minute},
		"an earlier refusal asked for more":     {assumed.Observe(noon, budget.Reading{Refused: true, Reset: time.Minute}, 0), 10 * time.Second, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.known.Observe(noon, budget.Reading{Refused: true, Reset: c.reset}, minute.Period)
			_, wait := got.Reserve(noon, minute)
			assert.Equal(t, c.want, wait)
		})
	}
}

func TestAnAnswerWithoutAWordLowersNothing(t *testing.T) {
	for name, c := range map[string]struct {
		known budget.Window
		calls int
	}{
		"the limit is known":     {budget.Window{Limit: 2500, Remaining: 600, ResetsAt: noon.Add(-time.Second)}, 1999},
		"the limit is a guess":   {budget.Window{}, 159},
		"the window is known":    {budget.Window{Limit: 2500, Remaining: 600, ResetsAt: noon.Add(time.Minute)}, 99},
		"nobody opened a window": {budget.Window{}.Observe(noon, budget.Reading{Granted: true}, time.Minute), 159},
	} {
		t.Run(name, func(t *testing.T) {
			w, calls := probed(c.known, budget.Reading{Granted: true}), 0
			for wait := time.Duration(0); ; calls++ {
				if w, wait = w.Reserve(noon, minute); wait > 0 {
					assert.Equal(t, time.Minute, wait)
					break
				}
			}
			assert.Equal(t, c.calls, calls, "more after the first, up to the share of the limit")
		})
	}
	late := budget.Window{Limit: 2500, Remaining: 3, ResetsAt: noon.Add(-time.Second)}.Observe(noon, budget.Reading{Granted: true}, time.Minute)
	_, wait := late.Reserve(noon, minute)
	assert.Zero(t, wait, "an answer that comes after its window's end opens none with what that one had left")
}

func TestNoWindowHoldsForDecades(t *testing.T) {
	decades := time.Duration(noon.Unix()) * time.Second
	for name, w := range map[string]budget.Window{
		"stored":  {Limit: 400, Remaining: 0, ResetsAt: noon.Add(decades)},
		"read":    budget.Window{}.Observe(noon, budget.Reading{Limit: 400, Reset: decades}, time.Minute),
		"refused": budget.Window{}.Observe(noon, budget.Reading{Refused: true, Reset: decades}, time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			_, wait := w.Reserve(noon, minute)
			assert.LessOrEqual(t, wait, time.Hour)
		})
	}
	stored := budget.Window{Limit: 400, Remaining: 0, ResetsAt: noon.Add(decades)}
	_, wait := stored.Reserve(noon, minute)
	assert.Zero(t, wait)
	heard := stored.Observe(noon, budget.Reading{Limit: 400, Remaining: 300, Reset: 30 * time.Second}, time.Minute)
	assert.Equal(t, budget.Window{Limit: 400, Remaining: 300, ResetsAt: noon.Add(30 * time.Second)}, heard, "what is heard next counts")
}
