package dev_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/dev"
)

func TestProcessHasItsEnvironmentFolderOutputAndExitCode(t *testing.T) {
	p := role("greeter", "greets")
	p.Env = append(p.Env, "GREETING=good morning")
	p.Dir = t.TempDir()
	var out bytes.Buffer
	proc, err := dev.StartProcess(p, environ(p), &out)
	require.NoError(t, err)
	<-proc.Done()

	var exit *exec.ExitError
	require.ErrorAs(t, proc.Err(), &exit)
	assert.Equal(t, 3, exit.ExitCode())
	assert.Equal(t, "hello from "+p.Dir+"\nGREETING=good morning\nno newline and stderr\n", out.String())
}

func TestProcessThatCannotBeStartedIsNamed(t *testing.T) {
	_, err := dev.StartProcess(dev.Part{Name: "worker", Command: []string{"/does/not/exist"}}, nil, io.Discard)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "start worker")
}

func TestKillEndsTheWholeGroup(t *testing.T) {
	p := role("stubborn", "stubborn")
	read, write := io.Pipe()
	proc, err := dev.StartProcess(p, environ(p), write)
	require.NoError(t, err)
	family := pids(t, read)
	require.Len(t, family, 2)
	go func() { _, _ = io.Copy(io.Discard, read) }()

	proc.Terminate()
	select {
	case <-proc.Done():
		t.Fatal("the part ignores SIGTERM: it cannot be gone")
	default:
	}
	proc.Kill()
	<-proc.Done()
	_ = write.Close()
	for _, pid := range family {
		requireGone(t, pid)
	}
}

func TestWhatAPartLeavesBehindIsKilled(t *testing.T) {
	p := role("leaver", "leaves")
	read, write := io.Pipe()
	proc, err := dev.StartProcess(p, environ(p), write)
	require.NoError(t, err)
	family := pids(t, read)
	go func() { _, _ = io.Copy(io.Discard, read) }()
	<-proc.Done()
	_ = write.Close()
	require.NoError(t, proc.Err())
	requireGone(t, family[0])
}

func TestPartsDieWithAKilledSupervisor(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux's kernel does this")
	}
	supervisor := exec.CommandContext(t.Context(), os.Args[0])
	supervisor.Env = append(os.Environ(), roleVariable+"=supervises")
	out, err := supervisor.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, supervisor.Start())
	family := pids(t, out)
	require.NoError(t, supervisor.Process.Kill())
	_ = supervisor.Wait()
	requireGone(t, family[0])
	// The kernel cares for the part alone; what the part started is its own business, here it is ours to clear up.
	if other, err := os.FindProcess(family[1]); err == nil {
		_ = other.Kill()
	}
}

func TestRunCommandReturnsTheExitCode(t *testing.T) {
	var out bytes.Buffer
	p := role("greeter", "greets")
	code, err := dev.RunCommand(t.Context(), time.Second, &out, t.TempDir(), environ(p), p.Command...)
	require.NoError(t, err)
	assert.Equal(t, 3, code)
	assert.Contains(t, out.String(), "hello from")
}

func TestRunCommandStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	p := role("stayer", "stays")
	read, write := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := dev.RunCommand(ctx, 5*time.Second, write, t.TempDir(), environ(p), p.Command...)
		_ = write.Close()
		done <- err
	}()
	cancel(over)
	go func() { _, _ = io.Copy(io.Discard, read) }()
	assert.ErrorIs(t, <-done, over)
}
