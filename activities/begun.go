package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// reasonCreating marks a delivery whose create was begun and not answered yet. Without it a contact that Brevo made while
// its answer got lost would look like the marketer's: its names would never be kept up to date, its lists never left.
const reasonCreating = "creating since "

// clockSkew is how far Brevo's clock may be behind ours.
const clockSkew = 2 * time.Minute

// begun splits a stored delivery into what Brevo accepted and what an unanswered create carried.
func begun(stored store.Delivery) (had store.Delivery, begun *store.Delivery) {
	if stored.State != store.DeliveryNone || !strings.HasPrefix(stored.Reason, reasonCreating) {
		return stored, nil
	}
	return store.Delivery{UserID: stored.UserID, Refused: stored.Refused}, &stored
}

// begin books a create before it is sent. One that is sent again keeps the time of the first attempt.
func (w *writer) begin(ctx context.Context, r *ruling) error {
	s, d := &r.situation, &r.decision
	now := store.Delivery{
		UserID: r.claimed.Delivery.UserID, Reason: reasonCreating + w.now().UTC().Format(time.RFC3339), Email: d.email,
		Attributes: maps.Clone(d.set), Lists: d.add, Refused: d.after.Refused,
	}
	if earlier := s.begun; earlier != nil && earlier.Email == d.email {
		if mapping.Equal(earlier.Attributes, d.set) && slices.Equal(earlier.Lists, d.add) {
			return nil
		}
		now.Reason = earlier.Reason
	}
	if err := w.store.Record(ctx, w.owner, []store.Result{{Delivery: now, Keep: true}}, w.now()); err != nil {
		return fmt.Errorf("begin contact: %w", err)
	}
	return nil
}

// arrived recognises the contact of an earlier create that was not answered: it has the address, was made since, and holds
// what the create carried. Any other is somebody else's.
func (w *writer) arrived(r *ruling, got *brevo.Contact) {
	s := &r.situation
	made := s.begun
	if made == nil {
		return
	}
	s.begun = nil
	since, err := time.Parse(time.RFC3339, strings.TrimPrefix(made.Reason, reasonCreating))
	if err != nil || !strings.EqualFold(made.Email, got.Email) || got.CreatedAt.Before(since.Add(-clockSkew)) {
		return
	}
	for name, value := range made.Attributes {
		if !sameValue(name, got.Attributes[name], value) {
			return
		}
	}
	for _, list := range made.Lists {
		if !slices.Contains(got.ListIDs, list) {
			return
		}
	}
	s.had = *made
	s.had.State, s.had.Reason, s.had.BrevoID, s.had.SentAt = store.DeliverySent, "", got.ID, w.now()
}

// joiningKey names a list among the refusals of a delivery that a call may have put the contact on: nobody knows how it ended. The
// list is among those of the delivery, to be left like them. No attribute has a colon in its name.
func joiningKey(list int64) string { return joiningPrefix + strconv.FormatInt(list, 10) }

const joiningPrefix = "joining:"

// inDoubt is the delivery of a contact that an import may have written and may not. One that it was to make is booked like a create
// without an answer. Of another the memberships are kept that it was to get. The next look at the contact tells.
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
	return joining(before, row.Email, row.Lists)
}

// joining is a delivery whose contact, of that address, was to be put on lists, and may be on them.
func joining(had store.Delivery, email string, lists []int64) store.Delivery {
	for _, list := range lists {
		if !slices.Contains(had.Lists, list) {
			had.Lists = append(slices.Clone(had.Lists), list)
			had.Refused = store.WithOptOuts(had.Refused, map[string]any{joiningKey(list): true})
		}
	}
	if had.Email == "" && len(had.Lists) > 0 {
		had.Email = email
	}
	slices.Sort(had.Lists)
	return had
}

// join books memberships before they are asked for: an answer may be lost, and they would look like the marketer's.
func (w *writer) join(ctx context.Context, r *ruling) error {
	stored := r.claimed.Delivery
	if _, unanswered := begun(stored); unanswered != nil || len(r.decision.add) == 0 {
		return nil
	}
	return w.hold(ctx, joining(stored, r.decision.email, r.decision.add))
}

// certain settles memberships in doubt by a contact as it was found: those that it has are ours.
func certain(had store.Delivery, found *store.BrevoContact) store.Delivery {
	refused := maps.Clone(had.Refused)
	maps.DeleteFunc(refused, func(name string, _ any) bool { return strings.HasPrefix(name, joiningPrefix) })
	if len(refused) == len(had.Refused) {
		return had
	}
	had.Lists = slices.DeleteFunc(slices.Clone(had.Lists), func(list int64) bool {
		return had.Refused[joiningKey(list)] == true && (found == nil || !slices.Contains(found.Lists, list))
	})
	had.Refused = refused
	return had
}
