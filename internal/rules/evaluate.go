package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zendesk-brevo/mapping"
)

// Planned is one action that is due because of one transition. It holds no personal data and survives JSON.
type Planned struct {
	// Key is the action's identity: transition, rule and action. What is recorded under it happens at most once.
	Key        string     `json:"key"`
	Rule       string     `json:"rule"`
	Transition Transition `json:"transition"`
	Action     Action     `json:"action"`
	Due        time.Time  `json:"due"`              // Zendesk's time of the transition plus the rule's delay
	Unless     []string   `json:"unless,omitempty"` // see Cancels
	Limit      *Limit     `json:"limit,omitempty"`
	LimitKey   string     `json:"limit_key,omitempty"` // the rule and the person or ticket that Limit counts for
	Why        string     `json:"why"`
	// Failure says why nothing can be done: the rule could not be evaluated with these facts. It begins with FailurePrefix.
	Failure string `json:"failure,omitempty"`
}

// FailurePrefix begins every Failure.
const FailurePrefix = "the rule failed: "

// Explanation says what one rule makes of a transition, and why.
type Explanation struct {
	Rule    string    `json:"rule"`
	Matched bool      `json:"matched"`
	Why     string    `json:"why"`
	Planned []Planned `json:"planned,omitempty"`
	failed  []Planned // what would have been planned, had the rule not failed
}

// standardProperties are in every Brevo event; score is left out without a rating, and what is the ticket's without one.
var standardProperties = []string{"ticket_id", "status", "priority", "channel", "score", "occurred_at", "key"}

// Evaluate returns the actions that follow from a transition, in the order of the rules; those of a rule that failed with these
// facts have a Failure. The same input gives the same plan.
func (s *Set) Evaluate(t Transition, f Facts) []Planned {
	var out []Planned
	for _, r := range s.rules {
		if slices.Contains(r.On, t.Type) {
			e := s.explain(r, t, f)
			out = append(append(out, e.Planned...), e.failed...)
		}
	}
	return out
}

// Explain returns what every rule makes of a transition, those that do not listen to it included.
func (s *Set) Explain(t Transition, f Facts) []Explanation {
	out := make([]Explanation, len(s.rules))
	for i, r := range s.rules {
		out[i] = s.explain(r, t, f)
	}
	return out
}

func (s *Set) explain(r *rule, t Transition, f Facts) Explanation {
	e := Explanation{Rule: r.Name}
	no := func(format string, args ...any) Explanation {
		e.Why = fmt.Sprintf(format, args...)
		return e
	}
	failed := func(format string, args ...any) Explanation {
		e := no(format, args...)
		for i := range r.Do {
			x := r.planned(t, i, r.Do[i])
			x.Failure = FailurePrefix + e.Why
			e.failed = append(e.failed, x)
		}
		return e
	}
	if !slices.Contains(r.On, t.Type) {
		return no("listens to %s, not to %s", strings.Join(r.On, ", "), t.Type)
	}
	if age := f.Now.Sub(t.OccurredAt); s.options.MaxAge > 0 && !f.Now.IsZero() && age > s.options.MaxAge {
		return no("happened %s ago; older than %s is recorded and not acted on", age.Truncate(time.Minute), round(s.options.MaxAge))
	}
	env := environment(t, f)
	if r.when != nil {
		yes, err := r.when.condition(env)
		if err != nil {
			return failed("when %s: %s", err, r.When)
		}
		if !yes {
			return no("when is false: %s", r.When)
		}
	}
	key := r.limitKey(t)
	if !f.Now.IsZero() && !r.Limit.Allows(f.Fired[key], f.Now) {
		return no("limit reached: %s", r.Limit)
	}
	planned, err := s.plan(r, t, f, env)
	if err != nil {
		return failed("an action's template %s", err)
	}
	e.Matched, e.Planned, e.Why = true, planned, r.why(t)
	return e
}

func (s *Set) plan(r *rule, t Transition, f Facts, env conditionEnv) ([]Planned, error) {
	out := make([]Planned, len(r.Do))
	for i, a := range r.Do {
		if err := s.resolve(&a, t, f, env); err != nil {
			return nil, err
		}
		out[i] = r.planned(t, i, a)
	}
	return out, nil
}

// planned is the rule's action number i about a transition, filled in as a.
func (r *rule) planned(t Transition, i int, a Action) Planned {
	name, n := a.Kind, 1
	for _, before := range r.Do[:i] {
		if before.Kind == a.Kind {
			n++
		}
	}
	if n > 1 {
		name = fmt.Sprintf("%s#%d", name, n)
	}
	out := Planned{
		Key: t.Key + "/" + r.Name + "/" + name, Rule: r.Name, Transition: t, Action: a, Due: t.OccurredAt.Add(r.After).UTC(),
		Unless: slices.Clone(r.Unless), Why: r.why(t),
	}
	if r.Limit != (Limit{}) {
		limit := r.Limit
		out.Limit, out.LimitKey = &limit, r.limitKey(t)
	}
	return out
}

// resolve fills an action's templates and what every Brevo event carries. It leaves the rule's own values alone.
func (s *Set) resolve(a *Action, t Transition, f Facts, env conditionEnv) error {
	plain := env.plain()
	err := a.eachText(func(text string) (any, error) {
		made, ok := s.templates[text]
		if !ok {
			return text, nil
		}
		value, err := made.render(plain)
		if at, isText := value.(string); isText && a.Kind == BrevoAttribute && made.typeOf() == mapping.Date {
			value = at[:len(time.DateOnly)] // Brevo's dates are days: https://developers.brevo.com/reference/create-contact
		}
		return value, err
	})
	if err != nil {
		return err
	}
	a.Add, a.Remove, a.Tags = slices.Clone(a.Add), slices.Clone(a.Remove), slices.Clone(a.Tags)
	if a.Kind != BrevoEvent {
		return nil
	}
	a.Event = s.options.EventPrefix + a.Event
	if a.Properties == nil {
		a.Properties = map[string]any{}
	}
	for k, v := range a.Properties {
		if v == nil {
			delete(a.Properties, k)
		}
	}
	for k, v := range standard(t, f) {
		a.Properties[k] = v
	}
	return nil
}

// standard gives the properties of every event. The status is the one the transition led to, when it is about the status.
func standard(t Transition, f Facts) map[string]any {
	out := map[string]any{"occurred_at": t.OccurredAt.UTC().Format(time.RFC3339), "key": t.Key}
	if t.TicketID == 0 {
		return out
	}
	status := f.Ticket.Status
	switch t.Type {
	case TicketUpdated, TicketSolved, TicketReopened:
		status = t.To
	}
	out["ticket_id"], out["status"], out["priority"], out["channel"] = t.TicketID, status, f.Ticket.Priority, f.Ticket.Channel
	for k, v := range out {
		if v == "" {
			delete(out, k) // Zendesk's "none"
		}
	}
	if score := preferred(t.Score, f.Ticket.Score); score != nil {
		out["score"] = *score
	}
	return out
}

// preferred prefers the score that the transition is about to the ticket's present one.
func preferred(own, present *float64) *float64 {
	if own != nil {
		return own
	}
	return present
}

// PersonKey is the key under which a limit per person counts what a rule does for a user.
func PersonKey(rule string, user int64) string { return rule + "/" + userSubject(user) }

func (r *rule) limitKey(t Transition) string {
	switch r.Limit.Per {
	case PerPerson:
		return PersonKey(r.Name, t.UserID)
	case PerTicket:
		return r.Name + "/" + ticketSubject(t.TicketID)
	}
	return ""
}

// String is "1 per person in 7d".
func (l Limit) String() string {
	if l == (Limit{}) {
		return "none"
	}
	return fmt.Sprintf("%d per %s in %s", l.Count, l.Per, round(l.Within))
}

func (r *rule) why(t Transition) string {
	parts := []string{t.Type}
	if r.When != "" {
		parts = append(parts, "when "+r.When)
	}
	if r.After > 0 {
		parts = append(parts, "after "+round(r.After))
	}
	if len(r.Unless) > 0 {
		parts = append(parts, "unless "+strings.Join(r.Unless, ", "))
	}
	if r.Limit != (Limit{}) {
		parts = append(parts, "limit "+r.Limit.String())
	}
	return strings.Join(parts, "; ")
}
