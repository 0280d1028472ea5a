package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

func TestSecondFullSyncSendsNothing(t *testing.T) {
	w := newWorld(t, seed.Size{Users: 300, Tickets: 900, Organizations: 40})
	first := w.sync(t, workflows.SyncInput{})
	t.Logf("%+v", first)
	assert.NotZero(t, w.brevo.Writes().Total())
	w.brevo.ResetWrites()

	second := w.sync(t, workflows.SyncInput{})
	t.Logf("%+v", second)
	assert.Zero(t, w.brevo.Writes().Total())
	assert.Zero(t, second.Push.Sent)
	assert.Empty(t, w.brevo.Misuses())
	assert.Empty(t, w.brevo.Log().Unknown())
	assert.Empty(t, w.zendesk.Log().Unknown())
}
