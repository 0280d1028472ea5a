package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

func TestAMergeIntoSomebodyWithoutAContact(t *testing.T) {
	t.Run("who becomes one at the same time", func(t *testing.T) {
		for _, by := range append(slices.Clone(ways), way{name: "by webhook", in: ways[0].in}) {
			w := town(t)
			loser := w.moveIn(grace, "Grace Hopper")
			w.again(t, by.in)
			w.setConsent(t, grace, true, true)
			winner := w.moveIn(ada, "Ada Lovelace")
			if by.name == "by webhook" {
				w.merge(t, winner, loser, winner)
			} else {
				w.mergedQuietly(t, winner, loser)
				w.again(t, by.in)
			}
			assert.Equal(t, consent{true, true}, consentIn(w.contact(t, ada)), by.name)
			for _, call := range w.brevo.Log().Filter("POST", "/v3/contacts") {
				if strings.Contains(string(call.Body), ada) {
					assert.Contains(t, string(call.Body), `"emailBlacklisted":true`, "not for a moment")
				}
			}
			w.assertHarmless(t)
		}
	})
	t.Run("who becomes one later", func(t *testing.T) {
		eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
			winner, loser := w.moveIn(ada, "Ada Lovelace", func(u *seed.User) { u.Suspended = true }), w.moveIn(grace, "Grace Hopper")
			w.again(t, in)
			w.setConsent(t, grace, true, true)
			w.brevo.Unsubscribe(grace, w.list(t, listAll))
			w.merge(t, winner, loser, winner)
			require.False(t, w.hasContact(ada))
			w.assertMergeSettled(t, loser)
			require.True(t, w.zendesk.UpdateUser(winner, func(u *seed.User) { u.Suspended = false }))
			w.again(t, in)
			assert.Equal(t, consent{true, true}, consentIn(w.contact(t, ada)))
			assert.Empty(t, w.contact(t, ada).Lists)
			assert.Zero(t, w.again(t, in).Push.Sent)

			// Should they want to be written to again some day, nobody stands in the way.
			w.asMarketer(t, "PUT", "/contacts/"+ada, map[string]any{"emailBlacklisted": false})
			w.rename(t, winner, "Ada King")
			w.again(t, in)
			assert.Equal(t, consent{sms: true}, consentIn(w.contact(t, ada)))
		})
	})
	t.Run("whom the marketer makes one", func(t *testing.T) {
		eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
			winner, loser := w.moveIn(ada, "Ada Lovelace", func(u *seed.User) { u.Suspended = true }), w.moveIn(grace, "Grace Hopper")
			w.again(t, in)
			w.setConsent(t, grace, true, false)
			w.merge(t, winner, loser, winner)
			w.brevo.SeedContact(brevosim.Contact{Email: ada})
			require.True(t, w.zendesk.UpdateUser(winner, func(u *seed.User) { u.Suspended = false }))
			w.again(t, in)
			assert.Equal(t, consent{email: true}, consentIn(w.contact(t, ada)))
		})
	})
	t.Run("whose contact was deleted in Brevo", func(t *testing.T) {
		eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
			winner, loser := couple(t, w, in)
			w.setConsent(t, grace, true, false)
			require.True(t, w.brevo.DeleteContact(ada)) // since the last look
			w.merge(t, winner, loser, loser)
			assert.False(t, w.hasContact(ada))
			w.assertMergeSettled(t, loser)
			w.configure("on_brevo_deleted: recreate")
			w.again(t, in)
			assert.Equal(t, consent{email: true}, consentIn(w.contact(t, ada)))
		})
	})
	t.Run("who comes to another's contact", func(t *testing.T) {
		eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
			winner, loser, former := w.moveIn("", "Ada Lovelace"), w.moveIn(grace, "Grace Hopper"), w.moveIn(linus, "Linus Torvalds")
			w.again(t, in)
			w.setConsent(t, grace, true, false)
			w.merge(t, winner, loser, winner)
			require.True(t, w.zendesk.DeleteUser(former))
			w.moveTo(t, winner, linus)
			w.again(t, in)
			assert.Equal(t, consent{email: true}, consentIn(w.contact(t, linus)))
		})
	})
	t.Run("whose contact is another's by now", func(t *testing.T) {
		eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
			winner, loser := couple(t, w, in)
			require.True(t, w.zendesk.UpdateUser(winner, func(u *seed.User) { u.Email, u.Suspended = "", true }))
			w.moveIn(ada, "Augusta King")
			w.again(t, in)
			w.setConsent(t, grace, true, false)
			w.merge(t, winner, loser, loser)
			assert.Equal(t, consent{}, consentIn(w.contact(t, ada)), "who has not been merged with anybody")
			w.assertMergeSettled(t, loser)
			require.True(t, w.zendesk.UpdateUser(winner, func(u *seed.User) { u.Email, u.Suspended = linus, false }))
			w.again(t, in)
			assert.Equal(t, consent{email: true}, consentIn(w.contact(t, linus)))
		})
	})
	t.Run("who left before", func(t *testing.T) {
		eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
			winner, loser := couple(t, w, in)
			require.True(t, w.zendesk.UpdateUser(winner, func(u *seed.User) { u.Suspended = true }))
			w.again(t, in)
			w.setConsent(t, grace, true, true)
			w.merge(t, winner, loser, loser)
			assert.Equal(t, consent{true, true}, consentIn(w.contact(t, ada)), "the contact is there, and may be mailed by others")
		})
	})
}

func TestTheWinnerMayTakeTheAddressOfTheLoser(t *testing.T) {
	for _, policy := range []string{"keep", "delete"} {
		t.Run(policy, func(t *testing.T) {
			for _, tc := range []struct {
				name  string
				known bool // the winner had a contact of their own
			}{{"who had none", false}, {"who had one", true}} {
				for _, by := range ways {
					t.Run(tc.name+", "+by.name, func(t *testing.T) {
						w := town(t)
						w.configure("on_user_merged: " + policy)
						winner := w.moveIn("", "Ada Lovelace")
						if tc.known {
							w.moveTo(t, winner, ada)
						}
						loser := w.moveIn(grace, "Grace Hopper")
						ticket := w.zendesk.CreateTicket(seed.Ticket{RequesterID: loser, Status: "open"})
						w.again(t, by.in)
						contact := w.contact(t, grace)
						if tc.known {
							w.setConsent(t, ada, false, true)
						}
						w.setConsent(t, grace, true, false)
						w.mergedQuietly(t, winner, loser)
						w.moveTo(t, winner, grace)
						w.again(t, by.in)
						after := w.contact(t, grace)
						assert.Equal(t, contact.ID, after.ID, "the contact goes on as the winner's")
						assert.Equal(t, consent{email: true, sms: tc.known}, consentIn(after))
						assert.Len(t, after.Lists, 2)
						assert.Equal(t, "Ada", after.Attributes["FIRSTNAME"])
						w.assertMergeSettled(t, loser)
						assert.True(t, w.delivery(t, winner).Made)
						if tc.known {
							assert.Empty(t, w.contact(t, ada).Lists)
						}
						require.True(t, w.zendesk.UpdateTicket(ticket, func(x *seed.Ticket) { x.Status = "solved" }))
						w.again(t, by.in)
						assert.Equal(t, []int64{w.list(t, listAll)}, w.contact(t, grace).Lists, "the lists are ours to leave, as before")
						w.pass(interval)
						assert.Zero(t, w.again(t, by.in).Push.Sent)
						assert.Zero(t, w.brevo.Writes().Deletes)
						w.assertConsiderate(t)
					})
				}
			}
		})
	}
}
