package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
	"zendesk-brevo/mapping"
)

// SyncInput says what to bring over. Full and incremental are the same run from different cursors.
type SyncInput struct {
	Account string `json:"account"` // the Zendesk subdomain
	Type    string `json:"type"`    // activities.Full, activities.Incremental, activities.Replay or activities.Preview
	// Resources limits the run to these streams; empty: every stream the configuration switches on.
	Resources []string `json:"resources,omitempty"`
	// Since bounds the tickets and ratings that count, by their creation; zero: all count. Of a replay it is where the stretch
	// that is read once more begins, and Until where it ends.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Records are what a replay reads instead of a stretch of time.
	Records []activities.Record `json:"records,omitempty"`
}

// SyncResult counts what the run did.
type SyncResult struct {
	Streams   map[string]PullResult `json:"streams"`
	Records   int64                 `json:"records,omitempty"` // of a replay that named some
	Preview   *activities.Foreseen  `json:"preview,omitempty"` // of a preview that came to its end
	Push      PushResult            `json:"push"`
	Notices   []string              `json:"notices,omitempty"`
	StartedAt time.Time             `json:"started_at"`
	EndedAt   time.Time             `json:"ended_at"`
}

// Sync is one run of an account: preflight, every stream pulled in parallel, changes pushed, the run recorded. It
// fails only for what a person must mend in the configuration; everything else waits inside its activities.
func Sync(ctx workflow.Context, in SyncInput) (SyncResult, error) {
	s := &syncRun{
		in:       in,
		progress: newProgress(ctx, in.Account, in.Type),
		result:   SyncResult{Streams: map[string]PullResult{}, StartedAt: workflow.Now(ctx)},
	}
	if err := s.progress.serve(ctx); err != nil {
		return s.result, err
	}
	err := s.run(ctx)
	if endErr := s.end(ctx, err); endErr != nil && err == nil {
		err = endErr
	}
	return s.result, err
}

// syncRun is the state of one Sync.
type syncRun struct {
	in       SyncInput
	begun    activities.RunStarted
	progress *progress
	result   SyncResult
}

func (s *syncRun) run(ctx workflow.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if s.in.Type == activities.Preview {
		return s.preview(ctx)
	}
	if err := s.preflight(ctx); err != nil {
		return err
	}
	read := s.pull
	if len(s.in.Records) > 0 {
		read = s.records
	}
	if err := read(ctx); err != nil {
		return err
	}
	if err := s.push(ctx); err != nil {
		return err
	}
	return s.offer(ctx)
}

// offer wakes the workflows of tickets and users of which something was recorded that nobody has looked after: each change
// reaches its rules, whether or not a webhook told of it.
func (s *syncRun) offer(ctx workflow.Context) error {
	if workflow.GetVersion(ctx, "offer", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	s.progress.phase(ctx, "offer")
	for after := ""; ; {
		var out activities.Offered
		err := workflow.ExecuteActivity(vendorCalls(ctx, s.in.Account+": offer what happened"), account.OfferTransitions,
			activities.OfferInput{Account: s.in.Account, After: after}).Get(ctx, &out)
		if err != nil {
			return err
		}
		s.progress.add(ctx, "offered", out.Subjects)
		if after = out.Next; after == "" {
			return nil
		}
	}
}

func (s *syncRun) begin(ctx workflow.Context) error {
	return workflow.ExecuteActivity(storeCalls(ctx), account.BeginRun, activities.BeginRunInput{
		Account: s.in.Account, RunID: workflow.GetInfo(ctx).WorkflowExecution.RunID, Type: s.in.Type,
		Resources: s.in.Resources, Since: s.in.Since, StartedAt: s.result.StartedAt, Records: len(s.in.Records) > 0,
	}).Get(ctx, &s.begun)
}

func (s *syncRun) preflight(ctx workflow.Context) error {
	s.progress.phase(ctx, "preflight")
	var found activities.PreflightResult
	err := workflow.ExecuteActivity(vendorCalls(ctx, s.in.Account+": preflight"), account.Preflight, activities.PreflightInput{
		Account: s.in.Account, Full: s.in.Type == activities.Full,
	}).Get(ctx, &found)
	s.result.Notices = found.Notices
	s.progress.Expected = found.Expected
	return err
}

func (s *syncRun) pull(ctx workflow.Context) error {
	s.progress.phase(ctx, "pull")
	ctx, cancelPulls := workflow.WithCancel(ctx)
	defer cancelPulls()
	futures := make([]workflow.ChildWorkflowFuture, len(s.begun.Streams))
	for i, stream := range s.begun.Streams {
		futures[i] = workflow.ExecuteChildWorkflow(s.child(ctx, PullID(s.in.Account, stream), stream), Pull, PullInput{
			Account: s.in.Account, Stream: stream, Expected: s.progress.Expected[stream],
			Replay: s.in.Type == activities.Replay, Since: s.replayed(s.in.Since), Until: s.replayed(s.in.Until),
		})
	}
	read, skipped, failed := 0, 0, error(nil)
	for i, stream := range s.begun.Streams {
		var pulled PullResult
		if err := futures[i].Get(ctx, &pulled); err != nil {
			// The others must have ended before this run does, or the next would meet them under their ids.
			cancelPulls()
			if failed == nil {
				failed = fmt.Errorf("pull %s: %w", stream, err)
			}
			continue
		}
		s.result.Streams[stream] = pulled
		// An account without the new surveys is an ordinary one: their stream just ends, and says nothing of the rest.
		if stream != string(mapping.SatisfactionRatings) {
			read++
		}
		if pulled.Notice != "" {
			s.result.Notices = append(s.result.Notices, pulled.Notice)
		}
		if pulled.Skipped != "" {
			skipped++
			s.result.Notices = append(s.result.Notices, stream+" skipped: "+pulled.Skipped)
		}
	}
	if failed != nil || skipped == 0 || skipped < read {
		return failed
	}
	if err := workflow.ExecuteActivity(storeCalls(ctx), account.PauseNoAccess, s.in.Account).Get(ctx, nil); err != nil {
		return err
	}
	return temporal.NewNonRetryableApplicationError("Zendesk refuses every stream to the connected user; the account is paused", activities.ErrRefused, nil)
}

// replayed is a bound of a replay; other runs have it in the store.
func (s *syncRun) replayed(at time.Time) time.Time {
	if s.in.Type != activities.Replay {
		return time.Time{}
	}
	return at
}

// records reads single records once more.
func (s *syncRun) records(ctx workflow.Context) error {
	s.progress.phase(ctx, "read records")
	var out activities.RecordsRead
	err := workflow.ExecuteActivity(vendorCalls(ctx, s.in.Account+": read records"), zendesk.ReadRecords, activities.RecordsInput{
		Account: s.in.Account, Records: s.in.Records,
	}).Get(ctx, &out)
	s.result.Notices = append(s.result.Notices, out.Notices...)
	s.result.Records = out.Read
	s.progress.add(ctx, "records", out.Read)
	return err
}

func (s *syncRun) push(ctx workflow.Context) error {
	s.progress.phase(ctx, "push")
	err := workflow.ExecuteChildWorkflow(s.child(ctx, PushID(s.in.Account), "push"), Push, PushInput{
		Account: s.in.Account, RunID: workflow.GetInfo(ctx).WorkflowExecution.RunID, Full: s.in.Type == activities.Full,
	}).Get(ctx, &s.result.Push)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	for _, notice := range []string{s.result.Push.Notice, s.result.Push.LeftOut} {
		if notice != "" {
			s.result.Notices = append(s.result.Notices, notice)
		}
	}
	return nil
}

// end records how the run ended, also when it was canceled.
func (s *syncRun) end(ctx workflow.Context, err error) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	s.result.EndedAt = workflow.Now(ctx)
	status := activities.RunCompleted
	switch {
	case temporal.IsCanceledError(err):
		status = activities.RunCanceled
	case err != nil:
		status = activities.RunFailed
		s.result.Notices = append(s.result.Notices, reason(err))
	}
	s.progress.phase(ctx, status)
	if s.in.Type == activities.Preview {
		return nil // it is no run: what it found is stored, and what stands in its way is its own error
	}
	stats := activities.EndRunInput{
		Account: s.in.Account, RunID: workflow.GetInfo(ctx).WorkflowExecution.RunID, Status: status,
		Sent: s.result.Push.Sent, Left: s.result.Push.Left, Held: s.result.Push.Held, Skipped: s.result.Push.Skipped,
		Rejected: s.result.Push.Rejected, Companies: s.result.Push.Companies, CompaniesRejected: s.result.Push.CompaniesRejected, Notices: s.result.Notices,
		Rows: map[string]int64{}, Pages: map[string]int64{}, StreamsSkipped: map[string]string{},
	}
	for _, stream := range s.begun.Streams {
		pulled := s.result.Streams[stream]
		stats.Rows[stream], stats.Pages[stream] = pulled.Rows, pulled.Pages
		if pulled.Skipped != "" {
			stats.StreamsSkipped[stream] = pulled.Skipped
		}
	}
	var ended activities.RunEnded
	if err := workflow.ExecuteActivity(storeCalls(ctx), account.EndRun, stats).Get(ctx, &ended); err != nil {
		return err
	}
	s.result.Push.Unchanged = ended.Unchanged
	return nil
}

// child runs under a fixed id, ends with its parent, and can be found by account and stream.
func (s *syncRun) child(ctx workflow.Context, id, stream string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_TERMINATE,
		WaitForCancellation:   true,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         s.in.Account + ": " + s.in.Type + ", " + stream,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			AccountAttribute.ValueSet(s.in.Account), TypeAttribute.ValueSet(s.in.Type), StreamAttribute.ValueSet(stream)),
	})
}

// reason is what a person needs to know of a failed run: the step's own words, without the wrapping.
func reason(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	return err.Error()
}
