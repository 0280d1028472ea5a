package dev_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/dev"
)

// stage starts fake processes and writes down what happens to them.
type stage struct {
	mu    sync.Mutex
	log   []string
	procs map[string]*fake
}

type fake struct {
	name     string
	stage    *stage
	stubborn bool
	done     chan struct{}
	once     sync.Once
	err      error
}

func (s *stage) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, what)
}

func (s *stage) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.log...)
}

func (s *stage) start(p dev.Part, _ []string, _ io.Writer) (dev.Process, error) {
	if p.Command[0] == "missing" {
		return nil, errors.New("no such file")
	}
	f := &fake{name: p.Name, stage: s, stubborn: p.Command[0] == "stubborn", done: make(chan struct{})}
	s.note("start " + p.Name)
	s.mu.Lock()
	s.procs[p.Name] = f
	s.mu.Unlock()
	return f, nil
}

func (s *stage) die(name string, err error) {
	s.mu.Lock()
	f := s.procs[name]
	s.mu.Unlock()
	f.end(err)
}

func (f *fake) end(err error) {
	f.once.Do(func() { f.err = err; close(f.done) })
}
func (f *fake) Done() <-chan struct{} { return f.done }
func (f *fake) Err() error            { return f.err }
func (f *fake) Terminate() {
	f.stage.note("stop " + f.name)
	if !f.stubborn {
		f.end(nil)
	}
}

func (f *fake) Kill() {
	f.stage.note("kill " + f.name)
	f.end(errors.New("signal: killed"))
}

// after is ready once that much time has passed since it was first asked.
func after(d time.Duration) dev.Check {
	var first time.Time
	return func(context.Context) error {
		if first.IsZero() {
			first = time.Now()
		}
		if time.Since(first) < d {
			return errors.New("still loading")
		}
		return nil
	}
}

func newStage() (*stage, *dev.Supervisor) {
	s := &stage{procs: map[string]*fake{}}
	return s, &dev.Supervisor{Out: dev.NewOutput(&bytes.Buffer{}, false), Start: s.start, Grace: 10 * time.Second}
}

func part(name string, needs ...string) dev.Part {
	return dev.Part{Name: name, Command: []string{"run"}, Needs: needs}
}

func TestPartsStartWhenTheirNeedsAreReadyAndStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, supervisor := newStage()
		temporal, simulator := part("temporal"), part("simulator")
		temporal.Ready, simulator.Ready = after(3*time.Second), after(2*time.Second)
		began := time.Now()
		err := supervisor.Run(t.Context(), []dev.Part{part("worker", "temporal", "simulator"), temporal, simulator}, func(context.Context) error {
			stage.note("work")
			// Both were loading at the same time.
			assert.Less(t, time.Since(began), 4*time.Second)
			assert.GreaterOrEqual(t, time.Since(began), 3*time.Second)
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, []string{
			"start temporal", "start simulator", "start worker", "work", "stop worker", "stop simulator", "stop temporal",
		}, stage.lines())
	})
}

func TestPartThatDiesStopsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, supervisor := newStage()
		err := supervisor.Run(t.Context(), []dev.Part{part("temporal"), part("worker", "temporal")}, func(ctx context.Context) error {
			stage.die("worker", errors.New("exit status 1"))
			<-ctx.Done()
			return context.Cause(ctx)
		})
		require.EqualError(t, err, "worker ended: exit status 1")
		assert.Contains(t, stage.lines(), "stop temporal")
	})
}

func TestPartThatDiesBeforeItIsReadyIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, supervisor := newStage()
		temporal := part("temporal")
		temporal.Ready = after(20 * time.Second)
		go func() {
			time.Sleep(time.Second)
			stage.die("temporal", nil)
		}()
		err := supervisor.Run(t.Context(), []dev.Part{temporal, part("worker", "temporal")}, func(context.Context) error {
			return errors.New("must not be reached")
		})
		require.EqualError(t, err, "temporal ended by itself")
		assert.NotContains(t, stage.lines(), "start worker")
	})
}

func TestPartThatIsNeverReadyFailsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, supervisor := newStage()
		temporal := part("temporal")
		temporal.Ready, temporal.Within = after(time.Hour), 5*time.Second
		began := time.Now()
		err := supervisor.Run(t.Context(), []dev.Part{temporal, part("worker", "temporal")}, func(context.Context) error { return nil })
		require.EqualError(t, err, "temporal is not ready after 5s: still loading")
		assert.InDelta(t, 5, time.Since(began).Seconds(), 0.2)
		assert.Equal(t, []string{"start temporal", "stop temporal"}, stage.lines())
	})
}

func TestStubbornPartIsKilledAfterTheGracePeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, supervisor := newStage()
		worker := part("worker", "temporal")
		worker.Command = []string{"stubborn"}
		began := time.Now()
		require.NoError(t, supervisor.Run(t.Context(), []dev.Part{part("temporal"), worker}, func(context.Context) error { return nil }))
		assert.Equal(t, supervisor.Grace, time.Since(began))
		assert.Equal(t, []string{"start temporal", "start worker", "stop worker", "kill worker", "stop temporal"}, stage.lines())
	})
}

func TestInterruptIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, supervisor := newStage()
		ctx, interrupt := context.WithCancel(t.Context())
		err := supervisor.Run(ctx, []dev.Part{part("temporal")}, func(ctx context.Context) error {
			interrupt()
			<-ctx.Done()
			return context.Cause(ctx)
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"start temporal", "stop temporal"}, stage.lines())
	})
}

func TestPartThatCannotStartStopsThoseThatDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stage, supervisor := newStage()
		worker := part("worker", "temporal")
		worker.Command = []string{"missing"}
		err := supervisor.Run(t.Context(), []dev.Part{part("temporal"), worker}, func(context.Context) error { return nil })
		require.EqualError(t, err, "no such file")
		assert.Equal(t, []string{"start temporal", "stop temporal"}, stage.lines())
	})
}

func TestWorkDecidesTheResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, supervisor := newStage()
		failed := errors.New("the sync failed")
		err := supervisor.Run(t.Context(), []dev.Part{part("temporal")}, func(context.Context) error { return failed })
		require.ErrorIs(t, err, failed)
	})
}

func TestImpossiblePartsAreRefused(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	for name, test := range map[string]struct {
		parts []dev.Part
		want  string
	}{
		"twice":   {[]dev.Part{part("a"), part("a")}, "two parts are called a"},
		"unknown": {[]dev.Part{part("a", "b")}, "part a needs b, which does not exist"},
		"circle":  {[]dev.Part{part("a", "b"), part("b", "a"), part("c")}, "parts need each other in a circle: a, b"},
		"empty":   {[]dev.Part{{Name: "a"}}, "part a has no command"},
	} {
		t.Run(name, func(t *testing.T) {
			stage, supervisor := newStage()
			require.EqualError(t, supervisor.Run(t.Context(), test.parts, nothing), test.want)
			assert.Empty(t, stage.lines())
		})
	}
}
