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
	Held      int64            `json:"held,omitempty"` // contacts in Brevo that a pilot keeps as they are
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
	switch d := &r.decision; {
	case d.reason == reasonPilot:
		if d.state == store.DeliverySent {
			s.Held++
		}
		s.skip(d.reason)
	case d.state == store.DeliverySent:
		s.Unchanged++
	case d.state == store.DeliveryRejected:
		s.reject(d.reason)
	default:
		s.skip(d.reason)
	}
}

func (s *StepResult) skip(reason string) {
	if s.Skipped == nil {
		s.Skipped = map[string]int64{}
	}
	s.Skipped[reason]++
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
