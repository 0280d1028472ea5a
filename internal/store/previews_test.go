package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

func TestAPreviewIsNoRun(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, ctx := s.Account("acme"), t.Context()
		_, err := a.LastPreview(ctx)
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = a.CommitTickets(ctx, store.Page{Stream: "tickets", To: "a", End: true, Now: t0}, nil)
		require.NoError(t, err)
		require.NoError(t, a.BeginPreview(ctx, "p1", []string{"tickets"}, at(1)))
		c, err := a.Cursor(ctx, "tickets")
		require.NoError(t, err)
		assert.Equal(t, store.Cursor{Stream: "tickets", Value: "a", RunID: "p1", Completed: t0, UpdatedAt: at(1)}, c, "it reads on from where the stream stands")
		_, err = a.LastRun(ctx)
		require.ErrorIs(t, err, store.ErrNotFound)
		live, err := a.LiveSince(ctx)
		require.NoError(t, err)
		assert.Zero(t, live)

		_, err = a.CommitTickets(ctx, store.Page{Stream: "tickets", From: "a", To: "b", End: true, Now: at(2)}, nil)
		require.NoError(t, err)
		require.NoError(t, a.BeginPreview(ctx, "p1", []string{"tickets"}, at(3)), "a second call changes nothing")
		c, err = a.Cursor(ctx, "tickets")
		require.NoError(t, err)
		assert.True(t, c.AtEnd)

		require.NoError(t, a.SavePreview(ctx, "p1", []byte(`{"a":1}`), time.Time{}))
		last, err := a.LastPreview(ctx)
		require.NoError(t, err)
		assert.Equal(t, store.Preview{RunID: "p1", StartedAt: at(1), Body: []byte(`{"a":1}`)}, last)
		require.NoError(t, a.SavePreview(ctx, "p1", []byte(`{"a":2}`), at(4)))
		require.NoError(t, a.BeginPreview(ctx, "p2", []string{"tickets"}, at(5)))
		require.NoError(t, a.SavePreview(ctx, "p1", []byte(`{"a":3}`), at(6)), "the step of a preview that is gone")
		last, err = a.LastPreview(ctx)
		require.NoError(t, err)
		assert.Equal(t, store.Preview{RunID: "p2", StartedAt: at(5), Body: []byte(`{"a":2}`)}, last)
	})
}

func TestIDsAreOfMirroredAndMarkedRows(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, ctx := s.Account("acme"), t.Context()
		var rows []store.UserRow
		for id := range int64(5) {
			rows = append(rows, store.UserRow{User: mapping.User{ID: id + 1, Active: true, Email: "one@example.com"}, Version: version(1, 1)})
		}
		_, err := a.ApplyUsers(ctx, rows, t0)
		require.NoError(t, err)
		clean(t, a)
		require.NoError(t, a.MarkDirty(ctx, store.KindUser, []int64{3, 9}, t0))
		ids, err := a.IDs(ctx, store.KindUser, 2, 3)
		require.NoError(t, err)
		assert.Equal(t, []int64{3, 4, 5}, ids)
		ids, err = a.IDs(ctx, store.KindUser, 5, 3)
		require.NoError(t, err)
		assert.Equal(t, []int64{9}, ids)
		_, err = a.Claim(ctx, []int64{9}, "me", time.Minute, t0)
		require.NoError(t, err)
		require.NoError(t, a.Record(ctx, "me", []store.Result{{Delivery: store.Delivery{UserID: 9, State: store.DeliverySent, Email: "one@example.com"}}}, t0))
		ids, err = a.UsersByEmail(ctx, "one@example.com")
		require.NoError(t, err)
		assert.Equal(t, []int64{1, 2, 3, 4, 5, 9}, ids)
		ids, err = a.UsersByEmail(ctx, "")
		require.NoError(t, err)
		assert.Empty(t, ids)
	})
}

func TestWhatWasMirroredBeforeTheFirstRunIsNoNewsUnlessItChangesAfter(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, ctx := s.Account("acme"), t.Context()
		ticket := func(status string, updated int) {
			row := store.TicketRow{ID: 7, RequesterID: 1, Status: status, CreatedAt: at(-900), Version: version(updated, updated)}
			if status == "solved" {
				row.SolvedAt = at(updated)
			}
			_, err := a.ApplyTickets(ctx, []store.TicketRow{row}, at(updated))
			require.NoError(t, err)
		}
		recorded := func() (types []string) {
			all, err := a.Transitions(ctx, "ticket/7")
			require.NoError(t, err)
			for _, x := range all {
				types = append(types, x.Type)
			}
			return types
		}
		ticket("open", 1)
		ticket("solved", 2)
		assert.Empty(t, recorded(), "not live")
		ticket("open", 3)
		_, err := a.BeginRun(ctx, store.Run{ID: "r1", Type: "full", StartedAt: at(10)})
		require.NoError(t, err)
		row := store.TicketRow{ID: 7, RequesterID: 1, Status: "pending", CreatedAt: at(-900), Version: version(5, 11)}
		_, err = a.ApplyTickets(ctx, []store.TicketRow{row}, at(11))
		require.NoError(t, err)
		assert.Empty(t, recorded(), "read since, changed before")
		ticket("solved", 20)
		assert.Equal(t, []string{"ticket.solved", "ticket.updated"}, recorded())
	})
}
