//go:build unix

package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Process is a started part. Its methods may be called at any time, also after it ended.
type Process interface {
	// Done is closed when the process has ended and its output is drained.
	Done() <-chan struct{}
	// Err is how it ended: nil for exit code 0. Only after Done.
	Err() error
	// Terminate asks the whole process group to stop (SIGTERM).
	Terminate()
	// Kill ends the whole process group at once (SIGKILL).
	Kill()
}

// Starter starts a part whose output goes to out.
type Starter func(p Part, env []string, out io.Writer) (Process, error)

// outputWait is how long a grandchild may keep a dead part's output open.
const outputWait = 2 * time.Second

type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// StartProcess runs the part as a process group of its own, so that a Ctrl-C at the terminal reaches the supervisor alone,
// which then stops the parts in order. On Linux the kernel kills the part when the supervisor itself is killed.
func StartProcess(p Part, env []string, out io.Writer) (Process, error) {
	cmd := exec.CommandContext(context.Background(), p.Command[0], p.Command[1:]...)
	cmd.Env = env
	cmd.Dir = p.Dir
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = processGroup()
	cmd.WaitDelay = outputWait
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Name, err)
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	go c.wait()
	return c, nil
}

func (c *child) wait() {
	err := c.cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well; only something it had started kept its output open
	}
	c.err = err
	c.Kill() // whatever the part left behind in its group
	close(c.done)
}

func (c *child) Done() <-chan struct{} { return c.done }
func (c *child) Err() error            { return c.err }
func (c *child) Terminate()            { c.signal(syscall.SIGTERM) }
func (c *child) Kill()                 { c.signal(syscall.SIGKILL) }

// signal reaches the whole group; a group that is gone already is no error.
func (c *child) signal(s syscall.Signal) { _ = syscall.Kill(-c.cmd.Process.Pid, s) }

// run runs a command to its end with the terminal's own input and output, and returns its exit code. When ctx ends it is asked
// to stop, and killed after the grace period.
func run(ctx context.Context, grace time.Duration, out io.Writer, dir string, env []string, command ...string) (int, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = env
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.SysProcAttr = processGroup()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}
