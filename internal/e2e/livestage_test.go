package e2e_test

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/dev"
	"zendesk-brevo/internal/freeport"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/workflows"
)

// stage is the whole product at work in real time: an embedded Temporal of its own, that may be stopped, the real worker and
// webhook programs, a schedule, and a simulated Zendesk that sends webhooks.
type stage struct {
	*world
	t        testing.TB
	port     int // of Temporal
	db       string
	temporal *exec.Cmd
	client   client.Client
	hookAddr string
	secret   string // of the webhook
	worker   *program
	webhook  *program
}

const (
	// stageSpeed is how much faster than the real one the simulated Zendesk holds exports back and repeats deliveries; patient
	// leaves it so much time for an answer that the webhook server's own deadline comes first.
	stageSpeed, patient = 12, 3
	stageEvery          = 3 * time.Second
	stageQueue          = "live"
)

func newStage(t testing.TB, speed float64) *stage {
	t.Helper()
	if _, err := dev.FindTemporal(); err != nil {
		t.Skipf("skipped: needs the embedded Temporal server: %v", err)
	}
	w := newWorld(t, seed.Size{Users: 160, Tickets: 120, Organizations: 8}, func(zo *zendesksim.Options, bo *brevosim.Options) {
		zo.Clock, bo.Clock = sim.NewClock(time.Now, speed), sim.NewClock(time.Now, speed)
	})
	w.realTime()
	w.configure(`
log_level: debug
log_webhooks: true
events: {settle: 200ms}
schedule: {every: 10s}
automations:
  - name: escalated
    on: ticket.escalated
    do: [brevo.event: escalated]`)
	s := &stage{world: w, t: t, port: freeport.Take(t), db: filepath.Join(t.TempDir(), "temporal.db"), hookAddr: freeport.Address(t)}
	s.startTemporal()
	t.Cleanup(s.stopTemporal)
	var err error
	s.client, err = client.NewLazyClient(client.Options{HostPort: s.address(), Logger: discardLogger{}})
	require.NoError(t, err)
	t.Cleanup(s.client.Close)
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		return dev.TemporalReady(s.address())(ctx) == nil
	}, time.Minute, 50*time.Millisecond)
	s.startWorkerProgram()
	s.backfill()
	s.installWebhook()
	s.startWebhookProgram()
	s.schedule()
	return s
}

func (s *stage) address() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

func (s *stage) startTemporal() {
	path, err := dev.FindTemporal()
	require.NoError(s.t, err)
	s.temporal = exec.CommandContext(background, path, dev.TemporalArgs("127.0.0.1", s.port, 0, s.db)...)
	require.NoError(s.t, s.temporal.Start())
}

// stopTemporal is a power cut.
func (s *stage) stopTemporal() {
	_ = s.temporal.Process.Kill()
	_ = s.temporal.Wait()
}

func (s *stage) startWorkerProgram() {
	s.worker = s.start(s.t, workerBinary, "TASK_QUEUE="+stageQueue, "TEMPORAL_ADDRESS="+s.address())
}

func (s *stage) startWebhookProgram() {
	s.webhook = s.start(s.t, webhookBinary, "TASK_QUEUE="+stageQueue, "TEMPORAL_ADDRESS="+s.address(), "WEBHOOK_ADDR="+s.hookAddr,
		"ZENDESK_WEBHOOK_SECRET="+s.secret)
	require.Eventually(s.t, func() bool {
		conn, err := net.DialTimeout("tcp", s.hookAddr, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
}

func (s *stage) backfill() {
	run, err := s.client.ExecuteWorkflow(s.t.Context(), client.StartWorkflowOptions{ID: workflows.SyncID(account), TaskQueue: stageQueue},
		workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
	require.NoError(s.t, err)
	require.NoError(s.t, run.Get(s.t.Context(), nil), "worker log:\n%s", s.worker.logs)
	require.Empty(s.t, s.brevo.Events(), "history is no news")
}

// installWebhook subscribes the webhook program to events, as `starter webhooks install` does.
func (s *stage) installWebhook() {
	email, token := s.zendesk.Credentials()
	c, err := zendesk.New(zendesk.Config{BaseURL: s.zendeskURL, Credential: zendesk.APIToken(email, token)})
	require.NoError(s.t, err)
	made, err := c.CreateWebhook(s.t.Context(), zendesk.NewWebhook("live", "http://"+s.hookAddr+"/webhooks/zendesk/"+account, zendesk.Subscriptions()...))
	require.NoError(s.t, err)
	secret, err := c.ShowSigningSecret(s.t.Context(), made.Row.ID)
	require.NoError(s.t, err)
	s.secret = secret.Reveal()
}

func (s *stage) schedule() {
	_, err := s.client.ScheduleClient().Create(s.t.Context(), client.ScheduleOptions{
		ID: "live", Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: stageEvery}}},
		Action: &client.ScheduleWorkflowAction{
			ID: workflows.TickID(account), Workflow: workflows.Tick, Args: []any{workflows.TickInput{Account: account}}, TaskQueue: stageQueue,
		},
	})
	require.NoError(s.t, err)
}
