package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

var record = flag.Bool("record", false, "record the histories that workflows/replay_test.go replays")

// TestRecordHistories writes the histories of a real run to workflows/testdata. Run it from code that has landed, never from
// a change that the fixtures are to judge: go test ./internal/e2e -run TestRecordHistories -record
func TestRecordHistories(t *testing.T) {
	if !*record {
		t.Skip("skipped: records fixtures, only with -record")
	}
	s := realServer(t)
	w := newWorld(t, seed.Size{Users: 1500, Tickets: 2500, Organizations: 60})
	w.realTime()
	w.configure("events: {settle: 200ms}\nautomations: [{name: later, on: ticket.solved, after: 3s, unless: [ticket.reopened], do: [brevo.event: later]}]")
	queue := fmt.Sprintf("record-%d", time.Now().UnixNano())
	w.startWorker(t, s, queue)
	ids := []string{workflows.SyncID(account), workflows.PushID(account), workflows.CheckID(account), workflows.PlanID(account)}
	for _, stream := range []string{"users", "tickets", "organizations", "satisfaction_ratings"} {
		ids = append(ids, workflows.PullID(account, stream))
	}
	run := func(id string, workflow, in any) {
		handle, err := s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, workflow, in)
		require.NoError(t, err)
		require.NoError(t, handle.Get(t.Context(), nil))
	}
	run(workflows.CheckID(account), workflows.Check, workflows.CheckInput{Account: account})
	run(workflows.PlanID(account), workflows.Plan, workflows.PlanInput{Account: account})
	run(workflows.SyncID(account), workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
	for _, id := range ids {
		exportHistory(t, s.Client(), id)
	}
	run(workflows.TickID(account), workflows.Tick, workflows.TickInput{Account: account})
	exportHistory(t, s.Client(), workflows.TickID(account))
	defer func() { // last, for it takes back what the others work on
		w.disconnected(t)
		run(workflows.DisconnectID(account), workflows.Disconnect, workflows.DisconnectInput{Account: account, Attributes: true})
		exportHistory(t, s.Client(), workflows.DisconnectID(account))
	}()

	// A ticket that is solved and asked about a while later, and two users of whom one is merged into the other.
	waker := workflows.Waker{Client: s.Client(), Queue: queue}
	subject := func(id int64) workflows.SubjectInput {
		return workflows.SubjectInput{Account: account, ID: id, Settle: 200 * time.Millisecond}
	}
	who := w.person(t, 0).ID
	ticket := w.open(who)
	require.NoError(t, waker.Ticket(t.Context(), subject(ticket), workflows.Event{Type: "ticket.created"}))
	require.NoError(t, s.Client().GetWorkflow(t.Context(), workflows.TicketID(account, ticket), "").Get(t.Context(), nil))
	w.status(t, ticket, "solved")
	require.NoError(t, waker.Ticket(t.Context(), subject(ticket), workflows.Event{Type: "ticket.status_changed"}))
	require.NoError(t, s.Client().GetWorkflow(t.Context(), workflows.TicketID(account, ticket), "").Get(t.Context(), nil))
	exportHistory(t, s.Client(), workflows.TicketID(account, ticket))
	loser := w.person(t, 1).ID
	require.True(t, w.zendesk.MergeUsers(who, loser))
	require.NoError(t, waker.User(t.Context(), subject(loser), workflows.Event{Type: "user.merged", MergedWith: who, At: time.Now()}))
	require.NoError(t, s.Client().GetWorkflow(t.Context(), workflows.UserID(account, loser), "").Get(t.Context(), nil))
	exportHistory(t, s.Client(), workflows.UserID(account, loser))
}

// TestRecordPreview writes the history of a preview, which has the id of a sync.
func TestRecordPreview(t *testing.T) {
	if !*record {
		t.Skip("skipped: records fixtures, only with -record")
	}
	s := realServer(t)
	w := newWorld(t, seed.Size{Users: 1500, Tickets: 2500, Organizations: 60})
	w.realTime()
	queue := fmt.Sprintf("record-%d", time.Now().UnixNano())
	w.startWorker(t, s, queue)
	id := workflows.SyncID(account)
	handle, err := s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, workflows.Sync,
		workflows.SyncInput{Account: account, Type: activities.Preview})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), nil))
	exportHistoryAs(t, s.Client(), id, id+"@preview")
}

// exportHistory writes the history of the latest run under an id, without the name of the machine that ran it.
func exportHistory(t *testing.T, c client.Client, id string) {
	t.Helper()
	exportHistoryAs(t, c, id, id)
}

func exportHistoryAs(t *testing.T, c client.Client, id, name string) {
	t.Helper()
	var h history.History
	it := c.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		event, err := it.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, event)
	}
	text, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(&h)
	require.NoError(t, err)
	text = identity.ReplaceAll(text, []byte(`"${1}": "worker"`))
	text = sticky.ReplaceAll(text, []byte(`"name": "worker:sticky"`))
	path := filepath.Join("..", "..", "workflows", "testdata", "histories", strings.ReplaceAll(name, "/", "~")+".json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
}

var (
	identity = regexp.MustCompile(`"(identity)":\s*"[^"]*"`)
	sticky   = regexp.MustCompile(`"name":\s*"[^":]+:[0-9a-f-]{36}"`)
)
