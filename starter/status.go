package main

import (
	"context"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/control"
)

func (a *app) statusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status" + connectorArg,
		Short: "Show how a connector stands",
		Long: "Show how a connector stands. usersSynced, ticketsSynced and organizationsSynced count what is mirrored now; lastSync is\n" +
			"the end of the last complete sync; connected tells how the latest calls to Zendesk and Brevo ended. Contacts are\n" +
			"counted as they stand now, but unchanged is of the last complete sync. It also works while Temporal is down.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.status(cmd.Context(), args, asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return a.withConnector(cmd)
}

func (a *app) status(ctx context.Context, args []string, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	s, err := a.collect(ctx)
	if err != nil {
		return err
	}
	for _, unknown := range s.Unknown {
		a.warnf("starter: %s", unknown)
	}
	if asJSON {
		return a.printJSON(s)
	}
	a.printf("%s", statusText(s, a.now(), a.palette()))
	return nil
}

// collect is how the loaded connector stands.
func (a *app) collect(ctx context.Context) (*control.Status, error) {
	account, err := a.accountIfAny(ctx)
	if err != nil {
		return nil, err
	}
	s, err := control.Collect(ctx, a.cfg, account, a.engine)
	if err != nil {
		return nil, a.storeFailure(err)
	}
	return s, nil
}
