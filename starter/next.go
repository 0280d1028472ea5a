package main

import (
	"context"
	"errors"
	"io/fs"

	"zendesk-brevo/internal/control"
)

// next says what to do next, by what can be seen: a step that needs the person's own accounts comes before one that needs
// programs, and that before one that needs data.
func (a *app) next(ctx context.Context) error {
	err := a.load(nil)
	if errors.Is(err, fs.ErrNotExist) {
		a.printf("There is no %s yet. Next:\n  cp connectors.example.yaml %s\nand fill in your accounts; or see it work without any: make demo\n",
			a.settings.ConnectorsFile, a.settings.ConnectorsFile)
		return nil
	}
	if err != nil {
		return err
	}
	e, err := a.engine(ctx)
	if err != nil {
		return err
	}
	if err := e.RequireWorker(ctx); err != nil {
		return err
	}
	s, err := a.collect(ctx)
	if err != nil {
		return err
	}
	a.printf("%s", statusText(s, a.now(), a.palette()))
	a.printf("\nNext: %s\n", advice(s))
	return nil
}

// advice is the most useful command now, given that a worker runs.
func advice(s *control.Status) string {
	switch {
	case s.Paused != nil:
		return "do what the pause asks for, then: starter resume"
	case s.Running != nil:
		return "starter sync --wait (watches the sync that runs)"
	case len(s.Vendors) == 0:
		return "starter test"
	case s.LastSync == nil:
		return "starter sync --type full --wait"
	case !s.Connected:
		return "starter test (the latest call failed)"
	}
	return "starter sync --type incremental --wait"
}
