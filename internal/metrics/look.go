package metrics

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

// look gathers what the store says.
type look struct {
	now     time.Time
	name    string
	samples []sample
}

// account reads everything of one account.
func (l *look) account(ctx context.Context, name string, account *store.Account) error {
	l.name = name
	for _, read := range []func(context.Context, *store.Account) error{
		l.state, l.streams, l.mirror, l.contacts, l.runs, l.budgets, l.actions, l.webhooks,
	} {
		if err := read(ctx, account); err != nil {
			return err
		}
	}
	return nil
}

// add adds a value; labels are pairs of name and value.
func (l *look) add(of *family, value float64, labels ...string) {
	l.samples = append(l.samples, sample{of: of, value: value, labels: l.labels(labels)})
}

func (l *look) labels(pairs []string) attribute.Set {
	all := []attribute.KeyValue{attribute.String("account", l.name)}
	for pair := range slices.Chunk(pairs, 2) {
		all = append(all, attribute.String(pair[0], pair[1]))
	}
	return attribute.NewSet(all...)
}

func (l *look) state(ctx context.Context, account *store.Account) error {
	pause, standing, err := account.Paused(ctx)
	if err != nil {
		return err
	}
	if standing {
		l.add(pausedNow, 1, "kind", word(pause.Kind))
	} else {
		l.add(pausedNow, 0, "kind", "none")
	}
	vendors, err := account.ContactedAll(ctx)
	for _, vendor := range vendors {
		l.add(connectedNow, truth(vendor.OK), "vendor", word(vendor.Vendor))
	}
	return err
}

func (l *look) streams(ctx context.Context, account *store.Account) error {
	cursors, err := account.Cursors(ctx)
	for _, c := range cursors {
		if strings.HasPrefix(c.Stream, store.Replayed) {
			continue
		}
		stream := word(c.Stream)
		l.add(streamRows, float64(c.Rows), "stream", stream)
		l.add(streamPages, float64(c.Pages), "stream", stream)
		if !c.Completed.IsZero() {
			l.samples = append(l.samples, sample{of: streamLag, since: c.Completed, labels: l.labels([]string{"stream", stream})})
		}
	}
	return err
}

func (l *look) mirror(ctx context.Context, account *store.Account) error {
	users, tickets, organizations, err := account.Counts(ctx)
	if err != nil {
		return err
	}
	l.add(mirrored, float64(users), "resource", "users")
	l.add(mirrored, float64(tickets), "resource", "tickets")
	l.add(mirrored, float64(organizations), "resource", "organizations")
	companies, err := account.CountCompanies(ctx)
	if err != nil {
		return err
	}
	l.add(companiesNow, float64(companies))
	for kind, name := range map[store.Kind]string{store.KindUser: "contacts", store.KindOrganization: "companies"} {
		n, err := account.CountDirty(ctx, kind)
		if err != nil {
			return err
		}
		l.add(waitingNow, float64(n), "kind", name)
	}
	return nil
}

func (l *look) contacts(ctx context.Context, account *store.Account) error {
	counts, err := account.DeliveryCounts(ctx)
	for state, reasons := range counts {
		by := map[string]int64{}
		for reason, n := range reasons {
			by[word(reason)] += n
		}
		for reason, n := range by {
			l.add(contactsNow, float64(n), "state", word(string(state)), "reason", reason)
		}
	}
	return err
}

func (l *look) runs(ctx context.Context, account *store.Account) error {
	run, err := account.LastRun(ctx, activities.RunCompleted)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	l.add(lastSync, float64(run.EndedAt.Unix()))
	l.add(runContacts, float64(run.Stats.Sent), "result", "sent")
	l.add(runContacts, float64(run.Stats.Unchanged), "result", "unchanged")
	l.add(runContacts, sum(run.Stats.Skipped), "result", "skipped")
	l.add(runContacts, sum(run.Stats.Rejected), "result", "rejected")
	return nil
}

func (l *look) budgets(ctx context.Context, account *store.Account) error {
	all, err := account.Budgets(ctx)
	for _, b := range all {
		vendor, bucket, _ := strings.Cut(b.Bucket, ":")
		vendor, bucket = word(vendor), word(bucket)
		l.add(budgetWaited, b.WaitedTotal.Seconds(), "vendor", vendor, "bucket", bucket)
		if b.Window.Limit == 0 {
			continue // no header told of it yet
		}
		left := b.Window.Remaining
		if !b.Window.ResetsAt.After(l.now) {
			left = b.Window.Limit
		}
		l.add(budgetLimit, float64(b.Window.Limit), "vendor", vendor, "bucket", bucket)
		l.add(budgetLeft, float64(left), "vendor", vendor, "bucket", bucket)
	}
	return err
}

func (l *look) actions(ctx context.Context, account *store.Account) error {
	counts, err := account.CountActions(ctx)
	for state, rules := range counts {
		l.add(actionsNow, sum(rules), "state", word(string(state)))
	}
	return err
}

func (l *look) webhooks(ctx context.Context, account *store.Account) error {
	results, err := account.WebhookResults(ctx)
	for _, r := range results {
		l.add(webhooksTaken, float64(r.N), "result", word(r.Result))
	}
	if at := activities.LastAccepted(results); !at.IsZero() {
		l.add(webhookLast, float64(at.Unix()))
	}
	return err
}

// aWord is what a label may hold: a word of ours or the name of a vendor's bucket.
var aWord = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// word is text where it is a word, "none" where it is empty, else "other": reasons and buckets come from vendors too.
func word(text string) string {
	switch {
	case text == "":
		return "none"
	case aWord.MatchString(text):
		return text
	}
	return "other"
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func sum(counts map[string]int64) float64 {
	var n int64
	for _, of := range counts {
		n += of
	}
	return float64(n)
}
