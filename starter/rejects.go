package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/store"
)

func (a *app) rejectsCommand() *cobra.Command {
	rejects := &cobra.Command{
		Use:   "rejects",
		Short: "Look at records that could not be brought over, and try them again",
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
	jsonFlag(list, &f.json)
	rejects.AddCommand(a.withConnector(list), a.rejectsShowCommand(), a.rejectsRetryCommand())
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
	counts, err := account.CountRejects(ctx, "")
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
