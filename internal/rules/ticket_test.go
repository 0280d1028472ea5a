package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
)

func at(seconds int) time.Time {
	return liveSince.Truncate(time.Second).Add(time.Duration(seconds) * time.Second)
}

func ticket(status string, reopens int, change ...func(*rules.TicketState)) rules.TicketState {
	s := rules.TicketState{ID: 35, RequesterID: 9, Status: status, Reopens: reopens, CreatedAt: at(-1000), UpdatedAt: at(100)}
	for _, c := range change {
		c(&s)
	}
	return s
}

func born(n int) func(*rules.TicketState) { return func(s *rules.TicketState) { s.CreatedAt = at(n) } }

func solved(n int) func(*rules.TicketState) { return func(s *rules.TicketState) { s.SolvedAt = at(n) } }

func updated(n int) func(*rules.TicketState) {
	return func(s *rules.TicketState) { s.UpdatedAt = at(n) }
}
func urgent(s *rules.TicketState)  { s.Priority = "urgent" }
func ours(s *rules.TicketState)    { s.Ours = true }
func merged(s *rules.TicketState)  { s.Merged = true }
func deleted(s *rules.TicketState) { s.Deleted, s.Status = true, "deleted" }
func rated(id, category string, when ...int) func(*rules.TicketState) {
	return func(s *rules.TicketState) {
		s.Rating = rules.Rating{ID: id, Category: category, Score: map[string]float64{"good": 100}[category]}
		if len(when) > 0 {
			s.Rating.At = at(when[0])
		}
	}
}

func keys(list []rules.Transition) []string {
	var out []string
	for _, t := range list {
		key := t.Key[len("ticket/35/"):]
		if t.Superseded {
			key += " superseded"
		}
		out = append(out, key)
	}
	return out
}

// happened is what a read of a ticket shows.
func happened(old *rules.TicketState, read rules.TicketState, liveSince time.Time) []rules.Transition {
	return rules.TicketTransitions(old, read.Keeping(old), liveSince)
}

func TestFirstSight(t *testing.T) {
	for name, c := range map[string]struct {
		read rules.TicketState
		want []string
	}{
		"open, older than the account":       {ticket("open", 0), nil},
		"open, born in its first second":     {ticket("open", 0, born(0)), []string{"created#1"}},
		"open, born a second before":         {ticket("open", 0, born(-1)), nil},
		"a whole life before we saw it":      {ticket("solved", 1, born(1), solved(90)), []string{"created#1", "solved#1 superseded", "reopened#1 superseded", "solved#2"}},
		"reopened before we saw it":          {ticket("open", 1, born(1), solved(50)), []string{"created#1", "solved#1 superseded", "reopened#1"}},
		"closed without solved seen":         {ticket("closed", 0, born(1), solved(50)), []string{"created#1", "solved#1"}},
		"old, solved after going live":       {ticket("solved", 3, solved(50)), []string{"solved#4"}},
		"old, closed after going live":       {ticket("closed", 0, solved(50)), []string{"solved#1"}},
		"old, solved before":                 {ticket("solved", 0, solved(-50)), nil},
		"old, solved without a date":         {ticket("solved", 0), nil},
		"old, solved and reopened live":      {ticket("pending", 2, solved(50)), []string{"solved#2 superseded", "reopened#2"}},
		"old, reopened after an old solve":   {ticket("open", 1, solved(-50)), nil},
		"born live, solved without a date":   {ticket("solved", 0, born(1)), []string{"created#1", "solved#1"}},
		"urgent from the start":              {ticket("new", 0, born(1), urgent), []string{"created#1"}},
		"rated, undated, on an old ticket":   {ticket("solved", 0, solved(-50), rated("7", "bad")), nil},
		"rated, dated live, on an old one":   {ticket("solved", 0, solved(-50), rated("7", "bad", 5)), []string{"rating#7#1", "rating#7#1#bad"}},
		"rated, dated before, on an old one": {ticket("solved", 0, solved(-50), rated("7", "bad", -5)), nil},
		"rated on a ticket born live":        {ticket("open", 0, born(1), rated("7", "good")), []string{"created#1", "rating#7#1", "rating#7#1#good"}},
		"deleted":                            {ticket("open", 0, born(1), deleted), nil},
		"made by us":                         {ticket("solved", 0, born(1), solved(50), ours), []string{"created#1", "solved#1"}[1:]},
		"merged away":                        {ticket("closed", 0, born(1), solved(50), merged), []string{"created#1", "solved#1"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, keys(happened(nil, c.read, liveSince)))
			assert.Empty(t, happened(nil, c.read, time.Time{}), "an account that is not live records nothing new")
		})
	}
}

func TestChanges(t *testing.T) {
	for name, c := range map[string]struct {
		old, read rules.TicketState
		want      []string
	}{
		"nothing":                    {ticket("open", 0), ticket("open", 0, updated(200)), nil},
		"moved":                      {ticket("open", 0), ticket("pending", 0, updated(200)), []string{"updated#1709287400#open-pending"}},
		"solved":                     {ticket("open", 0), ticket("solved", 0, solved(150), updated(200)), []string{"solved#1", "updated#1709287400#open-solved"}},
		"closed unseen":              {ticket("open", 1), ticket("closed", 1, updated(200)), []string{"solved#2", "updated#1709287400#open-closed"}},
		"closed after solved":        {ticket("solved", 0), ticket("closed", 0, updated(200)), []string{"updated#1709287400#solved-closed"}},
		"reopened":                   {ticket("solved", 0), ticket("open", 1, updated(200)), []string{"reopened#1", "updated#1709287400#solved-open"}},
		"reopened, uncounted yet":    {ticket("solved", 0), ticket("open", 0, updated(200)), []string{"reopened#1", "updated#1709287400#solved-open"}},
		"counted late":               {ticket("open", 0), ticket("open", 1, updated(200)), []string{"solved#1 superseded", "reopened#1"}},
		"jump to solved":             {ticket("solved", 0), ticket("solved", 2, solved(190), updated(200)), []string{"reopened#1 superseded", "solved#2 superseded", "reopened#2 superseded", "solved#3"}},
		"jump to open":               {ticket("open", 0), ticket("open", 2, updated(200)), []string{"solved#1 superseded", "reopened#1 superseded", "solved#2 superseded", "reopened#2"}},
		"read without metrics":       {ticket("solved", 2), ticket("solved", 0, updated(200)), nil},
		"escalated":                  {ticket("open", 0), ticket("open", 0, urgent, updated(200)), []string{"escalated#1709287400"}},
		"still urgent":               {ticket("open", 0, urgent), ticket("open", 0, urgent, updated(200)), nil},
		"rated":                      {ticket("solved", 0), ticket("solved", 0, rated("7", "good")), []string{"rating#7#1", "rating#7#1#good"}},
		"rated neutral":              {ticket("solved", 0), ticket("solved", 0, rated("7", "neutral")), []string{"rating#7#1"}},
		"rated again, the same":      {ticket("solved", 0, rated("7", "good")), ticket("solved", 0, rated("7", "good")), nil},
		"changed mind, stored plain": {ticket("solved", 0, rated("7", "good")), ticket("solved", 0, rated("7", "bad")), []string{"rating#7#2", "rating#7#2#bad"}},
		"another rating":             {ticket("solved", 0, rated("7", "good")), ticket("solved", 0, rated("8", "good")), []string{"rating#8#1", "rating#8#1#good"}},
		"deleted":                    {ticket("open", 0), ticket("open", 3, deleted), nil},
		"undeleted, old":             {ticket("open", 0, deleted), ticket("open", 0), nil},
		"undeleted, solved since":    {ticket("open", 0, deleted), ticket("solved", 0, solved(80)), []string{"solved#1"}},
		"undeleted, rating scrubbed": {ticket("solved", 0, deleted, rated("7", "good")), ticket("solved", 0, rated("7", "good", 50)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			old := c.old
			assert.Equal(t, c.want, keys(happened(&old, c.read, liveSince)))
			if !old.Deleted {
				assert.Equal(t, c.want, keys(happened(&old, c.read, time.Time{})), "a known row records whenever")
			}
		})
	}
}

func TestGoodBadGoodCountsThree(t *testing.T) {
	var m mirror
	for i, category := range []string{"good", "good", "bad", "bad", "good"} {
		m.offer(ticket("solved", 0, born(1), rated("77", category), updated(100+i)), i)
	}
	requireRatings(t, m.recorded, "good")
	assert.Equal(t, 3, m.state.Rating.Revision)

	m.offer(ticket("solved", 0, born(1), updated(200)), 9)
	assert.Empty(t, m.state.Rating.Category, "withdrawn: it must not count any more")
	m.offer(ticket("solved", 0, born(1), rated("77", "bad"), updated(201)), 10)
	assert.Equal(t, "ticket/35/rating#77#4#bad", m.recorded[len(m.recorded)-1].Key)
}

func TestDates(t *testing.T) {
	old := ticket("open", 0, updated(100))
	list := happened(&old, ticket("solved", 1, solved(150), updated(200)), liveSince)
	require.Equal(t, []string{"solved#1 superseded", "reopened#1 superseded", "solved#2", "updated#1709287400#open-solved"}, keys(list))
	assert.Equal(t, []time.Time{at(150), at(150), at(150), at(200)}, times(list), "what a solve followed cannot be later than it")

	old = ticket("open", 1, solved(50), updated(100))
	list = happened(&old, ticket("solved", 1, solved(50), updated(200)), liveSince)
	assert.Equal(t, []time.Time{at(200), at(200)}, times(list), "a solve cannot be older than the state it ended: the metric set lags")
	assert.Equal(t, "open", list[0].From)

	list = happened(nil, ticket("open", 1, born(1), solved(50), updated(200)), liveSince)
	assert.Equal(t, []time.Time{at(1), at(50), at(200)}, times(list))
}

func times(list []rules.Transition) []time.Time {
	var out []time.Time
	for _, t := range list {
		out = append(out, t.OccurredAt)
	}
	return out
}

// A ticket solved before the account went live is reopened while its metric set lags: when that catches up, it counts the
// reopening that was recorded, and no solve.
func TestAMetricSetThatCatchesUpIsNoNews(t *testing.T) {
	old := ticket("solved", 0, solved(-50), updated(-50)).Keeping(nil)
	assert.Empty(t, happened(nil, old, liveSince))
	open := ticket("open", 0, solved(-50), updated(100))
	require.Equal(t, []string{"reopened#1", "updated#1709287300#solved-open"}, keys(happened(&old, open, liveSince)))
	kept := open.Keeping(&old)
	assert.Equal(t, 1, kept.Reopens, "the status is ahead of its metric set")
	caughtUp := ticket("open", 1, solved(-50), updated(100))
	assert.Empty(t, happened(&kept, caughtUp, liveSince))
	kept = caughtUp.Keeping(&kept)
	assert.Equal(t, []string{"solved#2", "updated#1709287400#open-solved"}, keys(happened(&kept, ticket("solved", 0, solved(150), updated(200)), liveSince)))
}

func TestSoundCounterOfAnUnsoundSource(t *testing.T) {
	old := ticket("open", 0)
	list := happened(&old, ticket("open", 1<<40), liveSince)
	assert.LessOrEqual(t, len(list), 2000)
	assert.Equal(t, 1<<40, list[len(list)-1].Number)
}

func TestSurveyTransitions(t *testing.T) {
	answer := func(category string, score float64, n int) rules.SurveyState {
		return rules.SurveyState{TicketID: 35, UserID: 9, Rating: rules.Rating{ID: "01J1", Category: category, Score: score, At: at(n)}}
	}
	answered := func(old *rules.SurveyState, category string, score float64, n int) rules.SurveyState {
		return answer(category, score, n).Keeping(old)
	}
	assert.Empty(t, rules.SurveyTransitions(nil, answered(nil, "bad", 0, -1), liveSince))
	assert.Empty(t, rules.SurveyTransitions(nil, answered(nil, "bad", 0, 1), time.Time{}))
	first := rules.SurveyTransitions(nil, answered(nil, "bad", 25, 1), liveSince)
	require.Equal(t, []string{"rating#01J1#1", "rating#01J1#1#bad"}, keys(first))
	assert.Equal(t, []any{"bad", 25.0, at(1), int64(9)}, []any{first[1].To, *first[1].Score, first[1].OccurredAt, first[1].UserID})

	old := answer("bad", 25, 1).Keeping(nil)
	assert.Empty(t, rules.SurveyTransitions(&old, answered(&old, "bad", 0, 2), liveSince), "only the score was corrected")
	second := rules.SurveyTransitions(&old, answered(&old, "neutral", 50, 3), liveSince)
	require.Equal(t, []string{"rating#01J1#2"}, keys(second))
	assert.Equal(t, "bad", second[0].From)
	old = answer("neutral", 50, 3).Keeping(&old)
	assert.Equal(t, []string{"rating#01J1#3", "rating#01J1#3#good"}, keys(rules.SurveyTransitions(&old, answered(&old, "good", 100, 4), liveSince)))
}

func TestUserTransitions(t *testing.T) {
	user := func(profile string, created, updated int) rules.UserState {
		return rules.UserState{ID: 9, Active: true, Profile: profile, CreatedAt: at(created), UpdatedAt: at(updated)}
	}
	old := user("a", -9, 10)
	gone := user("b", -9, 20)
	gone.Active = false
	created := []rules.Transition{{Key: "user/9/created#1", Type: rules.UserCreated, UserID: 9, OccurredAt: at(3)}}
	assert.Equal(t, created, rules.UserTransitions(nil, user("a", 3, 5), liveSince))
	assert.Empty(t, rules.UserTransitions(nil, user("a", -3, 5), liveSince))
	assert.Empty(t, rules.UserTransitions(nil, gone, liveSince))
	assert.Empty(t, rules.UserTransitions(&old, user("a", -9, 20), liveSince), "a login moves updated_at only")
	assert.Empty(t, rules.UserTransitions(&old, user("b", -9, 10), liveSince), "a newly mapped field is no news")
	assert.Empty(t, rules.UserTransitions(&old, gone, liveSince))
	changed := rules.UserTransitions(&old, user("b", -9, 20), liveSince)
	require.Len(t, changed, 1)
	assert.Equal(t, []any{rules.UserUpdated, at(20), "user/9"}, []any{changed[0].Type, changed[0].OccurredAt, changed[0].Subject()})
	assert.Equal(t, changed, rules.UserTransitions(&old, user("b", -9, 20), liveSince))

	m := rules.MergedTransition(9, 4, at(7))
	assert.Equal(t, rules.Transition{Key: "user/4/merged#1", Type: rules.UserMerged, UserID: 9, MergedID: 4, OccurredAt: at(7)}, m)
}
