package store

import (
	"time"

	"zendesk-brevo/internal/budget"
)

// Planned is the plan that a push made for one dirty mark.
type Planned struct {
	ID      int64
	Version int64 // of the mark when the plan was made
	Plan    string
}

// Result is what a write to Brevo came to for one user.
type Result struct {
	Delivery
	Dirty int64 // version of the mark to clear; 0 clears nothing
	Keep  bool  // keep the claim: more is to be written
}

// Budget is one vendor bucket as all workers know it.
type Budget struct {
	Bucket      string
	Window      budget.Window
	WaitedTotal time.Duration // time during which some caller was told to wait for it
}
