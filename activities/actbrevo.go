package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// perform makes the call of the action.
func (a *actor) perform(ctx context.Context) error {
	switch a.action.Action.Kind {
	case rules.BrevoEvent:
		return a.sendEvent(ctx)
	case rules.BrevoEmail:
		return a.sendEmail(ctx)
	case rules.BrevoListAdd, rules.BrevoListRemove:
		return a.changeList(ctx)
	case rules.BrevoAttribute:
		return a.setAttributes(ctx)
	case rules.ZendeskTag:
		return a.changeTags(ctx)
	case rules.ZendeskNote:
		return a.addNote(ctx)
	case rules.ZendeskTicket:
		return a.createTicket(ctx)
	}
	return &calledOff{"unknown kind of action"}
}

// lookup is how to find out whether an earlier call of the action arrived; nil where repeating it changes nothing.
func (a *actor) lookup() func(context.Context) (bool, error) {
	switch a.action.Action.Kind {
	case rules.BrevoEvent:
		return a.eventThere
	case rules.BrevoEmail:
		return a.emailThere
	case rules.ZendeskNote:
		return a.noteThere
	case rules.ZendeskTicket:
		return a.ticketThere
	}
	return nil
}

// marker is a short name of the action that a vendor can keep: the key holds the names of rules.
func (a *actor) marker() string {
	sum := sha256.Sum256([]byte(a.action.Key))
	return hex.EncodeToString(sum[:8])
}

// filled is the action with the person's own data in it. It goes into the request and nowhere else.
func (a *actor) filled() rules.Action {
	u := a.person.Customer.User
	first, last := mapping.SplitName(u.Name)
	return a.action.Action.Fill(rules.Person{Email: u.Email, Name: u.Name, FirstName: first, LastName: last, Phone: u.Phone})
}

// sendEvent sends the event under the contact's id, or the address while Brevo has not told the id.
// https://developers.brevo.com/docs/event-endpoints
func (a *actor) sendEvent(ctx context.Context) error {
	x := a.filled()
	return a.brevo.CreateEvent(ctx, brevo.Event{
		Name: x.Event, Date: a.action.Transition.OccurredAt, Identifiers: a.identifiers(), Properties: x.Properties,
	})
}

func (a *actor) identifiers() brevo.EventContact {
	d := &a.person.Delivery
	if d.BrevoID != 0 {
		return brevo.EventContact{ContactID: d.BrevoID}
	}
	return brevo.EventContact{EmailID: d.Email}
}

// eventSpan is how far around its date an event is looked for: days of another time zone included.
const eventSpan = 36 * time.Hour

// maxEventPages bounds a lookup; a person has a few events of one name in three days.
const maxEventPages = 5

// eventThere looks for the event among those of the contact: Brevo has no idempotency key, so the key travels as a property.
// https://developers.brevo.com/reference/get-events
func (a *actor) eventThere(ctx context.Context) (bool, error) {
	at := a.action.Transition.OccurredAt
	q := brevo.EventQuery{Names: []string{a.action.Action.Event}, Start: at.Add(-eventSpan), End: at.Add(eventSpan), Limit: 1000}
	// The call was about the contact of that time: the ticket may have another requester now.
	if id := a.action.ContactID; id != 0 {
		q.ContactIDs = []int64{id}
	}
	found, untold := 0, 0
	for page := 0; ; page++ {
		got, err := a.brevo.ListEvents(ctx, q)
		if err != nil {
			return false, err
		}
		for _, e := range got.Events {
			switch key, told := e.Properties["key"]; {
			case key == a.action.Transition.Key:
				found++
			case !told && (e.Date.IsZero() || e.Date.Sub(at).Abs() < time.Second):
				untold++ // that the list shows properties is not promised, but ours has its date
			}
		}
		q.Offset += len(got.Events)
		if len(got.Events) == 0 || int64(q.Offset) >= got.Count {
			break
		}
		if page == maxEventPages {
			return false, errCannotTell
		}
	}
	others, err := a.twins(ctx)
	if err == nil && found <= others && found+untold > others {
		return false, errCannotTell
	}
	return found > others, err
}

// twins counts the other actions that sent an event of the same name about the same transition.
func (a *actor) twins(ctx context.Context) (int, error) {
	all, err := a.store.Actions(ctx, a.action.Subject())
	if err != nil {
		return 0, err
	}
	n := 0
	for i := range all {
		x := &all[i]
		if x.Key != a.action.Key && x.Action.Event == a.action.Action.Event && x.Transition.Key == a.action.Transition.Key && x.State == store.ActionDone {
			n++
		}
	}
	return n, nil
}

// sendEmail sends a template. Who may not be e-mailed is asked just before: people unsubscribe at any time.
// https://developers.brevo.com/reference/send-transac-email
func (a *actor) sendEmail(ctx context.Context) error {
	contact, err := a.contact(ctx)
	if err != nil {
		return err
	}
	if contact.EmailBlacklisted && !a.action.Action.Transactional {
		return &calledOff{reasonBlocklisted}
	}
	x := a.filled()
	_, err = a.brevo.SendTemplate(ctx, brevo.TemplateEmail{
		TemplateID: x.Template, To: []brevo.Recipient{{Email: contact.Email}}, Params: x.Params,
		Tags: []string{emailTag + a.marker()}, IdempotencyKey: a.action.Key,
	})
	return err
}

// emailTag begins the tag by which a template e-mail of an automation is found again.
const emailTag = "zendesk-brevo-"

// emailThere looks for the e-mail by its tag.
func (a *actor) emailThere(ctx context.Context) (bool, error) {
	contact, err := a.contact(ctx)
	if err != nil {
		return false, err
	}
	// Without dates Brevo looks back thirty days; in which zone it reads a day is not documented.
	q := brevo.EmailQuery{Email: contact.Email, TemplateID: a.action.Action.Template, Limit: 500}
	untagged := false
	for page := 0; page < maxEventPages; page++ {
		got, err := a.brevo.ListEmails(ctx, q)
		if err != nil {
			return false, err
		}
		for _, e := range got.Emails {
			if slices.Contains(e.Tags, emailTag+a.marker()) {
				return true, nil
			}
			// That the list shows tags is not promised: one without any may be ours.
			untagged = untagged || len(e.Tags) == 0 && e.Date.After(a.action.OpenedAt.Add(-tellAfter))
		}
		if got.End && untagged {
			return false, errCannotTell
		}
		if got.End {
			return false, nil
		}
		q.Offset = got.Next
	}
	return false, errCannotTell
}

// contact reads the person's contact from Brevo as it is now. A pilot keeps away from one that was given another address there.
func (a *actor) contact(ctx context.Context) (brevo.Contact, error) {
	d := &a.person.Delivery
	who := brevo.ByEmail(d.Email)
	if id := cmp.Or(a.action.ContactID, d.BrevoID); id != 0 {
		who = brevo.ByID(id)
	}
	got, err := a.brevo.GetContact(ctx, who)
	switch {
	case brevo.IsNotFound(err):
		return got, &calledOff{reasonBrevoDeleted}
	case err == nil && got.Email == "":
		return got, &calledOff{"the contact has no address"}
	case err == nil && a.cfg.Pilot.Active() && !slices.Contains(a.cfg.Pilot.Emails, strings.ToLower(got.Email)):
		return got, &calledOff{reasonPilot}
	}
	return got, err
}

// claimed runs write while holding the contact's claim, and records what the delivery is then. What must be known even if the
// answer to the call is lost, write books before it.
func (a *actor) claimed(ctx context.Context, write func(_ *brevo.Contact, _ *store.Delivery, book func() error) error) error {
	owner := attempt(ctx, "act/"+a.action.Key)
	mine, err := a.claimOne(ctx, a.person.Delivery.UserID, owner)
	if err != nil {
		return err
	}
	defer func() { _ = a.store.Release(context.WithoutCancel(ctx), owner) }()
	contact, err := a.contact(ctx)
	if err != nil {
		return err
	}
	d := mine[0].Delivery
	book := func() error {
		return a.store.Book(ctx, owner, []store.Delivery{d}, claimLease, a.now())
	}
	if err := a.store.Renew(ctx, owner, []int64{d.UserID}, claimLease, a.now()); err != nil {
		return err
	}
	if err := write(&contact, &d, book); err != nil {
		return err
	}
	a.lost = true // should it not be recorded, it happened all the same
	return a.store.Record(ctx, owner, []store.Result{{Delivery: d}}, a.now())
}

// setAttributes writes attributes of the contact that preflight found in Brevo, which ignores unknown ones in silence.
// https://developers.brevo.com/reference/update-contact
func (a *actor) setAttributes(ctx context.Context) error {
	x := a.filled()
	stored, err := a.store.Attributes(ctx)
	if err != nil {
		return fmt.Errorf("read attributes: %w", err)
	}
	values := map[string]any{}
	for name, value := range x.Attributes {
		at := slices.IndexFunc(stored, func(s store.Attribute) bool { return s.Name == name })
		if at < 0 && value == nil {
			return &calledOff{"Brevo has no attribute " + name}
		}
		if at < 0 {
			return a.unverified("attribute " + name)
		}
		if !takes(kindOf(value), stored[at]) {
			return &calledOff{"attribute " + name + " is " + described(stored[at]) + " in Brevo, and the value does not fit"}
		}
		if values[name] = value; value == nil {
			values[name] = ""
		}
	}
	return a.claimed(ctx, func(contact *brevo.Contact, _ *store.Delivery, _ func() error) error {
		return a.brevo.UpdateContact(ctx, brevo.ByID(contact.ID), brevo.UpdateContact{Attributes: values})
	})
}

// kindOf is the type of attribute that a value asks for; empty for one that clears.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return ""
	case bool:
		return mapping.Boolean
	case float64, int64, int:
		return mapping.Float
	}
	return mapping.Text
}
