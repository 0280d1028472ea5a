package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
)

func (a *app) testCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test" + connectorArg,
		Short: "Test the connection to Zendesk and Brevo",
		Long: "Test the connection to Zendesk and Brevo from the worker: that is the host whose address they see. Nothing is written\n" +
			"to either. A passing test ends a pause that was about credentials or credit.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.test(cmd.Context(), args, asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return a.withConnector(cmd)
}

func (a *app) test(ctx context.Context, args []string, asJSON bool) error {
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
	result, err := e.Check(ctx, a.cfg.Account())
	if err != nil {
		return err
	}
	if asJSON {
		err = a.printJSON(struct {
			Connector string                 `json:"connector"`
			Account   string                 `json:"account"`
			Passed    bool                   `json:"passed"`
			Lines     []activities.CheckLine `json:"lines"`
		}{a.cfg.Name, a.cfg.Account(), result.Passed(), result.Lines})
		if err != nil {
			return err
		}
	} else {
		for _, line := range result.Lines {
			a.printf("%s\n", checkLine(line, a.palette()))
		}
	}
	if !result.Passed() {
		return &failure{code: exitFailed}
	}
	return nil
}

// checkLine is "✓ Users readable", "✗ Users readable: cause; fix", or for what may be missing "- Webhooks not configured
// (optional; changes arrive within 5m)".
func checkLine(line activities.CheckLine, p palette) string {
	switch line.State {
	case activities.CheckOK:
		return p.good("✓") + " " + line.Name
	case activities.CheckOptional:
		name := line.Name
		if head, found := strings.CutSuffix(name, " configured"); found {
			name = head + " not configured"
		}
		return fmt.Sprintf("%s %s (%s)", p.warn("-"), name, line.Cause)
	}
	text := p.bad("✗") + " " + line.Name + ": " + line.Cause
	if line.Fix != "" {
		text += "; " + line.Fix
	}
	return text
}
