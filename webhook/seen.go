package main

import (
	"sync"
	"time"
)

// seenMost bounds each of the two generations: at 36 bytes an id, both take 15 MB at most. 50 deliveries a second for the
// default of 15 minutes are 45,000.
const seenMost = 1 << 16

// seen remembers the ids of events that Temporal holds, for at least keep unless more than seenMost come in that time.
// Forgetting one costs a look at a ticket that is known already.
type seen struct {
	keep time.Duration
	most int
	now  func() time.Time

	mu         sync.Mutex
	young, old map[string]struct{}
	since      time.Time // of the young generation
}

func newSeen(keep time.Duration, most int, now func() time.Time) *seen {
	return &seen{keep: keep, most: most, now: now, young: map[string]struct{}{}, since: now()}
}

// has says whether the id was added a while ago. The empty id never was.
func (s *seen) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(0)
	_, young := s.young[id]
	_, old := s.old[id]
	return young || old
}

func (s *seen) add(id string) {
	if id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(1)
	s.young[id] = struct{}{}
}

// turn makes the young generation the old one when it is old enough, or has no room for more.
func (s *seen) turn(more int) {
	now := s.now()
	age := now.Sub(s.since)
	if age < s.keep && len(s.young)+more <= s.most {
		return
	}
	s.old = s.young
	if age >= 2*s.keep {
		s.old = nil
	}
	s.young, s.since = map[string]struct{}{}, now
}
