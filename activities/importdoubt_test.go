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
	"zendesk-brevo/internal/store"
)

// An import of which nobody hears the end has done its work: what it put on our lists is ours, to be left and taken back.
func TestMembershipsOfAnImportInDoubtAreOurs(t *testing.T) {
	const ada, grace, hedy = "ada@customers.example", "grace@customers.example", "hedy@customers.example"
	step := activities.PushStep{Account: account, RunID: "one"}
	unanswered := func(w *workshop, processed bool) {
		for round := 2; round <= 3; round++ { // the known first, then the new
			w.brevo.Faults().Add(sim.Fault{Method: http.MethodPost, Path: "/v3/contacts/import", Status: http.StatusBadGateway, Processed: processed})
			_, err := run(w, w.steps.Brevo.SendImports, step)
			require.Error(w.t, err)
			w.now = w.now.Add(5 * time.Minute)
			must(w, w.steps.Brevo.DiscardOpenImports, account)
			opened := must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: step, Round: round})
			require.Equal(w.t, int64(3-round), opened.Imports)
		}
	}
	for name, ends := range map[string]func(*workshop){
		"Brevo does not know its process": func(w *workshop) {
			must(w, w.steps.Brevo.SendImports, step)
			w.brevo.Faults().Add(
				sim.Fault{Method: http.MethodGet, Path: "/v3/processes$", Times: sim.Forever, Status: http.StatusOK, Body: `{"count":0,"processes":[]}`},
				sim.Fault{Method: http.MethodGet, Path: "/v3/processes/", Times: sim.Forever, Status: http.StatusNotFound, Body: `{"code":"document_not_found","message":"none"}`})
			w.now = w.now.Add(21 * time.Minute)
			state := must(w, w.steps.Brevo.SettleImports, step)
			assert.Zero(w.t, state.Running)
		},
		"its answer was lost, and the run ended": func(w *workshop) {
			unanswered(w, true)
		},
		"it never came to be, and the run ended": func(w *workshop) {
			unanswered(w, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t, seed.Size{Users: 1})
			users := map[string]int64{}
			for _, email := range []string{ada, grace, hedy} {
				users[email] = w.zendesk.CreateUser(seed.User{Name: "Somebody Else", Email: email})
			}
			w.now = w.now.Add(5 * time.Minute)
			w.begin()
			w.pull("users")
			lists, err := w.store.Lists(t.Context())
			require.NoError(t, err)
			customers := lists[0].ID
			// Two are contacts of the marketer's, one of them on the list by the marketer's hand.
			seen := []store.BrevoContact{
				{ID: w.brevo.SeedContact(brevosim.Contact{Email: grace}), Email: grace},
				{ID: w.brevo.SeedContact(brevosim.Contact{Email: hedy, Lists: []int64{customers}}), Email: hedy, Lists: []int64{customers}},
			}
			require.NoError(t, w.store.ApplyBrevoContacts(t.Context(), store.Look{Scan: "looked"}, seen, w.now))
			must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "one", Bulk: true})
			opened := must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: step, Round: 1})
			require.Equal(t, int64(2), opened.Rows)
			ends(w)
			undoable, err := w.store.Undoable(t.Context(), store.Undo{}, 0, 10)
			require.NoError(t, err)
			assert.Equal(t, []int64{users[ada], users[grace]}, undoable, "by a disconnect at this moment")
			must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two"})
			must(w, w.steps.Brevo.WriteContacts, write("two"))
			for email, made := range map[string]bool{ada: true, grace: false, hedy: false} {
				people, err := w.store.Peek(t.Context(), []int64{users[email]})
				require.NoError(t, err)
				d := people[0].Delivery
				assert.Equal(t, store.DeliverySent, d.State, email)
				assert.Equal(t, made, d.Made, email)
				assert.Empty(t, d.Refused, email)
			}
			assert.Len(t, w.brevo.Contacts(), 3, "nobody twice")
			assert.Equal(t, [][]int64{{customers}, {customers}}, [][]int64{contact(t, w, ada).Lists, contact(t, w, grace).Lists}, "nobody forgotten")

			for _, id := range users {
				require.True(t, w.zendesk.UpdateUser(id, func(u *seed.User) { u.Suspended = true }))
			}
			w.now = w.now.Add(time.Hour)
			for _, id := range users {
				must(w, w.steps.Zendesk.RefreshUser, activities.RefreshInput{Account: account, ID: id})
				must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: id, RunID: "three"})
			}
			assert.Empty(t, contact(t, w, ada).Lists)
			assert.Empty(t, contact(t, w, grace).Lists)
			assert.Equal(t, []int64{customers}, contact(t, w, hedy).Lists, "the marketer's own")
		})
	}
}

func contact(t *testing.T, w *workshop, email string) brevosim.Contact {
	t.Helper()
	c, there := w.brevo.ContactByEmail(email)
	require.True(t, there, email)
	return c
}

// A contact of the marketer's joins our list by a call whose answer is lost.
func TestAMembershipThatIsNotAnsweredIsOurs(t *testing.T) {
	const email = "grace@customers.example"
	for name, fault := range map[string]sim.Fault{
		"it was made": {Status: http.StatusBadGateway, Processed: true}, "it was not": {Status: http.StatusBadGateway}, "no answer": {DropAfter: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAutomated(t, "    lists: {all_customers: Customers}\n")
			user := a.customer(email)
			a.brevo.SeedContact(brevosim.Contact{Email: email})
			a.scan(email)
			fault.Method, fault.Path = http.MethodPut, "/v3/contacts/"
			a.brevo.Faults().Add(fault)
			in := activities.PushContactInput{Account: account, UserID: user, RunID: "one"}
			_, err := run(a.workshop, a.steps.Brevo.PushContact, in)
			require.Error(t, err)
			undoable, err := a.store.Undoable(t.Context(), store.Undo{}, 0, 10)
			require.NoError(t, err)
			assert.Equal(t, []int64{user}, undoable, "by a disconnect at this moment")

			a.now = a.now.Add(time.Minute)
			a.push(user)
			customers := []int64{a.lists()["all_customers"].ID}
			people, err := a.store.Peek(t.Context(), []int64{user})
			require.NoError(t, err)
			d := people[0].Delivery
			assert.Equal(t, store.DeliverySent, d.State)
			assert.Equal(t, customers, d.Lists)
			assert.Empty(t, d.Refused)
			assert.Equal(t, customers, contact(t, a.workshop, email).Lists)
		})
	}
}

// The guard of an import's rejections pauses when they are recorded: the attempt after it has nothing left to do.
func TestAnAcceptanceOfWhatIsOverIsNotKept(t *testing.T) {
	w := newWorkshop(t, seed.Size{Users: 1})
	w.begin()
	require.NoError(t, w.store.AcceptMassChange(t.Context(), w.now))
	must(w, w.steps.Brevo.SettleImports, activities.PushStep{Account: account, RunID: "one"})
	accepted, err := w.store.TakeAcceptance(t.Context(), time.Time{})
	require.NoError(t, err)
	assert.False(t, accepted, "it would let the next mass change pass, which nobody has seen")
}
