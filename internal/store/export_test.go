package store

import (
	"testing"
	"time"
)

// SetBusyTimeout has stores that the test opens wait less for other processes.
func SetBusyTimeout(t testing.TB, d time.Duration) {
	before := busyTimeout
	busyTimeout = d
	t.Cleanup(func() { busyTimeout = before })
}

// SetPruneBatch has Prune delete fewer rows at once.
func SetPruneBatch(t testing.TB, n int) {
	before := pruneBatch
	pruneBatch = n
	t.Cleanup(func() { pruneBatch = before })
}

// ForgetConsent leaves of the evidence what versions wrote that knew of opt-outs of e-mail alone.
func (a *Account) ForgetConsent(t testing.TB) {
	if err := a.do(t.Context(), "forget consent", "UPDATE forgotten SET consent = '' WHERE account = $1"); err != nil {
		t.Fatal(err)
	}
}
