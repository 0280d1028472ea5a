package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

func TestCursorMovesByCompareAndSet(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, ctx := s.Account("acme"), t.Context()
		zero, err := a.Cursor(ctx, "tickets")
		require.NoError(t, err)
		assert.Equal(t, store.Cursor{Stream: "tickets"}, zero)

		_, err = a.CommitTickets(ctx, store.Page{Stream: "tickets", From: "other", To: "x", Now: t0}, []store.TicketRow{{ID: 9, Version: version(1, 1)}})
		require.ErrorIs(t, err, store.ErrCursorMoved, "no cursor row, and the page was not fetched from the start")

		first := store.Page{Stream: "tickets", To: "a", PageSize: 1000, Now: t0}
		applied, err := a.CommitTickets(ctx, first, []store.TicketRow{{ID: 1, RequesterID: 5, Version: version(1, 1)}})
		require.NoError(t, err)
		assert.Equal(t, store.Applied{Rows: 1, Changed: 1}, applied)

		late := store.Page{Stream: "tickets", To: "b", Now: t0}
		_, err = a.CommitTickets(ctx, late, []store.TicketRow{{ID: 2, RequesterID: 6, Version: version(1, 1)}})
		require.ErrorIs(t, err, store.ErrCursorMoved, "fetched from the start, which the cursor has left")
		_, tickets, _, err := a.Counts(ctx)
		require.NoError(t, err)
		assert.EqualValues(t, 1, tickets, "nothing of a refused page is written")
		assert.Equal(t, []int64{5}, dirty(t, a, store.KindUser))

		last := store.Page{Stream: "tickets", From: "a", To: "c", End: true, Now: at(60)}
		_, err = a.CommitTickets(ctx, last, []store.TicketRow{{ID: 2, Version: version(1, 1)}, {ID: 3, Version: version(1, 1)}})
		require.NoError(t, err)
		c, err := a.Cursor(ctx, "tickets")
		require.NoError(t, err)
		assert.Equal(t, store.Cursor{
			Stream: "tickets", Value: "c", PageSize: 1000, Rows: 3, Pages: 2, AtEnd: true, Completed: at(60), UpdatedAt: at(60),
		}, c)
		streams, err := a.CompleteStreams(ctx)
		require.NoError(t, err)
		assert.Equal(t, map[mapping.Stream]bool{mapping.Tickets: true}, streams)

		_, err = s.Account("other").CommitTickets(ctx, first, nil)
		require.NoError(t, err, "accounts do not share cursors")
	})
}

func TestCursorHasOneWinner(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := s.Account("acme")
		_, err := a.CommitTickets(t.Context(), store.Page{Stream: "tickets", To: "a", Now: t0}, nil)
		require.NoError(t, err)
		for _, from := range []string{"", "a"} { // a row to insert, and a row to change
			stream := map[string]string{"": "users", "a": "tickets"}[from]
			done := make(chan error, 8)
			for n := range cap(done) {
				go func() {
					_, err := a.CommitTickets(t.Context(), store.Page{Stream: stream, From: from, To: "b", Now: t0},
						[]store.TicketRow{{ID: int64(n), Version: version(1, 1)}})
					done <- err
				}()
			}
			winners := 0
			for range cap(done) {
				if err := <-done; err == nil {
					winners++
				} else {
					assert.ErrorIs(t, err, store.ErrCursorMoved)
				}
			}
			assert.Equal(t, 1, winners)
		}
	})
}

func TestPageSizeBelongsToItsCursor(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, ctx := s.Account("acme"), t.Context()
		require.NoError(t, a.SetPageSize(ctx, "users", "", 500, t0), "a stream that never began may shrink its first page")
		_, err := a.CommitUsers(ctx, store.Page{Stream: "users", To: "a", PageSize: 0, Now: t0}, nil)
		require.NoError(t, err)
		require.ErrorIs(t, a.SetPageSize(ctx, "users", "", 250, t0), store.ErrCursorMoved)
		c, err := a.Cursor(ctx, "users")
		require.NoError(t, err)
		assert.Equal(t, 500, c.PageSize)
		require.NoError(t, a.SetPageSize(ctx, "users", "a", 250, t0))
		require.NoError(t, a.SkipStream(ctx, "users", "plan", t0))
		cursors, err := a.Cursors(ctx)
		require.NoError(t, err)
		require.Len(t, cursors, 1)
		assert.Equal(t, 250, cursors[0].PageSize)
		assert.Equal(t, "plan", cursors[0].Skipped)
	})
}

func TestBeginRun(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, ctx := s.Account("acme"), t.Context()
		_, err := a.LastRun(ctx)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = a.ApplyUsers(ctx, []store.UserRow{{User: mapping.User{ID: 1}, Version: version(1, 1)}}, t0)
		require.NoError(t, err)
		_, err = a.CommitTickets(ctx, store.Page{Stream: "tickets", To: "a", End: true, Now: t0}, nil)
		require.NoError(t, err)
		clean(t, a)

		incremental := store.Run{ID: "r1", Type: "incremental", Streams: []string{"users", "tickets"}, StartedAt: at(1)}
		run, err := a.BeginRun(ctx, incremental)
		require.NoError(t, err)
		assert.Equal(t, "running", run.Status)
		assert.Equal(t, incremental.Streams, run.Streams)
		c, err := a.Cursor(ctx, "tickets")
		require.NoError(t, err)
		assert.Equal(t, store.Cursor{Stream: "tickets", Value: "a", RunID: "r1", Completed: t0, UpdatedAt: at(1)}, c)
		assert.Empty(t, dirty(t, a, store.KindUser), "the bound did not move")

		full := store.Run{ID: "r2", Type: "full", Streams: []string{"tickets"}, Since: at(-3600), StartedAt: at(2)}
		_, err = a.BeginRun(ctx, full)
		require.NoError(t, err)
		assert.Equal(t, []int64{1}, dirty(t, a, store.KindUser), "another bound changes everybody's measures")
		_, err = a.CommitTickets(ctx, store.Page{Stream: "tickets", To: "b", Now: at(3)}, []store.TicketRow{{ID: 1, Version: version(1, 1)}})
		require.NoError(t, err, "a full run reads from the start")
		clean(t, a)

		full.Since, full.Streams = time.Time{}, nil
		again, err := a.BeginRun(ctx, full)
		require.NoError(t, err)
		assert.Equal(t, at(-3600), again.Since, "the stored run is returned")
		c, err = a.Cursor(ctx, "tickets")
		require.NoError(t, err)
		assert.Equal(t, "b", c.Value, "a second call changes nothing")
		assert.EqualValues(t, 1, c.Rows)
		assert.Empty(t, dirty(t, a, store.KindUser))

		since, err := a.Since(ctx)
		require.NoError(t, err)
		assert.Equal(t, at(-3600), since)
		live, err := a.LiveSince(ctx)
		require.NoError(t, err)
		assert.Equal(t, at(1), live, "the first run's start, for ever")

		_, err = a.BeginRun(ctx, store.Run{ID: "r3", Type: "incremental", Streams: []string{"tickets"}, StartedAt: at(5)})
		require.NoError(t, err)
		since, err = a.Since(ctx)
		require.NoError(t, err)
		assert.Equal(t, at(-3600), since, "an incremental run without a bound keeps it")
		_, err = a.BeginRun(ctx, store.Run{ID: "r4", Type: "full", StartedAt: at(6)})
		require.NoError(t, err)
		since, err = a.Since(ctx)
		require.NoError(t, err)
		assert.True(t, since.IsZero(), "a full run without a bound removes it")
		assert.Equal(t, []int64{1}, dirty(t, a, store.KindUser))
	})
}

func TestEndRun(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, ctx := s.Account("acme"), t.Context()
		require.ErrorIs(t, a.EndRun(ctx, "r1", "completed", store.RunStats{}, t0), store.ErrNotFound)
		_, err := a.BeginRun(ctx, store.Run{ID: "r1", Type: "full", StartedAt: t0})
		require.NoError(t, err)
		stats := store.RunStats{Rows: map[string]int64{"users": 3}, Sent: 2, Skipped: map[string]int64{"role": 1}}
		require.NoError(t, a.EndRun(ctx, "r1", "completed", stats, at(9)))
		require.NoError(t, a.EndRun(ctx, "r1", "failed", store.RunStats{}, at(10)))
		last, err := a.LastRun(ctx, "completed", "failed")
		require.NoError(t, err)
		assert.Equal(t, store.Run{ID: "r1", Type: "full", StartedAt: t0, EndedAt: at(9), Status: "completed", Stats: stats}, last)
		for i, id := range []string{"r2", "r3"} {
			_, err := a.BeginRun(ctx, store.Run{ID: id, Type: "full", StartedAt: at(11 + i)})
			require.NoError(t, err)
		}
		last, err = a.LastRun(ctx)
		require.NoError(t, err)
		assert.Equal(t, "r3", last.ID)
		last, err = a.LastRun(ctx, "terminated")
		require.NoError(t, err)
		assert.Equal(t, "r2", last.ID, "only one runs at a time, so the one before did not get to say how it ended")
	})
}
