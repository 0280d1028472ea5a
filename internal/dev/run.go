package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
)

// dataDir is where `make run` keeps its files.
const dataDir = "data"

// Run runs the product with the connectors.yaml and .env of the working directory: Temporal, a worker and the webhook server, files under data/,
// until ctx ends. Everything that is wrong with the configuration or the ports is reported before anything starts. With a
// TEMPORAL_ADDRESS on another host no Temporal is started.
func Run(ctx context.Context, o Options) error {
	env, err := config.LoadEnv()
	if err != nil {
		return fmt.Errorf("the environment (.env included) is not valid:\n%w", err)
	}
	if err := checkConfig(env); err != nil {
		return err
	}
	bins, err := findBinaries("worker", "starter", "webhook")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return fmt.Errorf("make the folder for data: %w", err)
	}
	out := NewOutput(o.Out, o.Colour)
	note := func(text string) { out.Line("dev", text) }
	s := &Supervisor{Out: out, Env: os.Environ(), Note: note}

	address := os.Getenv("TEMPORAL_ADDRESS")
	if !isLoopback(address) {
		note("TEMPORAL_ADDRESS is " + address + ": using that Temporal, starting none")
		// Asking that server who polls would need its certificates here: the worker says what it meets.
		worker := withAdmin(Part{Name: "worker", Command: []string{bins.ours["worker"]}}, env)
		return s.Run(ctx, []Part{worker, webhookPart(bins.ours["webhook"], env.WebhookAddr, "WEBHOOK_ADDR", "worker")}, stay(note, "bin/starter test, then bin/starter sync --type full --wait"))
	}
	if o.Ports.Temporal, err = portOf(address, o.Ports.Temporal); err != nil {
		return err
	}
	temporal, err := FindTemporal()
	if err != nil {
		return err
	}
	s.Env = merge(without(os.Environ(), ownVariables), embeddedTemporal(o.Ports.Temporal))
	parts := []Part{
		temporalPart(temporal, o.Ports, filepath.Join(dataDir, "temporal.db")),
		withAdmin(workerPart(bins.ours["worker"], o.Ports.Temporal, env.TaskQueue, "temporal"), env),
		webhookPart(bins.ours["webhook"], env.WebhookAddr, "WEBHOOK_ADDR", "temporal", "worker"),
	}
	if taken := CheckPorts(ctx, parts[2:]); taken != nil && os.Getenv("WEBHOOK_ADDR") == "" {
		note("no webhook server: " + taken.Error() + "; webhooks are optional")
		parts = parts[:2]
	}
	next := "bin/starter test, then bin/starter sync --type full --wait"
	if o.Ports.Temporal != defaultTemporalPort {
		next += " (with TEMPORAL_ADDRESS=" + loopback(o.Ports.Temporal) + ")"
	}
	return s.Run(ctx, parts, stay(note, "Temporal's Web UI: http://"+loopback(o.Ports.TemporalUI), "In another terminal: "+next))
}

// withAdmin has the port for metrics looked at before anything starts, where somebody chose it: the worker does without the
// default when that is taken.
func withAdmin(worker Part, env config.Env) Part {
	if os.Getenv("ADMIN_ADDR") != "" && env.AdminAddr != config.AdminOff {
		worker.Ports = append(worker.Ports, adminPort(env.AdminAddr, "ADMIN_ADDR"))
	}
	return worker
}

// stay prints the lines and waits for ctx to end.
func stay(note func(string), lines ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, line := range lines {
			note(line)
		}
		note("Ctrl-C stops everything; the files in " + dataDir + "/ stay")
		<-ctx.Done()
		return context.Cause(ctx)
	}
}

// checkConfig says what is wrong with connectors.yaml, or how to get one.
func checkConfig(env config.Env) error {
	if _, err := os.Stat(env.ConnectorsFile); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s does not exist. Make your own:\n  cp %s %s\n  edit it (subdomain, auth, lists) and put ZENDESK_API_TOKEN and BREVO_API_KEY into .env\nmake demo needs neither", env.ConnectorsFile, exampleFile, env.ConnectorsFile)
	}
	if _, err := config.Load(env.ConnectorsFile, os.Getenv, connectors.Checks()...); err != nil {
		return fmt.Errorf("the configuration is not valid:\n%w", err)
	}
	return nil
}

// isLoopback also holds for no address at all: the embedded server is the default.
func isLoopback(address string) bool {
	if address == "" {
		return true
	}
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// portOf is the port of TEMPORAL_ADDRESS, which wins over the default where both are set.
func portOf(address string, otherwise int) (int, error) {
	if address == "" {
		return otherwise, nil
	}
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, fmt.Errorf("TEMPORAL_ADDRESS: must be host:port: %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return 0, errors.New("TEMPORAL_ADDRESS: its port must be from 1 to 65535")
	}
	return port, nil
}
