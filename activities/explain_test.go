package activities_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

var midday = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

func explained(t *testing.T, s *store.Account, in activities.ExplainInput) (activities.Explained, error) {
	t.Helper()
	cfg := config.DefaultConnector("zendesk", account)
	return activities.Explain(t.Context(), cfg, s, func() time.Time { return midday }, in)
}

// bookOf is a store in which user 9 has ticket 35, which was rated inside itself.
func bookOf(t *testing.T) *store.Account {
	t.Helper()
	opened, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = opened.Close() })
	s := opened.Account(account)
	_, err = s.BeginRun(t.Context(), store.Run{ID: "one", Type: activities.Full, StartedAt: midday.Add(-24 * time.Hour)})
	require.NoError(t, err)
	_, err = s.ApplyUsers(t.Context(), []store.UserRow{{User: mapping.User{ID: 9, Active: true, Role: "end-user", Email: "jane@example.com"}, Version: asked(time.Hour)}}, midday)
	require.NoError(t, err)
	ticket := store.TicketRow{ID: 35, RequesterID: 9, Status: "solved", CreatedAt: midday.Add(-time.Hour), Version: asked(time.Hour), RatingID: 7, Rating: "bad", RatedAt: midday.Add(-time.Hour)}
	_, err = s.ApplyTickets(t.Context(), []store.TicketRow{ticket}, midday)
	require.NoError(t, err)
	return s
}

func asked(ago time.Duration) store.Version {
	return store.Version{UpdatedAt: midday.Add(-ago), AskedAt: midday.Add(-ago)}
}

// verdicts are the reasons of the rules that listen, by type of transition.
func verdicts(x activities.Explained) map[string]string {
	out := map[string]string{}
	for _, t := range x.Transitions {
		for _, r := range t.Rules {
			if r.Listens {
				out[t.Key] = r.Why
			}
		}
	}
	return out
}

func TestARatingIsExplainedOnce(t *testing.T) {
	s := bookOf(t)
	before, err := explained(t, s, activities.ExplainInput{Kind: "ticket", ID: 35})
	require.NoError(t, err)
	assert.Equal(t, rules.RatingBad, verdicts(before)["ticket/35/rating#7#1#bad"])
	for _, x := range before.Transitions {
		assert.True(t, x.Waiting, x.Key)
		assert.False(t, x.Assumed, x.Key)
	}

	require.NoError(t, s.SetSurveys(t.Context(), midday))
	_, err = s.ApplySurveys(t.Context(), []store.SurveyRow{{ID: "s1", TicketID: 35, UserID: 9, Score: 25, Category: "bad", CreatedAt: midday, Version: asked(time.Minute)}}, midday)
	require.NoError(t, err)
	got, err := explained(t, s, activities.ExplainInput{Kind: "ticket", ID: 35})
	require.NoError(t, err)
	after := verdicts(got)
	assert.Equal(t, "the rating was answered in a survey, and that answer counts instead", after["ticket/35/rating#7#1#bad"])
	assert.Equal(t, rules.RatingBad, after["ticket/35/rating#s1#1#bad"])
}

func TestWhatWasNeverRecordedIsAssumed(t *testing.T) {
	s := bookOf(t)
	for typ, want := range map[string]string{
		rules.UserMerged: "user/9/assumed", rules.UserCreated: "user/9/assumed",
	} {
		got, err := explained(t, s, activities.ExplainInput{Kind: "user", ID: 9, Type: typ})
		require.NoError(t, err)
		require.Len(t, got.Transitions, 1)
		assert.True(t, got.Transitions[0].Assumed)
		assert.Equal(t, want, got.Transitions[0].Key)
		assert.Equal(t, midday, got.Transitions[0].OccurredAt)
	}
	got, err := explained(t, s, activities.ExplainInput{Kind: "user", ID: 9})
	require.NoError(t, err)
	require.Len(t, got.Transitions, 1)
	assert.Equal(t, rules.UserUpdated, got.Transitions[0].Type, "nothing was recorded of this user")
	assert.Equal(t, activities.Reach{User: 9, Brevo: "waiting"}, got.Reach)

	_, err = explained(t, s, activities.ExplainInput{Kind: "ticket", ID: 36})
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = explained(t, s, activities.ExplainInput{Kind: "user", ID: 36})
	require.ErrorIs(t, err, store.ErrNotFound)

	stranger := store.TicketRow{ID: 40, RequesterID: 77, Status: "new", CreatedAt: midday.Add(-48 * time.Hour), Version: asked(48 * time.Hour)}
	_, err = s.ApplyTickets(t.Context(), []store.TicketRow{stranger}, midday)
	require.NoError(t, err)
	got, err = explained(t, s, activities.ExplainInput{Kind: "ticket", ID: 40})
	require.NoError(t, err)
	assert.Equal(t, rules.TicketCreated, got.Transitions[0].Type)
	assert.Equal(t, "unknown", got.Reach.Brevo, "the requester is not mirrored")
}

func TestAnAnswerAfterItsSummaryWasActedOnIsExplainedAsThat(t *testing.T) {
	const late = "the rating inside the ticket was acted on before this answer was known"
	for failure, want := range map[string]string{"": late, rules.FailurePrefix + "when cannot be evaluated": rules.RatingBad} {
		s := bookOf(t)
		fresh, err := s.NewTransitions(t.Context(), "ticket/35")
		require.NoError(t, err)
		at := slices.IndexFunc(fresh, func(x rules.Transition) bool { return x.Type == rules.RatingBad })
		require.GreaterOrEqual(t, at, 0)
		require.NoError(t, s.PlanActions(t.Context(), []string{fresh[at].Key}, []rules.Planned{{
			Key: "k", Rule: "one", Transition: fresh[at], Action: rules.Action{Kind: rules.BrevoEvent, Event: "x"}, Due: midday, Failure: failure,
		}}, midday))
		require.NoError(t, s.SetSurveys(t.Context(), midday))
		_, err = s.ApplySurveys(t.Context(), []store.SurveyRow{{
			ID: "s1", TicketID: 35, UserID: 9, Score: 25, Category: "bad", CreatedAt: fresh[at].OccurredAt, Version: asked(time.Hour),
		}}, midday)
		require.NoError(t, err)
		got, err := explained(t, s, activities.ExplainInput{Kind: "ticket", ID: 35})
		require.NoError(t, err)
		assert.Equal(t, want, verdicts(got)["ticket/35/rating#s1#1#bad"], "a rule that failed told nobody")
	}
}
