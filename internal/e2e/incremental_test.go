package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

var tiny = seed.Size{Users: 260, Tickets: 500, Organizations: 45}

var incremental = workflows.SyncInput{Type: activities.Incremental}

// change is what people do in Zendesk between two syncs, in one or more steps with a sync after each.
type change []step

// step is told one customer, the same in every step.
type step = func(t *testing.T, w *world, who int64)

func TestIncrementalSyncFollowsWhatHappensToUsers(t *testing.T) {
	user := func(f func(*seed.User)) step {
		return func(_ *testing.T, w *world, who int64) { w.zendesk.UpdateUser(who, f) }
	}
	followChanges(t, map[string]change{
		"nothing happens": {func(*testing.T, *world, int64) {}},
		"renamed":         {user(func(u *seed.User) { u.Name = "Renée Zweitname-Drei" })},
		"a marketer's contact renamed": {func(t *testing.T, w *world, who int64) {
			w.zendesk.UpdateUser(w.marketedPerson(t), func(u *seed.User) { u.Name = "Renée Zweitname-Drei" })
		}},
		"left without a last name":               {user(func(u *seed.User) { u.Name = "Cher" })},
		"e-mail changed":                         {user(func(u *seed.User) { u.Email = "Somewhere.Else@example.com" })},
		"e-mail lost":                            {user(func(u *seed.User) { u.Email = "" })},
		"phone changed":                          {user(func(u *seed.User) { u.Phone = "+1 (212) 666-0199" })},
		"phone lost":                             {user(func(u *seed.User) { u.Phone = "" })},
		"phone becomes shared":                   {user(func(u *seed.User) { u.SharedPhoneNumber = true })},
		"tags changed":                           {user(func(u *seed.User) { u.Tags = []string{"one", "two"} })},
		"suspended and back":                     {user(func(u *seed.User) { u.Suspended = true }), user(func(u *seed.User) { u.Suspended = false })},
		"becomes an agent and an end user again": {user(func(u *seed.User) { u.Role = "agent" }), user(func(u *seed.User) { u.Role = "end-user" })},
		"deleted and restored": {
			func(t *testing.T, w *world, who int64) { w.zendesk.DeleteUser(who) },
			func(t *testing.T, w *world, who int64) {
				w.zendesk.UpdateUser(who, func(u *seed.User) { u.Active = true })
			},
		},
		"deleted, then for ever": {
			func(t *testing.T, w *world, who int64) { w.zendesk.DeleteUser(who) },
			func(t *testing.T, w *world, who int64) { w.zendesk.DeleteUserForever(who) },
		},
		"deleted for ever at once": {func(t *testing.T, w *world, who int64) {
			w.zendesk.DeleteUser(who)
			w.zendesk.DeleteUserForever(who)
		}},
		"a marketer's contact deleted for ever": {func(t *testing.T, w *world, who int64) { w.zendesk.DeleteUserForever(w.marketedPerson(t)) }},
		"merged":                                {func(t *testing.T, w *world, who int64) { w.zendesk.MergeUsers(w.person(t, 1).ID, who) }},
		"created": {func(_ *testing.T, w *world, _ int64) {
			id := w.zendesk.CreateUser(seed.User{Name: "New Comer", Email: "New.Comer@example.com", Phone: "+33 6 98 76 54 32"})
			w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Subject: "hello"})
		}},
		"deleted and made anew": {func(t *testing.T, w *world, who int64) {
			u, _ := w.seed.Users.Get(who)
			w.zendesk.DeleteUser(who)
			w.zendesk.CreateUser(seed.User{Name: u.Name, Email: u.Email, Phone: u.Phone})
		}},
	})
}

func TestIncrementalSyncFollowsPhonesThatChangeHands(t *testing.T) {
	give := func(phone string, i int) step {
		return func(t *testing.T, w *world, who int64) {
			w.zendesk.UpdateUser(w.holders(t)[i], func(u *seed.User) { u.Phone = phone })
		}
	}
	const number = "+12125550107"
	both := func(steps ...step) step {
		return func(t *testing.T, w *world, who int64) {
			for _, step := range steps {
				step(t, w, who)
			}
		}
	}
	followChanges(t, map[string]change{
		"from the older to the younger at once":            {give(number, 0), both(give("", 0), give(number, 1))},
		"from the younger to the older at once":            {give(number, 1), both(give("", 1), give(number, 0))},
		"the younger takes it at once, in the other order": {give(number, 0), both(give(number, 1), give("", 0))},
		"the younger has to wait for it":                   {give(number, 0), give(number, 1), give("", 0)},
		"the older takes it from the younger":              {give(number, 1), give(number, 0), give("", 1)},
		"two swap":                                         {both(give(number, 0), give("+12125550108", 1)), both(give("+12125550108", 0), give(number, 1))},
	})
}

func TestIncrementalSyncFollowsTickets(t *testing.T) {
	ticket := func(f func(*seed.Ticket)) step {
		return func(t *testing.T, w *world, who int64) { w.zendesk.UpdateTicket(w.openTicket(t), f) }
	}
	of := func(f func(*world, int64) bool) step {
		return func(t *testing.T, w *world, who int64) { assert.True(t, f(w, w.openTicket(t))) }
	}
	followChanges(t, map[string]change{
		"opened":  {func(t *testing.T, w *world, who int64) { w.zendesk.CreateTicket(seed.Ticket{RequesterID: who}) }},
		"solved":  {ticket(func(x *seed.Ticket) { x.Status = "solved" })},
		"on hold": {ticket(func(x *seed.Ticket) { x.Status = "hold" })},
		"deleted": {of(func(w *world, id int64) bool { return w.zendesk.DeleteTicket(id) })},
		"rated good, then bad": {
			of(func(w *world, id int64) bool { return w.zendesk.RateTicket(id, 5, "fine") }),
			func(t *testing.T, w *world, who int64) {
				assert.True(t, w.zendesk.RateTicket(w.newest(), 1, "not fine"))
			},
		},
		"rated, then deleted": {
			of(func(w *world, id int64) bool { return w.zendesk.RateTicket(id, 5, "fine") }),
			func(t *testing.T, w *world, who int64) { assert.True(t, w.zendesk.DeleteTicket(w.newest())) },
		},
		"moved by the system alone": {of(func(w *world, id int64) bool { return w.zendesk.SystemUpdate(id) })},
		"handed to another requester": {func(t *testing.T, w *world, who int64) {
			w.zendesk.UpdateTicket(w.openTicket(t), func(x *seed.Ticket) { x.RequesterID = w.person(t, 2).ID })
		}},
	})
}

func TestIncrementalSyncFollowsSurveys(t *testing.T) {
	w := seeded(t, tiny, 6, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.CSAT = zendesksim.NewCSAT })
	want := expect(w.seed, w.portrait(t), wishes{surveys: true})
	w.sync(t, workflows.SyncInput{})
	id := w.openTicket(t)
	for _, stars := range []int{4, 3, 1} { // an answer may be edited until it expires
		require.True(t, w.zendesk.RateTicket(id, stars, ""))
		w.later(2 * time.Minute)
		w.sync(t, incremental)
		w.assertAs(t, want.look())
	}
	w.assertIdle(t)
}

func TestIncrementalSyncFollowsOrganizations(t *testing.T) {
	organization := func(f func(*world, int64)) step {
		return func(t *testing.T, w *world, who int64) { f(w, w.populated(t, 0)) }
	}
	followChanges(t, map[string]change{
		"renamed": {organization(func(w *world, id int64) {
			w.zendesk.UpdateOrganization(id, func(o *seed.Organization) { o.Name, o.Tags = "Nova & Söhne", []string{"vip"} })
		})},
		"deleted": {organization(func(w *world, id int64) { w.zendesk.DeleteOrganization(id) })},
		"a user moves to another": {func(t *testing.T, w *world, who int64) {
			to := w.populated(t, 1)
			w.zendesk.UpdateUser(w.member(t, w.populated(t, 0)), func(u *seed.User) { u.OrganizationID = to })
		}},
		"a user leaves": {func(t *testing.T, w *world, who int64) {
			w.zendesk.UpdateUser(w.member(t, w.populated(t, 0)), func(u *seed.User) { u.OrganizationID = 0 })
		}},
		"a user of one is deleted": {func(t *testing.T, w *world, who int64) { w.zendesk.DeleteUser(w.member(t, w.populated(t, 0))) }},
		"founded": {func(t *testing.T, w *world, who int64) {
			id := w.zendesk.CreateOrganization(seed.Organization{Name: "Founded Today AG"})
			w.zendesk.UpdateUser(w.person(t, 0).ID, func(u *seed.User) { u.OrganizationID = id })
		}},
		"many move at once": {func(t *testing.T, w *world, who int64) {
			to := w.populated(t, 0)
			for i := range 30 {
				w.zendesk.UpdateUser(w.person(t, i).ID, func(u *seed.User) { u.OrganizationID = to })
			}
		}},
	})
}

func TestIncrementalSyncFollowsCustomFields(t *testing.T) {
	w := seeded(t, tiny, 6)
	w.configure(sourceTextMapping)
	want := expect(w.seed, w.portrait(t), wishes{fullName: "FULLNAME", extra: sourceTextFields})
	w.sync(t, workflows.SyncInput{})
	id := w.person(t, 0).ID
	for _, tier := range []any{"tier_gold", "tier_silver", nil} {
		w.zendesk.UpdateUser(id, func(u *seed.User) { u.Fields = map[string]any{"customer_type": "ct_reseller", "account_tier": tier} })
		w.later(2 * time.Minute)
		w.sync(t, incremental)
		w.assertAs(t, want.look())
	}
	w.assertIdle(t)
}

// followChanges checks, for each change alone, that Brevo ends as expected of the changed account and that nothing is left
// to do, step by step. Who was deleted stays a while as they were, and meanwhile nothing is asked or done about them.
func followChanges(t *testing.T, changes map[string]change) {
	for name, steps := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := seeded(t, tiny, 6)
			w.marketed()
			w.configure("schedule: {every: 20m}")
			want := expect(w.seed, w.portrait(t), wishes{believe: 20 * time.Minute, now: w.clock.Now})
			w.sync(t, workflows.SyncInput{})
			w.assertAs(t, want.want)
			who := w.person(t, 0).ID
			for _, step := range steps {
				step(t, w, who)
				w.later(2 * time.Minute)
				w.sync(t, incremental)
				w.assertAs(t, want.look())
				w.assertIdle(t)
				if len(want.held) > 0 {
					w.later(20 * time.Minute)
					w.sync(t, incremental)
					w.assertAs(t, want.look())
					w.assertIdle(t)
				}
			}
			w.assertQuiet(t, workflows.SyncInput{})
			w.assertAs(t, want.want)
		})
	}
}

// assertIdle runs an incremental sync that finds nothing: one look at each stream, and none at Brevo.
func (w *world) assertIdle(t *testing.T) {
	t.Helper()
	w.later(2 * time.Minute)
	w.zendesk.Log().Reset()
	w.brevo.Log().Reset()
	out := w.sync(t, incremental)
	assert.Zero(t, out.Push.Sent)
	seen := map[string]int{}
	for _, c := range w.zendesk.Log().Calls() {
		seen[c.Route]++
		assert.Equal(t, 1, seen[c.Route], "looks at %s", c.Route)
	}
	assert.LessOrEqual(t, len(seen), 4)
	for _, c := range w.brevo.Log().Calls() {
		t.Errorf("a run that finds nothing asks Brevo for %s %s", c.Method, c.Path)
	}
}

// TestAResetStreamIsReadAgainAndNothingIsSentTwice: a row that the mirror lost comes back, and what is as delivered stays unsent.
func TestAResetStreamIsReadAgainAndNothingIsSentTwice(t *testing.T) {
	w := newWorld(t, tiny)
	first := w.sync(t, workflows.SyncInput{})
	w.follow(t)
	before := w.picture()
	require.NoError(t, w.account().ResetStream(t.Context(), "tickets", w.clock.Now()))
	w.pass(2 * time.Minute)
	out := w.sync(t, incremental)
	w.follow(t)
	assert.Equal(t, first.Streams["tickets"].Rows, out.Streams["tickets"].Rows, "all of it")
	assert.Less(t, out.Streams["users"].Rows, first.Streams["users"].Rows, "and nothing else")
	assert.Zero(t, out.Push.Sent)
	assert.Equal(t, before, w.picture())
	assert.Empty(t, w.brevo.Events(), "old tickets are no news")
}
