package dev_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"zendesk-brevo/internal/dev"
)

// roleVariable makes the test program play a part instead of running the tests.
const roleVariable = "DEV_TEST_ROLE"

// transcript keeps what several programs print.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

func play(role string) int {
	switch role {
	case "greets":
		wd, _ := os.Getwd()
		fmt.Printf("hello from %s\nGREETING=%s\nno newline", wd, os.Getenv("GREETING"))
		fmt.Fprintln(os.Stderr, " and stderr")
		return 3
	case "stays":
		wait(syscall.SIGTERM)
		fmt.Println("stopping")
		return 0
	case "stubborn": // ignores SIGTERM, and so does the process it starts
		signal.Ignore(syscall.SIGTERM)
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), roleVariable+"=ignores")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Println("pids", os.Getpid(), child.Process.Pid)
		select {}
	case "ignores":
		signal.Ignore(syscall.SIGTERM)
		wait(syscall.SIGUSR1)
		return 0
	case "leaves": // ends well but leaves a process behind
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), roleVariable+"=ignores")
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Println("pids", child.Process.Pid)
		return 0
	case "supervises": // starts a part and never stops it
		p := dev.Part{Name: "part", Command: []string{os.Args[0]}, Env: []string{roleVariable + "=stubborn"}}
		_, err := dev.StartProcess(p, append(os.Environ(), p.Env...), os.Stdout)
		if err != nil {
			return 1
		}
		select {}
	}
	return 99
}

// wait blocks until the signal arrives; a minute is only for a test that went wrong.
func wait(s os.Signal) {
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, s)
	select {
	case <-arrived:
	case <-time.After(time.Minute):
	}
}

// role is this test program as a part.
func role(name, role string) dev.Part {
	return dev.Part{Name: name, Command: []string{os.Args[0]}, Env: []string{roleVariable + "=" + role}}
}

func environ(p dev.Part) []string { return append(os.Environ(), p.Env...) }

// pids reads the line in which a role tells its process ids.
func pids(t *testing.T, out io.Reader) []int {
	t.Helper()
	var line [200]byte
	n, err := out.Read(line[:])
	require.NoError(t, err)
	var a, b int
	count, _ := fmt.Sscanf(string(line[:n]), "pids %d %d", &a, &b)
	require.Positive(t, count, "unexpected output %q", line[:n])
	return []int{a, b}[:count]
}

// requireGone waits until a process is no more: ended, or a zombie nobody has reaped.
func requireGone(t *testing.T, pid int) {
	t.Helper()
	require.Eventually(t, func() bool {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			return true
		}
		var id int
		var name, state string
		_, _ = fmt.Sscanf(string(stat), "%d %s %s", &id, &name, &state)
		return state == "Z"
	}, 10*time.Second, 10*time.Millisecond, "process %d still runs", pid)
}
