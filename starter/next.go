package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/credentials"
)

// next says what to do next, by what can be seen: a step that needs the person's own accounts comes before one that needs
// programs, and that before one that needs data.
func (a *app) next(ctx context.Context, asJSON bool) error {
	var status *control.Status
	next, text := "", ""
	err := a.load(nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		next = "cp connectors.example.yaml " + a.settings.ConnectorsFile
		text = fmt.Sprintf("There is no %s yet. Next:\n  %s\nand fill in your accounts; or see it work without any: make demo\n", a.settings.ConnectorsFile, next)
	case err != nil:
		return err
	case a.unconnected(ctx):
		next = "starter connect"
		text = "Zendesk is not connected yet. Next:\n  " + next + "\nand let an administrator agree in the browser (docs/connect.md).\n"
	default:
		if status, err = a.atWork(ctx); err != nil {
			return err
		}
		next = advice(status)
		text = fmt.Sprintf("%s\nNext: %s\n", statusText(status, a.now(), a.palette()), next)
	}
	if asJSON {
		return a.printJSON(struct {
			Next   string          `json:"next"`
			Status *control.Status `json:"status"`
		}{next, status})
	}
	a.printf("%s", text)
	return nil
}

// unconnected reports that nobody has let the OAuth client in yet, which has no other way.
func (a *app) unconnected(ctx context.Context) bool {
	if !a.cfg.Auth.UsesOAuth() || !a.cfg.Auth.OAuth.ClientSecret.IsZero() {
		return false
	}
	account, err := a.accountIfAny(ctx)
	if err != nil || account == nil {
		return err == nil
	}
	stored, err := credentials.Stored(ctx, account)
	return err == nil && !stored
}

// atWork is how things stand, while a worker runs.
func (a *app) atWork(ctx context.Context) (*control.Status, error) {
	e, err := a.engine(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.RequireWorker(ctx); err != nil {
		return nil, err
	}
	return a.collect(ctx)
}

// advice is the most useful command now, given that a worker runs.
func advice(s *control.Status) string {
	switch {
	case s.Paused != nil && strings.HasSuffix(s.Paused.Message, credentials.Connect):
		return "starter connect"
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
