package control

import (
	"context"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/workflows"
)

// Disconnect takes back on the worker what was done in Brevo, or joins a run that does so already, and waits for its end. Where ctx
// ends before, the run goes on.
func (e *Engine) Disconnect(ctx context.Context, in workflows.DisconnectInput) (workflows.DisconnectResult, error) {
	var result workflows.DisconnectResult
	starting, stop := context.WithTimeout(ctx, CallTimeout)
	defer stop()
	run, err := e.Client.ExecuteWorkflow(starting, client.StartWorkflowOptions{
		ID:                       workflows.DisconnectID(in.Account),
		TaskQueue:                e.Queue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            in.Account + ": disconnect",
		TypedSearchAttributes:    temporal.NewSearchAttributes(workflows.AccountAttribute.ValueSet(in.Account)),
	}, workflows.Disconnect, in)
	if err != nil {
		return result, e.Failure(err)
	}
	err = run.Get(ctx, &result)
	switch status, why := Ending(err); {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return result, failed("detached: the worker goes on taking back what was done in Brevo")
	case status == RunUnknown:
		return result, e.Failure(err)
	case why != "":
		return result, failed("Brevo: %s", why)
	default:
		return result, failed("the run that takes back what was done in Brevo was %s", status)
	}
}
