package activities

import (
	"maps"
	"slices"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// Reasons why somebody is no contact any more, beside those of mapping.Skip.
const (
	reasonMerged  = "merged"           // into another user
	reasonNotOurs = "merged_not_ours"  // the same, and on_user_merged: delete found a contact that is not ours alone
	reasonErased  = store.ReasonErased // deleted for good
)

// erased reports whether a user was deleted for good: nothing is left of the person in Zendesk.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#permanently-delete-user
func erased(u *mapping.User) bool { return !u.Active && u.Email == "" && u.Name == zendesk.ErasedName }

// erasedBefore reports whether a user was found to be deleted for good earlier: the mirror has forgotten the name that told.
func erasedBefore(c *store.Claimed) bool {
	return c.Found && !c.Customer.User.Active && c.Delivery.Reason == reasonErased
}

// waits reports whether it is too early to say what became of a user who is inactive: of a merge only a webhook tells, and it
// may be late. After one interval of the schedule a deletion is believed. Who has no contact needs no patience.
func waits(s *situation, since time.Time, interval time.Duration, now time.Time) bool {
	there := s.begun != nil || (!s.had.SentAt.IsZero() && s.had.State != store.DeliveryLeft && s.had.State != store.DeliveryGone)
	return s.skip == mapping.Inactive && there && !s.succeeded && now.Before(since.Add(interval))
}

// depart handles somebody who is no contact any more: the lists we added them to are left and support-derived attributes
// cleared; the contact itself stays, for it may be the marketer's. Who was deleted for good loses all that we delivered.
func (r *policy) depart(s situation) decision {
	unsure := unsettled(s.had)
	s.asked, s.had.Refused = asked(s.had), settled(s.had.Refused)
	values := cloneOrMake(s.asked) // as far as anybody knows, they arrived
	maps.Copy(values, s.had.Attributes)
	d := decision{state: store.DeliverySkipped, reason: s.skip, after: s.had, merge: s.merged != 0, erase: s.erased}
	switch {
	case s.had.State == store.DeliveryGone:
		d.state = store.DeliveryGone
	case s.succeeded:
		d.state = store.DeliveryLeft
	case r.deletes(&s):
		d.state, d.email, d.delete = store.DeliveryGone, s.had.Email, true
		d.after.Lists, d.after.Attributes, d.after.Made = nil, nil, false
	case s.had.State == store.DeliveryLeft && !s.erased && !unsure:
		d.state = store.DeliveryLeft
	case !s.had.SentAt.IsZero() || len(s.had.Lists) > 0 || unsure: // an import may have put somebody else's contact on lists
		d.state, d.email = store.DeliveryLeft, s.had.Email
		d.remove = slices.Clone(s.had.Lists)
		d.after.Lists, d.after.Attributes = nil, maps.Clone(s.had.Attributes)
		for name, last := range values {
			if r.attributes[name].Support || (s.erased && stillOurs(&s, r.attributes[name], name, last)) {
				d.clear = append(d.clear, name)
				delete(d.after.Attributes, name)
			}
		}
		slices.Sort(d.clear)
		d.leaveOpen(s.asked)
	}
	if r.onUserMerged == config.OnUserDelete && s.merged != 0 && !d.delete && d.state == store.DeliveryLeft && !s.succeeded {
		d.reason = reasonNotOurs
	}
	d.after.State, d.after.Reason = d.state, d.reason
	return d
}

// deletes reports whether the contact of a merged user goes: on_user_merged: delete, we made it, and it still has the address
// under which it was delivered. Whatever else somebody may have made of it is not ours to delete.
func (r *policy) deletes(s *situation) bool {
	return r.onUserMerged == config.OnUserDelete && s.merged != 0 && !s.kept && s.had.Made && !s.had.SentAt.IsZero() &&
		s.found != nil && s.found.Email == s.had.Email
}

// stillOurs reports whether a contact still holds what we delivered, as far as anybody can tell: names and numbers that
// somebody has typed over since are theirs.
func stillOurs(s *situation, a mapping.Attribute, name string, last any) bool {
	theirs := a.FillIfEmpty || a.Identifier || name == attributePhone // of which the mapping may say nothing any more
	return s.found == nil || !theirs || sameValue(name, s.found.Attributes[name], last)
}

// owe has the write of a contact carry the opt-outs that are owed. What the contact has already is not owed any more.
func owe(found *store.BrevoContact, d *decision) {
	email, sms := d.after.Refused[store.OwedEmail] == true, d.after.Refused[store.OwedSMS] == true
	if !d.create && found != nil {
		email, sms = email && !found.EmailBlacklisted, sms && !found.SMSBlacklisted
	}
	d.blocklist, d.blocklistSMS = d.blocklist || email, d.blocklistSMS || sms
	if !email && !sms {
		d.after.Refused = paid(d.after.Refused)
	}
}

// paid are the refusals once a contact has the opt-outs that were owed.
func paid(refused map[string]any) map[string]any {
	out := maps.Clone(refused)
	maps.DeleteFunc(out, func(name string, _ any) bool { return name == store.OwedEmail || name == store.OwedSMS })
	return out
}

// owes reports whether opt-outs are still to be written.
func owes(refused map[string]any) bool {
	return refused[store.OwedEmail] == true || refused[store.OwedSMS] == true
}
