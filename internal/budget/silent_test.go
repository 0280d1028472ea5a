package budget_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/budget"
)

func TestASilentAnswerMakesTheNextCallTheProbe(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	need := budget.Need{Bucket: "b", Share: 1, Guess: 10, Period: time.Second}
	probing, wait := budget.Window{}.Reserve(now, need)
	assert.Zero(t, wait)
	_, wait = probing.Reserve(now, need)
	assert.Positive(t, wait, "others wait while the probe is out")

	after := probing.Observe(now, budget.Reading{Bucket: "b", Silent: true}, time.Second)
	again, wait := after.Reserve(now, need)
	assert.Zero(t, wait)
	_, wait = again.Reserve(now, need)
	assert.Positive(t, wait, "still one at a time")

	known := budget.Window{Limit: 10, Remaining: 0, ResetsAt: now.Add(time.Minute)}
	_, wait = known.Observe(now, budget.Reading{Silent: true}, time.Second).Reserve(now, need)
	assert.Equal(t, time.Minute, wait, "silence takes back nothing that a header said")
}
