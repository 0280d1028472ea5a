package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"zendesk-brevo/internal/store"
)

// text is a report for people.
func (r *personReport) text(now time.Time, p palette) string {
	var b strings.Builder
	about := r.Email
	if r.Ticket != 0 {
		about = fmt.Sprintf("ticket %d", r.Ticket)
	}
	fmt.Fprintf(&b, "%s of %s\n", p.bold(about), r.Account)
	if r.Paused != "" {
		fmt.Fprintf(&b, "  %s  %s\n", p.warn("paused"), r.Paused)
	}
	if r.Says != "" {
		fmt.Fprintf(&b, "  %s\n", r.Says)
	}
	for _, u := range r.Zendesk {
		fmt.Fprintf(&b, "  zendesk  user %d, %s, %s%s, changed %s\n", u.ID, printable(u.Email), printable(u.Role), userFlags(u.Active, u.Suspended), moment(now, u.UpdatedAt, "unknown"))
	}
	if r.Brevo != nil {
		fmt.Fprintf(&b, "  brevo    %s\n", r.Brevo.text(now))
	}
	for i := range r.People {
		r.People[i].write(&b, now, p)
	}
	r.writeStories(&b, now, p)
	if len(r.People) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.bold("Workflows"))
		for _, l := range r.Workflows {
			fmt.Fprintf(&b, "  %s\n", l)
		}
	}
	if len(r.Unknown) > 0 {
		fmt.Fprintf(&b, "\n%s\n", p.bold(p.warn("Not looked up")))
		for _, text := range r.Unknown {
			fmt.Fprintf(&b, "  %s\n", text)
		}
	}
	return b.String()
}

func userFlags(active, suspended bool) string {
	switch {
	case !active:
		return ", deleted"
	case suspended:
		return ", suspended"
	}
	return ""
}

func (h *heldContact) text(now time.Time) string {
	return fmt.Sprintf("contact %d, changed %s, lists %s", h.ID, moment(now, h.ModifiedAt, "unknown"), numbers(h.Lists))
}

// numbers is "3, 4", or "none".
func numbers(ids []int64) string {
	if len(ids) == 0 {
		return "none"
	}
	texts := make([]string, len(ids))
	for i, id := range slices.Sorted(slices.Values(ids)) {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ", ")
}

func (x *explainedPerson) write(b io.Writer, now time.Time, p palette) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	if x.Mirrored {
		row("zendesk", "user %d, %s, %s; changed %s, read %s", x.User.ID, printable(x.Email), printable(x.Role), moment(now, x.User.UpdatedAt, "unknown"), moment(now, x.User.ReadAt, "unknown"))
	} else {
		row("zendesk", "user %d is not in the mirror", x.User.ID)
	}
	if x.Org != nil {
		row("", "organization %d, %s; changed %s, read %s", x.Org.ID, shown(x.OrgName), moment(now, x.Org.UpdatedAt, "unknown"), moment(now, x.Org.ReadAt, "unknown"))
	}
	row("", "%s and %s count", plural(int64(x.Tickets), "ticket"), plural(int64(x.Ratings), "rating"))
	if x.Contact {
		row("contact", "%s", p.good("yes"))
	} else {
		row("contact", "%s: %s", p.warn("no, "+x.Skip), printable(x.SkipWhy))
	}
	row("sent", "%s", x.Sent.text(now))
	switch {
	case x.Brevo != nil:
		row("brevo", "%s", x.Brevo.text(now))
	case x.BrevoSeen == "none":
		row("brevo", "has no such contact")
	default:
		row("brevo", "%s", p.warn("could not be asked, see below"))
	}
	row("consent", "%s", x.Consent.text())
	if x.Company != nil {
		row("company", "%s", x.Company.text(now))
	}
	for _, r := range x.Rejects {
		of := ""
		if r.Kind == store.KindOrganization {
			of = "the company's latest change: "
		}
		row("rejected", "%s%s, %s: starter rejects show %s %d --details", of, p.bad(r.Reason), moment(now, r.At, "unknown"), r.Kind, r.ID)
	}
	row("next", "%s", x.Next.text())
	_ = w.Flush()
	x.writeAttributes(b, p)
	x.writeLists(b, p)
}

func (s *sentContact) text(now time.Time) string {
	if s.State == "" && s.At == nil {
		if s.Reason != "" {
			return s.Reason + ", without an answer so far"
		}
		return "never"
	}
	by := "which was there before"
	if s.Made {
		by = "made here"
	}
	text := fmt.Sprintf("%s to %s (contact %d, %s)", moment(now, s.At, "never"), printable(s.Email), s.BrevoID, by)
	if s.At == nil {
		text = "never"
	}
	if s.State != "sent" {
		text += "; " + s.State
	}
	return text
}

func (c consent) text() string {
	text := map[string]string{
		"mailable": "can be e-mailed", "blocklisted": "on the e-mail blocklist: only transactional e-mails reach them",
		"no_contact": "no contact in Brevo", "unknown": "not known",
	}[c.Email]
	if c.SMS == "blocklisted" {
		text += "; on the SMS blocklist"
	}
	if len(c.Unsubscribed) > 0 {
		text += "; unsubscribed from list " + numbers(c.Unsubscribed)
	}
	if len(c.Kept) > 0 {
		text += "; kept beyond the contact: " + strings.Join(c.Kept, ", ")
	}
	return text
}

func (c *explainedCompany) text(now time.Time) string {
	switch c.State {
	case "sent":
		linked := "not linked to the contact"
		if c.Linked {
			linked = "linked to the contact"
		}
		return fmt.Sprintf("%s in Brevo, sent %s, %s", c.BrevoID, moment(now, c.SentAt, "unknown"), linked)
	case "intent":
		return "being made in Brevo"
	case "gone":
		return "deleted in Brevo, and not made again"
	}
	return c.State + " by Brevo: see `starter rejects list`"
}

func (n *nextWrite) text() string {
	var parts []string
	add := func(what string, names []string) {
		if len(names) > 0 {
			parts = append(parts, what+" "+strings.Join(names, ", "))
		}
	}
	if n.Create {
		parts = append(parts, "creates the contact")
	}
	if n.Email != "" {
		parts = append(parts, "changes the address to "+printable(n.Email))
	}
	add("sends", n.Set)
	add("clears", n.Clear)
	if len(n.Join) > 0 {
		parts = append(parts, "adds to list "+numbers(n.Join))
	}
	if len(n.Leave) > 0 {
		parts = append(parts, "takes off list "+numbers(n.Leave))
	}
	text := "nothing to write"
	if len(parts) > 0 {
		text = "a push " + strings.Join(parts, "; ")
	}
	switch {
	case n.Waits:
		return "waits"
	case n.Held:
		return "held back by the pilot"
	case n.Marked && len(parts) > 0:
		return text + " (marked: the next push does it)"
	case n.Marked:
		return text + " (marked: the next push looks)"
	case len(parts) > 0:
		return text + ", when something changes in Zendesk or in connectors.yaml"
	}
	return text
}

func (r *personReport) writeStories(b *strings.Builder, now time.Time, p palette) {
	if len(r.People) == 0 && len(r.Stories) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", p.bold("Automations"))
	if len(r.Stories) == 0 {
		fmt.Fprintln(b, "  nothing was recorded: rules act on what Zendesk dates after the first sync, and records are kept for 90 days")
	}
	for _, s := range r.Stories {
		fmt.Fprintln(b, strings.TrimRight(indented(s.text(now, p)), "\n"))
	}
	if r.Older > 0 {
		fmt.Fprintf(b, "  ... and %s more: starter automations test --ticket ID\n", plural(int64(r.Older), "older ticket"))
	}
}

func indented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}
