package main

import (
	"context"
	"net/mail"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/workflows"
)

// previewFlags are the words of `starter preview`, as typed.
type previewFlags struct {
	email  string
	sample int
	latest bool
}

const defaultSample = 10

func (a *app) previewCommand() *cobra.Command {
	f := syncFlags{kind: activities.Preview}
	chosen := false // whom to show
	cmd := &cobra.Command{
		Use:   "preview" + connectorArg,
		Short: "Show what the next sync would write, without writing",
		Long: "Read Zendesk as far as it has not been read, look at every contact in Brevo, and count what the next sync would do: contacts\n" +
			"created, changed, unchanged, skipped and why; lists, companies, new attributes. Nothing is written to Zendesk or Brevo.\n" +
			"For a sample of people, or for one by --email, it shows every value and list, old and new: that is personal data, and\n" +
			"appears nowhere but here. A preview runs on the worker in place of a sync; Ctrl-C ends the watching, not the preview.",
		Example: "  starter preview\n  starter preview --email jane@example.com\n  starter preview --sample 50 --json\n  starter preview --latest --email jane@example.com",
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			chosen = cmd.Flags().Changed("email") || cmd.Flags().Changed("sample")
			if cmd.Flags().Changed("email") && cmd.Flags().Changed("sample") {
				return usage("--email shows one person and --sample some: choose one of them")
			}
			return f.preview.check(cmd.Flags().Changed("email"), chosen, f.wait, cmd.Flags().Changed("wait"))
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.preview(cmd.Context(), args, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.preview.email, "email", "", "show what would become of the person with this `address`")
	flags.IntVar(&f.preview.sample, "sample", defaultSample, "how many people to show, up to 100")
	flags.BoolVar(&f.preview.latest, "latest", false, "show the latest preview again, without reading anything; people as they stand now")
	flags.BoolVar(&f.wait, "wait", true, "watch the preview until it ends; --wait=false only starts it")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	return a.withConnector(cmd)
}

// check judges the flags alone and puts the address in order. It never repeats an address.
func (f *previewFlags) check(byEmail, chosen, wait, waitGiven bool) error {
	if byEmail {
		f.email = strings.ToLower(strings.TrimSpace(f.email))
		if parsed, err := mail.ParseAddress(f.email); err != nil || parsed.Address != f.email {
			return usage("--email is not an e-mail address: write it like name@example.com")
		}
	}
	switch {
	case f.sample < 0 || f.sample > activities.MaxSample:
		return usage("--sample %d is out of range: choose from 0 to %d", f.sample, activities.MaxSample)
	case f.latest && waitGiven:
		return usage("--latest starts nothing, so there is nothing to wait for: leave out --wait")
	case chosen && !wait:
		return usage("--wait=false only starts the preview: leave out --email and --sample, and look later with `starter preview --latest`")
	}
	return nil
}

func (a *app) preview(ctx context.Context, args []string, f syncFlags) error {
	if err := a.load(args); err != nil {
		return err
	}
	if f.preview.latest {
		return a.latestPreview(ctx, f)
	}
	e, err := a.engine(ctx)
	if err != nil {
		return err
	}
	in := workflows.SyncInput{Account: a.cfg.Account(), Type: activities.Preview}
	run, found, err := e.Running(ctx, in.Account)
	if err != nil {
		return err
	}
	if found && run.Kind == activities.Preview && f.wait {
		a.warnf("Watching the %s that started %s.", run.Title(), ago(a.now(), run.StartedAt))
		return a.watch(ctx, e, run, f)
	}
	return a.begin(ctx, e, in, f)
}

// latestPreview shows what the store has of the latest preview that came to its end.
func (a *app) latestPreview(ctx context.Context, f syncFlags) error {
	account, err := a.accountIfAny(ctx)
	if err != nil {
		return err
	}
	var outlook activities.Outlook
	var ended time.Time
	if account != nil {
		if outlook, ended, err = activities.LastOutlook(ctx, account); err != nil {
			return a.storeFailure(err)
		}
	}
	if ended.IsZero() {
		return failed("no preview of %s has come to its end: make one with `starter preview`", a.cfg.Account())
	}
	current, err := outlook.InForce(ctx, a.cfg, account)
	if err != nil {
		return a.storeFailure(err)
	}
	s := newPreviewSummary(a.cfg.Name, a.cfg.Account(), &outlook.Foreseen)
	s.Status, s.EndedAt = control.RunCompleted, utc(ended)
	if !current {
		s.Notices = append(s.Notices, "a sync has run or the configuration has changed since: `starter preview` counts again; people are shown as they stand now")
	}
	return a.showPreview(ctx, s, &outlook, f)
}

// finishPreview says how a preview ended, and what it found.
func (a *app) finishPreview(ctx context.Context, e *engine, run execution, result workflows.SyncResult, err error, f syncFlags) error {
	if ctx.Err() != nil {
		a.warnf("\nDetached; the preview goes on. `starter preview` watches it again, `starter sync --cancel` ends it.")
		return &failure{code: exitFailed}
	}
	status, why := control.Ending(err)
	if status == control.RunUnknown {
		return e.Failure(err)
	}
	of := newSummary(a.cfg.Name, a.cfg.Account(), run, result, a.now())
	foreseen := result.Preview
	if foreseen == nil {
		foreseen = &activities.Foreseen{}
	}
	s := newPreviewSummary(a.cfg.Name, a.cfg.Account(), foreseen)
	s.RunID, s.StartedAt, s.EndedAt, s.Seconds, s.Streams, s.Notices = run.RunID, of.StartedAt, of.EndedAt, of.Seconds, of.Streams, of.Notices
	if s.Status, s.Error = status, why; status != control.RunCompleted {
		if f.json {
			if err := a.printJSON(s); err != nil {
				return err
			}
		} else {
			a.printf("%s", s.text(a.palette()))
		}
		return &failure{code: exitFailed}
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	outlook, _, err := activities.LastOutlook(ctx, account)
	if err != nil {
		return a.storeFailure(err)
	}
	return a.showPreview(ctx, s, &outlook, f)
}

// showPreview adds the people that were asked for, and prints everything.
func (a *app) showPreview(ctx context.Context, s *previewSummary, outlook *activities.Outlook, f syncFlags) error {
	people, err := a.foreseenPeople(ctx, outlook, f.preview)
	if err != nil {
		return err
	}
	s.People = newPeople(people)
	if f.json {
		return a.printJSON(s)
	}
	a.printf("%s", s.text(a.palette()))
	if f.preview.email != "" && len(people) == 0 {
		a.printf("\nNo user of Zendesk has this address, as far as Zendesk was read: no sync touches a contact with it.\n")
	}
	return nil
}

// foreseenPeople decides once more, from the store, about the people to show, and asks Brevo what their contacts hold now. The
// differences go from here to the screen and nowhere else.
func (a *app) foreseenPeople(ctx context.Context, outlook *activities.Outlook, f previewFlags) ([]activities.Difference, error) {
	account, err := a.account(ctx)
	if err != nil {
		return nil, err
	}
	users := sampled(outlook.Samples, f.sample)
	if f.email != "" {
		if users, err = account.UsersByEmail(ctx, f.email); err != nil {
			return nil, a.storeFailure(err)
		}
	}
	if len(users) == 0 {
		return nil, nil
	}
	people, err := activities.Differences(ctx, a.cfg, account, a.now, users)
	if err != nil {
		return nil, a.storeFailure(err)
	}
	vendors, err := a.vendors()
	if err != nil {
		return nil, usage("%s", err)
	}
	for i := range people {
		if err := a.seen(ctx, vendors.Brevo, &people[i]); err != nil {
			cause, fix := activities.ExplainError(err)
			a.warnf("starter: what contacts hold in Brevo now cannot be read: %s: %s; old values are those that were sent last", oneLine(cause), fix)
			break
		}
	}
	return people, ctx.Err()
}

// seen asks Brevo what a contact holds now, which the store knows of some values only.
func (a *app) seen(ctx context.Context, b *brevo.Client, d *activities.Difference) error {
	if d.BrevoID == 0 || len(d.Attributes) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	got, err := b.GetContact(ctx, brevo.ByID(d.BrevoID))
	if err == nil {
		d.Seen(got.Attributes)
	}
	if brevo.IsNotFound(err) {
		return nil // deleted a moment ago
	}
	return err
}

// sampled takes up to n users, of every kind of change in turn.
func sampled(by map[string][]int64, n int) (out []int64) {
	kinds := []string{activities.ForeseenCreated, activities.ForeseenChanged, activities.ForeseenLeft, activities.ForeseenDeleted}
	for i := 0; ; i++ {
		more := false
		for _, kind := range kinds {
			if i < len(by[kind]) {
				if len(out) == n {
					return out
				}
				out, more = append(out, by[kind][i]), true
			}
		}
		if !more {
			return out
		}
	}
}
