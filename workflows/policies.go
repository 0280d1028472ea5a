package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// vendorRetry repeats for ever at a steady pace. Waits for a rate limit are failures too, so a growing backoff would
// turn ten polite waits into one of an hour; how long to wait is in each error's NextRetryDelay, which the server caps
// with MaximumInterval. What must not be repeated is marked non-retryable by the activity.
var vendorRetry = &temporal.RetryPolicy{
	InitialInterval:    10 * time.Second,
	BackoffCoefficient: 1,
	MaximumInterval:    time.Hour,
}

// vendorCalls are the options of every activity that calls Zendesk or Brevo: no end to the attempts, and a heartbeat, so
// that a worker that died is noticed in seconds.
func vendorCalls(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:    activities.HeartbeatTimeout,
		RetryPolicy:         vendorRetry,
		WaitForCancellation: true,
		Summary:             summary,
	})
}

// storeCalls are the options of activities that only touch the store: short, retried briskly, also for ever, because
// a store that is away comes back.
func storeCalls(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    time.Second,
			BackoffCoefficient: 2,
			MaximumInterval:    30 * time.Second,
		},
	})
}

// planCalls are the options of the plan of a full sync: as for the connection test, but it asks for more, and lists may be long.
func planCalls(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    3 * time.Minute,
		ScheduleToStartTimeout: 30 * time.Second,
		HeartbeatTimeout:       activities.HeartbeatTimeout,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
}

// checkCalls are the options of the connection test: a person is waiting, so an answer now beats a success later.
func checkCalls(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    time.Minute,
		ScheduleToStartTimeout: 30 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
}
