package activities

import (
	"context"
	"fmt"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// lost finds the contacts that an import accepted and that are not in Brevo after all: it has no file for rows with a phone
// number that it does not take. They are planned once more without the number, or rejected where none was sent.
// https://developers.brevo.com/reference/get-process
func (s *scanner) lost(ctx context.Context) (int64, error) {
	defer func() { _ = s.store.Release(context.WithoutCancel(ctx), s.owner()) }()
	n := int64(0)
	for after := int64(0); ; {
		unlocated, err := s.store.UnlocatedDeliveries(ctx, after, planBatch)
		if err != nil || len(unlocated) == 0 {
			return n, err
		}
		for i := range unlocated {
			after = unlocated[i].UserID
			got, err := s.brevo.GetContact(ctx, brevo.ByEmail(unlocated[i].Email))
			switch {
			case brevo.IsNotFound(err):
				err = s.again(ctx, after)
				n++
			case err == nil:
				err = s.store.ApplyBrevoContacts(ctx, s.in.ScanID, []store.BrevoContact{mirrored(&got, s.keep)}, s.now())
			}
			if err != nil {
				return n, err
			}
		}
	}
}

func (s *scanner) owner() string { return s.in.ScanID + "/lost" }

// again takes back what was recorded of a contact that never came to be. Somebody else's claim leaves it to the next look.
func (s *scanner) again(ctx context.Context, user int64) error {
	claimed, err := s.store.Claim(ctx, []int64{user}, s.owner(), claimLease, s.now())
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
	if err := s.store.Record(ctx, s.owner(), []store.Result{{Delivery: after}}, s.now()); err != nil {
		return fmt.Errorf("record lost contact: %w", err)
	}
	if !sent {
		return nil
	}
	if err := s.store.MarkDirty(ctx, store.KindUser, []int64{user}, s.now()); err != nil {
		return err
	}
	marks, err := s.store.DirtyVersions(ctx, store.KindUser, []int64{user})
	if err != nil {
		return err
	}
	return s.store.SetPlans(ctx, store.KindUser, []store.Planned{{ID: user, Version: marks[user], Plan: PlanWrite}})
}
