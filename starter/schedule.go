package main

import (
	"context"
	"errors"
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
		run         func(context.Context, *engine) error
	}{
		{"apply", "Create the schedule, or bring it in line with connectors.yaml", a.scheduleApply},
		{"show", "Show when it runs and how the latest runs went", a.scheduleShow},
		{"pause", "Stop the ticks; a running sync goes on", a.schedulePause},
		{"resume", "Let the ticks go on", a.scheduleResume},
		{"trigger", "Tick now", a.scheduleTrigger},
		{"remove", "Delete the schedule; what was synced stays", a.scheduleRemove},
	} {
		parent.AddCommand(a.withConnector(&cobra.Command{
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
				return a.scheduleFailure(e, verb.run(ctx, e))
			},
		}))
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

func (a *app) scheduleApply(ctx context.Context, e *engine) error {
	want := scheduleOptions(a.cfg, e.Queue)
	_, err := e.Client.ScheduleClient().Create(ctx, want)
	verb := "Created"
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		verb = "Updated"
		err = a.schedule(ctx, e).Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				now := in.Description.Schedule
				now.Spec, now.Action = &want.Spec, want.Action
				now.Policy.Overlap, now.Policy.CatchupWindow = want.Overlap, want.CatchupWindow
				return &client.ScheduleUpdate{Schedule: &now}, nil
			},
		})
	}
	if err != nil {
		return err
	}
	a.printf("%s the schedule of %s: an incremental sync every %s.\n", verb, a.cfg.Account(), config.Brief(a.cfg.Schedule.Every))
	return nil
}

func (a *app) scheduleShow(ctx context.Context, e *engine) error {
	d, err := a.schedule(ctx, e).Describe(ctx)
	if err != nil {
		return err
	}
	for _, interval := range d.Schedule.Spec.Intervals {
		a.printf("%s: every %s\n", a.cfg.Account(), config.Brief(interval.Every))
	}
	switch {
	case d.Schedule.State.Paused:
		a.printf("  paused: %s; `starter schedule resume` lets it go on\n", d.Schedule.State.Note)
	case len(d.Info.NextActionTimes) > 0:
		a.printf("  next     %s\n", clock(d.Info.NextActionTimes[0]))
	}
	for _, run := range d.Info.RecentActions {
		a.printf("  started  %s\n", clock(run.ActualTime))
	}
	a.printf("  %d ticks, %d skipped because one was running\n", d.Info.NumActions, d.Info.NumActionsSkippedOverlap)
	return nil
}

func (a *app) schedulePause(ctx context.Context, e *engine) error {
	if err := a.schedule(ctx, e).Pause(ctx, client.SchedulePauseOptions{Note: "paused by starter schedule pause"}); err != nil {
		return err
	}
	a.printf("Paused the schedule of %s; a running sync goes on.\n", a.cfg.Account())
	return nil
}

func (a *app) scheduleResume(ctx context.Context, e *engine) error {
	if err := a.schedule(ctx, e).Unpause(ctx, client.ScheduleUnpauseOptions{Note: "resumed by starter schedule resume"}); err != nil {
		return err
	}
	a.printf("Resumed the schedule of %s.\n", a.cfg.Account())
	return nil
}

func (a *app) scheduleTrigger(ctx context.Context, e *engine) error {
	if err := a.schedule(ctx, e).Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP}); err != nil {
		return err
	}
	a.printf("Triggered the schedule of %s; watch it with `starter sync --wait`.\n", a.cfg.Account())
	return nil
}

func (a *app) scheduleRemove(ctx context.Context, e *engine) error {
	if err := a.schedule(ctx, e).Delete(ctx); err != nil {
		return err
	}
	a.printf("Removed the schedule of %s.\n", a.cfg.Account())
	return nil
}
