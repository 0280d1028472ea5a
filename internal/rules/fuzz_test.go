package rules_test

import (
	"fmt"
	"testing"
	"time"

	"zendesk-brevo/internal/rules"
)

// FuzzExpressions: whatever somebody writes, loading and evaluating neither panics nor runs long.
func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{
		`ticket.status == "solved"`, `any(contact.tags, # == "vip")`, `all([1,2,3], count([1,2], # > 1) > 0)`, `1..1000000000 == nil`,
		`let a = "x"; a + a == a`, `ticket.fields["a"].b.c`, `ticket.fields.a[0:99] matches "("`, `-9223372036854775808 / -1 > 0`, `1 % 0 == 1`,
		`repeat("a", 1000000) == ""`, `date(ticket.status) > ticket.created_at`, `duration(contact.fields.x) > duration("1h")`,
		`ticket?.fields?.x ?? true`, `{"a": ticket}["a"].merged`, `((((((((((true))))))))))`, `ticket.fields in contact.fields`, `round(0/0) == 1`,
		`"a" matches "(a{1000}){1000}"`, `contact.tags[-1] == ""`, `max(contact.tags) == 1`, `min() == 1`, `not not not ticket.merged`, "\x00", `#`, `$env`,
		`$env.ticket.merged`, `ticket | len()`, `if ticket.merged { true } else { false }`, `1 ** 99999 > 0`, `string(ticket) == string(contact)`,
	} {
		f.Add(seed, seed)
	}
	tags := make([]string, 200)
	for i := range tags {
		tags[i] = "tag"
	}
	f.Fuzz(func(t *testing.T, when, template string) {
		// The fuzzer does not notice an input that never ends; this does.
		watchdog := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("still running: when %q, template %q", when, template)) })
		defer watchdog.Stop()
		for _, config := range []rules.RuleConfig{
			{On: []string{rules.TicketSolved}, When: when, Do: []rules.Action{{Kind: rules.BrevoEvent, Event: "x"}}},
			{On: []string{rules.TicketSolved}, Do: []rules.Action{{Kind: rules.ZendeskNote, Body: "a {{" + template + "}} {{ " + when}}},
			{On: []string{rules.TicketSolved}, Do: []rules.Action{{Kind: rules.BrevoAttribute, Attributes: map[string]any{"A": "{{" + template + "}}"}}}},
		} {
			set, err := rules.Compile([]rules.RuleConfig{config}, rules.Options{})
			if err != nil {
				continue
			}
			set.Explain(solvedOnce(), facts(func(f *rules.Facts) { f.Contact.Tags = tags }))
			set.Explain(solvedOnce(), rules.Facts{})
		}
	})
}
