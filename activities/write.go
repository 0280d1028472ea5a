package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"zendesk-brevo/internal/brevo"
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
	if errors.Is(err, store.ErrClaimLost) {
		// Too much time went by since it was decided. Whoever has the contact by now may have to see to it.
		if r, err = w.anew(ctx, id); err != nil || r == nil {
			return err
		}
		err = w.write(ctx, r)
	}
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
	return &writer{judge: j, step: step, owner: attempt(ctx, owner), keep: filledAttributes(j.mapper), done: map[int64]bool{}, touched: map[int64]bool{}}, nil
}

// attempt names this attempt at a step as the owner of claims. One that stood still finds that a later one took them over.
func attempt(ctx context.Context, step string) string {
	if !activity.IsActivity(ctx) {
		return step
	}
	return store.Attempt(step, activity.GetInfo(ctx).StartedTime)
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
		if err := w.book(ctx, r); err != nil {
			return err
		}
		cause := w.send(ctx, r)
		if cause == nil {
			return w.accept(ctx, r)
		}
		again, err := w.refused(ctx, r, cause)
		if err != nil {
			return err
		}
		if again && attempt < 3 {
			continue
		}
		if err := w.thingsThere(ctx, &r.decision, cause); err != nil {
			return err
		}
		gone, err := w.listsGone(ctx, r)
		if err != nil {
			return err
		}
		if !gone {
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
	case r.situation.begun != nil:
		return !d.create || r.situation.begun.Email != d.email
	case d.merge:
		return false // it was looked at a moment ago
	case r.unsure():
		return true
	case d.create:
		return false
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

// look reads the contact from Brevo and decides again. One that was never delivered, and has another address than the person, is
// not theirs: then the contact of that address is looked for.
func (w *writer) look(ctx context.Context, r *ruling) error {
	if err := w.lookAt(ctx, r, identify(r)); err != nil {
		return err
	}
	s := &r.situation
	if s.found == nil || s.skip != "" || !s.had.SentAt.IsZero() || s.found.Email == s.want.Email {
		return nil
	}
	s.found = nil
	return w.lookAt(ctx, r, brevo.ByEmail(s.want.Email))
}

func (w *writer) lookAt(ctx context.Context, r *ruling, who brevo.Identifier) error {
	look, err := w.store.BeginLook(ctx, "")
	if err != nil {
		return err
	}
	got, err := w.brevo.GetContact(ctx, who)
	if brevo.IsNotFound(err) {
		return w.gone(ctx, r)
	}
	if err != nil {
		return err
	}
	w.recognise(r, &got)
	found := mirrored(&got, w.keep)
	return w.saw(ctx, r, look, &found)
}

// recognise takes the contact of an earlier create that was not answered for what it is: made here. What came of other calls without
// an answer it settles.
func (w *writer) recognise(r *ruling, got *brevo.Contact) {
	begun, consent := r.situation.begun != nil, store.OptOuts(r.situation.had.Refused)
	w.arrived(r, got)
	if had := &r.situation.had; begun && !had.SentAt.IsZero() {
		had.Made, had.Refused = true, store.WithOptOuts(had.Refused, consent)
	}
	r.situation.had = certain(r.situation.had, got, w.keep, w.now())
}

func (w *writer) saw(ctx context.Context, r *ruling, look store.Look, found *store.BrevoContact) error {
	if err := w.store.ApplyBrevoContacts(ctx, look, []store.BrevoContact{*found}, w.now()); err != nil {
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
	s.had = certain(s.had, nil, w.keep, w.now())
	s.had.Refused = store.WithOptOuts(s.had.Refused, store.OptOutsOf(s.found)) // made again, it must not be mailable
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
