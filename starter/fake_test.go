package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"zendesk-brevo/workflows"
)

// fakeTemporal answers from what a test put there; what it does not know fails the test by a mock's panic.
type fakeTemporal struct {
	mocks.Client
	mu         sync.Mutex
	pollers    map[enums.TaskQueueType]time.Time // the last poll
	executions map[string]*workflowservice.DescribeWorkflowExecutionResponse
	progress   map[string]workflows.Progress
	next       []time.Time // of the schedule
	schedule   *client.ScheduleState
	away       error // every call fails with it
	onDescribe func()

	started  []client.StartWorkflowOptions
	inputs   []any
	startErr error
	canceled []string
	run      *fakeRun
}

// fakeRun is a workflow run that ends when told to.
type fakeRun struct {
	client.WorkflowRun
	id, runID string
	done      chan struct{}
	set       func(out any)
	err       error
}

func (r *fakeRun) GetID() string    { return r.id }
func (r *fakeRun) GetRunID() string { return r.runID }

func (r *fakeRun) Get(ctx context.Context, out any) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.done:
	}
	if r.err == nil && out != nil && r.set != nil {
		r.set(out)
	}
	return r.err
}

func newFake() *fakeTemporal {
	return &fakeTemporal{
		pollers: map[enums.TaskQueueType]time.Time{
			enums.TASK_QUEUE_TYPE_WORKFLOW: noon.Add(-time.Minute), enums.TASK_QUEUE_TYPE_ACTIVITY: noon.Add(-time.Second),
		},
		executions: map[string]*workflowservice.DescribeWorkflowExecutionResponse{},
		progress:   map[string]workflows.Progress{},
		run:        &fakeRun{id: "zendesk/acme/sync", runID: "run-1", done: make(chan struct{})},
	}
}

func (f *fakeTemporal) Close() {}

func (f *fakeTemporal) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if f.startErr != nil {
		return nil, f.startErr
	}
	f.started, f.inputs = append(f.started, o), append(f.inputs, args...)
	return f.run, nil
}

func (f *fakeTemporal) GetWorkflow(context.Context, string, string) client.WorkflowRun { return f.run }

func (f *fakeTemporal) CancelWorkflow(_ context.Context, id, runID string) error {
	f.canceled = append(f.canceled, id+" "+runID)
	f.executions[id] = executionOf(id, runID, enums.WORKFLOW_EXECUTION_STATUS_CANCELED, "")
	close(f.run.done)
	return nil
}

func (f *fakeTemporal) DescribeTaskQueue(_ context.Context, _ string, kind enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	if f.away != nil {
		return nil, f.away
	}
	out := &workflowservice.DescribeTaskQueueResponse{}
	if at, polls := f.pollers[kind]; polls {
		out.Pollers = append(out.Pollers, &taskqueue.PollerInfo{LastAccessTime: timestamppb.New(at)})
	}
	return out, nil
}

func (f *fakeTemporal) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return nil, f.away
	}
	if f.onDescribe != nil {
		f.onDescribe()
	}
	if found, ok := f.executions[id]; ok {
		return found, nil
	}
	return nil, serviceerror.NewNotFound("no such workflow")
}

func (f *fakeTemporal) QueryWorkflow(_ context.Context, id, _, _ string, _ ...any) (converter.EncodedValue, error) {
	p, ok := f.progress[id]
	if !ok {
		return nil, serviceerror.NewDeadlineExceeded("nobody answers")
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(p)
	if err != nil {
		return nil, err
	}
	return client.NewValue(payloads), nil
}

func (f *fakeTemporal) ScheduleClient() client.ScheduleClient { return &fakeSchedules{fake: f} }

// fakeSchedules holds the one schedule of the account; a fake without a state has none.
type fakeSchedules struct {
	mocks.ScheduleClient
	fake *fakeTemporal
}

func (s *fakeSchedules) GetHandle(context.Context, string) client.ScheduleHandle {
	return &fakeSchedule{fake: s.fake}
}

type fakeSchedule struct {
	mocks.ScheduleHandle
	fake *fakeTemporal
}

// there fails where there is no schedule, or no Temporal.
func (h *fakeSchedule) there() error {
	switch {
	case h.fake.away != nil:
		return h.fake.away
	case h.fake.schedule == nil:
		return serviceerror.NewNotFound("no such schedule")
	}
	return nil
}

func (h *fakeSchedule) Describe(context.Context) (*client.ScheduleDescription, error) {
	if err := h.there(); err != nil {
		return nil, err
	}
	return &client.ScheduleDescription{
		Schedule: client.Schedule{State: h.fake.schedule, Spec: &client.ScheduleSpec{}}, Info: client.ScheduleInfo{NextActionTimes: h.fake.next},
	}, nil
}

func (h *fakeSchedule) Pause(_ context.Context, o client.SchedulePauseOptions) error {
	if err := h.there(); err != nil {
		return err
	}
	h.fake.schedule = &client.ScheduleState{Paused: true, Note: o.Note}
	return nil
}

func (h *fakeSchedule) Unpause(_ context.Context, o client.ScheduleUnpauseOptions) error {
	if err := h.there(); err != nil {
		return err
	}
	h.fake.schedule = &client.ScheduleState{Note: o.Note}
	return nil
}

func (h *fakeSchedule) Delete(context.Context) error {
	if err := h.there(); err != nil {
		return err
	}
	h.fake.schedule = nil
	return nil
}

// executionOf describes a run; parent is the run id of the workflow that started it.
func executionOf(id, runID string, status enums.WorkflowExecutionStatus, parent string, pending ...*workflow.PendingActivityInfo) *workflowservice.DescribeWorkflowExecutionResponse {
	kind, err := converter.GetDefaultDataConverter().ToPayload("full")
	if err != nil {
		panic(err)
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflow.WorkflowExecutionInfo{
			Execution: &common.WorkflowExecution{WorkflowId: id, RunId: runID}, Status: status,
			StartTime:        timestamppb.New(noon.Add(-time.Minute)),
			ParentExecution:  &common.WorkflowExecution{RunId: parent},
			SearchAttributes: &common.SearchAttributes{IndexedFields: map[string]*common.Payload{workflows.TypeAttribute.GetName(): kind}},
		},
		PendingActivities: pending,
	}
}

// waits is an activity that is tried again after a while.
func waits(kind, message string, left time.Duration, attempt int32) *workflow.PendingActivityInfo {
	return &workflow.PendingActivityInfo{
		State: enums.PENDING_ACTIVITY_STATE_SCHEDULED, Attempt: attempt,
		NextAttemptScheduleTime: timestamppb.New(noon.Add(left)),
		LastFailure: &failurepb.Failure{Message: message, FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: kind},
		}},
	}
}

const connectorsYAML = `brevo: {api_key: "xkeysib-0123456789abcdef0123456789abcdef"}
connectors:
  zendesk:
    subdomain: acme
    auth: {email: admin@example.com, api_token: "0123456789abcdef0123456789abcdef01234567"}
`

// program runs command lines in process, in a folder of its own, at noon, against a fake Temporal.
type program struct {
	fake           *fakeTemporal
	stdout, stderr bytes.Buffer
	answer         string // on the terminal; empty: there is none
	slept          time.Duration
	later          atomic.Int64 // than noon, in nanoseconds: the simulated vendors' clock too
}

func (p *program) now() time.Time { return noon.Add(time.Duration(p.later.Load())) }

func (p *program) pass(d time.Duration) { p.later.Add(int64(d)) }

func newProgram(t *testing.T) *program {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "connectors.yaml"), []byte(connectorsYAML), 0o600))
	t.Chdir(dir)
	t.Setenv("CONNECTORS_FILE", "connectors.yaml")
	t.Setenv("STORE_URL", "sqlite:connector.db")
	t.Setenv("TASK_QUEUE", "queue")
	return &program{fake: newFake()}
}

// run returns the exit code; the output of earlier command lines is forgotten.
func (p *program) run(ctx context.Context, args ...string) int {
	p.stdout.Reset()
	p.stderr.Reset()
	return run(ctx, args, env{
		stdin: strings.NewReader(p.answer), interactive: p.answer != "",
		stdout: &p.stdout, stderr: &p.stderr, now: p.now, every: time.Millisecond,
		sleep: func(_ context.Context, d time.Duration) error { p.slept += d; return nil },
		dial: func(context.Context) (temporalClient, server, error) {
			return p.fake, server{Address: "temporal:7233", Namespace: "default"}, nil
		},
	})
}
