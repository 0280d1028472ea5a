package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/workflows"
)

// view is a running sync at one moment.
type view struct {
	Kind    string
	Phase   string
	Elapsed time.Duration
	Streams []stream
	Push    []count // what the push has done so far, in words
	// Holds is what keeps the sync itself or its push waiting.
	Holds   []hold
	Trouble string // why the view may be out of date; empty when it is not
}

// stream is one resource that is read.
type stream struct {
	Name     string
	Rows     int64
	Pages    int64
	Expected int64   // approximate total; 0 when unknown
	Rate     float64 // rows per second lately
	State    string  // reading, done, skipped, failed
	Holds    []hold

	settled bool // its last numbers are known
}

const (
	streamReading = "reading"
	streamDone    = "done"
	streamFailed  = "failed"
	streamSkipped = "skipped"
)

// count is a number and what it counts.
type count struct {
	What string
	N    int64
}

// hold is a step that waits before its next attempt.
type hold struct {
	Paused  bool   // a person must act
	Reason  string // stable while the wait lasts
	Left    time.Duration
	Attempt int32
	Limit   bool // a rate limit, which is no failure
}

// lookout looks at a running sync again and again. It remembers what does not change any more, and enough of the past to
// tell a rate.
type lookout struct {
	engine  *engine
	account string
	run     execution
	streams map[string]*stream
	samples map[string][]sample
	latest  view
}

type sample struct {
	at   time.Time
	rows int64
}

// rateOver is the time over which rows per second are counted.
const rateOver = 15 * time.Second

func newLookout(e *engine, account string, run execution) *lookout {
	return &lookout{engine: e, account: account, run: run, streams: map[string]*stream{}, samples: map[string][]sample{}}
}

// at looks now. When Temporal or the worker does not answer, the view is the last one, and says so.
func (l *lookout) at(ctx context.Context) view {
	v := view{Kind: l.run.Kind, Phase: l.latest.Phase, Elapsed: l.engine.Now().Sub(l.run.StartedAt)}
	answer, err := l.engine.Describe(ctx, l.run.ID, l.run.RunID)
	if err != nil || answer == nil {
		v.Streams, v.Push, v.Trouble = l.latest.Streams, l.latest.Push, "Temporal does not answer; the sync itself is not harmed by that"
		return v
	}
	v.Holds = l.holds(answer)
	expected := map[string]int64{}
	if progress, err := l.engine.Progress(ctx, l.run.ID, l.run.RunID); err == nil {
		v.Phase, expected = progress.Phase, progress.Expected
		l.run.Kind, v.Kind = progress.Subject, progress.Subject
	} else {
		v.Trouble = l.silence(ctx)
	}
	for _, name := range control.Resources {
		l.lookAt(ctx, name, expected[name], v.Trouble == "")
		if s := l.streams[name]; s != nil {
			v.Streams = append(v.Streams, *s)
		}
	}
	if v.Phase == phasePush {
		l.lookAtPush(ctx, &v)
	}
	l.latest = v
	return v
}

// phasePush is what a Sync calls the part in which its Push runs.
const phasePush = "push"

// silence says why nobody answered a query.
func (l *lookout) silence(ctx context.Context) string {
	if polled, err := l.engine.Polled(ctx); err == nil && !polled {
		return "no worker runs: start one with `bin/worker`; the sync goes on where it was"
	}
	return "the worker does not answer at the moment"
}

// lookAt brings one stream up to date. Pulls of another run and streams that were read to their end are left alone.
func (l *lookout) lookAt(ctx context.Context, name string, expected int64, answering bool) {
	known := l.streams[name]
	if known != nil && known.settled {
		return
	}
	id := workflows.PullID(l.account, name)
	answer, err := l.engine.Describe(ctx, id, "")
	info := answer.GetWorkflowExecutionInfo()
	if err != nil || info.GetParentExecution().GetRunId() != l.run.RunID {
		return
	}
	s := &stream{Name: name, State: streamReading, Holds: l.holds(answer), Expected: expected}
	if known != nil {
		s.Rows, s.Pages, s.Expected = known.Rows, known.Pages, max(expected, known.Expected)
	}
	l.streams[name] = s
	answered := false
	if answering {
		if p, err := l.engine.Progress(ctx, id, info.GetExecution().GetRunId()); err == nil {
			s.Rows, s.Pages = p.Rows[name], p.Pages[name]
			s.Expected = max(s.Expected, p.Expected[name])
			answered = true
		}
	}
	s.Rate = l.rate(name, s.Rows)
	switch info.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		s.State, s.Rate, s.settled = streamDone, 0, answered
	default:
		s.State, s.Rate, s.settled = streamFailed, 0, answered
	}
}

func (l *lookout) rate(name string, rows int64) float64 {
	now := l.engine.Now()
	kept := append(l.samples[name], sample{now, rows})
	for len(kept) > 2 && now.Sub(kept[0].at) > rateOver {
		kept = kept[1:]
	}
	l.samples[name] = kept
	seconds := now.Sub(kept[0].at).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(rows-kept[0].rows) / seconds
}

func (l *lookout) lookAtPush(ctx context.Context, v *view) {
	answer, err := l.engine.Describe(ctx, workflows.PushID(l.account), "")
	info := answer.GetWorkflowExecutionInfo()
	if err != nil || info.GetParentExecution().GetRunId() != l.run.RunID {
		return
	}
	v.Holds = append(v.Holds, l.holds(answer)...)
	v.Push = l.latest.Push
	p, err := l.engine.Progress(ctx, info.GetExecution().GetWorkflowId(), info.GetExecution().GetRunId())
	if err != nil {
		return
	}
	v.Phase = phasePush + ": " + p.Phase
	v.Push = nil
	for _, what := range slices.Sorted(maps.Keys(p.Rows)) {
		v.Push = append(v.Push, count{what, p.Rows[what]})
	}
}

// last is the view of a run that has ended: its result knows the streams better than the last look.
func (l *lookout) last(result workflows.SyncResult, err error) view {
	v := l.latest
	v.Elapsed = l.engine.Now().Sub(l.run.StartedAt)
	v.Phase, _ = control.Ending(err)
	v.Push, v.Holds, v.Trouble = nil, nil, ""
	if err != nil {
		return v
	}
	v.Streams = nil
	for _, name := range control.Resources {
		pulled, read := result.Streams[name]
		if !read {
			continue
		}
		s := stream{Name: name, Rows: pulled.Rows, Pages: pulled.Pages, State: streamDone}
		if pulled.Skipped != "" {
			s.State = streamSkipped
		}
		if known := l.streams[name]; known != nil {
			s.Expected = known.Expected
		}
		v.Streams = append(v.Streams, s)
	}
	return v
}

// holds are the steps of a workflow that wait for their next attempt.
func (l *lookout) holds(answer *workflowservice.DescribeWorkflowExecutionResponse) []hold {
	var out []hold
	for _, pending := range answer.GetPendingActivities() {
		if h, waits := holdOf(pending, l.engine.Now()); waits {
			out = append(out, h)
		}
	}
	return out
}

// holdOf reads why a pending activity waits. Its failure's message holds no personal data: the steps see to that.
func holdOf(pending *workflow.PendingActivityInfo, now time.Time) (hold, bool) {
	failure := pending.GetLastFailure()
	if failure == nil || pending.GetState() != enums.PENDING_ACTIVITY_STATE_SCHEDULED {
		return hold{}, false
	}
	h := hold{Attempt: pending.GetAttempt()}
	if next := pending.GetNextAttemptScheduleTime(); next != nil {
		h.Left = max(0, next.AsTime().Sub(now))
	}
	message := oneLine(failure.GetMessage())
	switch failure.GetApplicationFailureInfo().GetType() {
	case activities.ErrPaused:
		h.Paused, h.Reason = true, strings.TrimPrefix(message, "paused: ")
	case activities.ErrRateLimited:
		h.Limit = true
		_, reason, found := strings.Cut(message, ": ") // "waiting 34 s: Zendesk export budget"
		if !found {
			reason = message
		}
		h.Reason = reason
	default:
		h.Reason = message
	}
	return h, h.Left > 0 || h.Paused
}
