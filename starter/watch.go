package main

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/workflows"
)

const (
	// everyTerminal and everyPlain are the gaps between two looks at a running sync.
	everyTerminal = time.Second
	everyPlain    = 3 * time.Second
)

// display shows a running sync; show is called with every look at it, close before anything else is printed.
type display interface {
	show(view view)
	close()
}

// watch shows a run until it ends, then its summary. The failure of a run that did not complete has code 1; so has the
// end of ctx, which leaves the run alone.
func (a *app) watch(ctx context.Context, e *engine, run execution, f syncFlags) error {
	var (
		result workflows.SyncResult
		ended  = make(chan error, 1)
	)
	go func() { ended <- e.client.GetWorkflow(ctx, run.id, run.runID).Get(ctx, &result) }()
	shown, every := a.display(f)
	look := newLookout(e, a.cfg.Account(), run)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			if status, _ := ending(err); status != statusUnknown {
				shown.show(look.last(result, err))
			}
			shown.close()
			return a.finish(ctx, e, run, result, err, f)
		case <-ticker.C:
			shown.show(look.at(ctx))
		}
	}
}

func (a *app) display(f syncFlags) (display, time.Duration) {
	every := everyPlain
	var shown display = &lines{out: a.stdout}
	switch {
	case f.json:
		shown = &lines{out: a.stderr}
	case a.terminal:
		shown, every = newBars(a.stdout), everyTerminal
	}
	if a.every > 0 {
		every = a.every
	}
	return shown, every
}

// finish says how the run ended.
func (a *app) finish(ctx context.Context, e *engine, run execution, result workflows.SyncResult, err error, f syncFlags) error {
	if ctx.Err() != nil {
		a.warnf("\nDetached; the sync goes on. `starter sync --wait` watches it again, `starter sync --cancel` ends it.")
		return &failure{code: exitFailed}
	}
	s := newSummary(a.cfg.Name, a.cfg.Account(), run, result, a.now())
	s.Status, s.Error = ending(err)
	if s.Status == statusUnknown {
		return e.failure(err)
	}
	if f.json {
		if err := a.printJSON(s); err != nil {
			return err
		}
	} else {
		a.printf("%s", s.text(a.palette()))
	}
	if err != nil {
		return &failure{code: exitFailed}
	}
	return nil
}

// How a watched run ended.
const (
	statusCompleted  = "completed"
	statusCanceled   = "canceled"
	statusTerminated = "terminated"
	statusFailed     = "failed"
	statusUnknown    = "unknown" // Temporal could not be asked
)

// ending reads a run's error: how it ended, and why in words for people.
func ending(err error) (status, why string) {
	var (
		execution  *temporal.WorkflowExecutionError
		canceled   *temporal.CanceledError
		terminated *temporal.TerminatedError
	)
	switch {
	case err == nil:
		return statusCompleted, ""
	case !errors.As(err, &execution):
		return statusUnknown, ""
	case errors.As(err, &canceled):
		return statusCanceled, ""
	case errors.As(err, &terminated):
		return statusTerminated, ""
	}
	return statusFailed, oneLine(reason(err))
}

// reason is the message of the innermost application error: the outer ones say which step it was.
func reason(err error) string {
	text := err.Error()
	for next := err; next != nil; next = errors.Unwrap(next) {
		var application *temporal.ApplicationError
		if !errors.As(next, &application) {
			break
		}
		text, next = application.Message(), application
	}
	return text
}
