package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

func (a *app) webhooksStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status" + connectorArg,
		Short: "Show what arrived, what was refused, and what Zendesk says of its deliveries",
		Long: "Show what the webhook server accepted and refused since the store was made, and for each webhook what Zendesk's own log\n" +
			"says of its deliveries in the last seven days, with what to do about those that failed.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.webhooksStatus(cmd.Context(), args, asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return a.withConnector(cmd)
}

// webhooksReport is how webhooks do. All names are stable.
type webhooksReport struct {
	Connector    string        `json:"connector"`
	Account      string        `json:"account"`
	LastDelivery *time.Time    `json:"lastDelivery"` // that was accepted
	Accepted     []resultCount `json:"accepted"`
	Refused      []resultCount `json:"refused"`
	Webhooks     []hookReport  `json:"webhooks"`
	Unknown      []string      `json:"unknown"` // what could not be learned, and why
}

// resultCount counts the requests that the webhook server answered one way.
type resultCount struct {
	Result string     `json:"result"`
	N      int64      `json:"n"`
	LastAt *time.Time `json:"lastAt"`
	Fix    string     `json:"fix,omitempty"`
}

type hookReport struct {
	webhookRow
	Log      []logCount `json:"log"`
	LogWhole bool       `json:"logWhole"` // false: only the newest deliveries were counted
}

// logCount counts deliveries by Zendesk's own log.
type logCount struct {
	Status string     `json:"status"`
	N      int64      `json:"n"`
	LastAt *time.Time `json:"lastAt"`
	Failed bool       `json:"failed"`
	Cause  string     `json:"cause,omitempty"`
	Fix    string     `json:"fix,omitempty"`
}

// refusalFixes say what to do about each word by which the webhook server counts what it did not accept.
var refusalFixes = map[string]string{
	"bad_signature": "signed with another secret, or not by Zendesk: give the webhook server the STORE_URL and ENCRYPTION_KEY of the starter; if they are the same, `starter webhooks rotate`",
	"not_signed":    "not sent by Zendesk, or a proxy removes its headers: let those that begin with X-Zendesk-Webhook through",
	"test_secret":   "a test of a webhook that was not saved: save it in Zendesk, then test it",
	"too_old":       "signed longer ago than webhooks.max_age: set the clock of the webhook server's host by NTP, or raise webhooks.max_age",
	"from_future":   "the clock of the webhook server's host is behind: set it by NTP",
	"malformed":     "its body is not what Zendesk sends: in a trigger of your own, write {\"type\":\"ticket.updated\",\"ticket_id\":\"{{ticket.id}}\"}",
	"too_large":     "larger than 1 MiB: the schedule brought what it told of",
	"forbidden":     "from outside ALLOWED_CIDRS of the webhook server: bring that up to date with what `starter webhooks ips` prints; behind a proxy, set TRUSTED_PROXIES to its address",
	"not_found":     "sent to a path that names no enabled connector: the endpoint must end in /webhooks/zendesk/SUBDOMAIN; `starter webhooks install` mends it",
	"unavailable":   "Temporal, or at first the store, did not answer: Zendesk was asked to send it again; look at /readyz of the webhook server",
}

// readResults sorts what the webhook server counted into accepted and refused.
func readResults(results []store.WebhookResult) (accepted, refused []resultCount, last *time.Time) {
	accepted, refused = []resultCount{}, []resultCount{}
	for _, r := range results {
		if activities.WebhookAccepted(r.Result) {
			accepted = append(accepted, resultCount{Result: r.Result, N: r.N, LastAt: utc(r.LastAt)})
			continue
		}
		fix := refusalFixes[r.Result]
		if fix == "" {
			fix = "look at the log of the webhook server"
		}
		refused = append(refused, resultCount{r.Result, r.N, utc(r.LastAt), fix})
	}
	return accepted, refused, utc(activities.LastAccepted(results))
}

// logPages bounds how much of Zendesk's log is read: a thousand deliveries for each webhook.
const logPages = 10

func (a *app) webhooksStatus(ctx context.Context, args []string, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	w, err := a.webhooks(ctx)
	if err != nil {
		return err
	}
	report, err := w.report(ctx)
	if err != nil {
		return err
	}
	for _, unknown := range report.Unknown {
		a.warnf("starter: %s", unknown)
	}
	if asJSON {
		return a.printJSON(report)
	}
	a.printf("%s", report.text(a.now(), a.palette()))
	if !slices.ContainsFunc(report.Webhooks, func(hook hookReport) bool { return hook.Installed }) && len(report.Unknown) == 0 {
		a.printf("%s", a.noneInstalled())
	}
	return nil
}

// report reads the store, then asks Zendesk; what that does not tell becomes a line of Unknown.
func (w *webhooks) report(ctx context.Context) (*webhooksReport, error) {
	r := &webhooksReport{Connector: w.cfg.Name, Account: w.cfg.Account(), Webhooks: []hookReport{}, Unknown: []string{}}
	results, err := w.account.WebhookResults(ctx)
	if err != nil {
		return nil, w.storeFailure(err)
	}
	r.Accepted, r.Refused, r.LastDelivery = readResults(results)
	list, err := w.list(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r.Unknown = append(r.Unknown, "Zendesk's log is not known: "+err.Error())
	}
	for _, row := range list {
		hook := hookReport{webhookRow: row, Log: []logCount{}}
		if row.Status != "missing" {
			if err := w.readLog(ctx, &hook); err != nil {
				r.Unknown = append(r.Unknown, "Zendesk's log is not known: "+err.Error())
			}
		}
		r.Webhooks = append(r.Webhooks, hook)
	}
	return r, nil
}

func (w *webhooks) readLog(ctx context.Context, hook *hookReport) error {
	log, err := activities.ReadWebhookLog(ctx, w.zendesk, hook.ID, logPages)
	if err != nil {
		return w.refused("read the log of webhook "+hook.ID, err)
	}
	hook.LogWhole = log.Whole
	for _, s := range log.Statuses {
		count := logCount{Status: s.Status, N: s.N, LastAt: utc(s.LastAt), Failed: s.Failed()}
		if count.Failed {
			count.Cause, count.Fix = s.Explain()
		}
		hook.Log = append(hook.Log, count)
	}
	return nil
}

// text is the report for people, with a line break at its end.
func (r *webhooksReport) text(now time.Time, p palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", p.bold(r.Connector), r.Account)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  last delivery\t%s\n", moment(now, r.LastDelivery, "none yet"))
	for _, c := range r.Accepted {
		fmt.Fprintf(t, "  %s\t%s, last %s\n", c.Result, thousands(c.N), moment(now, c.LastAt, "unknown"))
	}
	for _, c := range r.Refused {
		fmt.Fprintf(t, "  %s\t%s, last %s\n  \t%s\n", c.Result, thousands(c.N), moment(now, c.LastAt, "unknown"), c.Fix)
	}
	_ = t.Flush()
	for _, hook := range r.Webhooks {
		b.WriteString(hook.text(now, p))
	}
	return b.String()
}

func (h hookReport) text(now time.Time, p palette) string {
	var b strings.Builder
	where := ""
	if !h.Installed {
		where = ", not installed from here"
	}
	fmt.Fprintf(&b, "webhook %s (%s%s), %s, to %s\n", h.ID, h.Kind, where, h.Status, h.Endpoint)
	if h.Status != "active" && h.Installed {
		fmt.Fprintf(&b, "  %s: `%s` mends that\n", p.bad(h.Status+" in Zendesk"), installOf(h.Kind))
	}
	switch {
	case h.Status == "missing":
		return b.String()
	case len(h.Log) == 0:
		b.WriteString("  Zendesk's log of the last 7 days holds nothing\n")
	case h.LogWhole:
		b.WriteString("  by Zendesk's log of the last 7 days:\n")
	default:
		b.WriteString("  by the newest of Zendesk's log:\n")
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range h.Log {
		fmt.Fprintf(t, "  %s\t%s, last %s\n", c.Status, thousands(c.N), moment(now, c.LastAt, "unknown"))
		if c.Cause != "" {
			fmt.Fprintf(t, "  \t%s; %s\n", c.Cause, c.Fix)
		}
	}
	_ = t.Flush()
	return b.String()
}
