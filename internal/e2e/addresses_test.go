package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

func TestAddressesThatPassFromOneUserToAnotherTakeTheirContactsAlong(t *testing.T) {
	to := func(w *world, id int64, email string) {
		w.zendesk.UpdateUser(id, func(u *seed.User) { u.Email = email })
	}
	address := func(w *world, id int64) string {
		u, _ := w.seed.Users.Get(id)
		return u.Email
	}
	followChanges(t, map[string]change{
		"to the one before, at once": {func(t *testing.T, w *world, a int64) {
			b := w.person(t, 1).ID
			was := address(w, a)
			to(w, a, "new.address@example.com")
			to(w, b, was)
		}},
		"to the next, at once": {func(t *testing.T, w *world, a int64) {
			b := w.person(t, 1).ID
			was := address(w, b)
			to(w, b, "new.address@example.com")
			to(w, a, was)
		}},
		"to a newcomer, at once": {func(t *testing.T, w *world, a int64) {
			was := address(w, a)
			to(w, a, "new.address@example.com")
			w.zendesk.CreateUser(seed.User{Name: "Later Owner", Email: was})
		}},
		"three go round": {func(t *testing.T, w *world, a int64) {
			b, c := w.person(t, 1).ID, w.person(t, 2).ID
			x, y, z := address(w, a), address(w, b), address(w, c)
			to(w, a, "between@example.com")
			to(w, c, x)
			to(w, b, z)
			to(w, a, y)
		}},
		"two swap": {func(t *testing.T, w *world, a int64) {
			b := w.person(t, 1).ID
			x, y := address(w, a), address(w, b)
			to(w, a, "between@example.com")
			to(w, b, x)
			to(w, a, y)
		}},
	})
}

func TestAnImpossibleNewAddressLeavesTheContactAsItWasUntilItIsMended(t *testing.T) {
	w := seeded(t, tiny, 6)
	want := expect(w.seed, w.portrait(t), wishes{})
	w.sync(t, workflows.SyncInput{})
	who := w.person(t, 0)
	before := w.portrait(t)
	w.zendesk.UpdateUser(who.ID, func(u *seed.User) { u.Email, u.Name = "nobody@intranet", "Another Name" })
	w.later(2 * time.Minute)
	out := w.sync(t, incremental)
	assert.Positive(t, out.Push.Rejected["invalid_email"])
	for id, f := range before.companies { // a rejected contact belongs to no company
		f.members = slices.DeleteFunc(f.members, func(m string) bool { return m == strings.ToLower(who.Email) })
		before.companies[id] = f
	}
	w.assertAs(t, before)
	w.assertIdle(t)

	w.zendesk.UpdateUser(who.ID, func(u *seed.User) { u.Email = "mended@example.com" })
	w.later(2 * time.Minute)
	w.sync(t, incremental)
	w.assertAs(t, want.look())
	w.assertQuiet(t, workflows.SyncInput{})
}

func TestAnAddressThatIsAlreadyAContactIsTakenOverAndNothingIsMerged(t *testing.T) {
	w := seeded(t, tiny, 6)
	w.marketed()
	w.brevo.SeedContact(brevosim.Contact{Email: "already@marketer.example", Attributes: map[string]any{"FIRSTNAME": "Already"}})
	base := w.portrait(t)
	want := expect(w.seed, base, wishes{})
	w.sync(t, workflows.SyncInput{})
	who := w.person(t, 0)
	old := strings.ToLower(who.Email)
	w.zendesk.UpdateUser(who.ID, func(u *seed.User) { u.Email = "already@marketer.example" })
	w.later(2 * time.Minute)
	w.sync(t, incremental)
	stays := want.leaving(old) // what was delivered to the old contact stays there, except what support knows
	delete(stays.attributes, "SMS")
	want.look()
	want.want.contacts[old] = stays
	w.assertAs(t, want.want)
	w.assertIdle(t)
}
