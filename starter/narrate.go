package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/store"
)

// jsonFlag is the flag that every command has.
func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON")
}

// narration is what `starter webhooks VERB --json` prints of a verb that changes something.
type narration struct {
	Connector string           `json:"connector"`
	Account   string           `json:"account"`
	Did       []string         `json:"did"`      // what was done, also before a failure, in sentences
	Webhooks  []webhookChanged `json:"webhooks"` // that are installed now
}

type webhookChanged struct {
	ID       string  `json:"id"`
	Kind     string  `json:"kind"`
	Endpoint string  `json:"endpoint"`
	Triggers []int64 `json:"triggers"`
}

// say tells of something that was done: at once, or with --json in the document at the end.
func (a *app) say(format string, args ...any) {
	if a.did == nil {
		a.printf(format, args...)
		return
	}
	*a.did = append(*a.did, strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}

// narrated adds --json to a command on webhooks that says what it does.
func (a *app) narrated(cmd *cobra.Command) *cobra.Command {
	var asJSON bool
	jsonFlag(cmd, &asJSON)
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !asJSON {
			return run(cmd, args)
		}
		a.did = &[]string{}
		failure := run(cmd, args)
		if failure != nil && len(*a.did) == 0 {
			return failure
		}
		account, err := a.account(cmd.Context())
		var rows []store.Webhook
		if err == nil {
			rows, err = account.Webhooks(cmd.Context())
		}
		out := narration{Connector: a.cfg.Name, Account: a.cfg.Account(), Did: *a.did, Webhooks: []webhookChanged{}}
		for _, row := range rows {
			out.Webhooks = append(out.Webhooks, webhookChanged{row.ID, row.Kind, row.Endpoint, orNone(row.Triggers)})
		}
		if err == nil {
			err = a.printJSON(out)
		}
		if failure != nil {
			return failure
		}
		return err
	}
	return cmd
}
