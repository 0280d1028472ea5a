package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/freeport"
	"zendesk-brevo/internal/sim/seed"
)

// console speaks to the admin server of a real worker.
type console struct {
	t     *testing.T
	url   string
	token string
}

// ask sends a request, and returns the status and the body of the answer.
func (c *console) ask(method, path, body string) (int, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	return resp.StatusCode, string(text)
}

func (c *console) metrics() (map[string]*dto.MetricFamily, string) {
	c.t.Helper()
	status, text := c.ask("GET", "/metrics", "")
	require.Equal(c.t, http.StatusOK, status, text)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(c.t, err)
	return families, text
}

// A program syncs an account through the API of a real worker that tells everything it can: what comes out beside Brevo names
// nobody, and its numbers are those that the simulated vendors counted.
func TestTheAPIAndTheMetricsOfARealWorker(t *testing.T) {
	s := realServer(t)
	w := newWorld(t, seed.Size{Users: 300, Tickets: 500, Organizations: 20})
	w.realTime()
	w.configure("debug: true")
	address := freeport.Address(t)
	c := &console{t: t, url: "http://" + address, token: "a-token-of-the-api-0123456789"}
	queue := fmt.Sprintf("observe-%d", time.Now().UnixNano())
	env := []string{"TASK_QUEUE=" + queue, "TEMPORAL_ADDRESS=" + s.FrontendHostPort(), "ADMIN_ADDR=" + address, "API_TOKEN=" + c.token}
	worker := w.start(t, workerBinary, env...)
	require.Eventually(t, func() bool { status, _ := c.ask("GET", "/readyz", ""); return status == http.StatusOK }, 30*time.Second, 50*time.Millisecond, "worker log:\n%s", worker.logs)
	workerPolls(t, s, queue)

	status, body := c.ask("POST", "/connectors/zendesk/connect", "")
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, `"role":"admin"`)
	status, body = c.ask("POST", "/connectors/zendesk/test", "")
	require.Equal(t, http.StatusOK, status, body)
	assert.Contains(t, body, `"passed":true`)
	status, body = c.ask("POST", "/connectors/zendesk/sync", `{"type":"full"}`)
	require.Equal(t, http.StatusAccepted, status, body)
	var how struct {
		LastSync    *time.Time
		UsersSynced int64
		Running     any
	}
	require.Eventually(t, func() bool {
		status, body = c.ask("GET", "/connectors/zendesk/status", "")
		return status == http.StatusOK && json.Unmarshal([]byte(body), &how) == nil && how.LastSync != nil && how.Running == nil
	}, time.Minute, 100*time.Millisecond, "status:\n%s", body)
	assert.Positive(t, how.UsersSynced)

	var families map[string]*dto.MetricFamily
	var text string
	require.Eventually(t, func() bool { // what was read of the store a moment ago is told again
		families, text = c.metrics()
		return strings.Contains(text, "zendesk_brevo_last_sync_timestamp_seconds")
	}, 30*time.Second, 500*time.Millisecond)
	assert.EqualValues(t, how.UsersSynced, valueOf(families["zendesk_brevo_mirror_rows"], "resource", "users"))
	calls := map[string]uint64{}
	for _, m := range families["zendesk_brevo_vendor_call_duration_seconds"].GetMetric() {
		for _, label := range m.GetLabel() {
			if label.GetName() == "vendor" {
				calls[label.GetValue()] += m.GetHistogram().GetSampleCount()
			}
		}
	}
	assert.Equal(t, map[string]uint64{"zendesk": uint64(len(w.zendesk.Log().Calls())), "brevo": uint64(len(w.brevo.Log().Calls()))}, calls)
	known, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	require.NoError(t, err)
	for name := range families {
		family, _, _ := strings.Cut(name, "_")
		if family == "zendesk" {
			assert.Contains(t, string(known), "`"+name+"`")
		} else {
			assert.Contains(t, []string{"go", "process", "temporal"}, family, name)
		}
	}
	assert.Contains(t, families, "temporal_activity_execution_latency_seconds")

	healthcheck(t, 0, "", env...)
	worker.terminate(t)
	healthcheck(t, 1, "nothing answers on "+address, env...)
	healthcheck(t, 1, "set it to an address", "ADMIN_ADDR=off")
	log := worker.logs.String()
	assert.Equal(t, w.calls(), strings.Count(log, `level=VERBOSE msg="vendor call"`), "a line for each call")
	assert.Contains(t, log, "remaining.account=")
	private := privateTo(w)
	for _, found := range append(private.in(text), private.in(log)...) {
		t.Error(found)
	}
	assert.NotContains(t, log, c.token)
}

// valueOf is the value of the one metric with that label.
func valueOf(family *dto.MetricFamily, label, value string) float64 {
	for _, m := range family.GetMetric() {
		for _, pair := range m.GetLabel() {
			if pair.GetName() == label && pair.GetValue() == value {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

// healthcheck runs `worker healthcheck` and expects its exit code and what it says.
func healthcheck(t *testing.T, code int, says string, env ...string) {
	t.Helper()
	path, err := workerBinary()
	require.NoError(t, err, path)
	cmd := exec.CommandContext(t.Context(), path, "healthcheck")
	var out bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), &out, &out
	_ = cmd.Run()
	assert.Equal(t, code, cmd.ProcessState.ExitCode(), out.String())
	assert.Contains(t, out.String(), says)
}

// A second worker on a host does not take an address for metrics that somebody chose and that is taken: it says what to do.
func TestASecondWorkerOnAHost(t *testing.T) {
	s := realServer(t)
	w := newWorld(t, seed.Size{Users: 5, Tickets: 5, Organizations: 1})
	w.realTime()
	address := freeport.Address(t)
	queue := fmt.Sprintf("second-%d", time.Now().UnixNano())
	env := []string{"TASK_QUEUE=" + queue, "TEMPORAL_ADDRESS=" + s.FrontendHostPort(), "ADMIN_ADDR=" + address}
	first := &console{t: t, url: "http://" + address}
	w.start(t, workerBinary, env...)
	require.Eventually(t, func() bool { status, _ := first.ask("GET", "/healthz", ""); return status == http.StatusOK }, 30*time.Second, 50*time.Millisecond)
	status, body := first.ask("POST", "/connectors/zendesk/sync", "")
	assert.Equal(t, http.StatusForbidden, status, "no API_TOKEN")
	assert.Contains(t, body, "API_TOKEN")

	second := w.start(t, workerBinary, env...)
	_ = second.cmd.Wait()
	assert.Equal(t, 1, second.cmd.ProcessState.ExitCode())
	assert.Equal(t, "worker: "+address+" is in use by another program: stop it, or set ADMIN_ADDR to a free address, or to off\n", second.logs.String())
}
