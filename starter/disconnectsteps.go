package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"go.temporal.io/api/serviceerror"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

func (a *app) removeSchedule(ctx context.Context, e *engine, _ *store.Account, d *disconnection, _ disconnectFlags) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := a.schedule(ctx, e).Delete(ctx)
	var missing *serviceerror.NotFound
	switch {
	case errors.As(err, &missing):
		return nil
	case err != nil:
		return e.Failure(err)
	}
	d.Schedule = "removed"
	a.say("Removed the schedule.\n")
	return nil
}

func (a *app) endSync(ctx context.Context, e *engine, _ *store.Account, d *disconnection, _ disconnectFlags) error {
	run, found, err := e.Running(ctx, d.Account)
	if err != nil || !found {
		return err
	}
	if err := e.Cancel(ctx, run); err != nil {
		return err
	}
	d.SyncCanceled = true
	a.say("Canceled the %s.\n", run.Title())
	return nil
}

func (a *app) removeHooks(ctx context.Context, _ *engine, account *store.Account, d *disconnection, _ disconnectFlags) error {
	stored, err := account.Webhooks(ctx)
	if err != nil {
		return a.storeFailure(err)
	}
	if len(stored) == 0 && a.settings.PublicURL == "" {
		return nil // nor can one have been made by an installation that was cut off
	}
	w, err := a.webhooks(ctx)
	if err != nil {
		return err
	}
	doomed, others, err := w.made(ctx)
	switch {
	case err != nil && len(stored) == 0:
		a.warnf("starter: whether an installation that was cut off left a webhook is not known: %s", oneLine(err.Error()))
		return nil
	case err != nil:
		return err
	}
	for _, hook := range others {
		a.warnf("starter: webhook %s (%s) leads to %s and stays: it was not installed from here", hook.ID, oneLine(hook.Name), hook.Endpoint)
	}
	for _, hook := range doomed {
		if err := w.remove(ctx, hook); err != nil {
			return err
		}
		d.Webhooks++
		d.Triggers += len(hook.Triggers)
	}
	return nil
}

// undoInBrevo has the worker do it, which is the host that Brevo knows. A run that was under way already may have been asked for less.
func (a *app) undoInBrevo(ctx context.Context, e *engine, account *store.Account, d *disconnection, f disconnectFlags) error {
	for again := false; ; again = true {
		out, err := e.Disconnect(ctx, workflows.DisconnectInput{Account: d.Account, Attributes: f.attributes})
		if err != nil {
			return err
		}
		d.People, d.Memberships = d.People+out.People, d.Memberships+out.Memberships
		d.Attributes = append(d.Attributes, out.Attributes.Deleted...)
		d.AttributesKept = control.OrEmpty(out.Attributes.Kept)
		left, err := account.Attributes(ctx)
		if err != nil {
			return a.storeFailure(err)
		}
		if again || !f.attributes || len(activities.MadeAttributes(left)) == len(d.AttributesKept) {
			break
		}
	}
	slices.Sort(d.Attributes)
	outside, err := account.CountUndoableBut(ctx, store.Undo{Only: a.cfg.Pilot.Emails})
	if err != nil {
		return a.storeFailure(err)
	}
	if d.OutsidePilot = outside; outside > 0 {
		a.say("By the pilot, %s.\n", d.outside())
	}
	if d.Memberships > 0 {
		a.say("Ended %s.\n", plural(d.Memberships, "list membership"))
	}
	if len(d.Attributes) > 0 {
		a.say("Deleted %s: %s.\n", plural(int64(len(d.Attributes)), "attribute"), strings.Join(d.Attributes, ", "))
	}
	if len(d.AttributesKept) > 0 {
		a.say("Brevo keeps %s: %s.\n", plural(int64(len(d.AttributesKept)), "attribute"), strings.Join(d.AttributesKept, "; "))
	}
	return nil
}

func (a *app) dropSecrets(ctx context.Context, _ *engine, account *store.Account, d *disconnection, _ disconnectFlags) error {
	secrets, err := account.Secrets(ctx, "")
	if err != nil {
		return a.storeFailure(err)
	}
	if len(d.Left) > 0 || len(secrets) == 0 {
		return nil
	}
	if err := account.DeleteSecrets(ctx, ""); err != nil {
		return a.storeFailure(err)
	}
	d.Secrets = len(secrets)
	a.say("Deleted %s from the store.\n", plural(int64(len(secrets)), "secret"))
	if slices.ContainsFunc(secrets, func(s store.Secret) bool { return s.Name == credentials.TokensName }) {
		a.say("Zendesk keeps the consent until it has not been used for 30 days: to end it now, delete the OAuth client under Admin Center > " +
			"Apps and integrations > APIs > OAuth clients.\n")
	}
	return nil
}
