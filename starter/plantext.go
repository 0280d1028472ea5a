package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"zendesk-brevo/activities"
)

// planText is a plan for people, with a line break at its end.
func planText(connector, account string, plan *activities.BackfillPlan, p palette) string {
	t := &planPage{plan: plan, palette: p}
	t.line("%s: plan of a full sync of %s. Nothing was written; it took %s to Zendesk and %s to Brevo.",
		p.bold(connector), account, plural(plan.Asked.Zendesk, "request"), plural(plan.Asked.Brevo, "request"))
	if plan.Paused != "" {
		t.line("%s: %s", p.warn("paused"), plan.Paused)
	}
	t.zendesk()
	t.brevo()
	t.line("")
	bound := "no limit costs more than seconds"
	if plan.Binds != "" && plan.Seconds >= 60 {
		bound = "bound by " + activities.BucketName(plan.Binds)
	}
	t.line("%s about %s, %s; and the time that Brevo works on imports", p.bold("Time"), planSpan(plan.Seconds), bound)
	t.missing()
	t.line("%s %s", p.bold("Mailable"), mailable(plan.Mailable))
	t.line("%s", p.bold("Capabilities"))
	for _, c := range plan.Capabilities {
		t.line("  %s", t.capability(c))
	}
	for _, n := range slices.Concat(plan.Notices, plan.Missing.Notices) {
		t.line("%s %s", p.warn("note:"), n)
	}
	for _, r := range plan.Missing.Refusals {
		t.line("%s %s", p.bad("the sync would fail:"), r)
	}
	for i, why := range t.reasons {
		t.line("%d) %s", i+1, why)
	}
	return t.String()
}

// planPage collects the lines, and why numbers are not certain, to be said once at the end.
type planPage struct {
	strings.Builder
	palette
	plan    *activities.BackfillPlan
	reasons []string
}

func (t *planPage) line(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }

func (t *planPage) zendesk() {
	side := &t.plan.Zendesk
	t.line("\n%s", t.bold("From Zendesk"))
	w := tabwriter.NewWriter(t, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  \trows\tpages\n")
	for _, s := range side.Streams {
		rows := figure(s.Rows)
		if s.About {
			rows = "about " + rows
		}
		fmt.Fprintf(w, "  %s\t%s%s\t%s\n", s.Stream, rows, t.why(s.Why), figure(s.Pages))
	}
	_ = w.Flush()
	t.requests(&side.Side)
}

func (t *planPage) brevo() {
	side := &t.plan.Brevo
	t.line("\n%s", t.bold("To Brevo"))
	w := tabwriter.NewWriter(t, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  contacts\tat most %s; in Brevo already: %s\n", thousands(side.Contacts.Planned), thousands(side.Present))
	fmt.Fprintf(w, "  companies\t%s\n", figure(side.Companies))
	_ = w.Flush()
	t.requests(&side.Side)
}

func (t *planPage) requests(side *activities.Side) {
	w := tabwriter.NewWriter(t, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  requests\t%s\n", figure(side.Total))
	for _, r := range side.Requests {
		fmt.Fprintf(w, "    %s\t%s%s\n", strings.ReplaceAll(r.What, "_", " "), figure(r.Figure), t.why(r.Why))
	}
	fmt.Fprintf(w, "  limits\t%s\n", limitsText(side.Limits))
	binds := ""
	if side.Binds != "" {
		binds = ", bound by " + activities.BucketName(side.Binds)
	}
	fmt.Fprintf(w, "  time\tabout %s%s\n", planSpan(side.Seconds), binds)
	_ = w.Flush()
}

// why is the number of a reason at the end of the page, where a number is not certain.
func (t *planPage) why(reason string) string {
	if reason == "" {
		return ""
	}
	at := slices.Index(t.reasons, reason)
	if at < 0 {
		at = len(t.reasons)
		t.reasons = append(t.reasons, reason)
	}
	return fmt.Sprintf(" %d)", at+1)
}

func (t *planPage) missing() {
	m := &t.plan.Missing
	if len(m.Attributes)+len(m.Lists) > 0 {
		t.line("%s", t.bold("Missing in Brevo, and made by the sync"))
	}
	if len(m.Attributes) > 0 {
		named := make([]string, len(m.Attributes))
		for i, a := range m.Attributes {
			named[i] = fmt.Sprintf("%s (%s)", a.Name, a.Type)
		}
		t.line("  attributes  %s", strings.Join(named, ", "))
	}
	if len(m.Lists) > 0 {
		named := make([]string, len(m.Lists))
		for i, l := range m.Lists {
			named[i] = fmt.Sprintf("%q", l)
		}
		folder := ""
		if m.Folder != "" {
			folder = fmt.Sprintf(", in a new folder %q", m.Folder)
		}
		t.line("  lists       %s%s", strings.Join(named, ", "), folder)
	}
	if len(m.Clashes) > 0 {
		t.line("%s", t.bold("Types that do not fit, so that the attribute is left out"))
	}
	for _, c := range m.Clashes {
		place := "mapped by default"
		if c.Place != "" {
			place = c.Place
		} else if strings.HasPrefix(c.By[0], "automation") {
			place = "automations"
		}
		wanted := c.Wanted
		if wanted == "" {
			wanted = "cleared"
		}
		t.line("  %s %s is %s in Brevo, but %s is %s (%s): map it to another name", t.bad("✗"), c.Attribute, c.Type, strings.Join(c.By, ", "), wanted, place)
	}
}

func (t *planPage) capability(c activities.Capability) string {
	text := strings.ReplaceAll(c.Name, "_", " ")
	if c.Detail != "" {
		text += " (" + c.Detail + ")"
	}
	switch c.State {
	case activities.CapabilityYes:
		return t.good("✓") + " " + text
	case activities.CapabilityNo:
		return t.warn("-") + " no " + text
	}
	return t.warn("?") + " " + text
}

func limitsText(limits []activities.Limit) string {
	parts := make([]string, len(limits))
	for i, l := range limits {
		ours, a := "", "a"
		if l.Window == "hour" {
			a = "an"
		}
		if l.Ours != int64(l.Limit) {
			ours = fmt.Sprintf(", of which %s are used", thousands(l.Ours))
		}
		parts[i] = fmt.Sprintf("%s %s %s %s%s", l.Name, thousands(int64(l.Limit)), a, l.Window, ours)
	}
	return strings.Join(parts, "; ")
}

func mailable(m activities.Mailable) string {
	if m.AtMost == 0 {
		return fmt.Sprintf("nobody becomes mailable (%s)", m.Why)
	}
	about := ""
	if m.About {
		about = "about "
	}
	return fmt.Sprintf("at most %s%s become mailable: new_contacts: %s makes contacts that can be e-mailed (counted: %s); `starter preview` tells exactly",
		about, people(m.AtMost), m.Policy, m.Why)
}

func people(n int64) string {
	if n == 1 {
		return "1 person"
	}
	return thousands(n) + " people"
}

// figure is a number with what is known of its bounds.
func figure(f activities.Figure) string {
	switch n := thousands(f.Planned); {
	case f.Exact():
		return n
	case f.AtMost == nil && f.AtLeast == f.Planned && f.Planned > 0:
		return n + " or more"
	case f.AtMost == nil && f.Planned == 0:
		return "a few"
	case f.AtMost == nil:
		return "about " + n
	default:
		return fmt.Sprintf("%s (%s to %s)", n, thousands(f.AtLeast), thousands(*f.AtMost))
	}
}

func planSpan(seconds int64) string { return span(time.Duration(seconds) * time.Second) }
