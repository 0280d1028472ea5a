package dev

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// The demo's account: made up, the same at every run.
const (
	demoSeed          = 1
	demoUsers         = 8400
	demoTickets       = 34200
	demoOrganizations = 1200
	// demoPlan is Zendesk's plan: 10 export requests a minute.
	demoPlan = "professional"
	// demoSpeed makes a minute of a rate window pass in a second, so that the limits show without being waited for.
	demoSpeed = "60"
	// syncWithin is more than the demo's sync takes on two slow cores.
	syncWithin = 5 * time.Minute
)

// Options are what both stacks take.
type Options struct {
	Ports    Ports
	Out      io.Writer
	Terminal bool // Out is a terminal: one display at a time
	Colour   bool
	// Exit makes the demo leave when the sync is over instead of staying until ctx ends.
	Exit bool
	// Keep leaves the demo's files where they are.
	Keep bool
}

// Demo runs the whole product on made-up data: Temporal with its Web UI, simulated Zendesk and Brevo, a worker, the webhook server,
// one full sync; it shows what arrived, and then what becomes of a ticket as it happens. It returns the exit code for the program: the sync's, 1 when something could not be run. With an
// error, it has not been printed yet.
func Demo(ctx context.Context, o Options) (int, error) {
	bins, err := findBinaries("simulator", "worker", "starter", "webhook")
	if err != nil {
		return 1, err
	}
	if bins.temporal, err = FindTemporal(); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "zendesk-brevo-demo-")
	if err != nil {
		return 1, fmt.Errorf("make the demo's folder: %w", err)
	}
	if !o.Keep {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	d := demo{Options: o, dir: dir, bins: bins, out: NewOutput(o.Out, o.Colour), key: newKey(), token: newKey()}
	if d.account, err = writeDemoConfig(dir, o.Ports); err != nil {
		return 1, err
	}
	s := &Supervisor{Out: d.out, Env: d.env(), Note: d.note}
	d.note("Starting Temporal, a simulated Zendesk and a simulated Brevo, a worker and the webhook server ...")
	code := 0
	err = s.Run(ctx, d.parts(), func(ctx context.Context) error {
		var err error
		code, err = d.show(ctx)
		return err
	})
	if err != nil {
		return 1, err
	}
	if o.Keep {
		d.note("The demo's files are in " + dir)
	}
	return code, nil
}

type demo struct {
	Options
	dir     string
	account string
	key     string // that secrets in the store are sealed with
	token   string // of the worker's API
	bins    binaries
	out     *Output
}

func (d *demo) note(text string) { d.out.Line("demo", text) }

// env is the programs' environment: nothing of the person's own accounts.
func (d *demo) env() []string {
	return merge(without(os.Environ(), append(ownVariables, "ZENDESK_", "BREVO_", "WEBHOOK_", "TLS_", "ALLOWED_CIDRS", "TRUSTED_PROXIES", "ADMIN_", "API_")), embeddedTemporal(d.Ports.Temporal), []string{
		"CONNECTORS_FILE=" + filepath.Join(d.dir, "connectors.yaml"),
		"STORE_URL=sqlite:" + filepath.Join(d.dir, "connector.db"),
		"TASK_QUEUE=" + taskQueue,
		"ENCRYPTION_KEY=" + d.key,
		"WEBHOOK_ADDR=" + loopback(d.Ports.Webhook),
		"PUBLIC_URL=http://" + loopback(d.Ports.Webhook),
		"ADMIN_ADDR=" + loopback(d.Ports.Admin),
		"API_TOKEN=" + d.token,
	})
}

func (d *demo) parts() []Part {
	zendesk, brevo := loopback(d.Ports.Zendesk), loopback(d.Ports.Brevo)
	temporal := temporalPart(d.bins.temporal, d.Ports, filepath.Join(d.dir, "temporal.db"))
	simulator := Part{
		Name: "simulator",
		Command: []string{
			d.bins.ours["simulator"], "--zendesk-addr", zendesk, "--brevo-addr", brevo, "--seed", strconv.Itoa(demoSeed),
			"--users", strconv.Itoa(demoUsers),
			"--tickets", strconv.Itoa(demoTickets), "--organizations", strconv.Itoa(demoOrganizations),
			"--plan", demoPlan, "--speed", demoSpeed, "--seed-brevo",
		},
		Ports: []Port{
			{Addr: zendesk, Purpose: "the simulated Zendesk", Variable: "ZENDESK_SIM_PORT"},
			{Addr: brevo, Purpose: "the simulated Brevo", Variable: "BREVO_SIM_PORT"},
		},
		Ready: All(TCPReady(zendesk), TCPReady(brevo)),
	}
	worker := workerPart(d.bins.ours["worker"], d.Ports.Temporal, taskQueue, "temporal", "simulator")
	worker.Ports = []Port{adminPort(loopback(d.Ports.Admin), "ADMIN_PORT")}
	webhook := webhookPart(d.bins.ours["webhook"], loopback(d.Ports.Webhook), "WEBHOOK_PORT", "worker")
	parts := []Part{temporal, simulator, worker, webhook}
	for i := range parts {
		// Not the person's own folder: the programs would read its .env.
		parts[i].Dir = d.dir
	}
	return parts
}

// show runs the sync and shows what came of it. It returns the sync's exit code.
func (d *demo) show(ctx context.Context) (int, error) {
	d.note("starter sync --type full --wait")
	began := time.Now()
	code, err := d.starter(ctx, "sync", "--type", "full", "--wait")
	if err != nil {
		return 1, fmt.Errorf("run the sync: %w", err)
	}
	took := time.Since(began).Round(100 * time.Millisecond)
	if code == 0 {
		d.note(fmt.Sprintf("The full sync took %s. starter status:", took))
	} else {
		d.note(fmt.Sprintf("The sync ended with exit code %d after %s. starter status:", code, took))
	}
	if _, err := d.starter(ctx, "status"); err != nil {
		return 1, fmt.Errorf("run starter status: %w", err)
	}
	requester, err := d.samples(ctx)
	if err != nil {
		return 1, err
	}
	if code == 0 {
		if err := d.live(ctx, requester); err != nil {
			return 1, err
		}
	}
	d.print("\nTemporal's Web UI: http://%s\n  the sync: %s\n", loopback(d.Ports.TemporalUI), workflowURL(d.Ports.TemporalUI, "zendesk/"+d.account+"/sync"))
	d.print("Metrics: http://%s/metrics\n", loopback(d.Ports.Admin))
	if d.Exit {
		return code, nil
	}
	d.print("The worker's API: curl -H 'Authorization: Bearer %s' http://%s/connectors/zendesk/status\n", d.token, loopback(d.Ports.Admin))
	d.print("Look around with\n  %s\nCtrl-C stops everything and removes the demo's files.\n", d.tryIt())
	<-ctx.Done()
	return code, context.Cause(ctx)
}

// starter runs the starter with the terminal to itself.
func (d *demo) starter(ctx context.Context, args ...string) (int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, syncWithin, fmt.Errorf("not over after %s", syncWithin))
	defer cancel()
	if d.Terminal {
		d.out.Hold()
		defer d.out.Release()
	}
	return run(ctx, DefaultGrace, d.Out, d.dir, d.env(), append([]string{d.bins.ours["starter"]}, args...)...)
}

// samples shows some contacts, and returns the address of one.
func (d *demo) samples(ctx context.Context) (string, error) {
	contacts, one, err := sampleContacts(ctx, "http://"+loopback(d.Ports.Brevo)+"/v3")
	if err != nil {
		return "", fmt.Errorf("read contacts from the simulated Brevo: %w", err)
	}
	d.print("\nSome of the contacts in the simulated Brevo (made-up people):\n%s", contacts)
	return one, nil
}

func (d *demo) print(format string, args ...any) { d.out.Raw(fmt.Sprintf(format, args...)) }

// tryIt is a command line that reaches the demo from another terminal.
func (d *demo) tryIt() string {
	return fmt.Sprintf("export CONNECTORS_FILE=%s STORE_URL=sqlite:%s TEMPORAL_ADDRESS=%s TEMPORAL_UI_URL=http://%s PUBLIC_URL=http://%s ENCRYPTION_KEY=%s\n  bin/starter status",
		filepath.Join(d.dir, "connectors.yaml"), filepath.Join(d.dir, "connector.db"), loopback(d.Ports.Temporal), loopback(d.Ports.TemporalUI),
		loopback(d.Ports.Webhook), d.key)
}

// workflowURL is the page of a workflow in the Web UI.
func workflowURL(uiPort int, workflowID string) string {
	return fmt.Sprintf("http://%s/namespaces/%s/workflows/%s", loopback(uiPort), Namespace, url.PathEscape(workflowID))
}
