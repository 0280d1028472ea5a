package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

func TestBlocklistedStaysBlocklisted(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.brevo.SeedContact(brevosim.Contact{Email: ada, EmailBlacklisted: true, SMSBlacklisted: true})
		w.moveIn(ada, "Ada Lovelace")
		later := w.moveIn(grace, "Grace Hopper")
		w.again(t, in)
		assert.True(t, w.contact(t, ada).EmailBlacklisted)
		assert.True(t, w.contact(t, ada).SMSBlacklisted)
		assert.Equal(t, "Ada", w.contact(t, ada).Attributes["FIRSTNAME"], "support facts reach a blocklisted contact too")
		assert.False(t, w.contact(t, grace).EmailBlacklisted)

		w.brevo.Blocklist(grace)
		require.True(t, w.zendesk.UpdateUser(later, func(u *seed.User) { u.Tags = []string{"vip"} }))
		w.again(t, in)
		assert.True(t, w.contact(t, grace).EmailBlacklisted)
		assert.Equal(t, "vip", w.contact(t, grace).Attributes["TAGS"])
	})
}

func TestAnAddressChangeKeepsTheBlocklisting(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		id := w.moveIn(ada, "Ada Lovelace")
		w.again(t, in)
		before := w.contact(t, ada)
		w.brevo.Blocklist(ada) // since the last look

		w.moveTo(t, id, "ada@elsewhere.example")
		w.again(t, in)
		after := w.contact(t, "ada@elsewhere.example")
		assert.Equal(t, before.ID, after.ID, "the contact moves with its address")
		assert.True(t, after.EmailBlacklisted)
		assert.False(t, w.hasContact(ada))
		assert.False(t, w.imported("ada@elsewhere.example"), "an import would make a second, mailable contact")
		assert.Zero(t, w.again(t, in).Push.Sent)
	})
}

func TestAListThatSomebodyUnsubscribedFromIsNeverJoinedAgain(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		id := w.moveIn(ada, "Ada Lovelace")
		w.again(t, in)
		everyone := w.list(t, "Zendesk customers")
		open := w.list(t, "Open tickets")
		require.Contains(t, w.contact(t, ada).Lists, everyone)

		w.brevo.Unsubscribe(ada, everyone)
		w.brevo.Unsubscribe(ada, open) // before she ever was on it
		w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "open"})
		w.rename(t, id, "Ada King")
		w.again(t, in)
		after := w.contact(t, ada)
		assert.Equal(t, "King", after.Attributes["LASTNAME"])
		assert.Equal(t, 1.0, after.Attributes["OPEN_TICKETS"])
		assert.Empty(t, after.Lists)

		w.moveTo(t, id, "ada@elsewhere.example")
		w.again(t, in)
		after = w.contact(t, "ada@elsewhere.example")
		assert.Empty(t, after.Lists, "nor through an address change")
		assert.ElementsMatch(t, []int64{everyone, open}, after.ListUnsubscribed)
	})
}

func TestAListLeftBeforeTheFirstSyncIsNotJoined(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.brevo.SeedListID(30, "Customers")
		w.brevo.SeedContact(brevosim.Contact{Email: ada, ListUnsubscribed: []int64{30}})
		w.configure("adopt_lists: true")
		w.useLists("all_customers: 30")
		w.moveIn(ada, "Ada Lovelace")
		w.moveIn(grace, "Grace Hopper")
		w.again(t, in)
		assert.Empty(t, w.contact(t, ada).Lists)
		assert.Equal(t, "Ada", w.contact(t, ada).Attributes["FIRSTNAME"])
		assert.Equal(t, []int64{30}, w.contact(t, grace).Lists)
	})
}

func TestAContactDeletedInBrevoIsNotMadeAgain(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		id := w.moveIn(ada, "Ada Lovelace")
		stays := w.moveIn(grace, "Grace Hopper")
		w.again(t, in)
		require.True(t, w.brevo.DeleteContact(ada))

		w.rename(t, id, "Ada King")
		w.rename(t, stays, "Grace Murray")
		w.again(t, in)
		assert.False(t, w.hasContact(ada))
		assert.Equal(t, "Murray", w.contact(t, grace).Attributes["LASTNAME"])

		w.moveTo(t, id, "ada@elsewhere.example")
		w.again(t, in)
		assert.False(t, w.hasContact(ada))
		assert.False(t, w.hasContact("ada@elsewhere.example"), "nor under another address")

		w.configure("on_brevo_deleted: recreate")
		w.rename(t, id, "Ada Byron")
		w.again(t, in)
		made := w.contact(t, "ada@elsewhere.example")
		assert.Equal(t, "Byron", made.Attributes["LASTNAME"])
		assert.Contains(t, made.Lists, w.list(t, "Zendesk customers"))
		assert.Zero(t, w.again(t, in).Push.Sent)
	})
}

func TestADeletionWithoutAnyChangeInZendeskIsNoticedByAFullSync(t *testing.T) {
	w := town(t)
	w.moveIn(ada, "Ada Lovelace")
	w.again(t, ways[0].in)
	require.True(t, w.brevo.DeleteContact(ada))
	out := w.again(t, ways[0].in)
	assert.False(t, w.hasContact(ada))
	assert.Zero(t, out.Push.Sent)

	w.configure("on_brevo_deleted: recreate")
	w.again(t, ways[0].in)
	assert.Equal(t, "Ada", w.contact(t, ada).Attributes["FIRSTNAME"])
	w.assertHarmless(t)
}

func TestAnOptOutOutlivesADeletion(t *testing.T) {
	w := town(t)
	w.moveIn(ada, "Ada Lovelace")
	w.again(t, ways[0].in)
	w.brevo.Blocklist(ada)
	w.again(t, ways[0].in)
	require.True(t, w.brevo.DeleteContact(ada))
	w.again(t, ways[0].in)

	w.configure("on_brevo_deleted: recreate")
	w.again(t, ways[0].in)
	assert.True(t, w.contact(t, ada).EmailBlacklisted, "made again, and still not to be mailed")
	w.assertHarmless(t)
}

func TestTheNewAddressIsAContactAlready(t *testing.T) {
	const elsewhere = "ada@elsewhere.example"
	type consent struct{ email, sms bool }
	for _, tc := range []struct {
		name          string
		old, new      consent
		want          consent
		oldLeftList   bool
		wantOnOurList bool
	}{
		{"both mailable", consent{}, consent{}, consent{}, false, true},
		{"the old one opted out", consent{email: true, sms: true}, consent{}, consent{email: true, sms: true}, false, true},
		{"the new one opted out", consent{}, consent{email: true}, consent{email: true}, false, true},
		{"each opted out of one", consent{email: true}, consent{sms: true}, consent{email: true, sms: true}, false, true},
		{"the old one unsubscribed from our list", consent{}, consent{}, consent{}, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
				id := w.moveIn(ada, "Ada Lovelace", withPhone("+33612345678"))
				ticket := w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "open"})
				w.again(t, in)
				everyone := w.list(t, "Zendesk customers")
				require.Len(t, w.contact(t, ada).Lists, 2)
				newsletter := w.brevo.SeedList("Newsletter")
				w.brevo.SeedContact(brevosim.Contact{
					Email: elsewhere, EmailBlacklisted: tc.new.email, SMSBlacklisted: tc.new.sms, Lists: []int64{newsletter},
					Attributes: map[string]any{"FIRSTNAME": "Countess"},
				})
				held := w.contact(t, elsewhere)
				w.setConsent(t, ada, tc.old.email, tc.old.sms)
				if tc.oldLeftList {
					w.brevo.Unsubscribe(ada, everyone)
				}

				w.moveTo(t, id, elsewhere)
				w.again(t, in)
				old, now := w.contact(t, ada), w.contact(t, elsewhere)
				assert.Equal(t, held.ID, now.ID, "nothing is merged")
				assert.Equal(t, tc.want, consent{now.EmailBlacklisted, now.SMSBlacklisted}, "the stricter consent")
				assert.Equal(t, tc.old, consent{old.EmailBlacklisted, old.SMSBlacklisted})
				assert.Empty(t, old.Lists, "the old one leaves our lists")
				assert.NotContains(t, old.Attributes, "OPEN_TICKETS")
				assert.Contains(t, now.Lists, newsletter)
				assert.Equal(t, tc.wantOnOurList, contains(now.Lists, everyone))
				assert.Equal(t, 1.0, now.Attributes["OPEN_TICKETS"])
				assert.Equal(t, "Countess", now.Attributes["FIRSTNAME"], "the marketer's spelling")
				assert.Equal(t, "33612345678", now.Attributes["SMS"], "the number goes with the person")
				assert.False(t, w.imported(elsewhere))
				assert.Zero(t, w.again(t, in).Push.Sent)

				// Later changes go on under the new address and ask nothing of the old one.
				require.True(t, w.zendesk.UpdateTicket(ticket, func(tk *seed.Ticket) { tk.Status = "solved" }))
				w.again(t, in)
				assert.Equal(t, 0.0, w.contact(t, elsewhere).Attributes["OPEN_TICKETS"])
				assert.Equal(t, tc.wantOnOurList, contains(w.contact(t, elsewhere).Lists, everyone))
				assert.Equal(t, tc.want, consent{w.contact(t, elsewhere).EmailBlacklisted, w.contact(t, elsewhere).SMSBlacklisted})
			})
		})
	}
}

func contains(lists []int64, id int64) bool {
	for _, l := range lists {
		if l == id {
			return true
		}
	}
	return false
}

// setConsent is a person opting out of e-mail and text messages.
func (w *world) setConsent(t testing.TB, email string, noMail, noSMS bool) {
	t.Helper()
	if noMail {
		w.brevo.Blocklist(email)
	}
	if noSMS {
		w.asMarketer(t, "PUT", "/contacts/"+email, map[string]any{"smsBlacklisted": true})
	}
}

func TestWhoBecomesMailableIsConfigured(t *testing.T) {
	for _, tc := range []struct {
		option      string
		made        bool
		blocklisted bool
	}{
		{"create", true, false},
		{"blocklist", true, true},
		{"skip", false, false},
	} {
		t.Run(tc.option, func(t *testing.T) {
			eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
				w.configure("new_contacts: " + tc.option)
				w.brevo.SeedContact(brevosim.Contact{Email: grace})
				w.moveIn(ada, "Ada Lovelace")
				known := w.moveIn(grace, "Grace Hopper")
				out := w.again(t, in)
				assert.Equal(t, "Grace", w.contact(t, grace).Attributes["FIRSTNAME"], "who is a contact already is kept up to date")
				assert.False(t, w.contact(t, grace).EmailBlacklisted)
				require.Equal(t, tc.made, w.hasContact(ada))
				if !tc.made {
					assert.Equal(t, int64(1), out.Push.Skipped["new_contact"])
					return
				}
				assert.Equal(t, tc.blocklisted, w.contact(t, ada).EmailBlacklisted)
				assert.Equal(t, "Ada", w.contact(t, ada).Attributes["FIRSTNAME"])

				w.rename(t, known, "Grace Murray")
				w.again(t, in)
				assert.False(t, w.contact(t, grace).EmailBlacklisted)
				assert.Equal(t, tc.blocklisted, w.contact(t, ada).EmailBlacklisted)
			})
		})
	}
}

func TestASkippedNewContactIsTakenOnceSomebodyMakesIt(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.configure("new_contacts: skip")
		id := w.moveIn(ada, "Ada Lovelace")
		w.again(t, in)
		require.False(t, w.hasContact(ada))
		w.brevo.SeedContact(brevosim.Contact{Email: ada})
		require.True(t, w.zendesk.UpdateUser(id, func(u *seed.User) { u.Tags = []string{"vip"} }))
		w.again(t, in)
		assert.Equal(t, "vip", w.contact(t, ada).Attributes["TAGS"])
	})
}
