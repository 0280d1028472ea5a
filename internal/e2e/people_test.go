package e2e_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// people are a handful of made-up customers, so that a test can say what becomes of each.
const (
	ada   = "ada@customers.example"
	grace = "grace@customers.example"
	linus = "linus@customers.example"
)

// interval is the time between two scheduled syncs. A deletion is believed only after it: of merges only webhooks tell.
const interval = 5 * time.Minute

// town is an account with nobody in it but its owner.
func town(t testing.TB, opts ...option) *world {
	t.Helper()
	return newWorld(t, seed.Size{Users: 1}, opts...)
}

// moveIn makes a customer of that address and name in Zendesk, and returns the user's id.
func (w *world) moveIn(email, name string, change ...func(*seed.User)) int64 {
	u := seed.User{Name: name, Email: email, Verified: true}
	for _, c := range change {
		c(&u)
	}
	return w.zendesk.CreateUser(u)
}

func withPhone(phone string) func(*seed.User) { return func(u *seed.User) { u.Phone = phone } }

// moveTo changes a customer's address in Zendesk.
func (w *world) moveTo(t testing.TB, id int64, email string) {
	t.Helper()
	require.True(t, w.zendesk.UpdateUser(id, func(u *seed.User) { u.Email = email }))
}

func (w *world) rename(t testing.TB, id int64, name string) {
	t.Helper()
	require.True(t, w.zendesk.UpdateUser(id, func(u *seed.User) { u.Name = name }))
}

// pass lets time go by between two runs: exports leave out the last minute.
func (w *world) pass(d time.Duration) {
	at := w.clock.Now().Add(d)
	w.clock.now = func() time.Time { return at }
}

// contact is what Brevo holds under an address.
func (w *world) contact(t testing.TB, email string) brevosim.Contact {
	t.Helper()
	c, ok := w.brevo.ContactByEmail(email)
	require.True(t, ok, "%s must be a contact", email)
	return c
}

func (w *world) hasContact(email string) bool {
	_, ok := w.brevo.ContactByEmail(email)
	return ok
}

// list is the id of a list by its name.
func (w *world) list(t testing.TB, name string) int64 {
	t.Helper()
	l, ok := w.brevo.ListByName(name)
	require.True(t, ok, "list %q must exist", name)
	return l.ID
}

// useLists replaces the lists of the configuration.
func (w *world) useLists(lists string) {
	const before = "lists: {all_customers: Zendesk customers, active_tickets: Open tickets, satisfied_customers: Satisfied customers}"
	w.yaml = strings.Replace(w.yaml, before, "lists: {"+lists+"}", 1)
}

// way is one of the two ways in which contacts travel.
type way struct {
	name string
	in   workflows.SyncInput
}

// ways are the bulk import, which a full sync uses, and single requests, which few changes use.
var ways = []way{
	{"by import", workflows.SyncInput{Type: activities.Full}},
	{"one by one", workflows.SyncInput{Type: activities.Incremental}},
}

// eachWay runs a test for either way, and checks afterwards that no call did what no correct client does.
func eachWay(t *testing.T, test func(t *testing.T, in workflows.SyncInput, w *world), opts ...option) {
	t.Helper()
	for _, by := range ways {
		t.Run(by.name, func(t *testing.T) {
			w := town(t, opts...)
			test(t, by.in, w)
			w.assertHarmless(t)
		})
	}
}

// again lets enough time pass for Zendesk to show what changed, and syncs.
func (w *world) again(t *testing.T, in workflows.SyncInput) workflows.SyncResult {
	t.Helper()
	w.pass(2 * time.Minute)
	return w.sync(t, in)
}

// assertHarmless looks through every request that Brevo saw for what undoes an opt-out or erases somebody's data.
func (w *world) assertHarmless(t testing.TB) {
	t.Helper()
	assert.Empty(t, w.brevo.Misuses())
	assert.Empty(t, w.brevo.Log().Unknown())
	assert.Empty(t, w.zendesk.Log().Unknown())
	assert.Zero(t, w.brevo.Writes().Batches, "the batch route is retired")
	assert.Zero(t, w.brevo.Writes().Deletes, "the connector never deletes a contact")
	for _, call := range w.brevo.Log().Calls() {
		for _, never := range []string{
			`"emailBlacklisted":false`, `"smsBlacklisted":false`, `"emailBlacklist":false`, `"smsBlacklist":false`,
			`emptyContactsAttributes`, `forceMerge`,
		} {
			assert.False(t, bytes.Contains(call.Body, []byte(never)), "%s %s must not send %s", call.Method, call.Path, never)
		}
	}
}

// imported reports whether an address ever travelled by import.
func (w *world) imported(email string) bool {
	for _, call := range w.brevo.Log().Filter("POST", "/v3/contacts/import") {
		if bytes.Contains(call.Body, []byte(email)) {
			return true
		}
	}
	return false
}
