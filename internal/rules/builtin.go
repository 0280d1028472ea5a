package rules

import "strings"

// builtinPrefix begins the names of built-in rules; configured ones cannot have it.
const builtinPrefix = "builtin:"

// Builtin returns the built-in rules: one for each event that the product knows by default, sending it to Brevo. A ticket
// that was closed because it was merged into another is not announced as solved.
func Builtin() []RuleConfig {
	var out []RuleConfig
	for _, typ := range types {
		if typ == TicketEscalated {
			continue // no event of its own by default: configure a rule on it
		}
		rule := RuleConfig{Name: builtinPrefix + typ, On: []string{typ}, Do: []Action{{Kind: BrevoEvent, Event: eventName(typ)}}}
		if typ == TicketSolved {
			rule.When = "not ticket.merged"
		}
		out = append(out, rule)
	}
	return out
}

// eventName writes a type in Brevo's alphabet, which has no dot.
func eventName(typ string) string { return strings.ReplaceAll(typ, ".", "_") }

// CSATRequest is the name of the ready-made rule that asks for a rating.
const CSATRequest = "csat_request"

// readyMade are rules that do nothing until an automation names them by use:, and may change any part of them.
func readyMade() map[string]RuleConfig {
	return map[string]RuleConfig{
		CSATRequest: {
			Name: CSATRequest,
			On:   []string{TicketSolved},
			When: `ticket.status in ["solved", "closed"] and not ticket.merged and not ticket.deleted and ` +
				`not contact.suspended and not transition.superseded`,
			Unless: []string{TicketReopened},
			Limit:  Limit{Per: PerPerson, Count: 1, Within: 7 * day},
			Do:     []Action{{Kind: BrevoEvent, Event: CSATRequest}},
		},
	}
}

// ReadyMade returns the rule that use: names.
func ReadyMade(name string) (RuleConfig, bool) {
	rule, ok := readyMade()[name]
	return rule, ok
}
