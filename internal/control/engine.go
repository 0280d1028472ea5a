package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/workflows"
)

const (
	// CallTimeout bounds every later call, so that a command never hangs on a server that went away.
	CallTimeout = 5 * time.Second
	// queryTimeout bounds a query: without a worker nobody answers.
	queryTimeout = 3 * time.Second
	// pollerAge is how long ago a worker's last poll may be: a poll waits for at most a minute, and Temporal remembers
	// pollers for five minutes after they died.
	pollerAge = 90 * time.Second
)

// Client is what this package asks of Temporal: the methods of the SDK's client that it uses.
type Client interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	QueryWorkflow(ctx context.Context, workflowID, runID, queryType string, args ...any) (converter.EncodedValue, error)
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	DescribeTaskQueue(ctx context.Context, taskqueue string, kind enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error)
	ScheduleClient() client.ScheduleClient
	Close()
}

// Server names a Temporal server in messages.
type Server struct {
	Address   string
	Namespace string
}

// Engine is what Temporal knows of the connectors.
type Engine struct {
	Client Client
	Server Server
	Queue  string
	Now    func() time.Time
}

// RequireWorker fails unless somebody polls the task queue, for workflows and for activities.
func (e *Engine) RequireWorker(ctx context.Context) error {
	polled, err := e.Polled(ctx)
	if err != nil {
		return e.Failure(err)
	}
	if !polled {
		return &Failure{Kind: Away, Text: fmt.Sprintf(
			"no worker polls task queue %q in namespace %q at %s: start one with `bin/worker` (or everything with `make run`)",
			e.Queue, e.Server.Namespace, e.Server.Address)}
	}
	return nil
}

func (e *Engine) Polled(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	for _, kind := range []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_WORKFLOW, enums.TASK_QUEUE_TYPE_ACTIVITY} {
		answer, err := e.Client.DescribeTaskQueue(ctx, e.Queue, kind)
		if err != nil {
			return false, err
		}
		alive := false
		for _, poller := range answer.GetPollers() {
			alive = alive || e.Now().Sub(poller.GetLastAccessTime().AsTime()) < pollerAge
		}
		if !alive {
			return false, nil
		}
	}
	return true, nil
}

// Failure says in one line what is wrong with Temporal and what to do.
func (e *Engine) Failure(err error) error {
	var (
		namespace *serviceerror.NamespaceNotFound
		denied    *serviceerror.PermissionDenied
		known     *Failure
		text      string
		kind      = Away
	)
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &namespace):
		text = fmt.Sprintf("Temporal at %s has no namespace %q: set TEMPORAL_NAMESPACE, or create it with `temporal operator namespace create -n %s`",
			e.Server.Address, e.Server.Namespace, e.Server.Namespace)
	case errors.As(err, &denied):
		text = fmt.Sprintf("Temporal at %s refuses access to namespace %q: check TEMPORAL_API_KEY or the client certificate", e.Server.Address, e.Server.Namespace)
	case unavailable(err):
		text = fmt.Sprintf("Temporal at %s stopped answering: check that it runs, then try again", e.Server.Address)
	default:
		kind = Failed
		text = fmt.Sprintf("Temporal at %s answered: %s", e.Server.Address, OneLine(err.Error()))
	}
	return &Failure{Kind: kind, Text: text, Cause: err}
}

func unavailable(err error) bool {
	var (
		away *serviceerror.Unavailable
		late *serviceerror.DeadlineExceeded
	)
	return errors.As(err, &away) || errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded)
}

// Execution is one run of a workflow.
type Execution struct {
	ID, RunID string
	Kind      string // full, incremental, replay, preview
	StartedAt time.Time
}

// ErrRunning is returned by start while a sync of the account runs.
var ErrRunning = errors.New("a sync is running")

// Start begins a sync; ErrRunning while one runs.
func (e *Engine) Start(ctx context.Context, in workflows.SyncInput) (Execution, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	run, err := e.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.SyncID(in.Account),
		TaskQueue:                e.Queue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            in.Account + ": " + Title(in.Type),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.AccountAttribute.ValueSet(in.Account), workflows.TypeAttribute.ValueSet(in.Type)),
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.Sync, in)
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case errors.As(err, &started):
		return Execution{}, ErrRunning
	case err != nil:
		return Execution{}, e.Failure(err)
	}
	return Execution{ID: run.GetID(), RunID: run.GetRunID(), Kind: in.Type, StartedAt: e.Now()}, nil
}

// Running finds the account's sync that runs now; found is false when there is none.
func (e *Engine) Running(ctx context.Context, account string) (run Execution, found bool, err error) {
	answer, err := e.Describe(ctx, workflows.SyncID(account), "")
	if err != nil || answer == nil {
		return Execution{}, false, err
	}
	info := answer.GetWorkflowExecutionInfo()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return Execution{}, false, nil
	}
	run = Execution{ID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(), StartedAt: info.GetStartTime().AsTime()}
	payload := info.GetSearchAttributes().GetIndexedFields()[workflows.TypeAttribute.GetName()]
	if payload != nil && converter.GetDefaultDataConverter().FromPayload(payload, &run.Kind) != nil {
		run.Kind = ""
	}
	return run, true, nil
}

// Describe returns nil when there is no such workflow.
func (e *Engine) Describe(ctx context.Context, id, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	answer, err := e.Client.DescribeWorkflowExecution(ctx, id, runID)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return nil, nil
	case err != nil:
		return nil, e.Failure(err)
	}
	return answer, nil
}

// Progress asks a run how far it is; a worker must be there to answer.
func (e *Engine) Progress(ctx context.Context, id, runID string) (workflows.Progress, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var p workflows.Progress
	value, err := e.Client.QueryWorkflow(ctx, id, runID, workflows.ProgressQuery)
	if err != nil {
		return p, err
	}
	if err := value.Get(&p); err != nil {
		return p, fmt.Errorf("decode progress: %w", err)
	}
	return p, nil
}

// ScheduleID is the id of the account's schedule.
func ScheduleID(account string) string { return workflows.SyncID(account) }

// NextRun is when the account's schedule starts the next sync; zero without a schedule or while that is paused.
func (e *Engine) NextRun(ctx context.Context, account string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	answer, err := e.Client.ScheduleClient().GetHandle(ctx, ScheduleID(account)).Describe(ctx)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, e.Failure(err)
	case answer.Schedule.State != nil && answer.Schedule.State.Paused, len(answer.Info.NextActionTimes) == 0:
		return time.Time{}, nil
	}
	return answer.Info.NextActionTimes[0], nil
}
