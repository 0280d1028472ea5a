package control

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/activities"
	"zendesk-brevo/workflows"
)

// checkTimeout is more than the worker takes to give up.
const checkTimeout = 2 * time.Minute

// Check runs the connection test on the worker, or joins one that runs already.
func (e *Engine) Check(ctx context.Context, account string) (activities.CheckResult, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var result activities.CheckResult
	run, err := e.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.CheckID(account),
		TaskQueue:                e.Queue,
		WorkflowRunTimeout:       checkTimeout,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            account + ": connection test",
		TypedSearchAttributes:    temporal.NewSearchAttributes(workflows.AccountAttribute.ValueSet(account)),
	}, workflows.Check, workflows.CheckInput{Account: account})
	if err != nil {
		return result, e.Failure(err)
	}
	err = run.Get(ctx, &result)
	switch status, why := Ending(err); {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return result, failed("the worker gave no answer: look at its log")
	case status == RunUnknown:
		return result, e.Failure(err)
	case why != "":
		return result, failed("the worker could not run the test: %s", why)
	default:
		return result, failed("the test was %s", status)
	}
}

// How a run ended, in the words of every output.
const (
	RunCompleted  = "completed"
	RunCanceled   = "canceled"
	RunTerminated = "terminated"
	RunFailed     = "failed"
	RunUnknown    = "unknown" // Temporal could not be asked
)

// Ending reads a run's error: how it ended, and why in words for people.
func Ending(err error) (status, why string) {
	var (
		execution  *temporal.WorkflowExecutionError
		canceled   *temporal.CanceledError
		terminated *temporal.TerminatedError
	)
	switch {
	case err == nil:
		return RunCompleted, ""
	case !errors.As(err, &execution):
		return RunUnknown, ""
	case errors.As(err, &canceled):
		return RunCanceled, ""
	case errors.As(err, &terminated):
		return RunTerminated, ""
	}
	return RunFailed, OneLine(reason(err))
}

// reason is the message of the innermost application error: the outer ones say which step it was.
func reason(err error) string {
	text := err.Error()
	for next := err; next != nil; next = errors.Unwrap(next) {
		var application *temporal.ApplicationError
		if !errors.As(next, &application) {
			break
		}
		text, next = application.Message(), application
	}
	return text
}
