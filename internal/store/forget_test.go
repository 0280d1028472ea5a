package store_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/storetest"
	"zendesk-brevo/mapping"
)

// personal are the words by which Ann is known, and her ids: user 4711001, tickets 4712001 and 4712002, contact 4713001.
var personal = []string{"ann@example.com", "Ann Marvel", "annie-nick", "612345678", "12 34 56", "vip-ann", "crm-ann", "fr-ann", "471200", "4713001", "survey-ann"}

const (
	annID, annTicket, annContact = 4711001, 4712001, 4713001
	bobID, bobTicket             = 2, 20
)

func ann() store.UserRow {
	return store.UserRow{User: mapping.User{
		ID: annID, Email: "ann@example.com", Name: "Ann Marvel", Phone: "+33 6 12 34 56 78", Role: "end-user", Tags: []string{"vip-ann"}, OrganizationID: 10,
		Fields: map[string]any{"nick": "annie-nick"}, ExternalID: "crm-ann", Locale: "fr-ann", Active: true, CreatedAt: t0,
	}, Phone164: "+33612345678", Version: version(1, 1)}
}

func annsTicket(id int64, at int) store.TicketRow {
	return store.TicketRow{ID: id, RequesterID: annID, Status: "open", CreatedAt: t0, Fields: map[int64]any{7: "annie-nick"}, Version: version(at, at)}
}

// known fills every table with Ann, beside Bob and a crowd.
func known(t *testing.T, a *store.Account) {
	t.Helper()
	c := t.Context()
	_, err := a.BeginRun(c, store.Run{ID: "r", Type: "full", Streams: []string{"users"}, StartedAt: t0.Add(-time.Hour)})
	require.NoError(t, err)
	bob := store.UserRow{User: mapping.User{ID: bobID, Email: "bob@example.com", Name: "Bob", Active: true, CreatedAt: t0}, Version: version(1, 1)}
	crowd := []store.UserRow{bob, ann()}
	for i := range int64(300) {
		crowd = append(crowd, store.UserRow{User: mapping.User{ID: 100 + i, Email: fmt.Sprintf("crowd%d@example.com", i), Name: strings.Repeat("x", int(i)), Active: true}, Version: version(1, 1)})
	}
	_, err = a.ApplyUsers(c, crowd, t0)
	require.NoError(t, err)
	_, err = a.ApplyTickets(c, []store.TicketRow{
		annsTicket(annTicket, 1), annsTicket(annTicket+1, 1), {ID: bobTicket, RequesterID: bobID, Status: "new", CreatedAt: t0, Version: version(1, 1)},
	}, t0)
	require.NoError(t, err)
	_, err = a.ApplySurveys(c, []store.SurveyRow{{ID: "survey-ann", TicketID: annTicket, UserID: annID, Score: 0, Category: "bad", CreatedAt: t0, Version: version(1, 1)}}, t0)
	require.NoError(t, err)
	require.NoError(t, a.RecordTransitions(c, []rules.Transition{
		rules.MergedTransition(annID, 99, t0), rules.MergedTransition(bobID, annID, t0),
		{Key: "ticket/20/solved#1", Type: rules.TicketSolved, TicketID: bobTicket, UserID: annID, OccurredAt: t0}, // was hers then
		{Key: "ticket/20/solved#2", Type: rules.TicketSolved, TicketID: bobTicket, UserID: bobID, OccurredAt: t0},
	}, t0))
	happened, err := a.NewTransitions(c, fmt.Sprintf("ticket/%d", annTicket))
	require.NoError(t, err)
	require.NotEmpty(t, happened)
	require.NoError(t, a.PlanActions(c, nil, []rules.Planned{
		{Key: "k", Rule: "x", Transition: happened[0], Action: rules.Action{Kind: rules.BrevoEvent}, LimitKey: fmt.Sprintf("x/user/%d", annID), Due: t0},
		{Key: "old", Rule: "x", Transition: rules.Transition{Key: "ticket/20/solved#1", TicketID: bobTicket, UserID: annID}, Action: rules.Action{Kind: rules.BrevoEvent}, Due: t0},
		{Key: "bob", Rule: "x", Transition: rules.Transition{Key: "ticket/20/solved#2", TicketID: bobTicket, UserID: bobID}, Action: rules.Action{Kind: rules.BrevoEvent}, Due: t0},
	}, t0))
	claim(t, a, "one", t0, annID, bobID)
	d, other := sent(annID, "ann@example.com"), sent(bobID, "bob@example.com")
	d.BrevoID, d.Attributes["LASTNAME"], d.Refused = annContact, "Ann Marvel", map[string]any{"SMS": "+33612345678"}
	other.BrevoID, other.Attributes = 502, map[string]any{"FIRSTNAME": "Bob"}
	require.NoError(t, a.Record(c, "one", []store.Result{{Delivery: d}, {Delivery: other}}, t0))
	require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "s"}, []store.BrevoContact{
		{ID: annContact, Email: "ann@example.com", EmailBlacklisted: true, Attributes: map[string]any{"FIRSTNAME": "Ann Marvel", "SMS": "33612345678"}},
		{ID: 502, Email: "bob@example.com"},
	}, t0))
	require.NoError(t, a.AddRejects(c, []store.Reject{
		{Kind: store.KindUser, ID: annID, Reason: "refused", Detail: "ann@example.com is odd", RunID: "r", At: t0},
		{Kind: store.KindOrganization, ID: annID, Reason: "refused", Detail: "a company with the same number", RunID: "r", At: t0},
	}))
	require.NoError(t, saveCompanies(c, a, []store.Company{
		{OrganizationID: 10, State: "sent", BrevoID: "b", Contacts: []int64{502, annContact}}, {OrganizationID: 11, State: "sent", BrevoID: "c", Contacts: []int64{502}, Unsure: []int64{annContact}},
	}, t0))
	require.NoError(t, a.AddMerge(c, store.Merge{LoserID: 99, WinnerID: annID, At: t0}, t0))
	require.NoError(t, a.SettleMerge(c, 99))
	require.NoError(t, a.BeginPreview(c, "p", nil, t0))
	require.NoError(t, a.SavePreview(c, "p", fmt.Appendf(nil, `{"sample":[{"id":%d}]}`, annID), t0))
}

func TestForgettingLeavesNothingButEvidence(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			where := address(t)
			s := open(t, where)
			a, c := s.Account("acme"), t.Context()
			known(t, a)
			clean(t, a)
			before := storetest.Dump(t, where)
			for _, text := range append(personal, fmt.Sprint(annID)) {
				require.True(t, strings.Contains(before, text), text)
			}
			got, err := a.Forget(c, store.Forgetting{Email: "Ann@Example.com"}, at(9))
			require.NoError(t, err)
			assert.Equal(t, map[string]int64{
				"users": 1, "tickets": 2, "surveys": 1, "transitions": 8, "actions": 2, "deliveries": 1, "brevo_contacts": 1, "rejects": 1,
				"companies": 2, "merges": 1, "previews": 1,
			}, got.Rows)
			assert.Equal(t, []int64{annID}, got.UserIDs)
			assert.Len(t, got.AddressHash, 64)
			assert.False(t, got.Already)

			after := storetest.Dump(t, where)
			assertNone(t, after, personal...)
			for _, line := range strings.Split(after, "\n") { // her id stays where it keeps her out, and is an organization's too
				if strings.Contains(line, fmt.Sprint(annID)) {
					assert.Regexp(t, "^(forgotten: |rejects: .*organization)", line)
				}
			}
			assert.True(t, strings.Contains(after, "bob@example.com"))
			assert.Empty(t, dirty(t, a, store.KindUser))
			companies, err := a.Companies(c, []int64{10, 11})
			require.NoError(t, err)
			assert.Equal(t, [][]int64{{502}, {502}, nil}, [][]int64{companies[10].Contacts, companies[11].Contacts, companies[11].Unsure})
			_, err = a.Action(c, "bob")
			require.NoError(t, err, "other people's stories stay")

			again, err := a.Forget(c, store.Forgetting{Email: "ann@example.com"}, at(10))
			require.NoError(t, err)
			assert.True(t, again.Already)
			assert.Empty(t, again.Rows)
			assert.Equal(t, got.AddressHash, again.AddressHash)
			assert.Equal(t, unmarked(after), unmarked(storetest.Dump(t, where)), "idempotent")
			when, out, err := a.ForgottenAt(c, "ann@example.com", 0)
			require.NoError(t, err)
			assert.True(t, out)
			assert.Equal(t, at(9), when, "which can be proven by whoever knows the address")
			_, out, err = a.ForgottenAt(c, "bob@example.com", bobID)
			require.NoError(t, err)
			assert.False(t, out)

			if name == "sqlite" {
				assert.True(t, got.Overwritten)
				for _, file := range []string{"", "-wal"} {
					bytes, err := os.ReadFile(strings.TrimPrefix(where, "sqlite:") + file)
					require.NoError(t, err)
					assertNone(t, string(bytes), personal...)
				}
			}
		})
	}
}

func TestWhoWasForgottenIsKeptOut(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			where := address(t)
			a, c := open(t, where).Account("acme"), t.Context()
			known(t, a)
			_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com"}, at(9))
			require.NoError(t, err)
			clean(t, a)
			before := storetest.Dump(t, where)

			// Everything that comes from the vendors again, as pages, single reads and webhooks bring it.
			back := ann()
			back.Version, back.Email = version(20, 20), "new@example.com"
			twin := ann()
			twin.ID, twin.Version = 4711002, version(20, 20)
			page := store.Page{Stream: "users", To: "c", PageSize: 1000, Now: at(20)}
			_, err = a.CommitUsers(c, page, []store.UserRow{back, twin})
			require.NoError(t, err)
			mine := annsTicket(annTicket, 20)
			_, err = a.ApplyTickets(c, []store.TicketRow{mine}, at(20))
			require.NoError(t, err)
			_, err = a.ApplySurveys(c, []store.SurveyRow{{ID: "survey-ann", TicketID: annTicket, UserID: annID, Category: "bad", CreatedAt: t0, Version: version(20, 20)}}, at(20))
			require.NoError(t, err)
			require.NoError(t, a.ApplyBrevoContacts(c, store.Look{Scan: "s2"}, []store.BrevoContact{{ID: annContact, Email: "Ann@example.com", Attributes: map[string]any{"FIRSTNAME": "Ann Marvel"}}}, at(20)))
			require.NoError(t, a.MarkDirty(c, store.KindUser, []int64{annID, 4711002}, at(20)))
			require.NoError(t, a.RecordTransitions(c, []rules.Transition{rules.MergedTransition(annID, 98, at(20)), rules.MergedTransition(98, annID, at(20))}, at(20)))
			require.NoError(t, a.AddMerge(c, store.Merge{LoserID: annID, WinnerID: 98, At: at(20)}, at(20)))
			require.NoError(t, a.AddRejects(c, []store.Reject{{Kind: store.KindUser, ID: annID, Reason: "refused", Detail: "ann@example.com", RunID: "r", At: t0}}))
			require.NoError(t, a.PlanActions(c, nil, []rules.Planned{{
				Key: "late", Rule: "x", Transition: rules.Transition{Key: "ticket/20/solved#1", TicketID: bobTicket, UserID: annID}, Action: rules.Action{Kind: rules.BrevoEvent}, Due: t0,
			}}, at(20)))
			after := storetest.Dump(t, where)
			assertNone(t, after, append(personal, "new@example.com")...)
			count := func(text, table string) int { return strings.Count(text, "\n"+table+": ") }
			for _, table := range []string{"users", "tickets", "surveys", "transitions", "actions", "brevo_contacts", "merges", "rejects"} {
				assert.Equal(t, count(before, table), count(after, table), table)
			}
			assert.Equal(t, count(before, "deliveries")+1, count(after, "deliveries"), "of whom she was merged into: they keep what she had opted out of")
			assert.Equal(t, []int64{98}, dirty(t, a, store.KindUser), "the other one of the merge")
			left, err := a.Remembered(c, []int64{bobID, annID, 4711002})
			require.NoError(t, err)
			assert.Equal(t, []int64{bobID}, left, "who has the address is kept out too")

			// Somebody else's ticket that becomes hers counts for nobody any more.
			his := annsTicket(bobTicket, 30)
			_, err = a.ApplyTickets(c, []store.TicketRow{his}, at(30))
			require.NoError(t, err)
			rows, err := a.Tickets(c, []int64{bobTicket})
			require.NoError(t, err)
			assert.Empty(t, rows)
			assert.Equal(t, []int64{bobID, 98}, dirty(t, a, store.KindUser))

			users, lifted, err := a.Remember(c, "ANN@example.com", at(40))
			require.NoError(t, err)
			assert.True(t, lifted)
			assert.Equal(t, []int64{annID, 4711002}, users)
			_, lifted, err = a.Remember(c, "ann@example.com", at(41))
			require.NoError(t, err)
			assert.False(t, lifted, "once")
			assert.Equal(t, 2, count(storetest.Dump(t, where), "forgotten"), "the evidence stays")
			_, err = a.ApplyUsers(c, []store.UserRow{func() store.UserRow { u := ann(); u.Version = version(40, 40); return u }()}, at(42))
			require.NoError(t, err)
			people, err := a.Peek(c, []int64{annID})
			require.NoError(t, err)
			assert.True(t, people[0].Found)
			assert.Equal(t, map[string]any{store.Blocklisted: true}, people[0].Delivery.Refused, "she had opted out: made again, she is not mailable")
		})
	}
}

// unmarked is a dump without the version of the next mark, which is nobody's.
func unmarked(dump string) string {
	return regexp.MustCompile(`(?m)^accounts: .*$`).ReplaceAllString(dump, "")
}

// assertNone keeps whole dumps out of what a failure says.
func assertNone(t *testing.T, dump string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		assert.False(t, strings.Contains(dump, text), text)
	}
}

func TestWhoSharedANumberMayHaveItThen(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		mate := store.UserRow{User: mapping.User{ID: bobID, Email: "bob@example.com", Phone: ann().Phone, Active: true, CreatedAt: at(1)}, Phone164: ann().Phone164, Version: version(1, 1)}
		_, err := a.ApplyUsers(c, []store.UserRow{ann(), mate}, t0)
		require.NoError(t, err)
		clean(t, a)
		_, err = a.Forget(c, store.Forgetting{Email: "ann@example.com"}, t0)
		require.NoError(t, err)
		assert.Equal(t, []int64{bobID}, dirty(t, a, store.KindUser))
	})
}

func TestAnAddressIsKeptOutBeforeAnybodyHasIt(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		got, err := a.Forget(c, store.Forgetting{Email: "ann@example.com"}, t0)
		require.NoError(t, err)
		assert.Empty(t, got.Rows)
		_, err = a.ApplyUsers(c, []store.UserRow{ann()}, t0)
		require.NoError(t, err)
		found, err := a.Users(c, []int64{annID})
		require.NoError(t, err)
		assert.Empty(t, found)
		other, err := s.Account("other").Remembered(c, []int64{annID})
		require.NoError(t, err)
		assert.Equal(t, []int64{annID}, other, "another account is another matter")
	})
}

func TestForgettingWaitsForWhatIsUnderWay(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			where := address(t)
			a, c := open(t, where).Account("acme"), t.Context()
			known(t, a)
			refuses := func(want error) {
				t.Helper()
				before := storetest.Dump(t, where)
				_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com"}, at(5))
				require.ErrorIs(t, err, want)
				assert.Equal(t, before, storetest.Dump(t, where), "nothing was erased")
			}
			claim(t, a, "writer", at(4), annID)
			refuses(store.ErrBeingWritten)
			row := store.ImportRow{Delivery: sent(annID, "ann@example.com")}
			require.NoError(t, a.OpenImport(c, "writer", store.Import{ID: "i", RunID: "r"}, []store.ImportRow{row}, at(4)))
			refuses(store.ErrBeingWritten)
			require.NoError(t, a.DiscardImport(c, "i"))
			require.NoError(t, a.AddMerge(c, store.Merge{LoserID: annID, WinnerID: bobID, At: t0}, at(4)))
			refuses(store.ErrMergeOpen)
			require.NoError(t, a.SettleMerge(c, annID))
			claim(t, a, "writer", at(4), annID)
			_, err := a.Forget(c, store.Forgetting{Email: "ann@example.com"}, at(3600))
			require.NoError(t, err, "a lease that has run out holds nothing up")
			err = a.Record(c, "writer", []store.Result{{Delivery: sent(annID, "ann@example.com")}}, at(3601))
			require.ErrorIs(t, err, store.ErrClaimLost, "and what its holder records is not taken")
			assertNone(t, storetest.Dump(t, where), "ann@example.com")
		})
	}
}

// TestEveryTableIsDealtWith fails when a table is added: say here whether Forget has anything to erase in it.
func TestEveryTableIsDealtWith(t *testing.T) {
	erased := []string{
		"users", "tickets", "surveys", "transitions", "actions", "deliveries", "import_rows", "brevo_contacts", "rejects", "dirty", "merges", "companies", "previews",
	}
	impersonal := []string{
		"accounts", "runs", "cursors", "organizations", "imports", "scans", "company_scans", "attributes", "lists", "fields", "field_reads", "pauses", "contacted", "budgets",
		"secrets", "webhooks", "webhook_results", "leases", "forgotten", "previews", "goose_db_version", "sqlite_sequence",
	}
	where := engines["sqlite"](t)
	open(t, where)
	for _, table := range storetest.Tables(t, where) {
		assert.Contains(t, append(erased, impersonal...), table, "a new table: does Forget have to erase people from it?")
	}
}
