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
	var result activities.CheckResult
	err := e.ask(ctx, question{
		id: workflows.CheckID(account), account: account, what: "connection test", short: "test", could: "run the test", within: checkTimeout,
	}, workflows.Check, workflows.CheckInput{Account: account}, &result)
	return result, err
}

// planTimeout is more than the worker takes to give up.
const planTimeout = 4 * time.Minute

// Plan plans a full sync on the worker, or joins a planning that runs already.
func (e *Engine) Plan(ctx context.Context, account string) (activities.BackfillPlan, error) {
	var result activities.BackfillPlan
	err := e.ask(ctx, question{
		id: workflows.PlanID(account), account: account, what: "plan of a full sync", short: "plan", could: "plan", within: planTimeout,
	}, workflows.Plan, workflows.PlanInput{Account: account}, &result)
	return result, err
}

// question is a short workflow for whose answer a person waits.
type question struct {
	id, account string
	what, short string
	could       string        // what the worker could not do, when it fails
	within      time.Duration // more than the worker takes to give up
}

// ask runs a short workflow on the worker, or joins one that runs already, and waits for its answer.
func (e *Engine) ask(ctx context.Context, q question, workflow, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, q.within)
	defer cancel()
	run, err := e.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       q.id,
		TaskQueue:                e.Queue,
		WorkflowRunTimeout:       q.within,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            q.account + ": " + q.what,
		TypedSearchAttributes:    temporal.NewSearchAttributes(workflows.AccountAttribute.ValueSet(q.account)),
	}, workflow, in)
	if err != nil {
		return e.Failure(err)
	}
	err = run.Get(ctx, out)
	switch status, why := Ending(err); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return failed("the worker gave no answer: look at its log")
	case status == RunUnknown:
		return e.Failure(err)
	case why != "":
		return failed("the worker could not %s: %s", q.could, why)
	default:
		return failed("the %s was %s", q.short, status)
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
