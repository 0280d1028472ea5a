package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// openTickets is what the mirror says of a requester.
func openTickets(t *testing.T, a *store.Account, user int64) int {
	t.Helper()
	found, err := a.Peek(t.Context(), []int64{user})
	require.NoError(t, err)
	return found[0].Customer.Measures.OpenTickets
}

func TestPageNeverBeatsNewerSingleWrite(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		page := []store.TicketRow{{ID: 1, RequesterID: 5, Status: "open", Version: version(10, 100)}} // asked for first

		_, err := a.ApplyTickets(c, []store.TicketRow{{ID: 1, RequesterID: 5, Status: "solved", Version: version(20, 101)}}, at(101))
		require.NoError(t, err)
		clean(t, a)
		applied, err := a.CommitTickets(c, store.Page{Stream: "tickets", To: "a", Now: at(102)}, page)
		require.NoError(t, err)
		assert.Equal(t, store.Applied{Rows: 1, Stale: 1}, applied)
		assert.Zero(t, openTickets(t, a, 5))
		assert.Empty(t, dirty(t, a, store.KindUser), "a write that lost marks nobody")

		system := store.TicketRow{ID: 1, RequesterID: 5, Status: "closed", Version: version(20, 200)}
		applied, err = a.ApplyTickets(c, []store.TicketRow{system}, at(201))
		require.NoError(t, err)
		assert.Equal(t, store.Applied{Rows: 1, Changed: 1}, applied, "a system update does not move updated_at: the later request wins")
	})
}

func TestEqualContentMovesTheVersionAlone(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		row := store.TicketRow{ID: 1, RequesterID: 5, Status: "open", Fields: map[int64]any{7: "a", 8: 2.5}, Version: version(10, 10)}
		_, err := a.ApplyTickets(c, []store.TicketRow{row}, t0)
		require.NoError(t, err)
		clean(t, a)
		row.Version = version(10, 50)
		applied, err := a.ApplyTickets(c, []store.TicketRow{row}, t0)
		require.NoError(t, err)
		assert.Equal(t, store.Applied{Rows: 1}, applied)
		assert.Empty(t, dirty(t, a, store.KindUser))
		row.Status, row.Version = "solved", version(10, 40)
		applied, err = a.ApplyTickets(c, []store.TicketRow{row}, t0)
		require.NoError(t, err)
		assert.Equal(t, store.Applied{Rows: 1, Stale: 1}, applied, "the version has moved past it")
	})
}

func TestDuplicatesInOnePage(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		applied, err := a.ApplyTickets(c, []store.TicketRow{
			{ID: 1, RequesterID: 5, Status: "open", Version: version(10, 10)},
			{ID: 1, RequesterID: 5, Status: "solved", Version: version(30, 10)},
			{ID: 1, RequesterID: 5, Status: "open", Version: version(20, 10)},
		}, t0)
		require.NoError(t, err)
		assert.Equal(t, store.Applied{Rows: 3, Changed: 1, Stale: 2}, applied)
		assert.Zero(t, openTickets(t, a, 5))
	})
}

// TestOrderOfWritesDoesNotMatter applies writes in any order, in pieces and more than once, and compares the mirror with
// one that got them in the order of their versions.
func TestOrderOfWritesDoesNotMatter(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		run := 0
		rapid.Check(t, func(r *rapid.T) {
			run++
			writes := rapid.SliceOfNDistinct(rapid.Custom(func(r *rapid.T) store.TicketRow {
				return store.TicketRow{
					ID: rapid.Int64Range(1, 3).Draw(r, "id"), RequesterID: rapid.Int64Range(5, 6).Draw(r, "requester"),
					Status:  rapid.SampledFrom([]string{"new", "open", "solved", "deleted"}).Draw(r, "status"),
					Channel: rapid.SampledFrom([]string{"", "web", "email"}).Draw(r, "channel"),
					Version: version(rapid.IntRange(0, 5).Draw(r, "updated"), rapid.IntRange(0, 5).Draw(r, "asked")),
				}
			}), 1, 12, func(w store.TicketRow) string { return fmt.Sprint(w.ID, w.UpdatedAt, w.AskedAt) }).Draw(r, "writes")
			inOrder(writes)
			any := append(slices.Clone(writes), rapid.SliceOfN(rapid.SampledFrom(writes), 0, 6).Draw(r, "again")...)
			any = rapid.Permutation(any).Draw(r, "order")

			mixed, ordered := s.Account(fmt.Sprintf("mixed-%d", run)), s.Account(fmt.Sprintf("ordered-%d", run))
			for len(any) > 0 {
				n := rapid.IntRange(1, len(any)).Draw(r, "page")
				_, err := mixed.ApplyTickets(t.Context(), any[:n], t0)
				require.NoError(r, err)
				any = any[n:]
			}
			for _, w := range writes {
				_, err := ordered.ApplyTickets(t.Context(), []store.TicketRow{w}, t0)
				require.NoError(r, err)
			}
			assert.Equal(r, image(r, t, ordered), image(r, t, mixed))
		})
	})
}

// inOrder sorts writes by their versions and has Zendesk count the reopenings that they tell of.
func inOrder(writes []store.TicketRow) {
	slices.SortFunc(writes, func(x, y store.TicketRow) int {
		return cmp.Or(x.UpdatedAt.Compare(y.UpdatedAt), x.AskedAt.Compare(y.AskedAt))
	})
	solved, reopens := map[int64]bool{}, map[int64]int{}
	for i := range writes {
		w := &writes[i]
		switch {
		case w.Status == "solved":
			solved[w.ID] = true
		case w.Status != "deleted" && solved[w.ID]:
			solved[w.ID] = false
			reopens[w.ID]++
		}
		w.Reopens = reopens[w.ID]
	}
}

func TestConcurrentWritesEndWithTheGreatestVersion(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := s.Account("acme")
		done := make(chan error, 12)
		for n := range cap(done) {
			go func() {
				row := store.TicketRow{ID: 1, RequesterID: int64(100 + n), Status: "open", CreatedAt: t0, Version: version(n, 0)}
				_, err := a.ApplyTickets(t.Context(), []store.TicketRow{row}, t0)
				done <- err
			}()
		}
		for range cap(done) {
			require.NoError(t, <-done)
		}
		for n := range cap(done) {
			want := 0
			if n == cap(done)-1 {
				want = 1
			}
			assert.Equal(t, want, openTickets(t, a, int64(100+n)), n)
		}
	})
}

// image is everything that can be seen of requesters 5 and 6, but the marks' versions.
func image(r require.TestingT, t *testing.T, a *store.Account) []store.Claimed {
	found, err := a.Peek(t.Context(), []int64{5, 6})
	require.NoError(r, err)
	for i := range found {
		found[i].Dirty = 0
	}
	return found
}

func TestMarksOfUsers(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		user := func(id, organization int64, phone string) store.UserRow {
			return store.UserRow{User: mapping.User{ID: id, OrganizationID: organization, Active: true}, Phone164: phone, Version: version(1, int(id))}
		}
		apply := func(rows ...store.UserRow) {
			clean(t, a)
			_, err := a.ApplyUsers(c, rows, t0)
			require.NoError(t, err)
		}
		apply(user(1, 10, "+331"), user(2, 10, "+331"), user(3, 0, "+332"), user(4, 0, ""))
		assert.Equal(t, []int64{1, 2, 3, 4}, dirty(t, a, store.KindUser))
		assert.Equal(t, []int64{10}, dirty(t, a, store.KindOrganization))

		moved := user(1, 11, "+331")
		moved.Version = version(2, 0)
		apply(moved)
		assert.Equal(t, []int64{1}, dirty(t, a, store.KindUser), "moving to another organization is nothing to who shares the number")
		assert.Equal(t, []int64{10, 11}, dirty(t, a, store.KindOrganization))

		renumbered := user(1, 11, "+332")
		renumbered.Version = version(3, 0)
		apply(renumbered)
		assert.Equal(t, []int64{1, 2, 3}, dirty(t, a, store.KindUser), "holders of the old and of the new number")
		assert.Empty(t, dirty(t, a, store.KindOrganization))

		suspended := renumbered
		suspended.Suspended, suspended.Version = true, version(4, 0)
		apply(suspended)
		assert.Equal(t, []int64{1, 3}, dirty(t, a, store.KindUser))

		clean(t, a)
		_, err := a.ApplyOrganizations(c, []store.OrganizationRow{{Organization: mapping.Organization{ID: 10, Name: "Ten"}, Version: version(1, 1)}}, t0)
		require.NoError(t, err)
		assert.Equal(t, []int64{2}, dirty(t, a, store.KindUser))
		assert.Equal(t, []int64{10}, dirty(t, a, store.KindOrganization))
	})
}

func TestMarksOfTicketsAndSurveys(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, err := a.ApplyTickets(c, []store.TicketRow{{ID: 1, RequesterID: 5, Version: version(1, 1)}}, t0)
		require.NoError(t, err)
		clean(t, a)
		_, err = a.ApplyTickets(c, []store.TicketRow{{ID: 1, RequesterID: 6, Version: version(2, 1)}}, t0)
		require.NoError(t, err)
		assert.Equal(t, []int64{5, 6}, dirty(t, a, store.KindUser), "the former requester too")
		clean(t, a)
		_, err = a.ApplySurveys(c, []store.SurveyRow{
			{ID: "a", TicketID: 1, UserID: 99, Version: version(1, 1)}, {ID: "b", TicketID: 2, UserID: 7, Version: version(1, 1)},
		}, t0)
		require.NoError(t, err)
		assert.Equal(t, []int64{6, 7}, dirty(t, a, store.KindUser), "the mirrored ticket's requester, else who answered")
	})
}

func TestMarkMadeDuringAPushStays(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{5, 5}, t0))
		read, err := a.DirtyVersions(c, store.KindUser, []int64{5, 6})
		require.NoError(t, err)
		require.Len(t, read, 1)
		require.NoError(t, a.SetPlans(c, store.KindUser, []store.Planned{{ID: 5, Version: read[5], Plan: "create"}}))
		plans, err := a.CountPlans(c, store.KindUser)
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"create": 1}, plans)

		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{5}, t0), "while the push is under way, in the same instant")
		require.NoError(t, a.SetPlans(c, store.KindUser, []store.Planned{{ID: 5, Version: read[5], Plan: "create"}}))
		require.NoError(t, a.ClearDirty(c, store.KindUser, []store.Dirty{{ID: 5, Version: read[5]}}))
		plans, err = a.CountPlans(c, store.KindUser)
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"": 1}, plans, "the new mark stays, without the old plan")

		clean(t, a)
		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{5}, t0))
		again, err := a.DirtyVersions(c, store.KindUser, []int64{5})
		require.NoError(t, err)
		assert.Greater(t, again[5], read[5]+1, "no version comes twice, not even after a mark was cleared")
	})
}

func TestDirtyIDs(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{4, 2, 9, 7}, t0))
		require.NoError(t, a.MarkDirty(c, store.KindOrganization, []int64{3}, t0))
		versions, err := a.DirtyVersions(c, store.KindUser, []int64{2, 7})
		require.NoError(t, err)
		require.NoError(t, a.SetPlans(c, store.KindUser, []store.Planned{{2, versions[2], "import"}, {7, versions[7], "import"}}))
		for _, k := range []struct {
			plan  string
			after int64
			limit int
			want  []int64
		}{{"*", 0, 3, []int64{2, 4, 7}}, {"*", 4, 9, []int64{7, 9}}, {"import", 2, 9, []int64{7}}, {"", 0, 9, []int64{4, 9}}} {
			got, err := a.DirtyIDs(c, store.KindUser, k.plan, k.after, k.limit)
			require.NoError(t, err)
			assert.Equal(t, k.want, got, "%+v", k)
		}
		n, err := a.CountDirty(c, store.KindUser)
		require.NoError(t, err)
		assert.EqualValues(t, 4, n)

		clean(t, a)
		_, err = a.ApplyUsers(c, []store.UserRow{{User: mapping.User{ID: 1}}, {User: mapping.User{ID: 3}}}, t0)
		require.NoError(t, err)
		clean(t, a)
		require.NoError(t, a.MarkAllDirty(c, store.KindUser, t0))
		assert.Equal(t, []int64{1, 3}, dirty(t, a, store.KindUser))
	})
}
