package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

// live begins the account's first run at t0, from which on what happens is news.
func live(t testing.TB, s *store.Store) *store.Account {
	t.Helper()
	a := s.Account("acme")
	_, err := a.BeginRun(t.Context(), store.Run{ID: "first", Type: "full", StartedAt: t0})
	require.NoError(t, err)
	return a
}

// ticketAt is ticket 35 of user 9 as a read at a second shows it.
func ticketAt(second int, status string, reopens int) store.TicketRow {
	return store.TicketRow{
		ID: 35, RequesterID: 9, Status: status, Reopens: reopens, CreatedAt: at(1), Version: version(second, second),
	}
}

func keysOf(t testing.TB, a *store.Account, subject string) []string {
	t.Helper()
	all, err := a.Transitions(t.Context(), subject)
	require.NoError(t, err)
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = x.Key
	}
	return out
}

func TestAWriteRecordsWhatHappenedWhoeverMadeIt(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		apply := func(rows ...store.TicketRow) {
			_, err := a.ApplyTickets(t.Context(), rows, at(100))
			require.NoError(t, err)
		}
		apply(ticketAt(1, "new", 0))
		_, err := a.CommitTickets(t.Context(), store.Page{Stream: "tickets", To: "c1", Now: at(10)}, []store.TicketRow{ticketAt(5, "solved", 0)})
		require.NoError(t, err)
		apply(ticketAt(5, "solved", 0), ticketAt(3, "open", 0)) // repeated, and late
		apply(ticketAt(20, "solved", 2))                        // reopened and solved twice meanwhile
		assert.Equal(t, []string{
			"ticket/35/created#1", "ticket/35/solved#1", "ticket/35/updated#1772366405#new-solved",
			"ticket/35/reopened#1", "ticket/35/solved#2", "ticket/35/reopened#2", "ticket/35/solved#3",
		}, keysOf(t, a, "ticket/35"))

		gone := ticketAt(30, "deleted", 0)
		apply(gone)
		back := ticketAt(40, "open", 3)
		apply(back)
		assert.Contains(t, keysOf(t, a, "ticket/35"), "ticket/35/reopened#3", "a tombstone does not forget how often it was reopened")
	})
}

func TestAPageThatIsThrownAwayRecordsNothing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		page := store.Page{Stream: "tickets", From: "elsewhere", To: "c1", Now: at(10)}
		_, err := a.CommitTickets(t.Context(), page, []store.TicketRow{ticketAt(1, "new", 0)})
		require.ErrorIs(t, err, store.ErrCursorMoved)
		assert.Empty(t, keysOf(t, a, "ticket/35"))
	})
}

func TestHistoryIsNoNews(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := s.Account("acme")
		old := ticketAt(5, "solved", 1)
		_, err := a.ApplyTickets(t.Context(), []store.TicketRow{old}, at(6))
		require.NoError(t, err)
		assert.Empty(t, keysOf(t, a, "ticket/35"), "before the first run nothing is")
		live(t, s)
		older := store.TicketRow{ID: 36, RequesterID: 9, Status: "solved", CreatedAt: t0.AddDate(0, -1, 0), SolvedAt: t0.AddDate(0, 0, -1), Version: version(-86400, 5)}
		_, err = a.ApplyTickets(t.Context(), []store.TicketRow{older}, at(6))
		require.NoError(t, err)
		assert.Empty(t, keysOf(t, a, "ticket/36"))
	})
}

// Whatever order pages and single reads arrive in, however often, and however far the metric sets of those before the last one
// lag behind, the counted keys are those of the newest state.
func TestCountedTransitionsDoNotDependOnTheOrderOfReads(t *testing.T) {
	s := open(t, engines["sqlite"](t))
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		a := s.Account(string(rune('a'+n%26)) + time.Now().String())
		_, err := a.BeginRun(t.Context(), store.Run{ID: "first", Type: "full", StartedAt: t0})
		require.NoError(rt, err)
		steps := rapid.IntRange(1, 8).Draw(rt, "steps")
		var states []store.TicketRow
		status, reopens, solved := "new", 0, 0
		for i := range steps {
			if status == "solved" {
				status = "open"
				reopens++
			} else {
				status = "solved"
				solved++
			}
			states = append(states, ticketAt(2+i, status, reopens))
		}
		newest := states[len(states)-1]
		states = append([]store.TicketRow{ticketAt(1, "new", 0)}, states...)
		for range rapid.IntRange(0, 12).Draw(rt, "reads") {
			read := rapid.SampledFrom(states).Draw(rt, "read")
			read.Reopens = rapid.IntRange(0, read.Reopens).Draw(rt, "counted")
			_, err := a.ApplyTickets(t.Context(), []store.TicketRow{read}, at(50))
			require.NoError(rt, err)
		}
		newest.AskedAt = at(50)
		_, err = a.ApplyTickets(t.Context(), []store.TicketRow{newest}, at(50))
		require.NoError(rt, err)
		counts := map[string]int{}
		all, err := a.Transitions(t.Context(), "ticket/35")
		require.NoError(rt, err)
		for _, x := range all {
			counts[x.Type]++
		}
		require.Equal(rt, 1, counts[rules.TicketCreated])
		require.Equal(rt, solved, counts[rules.TicketSolved])
		require.Equal(rt, reopens, counts[rules.TicketReopened])
	})
}

func TestAReadThatKnowsLessChangesNothing(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		row := ticketAt(5, "open", 2)
		row.SolvedAt, row.RatingID, row.Rating, row.RatedAt, row.Ours = at(4), 7, "good", at(5), true
		applied, err := a.ApplyTickets(t.Context(), []store.TicketRow{row}, at(5))
		require.NoError(t, err)
		require.Equal(t, store.Applied{Rows: 1, Changed: 1}, applied)
		before := keysOf(t, a, "ticket/35")
		row.Version, row.RatedAt, row.Reopens, row.SolvedAt, row.Ours = version(6, 6), at(6), 0, time.Time{}, false
		for range 2 { // without its metric set, by somebody who did not make the ticket, and then with everything again
			applied, err = a.ApplyTickets(t.Context(), []store.TicketRow{row}, at(6))
			require.NoError(t, err)
			assert.Equal(t, store.Applied{Rows: 1}, applied)
			row.Version, row.RatedAt, row.Reopens, row.SolvedAt, row.Ours = version(7, 7), at(5), 2, at(4), true
		}
		assert.Equal(t, before, keysOf(t, a, "ticket/35"))
		row.Version, row.Rating = version(8, 8), "bad"
		_, err = a.ApplyTickets(t.Context(), []store.TicketRow{row}, at(8))
		require.NoError(t, err)
		assert.Equal(t, []string{"ticket/35/rating#7#2", "ticket/35/rating#7#2#bad"}, keysOf(t, a, "ticket/35")[len(before):])
	})
}

func TestARatingKeepsItsDateAndCountsItsCategories(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		rated := func(second int, category string) {
			row := ticketAt(second, "solved", 0)
			row.RatingID, row.Rating, row.RatedAt = 7, category, at(second)
			_, err := a.ApplyTickets(t.Context(), []store.TicketRow{row}, at(second))
			require.NoError(t, err)
		}
		rated(5, "good")
		rated(6, "good")
		got, err := a.Tickets(t.Context(), []int64{35})
		require.NoError(t, err)
		assert.Equal(t, at(5), got[35].RatedAt, "an update of the ticket does not date its rating anew")
		rated(8, "bad")
		rated(9, "good")
		var ratings []string
		for _, key := range keysOf(t, a, "ticket/35") {
			if len(key) > 17 && key[10:16] == "rating" {
				ratings = append(ratings, key[10:])
			}
		}
		assert.Equal(t, []string{"rating#7#1", "rating#7#1#good", "rating#7#2", "rating#7#2#bad", "rating#7#3", "rating#7#3#good"}, ratings)
	})
}

func TestAnEditedSurveyAnswerIsNewsWhenItsCategoryChanges(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		answer := func(second int, score float64, category string) {
			_, err := a.ApplySurveys(t.Context(), []store.SurveyRow{{
				ID: "01J1", TicketID: 35, UserID: 9, Score: score, Category: category, CreatedAt: at(2), Version: version(second, second),
			}}, at(second))
			require.NoError(t, err)
		}
		answer(2, 100, "good")
		answer(3, 75, "good")
		answer(4, 50, "neutral")
		assert.Equal(t, []string{"ticket/35/rating#01J1#1", "ticket/35/rating#01J1#1#good", "ticket/35/rating#01J1#2"}, keysOf(t, a, "ticket/35"))
		_, there, err := a.Survey(t.Context(), 35)
		require.NoError(t, err)
		assert.True(t, there)
	})
}

func TestAChangeOfOurOwnIsNoNewsOfAUser(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		row := store.UserRow{Version: version(5, 5)}
		row.ID, row.Active, row.CreatedAt = 9, true, at(1)
		apply := func() {
			_, err := a.ApplyUsers(t.Context(), []store.UserRow{row}, at(5))
			require.NoError(t, err)
		}
		apply()
		row.Tags, row.Version, row.Quiet = []string{"asked"}, version(6, 6), true
		apply()
		row.Name, row.Version, row.Quiet = "New", version(7, 7), false
		apply()
		got := keysOf(t, a, "user/9")
		require.Len(t, got, 2)
		assert.Equal(t, "user/9/created#1", got[0])
		assert.Contains(t, got[1], "user/9/updated#")
	})
}

func TestWhatNobodyWantsIsPassedOver(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a := live(t, s)
		for i, typ := range []string{rules.TicketSolved, rules.TicketUpdated, rules.TicketSolved} {
			require.NoError(t, a.RecordTransitions(t.Context(), []rules.Transition{{
				Key: string(rune('a' + i)), Type: typ, TicketID: int64(30 + i), OccurredAt: at(i * 100),
			}}, at(300)))
		}
		n, err := a.PassTransitions(t.Context(), []string{rules.TicketSolved}, at(50))
		require.NoError(t, err)
		assert.Equal(t, int64(2), n, "the unwanted one and the old one")
		subjects, err := a.WaitingSubjects(t.Context(), at(0), at(0), "", 10)
		require.NoError(t, err)
		assert.Equal(t, []string{"ticket/32"}, subjects)
		left, err := a.NewTransitions(t.Context(), "ticket/32")
		require.NoError(t, err)
		assert.Len(t, left, 1)
		assert.Len(t, keysOf(t, a, "ticket/30"), 1, "what is passed over stays recorded")
	})
}
