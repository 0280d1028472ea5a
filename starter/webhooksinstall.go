package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

const installAgain = "starter webhooks install"

// installOf is the command that installs a webhook of a kind, or goes on with that.
func installOf(kind string) string {
	if kind == store.WebhookTriggers {
		return installAgain + " --triggers"
	}
	return installAgain
}

func (a *app) webhooksInstallCommand() *cobra.Command {
	var triggers bool
	cmd := &cobra.Command{
		Use:   "install" + connectorArg,
		Short: "Make the webhook in Zendesk, or mend it, and test it",
		Long: "Make a webhook in Zendesk that tells of changes of tickets and users, store its signing secret sealed with\n" +
			"ENCRYPTION_KEY, and let Zendesk send a signed test. Run again it finds its webhook, mends what is wrong with it and\n" +
			"tests it: that is also how to go on after a failure.",
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := store.WebhookEvents
			if triggers {
				kind = store.WebhookTriggers
			}
			return a.installWebhook(cmd.Context(), args, kind)
		},
	}
	cmd.Flags().BoolVar(&triggers, "triggers", false, "make a webhook that two ticket triggers call, for accounts without event subscriptions")
	return a.withConnector(a.narrated(cmd))
}

// installWebhook may be cut off at any point and run again: every step first looks for what an earlier run has done. Between
// the creation of a webhook and its row in the store it is found by its endpoint.
func (a *app) installWebhook(ctx context.Context, args []string, kind string) error {
	if err := a.load(args); err != nil {
		return err
	}
	if err := a.requirePublicURL(); err != nil {
		return err
	}
	w, err := a.webhooksWithKey(ctx)
	if err != nil {
		return err
	}
	hook, err := w.ensure(ctx, kind)
	if err != nil {
		return err
	}
	if kind == store.WebhookTriggers {
		if err := w.ensureTriggers(ctx, hook); err != nil {
			return err
		}
	}
	if err := w.learn(ctx, hook.ID); err != nil {
		return err
	}
	if err := w.verify(ctx, hook); err != nil {
		return err
	}
	w.say("Look at what arrives with `starter webhooks status`.\n")
	rows, err := w.installed(ctx)
	if err == nil && len(rows) > 1 {
		w.warnf("starter: a webhook for events and one for triggers are installed, so that changes of tickets come twice: that costs calls and nothing else")
	}
	return err
}

// ensure finds, mends or makes the webhook of a kind, and stores it.
func (w *webhooks) ensure(ctx context.Context, kind string) (store.Webhook, error) {
	rows, err := w.installed(ctx)
	if err != nil {
		return store.Webhook{}, err
	}
	rows = slices.DeleteFunc(rows, func(row store.Webhook) bool { return row.Kind != kind })
	all, err := w.inZendesk(ctx)
	if err != nil {
		return store.Webhook{}, err
	}
	all = slices.DeleteFunc(all, func(hook zendesk.Webhook) bool { return kindOf(hook) != kind })
	hook, found := w.own(all, rows)
	if found {
		err = w.mend(ctx, hook)
	} else {
		hook, err = w.create(ctx, kind)
	}
	if err != nil {
		return store.Webhook{}, err
	}
	row := store.Webhook{ID: hook.ID, Kind: kind, Endpoint: w.endpoint, CreatedAt: hook.CreatedAt}
	for _, was := range rows {
		if was.ID == row.ID {
			row.Triggers = was.Triggers
		} else if err := w.forget(ctx, was.ID); err != nil { // deleted in Zendesk
			return store.Webhook{}, err
		}
	}
	if err := w.account.PutWebhook(ctx, row); err != nil {
		return store.Webhook{}, w.storeFailure(err)
	}
	for _, other := range all {
		if other.ID != hook.ID && other.Endpoint == w.endpoint && other.Status == "active" {
			w.warnf("starter: webhook %s (%s) leads to the same address, so that every change comes twice: delete it in Zendesk's Admin Center "+
				"under Apps and integrations > Webhooks", other.ID, other.Name)
		}
	}
	return row, nil
}

// own finds our webhook among those of its kind: by the stored id, else the oldest that has our endpoint.
func (w *webhooks) own(all []zendesk.Webhook, rows []store.Webhook) (zendesk.Webhook, bool) {
	var found []zendesk.Webhook
	for _, hook := range all {
		if slices.ContainsFunc(rows, func(row store.Webhook) bool { return row.ID == hook.ID }) {
			return hook, true
		}
		if hook.Endpoint == w.endpoint {
			found = append(found, hook)
		}
	}
	if len(found) == 0 {
		return zendesk.Webhook{}, false
	}
	return slices.MinFunc(found, func(a, b zendesk.Webhook) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	}), true
}

// subscriptions are what a webhook of a kind is called for.
func subscriptions(kind string) []string {
	if kind == store.WebhookTriggers {
		return []string{zendesk.ConditionalTicketEvents}
	}
	return zendesk.Subscriptions()
}

func (w *webhooks) create(ctx context.Context, kind string) (zendesk.Webhook, error) {
	made, err := w.zendesk.CreateWebhook(ctx, zendesk.NewWebhook(w.title(), w.endpoint, subscriptions(kind)...))
	if err == nil {
		w.say("Made the webhook %s in Zendesk, which leads to %s.\n", made.Row.ID, w.endpoint)
		return made.Row, nil
	}
	refusal := w.refused("make the webhook", err)
	var call *rest.Error
	if !errors.As(err, &call) {
		return zendesk.Webhook{}, refusal
	}
	hint := ""
	switch {
	case call.MayHaveArrived():
		hint = fmt.Sprintf("; run `%s` again: a webhook that was made all the same is found by its address", installOf(kind))
	case kind == store.WebhookEvents && slices.Contains([]int{http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity}, call.Status):
		hint = "; a trial account may have ten webhooks; for an account without event subscriptions there is `" + installOf(store.WebhookTriggers) + "`"
	}
	return zendesk.Webhook{}, &failure{code: exitFailed, cause: err, text: refusal.Error() + hint}
}

// mend changes of a webhook what is not as it should be. Its name, and what else it is subscribed to, are a person's choice.
func (w *webhooks) mend(ctx context.Context, hook zendesk.Webhook) error {
	var (
		patch  zendesk.WebhookPatch
		mended []string
		active = "active"
	)
	if hook.Endpoint != w.endpoint {
		patch.Endpoint = &w.endpoint
		mended = append(mended, "its address, which was "+hook.Endpoint)
	}
	if hook.Status != active {
		patch.Status = &active
		mended = append(mended, "its status, which was "+hook.Status)
	}
	want, lacking := slices.Clone(hook.Subscriptions), 0
	for _, subscription := range subscriptions(kindOf(hook)) {
		if !slices.Contains(want, subscription) {
			want, lacking = append(want, subscription), lacking+1
		}
	}
	if lacking > 0 {
		patch.Subscriptions = &want
		mended = append(mended, plural(int64(lacking), "missing subscription"))
	}
	var err error
	if hook.HTTPMethod != http.MethodPost || hook.RequestFormat != "json" {
		mended = append(mended, "how it sends")
		err = w.zendesk.UpdateWebhook(ctx, hook.ID, zendesk.NewWebhook(hook.Name, w.endpoint, want...))
	} else if len(mended) > 0 {
		err = w.zendesk.PatchWebhook(ctx, hook.ID, patch)
	}
	switch {
	case err != nil:
		return w.refused("mend webhook "+hook.ID, err)
	case len(mended) > 0:
		w.say("Mended the webhook %s: %s.\n", hook.ID, strings.Join(mended, ", "))
	default:
		w.say("The webhook %s is there, and leads to %s.\n", hook.ID, w.endpoint)
	}
	return nil
}

// ensureTriggers makes those of the two triggers that are missing or switched off. They are found by the webhook that they
// call, so that none is made twice.
func (w *webhooks) ensureTriggers(ctx context.Context, hook store.Webhook) error {
	have, err := w.triggersOf(ctx, hook.ID)
	if err != nil {
		return err
	}
	hook.Triggers = nil
	for _, in := range zendesk.NewTriggers(w.title(), hook.ID) {
		id := int64(0)
		for _, trigger := range have {
			switch {
			case trigger.Title != in.Title:
			case trigger.Active:
				id = trigger.ID
			default:
				if err := w.deleteTrigger(ctx, trigger.ID); err != nil {
					return err
				}
			}
		}
		if id == 0 {
			made, err := w.zendesk.CreateTrigger(ctx, in)
			if err != nil {
				return w.refused("make the trigger "+in.Title, err)
			}
			w.say("Made the trigger %s.\n", in.Title)
			id = made.Row.ID
		}
		hook.Triggers = append(hook.Triggers, id)
	}
	if err := w.account.PutWebhook(ctx, hook); err != nil {
		return w.storeFailure(err)
	}
	return nil
}

// deleteTrigger takes it as done when there is none.
func (w *webhooks) deleteTrigger(ctx context.Context, id int64) error {
	if err := w.zendesk.DeleteTrigger(ctx, id); err != nil && !zendesk.IsNotFound(err) {
		return w.refused(fmt.Sprintf("delete trigger %d", id), err)
	}
	return nil
}

// forget removes what the store holds of a webhook, its row last: while that stands, the command can be run again.
func (w *webhooks) forget(ctx context.Context, id string) error {
	if err := w.account.DeleteSecrets(ctx, signingName(id)); err != nil {
		return w.storeFailure(err)
	}
	if err := w.account.DeleteWebhook(ctx, id); err != nil {
		return w.storeFailure(err)
	}
	return nil
}
