package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/workflows"
)

func (a *app) scheduleCommand() *cobra.Command {
	parent := &cobra.Command{
		Use:   "schedule",
		Short: "Sync regularly: apply, show, pause, resume, trigger, remove",
		Long: "Keep one Temporal schedule per connector that runs an incremental sync every schedule.every of connectors.yaml.\n" +
			"A tick that meets a running sync is skipped: two never run side by side.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, verb := range []struct {
		name, short string
		run         func(context.Context, *engine) (scheduleReport, error)
	}{
		{"apply", "Create the schedule, or bring it in line with connectors.yaml", a.scheduleApply},
		{"show", "Show when it runs and how the latest runs went", a.scheduleShow},
		{"pause", "Stop the ticks; a running sync goes on", a.schedulePause},
		{"resume", "Let the ticks go on", a.scheduleResume},
		{"trigger", "Tick now", a.scheduleTrigger},
		{"remove", "Delete the schedule; what was synced stays", a.scheduleRemove},
	} {
		var asJSON bool
		cmd := &cobra.Command{
			Use:   verb.name + connectorArg,
			Short: verb.short,
			RunE: func(cmd *cobra.Command, args []string) error {
				if err := a.load(args); err != nil {
					return err
				}
				e, err := a.engine(cmd.Context())
				if err != nil {
					return err
				}
				ctx, cancel := context.WithTimeout(cmd.Context(), callTimeout)
				defer cancel()
				report, err := verb.run(ctx, e)
				if err != nil {
					return a.scheduleFailure(e, err)
				}
				if !asJSON {
					a.printf("%s", report.text)
					return nil
				}
				report.Connector, report.Account = a.cfg.Name, a.cfg.Account()
				return a.printJSON(report)
			},
		}
		jsonFlag(cmd, &asJSON)
		parent.AddCommand(a.withConnector(cmd))
	}
	return parent
}

// schedule is the account's one schedule.
func (a *app) schedule(ctx context.Context, e *engine) client.ScheduleHandle {
	return e.Client.ScheduleClient().GetHandle(ctx, control.ScheduleID(a.cfg.Account()))
}

func (a *app) scheduleFailure(e *engine, err error) error {
	var missing *serviceerror.NotFound
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		return failed("%s has no schedule: create it with `starter schedule apply`", a.cfg.Account())
	}
	return e.Failure(err)
}

// scheduleOptions is the schedule that the configuration asks for. The jitter spreads the accounts of one server; a tick
// that was missed while Temporal was away is made up for once.
func scheduleOptions(cfg *config.Connector, queue string) client.ScheduleOptions {
	account := cfg.Account()
	return client.ScheduleOptions{
		ID: control.ScheduleID(account),
		Spec: client.ScheduleSpec{
			Intervals: []client.ScheduleIntervalSpec{{Every: cfg.Schedule.Every}},
			Jitter:    min(cfg.Schedule.Every/10, 30*time.Second),
		},
		Action: &client.ScheduleWorkflowAction{
			ID: workflows.TickID(account), Workflow: workflows.Tick, Args: []any{workflows.TickInput{Account: account}},
			TaskQueue: queue, StaticSummary: account + ": scheduled sync",
			TypedSearchAttributes: temporal.NewSearchAttributes(workflows.AccountAttribute.ValueSet(account)),
		},
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: cfg.Schedule.Every,
	}
}

// scheduleReport is what `starter schedule VERB --json` prints. What show finds out is null for the other verbs.
type scheduleReport struct {
	Connector string         `json:"connector"`
	Account   string         `json:"account"`
	Did       string         `json:"did"` // created, updated, shown, paused, resumed, triggered, removed
	Shown     *scheduleShown `json:"schedule"`
	text      string
}

type scheduleShown struct {
	Every   string       `json:"every"`
	Paused  bool         `json:"paused"`
	Note    string       `json:"note"`
	Next    *time.Time   `json:"next"`
	Recent  []*time.Time `json:"recent"`
	Ticks   int          `json:"ticks"`
	Skipped int          `json:"skipped"` // because a sync was running
}

// did reports a change, told in a sentence.
func did(what, format string, args ...any) scheduleReport {
	return scheduleReport{Did: what, text: fmt.Sprintf(format, args...)}
}

func (a *app) scheduleApply(ctx context.Context, e *engine) (scheduleReport, error) {
	want := scheduleOptions(a.cfg, e.Queue)
	_, err := e.Client.ScheduleClient().Create(ctx, want)
	what, verb := "created", "Created"
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		what, verb = "updated", "Updated"
		err = a.schedule(ctx, e).Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				now := in.Description.Schedule
				now.Spec, now.Action = &want.Spec, want.Action
				now.Policy.Overlap, now.Policy.CatchupWindow = want.Overlap, want.CatchupWindow
				return &client.ScheduleUpdate{Schedule: &now}, nil
			},
		})
	}
	return did(what, "%s the schedule of %s: an incremental sync every %s.\n", verb, a.cfg.Account(), config.Brief(a.cfg.Schedule.Every)), err
}

func (a *app) scheduleShow(ctx context.Context, e *engine) (scheduleReport, error) {
	d, err := a.schedule(ctx, e).Describe(ctx)
	if err != nil {
		return scheduleReport{}, err
	}
	out := &scheduleShown{Recent: []*time.Time{}, Ticks: d.Info.NumActions, Skipped: d.Info.NumActionsSkippedOverlap}
	var b strings.Builder
	for _, interval := range d.Schedule.Spec.Intervals {
		out.Every = config.Brief(interval.Every)
		fmt.Fprintf(&b, "%s: every %s\n", a.cfg.Account(), out.Every)
	}
	switch state := d.Schedule.State; {
	case state != nil && state.Paused:
		out.Paused, out.Note = true, state.Note
		resume := "starter schedule resume"
		if state.Note == heldNote {
			resume = "starter resume"
		}
		fmt.Fprintf(&b, "  paused: %s; `%s` lets it go on\n", state.Note, resume)
	case len(d.Info.NextActionTimes) > 0:
		out.Next = utc(d.Info.NextActionTimes[0])
		fmt.Fprintf(&b, "  next     %s\n", clock(d.Info.NextActionTimes[0]))
	}
	for _, run := range d.Info.RecentActions {
		out.Recent = append(out.Recent, utc(run.ActualTime))
		fmt.Fprintf(&b, "  started  %s\n", clock(run.ActualTime))
	}
	fmt.Fprintf(&b, "  %d ticks, %d skipped because one was running\n", out.Ticks, out.Skipped)
	return scheduleReport{Did: "shown", Shown: out, text: b.String()}, nil
}

func (a *app) schedulePause(ctx context.Context, e *engine) (scheduleReport, error) {
	err := a.schedule(ctx, e).Pause(ctx, client.SchedulePauseOptions{Note: "paused by starter schedule pause"})
	return did("paused", "Paused the schedule of %s; a running sync goes on.\n", a.cfg.Account()), err
}

func (a *app) scheduleResume(ctx context.Context, e *engine) (scheduleReport, error) {
	err := a.schedule(ctx, e).Unpause(ctx, client.ScheduleUnpauseOptions{Note: "resumed by starter schedule resume"})
	return did("resumed", "Resumed the schedule of %s.\n", a.cfg.Account()), err
}

func (a *app) scheduleTrigger(ctx context.Context, e *engine) (scheduleReport, error) {
	err := a.schedule(ctx, e).Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP})
	return did("triggered", "Triggered the schedule of %s; watch it with `starter sync --wait`.\n", a.cfg.Account()), err
}

func (a *app) scheduleRemove(ctx context.Context, e *engine) (scheduleReport, error) {
	err := a.schedule(ctx, e).Delete(ctx)
	return did("removed", "Removed the schedule of %s.\n", a.cfg.Account()), err
}
