package credentials

import (
	"slices"
	"strings"

	"zendesk-brevo/internal/rules"
)

// Scope is something that Zendesk is asked to allow, and what for.
type Scope struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Needed are the scopes that follow from what is on. Reading is asked for as a whole: of what a sync reads, Zendesk documents
// no narrower scope for satisfaction ratings, survey answers, field definitions, custom statuses and the search. Writing is only
// ever asked for by resource.
// https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/#scope
func Needed(set *rules.Set, webhooks bool) []Scope {
	out := []Scope{{"read", "syncs read users, tickets, organizations and ratings"}}
	if webhooks {
		out = append(out,
			Scope{"webhooks:write", "`starter webhooks` makes, mends and removes the webhook"},
			Scope{"triggers:write", "`starter webhooks install --triggers` makes the triggers that call it"})
	}
	tickets, users := writing(set)
	if len(tickets) > 0 {
		out = append(out, Scope{"tickets:write", "for what automations do in Zendesk: " + strings.Join(tickets, ", ")})
	}
	if len(users) > 0 {
		out = append(out, Scope{"users:write", "for what automations do to users in Zendesk: " + strings.Join(users, ", ")})
	}
	return out
}

// writing lists the rules that write tickets and users in Zendesk.
func writing(set *rules.Set) (tickets, users []string) {
	add := func(to *[]string, name string) {
		if !slices.Contains(*to, name) {
			*to = append(*to, name)
		}
	}
	for _, rule := range set.Rules() {
		ofUsers := func(typ string) bool { return strings.HasPrefix(typ, "user.") }
		for _, action := range rule.Do {
			switch action.Kind {
			case rules.ZendeskTag:
				if slices.ContainsFunc(rule.On, ofUsers) {
					add(&users, rule.Name)
				}
				if slices.ContainsFunc(rule.On, func(typ string) bool { return !ofUsers(typ) }) {
					add(&tickets, rule.Name)
				}
			case rules.ZendeskNote, rules.ZendeskTicket:
				add(&tickets, rule.Name)
			}
		}
	}
	return tickets, users
}

// Names are the scopes as Zendesk takes them.
func Names(scopes []Scope) []string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = s.Name
	}
	return out
}

// Missing are the needed scopes that granted, space-separated, does not cover. An answer that says nothing of scopes grants what was
// asked for: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
func Missing(granted string, needed []Scope) []string {
	have := strings.Fields(granted)
	if len(have) == 0 {
		return nil
	}
	var out []string
	for _, s := range needed {
		_, verb, _ := strings.Cut(s.Name, ":")
		if !slices.Contains(have, s.Name) && (verb == "" || !slices.Contains(have, verb)) {
			out = append(out, s.Name)
		}
	}
	return out
}
