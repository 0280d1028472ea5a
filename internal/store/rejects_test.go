package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestRetriedRejectsAreTriedAgain(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		refused := func(id int64) store.Delivery {
			return store.Delivery{UserID: id, State: store.DeliveryRejected, Reason: "invalid_email", Refused: map[string]any{
				"EMAIL": "a@b", "list:30": true, store.Blocklisted: true,
			}}
		}
		claim(t, a, "one", t0, 1, 2, 3)
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: refused(1)}, {Delivery: refused(2)}, {Delivery: refused(3)}}, t0))
		require.NoError(t, saveCompanies(c, a, []store.Company{
			{OrganizationID: 10, State: "refused", Attributes: map[string]any{"name": "x"}}, {OrganizationID: 11, State: "sent", BrevoID: "b"},
		}, t0))
		reject := func(kind store.Kind, id int64, reason string) store.Reject {
			return store.Reject{Kind: kind, ID: id, Reason: reason, Detail: "odd", RunID: "r", At: t0}
		}
		require.NoError(t, a.AddRejects(c, []store.Reject{
			reject(store.KindUser, 1, "invalid_email"), reject(store.KindUser, 2, "invalid_email"), reject(store.KindUser, 2, "refused"),
			reject(store.KindOrganization, 10, "refused"), reject(store.KindOrganization, 11, "refused"),
		}))
		clean(t, a)
		claim(t, a, "writer", t0, 2)

		found, err := a.RejectedIDs(c, store.KindUser, "")
		require.NoError(t, err)
		assert.Equal(t, []int64{1, 2}, found)
		found, err = a.RejectedIDs(c, store.KindUser, "refused")
		require.NoError(t, err)
		assert.Equal(t, []int64{2}, found)
		of, err := a.RejectsOf(c, store.KindUser, 2)
		require.NoError(t, err)
		assert.Len(t, of, 2)

		for range 2 { // it may be repeated
			busy, err := a.RetryRejects(c, store.KindUser, []int64{1, 2, 9}, at(1))
			require.NoError(t, err)
			assert.Equal(t, []int64{2}, busy, "somebody is writing it")
			assert.Equal(t, []int64{1, 9}, dirty(t, a, store.KindUser))
			people, err := a.Peek(c, []int64{1, 2, 3})
			require.NoError(t, err)
			assert.Equal(t, map[string]any{"list:30": true, store.Blocklisted: true}, people[0].Delivery.Refused, "opt-outs stay")
			assert.Contains(t, people[1].Delivery.Refused, "EMAIL")
			assert.Contains(t, people[2].Delivery.Refused, "EMAIL", "nobody asked for this one")

			busy, err = a.RetryRejects(c, store.KindOrganization, []int64{10, 11}, at(1))
			require.NoError(t, err)
			assert.Empty(t, busy)
			assert.Equal(t, []int64{10, 11}, dirty(t, a, store.KindOrganization))
			companies, err := a.Companies(c, []int64{10, 11})
			require.NoError(t, err)
			assert.Empty(t, companies[10].State)
			assert.Empty(t, companies[10].Attributes)
			assert.Equal(t, "sent", companies[11].State, "what Brevo has stays")
		}
		counts, err := a.CountRejects(c, "")
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"invalid_email": 2, "refused": 3}, counts, "they stay until a push gets through")

		busy, err := a.RetryRejects(c, store.KindUser, []int64{2}, at(3600))
		require.NoError(t, err)
		assert.Empty(t, busy, "the lease is over")
	})
}

func TestARejectEndsWithItsCause(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		reject := func(kind store.Kind, id int64, reason string) store.Reject {
			return store.Reject{Kind: kind, ID: id, Reason: reason, RunID: "r", At: t0}
		}
		standing := func() (out []string) {
			t.Helper()
			for id := range int64(9) {
				of, err := a.RejectsOf(c, store.KindUser, id)
				require.NoError(t, err)
				for _, r := range of {
					out = append(out, fmt.Sprint(id, " ", r.Reason))
				}
			}
			return out
		}
		is := func(id int64, state store.DeliveryState, reason string) store.Delivery {
			return store.Delivery{UserID: id, State: state, Reason: reason}
		}
		require.NoError(t, a.AddRejects(c, []store.Reject{
			reject(store.KindUser, 1, "refused"), reject(store.KindUser, 2, "invalid_email"), reject(store.KindUser, 3, "refused"), reject(store.KindUser, 4, "refused"),
			reject(store.KindUser, 5, "refused"), reject(store.KindUser, 5, "invalid_email"), reject(store.KindUser, 6, "refused"), reject(store.KindUser, 7, "refused"),
			reject(store.KindOrganization, 1, "refused"),
		}))
		claim(t, a, "one", t0, 1, 2, 3, 4, 5, 6, 7)
		require.NoError(t, a.Record(c, "one", []store.Result{
			{Delivery: is(1, store.DeliverySent, "")},
			{Delivery: is(2, store.DeliverySkipped, "suspended")},
			{Delivery: is(3, store.DeliveryGone, "deleted_in_brevo")},
			{Delivery: is(4, store.DeliveryRejected, "refused")},
			{Delivery: is(5, store.DeliveryRejected, "invalid_email")},
			{Delivery: is(6, store.DeliverySent, ""), Keep: true},
		}, t0))
		assert.Equal(t, []string{"4 refused", "5 invalid_email", "6 refused", "7 refused"}, standing(), "and of whom more is to be written")
		claim(t, a, "two", t0, 4)
		rows := []store.ImportRow{{Delivery: is(4, store.DeliverySent, "")}}
		require.NoError(t, a.OpenImport(c, "two", store.Import{ID: "i", RunID: "r"}, rows, t0))
		require.NoError(t, a.SettleImport(c, "i", nil, t0))
		assert.Equal(t, []string{"5 invalid_email", "6 refused", "7 refused"}, standing())
		counts, err := a.CountRejects(c, "")
		require.NoError(t, err)
		assert.Equal(t, int64(3), counts["refused"], "an organization of the same id keeps its own")
	})
}
