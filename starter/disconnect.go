package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

type disconnectFlags struct {
	attributes, dryRun, yes, json bool
}

func (a *app) disconnectCommand() *cobra.Command {
	var f disconnectFlags
	cmd := &cobra.Command{
		Use:   "disconnect" + connectorArg,
		Short: "Remove the schedule, the webhooks, our list memberships and the stored secrets",
		Long: "Stop a connector for good, and take back what it did: remove the schedule, cancel a running sync, delete the webhooks and triggers\n" +
			"that were installed from here, take contacts off the lists that they were put on here, and delete the stored secrets. With\n" +
			"--attributes the contact attributes that were made here are deleted too, with their values. Contacts, companies, lists and events\n" +
			"stay in Brevo, and so do memberships that others made. It says first what it will do, may be cut off and run again at any time,\n" +
			"and leaves the account paused, until `starter resume`. A later sync brings everything back.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.disconnect(cmd.Context(), args, f) },
	}
	cmd.Flags().BoolVar(&f.attributes, "attributes", false, "delete the contact attributes that were made here, with their values in every contact")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and do nothing")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	jsonFlag(cmd, &f.json)
	return a.withConnector(cmd)
}

// disconnection is what `starter disconnect --json` prints: what was done or, with --dry-run, what would be.
type disconnection struct {
	Connector      string   `json:"connector"`
	Account        string   `json:"account"`
	DryRun         bool     `json:"dryRun"`
	Schedule       string   `json:"schedule"` // removed, none, unknown
	SyncCanceled   bool     `json:"syncCanceled"`
	Webhooks       int      `json:"webhooks"`
	Triggers       int      `json:"triggers"`
	People         int64    `json:"people"`       // on lists that they were put on here
	Memberships    int64    `json:"memberships"`  // that ended
	OutsidePilot   int64    `json:"outsidePilot"` // people on lists whom the pilot leaves alone
	Attributes     []string `json:"attributes"`
	AttributesKept []string `json:"attributesKept"` // Brevo refuses to delete them
	Secrets        int      `json:"secrets"`
	Did            []string `json:"did"`
	Left           []string `json:"left"` // what did not work, to be tried again

	syncTitle string
	made      []string // attributes, whether they are to be deleted or not
}

func (a *app) disconnect(ctx context.Context, args []string, f disconnectFlags) error {
	if err := a.load(args); err != nil {
		return err
	}
	if !f.yes && !f.dryRun && !a.interactive {
		return usage("`starter disconnect` asks first, and there is no terminal to answer on: add --yes, or look with --dry-run")
	}
	e, err := a.engine(ctx)
	if err == nil && !f.dryRun {
		err = e.RequireWorker(ctx)
	}
	if err != nil && !f.dryRun {
		return err // nothing has been changed
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	d := &disconnection{
		Connector: a.cfg.Name, Account: a.cfg.Account(), DryRun: f.dryRun, Attributes: []string{}, AttributesKept: []string{}, Did: []string{}, Left: []string{},
	}
	if err := a.foresee(ctx, e, account, d, f); err != nil {
		return err
	}
	if !f.json {
		a.printf("%s", d.outlook(f))
	}
	if f.dryRun {
		if f.json {
			return a.printJSON(d)
		}
		return nil
	}
	if !f.yes {
		agreed, err := a.ask(ctx, "Disconnect %s?", d.Account)
		if err != nil {
			return err
		}
		if !agreed {
			return failed("nothing was changed")
		}
	}
	return a.carryOutDisconnect(ctx, e, account, d, f)
}

// foresee counts what there is to do, from the store and from Temporal alone.
func (a *app) foresee(ctx context.Context, e *engine, account *store.Account, d *disconnection, f disconnectFlags) error {
	hooks, err := account.Webhooks(ctx)
	if err != nil {
		return a.storeFailure(err)
	}
	d.Webhooks = len(hooks)
	for _, hook := range hooks {
		d.Triggers += len(hook.Triggers)
	}
	of := store.Undo{Only: a.cfg.Pilot.Emails}
	if d.People, err = account.CountUndoable(ctx, of); err != nil {
		return a.storeFailure(err)
	}
	if d.OutsidePilot, err = account.CountUndoableBut(ctx, of); err != nil {
		return a.storeFailure(err)
	}
	attributes, err := account.Attributes(ctx)
	if err != nil {
		return a.storeFailure(err)
	}
	if d.made = activities.MadeAttributes(attributes); f.attributes {
		of.Attributes = true
		written, err := account.CountUndoableBut(ctx, of)
		if err != nil {
			return a.storeFailure(err)
		}
		if written > 0 {
			return usage("--attributes: %s", activities.PilotKeepsAttributes(written))
		}
		d.Attributes = append(d.Attributes, d.made...)
	}
	secrets, err := account.Secrets(ctx, "")
	if err != nil {
		return a.storeFailure(err)
	}
	d.Secrets, d.Schedule = len(secrets), "unknown"
	if e == nil {
		a.warnf("starter: Temporal does not answer, so that the schedule and a running sync are not known")
		return nil
	}
	run, found, err := e.Running(ctx, d.Account)
	if err != nil {
		return err
	}
	d.SyncCanceled, d.syncTitle = found, run.Title()
	calling, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var missing *serviceerror.NotFound
	switch _, err := a.schedule(calling, e).Describe(calling); {
	case err == nil:
		d.Schedule = "removed"
	case errors.As(err, &missing):
		d.Schedule = "none"
	default:
		return e.Failure(err)
	}
	return nil
}

// outlook says what will be done.
func (d *disconnection) outlook(f disconnectFlags) string {
	var b strings.Builder
	fmt.Fprintf(&b, "To disconnect %s:\n", d.Account)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(label, text string) { fmt.Fprintf(w, "  %s\t%s\n", label, text) }
	row("schedule", map[string]string{"removed": "is removed", "none": "there is none", "unknown": "is removed, if there is one"}[d.Schedule])
	if d.SyncCanceled {
		row("sync", "the running "+d.syncTitle+" is canceled")
	}
	webhooks := "none is installed"
	if d.Webhooks > 0 {
		webhooks = plural(int64(d.Webhooks), "webhook")
		if d.Triggers > 0 {
			webhooks += " and " + plural(int64(d.Triggers), "trigger")
		}
		webhooks += " deleted in Zendesk"
	}
	row("webhooks", webhooks)
	row("lists", plural(d.People, "contact")+" taken off the lists that they were put on here")
	if d.OutsidePilot > 0 {
		row("pilot", d.outside())
	}
	switch {
	case len(d.made) == 0:
		row("attributes", "none was made here")
	case f.attributes:
		row("attributes", fmt.Sprintf("%d that were made here are deleted in Brevo, with their values in every contact:\n  \t%s", len(d.made), strings.Join(d.made, ", ")))
	default:
		row("attributes", fmt.Sprintf("%d that were made here stay (--attributes deletes them)", len(d.made)))
	}
	row("secrets", plural(int64(d.Secrets), "secret")+" deleted from the store")
	row("what stays", "contacts, companies with their attribute zendesk_id, lists, events; tags, notes and tickets in Zendesk; the mirror here")
	_ = w.Flush()
	return b.String()
}

// outside says whom the pilot leaves on lists.
func (d *disconnection) outside() string {
	return plural(d.OutsidePilot, "contact") + " outside of it left as they are: remove pilot from connectors.yaml and disconnect again to take them off too"
}

// carryOutDisconnect goes from what starts work to what work needs: the secrets go last, and only when nothing is left that needs them.
// Every step finds out for itself what is left of it, so the command may be run again after a death at any line.
func (a *app) carryOutDisconnect(ctx context.Context, e *engine, account *store.Account, d *disconnection, f disconnectFlags) error {
	planned := *d
	d.Schedule, d.SyncCanceled, d.Webhooks, d.Triggers, d.People, d.Secrets, d.Attributes = "none", false, 0, 0, 0, 0, []string{}
	if f.json {
		a.did = &d.Did
	}
	err := account.SetPause(ctx, store.Pause{Kind: activities.PauseDisconnected, At: a.now(), Message: "disconnected by `starter disconnect`: " +
		"`starter resume` lets it work again, then `starter schedule apply` and `starter webhooks install`"})
	if err != nil {
		return a.storeFailure(err)
	}
	steps := []func(context.Context, *engine, *store.Account, *disconnection, disconnectFlags) error{
		a.removeSchedule, a.endSync, a.removeHooks, a.undoInBrevo, a.dropSecrets,
	}
	for _, step := range steps {
		if err := step(ctx, e, account, d, f); err != nil {
			if ctx.Err() != nil {
				return &failure{code: exitFailed, cause: err, text: oneLine(err.Error()) + "; run `starter disconnect` again for the rest"}
			}
			d.Left = append(d.Left, oneLine(err.Error()))
		}
	}
	if f.json {
		if err := a.printJSON(d); err != nil {
			return err
		}
	} else if len(d.Left) == 0 {
		a.printf("Disconnected %s. Nothing works on it until `starter resume`.\n", planned.Account)
	}
	if len(d.Left) > 0 {
		return failed("%s is stopped, but not all was taken back: %s; mend that, then run `starter disconnect` again", d.Account, strings.Join(d.Left, "; "))
	}
	return nil
}
