package workflows

import (
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// preview reads Zendesk as far as it has not been read, looks at every contact in Brevo, and decides what a sync would do. It
// writes to neither, offers nothing that happened, and settles nothing: the next sync finds everything as it would have.
func (s *syncRun) preview(ctx workflow.Context) error {
	in := activities.PreviewInput{Account: s.in.Account, RunID: workflow.GetInfo(ctx).WorkflowExecution.RunID}
	s.progress.phase(ctx, "preflight")
	var found activities.PreflightResult
	err := workflow.ExecuteActivity(vendorCalls(ctx, s.in.Account+": foresee preflight"), account.ForeseePreflight, in).Get(ctx, &found)
	s.result.Notices = found.Notices
	s.progress.Expected = found.Expected
	if err != nil {
		return err
	}
	if err := s.pull(ctx); err != nil {
		return err
	}
	look := &pushRun{in: PushInput{Account: in.Account, RunID: in.RunID, Full: true}, progress: s.progress, preview: true}
	if _, err := look.scan(ctx, true); err != nil {
		return err
	}
	s.progress.phase(ctx, "decide")
	var foreseen activities.Foreseen
	if err := workflow.ExecuteActivity(vendorCalls(ctx, s.in.Account+": decide"), account.Foresee, in).Get(ctx, &foreseen); err != nil {
		return err
	}
	s.result.Preview = &foreseen
	s.result.Notices = append(s.result.Notices, foreseen.Notices...)
	return nil
}
