package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

// changeList adds the contact to a list or takes it off. Nobody is put back on a list that they left, and whom we added is
// remembered as added by us. https://developers.brevo.com/reference/add-contact-to-list
func (a *actor) changeList(ctx context.Context) error {
	list, err := a.list(ctx)
	if err != nil {
		return err
	}
	add := a.action.Action.Kind == rules.BrevoListAdd
	return a.claimed(ctx, func(contact *brevo.Contact, d *store.Delivery, book func() error) error {
		on := slices.Contains(contact.ListIDs, list)
		_, left := d.Refused[store.ListKey(list)]
		switch {
		case add && (left || slices.Contains(contact.ListUnsubscribed, list)):
			return &calledOff{"unsubscribed from the list"}
		case add && !on:
			d.Lists = append(slices.Clone(d.Lists), list)
			slices.Sort(d.Lists)
			d.Lists = slices.Compact(d.Lists)
			if err := book(); err != nil {
				return err
			}
			err := a.join(ctx, list, contact.ID)
			if errors.Is(err, errNotAdded) {
				d.Lists = slices.DeleteFunc(slices.Clone(d.Lists), func(id int64) bool { return id == list })
				return cmp.Or(book(), err)
			}
			if err != nil {
				return err
			}
		case !add && on:
			if _, err := a.brevo.RemoveFromList(ctx, list, brevo.Members{IDs: []int64{contact.ID}}); err != nil {
				return err
			}
			fallthrough
		case !add:
			d.Lists = slices.DeleteFunc(slices.Clone(d.Lists), func(id int64) bool { return id == list })
		}
		return nil
	})
}

// join adds a contact to a list that it was off a moment ago. Where Brevo names it among the failures, the contact itself tells:
// somebody else may have added it meanwhile.
func (a *actor) join(ctx context.Context, list, id int64) error {
	got, err := a.brevo.AddToList(ctx, list, brevo.Members{IDs: []int64{id}})
	if err != nil || slices.Contains(got.Success, strconv.FormatInt(id, 10)) {
		return err
	}
	a.lost = true // until the contact tells
	now, err := a.brevo.GetContact(ctx, brevo.ByID(id))
	if err == nil && !slices.Contains(now.ListIDs, list) {
		a.lost, err = false, errNotAdded
	}
	return err
}

// errNotAdded: Brevo answered with success, and did not do it.
var errNotAdded = errors.New("Brevo did not add the contact to the list, and does not say why")

// list is the id of the action's list, once preflight has found or made it, and its adoption is allowed.
func (a *actor) list(ctx context.Context) (int64, error) {
	x := a.action.Action
	name, shown := x.ListName, strconv.Quote(x.ListName)
	if x.ListID != 0 {
		name, shown = strconv.FormatInt(x.ListID, 10), strconv.FormatInt(x.ListID, 10)
	}
	lists, err := a.store.Lists(ctx)
	if err != nil {
		return 0, fmt.Errorf("read lists: %w", err)
	}
	for _, l := range lists {
		if l.Key == automationList(name) {
			return l.ID, nil
		}
	}
	if x.Kind == rules.BrevoListRemove {
		return 0, &calledOff{"there is no list " + shown}
	}
	return 0, a.unverified("list " + shown)
}

// preflightRecheck is how often an action looks whether a sync has verified what it needs in Brevo.
const preflightRecheck = time.Minute

// unverified waits for a sync that verifies what an action needs in Brevo, but not for ever: the ticket's other actions wait too.
func (a *actor) unverified(what string) error {
	if a.late()+preflightRecheck > min(deliverWithin, a.cfg.Events.MaxAge) { // at the next look it is overdue
		return &calledOff{"no sync has verified " + what + " in Brevo"}
	}
	return waitFor(preflightRecheck, "for the next sync to verify "+what+" in Brevo")
}

// automationList is the key under which a list that automations name is stored.
func automationList(name string) string { return "automation:" + name }
