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
