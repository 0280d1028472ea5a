package control_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
)

func TestHowARunEnded(t *testing.T) {
	t.Parallel()
	run := func(err error) error {
		e := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
		e.ExecuteWorkflow(func(workflow.Context) error { return err })
		return e.GetWorkflowError()
	}
	refused := temporal.NewApplicationErrorWithOptions("lists.all_customers: Brevo has no list 30: correct the id", activities.ErrConfiguration, temporal.ApplicationErrorOptions{NonRetryable: true})
	for name, test := range map[string]struct {
		err         error
		status, why string
	}{
		"well":     {nil, control.RunCompleted, ""},
		"canceled": {run(temporal.NewCanceledError()), control.RunCanceled, ""},
		"refused":  {run(refused), control.RunFailed, "lists.all_customers: Brevo has no list 30: correct the id"},
		"in a child": {
			run(fmt.Errorf("push: %w", fmt.Errorf("activity error: %w", refused))),
			control.RunFailed, "lists.all_customers: Brevo has no list 30: correct the id",
		},
		"Temporal away": {serviceerror.NewUnavailable("gone"), control.RunUnknown, ""},
		"interrupted":   {context.Canceled, control.RunUnknown, ""},
	} {
		status, why := control.Ending(test.err)
		assert.Equal(t, test.status, status, name)
		assert.Equal(t, test.why, why, name)
	}
}
