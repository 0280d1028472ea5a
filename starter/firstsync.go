package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// askFirst says on a terminal what the first sync of an account will do at most, and asks; and once more before the first that
// writes to everybody after a pilot. Without a terminal, and once such a sync has been complete, it says nothing: scripts and
// schedules go on as they are.
func (a *app) askFirst(ctx context.Context, f syncFlags) error {
	if !a.interactive || f.yes {
		return nil
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	// A replay reads little, but writes whatever waits: everybody, when a preview has read them.
	last, err := account.LastRunOtherThan(ctx, activities.Replay, activities.RunCompleted)
	never := errors.Is(err, store.ErrNotFound)
	switch {
	case err != nil && !never:
		return a.storeFailure(err)
	case !never && (!last.Stats.Pilot || a.cfg.Pilot.Active()):
		return nil
	}
	expected, err := a.expected(ctx, account, never)
	if err != nil {
		return err
	}
	a.warnf("%s", expected)
	yes, err := a.ask(ctx, "Start this sync of %s?", a.cfg.Account())
	switch {
	case err != nil:
		return err
	case !yes:
		return failed("nothing was started: `starter preview` shows what a sync would write; --yes starts it without asking")
	}
	return nil
}

// expected says what the first sync will do: what a preview counted, else at most what Zendesk has.
func (a *app) expected(ctx context.Context, account *store.Account, never bool) (string, error) {
	outlook, ended, err := activities.LastOutlook(ctx, account)
	if err != nil {
		return "", a.storeFailure(err)
	}
	var b strings.Builder
	if never {
		fmt.Fprintf(&b, "%s has never been synced completely. The first sync reads Zendesk and writes to Brevo:\n", a.cfg.Account())
	} else {
		fmt.Fprintf(&b, "%s has been synced for a pilot alone. This sync writes everybody to Brevo:\n", a.cfg.Account())
	}
	current, err := outlook.InForce(ctx, a.cfg, account)
	if err != nil {
		return "", a.storeFailure(err)
	}
	if f := &outlook.Foreseen; !ended.IsZero() && current {
		fmt.Fprintf(&b, "  contacts   %s, by the preview of %s\n", writesInWords(f.Created, f.Mailable, f.Changed, f.Left, f.Deleted), ago(a.now(), ended))
		fmt.Fprintf(&b, "  companies  %s created, %s changed\n", thousands(f.Companies.Created), thousands(f.Companies.Changed))
	} else {
		b.WriteString(a.atMost(ctx))
	}
	fmt.Fprintf(&b, "  consent    new_contacts: %s (%s)\n", a.cfg.NewContacts, consequence(a.cfg.NewContacts))
	if p := a.cfg.Pilot; p.Active() {
		fmt.Fprintf(&b, "  pilot      on: nobody but %s of pilot.emails is written", plural(int64(len(p.Emails)), "address"))
	} else {
		b.WriteString("  pilot      off: everybody is written")
	}
	return b.String(), nil
}

// countTimeout is how long Zendesk may take to count.
const countTimeout = 10 * time.Second

// atMost asks Zendesk for its own counts, which are approximate. What it does not tell is said to be unknown.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#count-users
func (a *app) atMost(ctx context.Context) string {
	contacts, companies := "as many as there are users in Zendesk, which did not say how many", ""
	vendors, err := a.vendors()
	if err != nil {
		return "  contacts   " + contacts + "\n"
	}
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	if n, err := vendors.Zendesk.CountUsers(ctx, a.cfg.Sync.Roles...); err == nil {
		contacts = fmt.Sprintf("at most %s (users with the role %s)", thousands(n.Row.Value), strings.Join(a.cfg.Sync.Roles, " or "))
		if p := a.cfg.Pilot; p.Active() {
			contacts = fmt.Sprintf("at most %s", thousands(min(n.Row.Value, int64(len(p.Emails)))))
		}
	}
	if a.cfg.Sync.Organizations {
		companies = countOr(vendors.Zendesk.CountOrganizations(ctx))
	}
	return "  contacts   " + contacts + "\n" + companies
}

func countOr(n zendesk.Read[zendesk.Count], err error) string {
	if err != nil {
		return ""
	}
	return fmt.Sprintf("  companies  at most %s\n", thousands(n.Row.Value))
}

// consequence is what a choice of new_contacts means.
func consequence(choice string) string {
	switch choice {
	case config.NewContactsBlocklist:
		return "new contacts are blocklisted and cannot be e-mailed"
	case config.NewContactsSkip:
		return "only people whom Brevo knows already are written"
	}
	return "new contacts can be e-mailed from then on"
}
