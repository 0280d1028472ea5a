package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// LeaveLists takes many contacts off lists, a list and up to 150 contacts a call. Their marks stay: what else they need
// follows in a later step, so only the memberships are recorded.
// https://developers.brevo.com/reference/remove-contact-from-list
func (b *Brevo) LeaveLists(ctx context.Context, in WriteInput) (StepResult, error) {
	return do(ctx, b.connections, in.Account, func(ctx context.Context, c *connection) (StepResult, error) {
		w, err := c.writer(ctx, in.PushStep, in.RunID+"/leave")
		if err != nil {
			return StepResult{}, err
		}
		defer w.release(ctx)
		rulings, next, err := w.claim(ctx, PlanLeave, in.After, brevo.MaxListMembers)
		if err != nil {
			return StepResult{}, err
		}
		if err := w.leaving(ctx, rulings); err != nil {
			return StepResult{}, err
		}
		members := map[int64][]int64{}
		for i := range rulings {
			for _, list := range rulings[i].decision.remove {
				members[list] = append(members[list], idOf(rulings[i].situation.found))
			}
		}
		for _, list := range slices.Sorted(maps.Keys(members)) {
			_, err := c.brevo.RemoveFromList(ctx, list, brevo.Members{IDs: members[list]})
			if err != nil && Classify(err) == Reject {
				// One odd member may spoil the whole call: each contact is then written by itself.
				return StepResult{Next: next}, w.replan(ctx, rulings)
			}
			// A list that is gone has no members either.
			if err != nil && !brevo.IsNotFound(err) {
				return StepResult{}, err
			}
		}
		if err := w.left(ctx, rulings); err != nil {
			return StepResult{}, err
		}
		w.result.Next = next
		return w.result, nil
	})
}

// leaving books the lists to leave before they are left: who is wanted there again by the time an answer was lost has to join anew.
func (w *writer) leaving(ctx context.Context, rulings []ruling) error {
	booked := make([]store.Delivery, 0, len(rulings))
	for i := range rulings {
		leaves := asking(rulings[i].situation.had, &decision{remove: rulings[i].decision.remove})
		if unsettled(leaves) {
			booked = append(booked, leaves)
		}
	}
	if err := w.store.Book(ctx, w.owner, booked, claimLease, w.now()); err != nil {
		return fmt.Errorf("begin to leave lists: %w", err)
	}
	return nil
}

// replan has contacts written one by one.
func (w *writer) replan(ctx context.Context, rulings []ruling) error {
	planned := make([]store.Planned, len(rulings))
	for i := range rulings {
		planned[i] = store.Planned{ID: rulings[i].claimed.Delivery.UserID, Version: rulings[i].claimed.Dirty, Plan: PlanWrite}
	}
	return w.store.SetPlans(ctx, store.KindUser, planned)
}

// left records the memberships that ended and plans what remains.
func (w *writer) left(ctx context.Context, rulings []ruling) error {
	results := make([]store.Result, 0, len(rulings))
	planned := make([]store.Planned, 0, len(rulings))
	for i := range rulings {
		r := &rulings[i]
		had := r.situation.had
		had.Lists, had.Refused = slices.Clone(had.Lists), maps.Clone(had.Refused)
		for _, list := range r.decision.remove {
			had.Lists = slices.DeleteFunc(had.Lists, func(id int64) bool { return id == list })
			delete(had.Refused, listBooking(leavingPrefix, list))
		}
		results = append(results, store.Result{Delivery: had})
		r.situation.had = had
		r.decision = w.policy.decide(r.situation)
		if !r.toWrite() {
			w.result.Sent++
			results[len(results)-1] = store.Result{Delivery: r.decision.after, Dirty: r.claimed.Dirty}
			continue
		}
		planned = append(planned, store.Planned{ID: had.UserID, Version: r.claimed.Dirty, Plan: planOf(true, r)})
	}
	if err := w.store.Record(ctx, w.owner, results, w.now()); err != nil {
		return fmt.Errorf("record left lists: %w", err)
	}
	return w.store.SetPlans(ctx, store.KindUser, planned)
}

// listsGone takes those lists out of a decision that are to be left and were deleted in Brevo: a list that is gone has no members,
// but a call that names it is refused. It reports whether there were any; the contact is then decided anew, with a number that was
// dropped for that refusal.
func (w *writer) listsGone(ctx context.Context, r *ruling) (gone bool, _ error) {
	had := &r.situation.had
	for _, id := range r.decision.remove {
		_, err := w.brevo.GetList(ctx, id)
		if err == nil {
			continue
		}
		if !brevo.IsNotFound(err) {
			return false, err
		}
		had.Lists = slices.DeleteFunc(slices.Clone(had.Lists), func(list int64) bool { return list == id })
		gone = true
	}
	if !gone {
		return false, nil
	}
	had.Refused = phoneBack(had.Refused, r)
	r.decision = w.policy.decide(r.situation)
	return true, w.store.SetVerified(ctx, time.Time{}) // the next sync looks which lists are missing
}
