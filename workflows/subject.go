package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// SubjectResult counts what one run of a Ticket or User workflow did.
type SubjectResult struct {
	Events    int            `json:"events"`
	Refreshes int            `json:"refreshes"`
	Actions   map[string]int `json:"actions,omitempty"` // by how they ended
}

// Ticket looks after one ticket from the first news of it until nothing is left to do: it reads the ticket into the mirror,
// brings the requester's contact up to date, has the rules judge what happened, and carries out what they plan, now or
// when it is due.
func Ticket(ctx workflow.Context, in SubjectInput) (SubjectResult, error) {
	return lookAfter(ctx, in, "ticket", Ticket, func(ctx workflow.Context, r activities.RefreshInput) workflow.Future {
		return workflow.ExecuteActivity(ctx, zendesk.RefreshTicket, r)
	})
}

// User looks after one user in the same way.
func User(ctx workflow.Context, in SubjectInput) (SubjectResult, error) {
	return lookAfter(ctx, in, "user", User, func(ctx workflow.Context, r activities.RefreshInput) workflow.Future {
		return workflow.ExecuteActivity(ctx, zendesk.RefreshUser, r)
	})
}

// subjectRun is the state of one run. What is planned lies in the store as well: a run that ends early loses nothing.
type subjectRun struct {
	in      SubjectInput
	kind    string // ticket, user
	refresh func(workflow.Context, activities.RefreshInput) workflow.Future
	events  workflow.ReceiveChannel
	news    []Event
	pending []activities.PlannedAction // the next due first
	// notBefore holds back delayed actions while a stream that was switched on has yet to be read whole.
	notBefore time.Time
	result    SubjectResult
}

// unready is how long a delayed action waits before it is looked at again when a stream has yet to be read whole.
const unready = time.Minute

func lookAfter(
	ctx workflow.Context, in SubjectInput, kind string, again any, refresh func(workflow.Context, activities.RefreshInput) workflow.Future,
) (SubjectResult, error) {
	s := &subjectRun{
		in: in, kind: kind, refresh: refresh, events: workflow.GetSignalChannel(ctx, EventSignal), news: in.News,
		result: SubjectResult{Actions: map[string]int{}},
	}
	if in.Resumed {
		if err := s.evaluate(ctx); err != nil {
			return s.result, err
		}
	}
	for {
		s.receive()
		switch {
		case s.handsOn(ctx):
			in.Resumed, in.News = true, s.news
			return s.result, workflow.NewContinueAsNewError(ctx, again, in)
		case len(s.news) > 0:
			if err := s.follow(ctx); err != nil {
				return s.result, err
			}
		case len(s.pending) == 0:
			return s.result, nil
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			in.Resumed, in.News = true, nil // what is pending is read from the store again; the news were followed
			return s.result, workflow.NewContinueAsNewError(ctx, again, in)
		default:
			if err := s.await(ctx); err != nil {
				return s.result, err
			}
		}
	}
}

// handsOn reports whether the news are left to a next run: where they never end, this one's history would grow for ever. Runs that
// began before news could be handed on have followed them at this point.
func (s *subjectRun) handsOn(ctx workflow.Context) bool {
	return len(s.news) > 0 && workflow.GetInfo(ctx).GetContinueAsNewSuggested() &&
		workflow.GetVersion(ctx, "hand on news", workflow.DefaultVersion, 1) == 1
}

// receive takes every signal that has arrived.
func (s *subjectRun) receive() {
	for {
		var e Event
		if !s.events.ReceiveAsync(&e) {
			return
		}
		s.news = append(s.news, e)
		s.result.Events++
	}
}

// follow catches up with the news: it waits a moment for what belongs to them, so that a burst is read once.
func (s *subjectRun) follow(ctx workflow.Context) error {
	if s.stale() && s.in.Settle > 0 {
		s.show(ctx, "waits for the burst to settle")
		timer := workflow.NewTimerWithOptions(ctx, s.in.Settle, workflow.TimerOptions{Summary: "settle"})
		if err := timer.Get(ctx, nil); err != nil {
			return err
		}
		s.receive()
	}
	news := s.news
	s.news = nil
	if anyStale(news) {
		ready, err := s.read(ctx, news)
		if err != nil || !ready {
			return err
		}
	}
	return s.evaluate(ctx)
}

func (s *subjectRun) stale() bool { return anyStale(s.news) }

func anyStale(news []Event) bool {
	for _, e := range news {
		if !e.Recorded {
			return true
		}
	}
	return false
}

// read brings the mirror and the contacts up to date. It reports false while the first sync has not read everything: then
// what was recorded waits for that sync's end.
func (s *subjectRun) read(ctx workflow.Context, news []Event) (ready bool, _ error) {
	in := activities.RefreshInput{Account: s.in.Account, ID: s.in.ID}
	for _, e := range news {
		if e.MergedWith != 0 {
			in.Merges = append(in.Merges, activities.MergeNews{With: e.MergedWith, At: e.At})
		}
		in.Rated = in.Rated || e.rated()
	}
	s.show(ctx, "reads Zendesk")
	s.result.Refreshes++
	var got activities.Refreshed
	if err := s.refresh(vendorCalls(ctx, fmt.Sprintf("%s: %s %d", s.in.Account, s.kind, s.in.ID)), in).Get(ctx, &got); err != nil {
		return false, err
	}
	if !got.Ready {
		s.notBefore = workflow.Now(ctx).Add(unready)
		return false, nil
	}
	return true, s.write(ctx, got.Users)
}

// write brings the contacts of users up to date.
func (s *subjectRun) write(ctx workflow.Context, users []int64) error {
	for _, user := range users {
		s.show(ctx, "writes the contact")
		err := workflow.ExecuteActivity(vendorCalls(ctx, fmt.Sprintf("%s: contact of user %d", s.in.Account, user)), brevo.PushContact,
			activities.PushContactInput{Account: s.in.Account, UserID: user, RunID: runID(ctx)}).Get(ctx, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// evaluate has the rules judge what is new, and takes over everything that waits to be done.
func (s *subjectRun) evaluate(ctx workflow.Context) error {
	var plan activities.Evaluated
	err := workflow.ExecuteActivity(vendorCalls(ctx, s.in.Account+": rules"), account.EvaluateRules, activities.EvaluateInput{
		Account: s.in.Account, Kind: s.kind, ID: s.in.ID,
	}).Get(ctx, &plan)
	if err != nil {
		return err
	}
	s.pending = plan.Actions
	return s.write(ctx, plan.Users)
}

// await carries out the next action when it is due, or returns when something happens before.
func (s *subjectRun) await(ctx workflow.Context) error {
	next := s.pending[0]
	due := next.Due
	if next.Delayed && s.notBefore.After(due) {
		due = s.notBefore
	}
	wait := due.Sub(workflow.Now(ctx))
	if wait <= 0 {
		return s.act(ctx, next)
	}
	s.show(ctx, "waits until "+due.Format(time.RFC3339)+" for "+next.Rule)
	timing, stop := workflow.WithCancel(ctx)
	defer stop()
	timer := workflow.NewTimerWithOptions(timing, wait, workflow.TimerOptions{Summary: next.Rule})
	fired := false
	var failed error
	selector := workflow.NewSelector(ctx)
	selector.AddFuture(timer, func(f workflow.Future) { failed, fired = f.Get(ctx, nil), true })
	selector.AddReceive(s.events, func(c workflow.ReceiveChannel, _ bool) {
		var e Event
		c.Receive(ctx, &e)
		s.news = append(s.news, e)
		s.result.Events++
	})
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) { failed = temporal.NewCanceledError() })
	selector.Select(ctx)
	if failed != nil || !fired {
		return failed
	}
	return s.act(ctx, next)
}

// act carries out one action. Before one that was delayed the record is read once more: it may have changed without a
// webhook telling of it, and what is recorded then may stand against the action.
func (s *subjectRun) act(ctx workflow.Context, p activities.PlannedAction) error {
	if p.Delayed {
		if ready, err := s.read(ctx, nil); err != nil || !ready {
			return err
		}
		if err := s.evaluate(ctx); err != nil {
			return err
		}
		if !s.holds(p.Key) {
			return nil
		}
	}
	s.show(ctx, p.Kind+" of "+p.Rule)
	var out activities.ActResult
	err := workflow.ExecuteActivity(vendorCalls(ctx, s.in.Account+": "+p.Kind+", "+p.Rule), account.Act, activities.ActInput{
		Account: s.in.Account, Key: p.Key,
	}).Get(ctx, &out)
	if err != nil {
		return err
	}
	s.result.Actions[out.State]++
	s.drop(p.Key)
	return nil
}

func (s *subjectRun) holds(key string) bool {
	for i := range s.pending {
		if s.pending[i].Key == key {
			return true
		}
	}
	return false
}

func (s *subjectRun) drop(key string) {
	kept := s.pending[:0:0]
	for i := range s.pending {
		if s.pending[i].Key != key {
			kept = append(kept, s.pending[i])
		}
	}
	s.pending = kept
}

func (s *subjectRun) show(ctx workflow.Context, doing string) {
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%s**: %s %d %s; %d planned\n", s.in.Account, s.kind, s.in.ID, doing, len(s.pending)))
}

func runID(ctx workflow.Context) string { return workflow.GetInfo(ctx).WorkflowExecution.RunID }
