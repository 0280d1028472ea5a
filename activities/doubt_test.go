package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
)

// edited changes a user in Zendesk and pushes the contact, as a webhook would.
func (w *workshop) edited(user int64, edit func(*seed.User)) error {
	w.t.Helper()
	require.True(w.t, w.zendesk.UpdateUser(user, edit))
	w.now = w.now.Add(5 * time.Minute)
	must(w, w.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: user})
	_, err := run(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: user, RunID: "edited"})
	return err
}

// unanswered lets the next update of a contact arrive, or not, without an answer.
func (w *workshop) unanswered(arrives bool) {
	w.brevo.Faults().Add(sim.Fault{Method: http.MethodPut, Path: "/v3/contacts/", DropAfter: arrives, DropBefore: !arrives})
}

func bothWays(t *testing.T, test func(t *testing.T, arrives bool)) {
	for name, arrives := range map[string]bool{"it arrived": true, "it did not arrive": false} {
		t.Run(name, func(t *testing.T) { test(t, arrives) })
	}
}

func named(name, phone string) func(*seed.User) {
	return func(u *seed.User) { u.Name, u.Phone = name, phone }
}

// The answer to a call is lost, and what it carried is not wanted any more by the time it is repeated.
func TestAValueThatGoesBackAfterALostAnswerGoesBackInBrevo(t *testing.T) {
	bothWays(t, func(t *testing.T, arrives bool) {
		const email = "grace@customers.example"
		a := newAutomated(t, "    lists: {all_customers: All, active_tickets: Active}\n")
		user := a.customer(email)
		a.brevo.SeedContact(brevosim.Contact{Email: email})
		a.scan(email)
		ticket := a.workshop.zendesk.CreateTicket(seed.Ticket{RequesterID: user, Status: "solved"})
		turn := func(status string) {
			a.workshop.zendesk.UpdateTicket(ticket, func(k *seed.Ticket) { k.Status = status })
			a.now = a.now.Add(5 * time.Minute)
			must(a.workshop, a.steps.Zendesk.RefreshTicket, activities.RefreshInput{Account: account, ID: ticket})
		}
		in := activities.PushContactInput{Account: account, UserID: user, RunID: "one"}
		all, active := a.lists()["all_customers"].ID, a.lists()["active_tickets"].ID
		for _, status := range []string{"solved", "open"} {
			turn(status)
			a.push(user)
			before := contact(t, a.workshop, email)
			turn(map[string]string{"solved": "open", "open": "solved"}[status])
			a.unanswered(arrives)
			_, err := run(a.workshop, a.steps.Brevo.PushContact, in)
			require.Error(t, err)
			if arrives {
				require.NotEqual(t, before.Lists, contact(t, a.workshop, email).Lists)
			}
			turn(status)
			must(a.workshop, a.steps.Brevo.PushContact, in)
			after := contact(t, a.workshop, email)
			assert.Equal(t, before.Attributes, after.Attributes, status)
			assert.ElementsMatch(t, before.Lists, after.Lists, status)
			assert.Empty(t, a.delivery(user).Refused)
		}
		assert.Equal(t, []int64{all, active}, a.delivery(user).Lists)
	})
}

// A list of ours that nobody is to be on any more is left, also by whom a lost answer put there.
func TestAMembershipInDoubtEndsOnceItIsNotWanted(t *testing.T) {
	const email = "grace@customers.example"
	for name, leaves := range map[string]func(*automated, int64){
		"the ticket was solved": func(a *automated, ticket int64) {
			a.workshop.zendesk.UpdateTicket(ticket, func(k *seed.Ticket) { k.Status = "solved" })
			must(a.workshop, a.steps.Zendesk.RefreshTicket, activities.RefreshInput{Account: account, ID: ticket})
		},
		"the person is no customer any more": func(a *automated, ticket int64) {
			user, _ := a.workshop.zendesk.Account().Tickets.Get(ticket)
			a.workshop.zendesk.UpdateUser(user.RequesterID, func(u *seed.User) { u.Suspended = true })
			must(a.workshop, a.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: user.RequesterID})
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAutomated(t, "    lists: {active_tickets: Active}\n")
			user := a.customer(email)
			a.brevo.SeedContact(brevosim.Contact{Email: email})
			a.scan(email)
			ticket := a.workshop.zendesk.CreateTicket(seed.Ticket{RequesterID: user, Status: "open"})
			a.now = a.now.Add(5 * time.Minute)
			must(a.workshop, a.steps.Zendesk.RefreshTicket, activities.RefreshInput{Account: account, ID: ticket})
			a.unanswered(true)
			in := activities.PushContactInput{Account: account, UserID: user, RunID: "one"}
			_, err := run(a.workshop, a.steps.Brevo.PushContact, in)
			require.Error(t, err)
			require.Equal(t, []int64{a.lists()["active_tickets"].ID}, contact(t, a.workshop, email).Lists)

			a.now = a.now.Add(time.Minute)
			leaves(a, ticket)
			must(a.workshop, a.steps.Brevo.PushContact, in)
			assert.Empty(t, contact(t, a.workshop, email).Lists)
			assert.NotEqual(t, 1.0, contact(t, a.workshop, email).Attributes["OPEN_TICKETS"])
			assert.Empty(t, a.delivery(user).Refused)
		})
	}
}

// Names and numbers belong to whoever typed them: those that a lost answer put there are still ours.
func TestNamesAndNumbersStayOursAfterALostAnswer(t *testing.T) {
	bothWays(t, func(t *testing.T, arrives bool) {
		w, user := ready(t)
		require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
		w.unanswered(arrives)
		require.Error(t, w.edited(user, named("Ada King", "+33612345678")))
		w.unanswered(arrives)
		require.Error(t, w.edited(user, named("Ada Byron", "+33612345679")), "twice in a row")
		require.NoError(t, w.edited(user, named("Ada Noel", "+33612345670")))
		assert.Equal(t, "Noel", contactOf(w).Attributes["LASTNAME"])
		assert.Equal(t, "33612345670", contactOf(w).Attributes["SMS"])
		require.NoError(t, w.edited(user, named("Ada Lovelace", "")))
		assert.Equal(t, "Lovelace", contactOf(w).Attributes["LASTNAME"])
		assert.NotContains(t, contactOf(w).Attributes, "SMS")
		assert.Empty(t, w.delivery(user).Refused)
	})
}

func TestANameThatSomebodyTypedAfterALostAnswerIsTheirs(t *testing.T) {
	bothWays(t, func(t *testing.T, arrives bool) {
		w, user := ready(t)
		require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
		w.unanswered(arrives)
		require.Error(t, w.edited(user, named("Ada King", "")))
		w.brevo.EditAttribute("ada@customers.example", "LASTNAME", "Countess")
		require.NoError(t, w.edited(user, named("Ada Byron", "")))
		assert.Equal(t, "Countess", contactOf(w).Attributes["LASTNAME"])
	})
}

// An address may be somebody else's by the time it is given up.
func TestAnAddressThatGoesBackAfterALostAnswerGoesBackInBrevo(t *testing.T) {
	bothWays(t, func(t *testing.T, arrives bool) {
		w, user := ready(t)
		require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
		id := contactOf(w).ID
		move := func(email string) error { return w.edited(user, func(u *seed.User) { u.Email = email }) }
		w.unanswered(arrives)
		require.Error(t, move("king@customers.example"))
		require.NoError(t, move("ada@customers.example"))
		assert.Equal(t, id, contactOf(w).ID)
		assert.Equal(t, "ada@customers.example", w.delivery(user).Email)

		w.unanswered(arrives)
		require.Error(t, move("king@customers.example"))
		require.NoError(t, move("byron@customers.example"), "on to a third")
		assert.Equal(t, id, contact(t, w, "byron@customers.example").ID)
		assert.Len(t, w.brevo.Contacts(), 1)
	})
}

// Somebody else's contact may have been made this person's by a call without an answer, and then they have another address.
func TestWhoMovesOnWhileTheirContactIsInDoubtHasOneOfTheirOwn(t *testing.T) {
	bothWays(t, func(t *testing.T, arrives bool) {
		w, user := ready(t)
		w.brevo.SeedContact(brevosim.Contact{Email: "ada@customers.example", Attributes: map[string]any{"FIRSTNAME": "Adele"}})
		must(w, w.steps.Brevo.ScanContacts, activities.ScanInput{Account: account, Full: true, ScanID: "s"})
		w.unanswered(arrives)
		_, err := run(w, w.steps.Brevo.WriteContacts, write("one"))
		require.Error(t, err)
		require.NoError(t, w.edited(user, func(u *seed.User) { u.Email = "king@customers.example" }))
		contacts, first := 1, "Adele"
		if !arrives {
			assert.Equal(t, map[string]any{"FIRSTNAME": "Adele"}, contactOf(w).Attributes, "left as it was")
			contacts, first = 2, "Ada"
		}
		moved := contact(t, w, "king@customers.example")
		assert.Equal(t, first, moved.Attributes["FIRSTNAME"])
		assert.Len(t, moved.Lists, 1)
		assert.Len(t, w.brevo.Contacts(), contacts)
	})
}

// What an import brought to somebody known, whose end nobody heard of, is no secret: it is sent again, or taken back.
func TestValuesOfAnImportInDoubtGoBack(t *testing.T) {
	for name, processed := range map[string]bool{"it arrived": true, "it did not arrive": false} {
		t.Run(name, func(t *testing.T) {
			w, user := ready(t)
			require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
			must(w, w.steps.Brevo.ScanContacts, activities.ScanInput{Account: account, Full: true, ScanID: "s"})
			before := contactOf(w).Attributes
			edit := func(name, role string) {
				require.True(t, w.zendesk.UpdateUser(user, func(u *seed.User) { u.Name, u.Locale = name, role }))
				w.now = w.now.Add(5 * time.Minute)
				must(w, w.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: user})
			}
			edit("Ada King", "fr-FR")
			step := activities.PushStep{Account: account, RunID: "two"}
			require.Equal(t, int64(1), must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two", Bulk: true}).Import)
			must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: step, Round: 1})
			w.brevo.Faults().Add(sim.Fault{Method: http.MethodPost, Path: "/v3/contacts/import", Status: http.StatusBadGateway, Processed: processed})
			_, err := run(w, w.steps.Brevo.SendImports, step)
			require.Error(t, err)
			w.now = w.now.Add(5 * time.Minute)
			must(w, w.steps.Brevo.DiscardOpenImports, account)
			edit("Ada Lovelace", "en-US")
			must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: user, RunID: "x"})
			assert.Equal(t, before, contactOf(w).Attributes)
			assert.Empty(t, w.delivery(user).Refused)
		})
	}
}

// Lists are left a hundred and fifty contacts a call. Who is wanted there again by the time its answer was lost joins anew.
func TestAListLeftByALostAnswerIsJoinedAgain(t *testing.T) {
	for name, processed := range map[string]bool{"it arrived": true, "it did not arrive": false} {
		t.Run(name, func(t *testing.T) {
			const email = "grace@customers.example"
			a := newAutomated(t, "    lists: {all_customers: All, active_tickets: Active}\n")
			user := a.customer(email)
			ticket := a.workshop.zendesk.CreateTicket(seed.Ticket{RequesterID: user, Status: "open"})
			turn := func(status string) {
				a.workshop.zendesk.UpdateTicket(ticket, func(k *seed.Ticket) { k.Status = status })
				a.now = a.now.Add(5 * time.Minute)
				must(a.workshop, a.steps.Zendesk.RefreshTicket, activities.RefreshInput{Account: account, ID: ticket})
			}
			turn("open")
			a.push(user)
			lists := contact(t, a.workshop, email).Lists
			require.Len(t, lists, 2)
			require.NoError(t, a.store.SetScanState(t.Context(), a.now, 0, "looked"))
			turn("solved")
			require.Equal(t, int64(1), must(a.workshop, a.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "bulk", Bulk: true}).Leave)
			a.brevo.Faults().Add(sim.Fault{Method: http.MethodPost, Path: "/v3/contacts/lists/*/contacts/remove", Status: http.StatusBadGateway, Processed: processed})
			in := activities.WriteInput{PushStep: activities.PushStep{Account: account, RunID: "bulk"}, Plan: activities.PlanLeave}
			_, err := run(a.workshop, a.steps.Brevo.LeaveLists, in)
			require.Error(t, err)
			turn("open")
			must(a.workshop, a.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: user, RunID: "x"})
			assert.ElementsMatch(t, lists, contact(t, a.workshop, email).Lists)
			assert.Empty(t, a.delivery(user).Refused)
		})
	}
}
