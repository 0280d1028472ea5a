package activities

import (
	"maps"
	"slices"
	"strings"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// Reasons why a person is not written, beside those of mapping.Skip. They are stable: status and rejects show them.
const (
	reasonPilot        = "pilot"            // not among pilot.emails
	reasonNewContact   = "new_contact"      // new_contacts: skip
	reasonBrevoDeleted = "deleted_in_brevo" // on_brevo_deleted: skip
	reasonInvalidEmail = "invalid_email"
	reasonRefused      = "refused"
	reasonMoved        = "email_moved" // the person goes on under another address
)

// Names that Brevo gives to every account.
const (
	attributeEmail = "EMAIL"
	attributePhone = "SMS"
)

// policy is the parts of the configuration and of Brevo's own inventory that decide what may be written.
type policy struct {
	newContacts    string
	onBrevoDeleted string
	onUserMerged   string
	pilot          map[string]bool // nil: everybody
	attributes     map[string]mapping.Attribute
	options        map[string][]string // of attributes that take nothing else
	lists          map[string]int64    // key -> Brevo list id
}

// situation is everything known of one person when their contact is decided.
type situation struct {
	want mapping.Contact // meaningless while skip is set
	skip string          // why the person is no contact; empty: is one
	had  store.Delivery
	// found is the contact in Brevo as last mirrored, nil when the mirror has none: by the delivery's id, else by address.
	found *store.BrevoContact
	// begun is what a create carried whose answer never came; nil when there is none.
	begun *store.Delivery
	// asked are attributes that may hold these values instead of what was delivered last: what is wanted there is sent again.
	asked map[string]any
	// phoneTaken: another contact in Brevo, not made from this user, holds the wanted number and keeps it.
	phoneTaken bool
	// phoneFrom is the user whose contact holds the wanted number and is to give it up first; 0: nobody's.
	phoneFrom int64
	// succeeded: somebody else has the address now, and with it the contact.
	succeeded bool
	// waits: the user became inactive a moment ago, and it may yet turn out that they were merged into another.
	waits bool
	// erased: the user was deleted for good.
	erased bool
	// merged is an open merge: this user was merged into that one, and what follows from it has not been done.
	merged int64
	// absorbed are the users whose open merges are into this one.
	absorbed []int64
	// barred: a pilot keeps everything away from the other user of the merge.
	barred bool
	// kept: Brevo does not let go of the contact, so it leaves as others do.
	kept bool
}

// decision is what one contact needs. The zero decision needs nothing.
type decision struct {
	state  store.DeliveryState // how the delivery stands once this is done
	reason string
	email  string // the address to write to, or to create
	from   string // the address it had, when it changes

	create       bool
	blocklist    bool // opt out of e-mail: new_contacts: blocklist, or what somebody had opted out of under another address
	blocklistSMS bool
	delete       bool // the contact itself, which only ever was ours
	set          map[string]any
	clear        []string
	add          []int64
	remove       []int64

	wait  bool // nothing yet: the mark stays
	merge bool // an open merge is settled with it
	erase bool // once Brevo has accepted everything, the person is forgotten here too

	after store.Delivery // what to record when Brevo has accepted everything
}

// writes reports whether Brevo must be called at all.
func (d *decision) writes() bool {
	return d.create || d.delete || d.from != "" || d.blocklist || d.blocklistSMS || len(d.set)+len(d.clear)+len(d.add)+len(d.remove) > 0
}

// takesAway reports whether the mass-change guard counts this decision: it clears, unlists or deletes.
func (d *decision) takesAway() bool { return d.delete || len(d.clear)+len(d.remove) > 0 }

// decide compares what a contact should be with what Brevo last accepted and with what it holds now. It is pure.
func (r *policy) decide(s situation) decision {
	switch {
	case r.outside(s) || s.barred:
		untouched := s.had.SentAt.IsZero() && s.begun == nil
		return decision{state: s.had.State, reason: reasonPilot, after: s.had, erase: s.erased && untouched}
	case s.waits:
		return decision{state: s.had.State, reason: s.skip, after: s.had, wait: true}
	case s.skip == reasonInvalidEmail:
		return r.reject(s, s.skip)
	case s.skip != "":
		return r.depart(s)
	case s.had.Refused[attributeEmail] == s.want.Email:
		return decision{state: store.DeliveryRejected, reason: s.had.Reason, after: s.had}
	case s.had.State == store.DeliveryGone && s.found == nil && r.onBrevoDeleted != config.OnBrevoDeletedRecreate:
		return decision{state: store.DeliveryGone, reason: reasonBrevoDeleted, after: s.had}
	}
	return r.deliver(s)
}

// outside reports whether a pilot keeps everything away from this person: by the address that would be written, which might be
// another contact's, and by those under which their contact stands, as delivered and as Brevo was last seen to have it.
func (r *policy) outside(s situation) bool {
	if r.pilot == nil {
		return false
	}
	stands := !s.had.SentAt.IsZero() && s.had.State != store.DeliveryGone && s.had.Email != ""
	return s.skip == "" && !r.pilot[s.want.Email] ||
		(s.skip != "" || stands) && !r.pilot[s.had.Email] ||
		s.found != nil && s.found.Email != "" && !r.pilot[s.found.Email]
}

func (r *policy) reject(s situation, reason string) decision {
	d := decision{state: store.DeliveryRejected, reason: reason, after: s.had}
	d.after.State, d.after.Reason = store.DeliveryRejected, reason
	return d
}

func (r *policy) deliver(s situation) decision {
	s.asked, s.had.Refused = asked(s.had), settled(s.had.Refused)
	d := decision{state: store.DeliverySent, email: s.want.Email, set: map[string]any{}, after: s.had}
	d.after.State, d.after.Reason, d.after.Email = store.DeliverySent, "", s.want.Email
	d.after.Attributes, d.after.Refused = cloneOrMake(s.had.Attributes), maps.Clone(s.had.Refused)
	if _, rejected := d.after.Refused[attributeEmail]; rejected {
		// Another address now: what was refused along with the old one may be wished again, but who opted out stays so.
		d.after.Refused = store.OptOuts(s.had.Refused)
		s.had.Refused = nil
	}
	wasThere := !s.had.SentAt.IsZero()
	if s.had.State == store.DeliveryGone {
		// Made again from nothing: what was delivered went with the old contact.
		d.after.Attributes, d.after.Lists, d.after.BrevoID, d.after.Made = map[string]any{}, nil, 0, false
		s.had = store.Delivery{UserID: s.had.UserID, Refused: s.had.Refused}
		wasThere, s.asked = false, nil
	}
	switch {
	case wasThere && s.had.Email != s.want.Email:
		d.from = s.had.Email
	case !wasThere && s.found == nil:
		d.create, d.after.Made = true, true
	}
	if d.create {
		switch r.newContacts {
		case config.NewContactsSkip:
			return decision{state: store.DeliverySkipped, reason: reasonNewContact, after: skipped(s.had, reasonNewContact)}
		case config.NewContactsBlocklist:
			d.blocklist = true
		}
		// Somebody who had opted out does not become mailable by being deleted and made again.
		d.blocklist = d.blocklist || d.after.Refused[store.Blocklisted] == true
		d.blocklistSMS = d.after.Refused[store.BlocklistedSMS] == true
	}
	owe(s.found, &d)
	r.attributesOf(s, &d)
	d.leaveOpen(s.asked)
	r.listsOf(s, &d)
	return d
}

func skipped(d store.Delivery, reason string) store.Delivery {
	d.State, d.Reason = store.DeliverySkipped, reason
	return d
}

func (r *policy) attributesOf(s situation, d *decision) {
	for _, name := range s.want.Managed {
		attribute, writable := r.attributes[name]
		if !writable {
			continue
		}
		value, wanted := s.want.Attributes[name]
		wanted = wanted && r.takes(name, value)
		last, sentBefore := s.had.Attributes[name]
		_, unsure := s.asked[name]
		if sentBefore && !unsure && wanted && mapping.Equal(map[string]any{name: last}, map[string]any{name: value}) {
			continue
		}
		if attribute.FillIfEmpty && !mayFill(s, name, last, sentBefore) {
			continue
		}
		switch {
		case wanted && r.wish(s, d, name, value):
			d.set[name] = value
			d.after.Attributes[name] = value
			delete(d.after.Refused, name)
		case sentBefore && !unsure && !r.takes(name, last):
			delete(d.after.Attributes, name) // Brevo never had it, so what it has is not ours to clear
		case sentBefore || unsure:
			// Nothing is wanted any more, or something that Brevo does not take: what we sent is out of date either way.
			d.clear = append(d.clear, name)
			delete(d.after.Attributes, name)
		}
	}
	slices.Sort(d.clear)
}

// takes reports whether a value is an option of its attribute, where that has options: Brevo drops any other in silence.
func (r *policy) takes(name string, value any) bool {
	options, limited := r.options[name]
	text, _ := value.(string)
	return !limited || slices.Contains(options, text)
}

// mayFill decides for attributes that belong to the person or the marketer first (first name, last name, phone): they are
// filled where empty, and changed later only while they still hold what we delivered.
func mayFill(s situation, name string, last any, sentBefore bool) bool {
	if s.found == nil {
		return true
	}
	current, there := s.found.Attributes[name]
	if !there || current == nil || current == "" {
		return true
	}
	return sentBefore && sameValue(name, current, last)
}

// wish keeps back a value that Brevo has refused before, or whose number another contact holds: the wish stays open
// without being repeated. It reports whether the value may be sent.
func (r *policy) wish(s situation, d *decision, name string, value any) bool {
	refused, before := s.had.Refused[name]
	taken := name == attributePhone && s.phoneTaken
	if !taken && (!before || !sameValue(name, refused, value)) {
		return true
	}
	if d.after.Refused == nil {
		d.after.Refused = map[string]any{}
	}
	d.after.Refused[name] = value
	return false
}

func (r *policy) listsOf(s situation, d *decision) {
	lists := slices.DeleteFunc(slices.Clone(s.had.Lists), func(id int64) bool {
		_, left := d.after.Refused[store.ListKey(id)]
		if left {
			d.remove = append(d.remove, id) // the person left it under another address
		}
		return left
	})
	for _, key := range s.want.ManagedLists {
		id, configured := r.lists[key]
		if !configured {
			continue
		}
		member, ours := slices.Contains(s.want.Lists, key), slices.Contains(lists, id)
		switch {
		case member && !ours && r.mayJoin(s, d, id):
			d.add = append(d.add, id)
			lists = append(lists, id)
		case !member && ours:
			d.remove = append(d.remove, id)
			lists = slices.DeleteFunc(lists, func(l int64) bool { return l == id })
		}
	}
	slices.Sort(d.add)
	slices.Sort(d.remove)
	slices.Sort(lists)
	d.after.Lists = lists
}

// mayJoin keeps people off lists they unsubscribed from, under whatever address, and leaves alone memberships that
// somebody else made.
func (r *policy) mayJoin(s situation, d *decision, list int64) bool {
	if _, left := d.after.Refused[store.ListKey(list)]; left {
		return false
	}
	return s.found == nil || (!slices.Contains(s.found.Unsubscribed, list) && !slices.Contains(s.found.Lists, list))
}

// sameValue compares an attribute in Brevo with one of ours. Brevo gives phone numbers back without the plus.
func sameValue(name string, a, b any) bool {
	if name == attributePhone || name == "WHATSAPP" {
		x, okX := a.(string)
		y, okY := b.(string)
		if okX && okY {
			return strings.TrimLeft(x, "+0") == strings.TrimLeft(y, "+0")
		}
	}
	return mapping.Equal(map[string]any{name: a}, map[string]any{name: b})
}

// SameValue reports whether an attribute as Brevo shows it is a value that was sent.
func SameValue(name string, held, sent any) bool { return sameValue(name, held, sent) }

func cloneOrMake(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return maps.Clone(m)
}
