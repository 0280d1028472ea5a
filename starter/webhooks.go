package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

func (a *app) webhooksCommand() *cobra.Command {
	parent := &cobra.Command{
		Use:   "webhooks",
		Short: "Let Zendesk tell of changes at once: install, list, status, rotate, remove, ips",
		Long: "Let Zendesk tell the webhook server of changes within seconds. That is optional: without webhooks the schedule\n" +
			"brings every change a little later. These commands call Zendesk themselves, because a signing secret must not\n" +
			"travel through Temporal. PUBLIC_URL is where Zendesk reaches the webhook server; ENCRYPTION_KEY seals the secrets.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	parent.AddCommand(a.webhooksInstallCommand(), a.webhooksListCommand(), a.webhooksStatusCommand(), a.webhooksRotateCommand(),
		a.webhooksRemoveCommand(), a.webhooksIPsCommand())
	return parent
}

// webhooks is what the commands on webhooks work with.
type webhooks struct {
	*app
	account  *store.Account
	zendesk  *zendesk.Client
	box      *seal.Box // nil for commands that need no secret
	endpoint string    // of this account's deliveries; empty without PUBLIC_URL
}

// webhooks is asked once the command line and the environment are known to be right. It makes the store where there is
// none: calls to Zendesk count against the budgets in it.
func (a *app) webhooks(ctx context.Context) (*webhooks, error) {
	account, err := a.account(ctx)
	if err != nil {
		return nil, err
	}
	vendors, err := a.vendors()
	if err != nil {
		return nil, err
	}
	w := &webhooks{app: a, account: account, zendesk: vendors.Zendesk}
	if a.settings.PublicURL != "" {
		w.endpoint = a.settings.PublicURL + activities.WebhookPath(a.cfg.Account())
	}
	return w, nil
}

// vendors are both vendors as the worker calls them, of the store that is open. Tokens of `starter connect` are used where
// ENCRYPTION_KEY opens them.
func (a *app) vendors() (*activities.Vendors, error) {
	o := activities.Options{File: a.file, Store: a.opened, Now: a.now}
	if a.cfg.Auth.UsesOAuth() && !a.settings.EncryptionKey.IsZero() {
		box, err := seal.New(a.settings.EncryptionKey.Reveal())
		if err != nil {
			return nil, usage("%s", err)
		}
		o.Box = box
	}
	vendors, err := activities.New(o).Vendors(a.cfg.Account())
	if err != nil {
		return nil, usage("%s", err)
	}
	return vendors, nil
}

// requirePublicURL judges PUBLIC_URL: deliveries that are signed but not encrypted can be read and repeated on their way.
func (a *app) requirePublicURL() error {
	if a.settings.PublicURL == "" {
		return usage("PUBLIC_URL is not set: set it to the address under which Zendesk reaches the webhook server, such as "+
			"PUBLIC_URL=https://hooks.example.com (for a try, that of a tunnel); webhooks are optional: the schedule brings every change within %s",
			config.Brief(a.cfg.Schedule.Every))
	}
	public, err := url.Parse(a.settings.PublicURL)
	if err != nil {
		return usage("PUBLIC_URL is no address: write it like https://hooks.example.com")
	}
	local := loopback(public.Hostname())
	if public.Scheme != "https" && !local {
		return usage("PUBLIC_URL must begin with https://, because deliveries hold customers' data: put a proxy with a certificate before the " +
			"webhook server, or set TLS_CERT and TLS_KEY")
	}
	if own, err := url.Parse(a.cfg.URL()); local && (err != nil || !loopback(own.Hostname())) {
		return usage("PUBLIC_URL leads to this host alone (%s), where Zendesk cannot reach it: set the public address, for a try that of a tunnel", public.Host)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// webhooksWithKey is webhooks for commands that handle secrets. It judges ENCRYPTION_KEY before it opens anything.
func (a *app) webhooksWithKey(ctx context.Context) (*webhooks, error) {
	box, err := a.encryption("the webhook server")
	if err != nil {
		return nil, err
	}
	w, err := a.webhooks(ctx)
	if err != nil {
		return nil, err
	}
	w.box = box
	return w, nil
}

// refused says in one line why a call to Zendesk failed, and what to do. doing is what the call was for.
func (w *webhooks) refused(doing string, err error) error {
	var call *rest.Error
	if errors.Is(err, context.Canceled) {
		return err
	}
	cause, fix := activities.ExplainError(err)
	switch {
	case !errors.As(err, &call):
	case (call.Status == http.StatusBadRequest || call.Status == http.StatusUnprocessableEntity) && call.Detail != "" && call.Reason == "":
		// Zendesk's own words, for the terminal alone: what they are about is the webhook or trigger that the command sent.
		cause, fix = fmt.Sprintf("Zendesk refuses it (%d): %s", call.Status, call.Detail), "mend what Zendesk names"
	case call.Status == http.StatusForbidden:
		noun := "webhooks"
		if strings.HasPrefix(call.Route, "/api/v2/triggers") {
			noun = "triggers"
		}
		cause = "Zendesk refuses it (403)"
		fix = fmt.Sprintf("%s need the credential of an admin; an OAuth client also needs the scope %s:write, for which to run `starter connect --webhooks`", noun, noun)
	}
	return &failure{code: exitFailed, cause: err, text: fmt.Sprintf("%s: %s: %s", doing, oneLine(cause), fix)}
}

// kindOf is how a webhook is called, which Zendesk fixes when it is made.
func kindOf(hook zendesk.Webhook) string {
	if slices.Contains(hook.Subscriptions, zendesk.ConditionalTicketEvents) {
		return store.WebhookTriggers
	}
	return store.WebhookEvents
}

// title names what is made in Zendesk.
func (w *webhooks) title() string { return fmt.Sprintf("Zendesk to Brevo (%s)", w.cfg.Account()) }

// installed are the stored webhooks.
func (w *webhooks) installed(ctx context.Context) ([]store.Webhook, error) {
	rows, err := w.account.Webhooks(ctx)
	if err != nil {
		return nil, w.storeFailure(err)
	}
	return rows, nil
}

// inZendesk are all webhooks of the account.
func (w *webhooks) inZendesk(ctx context.Context) ([]zendesk.Webhook, error) {
	all, err := w.zendesk.AllWebhooks(ctx)
	if err != nil {
		return nil, w.refused("list webhooks", err)
	}
	return all.Rows, nil
}

// triggersOf are the triggers that call a webhook.
func (w *webhooks) triggersOf(ctx context.Context, id string) ([]zendesk.Trigger, error) {
	var out []zendesk.Trigger
	for q := (zendesk.ListQuery{PageSize: 100}); ; {
		page, err := w.zendesk.ListTriggers(ctx, q)
		if err != nil {
			return nil, w.refused("list triggers", err)
		}
		for _, trigger := range page.Rows {
			if trigger.WebhookID == id {
				out = append(out, trigger)
			}
		}
		if page.End || page.Cursor == q.Cursor {
			return out, nil
		}
		q.Cursor = page.Cursor
	}
}
