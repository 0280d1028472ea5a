package activities

import (
	"context"
	"fmt"
	"strings"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// CheckInput names the account to test.
type CheckInput struct {
	Account string `json:"account"`
}

// CheckLine is one line of a connection test.
type CheckLine struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, failed, optional
	Cause string `json:"cause,omitempty"`
	Fix   string `json:"fix,omitempty"`
}

// States of a CheckLine.
const (
	CheckOK       = "ok"
	CheckFailed   = "failed"
	CheckOptional = "optional" // not there, and the product works without it
)

// CheckResult is a whole connection test.
type CheckResult struct {
	Lines []CheckLine `json:"lines"`
}

// Passed reports whether nothing that is needed failed.
func (r CheckResult) Passed() bool {
	for _, line := range r.Lines {
		if line.State == CheckFailed {
			return false
		}
	}
	return true
}

// CheckConnection tests what a sync relies on with the cheapest calls, and writes nothing to either vendor. It also runs
// while the account is paused; a passing test ends a pause that was about credentials or credit.
func (a *Account) CheckConnection(ctx context.Context, in CheckInput) (CheckResult, error) {
	c, err := a.connections.get(in.Account)
	if err != nil {
		return CheckResult{}, configurationError(err)
	}
	out := CheckResult{Lines: []CheckLine{
		c.checkAPI(ctx),
		check("Users readable", func() error {
			_, err := c.zendesk.ListUsers(ctx, zendesk.ListQuery{PageSize: 1})
			return err
		}),
		check("Tickets readable", func() error {
			_, err := c.zendesk.ListTickets(ctx, zendesk.ListQuery{PageSize: 1})
			return err
		}),
		check("Organizations readable", func() error {
			_, err := c.zendesk.ListOrganizations(ctx, zendesk.ListQuery{PageSize: 1})
			return err
		}),
		c.checkWebhooks(ctx),
	}}
	if !out.Passed() {
		return out, nil
	}
	p, standing, err := c.store.Paused(ctx)
	if err != nil {
		return out, fmt.Errorf("read pause: %w", err)
	}
	if standing && (p.Kind == PauseCredentials || p.Kind == PauseCredit) {
		return out, c.store.ClearPause(ctx)
	}
	return out, nil
}

func (c *connection) checkAPI(ctx context.Context) CheckLine {
	const name = "API connection successful"
	me, err := c.zendesk.Me(ctx)
	if err == nil {
		if reason := stranger(me.Row); reason != "" {
			cause, fix, _ := strings.Cut(reason, ": ")
			return CheckLine{Name: name, State: CheckFailed, Cause: cause, Fix: fix}
		}
		// The attribute list is the cheapest call outside the bucket of a hundred calls an hour.
		_, err = c.brevo.ListAttributes(ctx)
	}
	return check(name, func() error { return err })
}

// checkWebhooks looks for a webhook that leads here and brings something. Without one the schedule brings every change a
// little later, so that is no failure; one that was installed from here and is silent is.
func (c *connection) checkWebhooks(ctx context.Context) CheckLine {
	const name = "Webhooks configured"
	none := fmt.Sprintf("optional; changes arrive within %s", config.Brief(c.cfg.Schedule.Every))
	installed, err := c.store.Webhooks(ctx)
	if err != nil {
		return check(name, func() error { return err })
	}
	results, err := c.store.WebhookResults(ctx)
	if err != nil {
		return check(name, func() error { return err })
	}
	all, err := c.zendesk.AllWebhooks(ctx)
	switch {
	case err != nil && len(installed) > 0:
		return check(name, func() error { return err })
	case err != nil:
		return CheckLine{Name: name, State: CheckOptional, Cause: none}
	}
	leading, found := leadingHere(all.Rows, installed, c.cfg.Account()), false
	for _, hook := range leading {
		cause, fix := c.silent(ctx, hook, LastAccepted(results))
		switch {
		case cause == "":
			found = true
		case len(installed) > 0:
			return CheckLine{Name: name, State: CheckFailed, Cause: cause, Fix: fix}
		default: // somebody else's perhaps, such as that of a second installation
			none += "; " + cause
		}
	}
	switch {
	case found:
		return CheckLine{Name: name, State: CheckOK}
	case len(installed) > 0:
		again := "starter webhooks install"
		if installed[0].Kind == store.WebhookTriggers {
			again += " --triggers"
		}
		return CheckLine{
			Name: name, State: CheckFailed, Cause: "the webhook that was installed is inactive in Zendesk, or gone",
			Fix: "run `" + again + "`, or `starter webhooks remove`",
		}
	}
	return CheckLine{Name: name, State: CheckOptional, Cause: none}
}

func check(name string, call func() error) CheckLine {
	err := call()
	if err == nil {
		return CheckLine{Name: name, State: CheckOK}
	}
	cause, fix := explain(err)
	return CheckLine{Name: name, State: CheckFailed, Cause: cause, Fix: fix}
}
