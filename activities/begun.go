package activities

import (
	"maps"
	"slices"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
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
func (w *writer) begin(r *ruling) store.Delivery {
	s, d := &r.situation, &r.decision
	now := store.Delivery{
		UserID: r.claimed.Delivery.UserID, Reason: reasonCreating + w.now().UTC().Format(time.RFC3339), Email: d.email,
		Attributes: maps.Clone(d.set), Lists: d.add, Refused: d.after.Refused,
	}
	if earlier := s.begun; earlier != nil && earlier.Email == d.email {
		now.Reason = earlier.Reason
	}
	return now
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
