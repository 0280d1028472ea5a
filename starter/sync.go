package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/workflows"
)

// syncFlags are the words of `starter sync`, as typed.
type syncFlags struct {
	kind      string
	resources []string
	since     string
	until     string
	users     []int64
	tickets   []int64
	orgs      []int64
	wait      bool
	cancel    bool
	json      bool
	yes       bool
	chosen    bool         // one of the flags that say what to sync was given
	typed     bool         // --type was given
	preview   previewFlags // of `starter preview`
}

// maxRecords bounds how many records one replay may name: more is a stretch of time.
const maxRecords = 500

// records are the single records that the flags name.
func (f *syncFlags) records() []activities.Record {
	var out []activities.Record
	for _, of := range []struct {
		kind string
		ids  []int64
	}{{activities.RecordUser, f.users}, {activities.RecordTicket, f.tickets}, {activities.RecordOrganization, f.orgs}} {
		for _, id := range of.ids {
			out = append(out, activities.Record{Kind: of.kind, ID: id})
		}
	}
	return out
}

func (a *app) syncCommand() *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{
		Use:   "sync" + connectorArg,
		Short: "Start, watch or cancel a sync",
		Long: "Start a sync on the worker. A full sync reads everything from the start; an incremental one (the default) reads what\n" +
			"changed, which is everything as long as nothing was read before. One sync runs at a time: while one does,\n" +
			"`starter sync --wait` watches it and `starter sync --cancel` ends it. Ctrl-C ends the watching, not the sync.\n" +
			"On a terminal, the first sync of an account, and the first after a pilot, says what it will do at most, and asks.\n\n" +
			"With --since and --until, or --user, --ticket and --organization, it reads what changed in that time, or those\n" +
			"records, once more and sends what differs from the last delivery: a replay, which does not change where the next sync goes on.",
		Example: "  starter sync --type full --wait\n  starter sync --type full --resources users,tickets --since 2023-01-01\n" +
			"  starter sync --since 2026-11-20T08:00:00Z --until 2026-11-20T12:00:00Z --wait\n  starter sync --ticket 35436 --wait\n  starter sync --cancel",
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"type", "resources", "since", "until", "user", "ticket", "organization"} {
				f.chosen = f.chosen || cmd.Flags().Changed(name)
			}
			f.typed = cmd.Flags().Changed("type")
			return f.check(a.now())
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.sync(cmd.Context(), args, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "type", activities.Incremental, "full or incremental")
	flags.StringSliceVar(&f.resources, "resources", nil, "only these: "+strings.Join(control.Resources, ",")+" (default: all that connectors.yaml switches on)")
	flags.StringVar(&f.since, "since", "", "of a full sync: tickets and ratings created before this day (2023-01-31, UTC) do not count, until the next full sync; of a replay: where it begins")
	flags.StringVar(&f.until, "until", "", "replay what changed from --since to here (2023-01-31T12:00:00Z; a day alone is its midnight, UTC)")
	flags.Int64SliceVar(&f.users, "user", nil, "replay these users, by Zendesk's `ids`")
	flags.Int64SliceVar(&f.tickets, "ticket", nil, "replay these tickets, by their `numbers`")
	flags.Int64SliceVar(&f.orgs, "organization", nil, "replay these organizations, by Zendesk's `ids`")
	flags.BoolVar(&f.wait, "wait", false, "watch the sync until it ends; alone it watches the one that runs")
	flags.BoolVar(&f.cancel, "cancel", false, "cancel the running sync and wait until it has ended")
	flags.BoolVar(&f.json, "json", false, "print the result as JSON")
	flags.BoolVar(&f.yes, "yes", false, "do not ask before the first sync")
	complete := func(words []string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	}
	_ = cmd.RegisterFlagCompletionFunc("type", complete(control.SyncTypes))
	_ = cmd.RegisterFlagCompletionFunc("resources", complete(control.Resources))
	return a.withConnector(cmd)
}

// check judges the flags alone and puts them in order.
func (f *syncFlags) check(now time.Time) error {
	if f.cancel && (f.chosen || f.wait) {
		return usage("--cancel goes alone: it cancels the running sync, whatever it reads, and waits for its end")
	}
	if err := control.CheckType("--type", f.kind); err != nil {
		return err
	}
	var err error
	if f.resources, err = control.SortResources("--resources", f.resources); err != nil {
		return err
	}
	if err := f.checkReplay(); err != nil {
		return err
	}
	_, _, err = f.bounds(now)
	return err
}

// checkReplay judges the flags that make a sync a replay, and makes it one.
func (f *syncFlags) checkReplay() error {
	records := f.records()
	switch {
	case len(records) == 0 && f.until == "":
		return nil
	case f.typed:
		return usage("--type does not go with --until, --user, --ticket and --organization: those make the sync a replay")
	case len(records) > 0 && (f.since != "" || f.until != "" || len(f.resources) > 0):
		return usage("--user, --ticket and --organization name what to read: leave out --since, --until and --resources")
	case len(records) == 0 && f.since == "":
		return usage("--until needs --since: where the replay begins")
	case len(records) > maxRecords:
		return usage("a replay takes up to %d records, found %d: name a stretch of time by --since and --until instead", maxRecords, len(records))
	}
	for _, r := range records {
		if r.ID < 1 {
			return usage("--%s %d is no id of Zendesk: copy the number from its address in the agent interface", r.Kind, r.ID)
		}
	}
	f.kind = activities.Replay
	return nil
}

// bounds are --since and --until as times; zero when they were not given.
func (f *syncFlags) bounds(now time.Time) (since, until time.Time, err error) {
	if since, err = control.Instant("--since", f.since); err != nil {
		return since, until, err
	}
	if until, err = control.Instant("--until", f.until); err != nil {
		return since, until, err
	}
	switch {
	case since.After(now):
		err = usage("--since %s is in the future: name the first day whose tickets count", f.since)
	case f.kind == activities.Replay && !since.IsZero() && !since.Before(until):
		err = usage("--until %s is not after --since %s", f.until, f.since)
	case f.kind == activities.Incremental && !since.IsZero():
		err = usage("--since needs --type full, or --until for a replay: an incremental sync keeps the bound of the last full one")
	}
	return since, until, err
}

func (a *app) sync(ctx context.Context, args []string, f syncFlags) error {
	if err := a.load(args); err != nil {
		return err
	}
	in := workflows.SyncInput{Account: a.cfg.Account(), Type: f.kind, Resources: f.resources, Records: f.records()}
	if _, err := activities.Streams(a.cfg, f.resources); err != nil {
		return usage("%s", err)
	}
	var err error
	if in.Since, in.Until, err = f.bounds(a.now()); err != nil {
		return err
	}
	e, err := a.engine(ctx)
	if err != nil {
		return err
	}
	if f.cancel {
		return a.cancelSync(ctx, e, f)
	}
	if f.wait && !f.chosen {
		run, found, err := e.Running(ctx, in.Account)
		if err != nil {
			return err
		}
		if found {
			a.warnf("Watching the %s that started %s.", run.Title(), ago(a.now(), run.StartedAt))
			return a.watch(ctx, e, run, f)
		}
	}
	return a.begin(ctx, e, in, f)
}

func (a *app) begin(ctx context.Context, e *engine, in workflows.SyncInput, f syncFlags) error {
	if err := e.RequireWorker(ctx); err != nil {
		return err
	}
	a.warnIfPaused(ctx)
	if err := a.askFirst(ctx, f); err != nil {
		return err
	}
	run, err := e.Start(ctx, in)
	if errors.Is(err, control.ErrRunning) {
		return a.refuse(ctx, e, in.Account)
	}
	if err != nil {
		return err
	}
	if f.wait {
		return a.watch(ctx, e, run, f)
	}
	if f.json {
		return a.printJSON(struct {
			Connector  string `json:"connector"`
			Account    string `json:"account"`
			Type       string `json:"type"`
			WorkflowID string `json:"workflowId"`
			RunID      string `json:"runId"`
		}{a.cfg.Name, in.Account, in.Type, run.ID, run.RunID})
	}
	command := "sync --wait"
	if in.Type == activities.Preview {
		command = "preview"
	}
	a.printf("Started the %s of %s.\nWatch it with `starter %s`, or look with `starter status`.\n", run.Title(), in.Account, command)
	return nil
}

// refuse says which sync is in the way.
func (a *app) refuse(ctx context.Context, e *engine, account string) error {
	run, found, err := e.Running(ctx, account)
	if err != nil {
		return err
	}
	since := ""
	if found {
		since = fmt.Sprintf(" since %s (%s)", clock(run.StartedAt), ago(a.now(), run.StartedAt))
	}
	return failed("a %s of %s runs%s, and only one may: watch it with `starter sync --wait`, or end it with `starter sync --cancel`",
		run.Title(), account, since)
}

// warnIfPaused says that the sync will wait. A store that cannot be read does not keep a sync from starting: the worker
// has its own.
func (a *app) warnIfPaused(ctx context.Context) {
	account, err := a.accountIfAny(ctx)
	if err != nil {
		a.warnf("starter: whether the account is paused is not known: %s", oneLine(err.Error()))
		return
	}
	if account == nil {
		return
	}
	if pause, standing, err := account.Paused(ctx); err == nil && standing {
		a.warnf("starter: %s is paused, so the sync waits: %s", a.cfg.Account(), pause.Message)
	}
}

func (a *app) cancelSync(ctx context.Context, e *engine, f syncFlags) error {
	run, found, err := e.Running(ctx, a.cfg.Account())
	if err != nil {
		return err
	}
	if found {
		if !f.json {
			a.printf("Canceling the %s of %s; steps under way are finished first ...\n", run.Title(), a.cfg.Account())
		}
		if err := e.Cancel(ctx, run); err != nil {
			return err
		}
	}
	switch {
	case f.json:
		return a.printJSON(struct {
			Connector string `json:"connector"`
			Account   string `json:"account"`
			Canceled  bool   `json:"canceled"`
		}{a.cfg.Name, a.cfg.Account(), found})
	case found:
		a.printf("Canceled. What was read and sent stays; the next sync goes on from there.\n")
	default:
		a.printf("No sync of %s runs.\n", a.cfg.Account())
	}
	return nil
}
