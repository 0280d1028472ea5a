package workflows

import (
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// TickInput names the account whose schedule fired.
type TickInput struct {
	Account string `json:"account"`
}

// TickResult says what the tick came to.
type TickResult struct {
	// Skipped: a sync was running already, by hand or from the tick before.
	Skipped bool `json:"skipped,omitempty"`
	// Stopped: a person paused or disconnected the account, so no sync was begun.
	Stopped string     `json:"stopped,omitempty"`
	Sync    SyncResult `json:"sync"`
}

// Tick is what an account's schedule starts. A schedule gives each of its workflows an id of its own, so the tick's
// work is the Sync under the account's one id: two syncs of an account never run side by side.
//
// Where a person paused the account it begins none: the schedule is paused too, unless Temporal was away at that moment.
func Tick(ctx workflow.Context, in TickInput) (TickResult, error) {
	if workflow.GetVersion(ctx, "stopped", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
		var stopped activities.Stopped
		if err := workflow.ExecuteActivity(storeCalls(ctx), account.AskStopped, in.Account).Get(ctx, &stopped); err != nil {
			return TickResult{}, err
		}
		if stopped.By != "" {
			return TickResult{Stopped: stopped.By}, nil
		}
	}
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            SyncID(in.Account),
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WaitForCancellation:   true,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         in.Account + ": " + activities.Incremental + ", scheduled",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			AccountAttribute.ValueSet(in.Account), TypeAttribute.ValueSet(activities.Incremental)),
	})
	var out TickResult
	err := workflow.ExecuteChildWorkflow(ctx, Sync, SyncInput{Account: in.Account, Type: activities.Incremental}).Get(ctx, &out.Sync)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return TickResult{Skipped: true}, nil
	}
	return out, err
}
