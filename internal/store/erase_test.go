package store_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/storetest"
	"zendesk-brevo/mapping"
)

func TestEraseForgetsThePerson(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			where := address(t)
			a, c := open(t, where).Account("acme"), t.Context()
			ann := mapping.User{
				ID: 1, Email: "ann@example.com", Name: "Ann Marvel", Phone: "+33 6 12 34 56 78", Role: "end-user", Tags: []string{"vip-ann"},
				OrganizationID: 10, Fields: map[string]any{"nick": "annie"}, ExternalID: "crm-ann", Locale: "fr-ann", TimeZone: "Paris-ann", CreatedAt: t0,
			}
			other := mapping.User{ID: 2, Email: "bob@example.com", Name: "Bob", Active: true}
			_, err := a.ApplyUsers(c, []store.UserRow{{User: ann, Phone164: "+33612345678", Version: version(1, 1)}, {User: other, Version: version(1, 1)}}, t0)
			require.NoError(t, err)
			claim(t, a, "one", t0, 1, 2)
			d := sent(1, "ann@example.com")
			d.BrevoID, d.Made, d.Refused = 501, true, map[string]any{"SMS": "+33612345678"}
			d.Attributes["LASTNAME"] = "Marvel"
			bob := sent(2, "bob@example.com")
			bob.Attributes = map[string]any{"FIRSTNAME": "Bob"}
			require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: d, Keep: true}, {Delivery: bob}}, t0))
			require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "s"}, []store.BrevoContact{
				{ID: 501, Email: "ann@example.com", Attributes: map[string]any{"FIRSTNAME": "Ann", "SMS": "33612345678"}},
				{ID: 502, Email: "bob@example.com"},
			}, t0))
			require.NoError(t, a.AddRejects(c, []store.Reject{
				{Kind: store.KindUser, ID: 1, Reason: "refused", Detail: "ann@example.com is odd", RunID: "r", At: t0, Extra: []byte(`{"x":"Marvel"}`)},
				{Kind: store.KindUser, ID: 2, Reason: "refused", Detail: "bob is odd", RunID: "r", At: t0},
			}))
			clean(t, a)
			require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{1}, t0))
			mine := claim(t, a, "one", t0, 1)
			require.Len(t, mine, 1)
			before := storetest.Dump(t, where)
			personal := []string{"ann", "Marvel", "612345678", "12 34 56"}
			for _, text := range personal {
				require.Contains(t, before, text)
			}

			require.ErrorIs(t, a.Erase(c, "two", []store.Dirty{{ID: 1}}, t0), store.ErrClaimLost)
			require.Equal(t, before, storetest.Dump(t, where), "nothing was written")
			require.NoError(t, a.Erase(c, "one", []store.Dirty{{ID: 1, Version: mine[0].Dirty}}, t0))
			after := storetest.Dump(t, where)
			for _, text := range personal {
				assert.NotContains(t, strings.ToLower(after), strings.ToLower(text))
			}
			assert.Empty(t, dirty(t, a, store.KindUser))
			assert.Equal(t, []int64{10}, dirty(t, a, store.KindOrganization), "its company has one contact less")
			found, err := a.Peek(c, []int64{1, 2})
			require.NoError(t, err)
			assert.Equal(t, mapping.User{ID: 1, Role: "end-user", OrganizationID: 10, CreatedAt: t0}, found[0].Customer.User)
			assert.Equal(t, store.Delivery{UserID: 1, State: store.DeliveryLeft, Reason: store.ReasonErased, SentAt: t0}, found[0].Delivery)
			assert.Equal(t, other.Name, found[1].Customer.User.Name)
			assert.Equal(t, "bob@example.com", found[1].Delivery.Email)
			rejects, err := a.Rejects(c, 10)
			require.NoError(t, err)
			require.Len(t, rejects, 1, "nobody is left to be rejected")
			assert.Equal(t, "bob is odd", rejects[0].Detail)

			claim(t, a, "one", t0, 1)
			require.NoError(t, a.Erase(c, "one", []store.Dirty{{ID: 1}}, t0), "idempotent")

			// The row as it was read is the same row when it is read again: what was erased stays so.
			_, err = a.ApplyUsers(c, []store.UserRow{{User: ann, Phone164: "+33612345678", Version: version(1, 9)}}, t0)
			require.NoError(t, err)
			assert.NotContains(t, storetest.Dump(t, where), "Marvel")
		})
	}
}

func TestEraseLeavesAContactThatIsSomebodyElsesByNow(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		claim(t, a, "one", t0, 1, 2)
		former, heir := sent(1, "desk@example.com"), sent(2, "desk@example.com")
		former.State, former.BrevoID, heir.BrevoID = store.DeliveryLeft, 501, 501
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: former}, {Delivery: heir}}, t0))
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "s"}, []store.BrevoContact{{ID: 501, Email: "desk@example.com"}}, t0))
		claim(t, a, "one", t0, 1)
		require.NoError(t, a.Erase(c, "one", []store.Dirty{{ID: 1}}, t0))
		known, err := a.BrevoByID(c, []int64{501})
		require.NoError(t, err)
		assert.Len(t, known, 1)
		owner, err := a.DeliveriesByBrevoID(c, []int64{501})
		require.NoError(t, err)
		assert.EqualValues(t, 2, owner[501].UserID)
	})
}

func TestWhoMadeAContactIsKept(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		made := sent(1, "ann@example.com")
		made.Made = true
		claim(t, a, "one", t0, 1)
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: made}}, t0))
		row := store.ImportRow{Delivery: sent(2, "bob@example.com"), Send: map[string]any{"TAGS": "x"}}
		row.Made = true
		claim(t, a, "push", t0, 2)
		require.NoError(t, a.OpenImport(c, "push", store.Import{ID: "i", RunID: "r"}, []store.ImportRow{row}, t0))
		require.NoError(t, a.SettleImport(c, "i", nil, t0))
		found, err := a.Peek(c, []int64{1, 2})
		require.NoError(t, err)
		assert.True(t, found[0].Delivery.Made)
		assert.True(t, found[1].Delivery.Made)
	})
}
