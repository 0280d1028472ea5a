package e2e_test

import (
	"github.com/google/uuid"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// freshRun gives every run of the test environment a run id of its own, as a server does: the environment itself
// calls each of them the same.
type freshRun struct {
	interceptor.WorkerInterceptorBase
	id string
}

func newFreshRun() *freshRun { return &freshRun{id: uuid.NewString()} }

func (f *freshRun) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &inbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, f.id}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	id string
}

func (i *inbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{interceptor.WorkflowOutboundInterceptorBase{Next: out}, i.id})
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	id string
}

func (o *outbound) GetInfo(ctx workflow.Context) *workflow.Info {
	info := *o.Next.GetInfo(ctx)
	info.WorkflowExecution.RunID = o.id
	return &info
}
