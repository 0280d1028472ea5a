package activities

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// What a contact is asked for is booked before the call, among the refusals of its delivery, until an answer or a look tells what
// became of it. No attribute has a colon in its name.
const (
	joiningPrefix = "joining:" // a list. It is among those of the delivery, to be left like them.
	leavingPrefix = "leaving:" // a list. It is among those of the delivery until it is known to be left.
	writingPrefix = "writing:" // an attribute, or EMAIL, with the value that was sent; nil: it was to be cleared
)

// booking splits the key of a booking into its prefix and what it names; both are empty for any other refusal.
func booking(key string) (prefix, name string) {
	for _, prefix := range []string{joiningPrefix, leavingPrefix, writingPrefix} {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			return prefix, name
		}
	}
	return "", ""
}

func listBooking(prefix string, list int64) string { return prefix + strconv.FormatInt(list, 10) }

// unsettled reports whether nobody knows what became of a call about the contact.
func unsettled(had store.Delivery) bool {
	for key := range had.Refused {
		if prefix, _ := booking(key); prefix != "" {
			return true
		}
	}
	return false
}

// settled are refusals without what was booked.
func settled(refused map[string]any) map[string]any {
	out := maps.Clone(refused)
	maps.DeleteFunc(out, func(key string, _ any) bool { prefix, _ := booking(key); return prefix != "" })
	return out
}

// asked are the attributes that Brevo was asked to change without anybody knowing whether it did.
func asked(had store.Delivery) (out map[string]any) {
	for key, value := range had.Refused {
		if prefix, name := booking(key); prefix == writingPrefix && name != attributeEmail {
			out = cloneOrMake(out)
			out[name] = value
		}
	}
	return out
}

// leaveOpen keeps those attributes booked that a decision does not ask for again.
func (d *decision) leaveOpen(asked map[string]any) {
	for name, value := range asked {
		if _, set := d.set[name]; !set && !slices.Contains(d.clear, name) {
			d.after.Refused = store.WithOptOuts(d.after.Refused, map[string]any{writingPrefix + name: value})
		}
	}
}

// asking is a delivery whose contact is asked for what a decision holds, and may have it or not.
func asking(had store.Delivery, d *decision) store.Delivery {
	booked := map[string]any{}
	for _, list := range d.add {
		if !slices.Contains(had.Lists, list) {
			had.Lists = append(slices.Clone(had.Lists), list)
			booked[listBooking(joiningPrefix, list)] = true
		}
	}
	for _, list := range d.remove {
		booked[listBooking(leavingPrefix, list)] = true
	}
	for name, value := range d.set {
		booked[writingPrefix+name] = value
	}
	for _, name := range d.clear {
		booked[writingPrefix+name] = nil
	}
	if d.from != "" {
		booked[writingPrefix+attributeEmail] = d.email
	}
	if had.Email == "" && len(booked) > 0 {
		had.Email = d.email
	}
	had.Refused = store.WithOptOuts(had.Refused, booked)
	slices.Sort(had.Lists)
	return had
}

// book keeps what is to be asked of Brevo, and makes sure at that moment that nobody else may ask for anything: a step that stood still
// must not write what was decided long ago. A call that is under way by then cannot be called back.
func (w *writer) book(ctx context.Context, r *ruling) error {
	booked := r.claimed.Delivery
	switch {
	case r.decision.create:
		booked = w.begin(r)
	case !r.decision.delete: // a deletion is known by its end
		booked = w.ask(r)
	}
	if !r.decision.create && !unsettled(booked) {
		return w.store.Renew(ctx, w.owner, []int64{booked.UserID}, claimLease, w.now())
	}
	return w.store.Book(ctx, w.owner, []store.Delivery{booked}, claimLease, w.now())
}

// ask books what a known contact is asked for: an answer may be lost, and a value of ours would look like the marketer's, or like
// one that Brevo never had.
func (w *writer) ask(r *ruling) store.Delivery {
	had, before := r.situation.had, r.claimed.Delivery
	if had.State == store.DeliveryGone {
		// Somebody else's contact: what was delivered went with the old one.
		had = store.Delivery{UserID: had.UserID, State: had.State, Reason: had.Reason, Refused: had.Refused}
	}
	if had.BrevoID != before.BrevoID && !had.SentAt.IsZero() {
		had.SentAt = w.now() // whoever else was delivered to that contact is succeeded from now on
	}
	if had.BrevoID == 0 && r.decision.from != "" {
		had.BrevoID = idOf(r.situation.found) // by its address it may not be found again
	}
	had.Refused = phoneBack(had.Refused, r)
	return asking(had, &r.decision)
}

// inDoubt is the delivery of a contact that an import may have written and may not. One that it was to make is booked like a create
// without an answer, another like a call without one. The next look at the contact tells.
func inDoubt(imp *store.Import, row *store.ImportRow, before store.Delivery) store.Delivery {
	if row.Made && (before.SentAt.IsZero() || before.State == store.DeliveryGone) {
		since := row.DecidedAt
		if since.IsZero() {
			since = imp.CreatedAt
		}
		return store.Delivery{
			UserID: row.UserID, Reason: reasonCreating + since.UTC().Format(time.RFC3339), Email: row.Email,
			Attributes: row.Send, Lists: row.Lists, Refused: row.Refused,
		}
	}
	return asking(before, &decision{email: row.Email, add: row.Lists, set: row.Send})
}

// certain settles what was booked of a contact by what it holds now; nil got: it is not there. Attributes that nobody else fills stay
// booked unless they hold what was sent, so they are sent again. Where anything arrived, the contact was delivered.
func certain(had store.Delivery, got *brevo.Contact, keep map[string]bool, now time.Time) store.Delivery {
	if !unsettled(had) {
		return had
	}
	out := had
	out.Refused, out.Attributes, out.Lists = settled(had.Refused), cloneOrMake(had.Attributes), slices.Clone(had.Lists)
	arrived := false
	for key, value := range had.Refused {
		switch prefix, name := booking(key); {
		case prefix == joiningPrefix || prefix == leavingPrefix:
			on := got != nil && slices.ContainsFunc(got.ListIDs, func(list int64) bool { return listBooking(prefix, list) == key })
			arrived = arrived || on && prefix == joiningPrefix
			if !on {
				out.Lists = slices.DeleteFunc(out.Lists, func(list int64) bool { return listBooking(prefix, list) == key })
			}
		case prefix == "" || got == nil:
		case name == attributeEmail:
			if email, _ := value.(string); strings.EqualFold(got.Email, email) {
				out.Email, arrived = email, true
			}
		case holds(got, name, value) && value == nil:
			delete(out.Attributes, name)
		case holds(got, name, value):
			out.Attributes[name], arrived = value, true
		case !keep[name]:
			out.Refused[key] = value
		}
	}
	switch {
	case arrived:
		out.State, out.Reason, out.BrevoID = store.DeliverySent, "", got.ID
		if out.SentAt.IsZero() {
			out.SentAt = now
		}
	case out.SentAt.IsZero():
		out.Email, out.Refused = "", settled(out.Refused) // it is not ours in any way
	}
	return out
}

// holds reports whether a contact has a value; nil: none.
func holds(got *brevo.Contact, name string, value any) bool {
	held := got.Attributes[name]
	if value == nil {
		return held == nil || held == ""
	}
	return sameValue(name, held, value)
}
