package e2e_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/workflows"
)

// privateSample is how many histories are read for personal data.
const privateSample = 150

// assertPrivate looks for personal data in what Temporal keeps of tickets, users and syncs, and in what the programs logged.
func (s *stage) assertPrivate() {
	private := privateTo(s.world)
	var text strings.Builder
	tickets := 0
	for _, e := range s.executions("") {
		if strings.Contains(e.GetExecution().GetWorkflowId(), "/ticket/") {
			if tickets++; tickets > privateSample {
				continue
			}
		}
		history := s.client.GetWorkflowHistory(background, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			require.NoError(s.t, err)
			line, err := protojson.Marshal(event)
			require.NoError(s.t, err)
			text.Write(append(line, '\n'))
		}
	}
	require.Positive(s.t, tickets)
	for _, found := range private.in(text.String()) {
		s.t.Errorf("%s, in an exported history", found)
	}
	s.worker.terminate(s.t)
	s.webhook.terminate(s.t)
	require.Contains(s.t, s.webhook.logs.String(), "ticket.created", "deliveries are logged")
	for _, found := range private.in(s.worker.logs.String() + s.webhook.logs.String()) {
		s.t.Errorf("%s, in a log", found)
	}
}

// executions are the runs of workflows with an id, or all.
func (s *stage) executions(id string) (out []*workflow.WorkflowExecutionInfo) {
	query := ""
	if id != "" {
		query = "WorkflowId = '" + id + "'"
	}
	var token []byte
	for {
		page, err := s.client.ListWorkflow(background, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: "default", Query: query, PageSize: 1000, NextPageToken: token,
		})
		require.NoError(s.t, err)
		out = append(out, page.GetExecutions()...)
		if token = page.GetNextPageToken(); len(token) == 0 {
			return out
		}
	}
}

func TestSyncsOfAnAccountNeverRunSideBySide(t *testing.T) {
	s := newStage(t, stageSpeed)
	refused := 0
	// However fast the rest is, a sync lasts until the next is tried.
	s.zendesk.Faults().Add(sim.Fault{Path: "/api/v2/incremental/users", Times: sim.Forever, Delay: 500 * time.Millisecond})
	for begun := 0; begun < 4; {
		_, err := s.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: workflows.SyncID(account), TaskQueue: stageQueue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
			WorkflowExecutionErrorWhenAlreadyStarted: true,
		}, workflows.Sync, workflows.SyncInput{Account: account, Type: []string{activities.Full, activities.Incremental}[begun%2]})
		var running *serviceerror.WorkflowExecutionAlreadyStarted
		switch {
		case errors.As(err, &running):
			refused++
		case err != nil:
			require.NoError(t, err)
		default:
			begun++
		}
		<-time.After(150 * time.Millisecond)
	}
	s.zendesk.Faults().Clear()
	<-time.After(3 * stageEvery)
	var skipped, scheduled int
	for _, e := range s.executions("") {
		if e.GetType().GetName() != "Tick" || e.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_COMPLETED {
			continue
		}
		var out workflows.TickResult
		require.NoError(t, s.client.GetWorkflow(t.Context(), e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId()).Get(t.Context(), &out))
		if scheduled++; out.Skipped {
			skipped++
		}
	}
	var runs []*workflow.WorkflowExecutionInfo
	for _, e := range s.executions(workflows.SyncID(account)) { // which may list one as running that has ended
		run, err := s.client.DescribeWorkflowExecution(t.Context(), e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId())
		require.NoError(t, err)
		runs = append(runs, run.GetWorkflowExecutionInfo())
	}
	require.Greater(t, len(runs), 5)
	for i, a := range runs {
		for _, b := range runs[i+1:] {
			before, after := a, b
			if after.GetStartTime().AsTime().Before(before.GetStartTime().AsTime()) {
				before, after = after, before
			}
			require.NotEqual(t, enums.WORKFLOW_EXECUTION_STATUS_RUNNING, before.GetStatus())
			assert.False(t, after.GetStartTime().AsTime().Before(before.GetCloseTime().AsTime()), "one began before the other had ended")
		}
	}
	t.Logf("%d syncs one after another; %d manual starts refused, %d of %d ticks skipped", len(runs), refused, skipped, scheduled)
	assert.Positive(t, refused+skipped, "they did meet")
}
