package activities

import (
	"context"
	"fmt"
	"slices"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// departures finds out, for claimed users, who was merged into whom, who was deleted for good, and whose departure is too fresh
// to be believed.
func (j *judge) departures(ctx context.Context, rulings []ruling) error {
	ids := make([]int64, len(rulings))
	for i := range rulings {
		ids[i] = rulings[i].claimed.Delivery.UserID
	}
	merges, err := j.lineage(ctx, ids)
	if err != nil {
		return err
	}
	now := j.now()
	for i := range rulings {
		r := &rulings[i]
		s, u := &r.situation, &r.claimed.Customer.User
		if m, merged := merges[u.ID]; merged && !u.Active {
			s.skip = reasonMerged
			if !m.Settled {
				s.merged = merges.survivor(u.ID)
			}
		}
		s.absorbed = merges.into(u.ID)
		switch {
		case r.claimed.Found && erased(u):
			s.skip, s.erased = reasonErased, true
		case erasedBefore(&r.claimed):
			s.skip = reasonErased
		}
		s.waits = waits(s, r.claimed.UpdatedAt, j.cfg.Schedule.Every, now)
	}
	return j.bar(ctx, rulings)
}

// lineage is merges by the user who was merged away.
type lineage map[int64]store.Merge

// lineage reads the merges that concern users, and those of whoever is part of them in turn.
func (c *connection) lineage(ctx context.Context, users []int64) (lineage, error) {
	out := lineage{}
	for next := users; len(next) > 0; {
		found, err := c.store.Merges(ctx, next)
		if err != nil {
			return nil, err
		}
		next = nil
		for loser, m := range found {
			if _, known := out[loser]; !known {
				out[loser] = m
				next = append(next, loser, m.WinnerID)
			}
		}
	}
	return out, nil
}

// survivor is the user whom a merged one has become in the end.
func (l lineage) survivor(user int64) int64 {
	for range len(l) {
		m, merged := l[user]
		if !merged {
			break
		}
		user = m.WinnerID
	}
	return user
}

// into gives the users with open merges who have become this one.
func (l lineage) into(user int64) []int64 {
	var out []int64
	for loser, m := range l {
		if !m.Settled && loser != user && l.survivor(loser) == user {
			out = append(out, loser)
		}
	}
	slices.Sort(out)
	return out
}

// bar keeps merges waiting of which only one user is in a pilot: both contacts would be written.
func (j *judge) bar(ctx context.Context, rulings []ruling) error {
	if j.policy.pilot == nil {
		return nil
	}
	var survivors []int64
	for i := range rulings {
		if id := rulings[i].situation.merged; id != 0 {
			survivors = append(survivors, id)
		}
	}
	claimed, err := j.store.Peek(ctx, survivors)
	if err != nil {
		return fmt.Errorf("read users after merges: %w", err)
	}
	barred := map[int64]bool{}
	for i := range claimed {
		barred[claimed[i].Delivery.UserID] = j.policy.outside(j.wanted(&claimed[i]))
	}
	for i := range rulings {
		rulings[i].situation.barred = barred[rulings[i].situation.merged]
	}
	return nil
}

// consents sees to the opt-outs of merged users before anything else is written: the stricter consent of two contacts wins.
// It reports false while somebody else is writing the other contact; the mark stays then.
func (w *writer) consents(ctx context.Context, r *ruling) (ready bool, _ error) {
	if r.decision.merge {
		return w.handOver(ctx, r)
	}
	if len(r.situation.absorbed) == 0 || r.decision.reason == reasonPilot {
		return true, nil
	}
	claimed, err := w.store.Peek(ctx, r.situation.absorbed)
	if err != nil {
		return false, fmt.Errorf("read merged users: %w", err)
	}
	losers, err := w.rule(ctx, claimed)
	if err != nil {
		return false, err
	}
	for i := range losers {
		if losers[i].situation.barred {
			continue
		}
		consent, err := w.consent(ctx, &losers[i])
		if err != nil {
			return false, err
		}
		r.situation.had.Refused = store.WithOptOuts(r.situation.had.Refused, consent)
	}
	r.decision = w.policy.decide(r.situation)
	return true, nil
}

// consent gives what a merged user opted out of, from a look at their contact as it is now.
func (w *writer) consent(ctx context.Context, r *ruling) (map[string]any, error) {
	before := r.situation.found
	if located(&r.situation) {
		if err := w.look(ctx, r); err != nil {
			return nil, err
		}
	}
	if r.situation.found == nil {
		return consentOf(r.situation.had, before), nil // deleted since the last look
	}
	return consentOf(r.situation.had, r.situation.found), nil
}

// consentOf is what somebody opted out of, in the form in which another delivery keeps it: by their contact, if they have one,
// and by what is kept of earlier ones.
func consentOf(had store.Delivery, found *store.BrevoContact) map[string]any {
	return store.Owed(store.WithOptOuts(store.OptOuts(had.Refused), store.OptOutsOf(found)))
}

// located reports whether there is anything to look a contact up by.
func located(s *situation) bool {
	return s.had.BrevoID != 0 || s.had.Email != "" || s.found != nil || s.begun != nil
}

// handOver passes what a merged user opted out of to the one they became: it is written down in that one's delivery, and into
// their contact where there is one. Only then may the merged user's contact be touched.
func (w *writer) handOver(ctx context.Context, r *ruling) (ready bool, _ error) {
	consent, err := w.consent(ctx, r)
	if err != nil || len(consent) == 0 {
		return err == nil, err
	}
	heir := r.situation.merged
	claimed, err := w.store.Claim(ctx, []int64{heir}, w.owner, claimLease, w.now())
	if err != nil || len(claimed) == 0 {
		return false, err
	}
	rulings, err := w.rule(ctx, claimed)
	if err != nil {
		return false, err
	}
	w.touched[heir] = true
	to := &rulings[0]
	d := to.claimed.Delivery
	before := paid(d.Refused)
	d.Refused = store.WithOptOuts(d.Refused, consent)
	if err := w.hold(ctx, d); err != nil {
		return false, err
	}
	if owes(d.Refused) && located(&to.situation) && !to.situation.succeeded {
		if err := w.optOut(ctx, to, d); err != nil {
			return false, err
		}
	}
	if len(paid(d.Refused)) == len(before) {
		return true, nil
	}
	return true, w.store.MarkDirty(ctx, store.KindUser, []int64{heir}, w.now()) // there may be lists to leave
}

// optOut writes the opt-outs that a person owes into their contact. Should it have been deleted in Brevo, they stay owed.
func (w *writer) optOut(ctx context.Context, r *ruling, d store.Delivery) error {
	in := brevo.UpdateContact{
		EmailBlacklisted: d.Refused[store.OwedEmail] == true, SMSBlacklisted: d.Refused[store.OwedSMS] == true,
	}
	err := w.brevo.UpdateContact(ctx, identify(r), in)
	if brevo.IsNotFound(err) {
		return w.gone(ctx, r)
	}
	if err != nil {
		return err
	}
	if r.situation.found != nil {
		image := *r.situation.found
		image.EmailBlacklisted = image.EmailBlacklisted || bool(in.EmailBlacklisted)
		image.SMSBlacklisted = image.SMSBlacklisted || bool(in.SMSBlacklisted)
		if err := w.store.ApplyBrevoContacts(ctx, store.Look{}, []store.BrevoContact{image}, w.now()); err != nil {
			return fmt.Errorf("mirror contact: %w", err)
		}
	}
	d.Refused = paid(d.Refused)
	return w.hold(ctx, d)
}

// hold records a delivery and keeps its claim and its mark.
func (w *writer) hold(ctx context.Context, d store.Delivery) error {
	if err := w.store.Record(ctx, w.owner, []store.Result{{Delivery: d, Keep: true}}, w.now()); err != nil {
		return fmt.Errorf("record delivery: %w", err)
	}
	return nil
}

// anew decides once more for a user whose delivery was changed while another one was written; nil when the claim was lost.
func (w *writer) anew(ctx context.Context, user int64) (*ruling, error) {
	claimed, err := w.store.Claim(ctx, []int64{user}, w.owner, claimLease, w.now())
	if err != nil || len(claimed) == 0 {
		return nil, err
	}
	rulings, err := w.rule(ctx, claimed)
	if err != nil {
		return nil, err
	}
	return &rulings[0], nil
}
