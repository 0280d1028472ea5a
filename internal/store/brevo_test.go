package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

func TestBrevoMirror(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		ann := store.BrevoContact{
			ID: 101, Email: "Ann@Example.com", EmailBlacklisted: true, Lists: []int64{3, 4}, Unsubscribed: []int64{9},
			Attributes: map[string]any{"FIRSTNAME": "Ann", "SMS": "33123456789"}, ModifiedAt: at(1),
		}
		bob := store.BrevoContact{ID: 102, Email: "bob@example.com", SMSBlacklisted: true, ModifiedAt: at(2)}
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "scan1"}, []store.BrevoContact{ann, bob}, t0))
		ann.Email = "ann@example.com"

		byEmail, err := a.BrevoByEmail(c, []string{"ANN@example.com", "nobody@example.com", ""})
		require.NoError(t, err)
		assert.Equal(t, map[string]store.BrevoContact{"ann@example.com": ann}, byEmail)
		byPhone, err := a.BrevoByPhone(c, []string{"+33 1 23 45 67 89", "", "+44"})
		require.NoError(t, err)
		assert.Equal(t, map[string]store.BrevoContact{"+33 1 23 45 67 89": ann}, byPhone)
		byID, err := a.BrevoByID(c, []int64{102, 103})
		require.NoError(t, err)
		assert.Equal(t, map[int64]store.BrevoContact{102: bob}, byID)

		// Bob is renamed, and a new contact takes his old address: one page shows both, in any order.
		renamed := store.BrevoContact{ID: 102, Email: "robert@example.com"}
		taker := store.BrevoContact{ID: 103, Email: "bob@example.com"}
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "scan2"}, []store.BrevoContact{taker, bob, renamed}, t0))
		byEmail, err = a.BrevoByEmail(c, []string{"bob@example.com", "robert@example.com"})
		require.NoError(t, err)
		assert.Equal(t, map[string]store.BrevoContact{"bob@example.com": taker, "robert@example.com": renamed}, byEmail)
		// And 104 has it now, before 103 was shown again.
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "scan2"}, []store.BrevoContact{{ID: 104, Email: "bob@example.com"}}, t0))
		byEmail, err = a.BrevoByEmail(c, []string{"bob@example.com"})
		require.NoError(t, err)
		assert.EqualValues(t, 104, byEmail["bob@example.com"].ID)

		unseen, err := a.UnseenBrevoContacts(c, "scan2", 0, 10)
		require.NoError(t, err)
		assert.Equal(t, []store.BrevoContact{ann}, unseen)
		unseen, err = a.UnseenBrevoContacts(c, "scan3", 101, 2)
		require.NoError(t, err)
		require.Len(t, unseen, 2)
		assert.Equal(t, []int64{102, 103}, []int64{unseen[0].ID, unseen[1].ID})
	})
}

func TestBrevoIDsReachDeliveries(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, err := a.ApplyUsers(c, []store.UserRow{
			{User: mapping.User{ID: 1, OrganizationID: 10}}, {User: mapping.User{ID: 2, OrganizationID: 10}}, {User: mapping.User{ID: 3, OrganizationID: 11}},
		}, t0)
		require.NoError(t, err)
		claim(t, a, "one", t0, 1, 2, 3)
		skipped := store.Delivery{UserID: 3, State: store.DeliverySkipped, Email: "c@example.com"}
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: sent(1, "a@example.com")}, {Delivery: sent(2, "b@example.com")}, {Delivery: skipped}}, t0))
		clean(t, a)
		members, err := a.OrganizationMembers(c, []int64{10, 11})
		require.NoError(t, err)
		assert.Empty(t, members, "no Brevo id is known yet")

		contacts := []store.BrevoContact{{ID: 502, Email: "a@example.com"}, {ID: 501, Email: "b@example.com"}, {ID: 503, Email: "c@example.com"}}
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "scan1"}, contacts, t0))
		assert.Equal(t, []int64{10}, dirty(t, a, store.KindOrganization))
		members, err = a.OrganizationMembers(c, []int64{10, 11})
		require.NoError(t, err)
		assert.Equal(t, map[int64][]int64{10: {501, 502}}, members)

		claim(t, a, "one", t0, 1)
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: sent(1, "a@example.com")}}, t0))
		members, err = a.OrganizationMembers(c, []int64{10})
		require.NoError(t, err)
		assert.Equal(t, []int64{501, 502}, members[10], "an id found since the caller read the delivery stays")
		clean(t, a)

		require.NoError(t, a.RemoveBrevoContact(c, 502, t0))
		require.NoError(t, a.RemoveBrevoContact(c, 502, t0), "idempotent")
		found, err := a.Peek(c, []int64{1, 2})
		require.NoError(t, err)
		gone := sent(1, "a@example.com")
		gone.State, gone.BrevoID = store.DeliveryGone, 502
		assert.Equal(t, gone, found[0].Delivery, "id, attributes and lists are kept for the record")
		assert.Equal(t, store.DeliverySent, found[1].Delivery.State)
		assert.Equal(t, []int64{1}, dirty(t, a, store.KindUser))
		assert.Equal(t, []int64{10}, dirty(t, a, store.KindOrganization))
		byID, err := a.BrevoByID(c, []int64{502})
		require.NoError(t, err)
		assert.Empty(t, byID)
	})
}

// A contact that is deleted in Brevo takes its opt-outs along: they stay with the person.
func TestADeletedContactLeavesItsOptOuts(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		claim(t, a, "one", t0, annID, bobID)
		d := sent(annID, "ann@example.com")
		d.Refused = map[string]any{"SMS": "+331", "list:30": true}
		require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: d}, {Delivery: sent(bobID, "bob@example.com")}}, t0))
		require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "s"}, []store.BrevoContact{*annOptedOut(), {ID: 502, Email: "bob@example.com"}}, t0))
		for range 2 {
			require.NoError(t, a.RemoveBrevoContact(c, annContact, t0))
			require.NoError(t, a.RemoveBrevoContact(c, 502, t0))
		}
		found, err := a.Peek(c, []int64{annID, bobID})
		require.NoError(t, err)
		assert.Equal(t, store.DeliveryGone, found[0].Delivery.State)
		assert.Equal(t, store.WithOptOuts(d.Refused, annsOptOuts), found[0].Delivery.Refused)
		assert.Equal(t, store.DeliveryGone, found[1].Delivery.State)
		assert.Empty(t, found[1].Delivery.Refused)
	})
}

func TestScanState(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		since, offset, scan, err := a.ScanState(c)
		require.NoError(t, err)
		assert.True(t, since.IsZero() && offset == 0 && scan == "")
		require.NoError(t, a.SetScanState(c, at(5), 2000, "scan1"))
		require.NoError(t, a.SetScanState(c, at(6), 3000, "scan2"))
		since, offset, scan, err = a.ScanState(c)
		require.NoError(t, err)
		assert.Equal(t, []any{at(6), 3000, "scan2"}, []any{since, offset, scan})
	})
}

func TestCompanyScan(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, err := a.CompanyScan(c)
		require.ErrorIs(t, err, store.ErrNotFound)
		for _, want := range []store.CompanyScan{
			{CreatedSince: at(5), Page: 97, Limit: 100}, {CreatedSince: at(6), Page: 9700, ByRow: true},
		} {
			require.NoError(t, a.SaveCompanyScan(c, &want))
			got, err := a.CompanyScan(c)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
		require.NoError(t, s.Account("other").EndCompanyScan(c))
		_, err = a.CompanyScan(c)
		require.NoError(t, err, "it is another account's look that ended")
		require.NoError(t, a.EndCompanyScan(c))
		_, err = a.CompanyScan(c)
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

func TestCompanies(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		require.NoError(t, saveCompanies(c, a, []store.Company{{OrganizationID: 10, State: "intent"}, {OrganizationID: 11, State: "intent", ProcessID: 7}}, at(1)))
		full := store.Company{
			OrganizationID: 10, State: "sent", BrevoID: "abc", Attributes: map[string]any{"zendesk_id": 10.0, "name": "Ten"},
			Contacts: []int64{5, 6}, IntentAt: at(1), SentAt: at(2),
		}
		begun, err := a.Companies(c, []int64{10})
		require.NoError(t, err)
		lost, err := a.SaveCompanies(c, []store.Company{begun[10]}, []store.Company{full}, at(9))
		require.NoError(t, err)
		assert.Empty(t, lost)
		got, err := a.Companies(c, []int64{10, 11, 12})
		require.NoError(t, err)
		assert.Equal(t, map[int64]store.Company{10: full, 11: {OrganizationID: 11, State: "intent", ProcessID: 7, IntentAt: at(1)}}, got)
		intents, err := a.CompaniesByState(c, "intent")
		require.NoError(t, err)
		require.Len(t, intents, 1)
		assert.EqualValues(t, 11, intents[0].OrganizationID)
		n, err := a.CountCompanies(c)
		require.NoError(t, err)
		assert.EqualValues(t, 1, n)
	})
}
