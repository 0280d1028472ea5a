package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/store"
)

// app is what the commands share: settings read once, and connections made on demand.
type app struct {
	env
	begun    bool // a command of ours runs: from here on errors are not about the command line
	settings config.Env
	file     *config.File
	cfg      *config.Connector
	opened   *store.Store
	temporal *engine
	did      *[]string // see say
}

func (a *app) root() *cobra.Command {
	var asJSON bool
	root := &cobra.Command{
		Use:   "starter",
		Short: "Bring Zendesk Support into Brevo",
		Long: "Bring Zendesk users, tickets and organizations into Brevo.\n\n" +
			"Without a command it says what to do next. Commands that work on a connector take its name;\n" +
			"while one connector is enabled it may be left out. `starter completion --help` says how a shell completes commands,\n" +
			"flags, connectors and what flags choose from. With --json every command prints one JSON document to stdout.\n\n" +
			"Exit codes: 0 done, 1 failed, 2 the command line or the configuration must be changed.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		PersistentPreRun: func(*cobra.Command, []string) {
			a.begun = true
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.next(cmd.Context(), asJSON) },
	}
	jsonFlag(root, &asJSON)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("starter {{.Version}}\n")
	root.AddCommand(a.syncCommand(), a.statusCommand(), a.testCommand(), a.planCommand(), a.pauseCommand(), a.resumeCommand(), a.disconnectCommand(),
		a.resetCommand(), a.configCommand(), a.rejectsCommand(), a.scheduleCommand(),
		a.webhooksCommand(), a.automationsCommand(), a.mappingCommand(), a.keygenCommand(), a.versionCommand())
	root.AddCommand(a.connectCommand())
	root.AddCommand(a.explainCommand(), a.forgetCommand(), a.previewCommand(), a.connectorsCommand())
	return root
}

// connectorsCommand takes the commands that the connector's description gives as `connectors test zendesk` and the like.
func (a *app) connectorsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "connectors", Short: "Other names of connect, sync, status and test", Hidden: true}
	cmd.AddCommand(a.connectCommand(), a.syncCommand(), a.statusCommand(), a.testCommand())
	return cmd
}

// close gives back what was opened.
func (a *app) close() {
	if a.opened != nil {
		_ = a.opened.Close()
	}
	if a.temporal != nil {
		a.temporal.Client.Close()
	}
}

// load reads the environment and connectors.yaml and picks the connector. args holds its name or nothing.
func (a *app) load(args []string) error { return a.loadWith(args, connectors.Checks()...) }

// loadWith is load with other checks of the file.
func (a *app) loadWith(args []string, checks ...config.Option) error {
	settings, err := config.LoadEnv()
	if err != nil {
		return usage("the environment is not valid: %s", oneLine(err.Error()))
	}
	a.settings = settings
	if a.file, err = config.Load(settings.ConnectorsFile, os.Getenv, checks...); err != nil {
		return &failure{code: exitUsage, text: err.Error(), cause: err}
	}
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	if a.cfg, err = a.file.Connector(name); err != nil {
		return usage("%s", err)
	}
	return nil
}

// account opens the store of the loaded connector.
func (a *app) account(ctx context.Context) (*store.Account, error) {
	if a.opened == nil {
		opened, err := store.Open(ctx, a.settings.StoreURL.Reveal())
		if err != nil {
			return nil, a.storeFailure(err)
		}
		a.opened = opened
	}
	return a.opened.Account(a.cfg.Account()), nil
}

// accountIfAny is account, but leaves alone an SQLite file that does not exist yet: then it returns nil.
func (a *app) accountIfAny(ctx context.Context) (*store.Account, error) {
	if path, ok := strings.CutPrefix(a.settings.StoreURL.Reveal(), "sqlite:"); ok {
		if _, err := os.Stat(strings.TrimPrefix(path, "//")); errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
	}
	return a.account(ctx)
}

func (a *app) storeFailure(err error) error {
	if errors.Is(err, store.ErrLocked) {
		return &failure{
			code: exitFailed, cause: err,
			text: fmt.Sprintf("the store %s is locked by another program: wait until it has finished, or stop what holds the file, then try again", a.storeName()),
		}
	}
	return &failure{code: exitFailed, cause: err, text: fmt.Sprintf("%s: check STORE_URL and that the store can be reached", oneLine(err.Error()))}
}

// storeName names the store without a password.
func (a *app) storeName() string {
	address := a.settings.StoreURL.Reveal()
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return strings.TrimPrefix(path, "//")
	}
	return "at STORE_URL"
}

// engine connects to Temporal; it returns a failure that says what to do when that does not answer.
func (a *app) engine(ctx context.Context) (*engine, error) {
	if a.temporal != nil {
		return a.temporal, nil
	}
	c, at, err := a.dial(ctx)
	if err != nil {
		return nil, err
	}
	a.temporal = &engine{Client: c, Server: at, Queue: a.settings.TaskQueue, Now: a.now}
	return a.temporal, nil
}

// printJSON writes one indented document to stdout.
func (a *app) printJSON(v any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.stdout, format, args...) }

func (a *app) warnf(format string, args ...any) { fmt.Fprintf(a.stderr, format+"\n", args...) }

// connectorArg is the optional name of a connector.
const connectorArg = " [connector]"

// utc, oneLine, counted and orEmpty are as in every output.
var (
	utc     = control.UTC
	oneLine = control.OneLine
	counted = control.Counted
	orEmpty = control.OrEmpty
)
