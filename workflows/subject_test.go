package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/workflows"
)

func environment() *testsuite.TestWorkflowEnvironment {
	e := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	workflows.Register(e, activities.New(activities.Options{}))
	return e
}

func TestEveryMergeOfABurstIsHandedOn(t *testing.T) {
	e := environment()
	var told []int64
	e.OnActivity("RefreshUser", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.RefreshInput) (activities.Refreshed, error) {
		for _, m := range in.Merges {
			told = append(told, m.With)
		}
		return activities.Refreshed{Ready: true}, nil
	})
	e.OnActivity("EvaluateRules", mock.Anything, mock.Anything).Return(activities.Evaluated{}, nil)
	for i, loser := range []int64{8, 9} {
		e.RegisterDelayedCallback(func() {
			e.SignalWorkflow(workflows.EventSignal, workflows.Event{Type: "user.merged", MergedWith: loser})
		}, time.Duration(i)*500*time.Millisecond)
	}
	e.ExecuteWorkflow(workflows.User, workflows.SubjectInput{Account: "acme", ID: 7, Settle: 2 * time.Second})
	require.NoError(t, e.GetWorkflowError())
	assert.Equal(t, []int64{8, 9}, told)
}

func TestADelayedActionWaitsWhileAStreamIsReadForTheFirstTime(t *testing.T) {
	e := environment()
	reads := 0
	e.OnActivity("RefreshTicket", mock.Anything, mock.Anything).Return(func(context.Context, activities.RefreshInput) (activities.Refreshed, error) {
		reads++
		return activities.Refreshed{Ready: reads > 5}, nil
	})
	due := activities.PlannedAction{Planned: rules.Planned{Key: "k", Due: e.Now().Add(-time.Second)}, Delayed: true}
	e.OnActivity("EvaluateRules", mock.Anything, mock.Anything).Return(activities.Evaluated{Actions: []activities.PlannedAction{due}}, nil)
	acted := 0
	e.OnActivity("Act", mock.Anything, mock.Anything).Return(func(context.Context, activities.ActInput) (activities.ActResult, error) {
		acted++
		return activities.ActResult{State: "done"}, nil
	})
	e.RegisterDelayedCallback(func() { e.SignalWorkflow(workflows.EventSignal, workflows.Event{Recorded: true}) }, 0)
	began := e.Now()
	e.ExecuteWorkflow(workflows.Ticket, workflows.SubjectInput{Account: "acme", ID: 7})
	require.NoError(t, e.GetWorkflowError())
	assert.Equal(t, 1, acted)
	assert.Equal(t, 6, reads)
	assert.GreaterOrEqual(t, e.Now().Sub(began), 4*time.Minute)
}

func TestAWorkflowGoesOnWithWhatIsPendingUnderANewHistory(t *testing.T) {
	e := environment()
	e.OnActivity("EvaluateRules", mock.Anything, mock.Anything).Return(activities.Evaluated{Actions: []activities.PlannedAction{
		{Planned: rules.Planned{Key: "k", Due: e.Now()}},
	}}, nil)
	e.OnActivity("Act", mock.Anything, mock.Anything).Return(activities.ActResult{State: "done"}, nil)
	e.ExecuteWorkflow(workflows.Ticket, workflows.SubjectInput{Account: "acme", ID: 7, Resumed: true})
	require.NoError(t, e.GetWorkflowError())
	var out workflows.SubjectResult
	require.NoError(t, e.GetWorkflowResult(&out))
	assert.Equal(t, map[string]int{"done": 1}, out.Actions)
}

// A ticket of which there is news during every read goes on under a new history, and no news is lost on the way.
func TestABusyTicketGoesOnUnderANewHistory(t *testing.T) {
	var in workflows.SubjectInput
	var told []int64
	for run := range 3 {
		e := environment()
		e.OnActivity("RefreshUser", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.RefreshInput) (activities.Refreshed, error) {
			for _, m := range in.Merges {
				told = append(told, m.With)
			}
			if run < 2 {
				e.SetContinueAsNewSuggested(true)
				e.SignalWorkflow(workflows.EventSignal, workflows.Event{Type: "user.merged", MergedWith: int64(run + 1)})
			}
			return activities.Refreshed{Ready: true}, nil
		})
		e.OnActivity("EvaluateRules", mock.Anything, mock.Anything).Return(activities.Evaluated{}, nil)
		if run == 0 {
			in = workflows.SubjectInput{Account: "acme", ID: 7}
			e.RegisterDelayedCallback(func() { e.SignalWorkflow(workflows.EventSignal, workflows.Event{Type: "user.name_changed"}) }, 0)
		}
		e.ExecuteWorkflow(workflows.User, in)
		if run == 2 {
			require.NoError(t, e.GetWorkflowError())
			break
		}
		var next *workflow.ContinueAsNewError
		require.ErrorAs(t, e.GetWorkflowError(), &next)
		in = workflows.SubjectInput{}
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
		assert.True(t, in.Resumed)
	}
	assert.Equal(t, []int64{1, 2}, told)
}

// News with which a run began are followed once, also when it waits for an action and goes on under a new history.
func TestNewsHandedOnAreFollowedOnce(t *testing.T) {
	e := environment()
	var told []int64
	e.OnActivity("RefreshUser", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.RefreshInput) (activities.Refreshed, error) {
		for _, m := range in.Merges {
			told = append(told, m.With)
		}
		e.SetContinueAsNewSuggested(true)
		return activities.Refreshed{Ready: true}, nil
	})
	e.OnActivity("EvaluateRules", mock.Anything, mock.Anything).Return(activities.Evaluated{Actions: []activities.PlannedAction{
		{Planned: rules.Planned{Key: "k", Due: e.Now().Add(time.Hour)}, Delayed: true},
	}}, nil)
	e.ExecuteWorkflow(workflows.User, workflows.SubjectInput{
		Account: "acme", ID: 7, Resumed: true, News: []workflows.Event{{Type: "user.merged", MergedWith: 8}},
	})
	assert.Equal(t, []int64{8}, told)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, e.GetWorkflowError(), &next)
	var in workflows.SubjectInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	assert.Equal(t, workflows.SubjectInput{Account: "acme", ID: 7, Resumed: true}, in)
}
