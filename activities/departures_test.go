package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

const anna = "anna@customers.example"

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// delivered is a person as Brevo took them: a name, a phone and a role of theirs, what support knows, and two lists.
func delivered(change ...func(*situation)) situation {
	s := situation{
		skip: mapping.Suspended,
		had: store.Delivery{
			UserID: 1, State: store.DeliverySent, Email: anna, BrevoID: 7, Lists: []int64{30, 31}, SentAt: noon,
			Attributes: map[string]any{"FIRSTNAME": "Anna", "SMS": "+33612345678", "ROLE": "end-user", "OPEN_TICKETS": 2.0},
		},
		found: &store.BrevoContact{ID: 7, Email: anna, Lists: []int64{30, 31}, Attributes: map[string]any{"FIRSTNAME": "Anna", "SMS": "33612345678"}},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func aPolicy(onUserMerged string) policy {
	return policy{onUserMerged: onUserMerged, lists: map[string]int64{"all_customers": 30, "active_tickets": 31}, attributes: map[string]mapping.Attribute{
		"FIRSTNAME": {Name: "FIRSTNAME", FillIfEmpty: true}, "SMS": {Name: "SMS", FillIfEmpty: true, Identifier: true},
		"ROLE": {Name: "ROLE"}, "OPEN_TICKETS": {Name: "OPEN_TICKETS", Support: true},
	}}
}

func TestATypedNumberOutlivesItsPersonAlsoWhereNumbersAreMappedNoMore(t *testing.T) {
	r := aPolicy("keep")
	delete(r.attributes, attributePhone)
	for number, clear := range map[string][]string{"33612345678": {"SMS"}, "33699999999": nil} {
		d := r.decide(delivered(func(s *situation) {
			s.skip, s.erased = reasonErased, true
			s.had.Attributes = map[string]any{"SMS": "+33612345678"}
			s.found.Attributes["SMS"] = number
		}))
		assert.Equal(t, clear, d.clear, number)
	}
}

func TestWhatBecomesOfWhoIsNoContactAnyMore(t *testing.T) {
	merged := func(s *situation) { s.skip, s.merged = reasonMerged, 2 }
	gone := func(s *situation) { s.skip, s.erased = reasonErased, true }
	made := func(s *situation) { s.had.Made = true }
	left := func(s *situation) {
		s.had.State, s.had.Lists = store.DeliveryLeft, nil
		delete(s.had.Attributes, "OPEN_TICKETS")
	}
	succeeded := func(s *situation) { s.succeeded = true }
	type outcome struct {
		state  store.DeliveryState
		reason string
		remove []int64
		clear  []string
		flags  string
	}
	lists := []int64{30, 31}
	for _, tc := range []struct {
		name   string
		config string
		s      situation
		want   outcome
	}{
		{"suspended", "keep", delivered(), outcome{"left", "suspended", lists, []string{"OPEN_TICKETS"}, ""}},
		{"suspended while nobody knows whether the contact was put on a list", "keep", delivered(func(s *situation) {
			s.had = asking(store.Delivery{UserID: 1}, &decision{email: anna, add: []int64{30}})
		}), outcome{"left", "suspended", []int64{30}, nil, ""}},
		{"deleted a moment ago", "keep", delivered(func(s *situation) { s.skip, s.waits = mapping.Inactive, true }), outcome{state: "sent", reason: "inactive", flags: "wait"}},
		{"deleted for good", "keep", delivered(gone), outcome{"left", "erased", lists, []string{"FIRSTNAME", "OPEN_TICKETS", "ROLE", "SMS"}, "erase"}},
		{
			"deleted for good, with a name that the marketer typed", "keep",
			delivered(gone, func(s *situation) { s.found.Attributes["FIRSTNAME"] = "Countess" }),
			outcome{"left", "erased", lists, []string{"OPEN_TICKETS", "ROLE", "SMS"}, "erase"},
		},
		{"deleted, then for good", "keep", delivered(gone, left), outcome{"left", "erased", nil, []string{"FIRSTNAME", "ROLE", "SMS"}, "erase"}},
		{"deleted for good, and not mirrored", "keep", delivered(gone, func(s *situation) { s.found = nil }), outcome{"left", "erased", lists, []string{"FIRSTNAME", "OPEN_TICKETS", "ROLE", "SMS"}, "erase"}},
		{"deleted for good, the contact is another's", "keep", delivered(gone, succeeded), outcome{state: "left", reason: "erased", flags: "erase"}},
		{"deleted for good, and in Brevo", "keep", delivered(gone, func(s *situation) { s.had.State = store.DeliveryGone }), outcome{state: "gone", reason: "erased", flags: "erase"}},
		{"deleted for good, never a contact", "keep", delivered(gone, func(s *situation) { s.had, s.found = store.Delivery{UserID: 1}, nil }), outcome{state: "skipped", reason: "erased", flags: "erase"}},
		{"merged", "keep", delivered(merged, made), outcome{"left", "merged", lists, []string{"OPEN_TICKETS"}, "merge"}},
		{"merged, to be deleted", "delete", delivered(merged, made), outcome{state: "gone", reason: "merged", flags: "delete merge"}},
		{"merged, to be deleted, and left before", "delete", delivered(merged, made, left), outcome{state: "gone", reason: "merged", flags: "delete merge"}},
		{"merged, to be deleted, and for good", "delete", delivered(gone, merged, made), outcome{state: "gone", reason: "merged", flags: "delete merge erase"}},
		{"merged, to be deleted, the marketer's", "delete", delivered(merged), outcome{"left", "merged_not_ours", lists, []string{"OPEN_TICKETS"}, "merge"}},
		{
			"merged, to be deleted, under another address by now", "delete",
			delivered(merged, made, func(s *situation) { s.found.Email = "desk@customers.example" }),
			outcome{"left", "merged_not_ours", lists, []string{"OPEN_TICKETS"}, "merge"},
		},
		{"merged, to be deleted, and Brevo refuses", "delete", delivered(merged, made, func(s *situation) { s.kept = true }), outcome{"left", "merged_not_ours", lists, []string{"OPEN_TICKETS"}, "merge"}},
		{"merged, to be deleted, the contact is another's", "delete", delivered(merged, made, succeeded), outcome{state: "left", reason: "merged", flags: "merge"}},
		{"merged long ago", "delete", delivered(made, left, func(s *situation) { s.skip = reasonMerged }), outcome{state: "left", reason: "merged"}},
		{"suspended, to be deleted if merged", "delete", delivered(made), outcome{"left", "suspended", lists, []string{"OPEN_TICKETS"}, ""}},
		{"merged with somebody outside of the pilot", "delete", delivered(merged, made, func(s *situation) { s.barred = true }), outcome{state: "sent", reason: "pilot"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := aPolicy(tc.config)
			d := r.decide(tc.s)
			flags := ""
			for _, f := range []struct {
				on   bool
				name string
			}{{d.wait, "wait"}, {d.delete, "delete"}, {d.merge, "merge"}, {d.erase, "erase"}} {
				if f.on {
					flags += " " + f.name
				}
			}
			if flags != "" {
				flags = flags[1:]
			}
			assert.Equal(t, tc.want, outcome{d.state, d.reason, d.remove, d.clear, flags})
			assert.False(t, d.create || d.blocklist || d.blocklistSMS || len(d.set)+len(d.add) > 0)
			assert.Equal(t, len(d.clear)+len(d.remove) > 0 || d.delete, d.takesAway())
			assert.Equal(t, d.takesAway(), d.writes())
			for _, name := range d.clear {
				assert.NotContains(t, d.after.Attributes, name)
			}
		})
	}
}

func TestOnlyADeletionWaitsForAMerge(t *testing.T) {
	const interval = 5 * time.Minute
	deleted := func(change ...func(*situation)) situation {
		return delivered(append([]func(*situation){func(s *situation) { s.skip = mapping.Inactive }}, change...)...)
	}
	for _, tc := range []struct {
		name  string
		s     situation
		since time.Duration // between the change and now
		want  bool
	}{
		{"deleted now", deleted(), 0, true},
		{"deleted almost an interval ago", deleted(), interval - time.Second, true},
		{"deleted an interval ago", deleted(), interval, false},
		{"suspended", delivered(), 0, false},
		{"known to be merged", deleted(func(s *situation) { s.skip = reasonMerged }), 0, false},
		{"deleted for good", deleted(func(s *situation) { s.skip = reasonErased }), 0, false},
		{"never a contact", deleted(func(s *situation) { s.had = store.Delivery{} }), 0, false},
		{"perhaps a contact", deleted(func(s *situation) { s.had, s.begun = store.Delivery{}, &store.Delivery{} }), 0, true},
		{"rejected under a new address", deleted(func(s *situation) { s.had.State = store.DeliveryRejected }), 0, true},
		{"left already", deleted(func(s *situation) { s.had.State = store.DeliveryLeft }), 0, false},
		{"deleted in Brevo", deleted(func(s *situation) { s.had.State = store.DeliveryGone }), 0, false},
		{"somebody else has the address", deleted(func(s *situation) { s.succeeded = true }), 0, false},
	} {
		assert.Equal(t, tc.want, waits(&tc.s, noon, interval, noon.Add(tc.since)), tc.name)
	}
}

func TestWhatSomebodyOptedOutOfElsewhereIsOwed(t *testing.T) {
	wanted := func(refused map[string]any, change ...func(*situation)) situation {
		s := delivered(append([]func(*situation){func(s *situation) { s.had.Lists = []int64{30} }}, change...)...)
		s.skip, s.had.Refused = "", refused
		s.want = mapping.Contact{Email: anna, Lists: []string{"all_customers"}, ManagedLists: []string{"all_customers", "active_tickets"}}
		return s
	}
	fresh := func(s *situation) { s.had, s.found = store.Delivery{UserID: 1}, nil }
	both := map[string]any{store.OwedEmail: true, store.OwedSMS: true}
	type outcome struct {
		create, email, sms bool
		owed               bool
		remove             []int64
	}
	for _, tc := range []struct {
		name string
		s    situation
		want outcome
	}{
		{"nothing is owed", wanted(nil), outcome{}},
		{"a contact that may be mailed", wanted(both), outcome{email: true, sms: true, owed: true}},
		{"of e-mail alone", wanted(map[string]any{store.OwedEmail: true}), outcome{email: true, owed: true}},
		{"it has one of them", wanted(both, func(s *situation) { s.found.EmailBlacklisted = true }), outcome{sms: true, owed: true}},
		{"it has them", wanted(both, func(s *situation) { s.found.EmailBlacklisted, s.found.SMSBlacklisted = true, true }), outcome{}},
		{"not mirrored", wanted(both, func(s *situation) { s.found = nil }), outcome{email: true, sms: true, owed: true}},
		{"a list that was left", wanted(map[string]any{store.ListKey(30): true}), outcome{remove: []int64{30}}},
		{"a list of an automation that was left", wanted(map[string]any{store.ListKey(77): true}, func(s *situation) { s.had.Lists = []int64{30, 77} }), outcome{remove: []int64{77}}},
		{"a list that was left and that somebody else put them on", wanted(map[string]any{store.ListKey(9): true}), outcome{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := aPolicy("keep")
			d := r.decide(tc.s)
			assert.Equal(t, tc.want, outcome{d.create, d.blocklist, d.blocklistSMS, owes(d.after.Refused), d.remove})
			assert.Equal(t, d.blocklist || d.blocklistSMS || len(d.remove) > 0, d.writes())
		})
	}
	t.Run("a contact to be made", func(t *testing.T) {
		s := wanted(nil, fresh)
		s.had.Refused, s.had.Lists = map[string]any{store.OwedEmail: true, store.OwedSMS: true, store.ListKey(30): true}, nil
		r := aPolicy("keep")
		d := r.decide(s)
		assert.True(t, d.create && d.blocklist && d.blocklistSMS && d.after.Made)
		assert.Empty(t, d.add)
		assert.True(t, owes(d.after.Refused), "until the contact is made")
		r.newContacts = config.NewContactsSkip
		d = r.decide(s)
		assert.Equal(t, s.had.Refused, d.after.Refused)
	})
	t.Run("under another address than a refused one", func(t *testing.T) {
		s := wanted(map[string]any{attributeEmail: "anna@nowhere", "SMS": "+331", store.OwedEmail: true, store.ListKey(30): true, store.Blocklisted: true}, func(s *situation) { s.found = nil })
		r := aPolicy("keep")
		d := r.decide(s)
		assert.Equal(t, map[string]any{store.OwedEmail: true, store.ListKey(30): true, store.Blocklisted: true}, d.after.Refused)
	})
}

func TestWhoMadeTheContact(t *testing.T) {
	want := mapping.Contact{Email: anna}
	for _, tc := range []struct {
		name string
		s    situation
		made bool
	}{
		{"made now", situation{want: want, had: store.Delivery{UserID: 1}}, true},
		{"the marketer's", situation{want: want, had: store.Delivery{UserID: 1}, found: &store.BrevoContact{ID: 7, Email: anna}}, false},
		{"made before", situation{want: want, had: store.Delivery{UserID: 1, State: store.DeliverySent, Email: anna, SentAt: noon, Made: true}}, true},
		{"made before, under another address", situation{want: want, had: store.Delivery{UserID: 1, State: store.DeliverySent, Email: "a@b.example", SentAt: noon, Made: true}}, true},
		{"made again", situation{want: want, had: store.Delivery{UserID: 1, State: store.DeliveryGone, Email: anna, SentAt: noon}}, true},
		{
			"made again by the marketer",
			situation{want: want, had: store.Delivery{UserID: 1, State: store.DeliveryGone, Email: anna, SentAt: noon, Made: true}, found: &store.BrevoContact{ID: 8, Email: anna}},
			false,
		},
	} {
		r := aPolicy("keep")
		r.onBrevoDeleted = config.OnBrevoDeletedRecreate
		d := r.decide(tc.s)
		assert.Equal(t, tc.made, d.after.Made, tc.name)
	}
}

func TestWhatAMergedUserOptedOutOf(t *testing.T) {
	had := store.Delivery{Refused: map[string]any{"SMS": "+331", store.Blocklisted: true, store.ListKey(9): true, store.OwedSMS: true}}
	assert.Equal(t, map[string]any{store.OwedEmail: true, store.OwedSMS: true, store.ListKey(9): true}, consentOf(had, nil))
	found := &store.BrevoContact{SMSBlacklisted: true, Unsubscribed: []int64{30}}
	assert.Equal(t, map[string]any{store.OwedSMS: true, store.ListKey(30): true}, consentOf(store.Delivery{}, found))
	assert.Empty(t, consentOf(store.Delivery{}, &store.BrevoContact{}))
}

func TestMergesOfMerges(t *testing.T) {
	l := lineage{1: {LoserID: 1, WinnerID: 2}, 2: {LoserID: 2, WinnerID: 3, Settled: true}, 8: {LoserID: 8, WinnerID: 9}, 9: {LoserID: 9, WinnerID: 8}}
	assert.EqualValues(t, 3, l.survivor(1))
	assert.EqualValues(t, 3, l.survivor(2))
	assert.EqualValues(t, 3, l.survivor(3))
	assert.Equal(t, []int64{1}, l.into(3), "2 is settled")
	assert.Empty(t, l.into(2))
	assert.NotZero(t, l.survivor(8), "nonsense ends, too")
}

func TestWhoWasDeletedForGood(t *testing.T) {
	assert.True(t, erased(&mapping.User{Name: zendesk.ErasedName}))
	assert.False(t, erased(&mapping.User{Name: zendesk.ErasedName, Active: true}))
	assert.False(t, erased(&mapping.User{Name: zendesk.ErasedName, Email: anna}))
	assert.False(t, erased(&mapping.User{Name: "Anna"}))
}

func TestWhoWasDeletedForGoodStaysSo(t *testing.T) {
	of := func(reason string, active bool) *store.Claimed {
		c := &store.Claimed{Found: true, Delivery: store.Delivery{Reason: reason}}
		c.Customer.User.Active = active
		return c
	}
	assert.True(t, erasedBefore(of(reasonErased, false)))
	assert.False(t, erasedBefore(of(reasonErased, true)))
	assert.False(t, erasedBefore(of(mapping.Inactive, false)))
}
