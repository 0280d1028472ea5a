package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/workflows"
)

const (
	// dialTimeout is how long Temporal may take to answer the first call.
	dialTimeout = 5 * time.Second
	// callTimeout bounds every later call, so that a command never hangs on a server that went away.
	callTimeout = 5 * time.Second
	// queryTimeout bounds a query: without a worker nobody answers.
	queryTimeout = 3 * time.Second
	// pollerAge is how long ago a worker's last poll may be: a poll waits for at most a minute, and Temporal remembers
	// pollers for five minutes after they died.
	pollerAge = 90 * time.Second
)

// temporalClient is what the starter asks of Temporal: the methods of the SDK's client that it uses.
type temporalClient interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun
	CancelWorkflow(ctx context.Context, workflowID, runID string) error
	QueryWorkflow(ctx context.Context, workflowID, runID, queryType string, args ...any) (converter.EncodedValue, error)
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	DescribeTaskQueue(ctx context.Context, taskqueue string, kind enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error)
	ScheduleClient() client.ScheduleClient
	Close()
}

// server names a Temporal server in messages.
type server struct {
	address   string
	namespace string
}

// dialTemporal connects as Temporal's environment says (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY ...). Its
// failures say what to do. https://docs.temporal.io/develop/environment-configuration
func dialTemporal(ctx context.Context) (temporalClient, server, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, server{}, usage("Temporal's settings cannot be read: %s: check the TEMPORAL_ variables", oneLine(err.Error()))
	}
	at := server{address: options.HostPort, namespace: options.Namespace}
	if at.address == "" {
		at.address = client.DefaultHostPort
	}
	if at.namespace == "" {
		at.namespace = client.DefaultNamespace
	}
	options.Logger = log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, at, &failure{code: exitFailed, cause: err, text: fmt.Sprintf(
			"Temporal does not answer at %s: start it (`make run` brings one), or set TEMPORAL_ADDRESS", at.address)}
	}
	return c, at, nil
}

// engine is the starter's view of Temporal.
type engine struct {
	client temporalClient
	server server
	queue  string
	now    func() time.Time
}

// requireWorker fails unless somebody polls the task queue, for workflows and for activities.
func (e *engine) requireWorker(ctx context.Context) error {
	polled, err := e.polled(ctx)
	if err != nil {
		return e.failure(err)
	}
	if !polled {
		return failed("no worker polls task queue %q in namespace %q at %s: start one with `bin/worker` (or everything with `make run`)",
			e.queue, e.server.namespace, e.server.address)
	}
	return nil
}

func (e *engine) polled(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for _, kind := range []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_WORKFLOW, enums.TASK_QUEUE_TYPE_ACTIVITY} {
		answer, err := e.client.DescribeTaskQueue(ctx, e.queue, kind)
		if err != nil {
			return false, err
		}
		alive := false
		for _, poller := range answer.GetPollers() {
			alive = alive || e.now().Sub(poller.GetLastAccessTime().AsTime()) < pollerAge
		}
		if !alive {
			return false, nil
		}
	}
	return true, nil
}

// failure says in one line what is wrong with Temporal and what to do.
func (e *engine) failure(err error) error {
	var (
		namespace *serviceerror.NamespaceNotFound
		denied    *serviceerror.PermissionDenied
		known     *failure
		text      string
	)
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &namespace):
		text = fmt.Sprintf("Temporal at %s has no namespace %q: set TEMPORAL_NAMESPACE, or create it with `temporal operator namespace create -n %s`",
			e.server.address, e.server.namespace, e.server.namespace)
	case errors.As(err, &denied):
		text = fmt.Sprintf("Temporal at %s refuses access to namespace %q: check TEMPORAL_API_KEY or the client certificate", e.server.address, e.server.namespace)
	case unavailable(err):
		text = fmt.Sprintf("Temporal at %s stopped answering: check that it runs, then try again", e.server.address)
	default:
		text = fmt.Sprintf("Temporal at %s answered: %s", e.server.address, oneLine(err.Error()))
	}
	return &failure{code: exitFailed, text: text, cause: err}
}

func unavailable(err error) bool {
	var (
		away *serviceerror.Unavailable
		late *serviceerror.DeadlineExceeded
	)
	return errors.As(err, &away) || errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded)
}

// execution is one run of a workflow.
type execution struct {
	id, runID string
	kind      string // full, incremental
	startedAt time.Time
}

// alreadyRunning is returned by start while a sync of the account runs.
var errAlreadyRunning = errors.New("a sync is running")

// start begins a sync; errAlreadyRunning while one runs.
func (e *engine) start(ctx context.Context, in workflows.SyncInput) (execution, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	run, err := e.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.SyncID(in.Account),
		TaskQueue:                e.queue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            in.Account + ": " + in.Type + " sync",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.AccountAttribute.ValueSet(in.Account), workflows.TypeAttribute.ValueSet(in.Type)),
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.Sync, in)
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case errors.As(err, &started):
		return execution{}, errAlreadyRunning
	case err != nil:
		return execution{}, e.failure(err)
	}
	return execution{id: run.GetID(), runID: run.GetRunID(), kind: in.Type, startedAt: e.now()}, nil
}

// running finds the account's sync that runs now; found is false when there is none.
func (e *engine) running(ctx context.Context, account string) (run execution, found bool, err error) {
	answer, err := e.describe(ctx, workflows.SyncID(account), "")
	if err != nil || answer == nil {
		return execution{}, false, err
	}
	info := answer.GetWorkflowExecutionInfo()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return execution{}, false, nil
	}
	run = execution{id: info.GetExecution().GetWorkflowId(), runID: info.GetExecution().GetRunId(), startedAt: info.GetStartTime().AsTime()}
	payload := info.GetSearchAttributes().GetIndexedFields()[workflows.TypeAttribute.GetName()]
	if payload != nil && converter.GetDefaultDataConverter().FromPayload(payload, &run.kind) != nil {
		run.kind = ""
	}
	return run, true, nil
}

// describe returns nil when there is no such workflow.
func (e *engine) describe(ctx context.Context, id, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := e.client.DescribeWorkflowExecution(ctx, id, runID)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return nil, nil
	case err != nil:
		return nil, e.failure(err)
	}
	return answer, nil
}

// progress asks a run how far it is; a worker must be there to answer.
func (e *engine) progress(ctx context.Context, id, runID string) (workflows.Progress, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var p workflows.Progress
	value, err := e.client.QueryWorkflow(ctx, id, runID, workflows.ProgressQuery)
	if err != nil {
		return p, err
	}
	if err := value.Get(&p); err != nil {
		return p, fmt.Errorf("decode progress: %w", err)
	}
	return p, nil
}

// scheduleID is the id of the account's schedule.
func scheduleID(account string) string { return workflows.SyncID(account) }

// nextRun is when the account's schedule starts the next sync; zero without a schedule or while that is paused.
func (e *engine) nextRun(ctx context.Context, account string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := e.client.ScheduleClient().GetHandle(ctx, scheduleID(account)).Describe(ctx)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, e.failure(err)
	case answer.Schedule.State != nil && answer.Schedule.State.Paused, len(answer.Info.NextActionTimes) == 0:
		return time.Time{}, nil
	}
	return answer.Info.NextActionTimes[0], nil
}
