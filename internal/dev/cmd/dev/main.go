// Command dev runs the whole product on this machine: `dev demo` on made-up data, `dev run` on your own accounts.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"zendesk-brevo/internal/dev"
)

const usage = `usage: dev demo|run

  demo  Temporal, a simulated Zendesk and Brevo, a worker, the webhook server, one full sync of made-up data, and what
        becomes of a ticket as it happens. DEMO_EXIT=1 leaves at the end; DEMO_KEEP=1 keeps the files.
  run   Temporal, a worker and the webhook server with your own connectors.yaml and .env; files under data/.

Ports: TEMPORAL_PORT, TEMPORAL_UI_PORT, ZENDESK_SIM_PORT, BREVO_SIM_PORT, WEBHOOK_PORT, ADMIN_PORT (demo).
`

func main() { os.Exit(program(os.Args[1:])) }

func program(args []string) int {
	if len(args) != 1 || (args[0] != "demo" && args[0] != "run") {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A second Ctrl-C ends this program at once, and the kernel its parts.
	context.AfterFunc(ctx, stop)

	ports, err := dev.PortsFromEnv()
	if err != nil {
		return failed(err)
	}
	terminal := isTerminal(os.Stdout)
	options := dev.Options{
		Ports: ports, Out: os.Stdout, Terminal: terminal, Colour: terminal && os.Getenv("NO_COLOR") == "",
		Exit: isSet("DEMO_EXIT"), Keep: isSet("DEMO_KEEP"),
	}
	if args[0] == "run" {
		if err := dev.Run(ctx, options); err != nil {
			return failed(err)
		}
		return 0
	}
	code, err := dev.Demo(ctx, options)
	if err != nil {
		return failed(err)
	}
	return code
}

func failed(err error) int {
	fmt.Fprintf(os.Stderr, "\n%v\n", err)
	return 1
}

func isSet(variable string) bool {
	value := os.Getenv(variable)
	return value != "" && value != "0" && value != "false"
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
