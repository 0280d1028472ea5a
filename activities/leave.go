package activities

import (
	"context"
	"fmt"
	"slices"

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
		emails := map[int64][]string{}
		for i := range rulings {
			for _, list := range rulings[i].decision.remove {
				emails[list] = append(emails[list], rulings[i].situation.had.Email)
			}
		}
		for list, members := range emails {
			_, err := c.brevo.RemoveFromList(ctx, list, brevo.Members{Emails: members})
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

// left records the memberships that ended and plans what remains.
func (w *writer) left(ctx context.Context, rulings []ruling) error {
	results := make([]store.Result, 0, len(rulings))
	planned := make([]store.Planned, 0, len(rulings))
	for i := range rulings {
		r := &rulings[i]
		had := r.situation.had
		had.Lists = slices.DeleteFunc(slices.Clone(had.Lists), func(id int64) bool { return slices.Contains(r.decision.remove, id) })
		results = append(results, store.Result{Delivery: had})
		r.situation.had = had
		r.decision = w.rules.decide(r.situation)
		if !r.decision.writes() {
			w.result.Sent++
			results[len(results)-1].Dirty = r.claimed.Dirty
			continue
		}
		planned = append(planned, store.Planned{ID: had.UserID, Version: r.claimed.Dirty, Plan: planOf(true, r)})
	}
	if err := w.store.Record(ctx, w.owner, results, w.now()); err != nil {
		return fmt.Errorf("record left lists: %w", err)
	}
	return w.store.SetPlans(ctx, store.KindUser, planned)
}
