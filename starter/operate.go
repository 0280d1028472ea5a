package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

func (a *app) resumeCommand() *cobra.Command {
	var accept, asJSON bool
	cmd := &cobra.Command{
		Use:   "resume" + connectorArg,
		Short: "End a pause",
		Long: "End a pause and say what stood. Work goes on within a minute. When the pause is about a mass change, the run that met it\n" +
			"will meet it again, unless the cause was mended or --accept says that the change is meant.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.resume(cmd.Context(), args, accept, asJSON) },
	}
	cmd.Flags().BoolVar(&accept, "accept", false, "let the mass change that paused the account happen, once")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.withConnector(cmd)
}

func (a *app) resume(ctx context.Context, args []string, accept, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	stood, standing, err := account.Paused(ctx)
	if err != nil {
		return a.storeFailure(err)
	}
	// An acceptance given while no mass change waits would let a later one, that nobody has seen, pass.
	accepted := accept && standing && stood.Kind == activities.PauseMassChange
	if accepted {
		if err := account.AcceptMassChange(ctx, a.now()); err != nil {
			return a.storeFailure(err)
		}
	}
	if standing {
		if err := account.ClearPause(ctx); err != nil {
			return a.storeFailure(err)
		}
	}
	if asJSON {
		out := struct {
			Connector string `json:"connector"`
			Account   string `json:"account"`
			Resumed   bool   `json:"resumed"`
			Accepted  bool   `json:"accepted"`
			Was       *pause `json:"was"`
		}{Connector: a.cfg.Name, Account: a.cfg.Account(), Resumed: standing, Accepted: accepted}
		if standing {
			out.Was = &pause{stood.Kind, stood.Message, utc(stood.At)}
		}
		return a.printJSON(out)
	}
	a.printf("%s", resumed(a.cfg.Account(), stood, standing, accept))
	return nil
}

func resumed(account string, stood store.Pause, standing, accept bool) string {
	mass := stood.Kind == activities.PauseMassChange
	switch {
	case !standing:
		return account + " is not paused.\n"
	case mass && accept:
		return fmt.Sprintf("Resumed %s, and accepted once what paused it since %s:\n  %s\n", account, clock(stood.At), stood.Message)
	}
	text := fmt.Sprintf("Resumed %s, which was paused since %s:\n  %s\nWork goes on within a minute.\n", account, clock(stood.At), stood.Message)
	if mass {
		text += "Unless its cause is gone, it will pause again; if the change is meant: starter resume --accept\n"
	}
	return text
}

func (a *app) rejectsCommand() *cobra.Command {
	rejects := &cobra.Command{
		Use:   "rejects",
		Short: "Look at records that could not be brought over",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var f rejectsFlags
	list := &cobra.Command{
		Use:   "list" + connectorArg,
		Short: "List rejected records, newest first",
		PreRunE: func(*cobra.Command, []string) error {
			if f.limit < 1 {
				return usage("--limit must be at least 1")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.listRejects(cmd.Context(), args, f) },
	}
	list.Flags().IntVar(&f.limit, "limit", 50, "how many to list")
	list.Flags().BoolVar(&f.details, "details", false, "add the vendor's own words, which may hold personal data")
	list.Flags().BoolVar(&f.json, "json", false, "print JSON")
	rejects.AddCommand(a.withConnector(list))
	return rejects
}

type rejectsFlags struct {
	limit         int
	details, json bool
}

// rejected is one record for the outside: without the vendor's words unless asked for.
type rejected struct {
	Kind   store.Kind `json:"kind"`
	ID     int64      `json:"id"`
	Reason string     `json:"reason"`
	At     *time.Time `json:"at"`
	RunID  string     `json:"runId"`
	Detail string     `json:"detail,omitempty"`
}

func (a *app) listRejects(ctx context.Context, args []string, f rejectsFlags) error {
	if err := a.load(args); err != nil {
		return err
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	counts, err := account.CountRejects(ctx)
	if err != nil {
		return a.storeFailure(err)
	}
	found, err := account.Rejects(ctx, f.limit)
	if err != nil {
		return a.storeFailure(err)
	}
	if f.details {
		a.warnf("starter: --details shows the vendors' own words, which may hold personal data: mind where they go")
	}
	list := make([]rejected, len(found))
	for i, r := range found {
		list[i] = rejected{r.Kind, r.ID, r.Reason, utc(r.At), r.RunID, ""}
		if f.details {
			list[i].Detail = r.Detail
		}
	}
	if f.json {
		return a.printJSON(struct {
			Connector string           `json:"connector"`
			Account   string           `json:"account"`
			Counts    map[string]int64 `json:"counts"`
			Rejects   []rejected       `json:"rejects"`
		}{a.cfg.Name, a.cfg.Account(), counted(counts), list})
	}
	a.printRejects(list, counts, f)
	return nil
}

func (a *app) printRejects(list []rejected, counts map[string]int64, f rejectsFlags) {
	if len(list) == 0 {
		a.printf("No record of %s is rejected.\n", a.cfg.Account())
		return
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	header := "KIND\tID\tREASON\tWHEN"
	if f.details {
		header += "\tDETAIL"
	}
	fmt.Fprintln(w, header)
	for _, r := range list {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s", r.Kind, r.ID, r.Reason, moment(a.now(), r.At, "unknown"))
		if f.details {
			fmt.Fprintf(w, "\t%s", oneLine(r.Detail))
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	if all := total(counts); all > int64(len(list)) {
		a.printf("%s more (%s): --limit %d lists all\n", thousands(all-int64(len(list))), byReason(counts), all)
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.printf("starter %s\n", version())
			return nil
		},
	}
}

// version is the module's version and the commit it was built from, as far as the build recorded them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text, commit, dirty := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = ", modified"
		}
	}
	if text == "" || text == "(devel)" {
		text = "development"
	}
	if commit != "" {
		text += " (" + commit + dirty + ")"
	}
	return text + ", " + info.GoVersion
}
