package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
)

// liveTickets is how many stories a run has: 200, or LIVE_TICKETS.
func liveTickets(t testing.TB) int {
	text := os.Getenv("LIVE_TICKETS")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "LIVE_TICKETS must be a number")
	return n
}

// liveSeed is what the stories and mishaps of a run are made from: always the same, but new every time in a soak, or LIVE_SEED.
func liveSeed(t testing.TB) uint64 {
	seed := uint64(1)
	if os.Getenv("LIVE_TICKETS") != "" {
		seed = uint64(time.Now().UnixNano())
	}
	if text := os.Getenv("LIVE_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "LIVE_SEED must be a number")
	}
	t.Logf("LIVE_SEED=%d repeats the stories and the mishaps of this run", seed)
	return seed
}

func TestEveryEventOnceWhileWebhooksAreLostAndRepeated(t *testing.T) {
	s := newStage(t, stageSpeed)
	seed := liveSeed(t)
	s.play(seed, s.stories(seed, liveTickets(t)), nil)
	s.assertPrivate()
}

func TestEveryEventOnceThroughKilledPrograms(t *testing.T) {
	s := newStage(t, stageSpeed)
	seed := liveSeed(t)
	stories := s.stories(seed, liveTickets(t))
	r := rand.New(rand.NewPCG(seed, 2))
	var kills []act
	for range 4 {
		at := time.Duration(r.Int64N(int64(end(stories))))
		kills = append(kills, act{at, func(*world, *story) {
			s.worker.kill()
			s.startWorkerProgram()
		}}, act{at + time.Duration(r.Int64N(int64(3*time.Second))), func(*world, *story) {
			s.webhook.kill()
			s.startWebhookProgram()
		}})
	}
	s.play(seed, stories, kills)
}

func TestEveryEventOnceThoughTemporalWasAway(t *testing.T) {
	s := newStage(t, patient)
	seed := liveSeed(t)
	stories := s.stories(seed, liveTickets(t)/2)
	away := end(stories) / 3
	s.play(seed, stories, []act{
		{away, func(*world, *story) { s.stopTemporal() }},
		{away + 30*time.Second, func(*world, *story) { s.startTemporal() }},
	})
	answers := map[int]int{}
	for _, d := range s.zendesk.Deliveries() {
		for _, a := range d.Attempts {
			answers[a.Code]++
		}
	}
	assert.Positive(t, answers[503], "deliveries were put off while Temporal was away: %v", answers)
	assert.Zero(t, answers[500], "a 500 is never repeated: %v", answers)
}

// stories makes up what happens to n tickets of customers who can be reached.
func (s *stage) stories(from uint64, n int) []*story {
	r := rand.New(rand.NewPCG(from, 1))
	var customers []int64
	for u := range s.seed.Users.All() {
		if _, reached := s.brevo.ContactByEmail(u.Email); reached && u.Active && s.seed.KindOf(u.ID) == seed.Ordinary {
			customers = append(customers, u.ID)
		}
	}
	require.Greater(s.t, len(customers), 20)
	slices.Sort(customers)
	out := make([]*story, n)
	for i := range out {
		out[i] = newStory(r, customers, time.Duration(n)*50*time.Millisecond)
	}
	return out
}

// end is when the last act of all is over.
func end(stories []*story) (last time.Duration) {
	for _, h := range stories {
		last = max(last, h.steps[len(h.steps)-1].at)
	}
	return last
}

// scene is one act with the history it belongs to; nil for what happens to the programs.
type scene struct {
	act
	of *story
}

// play lets everything happen while webhooks are lost, doubled and shuffled, waits until Brevo knows, and checks that it knows
// exactly what happened.
func (s *stage) play(seed uint64, stories []*story, others []act) {
	s.zendesk.DisturbWebhooks(zendesksim.Disturbance{Seed: seed, Lose: 0.2, Duplicate: 0.2, Reorder: 1, Window: 2 * time.Second})
	var scenes []scene
	for _, h := range stories {
		for _, a := range h.steps {
			scenes = append(scenes, scene{a, h})
		}
	}
	for _, a := range others {
		scenes = append(scenes, scene{a, nil})
	}
	slices.SortStableFunc(scenes, func(a, b scene) int { return int(a.at - b.at) })
	began := time.Now()
	for _, x := range scenes {
		<-time.After(x.at - time.Since(began))
		x.do(s.world, x.of)
	}
	s.t.Logf("%d tickets, %d acts in %s", len(stories), len(scenes), time.Since(began).Round(time.Second))
	s.zendesk.DrainWebhooks(s.t.Context())
	ended := time.Now()
	// An action whose call may have been made when its worker died is looked up two minutes later; and a small machine takes in
	// what many tickets lived through in parallel one after another.
	deadline := ended.Add(8*time.Minute + time.Duration(len(stories))*600*time.Millisecond)
	for s.unfinished(stories) > 0 && time.Now().Before(deadline) {
		<-time.After(500 * time.Millisecond)
	}
	s.t.Logf("complete %s after the last act", time.Since(ended).Round(100*time.Millisecond))
	<-time.After(3 * stageEvery) // whatever is doubled comes with another look
	s.check(stories)
}

func (s *stage) arrivals() map[string][]arrived {
	out := map[string][]arrived{}
	for _, e := range s.brevo.Events() {
		ticket := fmt.Sprint(e.Properties["ticket_id"])
		out[ticket] = append(out[ticket], arrived{e.Name, fmt.Sprint(e.Properties["key"]), "", e.ContactID})
	}
	return out
}

func (s *stage) unfinished(stories []*story) (n int) {
	events := s.arrivals()
	for _, h := range stories {
		missing, _ := h.wrong(events[strconv.FormatInt(h.ticket, 10)])
		n += len(missing)
	}
	return n
}

func (s *stage) check(stories []*story) {
	events, bad := s.arrivals(), 0
	for _, h := range stories {
		ticket := strconv.FormatInt(h.ticket, 10)
		missing, odd := h.wrong(events[ticket])
		if len(missing)+len(odd) == 0 {
			continue
		}
		if bad++; bad <= 5 {
			actions, err := s.account().Actions(background, "ticket/"+ticket)
			require.NoError(s.t, err)
			transitions, err := s.account().Transitions(background, "ticket/"+ticket)
			require.NoError(s.t, err)
			s.t.Errorf("ticket %s: missing %v; wrong %v\nrecorded %s\nactions %s", ticket, missing, odd, keys(transitions), states(actions))
		}
	}
	assert.Zero(s.t, bad, "tickets with wrong events of %d", len(stories))
	doubts, err := s.account().ActionsIn(background, store.ActionInDoubt, 10)
	require.NoError(s.t, err)
	assert.Empty(s.t, doubts)
	if s.t.(*testing.T).Failed() {
		s.t.Logf("worker log:\n%s\nwebhook log:\n%s", tail(s.worker.logs.String()), tail(s.webhook.logs.String()))
	}
	answers := map[string]int{}
	for _, d := range s.zendesk.Deliveries() {
		switch {
		case d.Lost:
			answers["lost"]++
		default:
			answers[d.Status]++
		}
	}
	s.t.Logf("webhooks by what became of them: %v; %d events in Brevo", answers, len(s.brevo.Events()))
}

func keys(transitions []rules.Transition) string {
	out := make([]string, len(transitions))
	for i, t := range transitions {
		out[i] = t.Key
	}
	return strings.Join(out, " ")
}

func states(actions []store.Action) string {
	out := make([]string, len(actions))
	for i, a := range actions {
		out[i] = a.Key + "=" + string(a.State)
	}
	return strings.Join(out, " ")
}

func tail(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
