package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/activities"
	"zendesk-brevo/workflows"
)

// checkTimeout is more than the worker takes to give up.
const checkTimeout = 2 * time.Minute

func (a *app) testCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test" + connectorArg,
		Short: "Test the connection to Zendesk and Brevo",
		Long: "Test the connection to Zendesk and Brevo from the worker: that is the host whose address they see. Nothing is written\n" +
			"to either. A passing test ends a pause that was about credentials or credit.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.test(cmd.Context(), args, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
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
	if err := e.requireWorker(ctx); err != nil {
		return err
	}
	result, err := e.check(ctx, a.cfg.Account())
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

// check runs the connection test on the worker, or joins one that runs already.
func (e *engine) check(ctx context.Context, account string) (activities.CheckResult, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var result activities.CheckResult
	run, err := e.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.CheckID(account),
		TaskQueue:                e.queue,
		WorkflowRunTimeout:       checkTimeout,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            account + ": connection test",
		TypedSearchAttributes:    temporal.NewSearchAttributes(workflows.AccountAttribute.ValueSet(account)),
	}, workflows.Check, workflows.CheckInput{Account: account})
	if err != nil {
		return result, e.failure(err)
	}
	err = run.Get(ctx, &result)
	switch status, why := ending(err); {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return result, failed("the worker gave no answer: look at its log")
	case status == statusUnknown:
		return result, e.failure(err)
	case why != "":
		return result, failed("the worker could not run the test: %s", why)
	default:
		return result, failed("the test was %s", status)
	}
}
