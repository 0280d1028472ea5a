package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// crowd is a town of n customers with an open ticket each, synced once.
func crowd(t *testing.T, n int) (w *world, users, tickets []int64) {
	t.Helper()
	w = town(t)
	for i := range n {
		u := w.moveIn(fmt.Sprintf("customer%03d@crowd.example", i), fmt.Sprintf("Given%03d Family%03d", i, i))
		users = append(users, u)
		tickets = append(tickets, w.zendesk.CreateTicket(seed.Ticket{RequesterID: u, Status: "open"}))
	}
	w.again(t, workflows.SyncInput{})
	require.Len(t, w.onList(t, "Open tickets"), n)
	w.brevo.ResetWrites()
	return w, users, tickets
}

func (w *world) onList(t testing.TB, name string) []int64 {
	t.Helper()
	l, ok := w.brevo.ListByName(name)
	require.True(t, ok)
	return l.Contacts
}

// resumed makes the next run wait for a mass-change pause, look at it, and accept it.
func (w *world) resumed(t *testing.T) (pause *store.Pause, writesBefore *int) {
	pause, writesBefore = &store.Pause{}, new(int)
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() {
			*pause = w.standing(t)
			*writesBefore = w.brevo.Writes().Total()
			assert.NoError(t, w.account().AcceptMassChange(context.Background(), w.clock.Now()))
			assert.NoError(t, w.account().ClearPause(context.Background()))
		}, 2*time.Minute)
	}
	return pause, writesBefore
}

func solve(tk *seed.Ticket) { tk.Status = "solved" }

func TestAMassChangePausesBeforeItsFirstWrite(t *testing.T) {
	for _, by := range ways {
		t.Run(by.name+", lists left", func(t *testing.T) {
			w, _, tickets := crowd(t, 100)
			for _, id := range tickets[:21] {
				require.True(t, w.zendesk.UpdateTicket(id, solve))
			}
			pause, before := w.resumed(t)
			out := w.again(t, by.in)
			assert.Equal(t, activities.PauseMassChange, pause.Kind)
			assert.Equal(t, "this run would clear values of, take off lists, or reject 21 of 100 contacts: look at `starter rejects list` and at what "+
				"changed in the mapping or in Zendesk; if it is meant, run `starter resume --accept`", pause.Message)
			assert.Zero(t, *before, "nothing was written before somebody agreed")
			assert.Len(t, w.onList(t, "Open tickets"), 79, "accepted, the same run goes on")
			assert.Equal(t, int64(21), out.Push.Sent)
			w.assertHarmless(t)

			// One acceptance is for one mass change.
			for _, id := range tickets[21:43] {
				require.True(t, w.zendesk.UpdateTicket(id, solve))
			}
			pause, _ = w.resumed(t)
			w.again(t, by.in)
			assert.Equal(t, activities.PauseMassChange, pause.Kind)
		})
		t.Run(by.name+", values cleared", func(t *testing.T) {
			w, users, _ := crowd(t, 100)
			for _, id := range users[:30] {
				require.True(t, w.zendesk.UpdateUser(id, func(u *seed.User) { u.Name = "Mononym" }))
			}
			pause, before := w.resumed(t)
			w.again(t, by.in)
			assert.Contains(t, pause.Message, "30 of 100 contacts")
			assert.Zero(t, *before)
			assert.NotContains(t, w.contact(t, "customer000@crowd.example").Attributes, "LASTNAME")
		})
		t.Run(by.name+", contacts rejected", func(t *testing.T) {
			w, users, _ := crowd(t, 100)
			for i, id := range users[:25] {
				w.moveTo(t, id, fmt.Sprintf("customer%03d@nowhere", i))
			}
			pause, before := w.resumed(t)
			out := w.again(t, by.in)
			assert.Contains(t, pause.Message, "25 of 100 contacts")
			assert.Zero(t, *before)
			assert.Equal(t, int64(25), out.Push.Rejected["invalid_email"])
		})
		t.Run(by.name+", many deleted", func(t *testing.T) {
			w, users, _ := crowd(t, 100)
			for _, id := range users[:40] {
				require.True(t, w.zendesk.DeleteUser(id))
			}
			w.again(t, by.in)
			assert.Zero(t, w.brevo.Writes().Total(), "they may have been merged: nothing is done yet, and nothing asked")
			w.pass(interval)
			pause, before := w.resumed(t)
			w.again(t, by.in)
			assert.Contains(t, pause.Message, "40 of 100 contacts")
			assert.Zero(t, *before)
			assert.Len(t, w.onList(t, "Zendesk customers"), 60)
			assert.Len(t, w.brevo.Contacts(), 100, "nobody is deleted in Brevo")
		})
	}
}

func TestBelowItsLimitsTheGuardLetsPass(t *testing.T) {
	for _, by := range ways {
		for _, tc := range []struct{ people, solved int }{{100, 20}, {99, 99}} {
			t.Run(fmt.Sprintf("%s, %d of %d", by.name, tc.solved, tc.people), func(t *testing.T) {
				w, _, tickets := crowd(t, tc.people)
				for _, id := range tickets[:tc.solved] {
					require.True(t, w.zendesk.UpdateTicket(id, solve))
				}
				w.again(t, by.in)
				_, standing, err := w.account().Paused(t.Context())
				require.NoError(t, err)
				assert.False(t, standing)
				assert.Len(t, w.onList(t, "Open tickets"), tc.people-tc.solved)
			})
		}
	}
}
