package activities

import (
	"time"

	"zendesk-brevo/internal/store"
)

// PushStep is what every step of a push is told.
type PushStep struct {
	Account string `json:"account"`
	RunID   string `json:"run_id"`
}

// WriteInput names the contacts of one step: dirty, with this plan, and an id above After.
type WriteInput struct {
	PushStep
	Plan  string `json:"plan,omitempty"`
	After int64  `json:"after"`
}

// StepResult counts what a step did. Next is the After of the following step, 0 when none is left.
type StepResult struct {
	Sent      int64            `json:"sent"`
	Left      int64            `json:"left,omitempty"` // of those sent, who are no contacts any more
	Unchanged int64            `json:"unchanged"`
	Skipped   map[string]int64 `json:"skipped,omitempty"`
	Rejected  map[string]int64 `json:"rejected,omitempty"`
	Next      int64            `json:"next,omitempty"`
}

// Rejections sums the rejected contacts.
func (s *StepResult) Rejections() int64 {
	return total(s.Rejected)
}

// settle counts a contact that needs no write.
func (s *StepResult) settle(r *ruling) {
	switch d := &r.decision; d.state {
	case store.DeliverySent:
		s.Unchanged++
	case store.DeliveryRejected:
		s.reject(d.reason)
	case store.DeliveryNone, store.DeliverySkipped, store.DeliveryLeft, store.DeliveryGone:
		if s.Skipped == nil {
			s.Skipped = map[string]int64{}
		}
		s.Skipped[d.reason]++
	}
}

func (s *StepResult) reject(reason string) {
	if s.Rejected == nil {
		s.Rejected = map[string]int64{}
	}
	s.Rejected[reason]++
}

// rejectedAnew reports whether somebody is rejected who was not, or not for this reason.
func (r *ruling) rejectedAnew() bool {
	had, d := &r.claimed.Delivery, &r.decision
	return d.state == store.DeliveryRejected && (had.State != store.DeliveryRejected || had.Reason != d.reason) && d.reason != reasonPilot
}

func rejectOf(r *ruling, runID, reason, detail string, now time.Time) store.Reject {
	return store.Reject{
		Kind: store.KindUser, ID: r.claimed.Delivery.UserID, Reason: reason, Detail: detail, RunID: runID, At: now,
	}
}
