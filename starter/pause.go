package main

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/store"
)

// maxReason bounds the reason of a pause, in characters: it is one line of the status.
const maxReason = 300

func (a *app) pauseCommand() *cobra.Command {
	var reason string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "pause" + connectorArg,
		Short: "Stop syncs, pushes, actions and the schedule at once",
		Long: "Stop syncs, pushes, actions and the schedule before their next call, until `starter resume`. Webhooks are still accepted,\n" +
			"and what they tell of waits. Nothing is lost, but events older than events.max_age when work goes on are recorded and\n" +
			"not acted on. A passing `starter test` does not end this pause.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.pause(cmd.Context(), args, reason, asJSON) },
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever looks at the status; it stays in the store")
	jsonFlag(cmd, &asJSON)
	return a.withConnector(cmd)
}

// pauseReport is what `starter pause --json` prints.
type pauseReport struct {
	Connector string         `json:"connector"`
	Account   string         `json:"account"`
	Paused    control.Pause  `json:"paused"`
	Was       *control.Pause `json:"was"` // the pause that stood before
	Schedule  scheduleState  `json:"schedule"`
}

func (a *app) pause(ctx context.Context, args []string, reason string, asJSON bool) error {
	reason = strings.TrimSpace(reason)
	if strings.ContainsFunc(reason, unicode.IsControl) || len([]rune(reason)) > maxReason {
		return usage("--reason must be one line of at most %d characters", maxReason)
	}
	if err := a.load(args); err != nil {
		return err
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	stood, standing, err := account.Paused(ctx)
	if err != nil {
		return a.storeFailure(err)
	}
	now := store.Pause{Kind: activities.PauseOperator, Message: "by `starter pause`", At: a.now()}
	if reason != "" {
		now.Message = reason
	}
	switch {
	case standing && stood.Kind == activities.PauseDisconnected, standing && stood.Kind == activities.PauseOperator && reason == "":
		now = stood // nothing would be stopped that is not
	default:
		if err := account.SetPause(ctx, now); err != nil {
			return a.storeFailure(err)
		}
	}
	report := pauseReport{Connector: a.cfg.Name, Account: a.cfg.Account(), Paused: control.Pause{Kind: now.Kind, Message: now.Message, At: utc(now.At)}}
	if standing {
		report.Was = &control.Pause{Kind: stood.Kind, Message: stood.Message, At: utc(stood.At)}
	}
	var away error
	if report.Schedule, away = a.holdSchedule(ctx); away != nil {
		a.warnf("starter: the schedule was not paused: %s; its ticks do nothing while the pause stands", oneLine(away.Error()))
	}
	if asJSON {
		return a.printJSON(report)
	}
	a.printf("%s", report.text(a.cfg))
	return nil
}

func (r *pauseReport) text(cfg *config.Connector) string {
	var b strings.Builder
	switch {
	case r.Was != nil && *r.Was == r.Paused:
		fmt.Fprintf(&b, "%s is paused already, since %s: %s\n", r.Account, clock(*r.Paused.At), r.Paused.Message)
	default:
		fmt.Fprintf(&b, "Paused %s: %s\n", r.Account, r.Paused.Message)
		if r.Was != nil {
			fmt.Fprintf(&b, "It was paused before, since %s: %s\n", clock(*r.Was.At), r.Was.Message)
		}
	}
	if text := r.Schedule.text(); text != "" {
		fmt.Fprintln(&b, text)
	}
	fmt.Fprintf(&b, "Syncs, pushes and actions stop before their next call. Webhooks are still accepted; what they tell of waits,\n"+
		"and events older than %s when work goes on are not acted on. `starter resume` lets it go on.\n", config.Brief(cfg.Events.MaxAge))
	return b.String()
}

func (a *app) resumeCommand() *cobra.Command {
	var accept, asJSON bool
	cmd := &cobra.Command{
		Use:   "resume" + connectorArg,
		Short: "End a pause",
		Long: "End a pause and say what stood. Work goes on within a minute. The schedule goes on if `starter pause` paused it; one that\n" +
			"`starter schedule pause` paused stays so. When the pause is about a mass change, the run that met it will meet it again,\n" +
			"unless the cause was mended or --accept says that the change is meant: that holds for an hour, and for no other run.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.resume(cmd.Context(), args, accept, asJSON) },
	}
	cmd.Flags().BoolVar(&accept, "accept", false, "let the mass change that paused the account happen, once")
	jsonFlag(cmd, &asJSON)
	return a.withConnector(cmd)
}

// resumeReport is what `starter resume --json` prints.
type resumeReport struct {
	Connector string         `json:"connector"`
	Account   string         `json:"account"`
	Resumed   bool           `json:"resumed"`
	Accepted  bool           `json:"accepted"`
	Was       *control.Pause `json:"was"`
	Schedule  scheduleState  `json:"schedule"`
}

func (a *app) resume(ctx context.Context, args []string, accept, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	stood, standing, err := account.Paused(ctx)
	if err != nil {
		return a.storeFailure(err)
	}
	// An acceptance given while no mass change waits would let a later one, that nobody has seen, pass.
	accepted := accept && standing && stood.Kind == activities.PauseMassChange
	if accepted {
		if err := account.AcceptMassChange(ctx, a.now()); err != nil {
			return a.storeFailure(err)
		}
	}
	if standing {
		if err := account.ClearPause(ctx, stood.Kind); err != nil {
			return a.storeFailure(err)
		}
	}
	report := resumeReport{Connector: a.cfg.Name, Account: a.cfg.Account(), Resumed: standing, Accepted: accepted}
	if standing {
		report.Was = &control.Pause{Kind: stood.Kind, Message: stood.Message, At: utc(stood.At)}
	}
	var away error
	report.Schedule, away = a.releaseSchedule(ctx)
	if asJSON {
		err = a.printJSON(report)
	} else {
		a.printf("%s", report.text(accept))
	}
	if err != nil || away == nil {
		return err
	}
	const then = "if `starter pause` paused the schedule, it is paused still: %s; then run `starter resume` again"
	if standing && stood.Kind == activities.PauseOperator {
		return failed(then, oneLine(away.Error()))
	}
	a.warnf("starter: "+then, oneLine(away.Error()))
	return nil
}

func (r *resumeReport) text(accept bool) string {
	var b strings.Builder
	mass := r.Was != nil && r.Was.Kind == activities.PauseMassChange
	switch {
	case !r.Resumed:
		fmt.Fprintf(&b, "%s is not paused.\n", r.Account)
	case mass && accept:
		fmt.Fprintf(&b, "Resumed %s, and accepted once what paused it since %s:\n  %s\n", r.Account, clock(*r.Was.At), r.Was.Message)
	default:
		fmt.Fprintf(&b, "Resumed %s, which was paused since %s:\n  %s\nWork goes on within a minute.\n", r.Account, clock(*r.Was.At), r.Was.Message)
	}
	if mass && !accept {
		b.WriteString("Unless its cause is gone, it will pause again; if the change is meant: starter resume --accept\n")
	}
	if text := r.Schedule.text(); text != "" {
		fmt.Fprintln(&b, text)
	}
	return b.String()
}
