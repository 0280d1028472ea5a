package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"zendesk-brevo/internal/rules"
)

var liveSince = time.Date(2024, 3, 1, 10, 0, 0, 400_000_000, time.UTC)

// story is what really happened to one ticket: every state it was in, and the keys that must come of it, written down
// when things happen and not derived from states.
type story struct {
	states  []rules.TicketState
	keys    map[string]bool // created, solved, reopened
	verdict string          // category of the rating in the end
}

func drawStory(t *rapid.T) story {
	now := liveSince.Truncate(time.Second).Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "born")) * time.Second)
	s := rules.TicketState{ID: 35, RequesterID: 9, Status: "new", Channel: "web", CreatedAt: now, UpdatedAt: now}
	st := story{states: []rules.TicketState{s}, keys: map[string]bool{"created#1": true}}
	solves := 0
	for i := range rapid.IntRange(0, 25).Draw(t, "steps") {
		now = now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, fmt.Sprintf("pause %d", i))) * time.Second)
		settled := s.Status == "solved" || s.Status == "closed"
		switch what := rapid.SampledFrom([]string{"move", "solve", "reopen", "close", "rate", "urgent", "touch"}).Draw(t, fmt.Sprintf("step %d", i)); what {
		case "move":
			if !settled {
				s.Status = rapid.SampledFrom([]string{"open", "pending", "hold"}).Draw(t, "status")
			}
		case "solve", "close":
			if !settled {
				solves++
				st.keys[fmt.Sprintf("solved#%d", solves)] = true
				s.Status, s.SolvedAt = "solved", now
			}
			if what == "close" && rapid.IntRange(0, 5).Draw(t, "really") == 0 {
				s.Status = "closed"
			}
		case "reopen":
			if s.Status == "solved" {
				s.Reopens++
				st.keys[fmt.Sprintf("reopened#%d", s.Reopens)] = true
				s.Status = rapid.SampledFrom([]string{"new", "open", "pending", "hold"}).Draw(t, "status")
			}
		case "rate":
			if s.Reopens > 0 || settled {
				s.Rating.ID, s.Rating.Category = "77", rapid.SampledFrom([]string{"good", "bad"}).Draw(t, "category")
				st.verdict = s.Rating.Category
			}
		case "urgent":
			s.Priority = rapid.SampledFrom([]string{"urgent", "low"}).Draw(t, "priority")
		}
		s.UpdatedAt = now
		st.states = append(st.states, s)
	}
	return st
}

// mirror keeps one ticket as the store does: version guard, keys recorded once.
type mirror struct {
	state    *rules.TicketState
	asked    int
	recorded []rules.Transition
}

func (m *mirror) offer(read rules.TicketState, asked int) {
	if m.state != nil && (read.UpdatedAt.Before(m.state.UpdatedAt) || (read.UpdatedAt.Equal(m.state.UpdatedAt) && asked <= m.asked)) {
		return
	}
	kept := read.Keeping(m.state)
	for _, t := range rules.TicketTransitions(m.state, kept, liveSince) {
		if !slices.ContainsFunc(m.recorded, func(r rules.Transition) bool { return r.Key == t.Key }) {
			m.recorded = append(m.recorded, t)
		}
	}
	m.state, m.asked = &kept, asked
}

// counted are the keys that may not depend on what was seen.
func (m *mirror) counted() map[string]bool {
	out := map[string]bool{}
	for _, t := range m.recorded {
		switch t.Type {
		case rules.TicketCreated, rules.TicketSolved, rules.TicketReopened:
			out[t.Key[len("ticket/35/"):]] = true
		}
	}
	return out
}

// watch draws which states are read, in which order the answers arrive, and always the last one among them.
func watch(t *rapid.T, states []rules.TicketState) []int {
	last := len(states) - 1
	seen := rapid.SliceOfN(rapid.IntRange(0, last), 0, 12).Draw(t, "reads")
	return slices.Insert(seen, rapid.IntRange(0, len(seen)).Draw(t, "last at"), last)
}

func TestKeysDoNotDependOnWhatWasSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := drawStory(t)
		var m mirror
		for _, i := range watch(t, st.states) {
			m.offer(st.states[i], i)
		}
		require.Equal(t, st.keys, m.counted())
		requireRatings(t, m.recorded, st.verdict)
		requireOrder(t, m.recorded, st.states)
	})
}

// requireRatings: revisions count from 1 without gaps, no category twice in a row, and the last is the final one.
func requireRatings(t require.TestingT, recorded []rules.Transition, verdict string) {
	last, revision := "", 0
	var before rules.Transition
	for _, r := range recorded {
		switch r.Type {
		case rules.RatingCreated:
			revision++
			require.Equal(t, fmt.Sprintf("ticket/35/rating#77#%d", revision), r.Key)
			require.NotEqual(t, last, r.To)
			require.Equal(t, last, r.From)
			last = r.To
		case rules.RatingGood, rules.RatingBad:
			require.Equal(t, "satisfaction_rating."+r.To, r.Type)
			require.Equal(t, rules.RatingCreated, before.Type, "created comes before its verdict")
			require.Equal(t, before.Number, r.Number)
		}
		before = r
	}
	require.Equal(t, verdict, last)
}

// requireOrder: solves and reopenings alternate in each batch's order, and nothing is dated outside of the ticket's life.
func requireOrder(t require.TestingT, recorded []rules.Transition, states []rules.TicketState) {
	solves, reopens := 0, 0
	for _, r := range recorded {
		switch r.Type {
		case rules.TicketSolved:
			solves++
			require.Equal(t, reopens+1, solves)
			require.Equal(t, solves, r.Number)
		case rules.TicketReopened:
			reopens++
			require.Equal(t, solves, reopens)
			require.Equal(t, reopens, r.Number)
		}
		require.False(t, r.OccurredAt.Before(states[0].CreatedAt))
		require.False(t, r.OccurredAt.After(states[len(states)-1].UpdatedAt))
	}
}

// A metric set may lag behind the status it counts; once it has caught up the keys are the same.
func TestKeysDoNotDependOnLaggingMetrics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := drawStory(t)
		var m mirror
		for _, i := range watch(t, st.states) {
			m.offer(lagging(t, st.states, i, 0), i)
		}
		last := len(st.states) - 1
		m.offer(st.states[last], last+1)
		require.Equal(t, st.keys, m.counted())
	})
}

// lagging is a read of a state whose metric set is that of an earlier one, but no earlier than oldest.
func lagging(t *rapid.T, states []rules.TicketState, i, oldest int) rules.TicketState {
	read, behind := states[i], states[rapid.IntRange(min(oldest, i), i).Draw(t, "metrics of")]
	read.Reopens, read.SolvedAt = behind.Reopens, behind.SolvedAt
	return read
}

// A ticket that is deleted now and then, and comes back, records nothing twice and invents nothing.
func TestKeysSurviveDeletion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := drawStory(t)
		var m mirror
		for _, i := range watch(t, st.states) {
			if rapid.IntRange(0, 3).Draw(t, "deleted before") == 0 {
				m.offer(rules.TicketState{ID: 35, Status: "deleted", Deleted: true, CreatedAt: st.states[0].CreatedAt, UpdatedAt: st.states[i].UpdatedAt}, i)
			}
			m.offer(st.states[i], i+1)
		}
		m.offer(st.states[len(st.states)-1], len(st.states)+1)
		require.Equal(t, st.keys, m.counted())
		requireRatings(t, m.recorded, st.verdict)
	})
}

// Of a ticket that is older than the account, whatever was seen first is not news, and everything after it is, however
// far the metric sets lag behind what is seen then.
func TestKnownTicketsRecordWhatFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := drawStory(t)
		old := -365 * 24 * time.Hour
		for i := range st.states { // the whole story a year before the account went live
			s := &st.states[i]
			s.CreatedAt, s.UpdatedAt = s.CreatedAt.Add(old), s.UpdatedAt.Add(old)
			if !s.SolvedAt.IsZero() {
				s.SolvedAt = s.SolvedAt.Add(old)
			}
		}
		first := rapid.IntRange(0, len(st.states)-1).Draw(t, "backfilled")
		var m mirror
		m.offer(st.states[first], first)
		require.Empty(t, m.recorded, "a backfill fires nothing")
		for _, i := range watch(t, st.states) {
			m.offer(lagging(t, st.states, i, first), i)
		}
		m.offer(st.states[len(st.states)-1], len(st.states))
		seen, want := st.states[first], map[string]bool{}
		settled := seen.Status == "solved" || seen.Status == "closed"
		for key := range st.keys {
			var n int
			if _, err := fmt.Sscanf(key, "solved#%d", &n); err == nil && (n > seen.Reopens+1 || (n == seen.Reopens+1 && !settled)) {
				want[key] = true
			}
			if _, err := fmt.Sscanf(key, "reopened#%d", &n); err == nil && n > seen.Reopens {
				want[key] = true
			}
		}
		assert.Equal(t, want, m.counted())
	})
}
