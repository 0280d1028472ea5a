package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/config"
)

func (a *app) webhooksIPsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ips" + connectorArg,
		Short: "Print the networks that Zendesk delivers from, ready for ALLOWED_CIDRS",
		Long: "Print the networks that Zendesk delivers this account's webhooks from, as ALLOWED_CIDRS of the webhook server takes them.\n" +
			"Zendesk changes them now and then: ask daily, and restart the webhook server with what is new.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.webhooksIPs(cmd.Context(), args, asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return a.withConnector(cmd)
}

func (a *app) webhooksIPs(ctx context.Context, args []string, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	w, err := a.webhooks(ctx)
	if err != nil {
		return err
	}
	networks, err := w.zendesk.EgressNetworks(ctx)
	if err != nil {
		return w.refused("ask for Zendesk's networks", err)
	}
	texts := config.Networks(networks.Prefixes).Strings()
	for _, odd := range networks.Odd {
		a.warnf("starter: Zendesk also names %q, which is no network and is left out: if deliveries are refused, add what it means to ALLOWED_CIDRS by hand", odd)
	}
	if asJSON {
		return a.printJSON(struct {
			Connector string   `json:"connector"`
			Account   string   `json:"account"`
			Networks  []string `json:"networks"`
			LeftOut   []string `json:"leftOut"` // what Zendesk names and is no network
		}{a.cfg.Name, a.cfg.Account(), texts, append([]string{}, networks.Odd...)})
	}
	a.printf("ALLOWED_CIDRS=%s\n", strings.Join(texts, ","))
	return nil
}
