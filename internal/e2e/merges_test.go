package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// merge merges two users in Zendesk, and lets the workflow of one of them hear of it.
func (w *world) merge(t *testing.T, winner, loser, hears int64) {
	t.Helper()
	require.True(t, w.zendesk.MergeUsers(winner, loser))
	w.hearOfMerge(t, hears, winner+loser-hears)
}

func (w *world) hearOfMerge(t *testing.T, user, other int64) {
	t.Helper()
	w.look(t, fmt.Sprintf("user/%d", user), []told{{0, workflows.Event{Type: "user.merged", MergedWith: other, At: w.clock.Now()}}})
}

// mergedQuietly is a merge of which the webhook has told, and that no contact was written for yet.
func (w *world) mergedQuietly(t *testing.T, winner, loser int64) {
	t.Helper()
	require.True(t, w.zendesk.MergeUsers(winner, loser))
	require.NoError(t, w.account().AddMerge(t.Context(), store.Merge{LoserID: loser, WinnerID: winner, At: w.clock.Now()}, w.clock.Now()))
}

func (w *world) delivery(t testing.TB, user int64) store.Delivery {
	t.Helper()
	known, err := w.account().Peek(t.Context(), []int64{user})
	require.NoError(t, err)
	return known[0].Delivery
}

func (w *world) assertMergeSettled(t testing.TB, loser int64) {
	t.Helper()
	merges, err := w.account().Merges(t.Context(), []int64{loser})
	require.NoError(t, err)
	assert.True(t, merges[loser].Settled)
}

// couple is two customers, synced, with an open ticket each. The first is the older user.
func couple(t *testing.T, w *world, in workflows.SyncInput) (first, second int64) {
	t.Helper()
	first, second = w.moveIn(ada, "Ada Lovelace"), w.moveIn(grace, "Grace Hopper")
	for _, id := range []int64{first, second} {
		w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "open"})
	}
	w.again(t, in)
	require.Len(t, w.contact(t, ada).Lists, 2)
	require.Len(t, w.contact(t, grace).Lists, 2)
	return first, second
}

type consent struct{ email, sms bool }

func consentIn(c brevosim.Contact) consent { return consent{c.EmailBlacklisted, c.SMSBlacklisted} }

func TestTheStricterConsentOfMergedUsersWins(t *testing.T) {
	for _, tc := range []struct {
		name          string
		winner, loser consent
		want          consent
	}{
		{"both mailable", consent{}, consent{}, consent{}},
		{"the loser had opted out of e-mail", consent{}, consent{email: true}, consent{email: true}},
		{"the loser had opted out of both", consent{}, consent{true, true}, consent{true, true}},
		{"the winner had opted out", consent{email: true}, consent{}, consent{email: true}},
		{"each of one", consent{email: true}, consent{sms: true}, consent{true, true}},
	} {
		// Zendesk documents no order of the two in its event, and whoever is older may win.
		for _, order := range []string{"the older wins, and hears of it", "the older wins", "the younger wins, and hears of it", "the younger wins"} {
			t.Run(tc.name+", "+order, func(t *testing.T) {
				w := town(t)
				winner, loser := couple(t, w, ways[0].in)
				kept, lost := ada, grace
				if order[4] == 'y' {
					winner, loser, kept, lost = loser, winner, grace, ada
				}
				w.setConsent(t, kept, tc.winner.email, tc.winner.sms)
				w.setConsent(t, lost, tc.loser.email, tc.loser.sms)
				hears := loser
				if strings.HasSuffix(order, "hears of it") {
					hears = winner
				}
				w.merge(t, winner, loser, hears)

				after, left := w.contact(t, kept), w.contact(t, lost)
				assert.Equal(t, tc.want, consentIn(after))
				assert.Equal(t, tc.loser, consentIn(left), "never the other way round")
				assert.Len(t, after.Lists, 2)
				assert.Equal(t, 2.0, after.Attributes["OPEN_TICKETS"], "the tickets are the winner's now")
				assert.Empty(t, left.Lists)
				assert.NotContains(t, left.Attributes, "OPEN_TICKETS")
				assert.Contains(t, left.Attributes, "FIRSTNAME", "the contact stays, without what support knew")
				d := w.delivery(t, loser)
				assert.Equal(t, []any{store.DeliveryLeft, "merged"}, []any{d.State, d.Reason})
				w.assertMergeSettled(t, loser)

				// What the syncs find is known already; and later changes lift nothing.
				w.pass(interval)
				assert.Zero(t, w.again(t, ways[1].in).Push.Sent)
				w.rename(t, winner, "Somebody Else")
				w.again(t, ways[1].in)
				w.moveTo(t, winner, "moved@elsewhere.example")
				w.again(t, ways[0].in)
				assert.Equal(t, tc.want, consentIn(w.contact(t, "moved@elsewhere.example")))
				assert.Zero(t, w.again(t, ways[0].in).Push.Sent)
				w.assertHarmless(t)
			})
		}
	}
}

func TestTheListsThatAMergedUserLeftAreLeft(t *testing.T) {
	for _, policy := range []string{"keep", "delete"} {
		for _, younger := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, the younger wins: %v", policy, younger), func(t *testing.T) {
				for _, by := range ways {
					w := town(t)
					w.configure("on_user_merged: " + policy)
					winner, loser := couple(t, w, by.in)
					kept, lost := ada, grace
					if younger {
						winner, loser, kept, lost = loser, winner, grace, ada
					}
					everyone, open := w.list(t, listAll), w.list(t, listOpen)
					w.brevo.Unsubscribe(lost, everyone)
					w.rename(t, winner, "Mononym") // a name to clear, in the same step in which the loser leaves
					w.mergedQuietly(t, winner, loser)
					w.again(t, by.in)
					w.again(t, by.in)
					assert.Equal(t, []int64{open}, w.contact(t, kept).Lists, "we had added her, and she has left it under her other address")
					w.rename(t, winner, "Ada King")
					w.again(t, by.in)
					w.moveTo(t, winner, "ada@elsewhere.example")
					w.again(t, by.in)
					assert.Equal(t, []int64{open}, w.contact(t, "ada@elsewhere.example").Lists)
					assert.Zero(t, w.again(t, by.in).Push.Sent)
				}
			})
		}
	}
}

func TestWhatIsOptedOutOfInTheMiddleOfAMergeCounts(t *testing.T) {
	w := town(t)
	winner, loser := w.moveIn(ada, "Ada Lovelace"), w.moveIn(grace, "Grace Hopper")
	w.again(t, ways[0].in)
	w.mergedQuietly(t, winner, loser)
	w.hears(t, winner, "user.updated") // the winner is written, the loser not yet
	require.Len(t, w.contact(t, grace).Lists, 1)
	w.brevo.Unsubscribe(grace, w.list(t, listAll))
	w.setConsent(t, grace, true, true)
	w.again(t, ways[1].in)
	w.again(t, ways[1].in)
	assert.Equal(t, consent{true, true}, consentIn(w.contact(t, ada)))
	assert.Empty(t, w.contact(t, ada).Lists)
	assert.Zero(t, w.again(t, ways[1].in).Push.Sent)
}

func TestAMergeIsCarriedOutByASync(t *testing.T) {
	for _, policy := range []string{"keep", "delete"} {
		t.Run(policy, func(t *testing.T) {
			for _, by := range ways {
				for _, younger := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, the younger wins: %v", by.name, younger), func(t *testing.T) {
						w := town(t)
						w.configure("on_user_merged: " + policy)
						winner, loser := couple(t, w, by.in)
						kept, lost := ada, grace
						if younger {
							winner, loser, kept, lost = loser, winner, grace, ada
						}
						w.setConsent(t, lost, true, true)
						w.mergedQuietly(t, winner, loser)
						into, from := w.contact(t, kept).ID, w.contact(t, lost).ID
						out := w.again(t, by.in)
						assert.Positive(t, out.Push.Sent)
						writes := w.contactWrites()
						require.Greater(t, len(writes), 1)
						assert.Contains(t, writes[0], fmt.Sprintf(`PUT /v3/contacts/%d {"emailBlacklisted":true,"smsBlacklisted":true}`, into), "before anything else")
						assert.Contains(t, strings.Join(writes[1:], "\n"), fmt.Sprintf("/v3/contacts/%d", from))
						assert.Equal(t, consent{true, true}, consentIn(w.contact(t, kept)))
						assert.Equal(t, policy == "keep", w.hasContact(lost), "made here, so ours to delete")
						w.assertMergeSettled(t, loser)
						w.again(t, by.in)
						assert.Zero(t, w.again(t, by.in).Push.Sent)
						assert.Equal(t, consent{true, true}, consentIn(w.contact(t, kept)))
						w.assertConsiderate(t)
					})
				}
			}
		})
	}
}

func TestAMergedContactIsDeletedOnlyIfItWasMadeHere(t *testing.T) {
	eachWay(t, func(t *testing.T, in workflows.SyncInput, w *world) {
		newsletter := w.brevo.SeedList("Newsletter")
		w.brevo.SeedContact(brevosim.Contact{Email: grace, Lists: []int64{newsletter}})
		w.configure("on_user_merged: delete")
		winner, loser := w.moveIn(ada, "Ada Lovelace"), w.moveIn(grace, "Grace Hopper")
		w.again(t, in)
		require.Len(t, w.contact(t, grace).Lists, 2)
		w.merge(t, winner, loser, winner)
		left := w.contact(t, grace)
		assert.Equal(t, []int64{newsletter}, left.Lists, "the marketer's stays")
		assert.NotContains(t, left.Attributes, "TOTAL_TICKETS")
		d := w.delivery(t, loser)
		assert.Equal(t, []any{store.DeliveryLeft, "merged_not_ours"}, []any{d.State, d.Reason})
		assert.Zero(t, w.brevo.Writes().Deletes)
		w.assertMergeSettled(t, loser)
	})
	t.Run("made here", func(t *testing.T) {
		for _, by := range ways {
			w := town(t)
			w.configure("on_user_merged: delete")
			winner, loser := couple(t, w, by.in)
			w.rename(t, loser, "Grace Murray") // that it was made here outlives later writes
			w.again(t, by.in)
			w.setConsent(t, grace, true, false)
			w.merge(t, winner, loser, loser)
			assert.False(t, w.hasContact(grace))
			assert.Equal(t, consent{email: true}, consentIn(w.contact(t, ada)))
			assert.Equal(t, 1, w.brevo.Writes().Deletes)
			d := w.delivery(t, loser)
			assert.Equal(t, []any{store.DeliveryGone, "merged"}, []any{d.State, d.Reason})
			w.pass(interval)
			assert.Zero(t, w.again(t, by.in).Push.Sent)
			w.assertConsiderate(t)
		}
	})
	t.Run("made anew by the marketer", func(t *testing.T) {
		w := town(t)
		w.configure("on_user_merged: delete\non_brevo_deleted: recreate")
		winner, loser := couple(t, w, ways[0].in)
		require.True(t, w.brevo.DeleteContact(grace))
		w.brevo.SeedContact(brevosim.Contact{Email: grace})
		w.again(t, ways[0].in)
		require.False(t, w.delivery(t, loser).Made)
		w.merge(t, winner, loser, loser)
		assert.True(t, w.hasContact(grace))
	})
	t.Run("under another address by now", func(t *testing.T) {
		w := town(t)
		w.configure("on_user_merged: delete")
		winner, loser := couple(t, w, ways[0].in)
		w.asMarketer(t, "PUT", "/contacts/"+grace, map[string]any{"attributes": map[string]any{"EMAIL": linus}})
		w.merge(t, winner, loser, loser)
		assert.Empty(t, w.contact(t, linus).Lists, "it leaves our lists, and nothing else happens to it")
	})
}

func TestAMergeOfMerges(t *testing.T) {
	w := town(t)
	first, second := couple(t, w, ways[0].in)
	third := w.moveIn(linus, "Linus Torvalds")
	w.again(t, ways[0].in)
	w.setConsent(t, ada, true, false)
	w.setConsent(t, grace, false, true)
	w.mergedQuietly(t, second, first)
	w.mergedQuietly(t, third, second)
	w.again(t, ways[1].in)
	assert.Equal(t, consent{true, true}, consentIn(w.contact(t, linus)))
	assert.Equal(t, consent{sms: true}, consentIn(w.contact(t, grace)), "what became of the second is the third")
	assert.Empty(t, w.contact(t, grace).Lists)
	assert.Empty(t, w.contact(t, ada).Lists)
	w.assertMergeSettled(t, first)
	w.assertMergeSettled(t, second)
	w.again(t, ways[1].in)
	assert.Zero(t, w.again(t, ways[1].in).Push.Sent)
	w.assertHarmless(t)
}

func TestAMergeOutOfThePilotWaitsForItsEnd(t *testing.T) {
	w := town(t)
	winner, loser := couple(t, w, ways[0].in)
	w.setConsent(t, grace, true, false)
	w.configure("pilot: {emails: [" + grace + "]}")
	w.merge(t, winner, loser, loser)
	w.pass(interval)
	w.again(t, ways[0].in)
	assert.Len(t, w.contact(t, grace).Lists, 2, "the winner may not be written, so the loser is not either")
	assert.Equal(t, consent{}, consentIn(w.contact(t, ada)))
	w.configure("")
	w.again(t, ways[0].in)
	assert.Empty(t, w.contact(t, grace).Lists)
	assert.Equal(t, consent{email: true}, consentIn(w.contact(t, ada)))
	w.assertMergeSettled(t, loser)
}
