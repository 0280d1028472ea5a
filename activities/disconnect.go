package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// UndoInput asks for what we did to contacts to be taken back, beginning after a user.
type UndoInput struct {
	Account string `json:"account"`
	RunID   string `json:"run_id"`
	// Attributes: the attributes that we made are going to be deleted, so their values are forgotten.
	Attributes bool  `json:"attributes,omitempty"`
	After      int64 `json:"after"`
}

// Undone counts what was taken back.
type Undone struct {
	Next        int64 `json:"next"`        // where to go on; 0: that was the end
	People      int64 `json:"people"`      // whose contacts were looked at
	Memberships int64 `json:"memberships"` // that ended
	Busy        int64 `json:"busy"`        // contacts that somebody else was writing: another pass is needed
}

// LeaveOurLists takes contacts off the lists that we put them on, a list and up to 150 contacts a call. The contacts stay, and so do
// memberships that others made, and so does everybody outside a pilot. What is taken back is marked, so that a sync of a later connection brings it again. It runs
// while the account is disconnected, and only then.
// https://developers.brevo.com/reference/remove-contact-from-list
func (b *Brevo) LeaveOurLists(ctx context.Context, in UndoInput) (Undone, error) {
	return do(ctx, b.connections, in.Account, func(ctx context.Context, c *connection) (Undone, error) {
		u := &undoer{connection: c, in: in, owner: attempt(ctx, in.RunID+"/disconnect"), out: Undone{Next: in.After}}
		defer func() { _ = c.store.Release(context.WithoutCancel(ctx), u.owner) }()
		// The next sync looks again at what there is in Brevo.
		if err := c.store.SetVerified(ctx, time.Time{}); err != nil {
			return Undone{}, fmt.Errorf("forget the verification: %w", err)
		}
		if in.Attributes {
			if err := c.nobodyOutside(ctx); err != nil {
				return Undone{}, err
			}
			var err error
			if u.names, err = c.madeAttributes(ctx); err != nil {
				return Undone{}, err
			}
		}
		for begun := c.now(); ; {
			more, err := u.batch(ctx)
			if err != nil && (u.out.Next == in.After || ctx.Err() != nil) {
				return Undone{}, err
			}
			if err != nil || !more || c.now().Sub(begun) > writeFor {
				return u.out, nil // what stood in the way meets the next attempt
			}
		}
	})
}

// undoer takes back what we did to contacts.
type undoer struct {
	*connection
	in    UndoInput
	owner string
	names []string // of attributes to forget
	out   Undone
}

func (u *undoer) batch(ctx context.Context) (more bool, _ error) {
	ids, err := u.store.Undoable(ctx, store.Undo{Attributes: len(u.names) > 0, Only: u.cfg.Pilot.Emails}, u.out.Next, brevo.MaxListMembers)
	if err != nil {
		return false, err
	}
	if len(ids) == 0 {
		u.out.Next = 0
		return false, nil
	}
	claimed, err := u.store.Claim(ctx, ids, u.owner, claimLease, u.now())
	if err != nil {
		return false, fmt.Errorf("claim contacts: %w", err)
	}
	u.out.Busy += int64(len(ids) - len(claimed))
	if p := u.cfg.Pilot; p.Active() { // an address may have changed before the claim
		claimed = slices.DeleteFunc(claimed, func(c store.Claimed) bool { return !slices.Contains(p.Emails, c.Delivery.Email) })
	}
	on := map[int64]*leaving{}
	for i := range claimed {
		for _, list := range claimed[i].Delivery.Lists {
			if on[list] == nil {
				on[list] = &leaving{}
			}
			on[list].add(&claimed[i].Delivery)
		}
	}
	ended := int64(0)
	for _, list := range slices.Sorted(maps.Keys(on)) {
		n, err := u.leave(ctx, list, on[list])
		if err != nil {
			return false, err
		}
		ended += n
	}
	if err := u.record(ctx, claimed); err != nil {
		return false, err
	}
	u.out.People += int64(len(claimed))
	u.out.Memberships += ended
	u.out.Next = ids[len(ids)-1]
	return true, nil
}

// leaving are contacts to be taken off one list: by id, or by address while Brevo has not told the id.
type leaving struct {
	ids    []int64
	emails []string
}

func (l *leaving) add(d *store.Delivery) {
	switch {
	case d.BrevoID != 0:
		l.ids = append(l.ids, d.BrevoID)
	case d.Email != "":
		l.emails = append(l.emails, d.Email)
	}
}

// leave takes contacts off a list and returns how many were on it.
func (u *undoer) leave(ctx context.Context, list int64, l *leaving) (ended int64, _ error) {
	for _, members := range []brevo.Members{{IDs: l.ids}, {Emails: l.emails}} {
		if len(members.IDs)+len(members.Emails) == 0 {
			continue
		}
		n, err := u.remove(ctx, list, members)
		if err != nil {
			return ended, err
		}
		ended += n
	}
	return ended, nil
}

// remove makes one call. One odd member may spoil the whole of it: then each goes alone, and one that Brevo refuses as a bad request is
// not on the list. Any other refusal says nothing of the members, and is an error. A list that is gone has no members.
func (u *undoer) remove(ctx context.Context, list int64, members brevo.Members) (ended int64, _ error) {
	got, err := u.brevo.RemoveFromList(ctx, list, members)
	switch {
	case err == nil:
		return int64(len(got.Success)), nil
	case brevo.IsNotFound(err):
		return 0, nil
	case Classify(err) != Reject || !brevo.IsBadRequest(err):
		return 0, err
	}
	if len(members.IDs)+len(members.Emails) == 1 {
		return 0, nil
	}
	var alone []brevo.Members
	for _, id := range members.IDs {
		alone = append(alone, brevo.Members{IDs: []int64{id}})
	}
	for _, email := range members.Emails {
		alone = append(alone, brevo.Members{Emails: []string{email}})
	}
	for _, one := range alone {
		n, err := u.remove(ctx, list, one)
		if err != nil {
			return ended, err
		}
		ended += n
	}
	return ended, nil
}

// record marks the people first: a death in between costs a look at them and nothing else.
func (u *undoer) record(ctx context.Context, claimed []store.Claimed) error {
	users, contacts := make([]int64, len(claimed)), make([]int64, 0, len(claimed))
	left := map[int64][]int64{}
	results := make([]store.Result, len(claimed))
	for i := range claimed {
		d := claimed[i].Delivery
		users[i] = d.UserID
		if d.BrevoID != 0 {
			contacts, left[d.BrevoID] = append(contacts, d.BrevoID), d.Lists
		}
		d.Lists, d.Attributes = nil, maps.Clone(d.Attributes)
		for _, name := range u.names {
			delete(d.Attributes, name)
		}
		results[i] = store.Result{Delivery: d}
	}
	if err := u.store.MarkDirty(ctx, store.KindUser, users, u.now()); err != nil {
		return fmt.Errorf("mark contacts: %w", err)
	}
	mirrored, err := u.store.BrevoByID(ctx, contacts)
	if err != nil {
		return fmt.Errorf("read mirrored contacts: %w", err)
	}
	images := make([]store.BrevoContact, 0, len(mirrored))
	for id, image := range mirrored {
		image.Lists = slices.DeleteFunc(slices.Clone(image.Lists), func(list int64) bool { return slices.Contains(left[id], list) })
		images = append(images, image)
	}
	if err := u.store.ApplyBrevoContacts(ctx, store.Look{}, images, u.now()); err != nil {
		return fmt.Errorf("mirror contacts: %w", err)
	}
	if err := u.store.Record(ctx, u.owner, results, u.now()); err != nil {
		return fmt.Errorf("record left lists: %w", err)
	}
	return nil
}

// madeAttributes are the contact attributes that we made, by name. That of companies is not among them.
func (c *connection) madeAttributes(ctx context.Context) (names []string, _ error) {
	stored, err := c.store.Attributes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return MadeAttributes(stored), nil
}

// MadeAttributes are those of the stored attributes that were made here and hold values of contacts, by name.
func MadeAttributes(stored []store.Attribute) (names []string) {
	for _, a := range stored {
		if a.Ours && a.Category == brevo.CategoryNormal {
			names = append(names, a.Name)
		}
	}
	return names
}

// PilotKeepsAttributes says why attributes are not deleted while n people outside the pilot hold what was delivered, and what to do.
func PilotKeepsAttributes(n int64) string {
	return fmt.Sprintf("deleting an attribute deletes everybody's values, and contacts outside the pilot have some (%d): "+
		"remove pilot from connectors.yaml, or leave the attributes", n)
}

// nobodyOutside refuses what would touch everybody's values while a pilot keeps everything away from somebody who was written.
func (c *connection) nobodyOutside(ctx context.Context) error {
	n, err := c.store.CountUndoableBut(ctx, store.Undo{Attributes: true, Only: c.cfg.Pilot.Emails})
	if err != nil {
		return err
	}
	if n > 0 {
		return temporal.NewNonRetryableApplicationError(PilotKeepsAttributes(n), ErrConfiguration, nil)
	}
	return nil
}

// DeletedAttributes are the names of attributes, by what became of them.
type DeletedAttributes struct {
	Deleted []string `json:"deleted,omitempty"`
	Kept    []string `json:"kept,omitempty"` // Brevo refuses it, with its answer
	More    bool     `json:"more,omitempty"` // something stood in the way of the others
}

// DeleteAttributes deletes the contact attributes that we made, and only those, with their values. What was delivered of them must have
// been forgotten before. It refuses while somebody outside a pilot may have a value.
func (b *Brevo) DeleteAttributes(ctx context.Context, account string) (DeletedAttributes, error) {
	return do(ctx, b.connections, account, func(ctx context.Context, c *connection) (out DeletedAttributes, _ error) {
		if err := c.nobodyOutside(ctx); err != nil {
			return out, err
		}
		names, err := c.madeAttributes(ctx)
		if err != nil {
			return out, err
		}
		for _, name := range names {
			err := c.brevo.DeleteAttribute(ctx, brevo.CategoryNormal, name)
			switch {
			case err == nil || brevo.IsNotFound(err):
				if err := c.store.DropAttribute(ctx, name); err != nil {
					return out, fmt.Errorf("forget attribute %s: %w", name, err)
				}
				out.Deleted = append(out.Deleted, name)
			case Classify(err) == Reject:
				out.Kept = append(out.Kept, fmt.Sprintf("%s: %v", name, err))
			case len(out.Deleted) > 0:
				out.More = true
				return out, nil
			default:
				return out, err
			}
		}
		return out, nil
	})
}
