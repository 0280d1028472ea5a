package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

// text is an explanation for people.
func (e *explanation) text(now time.Time, p palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s\n", p.bold(strings.Replace(e.Subject, "/", " ", 1)), e.Account)
	fmt.Fprintf(&b, "  %s\n", e.Reach.text(p))
	if e.Mode == config.AutomationsShadow {
		fmt.Fprintf(&b, "  %s: what rules plan is recorded, and nothing is done\n", p.warn("automations_mode is shadow"))
	}
	for i := range e.Transitions {
		e.Transitions[i].write(&b, now, p)
	}
	return b.String()
}

func (t *explainTransition) write(b *strings.Builder, now time.Time, p palette) {
	when := moment(now, t.OccurredAt, "unknown")
	switch {
	case t.Assumed:
		when = "assumed, as if it happened now"
	case t.Waiting:
		when += ", waits to be judged"
	}
	fmt.Fprintf(b, "\n%s, %s\n", p.bold(t.summary()), when)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	deaf := int64(0)
	for i := range t.Rules {
		r := &t.Rules[i]
		if !r.Listens {
			deaf++
			continue
		}
		name := r.Rule
		for _, line := range r.lines(t, now) {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", name, line[0], line[1])
			name = ""
		}
	}
	_ = w.Flush()
	if deaf > 0 {
		fmt.Fprintf(b, "  %s listen to other events\n", plural(deaf, "rule"))
	}
}

// lines are the verdict of one rule: a word, and what follows or why not.
func (r *explainRule) lines(t *explainTransition, now time.Time) [][2]string {
	var out [][2]string
	switch {
	case len(r.Actions) > 0:
		for i := range r.Actions {
			out = append(out, r.Actions[i].line(now))
		}
		if r.Removed {
			out = append(out, [2]string{"", "the rule " + r.Why})
		}
		return out
	case !r.Matched:
		return [][2]string{{"no", r.Why}}
	case r.Cancelled != "":
		return [][2]string{{"no", r.Cancelled + " happened since, and stands under unless"}}
	case !t.Assumed && !t.Waiting:
		return [][2]string{{"did not", "it would act now, and did not when this was judged: the facts or the rule have changed since"}}
	}
	verdict := "would"
	if t.Waiting {
		verdict = "will"
	}
	for i := range r.Planned {
		x := &r.Planned[i]
		what := x.Action.String()
		if x.Due != nil && x.Due.After(now) {
			what += ", " + due(now, x.Due)
		}
		out = append(out, [2]string{verdict, what})
	}
	if r.Why != t.Type {
		out = append(out, [2]string{"", "because of " + r.Why})
	}
	return out
}

// line is how a recorded action stands.
func (x *explainAction) line(now time.Time) [2]string {
	state := strings.ReplaceAll(x.State, "_", " ")
	text := x.Action.String()
	switch store.ActionState(x.State) {
	case store.ActionPlanned:
		text += ", " + due(now, x.Due)
	case store.ActionOpen:
		text += ", its answer is awaited"
	default:
		text += ", " + moment(now, x.EndedAt, "unknown")
	}
	if x.Reason != "" {
		text += ": " + reasonText(x.Reason)
	}
	return [2]string{state, text}
}

// due says when something is to be done.
func due(now time.Time, t *time.Time) string {
	switch {
	case t == nil:
		return "due"
	case t.After(now):
		return "due " + clock(*t) + " (in " + span(t.Sub(now)) + ")"
	}
	return "due since " + clock(*t)
}

// text says whether actions can reach the person.
func (r reach) text(p palette) string {
	who := "the requester"
	if r.User != 0 {
		who = fmt.Sprintf("user %d", r.User)
	}
	switch {
	case r.Brevo == "" && r.Blocklisted:
		return fmt.Sprintf("%s is in Brevo, and %s: brevo.email reaches them only with transactional: true", who, p.warn("on the blocklist"))
	case r.Brevo == "":
		return who + " is in Brevo: actions can reach them"
	case r.Zendesk == "":
		return fmt.Sprintf("%s: actions in Brevo cannot reach %s (%s)", p.warn(reasonText(r.Brevo)), who, "those in Zendesk can")
	}
	return fmt.Sprintf("%s: no action can reach %s", p.warn(reasonText(r.Brevo)), who)
}

// reasonText explains the short reasons that deliveries and actions have; others speak for themselves.
func reasonText(reason string) string {
	if then, ok := strings.CutPrefix(reason, store.LostThen); ok {
		return store.LostThen + reasonText(then)
	}
	if text, ok := reasonWords[reason]; ok {
		return text
	}
	return reason
}

var reasonWords = map[string]string{
	"pilot":            "not among pilot.emails",
	"waiting":          "not in Brevo yet: the next push brings them",
	"unknown":          "not in the mirror yet",
	"new_contact":      "not in Brevo, and new_contacts is skip",
	"deleted_in_brevo": "somebody deleted the contact in Brevo",
	"blocklisted":      "on Brevo's blocklist, and the e-mail is not transactional",
	"no_email":         "no e-mail address",
	"inactive":         "deleted or merged in Zendesk",
	"suspended":        "suspended in Zendesk",
	"role":             "a role that sync.roles leaves out",
	"excluded":         "left out by sync.exclude",
	"invalid_email":    "an e-mail address that cannot be valid",
	"refused":          "refused by Brevo: see `starter rejects list`",
	"email_moved":      "goes on under another address",
	"merged":           "merged into another user in Zendesk",
	"merged_not_ours":  "merged into another user in Zendesk, and their contact in Brevo is not ours alone to delete",
	"erased":           "deleted for good in Zendesk",
	"forgotten":        "erased with `starter forget`",
	"import_failed":    "Brevo's import ended as failed",
	"overdue":          "due longer ago than events.max_age, so it came too late",
	"not_delivered":    "the contact did not come to Brevo in time",
	"no_contact":       "no contact in Brevo",
}
