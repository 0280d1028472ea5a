package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

func TestNamesAndPhoneAreFilledOnlyWhereEmpty(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.brevo.SeedContact(brevosim.Contact{Email: ada, Attributes: map[string]any{"FIRSTNAME": "Countess", "SMS": "+33687654321"}})
		w.moveIn(ada, "Ada Lovelace", withPhone("+33612345678"))
		w.moveIn(grace, "Grace Hopper", withPhone("+33611112222"))
		w.again(t, in)
		known := w.contact(t, ada)
		assert.Equal(t, "Countess", known.Attributes["FIRSTNAME"])
		assert.Equal(t, "Lovelace", known.Attributes["LASTNAME"], "empty, so filled")
		assert.Equal(t, "33687654321", known.Attributes["SMS"])
		made := w.contact(t, grace)
		assert.Equal(t, "Grace", made.Attributes["FIRSTNAME"])
		assert.Equal(t, "33611112222", made.Attributes["SMS"])
		assert.Zero(t, w.again(t, in).Push.Sent)
	})
}

func TestAFirstNameThatTheMarketerEditedStays(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		id := w.moveIn(ada, "Ada Lovelace", withPhone("+33612345678"))
		w.again(t, in)
		w.brevo.EditAttribute(ada, "FIRSTNAME", "Countess")
		w.brevo.EditPhone(ada, "+33687654321")

		require.True(t, w.zendesk.UpdateUser(id, func(u *seed.User) { u.Name, u.Phone = "Augusta King", "+33611112222" }))
		w.again(t, in)
		after := w.contact(t, ada)
		assert.Equal(t, "Countess", after.Attributes["FIRSTNAME"])
		assert.Equal(t, "33687654321", after.Attributes["SMS"])
		assert.Equal(t, "King", after.Attributes["LASTNAME"], "still what we delivered, so kept up to date")

		w.moveTo(t, id, "ada@elsewhere.example")
		w.again(t, in)
		after = w.contact(t, "ada@elsewhere.example")
		assert.Equal(t, "Countess", after.Attributes["FIRSTNAME"], "also through an address change")
		assert.Equal(t, "33687654321", after.Attributes["SMS"])
		assert.Zero(t, w.again(t, in).Push.Sent)
	})
}

func TestAFirstNameThatTheMarketerEmptiedIsFilledAgain(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		id := w.moveIn(ada, "Ada Lovelace")
		w.again(t, in)
		w.brevo.EditAttribute(ada, "FIRSTNAME", nil)
		w.rename(t, id, "Augusta Lovelace")
		w.again(t, in)
		assert.Equal(t, "Augusta", w.contact(t, ada).Attributes["FIRSTNAME"])
	})
}

func TestOverwriteChangesWhatTheMarketerEdited(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.configure("overwrite: [FIRSTNAME]")
		w.brevo.SeedContact(brevosim.Contact{Email: ada, Attributes: map[string]any{"FIRSTNAME": "Countess", "LASTNAME": "of Lovelace"}})
		id := w.moveIn(ada, "Ada Lovelace")
		w.again(t, in)
		assert.Equal(t, "Ada", w.contact(t, ada).Attributes["FIRSTNAME"])
		assert.Equal(t, "of Lovelace", w.contact(t, ada).Attributes["LASTNAME"], "only what overwrite names")

		w.brevo.EditAttribute(ada, "FIRSTNAME", "Countess")
		w.rename(t, id, "Augusta Lovelace")
		w.again(t, in)
		assert.Equal(t, "Augusta", w.contact(t, ada).Attributes["FIRSTNAME"])
		assert.Equal(t, "of Lovelace", w.contact(t, ada).Attributes["LASTNAME"])
	})
}

func TestWhatTheMarketerOwnsIsUntouched(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		addresses := []string{ada, "b@customers.example", "c@customers.example", "d@customers.example"}
		var all []string // every fourth of them is a contact already
		for _, a := range addresses {
			all = append(all, a, "1"+a, "2"+a, "3"+a)
		}
		before := w.brevo.SeedMarketer(all)
		w.asMarketer(t, "PUT", "/contacts/"+ada, map[string]any{"ext_id": "crm-1"})
		ids := map[string]int64{}
		for _, a := range all {
			ids[a] = w.moveIn(a, "Given Family")
		}
		w.again(t, in)
		w.assertMarketersOwn(t, before, func(a string) string { return a })
		assert.Equal(t, "crm-1", w.contact(t, ada).Attributes["EXT_ID"])

		moved := func(a string) string { return strings.Replace(a, "@customers", "@moved", 1) }
		for a, id := range ids {
			w.moveTo(t, id, moved(a))
		}
		w.again(t, in)
		w.assertMarketersOwn(t, before, moved)
		assert.Equal(t, "crm-1", w.contact(t, moved(ada)).Attributes["EXT_ID"])
		assert.Zero(t, w.again(t, in).Push.Sent)
	})
}

// assertMarketersOwn compares what the account held before with what stands now, under the addresses that moved gives.
func (w *world) assertMarketersOwn(t *testing.T, before brevosim.Marketer, moved func(string) string) {
	t.Helper()
	for email, old := range before.Contacts {
		now := w.contact(t, moved(email))
		assert.Equal(t, old.ID, now.ID, email)
		for _, name := range []string{"FIRSTNAME", "LOYALTY", "OWN", "SEGMENT"} {
			assert.Equal(t, old.Attributes[name], now.Attributes[name], "%s of %s", name, email)
		}
		assert.Subset(t, now.Lists, old.Lists, email)
		assert.Equal(t, old.ListUnsubscribed, now.ListUnsubscribed, email)
		assert.Equal(t, old.EmailBlacklisted, now.EmailBlacklisted, email)
	}
	for _, holder := range before.PhoneHolders {
		now := w.contact(t, holder.Email)
		assert.Equal(t, holder.Attributes, now.Attributes)
		assert.Equal(t, holder.Lists, now.Lists)
	}
	lists := map[string][]int64{}
	for _, l := range w.brevo.Lists() {
		lists[l.Name] = l.Contacts
	}
	for _, l := range before.Lists {
		assert.ElementsMatch(t, l.Contacts, lists[l.Name], "nobody joins or leaves %s", l.Name)
	}
	for _, a := range before.Attributes {
		assert.Contains(t, w.brevo.Attributes(), a, "definitions stay")
	}
}

func TestADefaultAttributeThatExistedBeforeIsLeftAloneUntilItIsNamed(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.brevo.SeedAttribute("OPEN_TICKETS", "float")
		w.brevo.SeedContact(brevosim.Contact{Email: ada, Attributes: map[string]any{"OPEN_TICKETS": 99.0}})
		id := w.moveIn(ada, "Ada Lovelace")
		w.moveIn(grace, "Grace Hopper")
		w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "open"})
		out := w.again(t, in)
		assert.Equal(t, 99.0, w.contact(t, ada).Attributes["OPEN_TICKETS"])
		assert.NotContains(t, w.contact(t, grace).Attributes, "OPEN_TICKETS")
		assert.Equal(t, 1.0, w.contact(t, ada).Attributes["TOTAL_TICKETS"], "made by us, so ours")
		assert.Contains(t, out.Notices, "attribute OPEN_TICKETS existed before: name it under field_mapping to have it written; it is left alone")
		assert.Contains(t, w.contact(t, ada).Lists, w.list(t, "Open tickets"), "the list does not depend on the attribute")

		w.moveTo(t, id, "ada@elsewhere.example")
		w.again(t, in)
		assert.Equal(t, 99.0, w.contact(t, "ada@elsewhere.example").Attributes["OPEN_TICKETS"])

		w.configure("field_mapping: {open_tickets: OPEN_TICKETS}")
		w.again(t, in)
		assert.Equal(t, 1.0, w.contact(t, "ada@elsewhere.example").Attributes["OPEN_TICKETS"])
		assert.Equal(t, 0.0, w.contact(t, grace).Attributes["OPEN_TICKETS"])
	})
}

func TestAnAttributeOfAnotherTypeIsLeftOutAndSaid(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.brevo.SeedAttribute("OPEN_TICKETS", "text")
		w.configure("field_mapping: {open_tickets: OPEN_TICKETS}")
		w.moveIn(ada, "Ada Lovelace")
		out := w.again(t, in)
		assert.NotContains(t, w.contact(t, ada).Attributes, "OPEN_TICKETS")
		assert.Contains(t, strings.Join(out.Notices, "\n"), "attribute OPEN_TICKETS is text in Brevo, but open_tickets is float")
		for _, call := range w.brevo.Log().Filter("POST", "/v3/contacts") {
			assert.NotContains(t, string(call.Body), "OPEN_TICKETS", "never sent what was not verified")
		}
	})
}

func TestAListIDIsRefusedUntilAdopted(t *testing.T) {
	w := town(t)
	w.brevo.SeedListID(30, "VIP customers")
	w.brevo.SeedContact(brevosim.Contact{Email: linus, Lists: []int64{30}})
	w.brevo.SeedContact(brevosim.Contact{Email: grace, Lists: []int64{30}})
	w.useLists("all_customers: 30")
	w.moveIn(ada, "Ada Lovelace")
	w.pass(2 * time.Minute)

	_, err := w.trySync(t, workflows.SyncInput{})
	var refused *temporal.ApplicationError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, activities.ErrConfiguration, refused.Type())
	assert.Equal(t, `lists.all_customers: list 30 "VIP customers" already has 2 members that this connector did not add; adding people to it `+
		`fires its "added to list" automations: set adopt_lists: true if that is meant, or choose another list`, refused.Message())
	assert.Zero(t, w.brevo.Writes().Total(), "nothing was written")

	w.configure("adopt_lists: true")
	w.useLists("all_customers: 30")
	w.again(t, workflows.SyncInput{})
	assert.Contains(t, w.contact(t, ada).Lists, int64(30))
	assert.Contains(t, w.contact(t, linus).Lists, int64(30))
	w.assertHarmless(t)
}

func TestAListIDThatDoesNotExistIsSaid(t *testing.T) {
	w := town(t)
	w.useLists("all_customers: 4711")
	_, err := w.trySync(t, workflows.SyncInput{})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "lists.all_customers: Brevo has no list 4711: correct the id, or give a name to have it created")
}

func TestAnEmptyListNeedsNoAdoption(t *testing.T) {
	w := town(t)
	w.brevo.SeedListID(30, "Customers")
	w.useLists("all_customers: 30")
	w.moveIn(ada, "Ada Lovelace")
	w.again(t, workflows.SyncInput{})
	assert.Equal(t, []int64{30}, w.contact(t, ada).Lists)
}

func TestAMembershipThatSomebodyElseMadeIsNotEnded(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		w.brevo.SeedListID(31, "In conversation")
		w.brevo.SeedContact(brevosim.Contact{Email: ada, Lists: []int64{31}})
		w.configure("adopt_lists: true")
		w.useLists("all_customers: Zendesk customers, active_tickets: 31")
		id, other := w.moveIn(ada, "Ada Lovelace"), w.moveIn(grace, "Grace Hopper")
		ticket := w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "open"})
		ours := w.zendesk.CreateTicket(seed.Ticket{RequesterID: other, Status: "open"})
		w.again(t, in)
		require.Contains(t, w.contact(t, grace).Lists, int64(31))

		for _, tk := range []int64{ticket, ours} {
			require.True(t, w.zendesk.UpdateTicket(tk, func(tk *seed.Ticket) { tk.Status = "solved" }))
		}
		w.again(t, in)
		assert.Contains(t, w.contact(t, ada).Lists, int64(31), "the marketer added her")
		assert.NotContains(t, w.contact(t, grace).Lists, int64(31), "we added her, so she leaves with her last open ticket")

		w.moveTo(t, id, "ada@elsewhere.example")
		w.again(t, in)
		assert.Contains(t, w.contact(t, "ada@elsewhere.example").Lists, int64(31))

		require.True(t, w.zendesk.DeleteUser(id))
		w.pass(interval)
		w.again(t, in)
		assert.Equal(t, []int64{31}, w.contact(t, "ada@elsewhere.example").Lists, "only our lists are left with a deleted user")
	})
}

func TestWhoIsNoCustomerAnyMoreKeepsTheirContact(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		id := w.moveIn(ada, "Ada Lovelace", withPhone("+33612345678"))
		w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "open"})
		w.again(t, in)
		w.brevo.EditAttribute(ada, "FIRSTNAME", "Countess")
		require.True(t, w.zendesk.UpdateUser(id, func(u *seed.User) { u.Suspended = true }))
		w.again(t, in)
		after := w.contact(t, ada)
		assert.Empty(t, after.Lists)
		for _, name := range []string{"OPEN_TICKETS", "TOTAL_TICKETS", "CSAT_SCORE", "LAST_SUPPORT_DATE"} {
			assert.NotContains(t, after.Attributes, name)
		}
		assert.Equal(t, "Countess", after.Attributes["FIRSTNAME"])
		assert.Equal(t, "33612345678", after.Attributes["SMS"])
		assert.Zero(t, w.again(t, in).Push.Sent)
	})
}
