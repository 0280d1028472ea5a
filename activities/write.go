package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
)

const (
	// writeBatch is how many contacts are claimed at once: at ten calls a second they are written well inside their lease.
	writeBatch = 50
	// writeFor is how long one step goes on claiming batches, so that a million contacts do not fill a workflow's history.
	writeFor = 3 * time.Minute
)

// WriteContacts writes contacts one by one: a POST for the new, one PUT for everything a known one needs.
func (b *Brevo) WriteContacts(ctx context.Context, in WriteInput) (StepResult, error) {
	return do(ctx, b.connections, in.Account, func(ctx context.Context, c *connection) (StepResult, error) {
		w, err := c.writer(ctx, in.PushStep, in.RunID+"/write")
		if err != nil {
			return StepResult{}, err
		}
		defer w.release(ctx)
		w.result.Next = in.After
		for begun := w.now(); ; {
			more, err := w.batch(ctx, in.Plan)
			if err != nil && (w.result.Next == in.After || ctx.Err() != nil) {
				return StepResult{}, err
			}
			// What was written counts, so it is reported also when something is in the way now: the next step meets the
			// trouble, if it lasts, as its own.
			if err != nil || !more || w.now().Sub(begun) > writeFor {
				return w.result, nil
			}
		}
	})
}

// batch claims and writes the next contacts with a plan, and moves the result's Next along; it is 0 when none is left.
func (w *writer) batch(ctx context.Context, plan string) (more bool, _ error) {
	rulings, next, err := w.claim(ctx, plan, w.result.Next, writeBatch)
	if err != nil {
		return false, err
	}
	for i := range rulings {
		id := rulings[i].claimed.Delivery.UserID
		if err := w.turn(ctx, &rulings[i]); err != nil {
			return false, err
		}
		w.result.Next = id
	}
	w.result.Next = next
	return next != 0, nil
}

// turn writes one contact of a batch, unless that was done out of its turn.
func (w *writer) turn(ctx context.Context, r *ruling) error {
	id := r.claimed.Delivery.UserID
	if w.done[id] {
		return nil
	}
	if w.touched[id] {
		var err error
		if r, err = w.anew(ctx, id); err != nil || r == nil {
			return err
		}
	}
	err := w.write(ctx, r)
	if err != nil && Classify(err) == Reject {
		err = w.reject(ctx, r, err) // a look at the contact was refused
	}
	return err
}

// writer writes claimed contacts and records what Brevo said.
type writer struct {
	*judge
	step   PushStep
	owner  string
	keep   map[string]bool
	result StepResult
	moving []*ruling      // whose address change waits for that of the next
	done   map[int64]bool // users written out of their turn
	// touched are users to whose delivery something was added out of their turn.
	touched map[int64]bool
}

func (c *connection) writer(ctx context.Context, step PushStep, owner string) (*writer, error) {
	j, err := c.judge(ctx)
	if err != nil {
		return nil, err
	}
	return &writer{judge: j, step: step, owner: owner, keep: filledAttributes(j.mapper), done: map[int64]bool{}, touched: map[int64]bool{}}, nil
}

// release frees what was claimed and not recorded, also after the step was canceled.
func (w *writer) release(ctx context.Context) {
	if err := w.store.Release(context.WithoutCancel(ctx), w.owner); err != nil {
		w.log.WarnContext(ctx, "claims not released; they run out by themselves", "error", err)
	}
}

// claim takes the next contacts with a plan. Those that somebody else is writing are left out; their marks stay.
func (w *writer) claim(ctx context.Context, plan string, after int64, limit int) (rulings []ruling, next int64, err error) {
	ids, err := w.store.DirtyIDs(ctx, store.KindUser, plan, after, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read dirty users: %w", err)
	}
	if len(ids) == 0 {
		return nil, 0, nil
	}
	claimed, err := w.store.Claim(ctx, ids, w.owner, claimLease, w.now())
	if err != nil {
		return nil, 0, fmt.Errorf("claim contacts: %w", err)
	}
	rulings, err = w.rule(ctx, claimed)
	return rulings, ids[len(ids)-1], err
}

// write brings one contact up to date. What Brevo refuses for good is repaired (the phone is dropped, its wish kept) or
// rejected; anything else is the step's error.
func (w *writer) write(ctx context.Context, r *ruling) error {
	if r.decision.wait {
		return nil
	}
	if ready, err := w.consents(ctx, r); err != nil || !ready {
		return err
	}
	if w.needsLook(r) {
		if err := w.look(ctx, r); err != nil {
			return err
		}
	}
	for attempt := 0; r.decision.writes(); attempt++ {
		for _, free := range []func(context.Context, *ruling) (bool, error){w.freeAddress, w.freePhone} {
			if ok, err := free(ctx, r); err != nil || !ok {
				return err
			}
		}
		if !r.decision.writes() {
			break
		}
		if r.decision.create {
			if err := w.begin(ctx, r); err != nil {
				return err
			}
		}
		cause := w.send(ctx, r)
		if cause == nil {
			return w.accept(ctx, r)
		}
		again, err := w.refused(ctx, r, cause)
		if err != nil {
			return err
		}
		if !again || attempt == 3 {
			if err := w.listsThere(ctx, r.decision.add); err != nil {
				return err
			}
			return w.reject(ctx, r, cause)
		}
	}
	w.result.settle(r)
	return w.record(ctx, r)
}

// needsLook reports whether the mirror's picture of the contact is too old to decide from: somebody may have edited a
// name, or unsubscribed, a minute ago.
func (w *writer) needsLook(r *ruling) bool {
	d := &r.decision
	switch {
	case d.create:
		return false
	case r.situation.begun != nil:
		return true
	case d.merge:
		return false // it was looked at a moment ago
	case d.erase:
		return d.writes()
	case d.state != store.DeliverySent:
		return false
	case d.from != "" || len(d.add) > 0:
		return true
	}
	for _, name := range append(slices.Collect(maps.Keys(d.set)), d.clear...) {
		if w.keep[name] {
			return true
		}
	}
	return false
}

// look reads the contact from Brevo and decides again.
func (w *writer) look(ctx context.Context, r *ruling) error {
	got, err := w.brevo.GetContact(ctx, identify(r))
	if brevo.IsNotFound(err) {
		return w.gone(ctx, r)
	}
	if err != nil {
		return err
	}
	w.recognise(r, &got)
	found := mirrored(&got, w.keep)
	return w.saw(ctx, r, &found)
}

// recognise takes the contact of an earlier create that was not answered for what it is: made here.
func (w *writer) recognise(r *ruling, got *brevo.Contact) {
	begun, consent := r.situation.begun != nil, optOuts(r.situation.had.Refused)
	w.arrived(r, got)
	if had := &r.situation.had; begun && !had.SentAt.IsZero() {
		had.Made, had.Refused = true, withConsent(had.Refused, consent)
	}
}

func (w *writer) saw(ctx context.Context, r *ruling, found *store.BrevoContact) error {
	if err := w.store.ApplyBrevoContacts(ctx, "", []store.BrevoContact{*found}, w.now()); err != nil {
		return fmt.Errorf("mirror contact: %w", err)
	}
	r.situation.found = found
	r.decision = w.policy.decide(r.situation)
	return nil
}

// gone records that the contact was deleted in Brevo, and decides again.
func (w *writer) gone(ctx context.Context, r *ruling) error {
	s := &r.situation
	for _, id := range []int64{s.had.BrevoID, idOf(s.found)} {
		if id != 0 {
			if err := w.store.RemoveBrevoContact(ctx, id, w.now()); err != nil {
				return fmt.Errorf("forget deleted contact: %w", err)
			}
		}
	}
	if !s.had.SentAt.IsZero() {
		s.had.State = store.DeliveryGone
	}
	s.found = nil
	r.decision = w.policy.decide(*s)
	return nil
}

func identify(r *ruling) brevo.Identifier {
	s := &r.situation
	switch {
	case s.had.BrevoID != 0 && s.had.State != store.DeliveryGone:
		return brevo.ByID(s.had.BrevoID)
	case s.found != nil:
		return brevo.ByID(s.found.ID)
	case s.begun != nil:
		return brevo.ByEmail(s.begun.Email)
	case s.had.Email != "":
		return brevo.ByEmail(s.had.Email)
	}
	return brevo.ByEmail(r.decision.email)
}

func idOf(found *store.BrevoContact) int64 {
	if found == nil {
		return 0
	}
	return found.ID
}

// send makes the one call that the decision asks for.
func (w *writer) send(ctx context.Context, r *ruling) error {
	d := &r.decision
	switch {
	case d.delete:
		return w.brevo.DeleteContact(ctx, identify(r))
	case d.create:
		id, err := w.brevo.CreateContact(ctx, brevo.CreateContact{
			Email: d.email, Attributes: d.set, ListIDs: d.add,
			EmailBlacklisted: brevo.Blocklist(d.blocklist), SMSBlacklisted: brevo.Blocklist(d.blocklistSMS),
		})
		d.after.BrevoID = id
		return err
	}
	in := brevo.UpdateContact{
		Attributes: maps.Clone(d.set), ListIDs: d.add, UnlinkListIDs: d.remove,
		EmailBlacklisted: brevo.Blocklist(d.blocklist), SMSBlacklisted: brevo.Blocklist(d.blocklistSMS),
	}
	if in.Attributes == nil {
		in.Attributes = map[string]any{}
	}
	for _, name := range d.clear {
		in.Attributes[name] = ""
	}
	if d.from != "" {
		// Brevo lifts a blocklisting with a new address unless the same request says otherwise.
		// https://developers.brevo.com/reference/update-contact
		in.Attributes[attributeEmail] = d.email
		if f := r.situation.found; f != nil {
			in.EmailBlacklisted = brevo.Blocklist(f.EmailBlacklisted || d.blocklist)
			in.SMSBlacklisted = brevo.Blocklist(f.SMSBlacklisted || d.blocklistSMS)
		}
	}
	return w.brevo.UpdateContact(ctx, identify(r), in)
}

// refused decides what to do about a call that failed: mend the decision and try again, give the record up, or hand the
// error on.
func (w *writer) refused(ctx context.Context, r *ruling, err error) (again bool, _ error) {
	d := &r.decision
	fields, duplicate := brevo.IsDuplicate(err)
	_, phone := d.set[attributePhone]
	switch {
	case brevo.IsNotFound(err) && !d.create:
		return true, w.gone(ctx, r)
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
	case Classify(err) == Reject:
		return false, nil
	}
	return false, err
}

// existing handles a person whom somebody else made in Brevo since the last look.
// Where nobody has the address after all, it was the number that somebody has.
func (w *writer) existing(ctx context.Context, r *ruling, phone bool) (again bool, _ error) {
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
	return true, w.saw(ctx, r, &found)
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
		if err := w.store.ApplyBrevoContacts(ctx, "", []store.BrevoContact{w.policy.image(r)}, w.now()); err != nil {
			return fmt.Errorf("mirror contact: %w", err)
		}
	}
	w.result.Sent++
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
	result := store.Result{Delivery: r.decision.after, Dirty: r.claimed.Dirty}
	if err := w.store.Record(ctx, w.owner, []store.Result{result}, w.now()); err != nil {
		return fmt.Errorf("record delivery: %w", err)
	}
	if r.decision.state == store.DeliverySent {
		return w.store.ClearRejects(ctx, store.KindUser, []int64{result.UserID})
	}
	return nil
}

// reject gives a record up and says why; the run goes on.
func (w *writer) reject(ctx context.Context, r *ruling, cause error) error {
	reason := reasonRefused
	after := r.situation.had
	after.State = store.DeliveryRejected
	if brevo.IsInvalidEmail(cause) {
		reason = reasonInvalidEmail
		after.Refused = cloneOrMake(after.Refused)
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
