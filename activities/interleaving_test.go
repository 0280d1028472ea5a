package activities_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

const (
	ticketsPath  = "/api/v2/incremental/tickets/cursor.json"
	contactsPath = "/v3/contacts"
)

func TestAPageFetchedBeforeANewerWriteNeverWins(t *testing.T) {
	for name, updated := range map[string]time.Duration{"changed since": time.Minute, "read later, unchanged": 0} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t, seed.Size{Users: 1})
			requester := w.zendesk.CreateUser(seed.User{Name: "Ada Lovelace", Email: "ada@customers.example"})
			id := w.zendesk.CreateTicket(seed.Ticket{RequesterID: requester, Status: "open"})
			created, ok := w.zendesk.Account().Tickets.Get(id)
			require.True(t, ok)
			w.now = w.now.Add(5 * time.Minute)
			w.begin()
			w.pull("users")

			asked := w.now
			w.during("GET", ticketsPath, func() error {
				_, err := w.store.ApplyTickets(t.Context(), []store.TicketRow{{
					ID: id, RequesterID: requester, Status: "solved", CreatedAt: created.CreatedAt,
					Version: store.Version{UpdatedAt: created.UpdatedAt.Add(updated), AskedAt: asked.Add(time.Second)},
				}}, asked.Add(time.Second))
				return err
			})
			w.pull("tickets")
			got, err := w.store.Peek(t.Context(), []int64{requester})
			require.NoError(t, err)
			assert.Zero(t, got[0].Customer.Measures.OpenTickets, "the page still said open")
			assert.Equal(t, 1, got[0].Customer.Measures.TotalTickets)
		})
	}
}

func TestAPageCommittedTwiceCountsOnce(t *testing.T) {
	w := newWorkshop(t, seed.Size{Users: 1500})
	w.now = w.now.Add(5 * time.Minute)
	w.begin()
	in := activities.PageInput{Account: account, Stream: "users"}
	w.during("GET", "/api/v2/incremental/users/cursor.json", func() error {
		first := must(w, w.steps.Zendesk.FetchPage, in)
		assert.Equal(t, int64(1000), first.Rows)
		return nil
	})
	second := must(w, w.steps.Zendesk.FetchPage, in)
	assert.Equal(t, activities.PageResult{}, second, "its page was thrown away, and the stream goes on")
	w.pull("users")
	cursor, err := w.store.Cursor(t.Context(), "users")
	require.NoError(t, err)
	assert.Equal(t, int64(1500), cursor.Rows)
	assert.Equal(t, int64(2), cursor.Pages)
}

// ready is a workshop with one customer who waits to be written.
func ready(t *testing.T, opts ...func(*brevosim.Options)) (w *workshop, user int64) {
	t.Helper()
	w = newWorkshop(t, seed.Size{Users: 1}, opts...)
	user = w.zendesk.CreateUser(seed.User{Name: "Ada Lovelace", Email: "ada@customers.example"})
	w.now = w.now.Add(5 * time.Minute)
	w.begin()
	w.pull("users")
	plan := must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "one"})
	require.Equal(t, int64(1), plan.Write)
	return w, user
}

func write(run string) activities.WriteInput {
	return activities.WriteInput{PushStep: activities.PushStep{Account: account, RunID: run}, Plan: activities.PlanWrite}
}

func TestARowMarkedWhileItsPushIsUnderWayIsPushedAgain(t *testing.T) {
	w, user := ready(t)
	w.during("POST", contactsPath, func() error {
		row := store.UserRow{
			User: mapping.User{
				ID: user, Name: "Ada King", Email: "ada@customers.example", Role: "end-user", TicketRestriction: "requested", Active: true,
			},
			Version: store.Version{UpdatedAt: w.now.Add(time.Minute), AskedAt: w.now.Add(time.Minute)},
		}
		_, err := w.store.ApplyUsers(t.Context(), []store.UserRow{row}, w.now)
		return err
	})
	assert.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
	contact, ok := w.brevo.ContactByEmail("ada@customers.example")
	require.True(t, ok)
	assert.Equal(t, "Lovelace", contact.Attributes["LASTNAME"])
	marked, err := w.store.CountDirty(t.Context(), store.KindUser)
	require.NoError(t, err)
	require.Equal(t, int64(1), marked, "the newer change is not forgotten")

	must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two"})
	assert.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("two")).Sent)
	contact, _ = w.brevo.ContactByEmail("ada@customers.example")
	assert.Equal(t, "King", contact.Attributes["LASTNAME"])
	marked, err = w.store.CountDirty(t.Context(), store.KindUser)
	require.NoError(t, err)
	assert.Zero(t, marked)
}

func TestTwoPushesNeverWriteOneContactTwice(t *testing.T) {
	w, _ := ready(t)
	w.during("POST", contactsPath, func() error {
		other := must(w, w.steps.Brevo.WriteContacts, write("two"))
		assert.Zero(t, other.Sent, "somebody else is writing it")
		plan := must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "two", Bulk: true})
		assert.Equal(t, activities.Plan{}, plan)
		opened := must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: activities.PushStep{Account: account, RunID: "two"}, Round: 1})
		assert.Zero(t, opened.Imports)
		return nil
	})
	assert.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("one")).Sent)
	assert.Zero(t, must(w, w.steps.Brevo.WriteContacts, write("two")).Sent)
	assert.Equal(t, 1, w.brevo.Writes().Total())
}

func TestAContactInAnImportIsWrittenByNobodyElse(t *testing.T) {
	w, _ := ready(t)
	must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "one", Bulk: true})
	step := activities.PushStep{Account: account, RunID: "one"}
	opened := must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: step, Round: 1})
	require.Equal(t, int64(1), opened.Rows)
	// After any lease has run out.
	w.now = w.now.Add(20 * time.Minute)
	assert.Zero(t, must(w, w.steps.Brevo.WriteContacts, write("two")).Sent)
	assert.Zero(t, w.brevo.Writes().Total())

	must(w, w.steps.Brevo.SendImports, step)
	must(w, w.steps.Brevo.SendImports, step) // again, as after a lost answer of ours
	must(w, w.steps.Brevo.SettleImports, step)
	assert.Equal(t, 1, w.brevo.Writes().Imports)
	assert.Equal(t, 1, w.brevo.Writes().Total())
}

func TestAnImportThatWaitedTooLongIsDecidedAnew(t *testing.T) {
	w, _ := ready(t)
	must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "one", Bulk: true})
	step := activities.PushStep{Account: account, RunID: "one"}
	must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: step, Round: 1})
	w.now = w.now.Add(24 * time.Hour)
	state := must(w, w.steps.Brevo.SendImports, step)
	assert.True(t, state.Stale)
	assert.Zero(t, w.brevo.Writes().Total(), "people may have unsubscribed since")
	marked, err := w.store.CountDirty(t.Context(), store.KindUser)
	require.NoError(t, err)
	assert.Equal(t, int64(1), marked, "and nothing is forgotten")
}

func TestATimeoutHalvesThePage(t *testing.T) {
	w := newWorkshop(t, seed.Size{Users: 1})
	w.begin()
	for i, size := range []int{500, 250, 125, 62, 50, 50} {
		w.during("GET", ticketsPath, func() error { return os.ErrDeadlineExceeded })
		_, err := run(w, w.steps.Zendesk.FetchPage, activities.PageInput{Account: account, Stream: "tickets"})
		require.Error(t, err)
		assert.Contains(t, err.Error(), "zendesk GET "+ticketsPath+": timeout", "attempt %d", i)
		cursor, err := w.store.Cursor(t.Context(), "tickets")
		require.NoError(t, err)
		assert.Equal(t, size, cursor.PageSize)
	}
	w.pull("tickets")
	cursor, err := w.store.Cursor(t.Context(), "tickets")
	require.NoError(t, err)
	assert.Equal(t, 100, cursor.PageSize, "it grows back with every page that comes")
}
