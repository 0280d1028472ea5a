package activities

import (
	"context"
	"fmt"
	"strings"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// lost finds the contacts that an import accepted and that are not in Brevo after all: it has no file for rows with a phone
// number that it does not take. They are planned once more without the number, or rejected where none was sent.
// https://developers.brevo.com/reference/get-process
func (s *scanner) lost(ctx context.Context) (int64, error) {
	defer func() { _ = s.store.Release(context.WithoutCancel(ctx), s.owner(ctx)) }()
	n := int64(0)
	for after := int64(0); ; {
		unlocated, err := s.store.UnlocatedDeliveries(ctx, after, planBatch)
		if err != nil || len(unlocated) == 0 {
			return n, err
		}
		for i := range unlocated {
			after = unlocated[i].UserID
			look, err := s.store.BeginLook(ctx, s.in.ScanID)
			if err != nil {
				return n, err
			}
			got, err := s.brevo.GetContact(ctx, brevo.ByEmail(unlocated[i].Email))
			switch {
			case brevo.IsNotFound(err):
				err = s.again(ctx, after)
				n++
			case err == nil:
				var theirs int64
				theirs, err = s.mirror(ctx, look, []brevo.Contact{got})
				n += theirs
			}
			if err != nil {
				return n, err
			}
		}
	}
}

func (s *scanner) owner(ctx context.Context) string { return attempt(ctx, s.in.ScanID+"/lost") }

// again takes back what was recorded of a contact that never came to be. Somebody else's claim leaves it to the next look.
func (s *scanner) again(ctx context.Context, user int64) error {
	claimed, err := s.store.Claim(ctx, []int64{user}, s.owner(ctx), claimLease, s.now())
	if err != nil || len(claimed) == 0 {
		return err
	}
	had := claimed[0].Delivery
	after := store.Delivery{UserID: user, Refused: had.Refused}
	phone, sent := had.Attributes[attributePhone]
	if sent {
		after.Refused = cloneOrMake(had.Refused)
		after.Refused[attributePhone] = phone
	} else {
		after.State, after.Reason = store.DeliveryRejected, reasonRefused
		lost := store.Reject{Kind: store.KindUser, ID: user, Reason: reasonRefused, Detail: "an import took it and made no contact", RunID: s.in.ScanID, At: s.now()}
		if err := s.store.AddRejects(ctx, []store.Reject{lost}); err != nil {
			return fmt.Errorf("store reject: %w", err)
		}
	}
	if !sent {
		return s.takeBack(ctx, after)
	}
	return s.writeAnew(ctx, after)
}

func (s *scanner) takeBack(ctx context.Context, to store.Delivery) error {
	if err := s.store.Record(ctx, s.owner(ctx), []store.Result{{Delivery: to}}, s.now()); err != nil {
		return fmt.Errorf("record lost contact: %w", err)
	}
	return nil
}

// writeAnew takes a claimed delivery back and plans its contact to be written by itself.
func (s *scanner) writeAnew(ctx context.Context, to store.Delivery) error {
	if err := s.takeBack(ctx, to); err != nil {
		return err
	}
	user := to.UserID
	if err := s.store.MarkDirty(ctx, store.KindUser, []int64{user}, s.now()); err != nil {
		return err
	}
	marks, err := s.store.DirtyVersions(ctx, store.KindUser, []int64{user})
	if err != nil {
		return err
	}
	return s.store.SetPlans(ctx, store.KindUser, []store.Planned{{ID: user, Version: marks[user], Plan: PlanWrite}})
}

// mirror stores contacts as a look shows them. It counts those of which an import said that it had made them, and which somebody
// else made first: what was recorded of them is taken back, and they are to be written by themselves.
func (s *scanner) mirror(ctx context.Context, look store.Look, contacts []brevo.Contact) (theirs int64, _ error) {
	emails := make([]string, len(contacts))
	for i := range contacts {
		emails[i] = strings.ToLower(contacts[i].Email)
	}
	imported, err := s.store.UnlocatedByEmail(ctx, emails)
	if err != nil {
		return 0, err
	}
	defer func() { _ = s.store.Release(context.WithoutCancel(ctx), s.owner(ctx)) }()
	rows := make([]store.BrevoContact, 0, len(contacts))
	for i := range contacts {
		d, there := imported[emails[i]]
		if there && s.notOurs(&contacts[i], &d) {
			taken, err := s.theirs(ctx, d)
			if err != nil {
				return theirs, err
			}
			if !taken {
				continue // unseen, it stays without a place, and the next look finds it so
			}
			theirs++
		}
		rows = append(rows, mirrored(&contacts[i], s.keep))
	}
	if err := s.store.ApplyBrevoContacts(ctx, look, rows, s.now()); err != nil {
		return theirs, fmt.Errorf("mirror contacts: %w", err)
	}
	return theirs, nil
}

// notOurs reports whether a contact that an import was to make was there before: such an import leaves alone what it finds, so the
// contact has none of the attributes that only this product writes. Where no such attribute was sent, another name tells.
func (s *scanner) notOurs(got *brevo.Contact, made *store.Delivery) bool {
	if !made.Made {
		return false
	}
	only, other := 0, false
	for name, sent := range made.Attributes {
		held := got.Attributes[name]
		there := held != nil && held != ""
		switch {
		case !s.keep[name] && there:
			return false
		case !s.keep[name]:
			only++
		case name != attributePhone && there && !sameValue(name, held, sent):
			other = true
		}
	}
	return only > 0 || other
}

// theirs takes back what was recorded of a contact that somebody else made: it is known, and may be on our lists by the import.
// It reports false where that has to wait: for a sync, or for whoever else has claimed the contact.
func (s *scanner) theirs(ctx context.Context, d store.Delivery) (taken bool, _ error) {
	if s.in.Preview {
		return false, nil
	}
	claimed, err := s.store.Claim(ctx, []int64{d.UserID}, s.owner(ctx), claimLease, s.now())
	if err != nil || len(claimed) == 0 {
		return false, err
	}
	return true, s.writeAnew(ctx, asking(store.Delivery{UserID: d.UserID, Refused: d.Refused}, &decision{email: d.Email, add: d.Lists}))
}
