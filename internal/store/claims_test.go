package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

func ids(found []store.Claimed) []int64 {
	out := make([]int64, 0, len(found))
	for _, c := range found {
		out = append(out, c.Customer.User.ID)
	}
	return out
}

func claim(t testing.TB, a *store.Account, owner string, now time.Time, users ...int64) []store.Claimed {
	t.Helper()
	found, err := a.Claim(t.Context(), users, owner, time.Minute, now)
	require.NoError(t, err)
	return found
}

func sent(user int64, email string) store.Delivery {
	return store.Delivery{UserID: user, State: store.DeliverySent, Email: email, SentAt: t0, Lists: []int64{30}, Attributes: map[string]any{
		"FIRSTNAME": "Ann", "OPEN_TICKETS": 2.0, "VIP": true, "PLACES": []string{"a", "b"},
	}}
}

func TestClaims(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		assert.Equal(t, []int64{3, 1}, ids(claim(t, a, "one", t0, 3, 1)))
		assert.Equal(t, []int64{2}, ids(claim(t, a, "two", at(30), 1, 2)), "1 is held by another")
		assert.Equal(t, []int64{1}, ids(claim(t, a, "one", at(30), 1)), "an owner may claim again, and lengthens its lease")
		assert.Empty(t, claim(t, a, "two", at(70), 1))
		assert.Equal(t, []int64{3}, ids(claim(t, a, "two", at(70), 3)), "the lease has ended")
		require.NoError(t, a.Release(c, "two"))
		assert.Equal(t, []int64{2, 3}, ids(claim(t, a, "three", at(71), 1, 2, 3)))
		assert.Equal(t, []int64{1}, ids(claim(t, s.Account("other"), "two", t0, 1)), "accounts do not share claims")
	})
}

// A step that is tried again takes over at once what its earlier attempt holds, which then holds nothing any more.
func TestALaterAttemptTakesOverTheClaimsOfAnEarlierOne(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		first, second := store.Attempt("run#1/write", t0), store.Attempt("run#1/write", at(1))
		assert.Len(t, claim(t, a, first, t0, 1, 2, 3), 3)
		assert.Empty(t, claim(t, a, store.Attempt("run#1/write2", at(1)), at(1), 1), "another step")
		assert.Empty(t, claim(t, a, store.Attempt("run#1/writ", at(1)), at(1), 1), "another step")
		assert.Empty(t, claim(t, a, "run#1/write", at(1), 1), "no attempt")
		assert.Equal(t, []int64{1, 2}, ids(claim(t, a, second, at(1), 1, 2)))
		assert.Empty(t, claim(t, a, first, at(2), 1), "the earlier one does not take it back")
		require.ErrorIs(t, a.Record(c, first, []store.Result{{Delivery: sent(1, "a@x.example")}}, at(2)), store.ErrClaimLost)
		require.ErrorIs(t, a.Renew(c, first, []int64{3, 1}, time.Minute, at(2)), store.ErrClaimLost)
		require.NoError(t, a.Renew(c, second, []int64{1, 2, 1}, time.Minute, at(30)))
		require.NoError(t, a.Release(c, first))
		assert.Equal(t, []int64{3}, ids(claim(t, a, "other", at(31), 1, 2, 3)), "the later one has its own still")
		require.NoError(t, a.Release(c, "other"))
		assert.Len(t, claim(t, a, first, at(32), 3), 1)
		require.NoError(t, a.Release(c, second))
		assert.Len(t, claim(t, a, "other", at(33), 1, 2, 3), 3, "and has freed what was left behind")
	})
}

// Just before a call the claim is made sure of: it may have run out, whoever has the contact now.
func TestNothingIsBookedWithoutAValidClaim(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		claim(t, a, "one", t0, 1, 2)
		d := sent(1, "a@x.example")
		d.Refused = map[string]any{"writing:FIRSTNAME": "Bea", "writing:ROLE": nil}
		require.NoError(t, a.Book(c, "one", []store.Delivery{d}, time.Minute, at(50)))
		require.ErrorIs(t, a.Book(c, "one", []store.Delivery{sent(2, "b@x.example")}, time.Minute, at(60)), store.ErrClaimLost, "it ran out")
		require.ErrorIs(t, a.Renew(c, "one", []int64{1, 2}, time.Minute, at(60)), store.ErrClaimLost)
		assert.Empty(t, claim(t, a, "two", at(109), 1), "the booking began the lease anew, the failed renewal did not")
		require.ErrorIs(t, a.Book(c, "two", []store.Delivery{sent(1, "c@x.example")}, time.Minute, at(109)), store.ErrClaimLost)
		found := claim(t, a, "two", at(110), 1, 2)
		assert.Equal(t, d, found[0].Delivery, "the value of a cleared attribute is kept as none")
		assert.Empty(t, found[1].Delivery.Email)
		require.NoError(t, a.Book(c, "two", nil, time.Minute, at(110)))
		require.NoError(t, a.Renew(c, "two", nil, time.Minute, at(110)))
	})
}

func TestOneOwnerForEachUser(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := s.Account("acme")
		var users []int64
		for id := int64(1); id <= 300; id++ {
			users = append(users, id)
		}
		got := make(chan []int64, 6)
		for n := range cap(got) {
			go func() {
				mine := slices.Clone(users)
				if n%2 == 1 {
					slices.Reverse(mine)
				}
				found, err := a.Claim(t.Context(), mine, fmt.Sprint("owner-", n), time.Minute, t0)
				assert.NoError(t, err)
				got <- ids(found)
			}()
		}
		var all []int64
		for range cap(got) {
			all = append(all, <-got...)
		}
		slices.Sort(all)
		assert.Equal(t, users, all)
	})
}

func TestRecord(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, err := a.ApplyUsers(c, []store.UserRow{{User: mapping.User{ID: 1, OrganizationID: 10}}, {User: mapping.User{ID: 2}}}, t0)
		require.NoError(t, err)
		mine := claim(t, a, "one", t0, 1, 2)
		require.Len(t, mine, 2)
		clean(t, a)
		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{1, 2}, t0))
		mine = claim(t, a, "one", t0, 1, 2)
		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{2}, t0), "2 changes while it is pushed")

		results := []store.Result{{Delivery: sent(1, "ann@example.com"), Dirty: mine[0].Dirty}, {Delivery: sent(2, "bob@example.com"), Dirty: mine[1].Dirty, Keep: true}}
		results[1].Refused = map[string]any{"SMS": "+331"}
		require.NoError(t, a.Record(c, "one", results, t0))
		assert.Equal(t, []int64{2}, dirty(t, a, store.KindUser))
		assert.Equal(t, []int64{10}, dirty(t, a, store.KindOrganization), "1 entered the state sent")

		found, err := a.Peek(c, []int64{2, 1, 7, 1})
		require.NoError(t, err)
		require.Len(t, found, 3)
		assert.Equal(t, results[1].Delivery, found[0].Delivery)
		assert.Equal(t, results[0].Delivery, found[1].Delivery)
		assert.Equal(t, store.Claimed{Customer: mapping.Customer{User: mapping.User{ID: 7}}, Delivery: store.Delivery{UserID: 7}}, found[2])
		assert.Equal(t, []int64{1}, ids(claim(t, a, "two", t0, 1, 2)), "the claim on 2 was kept")

		clean(t, a)
		left := store.Result{Delivery: store.Delivery{UserID: 1, State: store.DeliveryLeft, Email: "ann@example.com", BrevoID: 77}}
		err = a.Record(c, "one", []store.Result{{Delivery: sent(2, "new@example.com")}, left}, t0)
		require.ErrorIs(t, err, store.ErrClaimLost)
		found, err = a.Peek(c, []int64{1, 2})
		require.NoError(t, err)
		assert.Equal(t, "bob@example.com", found[1].Delivery.Email, "nothing was written")
		assert.Equal(t, store.DeliverySent, found[0].Delivery.State)

		require.NoError(t, a.Record(c, "two", []store.Result{left}, at(3600)), "an expired claim that nobody took is still the owner's")
		assert.Equal(t, []int64{10}, dirty(t, a, store.KindOrganization), "1 left the state sent")
		counts, err := a.DeliveryCounts(c)
		require.NoError(t, err)
		assert.Equal(t, map[store.DeliveryState]map[string]int64{store.DeliveryLeft: {"": 1}, store.DeliverySent: {"": 1}}, counts)
	})
}

// openImport claims users as "push" and opens an import of them.
func openImport(t testing.TB, a *store.Account, id string, users ...int64) []store.ImportRow {
	t.Helper()
	var rows []store.ImportRow
	for _, c := range claim(t, a, "push", t0, users...) {
		row := store.ImportRow{Delivery: sent(c.Customer.User.ID, ""), Send: map[string]any{"TAGS": []string{"x"}}, Dirty: c.Dirty}
		row.Email = string(rune('a'+row.UserID)) + "@example.com"
		rows = append(rows, row)
	}
	require.Len(t, rows, len(users))
	require.NoError(t, a.OpenImport(t.Context(), "push", store.Import{ID: id, RunID: "r", Lists: []int64{30}, Blocklist: true}, rows, t0))
	return rows
}

func TestImportHoldsItsClaims(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{1, 2, 3}, t0))
		rows := openImport(t, a, "i", 1, 2, 3)
		require.NoError(t, a.OpenImport(c, "push", store.Import{ID: "i"}, rows, t0), "idempotent by id")
		require.ErrorIs(t, a.OpenImport(c, "push", store.Import{ID: "j"}, rows, t0), store.ErrClaimLost, "the claims are the import's now")
		open, err := a.Imports(c, store.ImportOpen)
		require.NoError(t, err)
		assert.Equal(t, []store.Import{{ID: "i", RunID: "r", State: store.ImportOpen, Lists: []int64{30}, Blocklist: true, Rows: 3, CreatedAt: t0}}, open)
		stored, err := a.ImportRows(c, "i")
		require.NoError(t, err)
		assert.Equal(t, rows, stored)

		require.NoError(t, a.Release(c, "push"))
		assert.Empty(t, claim(t, a, "other", at(1e6), 1, 2, 3), "an import's claims do not expire")
		assert.Empty(t, claim(t, a, "push", at(1e6), 1, 2, 3))

		require.NoError(t, a.ImportStarted(c, "i", 42, at(5)))
		require.NoError(t, a.ImportStarted(c, "i", 42, at(9)))
		running, err := a.Imports(c, store.ImportOpen, store.ImportRunning)
		require.NoError(t, err)
		require.Len(t, running, 1)
		assert.EqualValues(t, 42, running[0].ProcessID)
		assert.Equal(t, at(5), running[0].StartedAt)

		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{2}, t0), "2 changes while the import runs")
		rejected := store.Result{Delivery: store.Delivery{UserID: 3, State: store.DeliveryRejected, Reason: "invalid_email"}}
		require.NoError(t, a.SettleImport(c, "i", []store.Result{rejected}, at(9)))
		require.NoError(t, a.SettleImport(c, "i", nil, at(99)), "idempotent")
		found, err := a.Peek(c, []int64{1, 2, 3})
		require.NoError(t, err)
		assert.Equal(t, rows[0].Delivery, found[0].Delivery)
		assert.Equal(t, rejected.Delivery, found[2].Delivery)
		assert.Equal(t, []int64{2, 3}, dirty(t, a, store.KindUser), "2 has changed since, 3 has an exception that clears nothing")
		assert.Len(t, claim(t, a, "other", at(10), 1, 2, 3), 3)
		assert.ErrorIs(t, a.SettleImport(c, "none", nil, t0), store.ErrNotFound)
	})
}

func TestSplitImport(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		rows := openImport(t, a, "i", 3, 1, 2)
		require.NoError(t, a.ImportStarted(c, "i", 42, t0))
		require.NoError(t, a.SplitImport(c, "i", "i1", "i2", at(1)))
		require.NoError(t, a.SplitImport(c, "i", "i1", "i2", at(2)), "idempotent")
		halves, err := a.Imports(c)
		require.NoError(t, err)
		want := store.Import{ID: "i1", RunID: "r", State: store.ImportOpen, Lists: []int64{30}, Blocklist: true, Rows: 1, CreatedAt: at(1), StartedAt: t0}
		second := want
		second.ID, second.Rows = "i2", 2
		assert.Equal(t, []store.Import{want, second}, halves)
		got, err := a.ImportRows(c, "i2")
		require.NoError(t, err)
		assert.Equal(t, []store.ImportRow{rows[2], rows[0]}, got, "users 2 and 3")
		require.Error(t, a.SplitImport(c, "i1", "x", "y", t0), "one row cannot be split")
		require.Error(t, a.SettleImport(c, "i1", []store.Result{{Delivery: store.Delivery{UserID: 3}}}, t0), "3 is in the other half")

		require.NoError(t, a.SettleImport(c, "i1", nil, t0))
		assert.Equal(t, []int64{1}, ids(claim(t, a, "other", t0, 1, 2, 3)))
		require.NoError(t, a.SettleImport(c, "i2", nil, t0))
		assert.Equal(t, []int64{2, 3}, ids(claim(t, a, "other", t0, 2, 3)))
		assert.ErrorIs(t, a.SplitImport(c, "none", "n1", "n2", t0), store.ErrNotFound)
	})
}

func TestAnImportIsWithOneAtATime(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		const lease = time.Minute
		openImport(t, a, "i", 1)
		planned := stored(t, a)
		require.NoError(t, a.ImportSending(c, "i", lease, at(1)))
		require.ErrorIs(t, a.ImportSending(c, "i", lease, at(60)), store.ErrClaimLost)
		require.ErrorIs(t, a.DiscardImport(c, "i"), store.ErrClaimLost)
		assert.Equal(t, at(1), stored(t, a).StartedAt)
		require.NoError(t, a.ReturnImport(c, "i", planned.StartedAt, at(1)))
		assert.Equal(t, planned, stored(t, a), "nothing of it can have arrived")

		require.NoError(t, a.ImportSending(c, "i", lease, at(61)))
		asked := stored(t, a)
		require.NoError(t, a.ImportSending(c, "i", lease, at(121)), "the first has died")
		require.NoError(t, a.ReturnImport(c, "i", planned.StartedAt, at(61)), "or only seemed to")
		assert.Equal(t, at(121), stored(t, a).StartedAt)
		require.NoError(t, a.ReturnImport(c, "i", asked.StartedAt, at(121)))
		assert.Equal(t, at(61), stored(t, a).StartedAt, "the first may have been heard")
		require.ErrorIs(t, a.DiscardImport(c, "i"), store.ErrClaimLost)

		require.NoError(t, a.ImportSending(c, "i", lease, at(130)))
		require.NoError(t, a.ImportStarted(c, "i", 42, at(131)))
		require.ErrorIs(t, a.ImportSending(c, "i", lease, at(1000)), store.ErrClaimLost)
		require.NoError(t, a.ReturnImport(c, "i", asked.StartedAt, at(130)))
		assert.Equal(t, store.ImportRunning, stored(t, a).State)
		require.NoError(t, a.SettleImport(c, "i", nil, at(1000)))
		require.ErrorIs(t, a.ImportSending(c, "i", lease, at(2000)), store.ErrClaimLost)
		require.ErrorIs(t, a.DiscardImport(c, "i"), store.ErrClaimLost)
		require.ErrorIs(t, a.ImportSending(c, "none", lease, at(2000)), store.ErrClaimLost)
	})
}

// stored is the one import of an account.
func stored(t *testing.T, a *store.Account) store.Import {
	t.Helper()
	imports, err := a.Imports(t.Context())
	require.NoError(t, err)
	require.Len(t, imports, 1)
	return imports[0]
}

func TestSettleKeepsTheBrevoIDThatIsKnown(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		claim(t, a, "one", t0, 1)
		first := sent(1, "b@example.com")
		first.BrevoID = 501
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: first}}, t0))
		openImport(t, a, "i", 1) // its row does not know the id
		require.NoError(t, a.SettleImport(c, "i", nil, t0))
		found, err := a.Peek(c, []int64{1})
		require.NoError(t, err)
		assert.EqualValues(t, 501, found[0].Delivery.BrevoID)
	})
}
