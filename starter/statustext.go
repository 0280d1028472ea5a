package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"zendesk-brevo/internal/control"
)

// statusText is the status for people, with a line break at its end.
func statusText(s *control.Status, now time.Time, p palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", p.bold(s.Connector), s.Account)
	if s.Paused != nil {
		fmt.Fprintf(&b, "%s since %s: %s\n", p.warn("paused"), clock(*s.Paused.At), s.Paused.Message)
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(label, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", label, fmt.Sprintf(format, args...))
	}
	row("connected", "%s", connection(s, now))
	row("lastSync", "%s", moment(now, s.LastSync, "never"))
	row("usersSynced", "%s", thousands(s.UsersSynced))
	row("ticketsSynced", "%s", thousands(s.TicketsSynced))
	row("organizationsSynced", "%s", thousands(s.OrganizationsSynced))
	contactRows(s.Contacts, w, row)
	if s.Pilot != nil {
		row("pilot", "on, %s; %s held back", amount(int64(s.Pilot.Addresses), "address", "addresses"), amount(s.Pilot.Held, "person", "people"))
	}
	row("companies", "%s", thousands(s.Companies))
	writeReasons(w, "  rejected", s.CompaniesRejected)
	if s.Waiting != (control.Waiting{}) {
		row("not yet in Brevo", "%s, %s", changed(s.Waiting.Contacts, "contact", "contacts"), changed(s.Waiting.Companies, "company", "companies"))
	}
	if s.Running != nil {
		row("running", "%s", runningText(s.Running, now))
	}
	if last := s.LastRun; last != nil && s.Running == nil && last.Status != control.RunCompleted {
		row("last run", "%s, %s, started %s", last.Type, last.Status, moment(now, last.StartedAt, "unknown"))
	}
	if last := s.LastRun; last != nil {
		for i, notice := range last.Notices {
			label := ""
			if i == 0 {
				label = "notices"
			}
			row(label, "%s", notice)
		}
	}
	row("next run", "%s", nextRun(s, now))
	if s.Webhooks != nil {
		row("webhooks", "%s", deliveriesText(s.Webhooks, now))
	}
	if s.InDoubt > 0 {
		row("in doubt", "%s, not repeated: `starter automations list` names them", plural(s.InDoubt, "action"))
	}
	for i, bucket := range s.Budgets {
		label := ""
		if i == 0 {
			label = "budgets"
		}
		row(label, "%s", bucketText(bucket, now))
	}
	_ = w.Flush()
	return b.String()
}

func contactRows(c control.Contacts, w *tabwriter.Writer, row func(string, string, ...any)) {
	row("contacts sent", "%s", thousands(c.Sent))
	row("unchanged", "%s in the last complete sync", thousands(c.Unchanged))
	writeReasons(w, "  skipped", c.Skipped)
	writeReasons(w, "  rejected", c.Rejected)
	if c.Left > 0 {
		row("left", "%s no longer meant to be contacts", thousands(c.Left))
	}
	if c.Gone > 0 {
		row("gone", "%s deleted in Brevo", thousands(c.Gone))
	}
	if c.Undecided > 0 {
		row("not decided", "%s known: the next sync looks at them, unless a pilot holds them back", amount(c.Undecided, "more person", "more people"))
	}
}

// connection is "true (zendesk 2m05s ago, brevo just now)", with what went wrong.
func connection(s *control.Status, now time.Time) string {
	if len(s.Vendors) == 0 {
		return "false (never called: run `starter test`)"
	}
	parts := make([]string, 0, len(s.Vendors))
	for _, v := range s.Vendors {
		text := v.Name + " " + ago(now, *v.At)
		if !v.OK {
			text = v.Name + " " + v.Message + " " + ago(now, *v.At)
		}
		parts = append(parts, text)
	}
	return strconv.FormatBool(s.Connected) + " (" + strings.Join(parts, ", ") + ")"
}

func nextRun(s *control.Status, now time.Time) string {
	switch {
	case s.NextRun != nil:
		return fmt.Sprintf("%s (in %s)", clock(*s.NextRun), span(s.NextRun.Sub(now)))
	case len(s.Unknown) > 0:
		return "unknown"
	}
	return "none scheduled"
}

func runningText(r *control.Running, now time.Time) string {
	kind, phase := r.Type, ""
	if kind == "" {
		kind = "sync"
	}
	if r.Phase != "" {
		phase = ", " + r.Phase
	}
	return fmt.Sprintf("%s%s, started %s", kind, phase, moment(now, r.StartedAt, "unknown"))
}

// bucketText is "zendesk:account 340 of 400 left, resets in 34s".
func bucketText(b control.Bucket, now time.Time) string {
	text := fmt.Sprintf("%s %s of %s left", b.Name, thousands(int64(b.Remaining)), thousands(int64(b.Limit)))
	switch {
	case b.ResetsAt == nil:
	case b.ResetsAt.After(now):
		text += ", resets in " + span(b.ResetsAt.Sub(now))
	default:
		text = fmt.Sprintf("%s all of %s left", b.Name, thousands(int64(b.Limit)))
	}
	if b.WaitedSeconds >= 1 {
		text += ", waited " + span(time.Duration(b.WaitedSeconds*float64(time.Second))) + " so far"
	}
	return text
}

func moment(now time.Time, t *time.Time, none string) string {
	if t == nil {
		return none
	}
	return clock(*t) + " (" + ago(now, *t) + ")"
}

func amount(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

func changed(n int64, one, many string) string {
	if n == 1 {
		return "1 changed " + one
	}
	return thousands(n) + " changed " + many
}

// deliveriesText is "1,200 accepted, last 2024-01-15T11:59:00Z (1m00s ago); refused 3 (bad_signature 3), last 2d4h ago: see ...".
func deliveriesText(d *control.Deliveries, now time.Time) string {
	text := "no delivery yet"
	switch {
	case d.LastDelivery != nil:
		text = fmt.Sprintf("%s accepted, last %s", thousands(d.Accepted), moment(now, d.LastDelivery, ""))
	case d.Installed == 0:
		text = "none installed"
	}
	if d.LastRefusal != nil {
		text += fmt.Sprintf("; refused %s (%s), last %s: see `starter webhooks status`", thousands(total(d.Refused)), byReason(d.Refused), ago(now, *d.LastRefusal))
	}
	return text
}
