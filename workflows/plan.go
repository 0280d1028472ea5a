package workflows

import (
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// PlanInput names the account whose full sync to plan.
type PlanInput struct {
	Account string `json:"account"`
}

// Plan says what a full sync would take and do. It runs on the worker, as Check does and for the same reason: that is the host
// whose address and rate budgets count. It never writes to either vendor.
func Plan(ctx workflow.Context, in PlanInput) (activities.BackfillPlan, error) {
	var out activities.BackfillPlan
	err := workflow.ExecuteActivity(planCalls(ctx), account.PlanBackfill, activities.BackfillInput(in)).Get(ctx, &out)
	return out, err
}
