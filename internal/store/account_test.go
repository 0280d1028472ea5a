package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/store"
)

func TestTargets(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		tier := store.Attribute{Name: "TIER", Category: "category", Options: []string{"1", "Gold"}}
		require.NoError(t, a.SaveAttributes(c, []store.Attribute{{Name: "OPEN_TICKETS", Category: "normal", Type: "float", Ours: true}, {Name: "FIRSTNAME", Category: "normal", Type: "text"}, tier}))
		require.NoError(t, a.SaveAttributes(c, []store.Attribute{{Name: "OPEN_TICKETS", Category: "normal", Type: "text"}}))
		attributes, err := a.Attributes(c)
		require.NoError(t, err)
		assert.Equal(t, []store.Attribute{{Name: "FIRSTNAME", Category: "normal", Type: "text"}, {Name: "OPEN_TICKETS", Category: "normal", Type: "text", Ours: true}, tier}, attributes)

		require.NoError(t, a.SaveLists(c, []store.List{{Key: "all_customers", ID: 30, Name: "All", Ours: true}, {Key: "active_tickets", ID: 31, Adopted: true}}))
		require.NoError(t, a.SaveLists(c, []store.List{{Key: "all_customers", ID: 30, Name: "Everybody"}, {Key: "active_tickets", ID: 99, Name: "Other"}}))
		lists, err := a.Lists(c)
		require.NoError(t, err)
		assert.Equal(t, []store.List{
			{Key: "active_tickets", ID: 99, Name: "Other"}, {Key: "all_customers", ID: 30, Name: "Everybody", Ours: true},
		}, lists, "another id is another list")
	})
}

func TestFields(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, readAt, err := a.Fields(c)
		require.NoError(t, err)
		assert.True(t, readAt.IsZero())
		tier := store.Field{Kind: "user", ID: 2, Key: "tier", Type: "dropdown", Title: "Tier", Active: true, Options: map[string]string{"t_gold": "Gold"}}
		require.NoError(t, a.ReplaceFields(c, "user", []store.Field{{Kind: "user", ID: 1}, tier}, at(5)))
		require.NoError(t, a.ReplaceFields(c, "ticket", []store.Field{{Kind: "ticket", ID: 2, Title: "Topic"}}, at(3)))
		require.NoError(t, a.ReplaceFields(c, "user", []store.Field{tier}, at(9)))
		fields, readAt, err := a.Fields(c)
		require.NoError(t, err)
		assert.Equal(t, []store.Field{{Kind: "ticket", ID: 2, Title: "Topic"}, tier}, fields)
		assert.Equal(t, at(3), readAt, "the kind that was read the longest ago")
	})
}

func TestRejects(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		reject := func(id int64, reason string, second int) store.Reject {
			return store.Reject{Kind: store.KindUser, ID: id, Reason: reason, Detail: "it\x00 said", RunID: "r", At: at(second)}
		}
		require.NoError(t, a.AddRejects(c, []store.Reject{reject(1, "invalid_email", 1), reject(2, "refused", 2), reject(1, "invalid_email", 3)}))
		latest := reject(2, "refused", 4)
		latest.Extra, latest.Detail = json.RawMessage(`{"code":"x"}`), "again"
		require.NoError(t, a.AddRejects(c, []store.Reject{latest}))
		rejects, err := a.Rejects(c, 10)
		require.NoError(t, err)
		require.Len(t, rejects, 2)
		assert.Equal(t, latest, rejects[0])
		assert.Equal(t, "it said", rejects[1].Detail, "NUL is dropped: PostgreSQL cannot hold it")
		counts, err := a.CountRejects(c, "")
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"invalid_email": 1, "refused": 1}, counts)
		require.NoError(t, a.ClearRejects(c, store.KindOrganization, []int64{1}))
		require.NoError(t, a.ClearRejects(c, store.KindUser, []int64{2, 3}))
		rejects, err = a.Rejects(c, 10)
		require.NoError(t, err)
		require.Len(t, rejects, 1)
		assert.EqualValues(t, 1, rejects[0].ID)
	})
}

func TestPause(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, paused, err := a.Paused(c)
		require.NoError(t, err)
		assert.False(t, paused)
		first := store.Pause{Kind: "credentials", Message: "make a new key", At: t0}
		require.NoError(t, a.SetPause(c, first))
		require.NoError(t, a.SetPause(c, store.Pause{Kind: "credit", At: at(1)}))
		p, paused, err := a.Paused(c)
		require.NoError(t, err)
		assert.True(t, paused)
		assert.Equal(t, first, p, "the first cause stays")
		require.NoError(t, a.SetPause(c, store.Pause{Kind: "operator", At: at(2)}))
		p, _, err = a.Paused(c)
		require.NoError(t, err)
		assert.Equal(t, "operator", p.Kind)
		require.NoError(t, a.ClearPause(c))
		_, paused, err = a.Paused(c)
		require.NoError(t, err)
		assert.False(t, paused)

		take := func(want bool, since time.Time, why string) {
			t.Helper()
			taken, err := a.TakeAcceptance(c, since)
			require.NoError(t, err)
			assert.Equal(t, want, taken, why)
		}
		take(false, t0, "nobody accepted anything")
		require.NoError(t, a.AcceptMassChange(c, t0))
		take(true, t0, "")
		take(false, t0, "an acceptance serves once")
		require.NoError(t, a.AcceptMassChange(c, t0))
		take(false, at(1), "too long ago")
		take(false, t0, "and it does not come back")
		_, err = a.BeginRun(c, store.Run{ID: "r", Type: "full", StartedAt: t0})
		require.NoError(t, err)
		require.NoError(t, a.AcceptMassChange(c, t0))
		require.NoError(t, a.EndRun(c, "r", "completed", store.RunStats{}, at(1)))
		take(false, t0, "the run that met the change has ended")
	})
}

func TestContactedAndFingerprint(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		require.NoError(t, a.SetContacted(c, store.Contacted{Vendor: "zendesk", OK: true, At: at(5)}))
		require.NoError(t, a.SetContacted(c, store.Contacted{Vendor: "zendesk", At: at(4), Message: "late news"}))
		require.NoError(t, a.SetContacted(c, store.Contacted{Vendor: "brevo", At: at(1), Message: "bad key"}))
		all, err := a.ContactedAll(c)
		require.NoError(t, err)
		assert.Equal(t, []store.Contacted{{Vendor: "brevo", At: at(1), Message: "bad key"}, {Vendor: "zendesk", OK: true, At: at(5)}}, all)

		for _, f := range []string{"", "abc"} {
			got, err := a.Fingerprint(c)
			require.NoError(t, err)
			assert.Equal(t, f, got)
			require.NoError(t, a.SetFingerprint(c, "abc"))
		}
	})
}

func TestBudgets(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		account := budget.Need{Bucket: "zendesk:account", Share: 1, Guess: 700, Period: time.Minute}
		exports := budget.Need{Bucket: "zendesk:exports", Share: 1, Guess: 10, Period: time.Minute}
		reserve := func(needs ...budget.Need) (time.Duration, string) {
			wait, bucket, err := a.ReserveBudget(c, needs, t0)
			require.NoError(t, err)
			return wait, bucket
		}
		wait, _ := reserve(account, exports)
		require.Zero(t, wait, "one call goes first")
		wait, bucket := reserve(account)
		assert.Positive(t, wait, "its answer admits the rest")
		assert.Equal(t, "zendesk:account", bucket)
		require.NoError(t, a.ObserveBudget(c, []budget.Reading{
			{Bucket: "zendesk:account", Limit: 700, Remaining: 600, Reset: 30 * time.Second}, {Bucket: "zendesk:exports", Limit: 10, Remaining: 1},
		}, t0))

		wait, _ = reserve(exports, account)
		assert.Zero(t, wait)
		for range 2 {
			wait, bucket = reserve(account, exports)
			assert.Equal(t, time.Minute, wait, "without a header the need's period is the window")
			assert.Equal(t, "zendesk:exports", bucket)
		}
		budgets, err := a.Budgets(c)
		require.NoError(t, err)
		require.Len(t, budgets, 2)
		assert.Equal(t, 599, budgets[0].Window.Remaining, "all needs or none")
		assert.Equal(t, at(30), budgets[0].Window.ResetsAt)
		assert.Equal(t, time.Minute, budgets[1].WaitedTotal, "two who wait for the same minute wait one minute")
	})
}

func TestBudgetIsNeverOverdrawn(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		need := budget.Need{Bucket: "b", Share: 0.8, Guess: 50, Period: time.Minute}
		require.NoError(t, a.ObserveBudget(c, []budget.Reading{{Bucket: "b", Limit: 50, Remaining: 30, Reset: time.Minute}}, t0))
		got := make(chan time.Duration, 60)
		for range cap(got) {
			go func() {
				wait, _, err := a.ReserveBudget(c, []budget.Need{need}, t0)
				assert.NoError(t, err)
				got <- wait
			}()
		}
		granted := 0
		for range cap(got) {
			if <-got == 0 {
				granted++
			}
		}
		assert.Equal(t, 20, granted, "30 were left and 10 are not ours")
	})
}
