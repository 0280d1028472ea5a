package main

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

func (a *app) webhooksListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list" + connectorArg,
		Short: "List the installed webhooks, and others that lead to the same path",
		RunE:  func(cmd *cobra.Command, args []string) error { return a.listWebhooks(cmd.Context(), args, asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return a.withConnector(cmd)
}

// webhookRow is a webhook for the outside.
type webhookRow struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Kind          string     `json:"kind"`      // events, triggers
	Installed     bool       `json:"installed"` // from here
	Status        string     `json:"status"`    // active, inactive, missing
	Endpoint      string     `json:"endpoint"`
	Subscriptions int        `json:"subscriptions"`
	Triggers      []int64    `json:"triggers"`
	CreatedAt     *time.Time `json:"createdAt"`
}

func (w *webhooks) leadsHere(hook zendesk.Webhook) bool {
	return activities.LeadsHere(hook.Endpoint, w.cfg.Account())
}

// list is what is installed, then what else leads to the same path.
func (w *webhooks) list(ctx context.Context) ([]webhookRow, error) {
	rows, err := w.installed(ctx)
	if err != nil {
		return nil, err
	}
	all, err := w.inZendesk(ctx)
	if err != nil {
		return nil, err
	}
	list := []webhookRow{}
	for _, row := range rows {
		shown := webhookRow{
			ID: row.ID, Kind: row.Kind, Installed: true, Status: "missing", Endpoint: row.Endpoint,
			Triggers: orNone(row.Triggers), CreatedAt: utc(row.CreatedAt),
		}
		for _, hook := range all {
			if hook.ID == row.ID {
				shown.Name, shown.Status, shown.Endpoint, shown.Subscriptions = hook.Name, hook.Status, hook.Endpoint, len(hook.Subscriptions)
			}
		}
		list = append(list, shown)
	}
	for _, hook := range all {
		installed := slices.ContainsFunc(rows, func(row store.Webhook) bool { return row.ID == hook.ID })
		if !installed && w.leadsHere(hook) {
			list = append(list, webhookRow{
				ID: hook.ID, Name: hook.Name, Kind: kindOf(hook), Status: hook.Status, Endpoint: hook.Endpoint,
				Subscriptions: len(hook.Subscriptions), Triggers: []int64{}, CreatedAt: utc(hook.CreatedAt),
			})
		}
	}
	return list, nil
}

func orNone(ids []int64) []int64 {
	if ids == nil {
		return []int64{}
	}
	return ids
}

func (a *app) listWebhooks(ctx context.Context, args []string, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	w, err := a.webhooks(ctx)
	if err != nil {
		return err
	}
	list, err := w.list(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(struct {
			Connector string       `json:"connector"`
			Account   string       `json:"account"`
			Webhooks  []webhookRow `json:"webhooks"`
		}{a.cfg.Name, a.cfg.Account(), list})
	}
	if !slices.ContainsFunc(list, func(row webhookRow) bool { return row.Installed }) {
		a.printf("%s", a.noneInstalled())
	}
	if len(list) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tKIND\tINSTALLED\tSTATUS\tNAME\tENDPOINT")
	for _, row := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", row.ID, row.Kind, map[bool]string{true: "here", false: "elsewhere"}[row.Installed], row.Status, row.Name, row.Endpoint)
	}
	_ = t.Flush()
	for _, row := range list {
		if row.Installed && row.Status != "active" {
			a.printf("Webhook %s is %s in Zendesk: `%s` mends that.\n", row.ID, row.Status, installOf(row.Kind))
		}
	}
	return nil
}

func (a *app) noneInstalled() string {
	return fmt.Sprintf("No webhook of %s is installed: the schedule brings every change within %s; `%s` makes one.\n",
		a.cfg.Account(), config.Brief(a.cfg.Schedule.Every), installAgain)
}
