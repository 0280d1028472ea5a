package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/storetest"
	"zendesk-brevo/workflows"
)

// hears lets the workflow of a user hear of an event.
func (w *world) hears(t *testing.T, user int64, event string) {
	t.Helper()
	w.look(t, fmt.Sprintf("user/%d", user), news(event))
}

// contactCalls are the calls to Brevo that are about contacts since the log was last reset.
func (w *world) contactCalls() (out []string) {
	for _, c := range w.brevo.Log().Calls() {
		if strings.HasPrefix(c.Path, "/v3/contacts") {
			out = append(out, c.Method+" "+c.Path)
		}
	}
	return out
}

func TestADeletedUserDepartsAfterAnInterval(t *testing.T) {
	for _, by := range ways {
		for _, told := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, told by a webhook: %v", by.name, told), func(t *testing.T) {
				w := town(t)
				w.configure("schedule: {every: 20m}")
				gone, _ := couple(t, w, by.in)
				before := w.contact(t, ada)
				require.True(t, w.zendesk.DeleteUser(gone))
				w.brevo.Log().Reset()
				if told {
					w.hears(t, gone, "user.deleted")
				}
				w.again(t, ways[1].in)
				w.again(t, ways[1].in)
				assert.Empty(t, w.contactCalls(), "nothing is asked, and nothing is done")
				out := w.again(t, by.in)
				assert.Zero(t, out.Push.Sent)
				assert.Equal(t, before, w.contact(t, ada))
				marked, err := w.account().CountDirty(t.Context(), store.KindUser)
				require.NoError(t, err)
				assert.Equal(t, int64(1), marked, "and nothing is forgotten")

				w.pass(20 * time.Minute)
				out = w.again(t, by.in)
				assert.Equal(t, int64(1), out.Push.Sent)
				after := w.contact(t, ada)
				assert.Empty(t, after.Lists)
				assert.NotContains(t, after.Attributes, "OPEN_TICKETS")
				assert.Equal(t, "Ada", after.Attributes["FIRSTNAME"])
				assert.Zero(t, w.again(t, by.in).Push.Sent)
				w.assertHarmless(t)
			})
		}
	}
}

func TestARunInWhichEverybodyOnlyWaitsLooksAtNothing(t *testing.T) {
	w := town(t)
	w.brevo.SeedContact(brevosim.Contact{Email: ada})
	w.configure("schedule: {every: 20m}\nnew_contacts: skip") // which asks for a look at Brevo before any write
	who := w.moveIn(ada, "Ada Lovelace")
	w.again(t, ways[0].in)
	require.True(t, w.zendesk.DeleteUser(who))
	w.again(t, ways[1].in)
	w.brevo.Log().Reset()
	w.again(t, ways[1].in)
	assert.Empty(t, w.contactCalls())
	w.pass(20 * time.Minute)
	assert.Equal(t, int64(1), w.again(t, ways[1].in).Push.Sent)
}

func TestSuspendedPeopleAndThoseWithoutAnAddressDepartAtOnce(t *testing.T) {
	for name, change := range map[string]func(*seed.User){
		"suspended": func(u *seed.User) { u.Suspended = true },
		"an agent":  func(u *seed.User) { u.Role = "agent" },
		"no e-mail": func(u *seed.User) { u.Email = "" },
	} {
		t.Run(name, func(t *testing.T) {
			w := town(t)
			who, _ := couple(t, w, ways[0].in)
			require.True(t, w.zendesk.UpdateUser(who, change))
			w.hears(t, who, "user.updated")
			assert.Empty(t, w.contact(t, ada).Lists)
		})
	}
}

func TestADeletionThatTurnsOutToBeAMergeIsCarriedOutAtOnce(t *testing.T) {
	w := town(t)
	winner, loser := couple(t, w, ways[0].in)
	w.setConsent(t, grace, true, false)
	require.True(t, w.zendesk.MergeUsers(winner, loser))
	w.again(t, ways[1].in)
	assert.Len(t, w.contact(t, grace).Lists, 2, "it looks like a deletion")
	assert.Equal(t, consent{}, consentIn(w.contact(t, ada)))
	w.hearOfMerge(t, winner, loser)
	assert.Empty(t, w.contact(t, grace).Lists)
	assert.Equal(t, consent{email: true}, consentIn(w.contact(t, ada)))
	assert.Zero(t, w.again(t, ways[1].in).Push.Sent)
	w.assertHarmless(t)
}

func TestAMergeThatIsHeardOfTooLateStillCounts(t *testing.T) {
	for _, policy := range []string{"keep", "delete"} {
		w := town(t)
		w.configure("on_user_merged: " + policy)
		winner, loser := couple(t, w, ways[0].in)
		w.setConsent(t, grace, true, false)
		require.True(t, w.zendesk.MergeUsers(winner, loser))
		w.pass(interval)
		w.again(t, ways[1].in)
		require.Empty(t, w.contact(t, grace).Lists)
		w.hearOfMerge(t, winner, loser)
		assert.Equal(t, consent{email: true}, consentIn(w.contact(t, ada)))
		assert.Equal(t, policy == "keep", w.hasContact(grace))
		w.assertMergeSettled(t, loser)
		w.assertConsiderate(t)
	}
}

func TestWhoIsBackWithinTheIntervalWasNeverGone(t *testing.T) {
	w := town(t)
	who, _ := couple(t, w, ways[0].in)
	before := w.contact(t, ada)
	require.True(t, w.zendesk.DeleteUser(who))
	w.again(t, ways[1].in)
	require.True(t, w.zendesk.UpdateUser(who, func(u *seed.User) { u.Active = true }))
	w.again(t, ways[1].in)
	w.pass(interval)
	assert.Zero(t, w.again(t, ways[1].in).Push.Sent)
	assert.Equal(t, before, w.contact(t, ada))
}

func TestACreateWithoutAnAnswerIsFoundAgainWhenItsUserIsDeleted(t *testing.T) {
	w := town(t)
	who := w.moveIn(ada, "Ada Lovelace")
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/contacts$", DropAfter: true, Times: 40})
	w.pass(2 * time.Minute)
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(env.CancelWorkflow, 2*time.Minute)
	}
	_, err := w.trySync(t, ways[1].in)
	require.Error(t, err)
	w.prepare = nil
	require.True(t, w.hasContact(ada))
	w.brevo.Faults().Clear()
	require.True(t, w.zendesk.DeleteUser(who))
	w.again(t, ways[1].in)
	assert.Len(t, w.contact(t, ada).Lists, 1)
	w.pass(interval)
	w.again(t, ways[1].in)
	assert.Empty(t, w.contact(t, ada).Lists, "it was made here after all")
	assert.True(t, w.delivery(t, who).Made)
	assert.Zero(t, w.again(t, ways[1].in).Push.Sent)
}

// tables is every row of the store as text, in lower case.
func (w *world) tables(t *testing.T) string {
	t.Helper()
	return strings.ToLower(storetest.Dump(t, w.storeURL))
}

// assertForgotten looks for a person in all that is stored.
func (w *world) assertForgotten(t *testing.T, traces ...string) {
	t.Helper()
	for line := range strings.SplitSeq(w.tables(t), "\n") {
		for _, trace := range traces {
			assert.NotContains(t, line, strings.ToLower(trace))
		}
	}
}

// ofAda are the traces that the person leaves who is called Ada here.
var ofAda = []string{ada, "Lovelace", "612345678", "12 34 56 78", "crm-ada", "ada-tag"}

func withTraces(u *seed.User) {
	u.Phone, u.ExternalID, u.Tags, u.Locale = "+33 6 12 34 56 78", "crm-ada", []string{"ada-tag"}, "fr-FR"
}

func TestWhoIsDeletedForGoodIsForgotten(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, w *world, who int64){
		"found by a sync": func(t *testing.T, w *world, who int64) {
			w.zendesk.DeleteUserForever(who)
			w.again(t, ways[1].in)
		},
		"found by a full sync": func(t *testing.T, w *world, who int64) {
			w.zendesk.DeleteUserForever(who)
			w.again(t, ways[0].in)
			// The look at Brevo shows every contact, this one's address among them: it is forgotten by whoever decides after it.
		},
		"told by a webhook": func(t *testing.T, w *world, who int64) {
			w.zendesk.DeleteUserForever(who)
			w.hears(t, who, "user.deleted")
		},
		"deleted a moment before": func(t *testing.T, w *world, who int64) {
			w.zendesk.DeleteUser(who)
			w.again(t, ways[1].in)
			w.zendesk.DeleteUserForever(who)
			w.again(t, ways[1].in)
		},
		"deleted long before": func(t *testing.T, w *world, who int64) {
			w.zendesk.DeleteUser(who)
			w.pass(interval)
			w.again(t, ways[1].in)
			w.zendesk.DeleteUserForever(who)
			w.again(t, ways[1].in)
		},
		"suspended long before": func(t *testing.T, w *world, who int64) {
			w.zendesk.UpdateUser(who, func(u *seed.User) { u.Suspended = true })
			w.again(t, ways[1].in)
			w.zendesk.DeleteUserForever(who)
			w.again(t, ways[1].in)
		},
		"merged before": func(t *testing.T, w *world, who int64) {
			other := w.moveIn(linus, "Linus Torvalds")
			w.merge(t, other, who, other)
			w.zendesk.DeleteUserForever(who)
			w.again(t, ways[1].in)
		},
		"while Brevo fails": func(t *testing.T, w *world, who int64) {
			w.brevo.Faults().Add(sim.Fault{Path: "/v3/contacts/*", DropAfter: true}, sim.Fault{Path: "/v3/contacts/*", DropBefore: true}, sim.Fault{Path: "/v3/contacts/*", Skip: 1, DropAfter: true})
			w.zendesk.DeleteUserForever(who)
			w.again(t, ways[1].in)
			require.Equal(t, 3, w.brevo.Faults().Fired())
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := town(t)
			who := w.moveIn(ada, "Ada Lovelace", withTraces)
			w.zendesk.CreateTicket(seed.Ticket{RequesterID: who, Status: "open"})
			w.again(t, ways[0].in)
			require.NoError(t, w.account().AddRejects(t.Context(), []store.Reject{{Kind: store.KindUser, ID: who, Reason: "refused", Detail: ada + " was refused once"}}))
			known := w.tables(t)
			for _, trace := range ofAda {
				require.Contains(t, known, strings.ToLower(trace))
			}
			contact := w.contact(t, ada)
			require.Greater(t, len(contact.Attributes), 5)

			leave(t, w, who)
			after := w.contact(t, ada)
			assert.Equal(t, contact.ID, after.ID, "on_user_deleted: keep")
			assert.Empty(t, after.Attributes, "nothing that we delivered is left")
			assert.Empty(t, after.Lists)
			w.assertForgotten(t, ofAda...)
			d := w.delivery(t, who)
			assert.Equal(t, []any{store.DeliveryLeft, "erased"}, []any{d.State, d.Reason})

			w.pass(interval)
			assert.Zero(t, w.again(t, ways[1].in).Push.Sent)
			w.assertForgotten(t, ofAda...)
			assert.Zero(t, w.again(t, ways[0].in).Push.Sent)
			w.assertForgotten(t, ofAda[1:]...) // a look at Brevo shows the address that its contact still has
			w.assertHarmless(t)
		})
	}
}

func TestAnErasureKeepsWhatIsTheMarketers(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		newsletter := w.brevo.SeedList("Newsletter")
		w.brevo.SeedAttribute("LOYALTY", "text")
		w.brevo.SeedContact(brevosim.Contact{Email: ada, Lists: []int64{newsletter}, Attributes: map[string]any{"LASTNAME": "Byron", "LOYALTY": "gold"}})
		who := w.moveIn(ada, "Ada Lovelace", withTraces)
		w.again(t, in)
		require.Equal(t, "Ada", w.contact(t, ada).Attributes["FIRSTNAME"])
		w.brevo.EditPhone(ada, "+33687654321")
		w.zendesk.DeleteUserForever(who)
		w.again(t, in)
		after := w.contact(t, ada)
		assert.Equal(t, map[string]any{"LASTNAME": "Byron", "LOYALTY": "gold", "SMS": "33687654321"}, after.Attributes)
		assert.Equal(t, []int64{newsletter}, after.Lists)
		assert.Zero(t, w.again(t, in).Push.Sent)
	})
}

func TestWhoWasNeverAContactIsForgottenToo(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		var all []int64
		for i := range 12 {
			all = append(all, w.moveIn(fmt.Sprintf("ada%d@customers.example", i), "Ada Lovelace", withTraces, func(u *seed.User) { u.Suspended = true }))
		}
		deleted := w.moveIn(linus, "Linus Torvalds")
		w.again(t, in)
		require.True(t, w.brevo.DeleteContact(linus))
		w.again(t, ways[0].in)
		w.brevo.Log().Reset()
		for _, id := range append(all, deleted) {
			w.zendesk.DeleteUserForever(id)
		}
		w.again(t, ways[1].in)
		assert.Empty(t, w.contactCalls())
		w.assertForgotten(t, "customers.example", "Lovelace", "Torvalds", "612345678", "12 34 56 78", "crm-ada", "ada-tag")
	})
}

func TestTheNextHolderOfAnAddressIsNotErasedWithTheLast(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		who := w.moveIn(ada, "Ada Lovelace")
		w.again(t, in)
		w.zendesk.DeleteUser(who)
		w.moveIn(ada, "Ada Lovelace", withTraces)
		w.again(t, in)
		before := w.contact(t, ada)
		w.zendesk.DeleteUserForever(who)
		w.again(t, in)
		assert.Equal(t, before.Attributes, w.contact(t, ada).Attributes)
		assert.Equal(t, before.Lists, w.contact(t, ada).Lists)
		assert.Empty(t, w.delivery(t, who).Email)
		known, err := w.account().BrevoByEmail(t.Context(), []string{ada})
		require.NoError(t, err)
		assert.Len(t, known, 1)
		assert.Zero(t, w.again(t, in).Push.Sent)
	})
}
