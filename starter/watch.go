package main

import (
	"context"
	"time"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
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
	go func() { ended <- e.Client.GetWorkflow(ctx, run.ID, run.RunID).Get(ctx, &result) }()
	shown, every := a.display(f)
	look := newLookout(e, a.cfg.Account(), run)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			if status, _ := control.Ending(err); status != control.RunUnknown {
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
	if result.Preview != nil || run.Kind == activities.Preview {
		return a.finishPreview(ctx, e, run, result, err, f)
	}
	if ctx.Err() != nil {
		a.warnf("\nDetached; the sync goes on. `starter sync --wait` watches it again, `starter sync --cancel` ends it.")
		return &failure{code: exitFailed}
	}
	s := newSummary(a.cfg.Name, a.cfg.Account(), run, result, a.now())
	s.Status, s.Error = control.Ending(err)
	if s.Status == control.RunUnknown {
		return e.Failure(err)
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
