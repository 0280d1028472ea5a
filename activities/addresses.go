package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// freeAddress lets a contact that has the wanted address move on first, when it is that of a customer who goes to another
// address in turn: else two people would end up in one contact. Addresses that go round in a circle stay where they
// are, and the people change places. It reports false while somebody else is writing that contact.
func (w *writer) freeAddress(ctx context.Context, r *ruling) (free bool, err error) {
	if r.decision.from == "" && !r.decision.create {
		return true, nil
	}
	found, err := w.store.BrevoByEmail(ctx, []string{r.decision.email})
	if err != nil {
		return false, fmt.Errorf("read mirrored contacts: %w", err)
	}
	contact, held := found[r.decision.email]
	if !held || contact.ID == r.situation.had.BrevoID {
		return true, nil
	}
	ours, err := w.store.DeliveriesByBrevoID(ctx, []int64{contact.ID})
	if err != nil {
		return false, fmt.Errorf("read deliveries: %w", err)
	}
	holder, delivered := ours[contact.ID]
	if !delivered || holder.UserID == r.situation.had.UserID || holder.State != store.DeliverySent {
		return true, nil
	}
	w.moving = append(w.moving, r)
	defer func() { w.moving = w.moving[:len(w.moving)-1] }()
	if at := slices.IndexFunc(w.moving, func(m *ruling) bool { return m.situation.had.UserID == holder.UserID }); at >= 0 {
		return true, w.changePlaces(ctx, w.moving[at:])
	}
	claimed, err := w.store.Claim(ctx, []int64{holder.UserID}, w.owner, claimLease, w.now())
	if err != nil || len(claimed) == 0 {
		return false, err
	}
	rulings, err := w.rule(ctx, claimed)
	if err != nil {
		return false, err
	}
	if next := &rulings[0]; next.decision.from != "" && next.decision.state == store.DeliverySent {
		w.done[holder.UserID] = true
		return true, w.write(ctx, next)
	}
	return true, nil
}

// changePlaces gives each of a circle the contact of the one after, whose address they have now. The consent of a contact
// and of the person who comes to it are both kept: the stricter counts. All of them are recorded in their new places before the
// first is written, so that an end in between leaves contacts that are merely not up to date.
func (w *writer) changePlaces(ctx context.Context, circle []*ruling) error {
	before, places := make([]situation, len(circle)), make([]store.Result, len(circle))
	for i, r := range circle {
		before[i] = r.situation
	}
	for i, r := range circle {
		place := before[(i+1)%len(circle)]
		s := &r.situation
		s.had = place.had
		s.had.UserID, s.had.Refused = before[i].had.UserID, keepOff(before[i])
		s.found = place.found
		if s.found != nil {
			found := *s.found
			var err error
			if found.EmailBlacklisted, found.SMSBlacklisted, err = w.stricter(ctx, before[i].found, found.ID, found.EmailBlacklisted, found.SMSBlacklisted); err != nil {
				return err
			}
			s.found = &found
			if err := w.leavePhone(ctx, s); err != nil {
				return err
			}
		}
		places[i] = store.Result{Delivery: s.had, Keep: true}
		r.claimed.Delivery = s.had
		r.decision = w.policy.decide(*s)
	}
	if err := w.store.Record(ctx, w.owner, places, w.now()); err != nil {
		return fmt.Errorf("record places: %w", err)
	}
	return nil
}

// leavePhone clears the number of who had the place before, as far as we delivered it: it goes along with its person, and must be
// free by then.
func (w *writer) leavePhone(ctx context.Context, s *situation) error {
	last, had := s.had.Attributes[attributePhone]
	if !had || sameValue(attributePhone, s.found.Attributes[attributePhone], s.want.Attributes[attributePhone]) ||
		!sameValue(attributePhone, s.found.Attributes[attributePhone], last) {
		return nil
	}
	now, err := w.clearPhone(ctx, s.found.ID, last)
	if err != nil || now == nil {
		return err
	}
	now.EmailBlacklisted, now.SMSBlacklisted = now.EmailBlacklisted || s.found.EmailBlacklisted, now.SMSBlacklisted || s.found.SMSBlacklisted
	if s.found = now; now.Attributes[attributePhone] == nil {
		s.had.Attributes = maps.Clone(s.had.Attributes)
		delete(s.had.Attributes, attributePhone)
	}
	return nil
}

// stricter carries the consent of a person's old contact over to their new one, and gives what holds there then.
func (w *writer) stricter(ctx context.Context, old *store.BrevoContact, id int64, email, sms bool) (emailBlacklisted, smsBlacklisted bool, err error) {
	if old == nil || (email || !old.EmailBlacklisted) && (sms || !old.SMSBlacklisted) {
		return email, sms, nil
	}
	err = w.brevo.UpdateContact(ctx, brevo.ByID(id), brevo.UpdateContact{
		EmailBlacklisted: brevo.Blocklist(old.EmailBlacklisted), SMSBlacklisted: brevo.Blocklist(old.SMSBlacklisted),
	})
	return email || old.EmailBlacklisted, sms || old.SMSBlacklisted, err
}

// keepOff is what a person's refusals become when they go on in another contact: Brevo has no call that unsubscribes that
// one from a list, so the lists they had left are kept here.
func keepOff(old situation) map[string]any {
	out := maps.Clone(old.had.Refused)
	if old.found == nil || len(old.found.Unsubscribed) == 0 {
		return out
	}
	out = cloneOrMake(out)
	for _, list := range old.found.Unsubscribed {
		out[store.ListKey(list)] = true
	}
	return out
}

// takeOver handles an address change to an address that is a contact already: nothing is merged. The contact of the old
// address leaves our lists and loses what we derived; that of the new address takes the stricter consent and goes on as
// this user's.
func (w *writer) takeOver(ctx context.Context, r *ruling) error {
	old := r.situation
	leave := w.policy.depart(situation{skip: reasonMoved, had: old.had, found: old.found})
	in := brevo.UpdateContact{Attributes: map[string]any{}, UnlinkListIDs: leave.remove}
	if last, had := old.had.Attributes[attributePhone]; had && stillOurs(&old, w.policy.attributes[attributePhone], attributePhone, last) {
		leave.clear = append(leave.clear, attributePhone)
	}
	for _, name := range leave.clear {
		in.Attributes[name] = ""
	}
	if len(in.Attributes)+len(in.UnlinkListIDs) > 0 {
		if err := w.brevo.UpdateContact(ctx, identify(r), in); err != nil && !brevo.IsNotFound(err) {
			return err
		}
	}
	look, err := w.store.BeginLook(ctx, "")
	if err != nil {
		return err
	}
	got, err := w.brevo.GetContact(ctx, brevo.ByEmail(r.decision.email))
	if err != nil {
		return err
	}
	found := mirrored(&got, w.keep)
	if found.EmailBlacklisted, found.SMSBlacklisted, err = w.stricter(ctx, old.found, got.ID, got.EmailBlacklisted, got.SMSBlacklisted); err != nil {
		return err
	}
	if found.EmailBlacklisted != got.EmailBlacklisted || found.SMSBlacklisted != got.SMSBlacklisted {
		look = store.Look{}
	}
	if r.situation.had, err = w.heirloom(ctx, store.Delivery{UserID: old.had.UserID, Refused: keepOff(old)}, got.ID); err != nil {
		return err
	}
	return w.saw(ctx, r, look, &found)
}

// heirloom is what somebody who comes to a contact takes over with it: what was delivered there to a user who is no customer
// any more, as after a merge.
func (w *writer) heirloom(ctx context.Context, to store.Delivery, contact int64) (store.Delivery, error) {
	ours, err := w.store.DeliveriesByBrevoID(ctx, []int64{contact})
	if err != nil {
		return to, fmt.Errorf("read deliveries: %w", err)
	}
	owner, delivered := ours[contact]
	if !delivered || owner.UserID == to.UserID || owner.State == store.DeliveryGone {
		return to, nil
	}
	claimed, err := w.store.Peek(ctx, []int64{owner.UserID})
	if err != nil {
		return to, fmt.Errorf("read owner of contact: %w", err)
	}
	if is := w.wanted(&claimed[0]); is.skip == "" {
		return to, nil
	}
	return inherit(owner, to), nil
}
