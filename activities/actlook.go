package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

// Short reasons of actions that came to nothing; the program has words for them.
const (
	reasonOverdue      = "overdue"       // later than events.max_age
	reasonNotDelivered = "not_delivered" // no sync or push brought the contact to Brevo in time
	reasonNoContact    = "no_contact"    // nothing names the contact
	reasonUnknown      = "unknown"       // the person is not mirrored
	reasonForgotten    = "forgotten"     // with starter forget
	reasonBlocklisted  = "blocklisted"
)

// lookAgainAfter is how old what is known of the ticket or user may be when an action is carried out late.
const lookAgainAfter = 5 * time.Minute

// stopped ends an action that must not be carried out, or not any more. It returns an error for one that has to wait.
func (a *actor) stopped(ctx context.Context) (bool, error) {
	if over, err := a.forbidden(ctx); err != nil || over {
		return over, err
	}
	a.person = nil
	if err := a.know(ctx); err != nil {
		return false, err
	}
	if why := a.unreachable(); why != "" {
		return true, a.end(ctx, store.ActionSkipped, why)
	}
	if a.undelivered() {
		if a.late() > min(deliverWithin, a.cfg.Events.MaxAge) {
			return true, a.end(ctx, store.ActionSkipped, reasonNotDelivered)
		}
		return false, patiently(ctx, "the contact is not in Brevo yet")
	}
	if a.late() <= a.cfg.Events.MaxAge {
		return false, nil
	}
	return true, a.end(ctx, store.ActionSkipped, reasonOverdue)
}

// lookAgain reads the ticket or user of an action that a pause or an outage held up, and reports whether it did: what happened
// meanwhile may stand against it.
func (a *actor) lookAgain(ctx context.Context) (bool, error) {
	t := a.action.Transition
	known, err := a.askedAt(ctx, t)
	if err != nil || a.late() <= lookAgainAfter || a.now().Sub(known) <= lookAgainAfter {
		return false, err
	}
	if t.TicketID != 0 {
		_, err = a.refreshTicket(ctx, RefreshInput{ID: t.TicketID})
		return a.cfg.Sync.Tickets, err
	}
	if !a.cfg.Sync.Users {
		return false, nil
	}
	_, err = a.readUsers(ctx, []int64{t.UserID})
	return true, err
}

// askedAt is when Zendesk was asked for the latest that is known of a transition's ticket or user.
func (a *actor) askedAt(ctx context.Context, t rules.Transition) (time.Time, error) {
	if t.TicketID != 0 {
		rows, err := a.store.Tickets(ctx, []int64{t.TicketID})
		return rows[t.TicketID].AskedAt, err
	}
	rows, err := a.store.Users(ctx, []int64{t.UserID})
	return rows[t.UserID].AskedAt, err
}

// forbidden ends an action that must not be carried out any more: something happened that its rule names under unless, or the
// ticket is gone.
func (a *actor) forbidden(ctx context.Context) (bool, error) {
	others, err := a.store.Transitions(ctx, a.action.Subject())
	if err != nil {
		return false, err
	}
	for _, other := range others {
		if a.action.Cancels(other) {
			return true, a.end(ctx, store.ActionCancelled, other.Type+" happened first")
		}
	}
	return a.pointless(ctx)
}

// pointless ends a delayed action about a ticket that was deleted while it waited: spam is deleted so, and nobody should hear of
// a ticket that is not there any more.
func (a *actor) pointless(ctx context.Context) (bool, error) {
	t := a.action.Transition
	if t.TicketID == 0 || !a.action.Due.After(t.OccurredAt) {
		return false, nil
	}
	rows, err := a.store.Tickets(ctx, []int64{t.TicketID})
	if err != nil {
		return false, fmt.Errorf("read mirrored ticket: %w", err)
	}
	if rows[t.TicketID].Status != ticketDeleted {
		return false, nil
	}
	return true, a.end(ctx, store.ActionCancelled, "the ticket was deleted")
}

// know reads whom the action is about: the ticket's requester as of now, or the user.
func (a *actor) know(ctx context.Context) error {
	if a.person != nil {
		return nil
	}
	user, err := a.personOf(ctx, a.action.Transition)
	if err != nil {
		return err
	}
	people, err := a.store.Peek(ctx, []int64{user})
	if err != nil {
		return fmt.Errorf("read mirrored user: %w", err)
	}
	if len(people) == 0 {
		return fmt.Errorf("read mirrored user: %w", store.ErrNotFound)
	}
	a.person = &people[0]
	return nil
}

// undelivered reports whether the person's contact has yet to be brought to Brevo.
func (a *actor) undelivered() bool {
	return a.aboutBrevo() && a.person.Found && a.person.Delivery.State == store.DeliveryNone
}

// late is how long ago the action was due.
func (a *actor) late() time.Duration { return a.now().Sub(a.action.Due) }

func (a *actor) aboutBrevo() bool {
	switch a.action.Action.Kind {
	case rules.ZendeskTag, rules.ZendeskNote, rules.ZendeskTicket:
		return false
	}
	return true
}

// outside reports whether a pilot keeps the action away from this person: by their address in Zendesk, and where the action
// reaches a contact also by the address that the contact has.
func (a *actor) outside() bool {
	pilot, contact := a.cfg.Pilot, a.person.Delivery.Email
	switch {
	case !pilot.Active():
		return false
	case !slices.Contains(pilot.Emails, a.person.Customer.User.Email):
		return true
	}
	return a.aboutBrevo() && contact != "" && !slices.Contains(pilot.Emails, contact)
}

// unreachable says why nothing may be done for this person; empty when it may.
func (a *actor) unreachable() string {
	d := &a.person.Delivery
	if a.outside() {
		return reasonPilot
	}
	if !a.aboutBrevo() {
		return ""
	}
	switch {
	case !a.person.Found:
		return reasonUnknown
	case d.State == store.DeliveryGone:
		return reasonBrevoDeleted
	case d.State == store.DeliveryNone:
		return ""
	case d.State != store.DeliverySent:
		return orText(d.Reason, string(d.State))
	case d.BrevoID == 0 && d.Email == "":
		return reasonNoContact
	}
	return ""
}
