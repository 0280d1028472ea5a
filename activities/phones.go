package activities

import (
	"context"
	"fmt"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// holdPhones finds, for each claimed user, an older eligible user with the same number: a phone belongs to one contact.
func (j *judge) holdPhones(ctx context.Context, claimed []store.Claimed) error {
	phones := make([]string, 0, len(claimed))
	e164 := make([]string, len(claimed))
	for i := range claimed {
		u := &claimed[i].Customer.User
		if number, ok := j.mapper.Phone(u.Phone); ok && !u.SharedPhone {
			e164[i] = number
			phones = append(phones, number)
		}
	}
	holders, err := j.store.PhoneHolders(ctx, phones)
	if err != nil {
		return fmt.Errorf("read phone holders: %w", err)
	}
	for i := range claimed {
		u := &claimed[i].Customer.User
		for _, h := range holders[e164[i]] {
			older := h.CreatedAt.Before(u.CreatedAt) || (h.CreatedAt.Equal(u.CreatedAt) && h.ID < u.ID)
			if h.ID != u.ID && older && !h.SharedPhone && j.mapper.Skip(h.User) == "" {
				claimed[i].Customer.PhoneHeldBy = h.ID
				break
			}
		}
	}
	return nil
}

// contestPhones looks at the wanted numbers that another contact in Brevo holds. It is taken for good when that contact did
// not get it from us, or keeps it: of somebody who is no customer any more, or who wants it still. Else its holder is to
// give it up first, whichever of the two is written first.
func (j *judge) contestPhones(ctx context.Context, rulings []ruling, phones []string) error {
	holders, err := j.store.BrevoByPhone(ctx, phones)
	if err != nil {
		return fmt.Errorf("read mirrored contacts: %w", err)
	}
	var ids []int64
	contested := map[string][]*situation{}
	for i := range rulings {
		s := &rulings[i].situation
		phone, _ := s.want.Attributes[attributePhone].(string)
		if holder, held := holders[phone]; held && (s.found == nil || holder.ID != s.found.ID) {
			s.phoneTaken = true
			ids = append(ids, holder.ID)
			contested[phone] = append(contested[phone], s)
		}
	}
	ours, err := j.store.DeliveriesByBrevoID(ctx, ids)
	if err != nil {
		return fmt.Errorf("read deliveries: %w", err)
	}
	delivered := map[int64]string{}
	users := make([]int64, 0, len(ours))
	for phone := range contested {
		d := ours[holders[phone].ID]
		if last, ok := d.Attributes[attributePhone]; ok && d.State == store.DeliverySent && sameValue(attributePhone, last, phone) {
			users = append(users, d.UserID)
			delivered[d.UserID] = phone
		}
	}
	claimed, err := j.store.Peek(ctx, users)
	if err != nil {
		return fmt.Errorf("read holders of phones: %w", err)
	}
	if err := j.holdPhones(ctx, claimed); err != nil {
		return err
	}
	for i := range claimed {
		id := claimed[i].Delivery.UserID
		keeps := j.wanted(&claimed[i])
		if keeps.skip != "" || keeps.want.Attributes[attributePhone] == delivered[id] || j.policy.outside(keeps) {
			continue
		}
		for _, s := range contested[delivered[id]] {
			s.phoneTaken, s.phoneFrom = false, id
		}
	}
	return nil
}

// freePhone takes the number from the contact that is to give it up, as far as that has not happened yet. Its mark stays:
// what else it needs follows in its own turn. It reports false while somebody else is writing that contact.
func (w *writer) freePhone(ctx context.Context, r *ruling) (free bool, err error) {
	phone, wanted := r.decision.set[attributePhone]
	if !wanted || r.situation.phoneFrom == 0 {
		return true, nil
	}
	claimed, err := w.store.Claim(ctx, []int64{r.situation.phoneFrom}, w.owner, claimLease, w.now())
	if err != nil || len(claimed) == 0 {
		return false, err
	}
	holder := claimed[0].Delivery
	last, ok := holder.Attributes[attributePhone]
	if !ok || !sameValue(attributePhone, last, phone) {
		return true, nil
	}
	w.touched[holder.UserID] = true
	now, err := w.clearPhone(ctx, holder.BrevoID, last)
	if err != nil || now == nil || now.Attributes[attributePhone] != nil {
		return err == nil, err
	}
	delete(holder.Attributes, attributePhone)
	if err := w.store.Record(ctx, w.owner, []store.Result{{Delivery: holder, Keep: true}}, w.now()); err != nil {
		return false, fmt.Errorf("record delivery: %w", err)
	}
	return true, nil
}

// clearPhone takes a number that we delivered from a contact that a look shows to hold it still: what the marketer has typed since
// stays. It gives the contact as it is then, nil when it was deleted in Brevo.
func (w *writer) clearPhone(ctx context.Context, contact int64, delivered any) (*store.BrevoContact, error) {
	look, err := w.store.BeginLook(ctx, "")
	if err != nil {
		return nil, err
	}
	got, err := w.brevo.GetContact(ctx, brevo.ByID(contact))
	now := mirrored(&got, w.keep)
	if err == nil && sameValue(attributePhone, now.Attributes[attributePhone], delivered) {
		err = w.brevo.UpdateContact(ctx, brevo.ByID(contact), brevo.UpdateContact{Attributes: map[string]any{attributePhone: ""}})
		delete(now.Attributes, attributePhone)
		look = store.Look{}
	}
	switch {
	case brevo.IsNotFound(err):
		return nil, w.store.RemoveBrevoContact(ctx, contact, w.now())
	case err != nil:
		return nil, err
	}
	if err := w.store.ApplyBrevoContacts(ctx, look, []store.BrevoContact{now}, w.now()); err != nil {
		return nil, fmt.Errorf("mirror contact: %w", err)
	}
	return &now, nil
}

// dropPhone sends the contact without the number, and keeps the wish open.
func (w *writer) dropPhone(r *ruling) {
	had := &r.situation.had
	had.Refused = cloneOrMake(had.Refused)
	had.Refused[attributePhone] = r.decision.set[attributePhone]
	r.decision = w.policy.decide(r.situation)
}

// phoneBack undoes dropPhone in refused, where the number was not to blame: without it the contact was refused as well.
func phoneBack(refused map[string]any, r *ruling) map[string]any {
	refused = cloneOrMake(refused)
	delete(refused, attributePhone)
	if before, was := r.claimed.Delivery.Refused[attributePhone]; was {
		refused[attributePhone] = before
	}
	return refused
}
