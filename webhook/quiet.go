package main

import (
	"sync"
	"time"
)

// quietFor is the least time between two lines of one kind.
const quietFor = 10 * time.Second

// quiet keeps a flood of requests from becoming a flood of log lines. Its kinds are few and fixed: nothing of a request is
// part of one.
type quiet struct {
	now   func() time.Time
	mu    sync.Mutex
	kinds map[string]*silence
}

type silence struct {
	until time.Time
	held  int
}

func newQuiet(now func() time.Time) *quiet { return &quiet{now: now, kinds: map[string]*silence{}} }

// may says whether a line of the kind may be written now, and how many were held back before it.
func (q *quiet) may(kind string) (held int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.kinds[kind]
	if s == nil {
		s = &silence{}
		q.kinds[kind] = s
	}
	now := q.now()
	if now.Before(s.until) {
		s.held++
		return 0, false
	}
	held, s.held, s.until = s.held, 0, now.Add(quietFor)
	return held, true
}
