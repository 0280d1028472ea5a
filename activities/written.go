package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
)

// refused decides what to do about a call that failed: mend the decision and try again, give the record up, or hand the
// error on.
func (w *writer) refused(ctx context.Context, r *ruling, err error) (again bool, _ error) {
	d := &r.decision
	fields, duplicate := brevo.IsDuplicate(err)
	_, phone := d.set[attributePhone]
	switch {
	case brevo.IsNotFound(err) && d.delete:
		return true, w.gone(ctx, r)
	case brevo.IsNotFound(err) && !d.create:
		return w.unknown(ctx, r)
	case d.delete && Classify(err) == Reject:
		r.situation.kept = true // the account's own address, say
		r.decision = w.policy.decide(r.situation)
		return true, nil
	case phone && Classify(err) == Reject && !(duplicate && brevo.DuplicateEmail(fields)) && !(duplicate && len(fields) == 0 && d.create):
		// How Brevo words what it has against a number is not documented, so whatever is not about the address is tried
		// once without it.
		w.dropPhone(r)
		return true, nil
	case duplicate && d.create:
		return w.existing(ctx, r, phone)
	case duplicate && d.from != "":
		return true, w.takeOver(ctx, r)
	case Classify(err) == Reject, brevo.IsNotFound(err):
		return false, nil
	}
	return false, err
}

// unknown finds out what does not exist after an update was answered so: the contact itself, a list to leave, or something else
// that the update names, which no other attempt will find either.
// https://developers.brevo.com/reference/update-contact
func (w *writer) unknown(ctx context.Context, r *ruling) (again bool, _ error) {
	if err := w.look(ctx, r); err != nil {
		return false, err
	}
	s := &r.situation
	if s.found == nil {
		return true, nil
	}
	return w.listsGone(ctx, r)
}

// existing handles a person whom somebody else made in Brevo since the last look.
// Where nobody has the address after all, it was the number that somebody has.
func (w *writer) existing(ctx context.Context, r *ruling, phone bool) (again bool, _ error) {
	look, err := w.store.BeginLook(ctx, "")
	if err != nil {
		return false, err
	}
	got, err := w.brevo.GetContact(ctx, brevo.ByEmail(r.decision.email))
	if brevo.IsNotFound(err) {
		if phone {
			w.dropPhone(r)
		}
		return phone, nil
	}
	if err != nil {
		return false, err
	}
	w.recognise(r, &got)
	found := mirrored(&got, w.keep)
	return true, w.saw(ctx, r, look, &found)
}

// accept records a write that Brevo took, in the delivery and in the mirror of Brevo.
func (w *writer) accept(ctx context.Context, r *ruling) error {
	d := &r.decision
	d.after.SentAt = w.now()
	if d.state == store.DeliverySent {
		d.after.Refused = paid(d.after.Refused)
	}
	if d.after.BrevoID == 0 {
		d.after.BrevoID = idOf(r.situation.found)
	}
	switch {
	case d.delete:
		// Recorded first, the deletion is not taken for one by the marketer's hand.
		if err := w.hold(ctx, d.after); err != nil {
			return err
		}
		if err := w.store.RemoveBrevoContact(ctx, d.after.BrevoID, w.now()); err != nil {
			return fmt.Errorf("forget deleted contact: %w", err)
		}
	case d.after.BrevoID != 0:
		if err := w.store.ApplyBrevoContacts(ctx, store.Look{}, []store.BrevoContact{w.policy.image(r)}, w.now()); err != nil {
			return fmt.Errorf("mirror contact: %w", err)
		}
	}
	w.result.Sent++
	if d.state != store.DeliverySent {
		w.result.Left++
	}
	return w.record(ctx, r)
}

// image is the contact in Brevo as the accepted write leaves it.
func (r *policy) image(of *ruling) store.BrevoContact {
	d, out := &of.decision, store.BrevoContact{ID: of.decision.after.BrevoID, Attributes: map[string]any{}}
	if f := of.situation.found; f != nil {
		out = *f
		out.Attributes = cloneOrMake(f.Attributes)
	}
	if d.create || d.from != "" || out.Email == "" {
		out.Email = d.after.Email
	}
	out.EmailBlacklisted, out.SMSBlacklisted = out.EmailBlacklisted || d.blocklist, out.SMSBlacklisted || d.blocklistSMS
	for name, value := range d.set {
		if r.attributes[name].FillIfEmpty || r.attributes[name].Identifier {
			out.Attributes[name] = value
		}
	}
	for _, name := range d.clear {
		delete(out.Attributes, name)
	}
	out.Lists = slices.DeleteFunc(append(slices.Clone(out.Lists), d.add...), func(id int64) bool { return slices.Contains(d.remove, id) })
	return out
}

// record ends the work on a contact: its mark is cleared last, so whatever does not come to its end is done again.
func (w *writer) record(ctx context.Context, r *ruling) error {
	user := r.claimed.Delivery.UserID
	if r.decision.merge {
		if err := w.store.SettleMerge(ctx, user); err != nil {
			return err
		}
	}
	if r.decision.erase {
		return w.store.Erase(ctx, w.owner, []store.Dirty{{ID: user, Version: r.claimed.Dirty}}, w.now())
	}
	if r.rejectedAnew() {
		if err := w.store.AddRejects(ctx, []store.Reject{rejectOf(r, w.step.RunID, r.decision.reason, "", w.now())}); err != nil {
			return fmt.Errorf("store reject: %w", err)
		}
	}
	result := store.Result{Delivery: r.decision.after, Dirty: r.claimed.Dirty}
	if err := w.store.Record(ctx, w.owner, []store.Result{result}, w.now()); err != nil {
		return fmt.Errorf("record delivery: %w", err)
	}
	return nil
}

// reject gives a record up and says why; the run goes on.
func (w *writer) reject(ctx context.Context, r *ruling, cause error) error {
	reason := reasonRefused
	after := r.situation.had
	after.State, after.Refused = store.DeliveryRejected, phoneBack(after.Refused, r)
	if brevo.IsInvalidEmail(cause) {
		reason = reasonInvalidEmail
		after.Refused[attributeEmail] = r.decision.email
	}
	after.Reason = reason
	if err := w.store.AddRejects(ctx, []store.Reject{rejectOf(r, w.step.RunID, reason, detailOf(cause), w.now())}); err != nil {
		return fmt.Errorf("store reject: %w", err)
	}
	w.result.reject(reason)
	return w.store.Record(ctx, w.owner, []store.Result{{Delivery: after, Dirty: r.claimed.Dirty}}, w.now())
}

// detailOf is the vendor's own text of a refusal, for the rejects table only: it may hold personal data.
func detailOf(err error) string {
	var call *rest.Error
	if errors.As(err, &call) {
		return call.Detail
	}
	return ""
}
