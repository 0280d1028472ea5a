package workflows

import (
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// CheckInput names the account whose connection to test.
type CheckInput struct {
	Account string `json:"account"`
}

// Check tests a connection from the worker, because the worker is the host whose address the vendors see. It never
// writes to either vendor.
func Check(ctx workflow.Context, in CheckInput) (activities.CheckResult, error) {
	var out activities.CheckResult
	err := workflow.ExecuteActivity(checkCalls(ctx), account.CheckConnection, activities.CheckInput(in)).Get(ctx, &out)
	return out, err
}
