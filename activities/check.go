package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

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
	connected, clock := c.checkAPI(ctx)
	out := CheckResult{Lines: []CheckLine{
		connected,
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
	if clock != "" {
		out.Lines = append(out.Lines, CheckLine{Name: "Clock", State: CheckOptional, Cause: clock})
	}
	if !out.Passed() {
		return out, nil
	}
	return out, c.store.ClearPause(ctx, PauseCredentials, PauseCredit)
}

// checkAPI makes one call to each vendor; clock says by how much this host's clock is wrong, if it is.
func (c *connection) checkAPI(ctx context.Context) (line CheckLine, clock string) {
	const name = "API connection successful"
	me, err := c.zendesk.Me(ctx)
	if err == nil {
		clock = skewed(me.AskedAt, c.now(), me.Date)
		if reason := stranger(me.Row); reason != "" {
			cause, fix, _ := strings.Cut(reason, ": ")
			return CheckLine{Name: name, State: CheckFailed, Cause: cause, Fix: fix}, clock
		}
		// The attribute list is the cheapest call outside the bucket of a hundred calls an hour.
		_, err = c.brevo.ListAttributes(ctx)
	}
	return check(name, func() error { return err }), clock
}

// harmlessSkew is what neither webhooks nor exports suffer from: the former allow a minute, the latter begin a minute back.
const harmlessSkew = zendesk.MaxClockSkew / 2

// skewed compares this host's clock, around a call, with the vendor's date of the answer.
func skewed(asked, answered, date time.Time) string {
	if date.IsZero() {
		return ""
	}
	ahead, word := time.Duration(0), "ahead of"
	switch {
	case asked.Sub(date) > harmlessSkew+time.Second: // the date is cut to whole seconds
		ahead = asked.Sub(date)
	case date.Sub(answered) > harmlessSkew:
		ahead, word = date.Sub(answered), "behind"
	default:
		return ""
	}
	return fmt.Sprintf("the worker's host is %d s %s Zendesk: set its clock by NTP, or webhooks will be refused as signed at another time",
		int64(ahead.Round(time.Second)/time.Second), word)
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
