package dev

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultGrace is how long a part may take to stop before it is killed. A worker gives its steps in hand 20 s.
const DefaultGrace = 25 * time.Second

// pollEvery is the pause between two looks at whether a part is ready.
const pollEvery = 100 * time.Millisecond

// Supervisor starts parts and stops them.
type Supervisor struct {
	Out   *Output
	Env   []string      // NAME=value, what every part gets
	Grace time.Duration // between SIGTERM and SIGKILL; 0 means DefaultGrace
	Start Starter       // nil means StartProcess
	Note  func(string)  // told what happens, in words, from several goroutines; may be nil
}

// Run checks the ports, starts the parts in the order of their needs, calls work once all are ready, and stops everything, the
// last started first, when work returns, ctx ends or a part ends by itself. The context given to work ends in the last two
// cases. Run returns work's error, or which part failed and how; when ctx ended it returns nil. A part that ends by itself is
// a failure even with exit code 0. Nothing is started when a port is taken.
func (s *Supervisor) Run(ctx context.Context, parts []Part, work func(context.Context) error) error {
	order, err := inOrder(parts)
	if err != nil {
		return err
	}
	if err := CheckPorts(ctx, order); err != nil {
		return err
	}
	for _, p := range order {
		s.Out.Width(len(p.Name))
	}
	t := &troupe{Supervisor: s, started: map[string]*running{}}
	working, fail := context.WithCancelCause(ctx)
	t.fail = fail
	err = t.perform(working, order, work)
	interrupted, failure := ctx.Err() != nil, context.Cause(working)
	fail(nil) // what ends from here on was asked to
	t.stop()
	t.watchers.Wait()
	switch {
	case interrupted:
		return nil
	case failure != nil:
		return failure
	default:
		return err
	}
}

// running is a part that was started.
type running struct {
	part  Part
	proc  Process
	ready chan struct{} // closed once its check passed
}

// troupe is the state of one Run.
type troupe struct {
	*Supervisor
	started  map[string]*running
	stack    []*running              // in the order they were started
	fail     context.CancelCauseFunc // ends the run
	watchers sync.WaitGroup
}

func (t *troupe) perform(ctx context.Context, order []Part, work func(context.Context) error) error {
	for _, p := range order {
		if err := t.start(ctx, p); err != nil {
			return err
		}
	}
	for _, r := range t.stack {
		if err := await(ctx, r); err != nil {
			return err
		}
	}
	return work(ctx)
}

// start waits for what the part needs, starts it, and watches it.
func (t *troupe) start(ctx context.Context, p Part) error {
	for _, need := range p.Needs {
		if err := await(ctx, t.started[need]); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	start := t.Start
	if start == nil {
		start = StartProcess
	}
	out := t.Out.Part(p.Name)
	proc, err := start(p, merge(t.Env, p.Env), out)
	if err != nil {
		_ = out.Close()
		return err
	}
	r := &running{part: p, proc: proc, ready: make(chan struct{})}
	t.started[p.Name] = r
	t.stack = append(t.stack, r)
	t.watchers.Go(func() {
		<-proc.Done()
		_ = out.Close()
		t.fail(ended(p.Name, proc.Err()))
	})
	t.watchers.Go(func() {
		if err := pollReady(ctx, p); err != nil {
			t.fail(err)
			return
		}
		close(r.ready)
		t.note(p.Name + " is ready")
	})
	return nil
}

func ended(name string, err error) error {
	if err == nil {
		return fmt.Errorf("%s ended by itself", name)
	}
	return fmt.Errorf("%s ended: %w", name, err)
}

func await(ctx context.Context, r *running) error {
	select {
	case <-r.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// pollReady returns nil once the part's check passes, and the last thing missing when it did not in time.
func pollReady(ctx context.Context, p Part) error {
	if p.Ready == nil {
		return nil
	}
	limit, cancel := context.WithTimeout(ctx, p.within())
	defer cancel()
	for {
		once, cancelOnce := context.WithTimeout(limit, 2*time.Second)
		err := p.Ready(once)
		cancelOnce()
		if err == nil {
			return nil
		}
		select {
		case <-limit.Done():
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s is not ready after %s: %w", p.Name, p.within(), err)
		case <-time.After(pollEvery):
		}
	}
}

// stop ends the parts one after the other, the last started first.
func (t *troupe) stop() {
	grace := t.Grace
	if grace == 0 {
		grace = DefaultGrace
	}
	for _, r := range slices.Backward(t.stack) {
		r.proc.Terminate()
		select {
		case <-r.proc.Done():
		case <-time.After(grace):
			t.note(fmt.Sprintf("%s did not stop within %s: killed", r.part.Name, grace))
			r.proc.Kill()
			<-r.proc.Done()
		}
	}
}

func (s *Supervisor) note(text string) {
	if s.Note != nil {
		s.Note(text)
	}
}

// merge puts later values of a variable over earlier ones.
func merge(lists ...[]string) []string {
	var names []string
	last := map[string]string{}
	for _, list := range lists {
		for _, pair := range list {
			name, _, _ := strings.Cut(pair, "=")
			if _, known := last[name]; !known {
				names = append(names, name)
			}
			last[name] = pair
		}
	}
	merged := make([]string, len(names))
	for i, name := range names {
		merged[i] = last[name]
	}
	return merged
}
