package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"zendesk-brevo/internal/dev"
	"zendesk-brevo/internal/freeport"
)

// server is the embedded Temporal server, started once for all tests of this package that need a real one.
var server = sync.OnceValues(func() (*testsuite.DevServer, error) {
	path, err := dev.FindTemporal()
	if err != nil {
		return nil, err
	}
	port, _, err := freeport.Reserve() // as long as this process
	if err != nil {
		return nil, err
	}
	return testsuite.StartDevServer(background, testsuite.DevServerOptions{
		ExistingPath: path, ClientOptions: &client.Options{HostPort: fmt.Sprintf("127.0.0.1:%d", port), Logger: discardLogger{}},
		ExtraArgs: dev.TemporalSettings(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{},
	})
})

// The real programs, built once.
var (
	starterBinary = built("starter")
	workerBinary  = built("worker")
	webhookBinary = built("webhook")
)

func built(program string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", program)
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, program)
		cmd := exec.CommandContext(background, "go", "build", "-o", path, "../../"+program)
		if out, err := cmd.CombinedOutput(); err != nil {
			return string(out), err
		}
		return path, nil
	})
}

func realServer(t testing.TB) *testsuite.DevServer {
	t.Helper()
	s, err := server()
	if err != nil {
		t.Skipf("skipped: needs the embedded Temporal server: %v", err)
	}
	return s
}

// workerPolls waits until a worker asks for work of both kinds, which a program that answers may not do yet.
func workerPolls(t testing.TB, s *testsuite.DevServer, queue string) {
	t.Helper()
	require.Eventually(t, func() bool { return dev.WorkerReady(s.FrontendHostPort(), "default", queue)(t.Context()) == nil }, time.Minute, 50*time.Millisecond)
}

// program is a worker process over a world.
type program struct {
	cmd  *exec.Cmd
	logs *bytes.Buffer
}

// startWorker runs the real worker against the world on its own task queue.
func (w *world) startWorker(t testing.TB, s *testsuite.DevServer, queue string) *program {
	t.Helper()
	return w.start(t, workerBinary, "TASK_QUEUE="+queue, "TEMPORAL_ADDRESS="+s.FrontendHostPort())
}

// start runs a real program against the world.
func (w *world) start(t testing.TB, binary func() (string, error), env ...string) *program {
	t.Helper()
	path, err := binary()
	require.NoError(t, err, path)
	config := filepath.Join(t.TempDir(), "connectors.yaml")
	require.NoError(t, os.WriteFile(config, []byte(w.yaml), 0o600))
	p := &program{cmd: exec.CommandContext(background, path), logs: &bytes.Buffer{}}
	p.cmd.Env = append(append(os.Environ(), "CONNECTORS_FILE="+config, "STORE_URL="+w.storeURL, "TEMPORAL_NAMESPACE=default", "ADMIN_ADDR=off"), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.logs, p.logs
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	return p
}

// kill ends the process like a power cut.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// terminate asks the process to stop, and waits until it has.
func (p *program) terminate(t testing.TB) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	_ = p.cmd.Wait() // with an error when the signal met a process that was not quite up
}

// Tests that need the real server run one after another: it knows one sync of an account at a time, as in life.

// realTime makes the vendors live in real time, for tests whose Temporal does.
func (w *world) realTime() { w.clock.now = time.Now }

func (w *world) calls() int { return len(w.zendesk.Log().Calls()) + len(w.brevo.Log().Calls()) }
