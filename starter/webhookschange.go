package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

func (a *app) webhooksRotateCommand() *cobra.Command {
	return a.withConnector(a.narrated(&cobra.Command{
		Use:   "rotate" + connectorArg,
		Short: "Replace the signing secrets",
		Long: "Let Zendesk make a new signing secret for each installed webhook, store it, and test it. What the old one signed is\n" +
			"accepted for webhooks.max_age and ten minutes more, because it may still be on its way.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.rotateSecrets(cmd.Context(), args) },
	}))
}

func (a *app) rotateSecrets(ctx context.Context, args []string) error {
	if err := a.load(args); err != nil {
		return err
	}
	w, err := a.webhooksWithKey(ctx)
	if err != nil {
		return err
	}
	rows, err := w.installed(ctx)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return failed("no webhook of %s is installed: make one with `%s`", a.cfg.Account(), installAgain)
	}
	for _, row := range rows {
		if err := w.rotate(ctx, row); err != nil {
			return err
		}
	}
	for _, row := range rows { // once all are stored: the webhook server looks for new ones at most once a second
		if err := w.verify(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// rotate replaces the secret of one webhook. The order of its steps is that of the worst moment to be cut off:
//
//  1. Zendesk shows the secret with which it signs. Nothing has changed.
//  2. That one is stored as the previous one. It is in force twice, and the next run begins again.
//  3. Zendesk makes a new one, and its answer may get lost. From here on Zendesk signs with a secret that the store lacks and
//     deliveries are refused, until this or another command reads it: the next run finds that Zendesk and the store differ,
//     and takes over what Zendesk shows instead of replacing it again. No event is lost for good: the schedule brings it.
//  4. The new one is stored. Both are in force until the previous one expires.
func (w *webhooks) rotate(ctx context.Context, hook store.Webhook) error {
	id := hook.ID
	shown, err := w.zendesk.ShowSigningSecret(ctx, id)
	switch {
	case zendesk.IsNotFound(err):
		return failed("webhook %s was deleted in Zendesk: run `%s`, which makes a new one", id, installOf(hook.Kind))
	case err != nil:
		return w.refused("read the signing secret of webhook "+id, err)
	}
	before, sealed, err := w.stored(ctx, id)
	switch {
	case err != nil:
		return err
	case sealed != nil: // the webhook server may well have that key: replacing what works for it would do harm
		return failed("the stored secret of webhook %s was sealed with another ENCRYPTION_KEY: set that one, or new,old to replace a key; if it is lost, `%s` "+
			"stores the secret again", id, installOf(hook.Kind))
	}
	if before != "" && before != shown.Reveal() {
		if err := w.keep(ctx, id, shown.Reveal(), before); err != nil {
			return err
		}
		w.say("Zendesk has replaced the signing secret of webhook %s already; stored that one. To replace it too, run this again.\n", id)
		return nil
	}
	expires := w.now().Add(w.cfg.Webhooks.MaxAge + overlap)
	if err := w.put(ctx, previousName(id), shown.Reveal(), expires); err != nil {
		return err
	}
	next, err := w.zendesk.ResetSigningSecret(ctx, id)
	if err != nil {
		refusal := w.refused("replace the signing secret of webhook "+id, err)
		return &failure{code: exitFailed, cause: err, text: refusal.Error() + "; then run `starter webhooks rotate` again, which also ends a half-done one"}
	}
	if err := w.keep(ctx, id, next.Reveal(), shown.Reveal()); err != nil {
		return err
	}
	w.say("Replaced the signing secret of webhook %s; what the old one signed is accepted until %s.\n", id, clock(expires))
	return nil
}

func (a *app) webhooksRemoveCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "remove" + connectorArg,
		Short: "Delete in Zendesk what install made",
		Long: "Delete the installed webhooks and their triggers in Zendesk, and their secrets here. The schedule goes on bringing every\n" +
			"change. What others made in Zendesk stays, and is named.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.removeWebhooks(cmd.Context(), args, yes) },
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return a.withConnector(a.narrated(cmd))
}

func (a *app) removeWebhooks(ctx context.Context, args []string, yes bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	if !yes && !a.interactive {
		return usage("`starter webhooks remove` asks first, and there is no terminal to answer on: add --yes")
	}
	w, err := a.webhooks(ctx)
	if err != nil {
		return err
	}
	doomed, others, err := w.made(ctx)
	if err != nil {
		return err
	}
	for _, hook := range others {
		w.warnf("starter: webhook %s (%s) leads to %s and stays: it was not installed from here", hook.ID, hook.Name, hook.Endpoint)
	}
	if len(doomed) == 0 {
		w.say("No webhook of %s is installed.\n", a.cfg.Account())
		return nil
	}
	if !yes {
		agreed, err := a.ask(ctx, "Delete %s of %s in Zendesk? Changes will come with the schedule alone.", plural(int64(len(doomed)), "webhook"), a.cfg.Account())
		if err != nil {
			return err
		}
		if !agreed {
			return failed("nothing was deleted")
		}
	}
	for _, hook := range doomed {
		if err := w.remove(ctx, hook); err != nil {
			return err
		}
	}
	return nil
}

// made tells the webhooks that were installed from here, stored or, where an installation was cut off, known by name and
// endpoint, and the others that lead to the same path.
func (w *webhooks) made(ctx context.Context) (ours []store.Webhook, others []zendesk.Webhook, err error) {
	if ours, err = w.installed(ctx); err != nil {
		return nil, nil, err
	}
	all, err := w.inZendesk(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, hook := range all {
		switch {
		case slices.ContainsFunc(ours, func(row store.Webhook) bool { return row.ID == hook.ID }):
		case hook.Name == w.title() && hook.Endpoint == w.endpoint:
			ours = append(ours, store.Webhook{ID: hook.ID, Kind: kindOf(hook), Endpoint: hook.Endpoint})
		case w.leadsHere(hook):
			others = append(others, hook)
		}
	}
	return ours, others, nil
}

// remove goes from what calls to what is called. The row goes last, so that whatever was left can be removed by running the
// command again. Triggers of other people that call the webhook may do more than that: they are not deleted.
func (w *webhooks) remove(ctx context.Context, hook store.Webhook) error {
	ids := slices.Clone(hook.Triggers)
	if hook.Kind == store.WebhookTriggers {
		calling, err := w.triggersOf(ctx, hook.ID)
		if err != nil {
			return err
		}
		for _, trigger := range calling {
			switch {
			case slices.Contains(ids, trigger.ID):
			case w.ownTrigger(trigger):
				ids = append(ids, trigger.ID)
			default:
				return failed("trigger %d (%s) calls webhook %s and was not installed from here: take that action out of it in Zendesk, then run `starter webhooks remove` again",
					trigger.ID, trigger.Title, hook.ID)
			}
		}
	}
	for _, id := range ids {
		if err := w.deleteTrigger(ctx, id); err != nil {
			return err
		}
	}
	if err := w.zendesk.DeleteWebhook(ctx, hook.ID); err != nil && !zendesk.IsNotFound(err) {
		return w.refused("delete webhook "+hook.ID, err)
	}
	if err := w.forget(ctx, hook.ID); err != nil {
		return err
	}
	with := ""
	if len(ids) > 0 {
		with = " and " + plural(int64(len(ids)), "trigger")
	}
	w.say("Deleted the webhook %s%s.\n", hook.ID, with)
	return nil
}

// ownTrigger knows a trigger by its title, where an installation was cut off before its id was stored.
func (w *webhooks) ownTrigger(trigger zendesk.Trigger) bool {
	return slices.ContainsFunc(zendesk.NewTriggers(w.title(), trigger.WebhookID), func(in zendesk.TriggerInput) bool { return in.Title == trigger.Title })
}

// ask asks a question on the terminal; no answer is no. Whoever interrupts it has not answered.
func (a *app) ask(ctx context.Context, format string, args ...any) (bool, error) {
	fmt.Fprintf(a.stderr, format+" [y/N] ", args...)
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.stdin).ReadString('\n') // what cannot be read is no answer
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case answer := <-answers:
		return answer == "y" || answer == "yes", nil
	}
}
