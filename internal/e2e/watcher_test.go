package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
)

// watcher keeps what runs put into workflow history (inputs, results, failures, summaries, details) and what the SDK
// logs, as the bytes that a server would store.
type watcher struct {
	interceptor.WorkerInterceptorBase
	mu       sync.Mutex
	entries  []string
	failures []failure
}

// failure is one failed attempt of an activity.
type failure struct {
	Activity string
	Attempt  int32
	Err      *temporal.ApplicationError
}

func (w *watcher) note(what string, data []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, what+": "+string(data))
}

func (w *watcher) payloads(what string, values ...any) {
	p, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		panic(err) // a value that cannot be put into history
	}
	for _, payload := range p.GetPayloads() {
		w.note(what, payload.GetData())
	}
}

func (w *watcher) outcome(what string, result any, err error) {
	if err == nil {
		w.payloads(what+" result", result)
		return
	}
	f := temporal.GetDefaultFailureConverter().ErrorToFailure(err)
	w.note(what+" failure", marshal(f))
}

func marshal(f *failurepb.Failure) []byte {
	data, err := protojson.Marshal(f)
	if err != nil {
		panic(err)
	}
	return data
}

// Failures are the failed attempts so far.
func (w *watcher) Failures() []failure {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]failure(nil), w.failures...)
}

// Entries is everything seen so far.
func (w *watcher) Entries() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.entries...)
}

func (w *watcher) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &watchedActivity{interceptor.ActivityInboundInterceptorBase{Next: next}, w}
}

type watchedActivity struct {
	interceptor.ActivityInboundInterceptorBase
	w *watcher
}

func (a *watchedActivity) Init(out interceptor.ActivityOutboundInterceptor) error {
	return a.Next.Init(&watchedHeartbeat{interceptor.ActivityOutboundInterceptorBase{Next: out}, a.w})
}

func (a *watchedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	name := info.ActivityType.Name
	a.w.payloads(name+" input", in.Args...)
	result, err := a.Next.ExecuteActivity(ctx, in)
	a.w.outcome(name, result, err)
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		a.w.mu.Lock()
		a.w.failures = append(a.w.failures, failure{name, info.Attempt, app})
		a.w.mu.Unlock()
	} else if err != nil {
		a.w.mu.Lock()
		_ = errors.As(temporal.NewApplicationErrorWithCause(err.Error(), "", err), &app)
		a.w.failures = append(a.w.failures, failure{name, info.Attempt, app})
		a.w.mu.Unlock()
	}
	return result, err
}

type watchedHeartbeat struct {
	interceptor.ActivityOutboundInterceptorBase
	w *watcher
}

func (h *watchedHeartbeat) RecordHeartbeat(ctx context.Context, details ...any) {
	h.w.payloads("heartbeat", details...)
	h.Next.RecordHeartbeat(ctx, details...)
}

func (w *watcher) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &watchedWorkflow{interceptor.WorkflowInboundInterceptorBase{Next: next}, w}
}

type watchedWorkflow struct {
	interceptor.WorkflowInboundInterceptorBase
	w *watcher
}

func (f *watchedWorkflow) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return f.Next.Init(&watchedCalls{interceptor.WorkflowOutboundInterceptorBase{Next: out}, f.w})
}

func (f *watchedWorkflow) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	name := workflow.GetInfo(ctx).WorkflowType.Name
	f.w.payloads(name+" input", in.Args...)
	result, err := f.Next.ExecuteWorkflow(ctx, in)
	f.w.outcome(name, result, err)
	f.w.note(name+" details", []byte(workflow.GetCurrentDetails(ctx)))
	return result, err
}

// watchedCalls sees the summaries and details that the Temporal UI shows.
type watchedCalls struct {
	interceptor.WorkflowOutboundInterceptorBase
	w *watcher
}

func (c *watchedCalls) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	c.w.note("summary", []byte(workflow.GetActivityOptions(ctx).Summary))
	c.w.note("details", []byte(workflow.GetCurrentDetails(ctx)))
	return c.Next.ExecuteActivity(ctx, name, args...)
}

func (c *watchedCalls) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	o := workflow.GetChildWorkflowOptions(ctx)
	c.w.note("child", fmt.Appendf(nil, "%s %s %s %v %v", o.WorkflowID, o.StaticSummary, o.StaticDetails, o.Memo, o.TypedSearchAttributes))
	return c.Next.ExecuteChildWorkflow(ctx, name, args...)
}

// Debug and the following are the SDK's log.
func (w *watcher) Debug(message string, values ...any) { w.log(message, values) }

func (w *watcher) Info(message string, values ...any) { w.log(message, values) }

func (w *watcher) Warn(message string, values ...any) { w.log(message, values) }

func (w *watcher) Error(message string, values ...any) { w.log(message, values) }

func (w *watcher) log(message string, values []any) {
	w.note("log", fmt.Appendf(nil, "%s %+v", message, values))
}
