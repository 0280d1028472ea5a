package main

import (
	"context"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
)

func (a *app) planCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan" + connectorArg,
		Short: "Say what a full sync takes and makes, before the first one",
		Long: "Say what a full sync takes and makes, with few requests to Zendesk and Brevo from the worker: rows, pages, requests and\n" +
			"minutes on either side, the limit that binds, attributes and lists that would be made, types that do not fit, how many\n" +
			"people would become mailable, and what the accounts can do. Nothing is written to either.\n\n" +
			"Exit code 1: no plan could be made, or the sync would fail as things stand.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.plan(cmd.Context(), args, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.withConnector(cmd)
}

func (a *app) plan(ctx context.Context, args []string, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	e, err := a.engine(ctx)
	if err != nil {
		return err
	}
	if err := e.RequireWorker(ctx); err != nil {
		return err
	}
	account := a.cfg.Account()
	result, err := e.Plan(ctx, account)
	if err != nil {
		return err
	}
	if asJSON {
		err := a.printJSON(struct {
			Connector string `json:"connector"`
			Account   string `json:"account"`
			activities.BackfillPlan
		}{a.cfg.Name, account, result})
		if err != nil {
			return err
		}
	} else {
		a.printf("%s", planText(a.cfg.Name, account, &result, a.palette()))
	}
	if len(result.Missing.Refusals) > 0 {
		return &failure{code: exitFailed}
	}
	return nil
}
