// Command starter is what a person types: it starts, watches and cancels syncs, tests a connection, and says how things
// stand. The work itself is done by the worker.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/wait"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // the command line, the environment or connectors.yaml must be changed
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], systemEnv())
	stop()
	os.Exit(code)
}

// env is the world around a command, so that tests can run it in process.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	interactive    bool // stdin is a terminal: somebody can answer
	terminal       bool // stdout is a terminal that can move its cursor
	colour         bool
	now            func() time.Time
	sleep          func(ctx context.Context, d time.Duration) error
	callback       string                     // where `starter connect` listens
	browse         func(address string) error // opens an address in a browser; nil: there is none
	every          time.Duration              // between two looks at a running sync; 0: by the kind of output
	dial           func(ctx context.Context) (temporalClient, server, error)
}

func systemEnv() env {
	terminal, colour := shows(isTerminal(os.Stdout), os.Getenv)
	return env{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		interactive: isTerminal(os.Stdin), terminal: terminal, colour: colour,
		callback: loopbackCallback, browse: desktopBrowser(terminal && isTerminal(os.Stdin)),
		now: time.Now, sleep: wait.For, dial: dialTemporal,
	}
}

// run carries out one command line and returns the exit code. What went wrong is on stderr, in one line with its fix; the
// problems of a configuration take a line each.
func run(ctx context.Context, args []string, e env) int {
	a := &app{env: e}
	defer a.close()
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for os.Args
	err := root.ExecuteContext(ctx)
	var (
		failure *failure
		known   *control.Failure
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &failure):
		if failure.text != "" {
			fmt.Fprintln(e.stderr, "starter: "+failure.text)
		}
		return failure.code
	case errors.As(err, &known):
		fmt.Fprintln(e.stderr, "starter: "+known.Text)
		if known.Kind == control.Usage {
			return exitUsage
		}
		return exitFailed
	case !a.begun: // cobra's own complaint about the command line
		fmt.Fprintf(e.stderr, "starter: %s\nRun `starter --help` for the commands.\n", err)
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(e.stderr, "starter: interrupted")
		return exitFailed
	default:
		fmt.Fprintln(e.stderr, "starter: "+err.Error())
		return exitFailed
	}
}

// failure ends a command with a code. Its text says what is wrong and what to do; an empty text means that all has been
// said already.
type failure struct {
	code  int
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.cause }

func failed(format string, args ...any) error {
	return &failure{code: exitFailed, text: fmt.Sprintf(format, args...)}
}

func usage(format string, args ...any) error {
	return &failure{code: exitUsage, text: fmt.Sprintf(format, args...)}
}

// shows says what stdout can show: bars that move, and colours. Without a terminal neither, nor on a dumb one; with
// NO_COLOR no colours. https://no-color.org
func shows(terminal bool, getenv func(string) string) (moves, colour bool) {
	moves = terminal && getenv("TERM") != "dumb"
	return moves, moves && getenv("NO_COLOR") == ""
}

// isTerminal holds for character devices except the null device.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
