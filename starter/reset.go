package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// exportPage is how many rows one export request brings at most.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
const exportPage = 1000

func (a *app) resetCommand() *cobra.Command {
	var stream string
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use:   "reset" + connectorArg,
		Short: "Let the next sync read one stream from its start",
		Long: "Forget how far one stream was read, so that the next sync reads all of it. What was read stays, and what comes out as it was\n" +
			"delivered is not sent again. A whole new reading of everything is `starter sync --type full`; single records and stretches of\n" +
			"time are replays, see `starter sync --help`.",
		Example: "  starter reset --stream tickets",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case stream == "":
				return usage("name the stream: --stream %s", strings.Join(control.Resources, "|"))
			case !slices.Contains(control.Resources, stream):
				return usage("--stream %s", control.Choice(stream, control.Resources))
			}
			return a.reset(cmd.Context(), args, stream, yes, asJSON)
		},
	}
	cmd.Flags().StringVar(&stream, "stream", "", strings.Join(control.Resources, "|"))
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	jsonFlag(cmd, &asJSON)
	_ = cmd.RegisterFlagCompletionFunc("stream", cobra.FixedCompletions(control.Resources, cobra.ShellCompDirectiveNoFileComp))
	return a.withConnector(cmd)
}

// resetReport is what `starter reset --json` prints.
type resetReport struct {
	Connector string     `json:"connector"`
	Account   string     `json:"account"`
	Stream    string     `json:"stream"`
	Reset     bool       `json:"reset"`     // false: it was at its start already
	Completed *time.Time `json:"completed"` // when it was last read to its end
	Rows      *int64     `json:"rows"`      // mirrored, about what will be read again; null where that is not counted
}

func (a *app) reset(ctx context.Context, args []string, stream string, yes, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	if !yes && !a.interactive {
		return usage("`starter reset` asks first, and there is no terminal to answer on: add --yes")
	}
	e, err := a.engine(ctx)
	if err != nil {
		return err
	}
	run, found, err := e.Running(ctx, a.cfg.Account())
	switch {
	case err != nil:
		return err
	case found:
		return failed("a %s of %s runs, and reads by the cursors that would be forgotten: wait for its end, or end it with `starter sync --cancel`",
			run.Title(), a.cfg.Account())
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	report, err := a.standing(ctx, account, stream)
	if err != nil {
		return a.storeFailure(err)
	}
	if report.Reset && !yes {
		agreed, err := a.ask(ctx, "%s Reset it?", report.outlook(a.now()))
		if err != nil {
			return err
		}
		if !agreed {
			return failed("nothing was changed")
		}
	}
	if report.Reset {
		if err := account.ResetStream(ctx, stream, a.now()); err != nil {
			return a.storeFailure(err)
		}
	}
	if asJSON {
		return a.printJSON(report)
	}
	if !report.Reset {
		a.printf("The stream %s of %s is at its start already.\n", stream, report.Account)
		return nil
	}
	a.printf("Reset the stream %s of %s: the next sync reads it from the start.\n", stream, report.Account)
	return nil
}

// standing is how far a stream was read.
func (a *app) standing(ctx context.Context, account *store.Account, stream string) (resetReport, error) {
	out := resetReport{Connector: a.cfg.Name, Account: a.cfg.Account(), Stream: stream}
	cursor, err := account.Cursor(ctx, stream)
	if err != nil {
		return out, err
	}
	out.Reset, out.Completed = cursor.Value != "", utc(cursor.Completed)
	users, tickets, organizations, err := account.Counts(ctx)
	rows := map[string]int64{string(mapping.Users): users, string(mapping.Tickets): tickets, string(mapping.Organizations): organizations}
	if n, counted := rows[stream]; counted {
		out.Rows = &n
	}
	return out, err
}

// outlook says what will be read again.
func (r *resetReport) outlook(now time.Time) string {
	text := fmt.Sprintf("The stream %s of %s was last read to its end %s.", r.Stream, r.Account, moment(now, r.Completed, "never"))
	if r.Rows != nil {
		text += fmt.Sprintf(" The next sync will read about %s rows again, in some %s.", thousands(*r.Rows), plural(*r.Rows/exportPage+1, "export request"))
	}
	return text
}
