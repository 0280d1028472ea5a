package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

// ExplainInput names the ticket or user whose story to explain.
type ExplainInput struct {
	Kind string // ticket, user
	ID   int64
	// Type asks about a transition of this type, made of the present state as if it happened now, instead of what was recorded.
	Type string
}

// Explained is what the rules make of a ticket or user, and what became of it. It holds no personal data.
type Explained struct {
	Transitions []ExplainedTransition
	Reach       Reach
}

// ExplainedTransition is one transition with what every rule makes of it, in the order of the rules.
type ExplainedTransition struct {
	rules.Transition
	Assumed bool // nobody recorded it
	Waiting bool // it was recorded, and nobody has judged it yet
	Rules   []ExplainedRule
}

// ExplainedRule is what one rule makes of a transition.
type ExplainedRule struct {
	rules.Explanation
	Listens bool           // to transitions of this type
	Actions []store.Action // what was planned when the transition was judged
	// Cancelled is what happened since and stands under the rule's unless, so that nothing will follow.
	Cancelled string
	Removed   bool // it is not configured any more; its actions remain
}

// Reach says what stands between a person and the actions about them, as far as the store tells. Reasons are those that
// deliveries and skipped actions have; an empty one means that nothing does.
type Reach struct {
	User        int64 // whom it is about; 0 when the ticket has no requester
	Brevo       string
	Zendesk     string
	Blocklisted bool // by e-mail only those templates reach them that are transactional
}

// reasonWaiting stands for a contact that Brevo has not been told of yet.
const reasonWaiting = "waiting"

// Explain says from the store alone what the rules of a connector make of everything that was recorded of a ticket or user, or
// of one transition that is assumed where there is none: from the same facts and by the same code as when they act.
// A ticket or user that is not mirrored is store.ErrNotFound.
func Explain(ctx context.Context, cfg *config.Connector, account *store.Account, now func() time.Time, in ExplainInput) (Explained, error) {
	e := &explainer{connection: &connection{cfg: cfg, store: account, now: now}, in: in, subject: in.Kind + "/" + strconv.FormatInt(in.ID, 10)}
	return e.explain(ctx)
}

type explainer struct {
	*connection
	in      ExplainInput
	subject string
	ticket  store.TicketRow
	set     *rules.Set
	actions []store.Action
	// What was recorded, and what of it nobody has judged.
	recorded, waiting []rules.Transition
}

func (e *explainer) explain(ctx context.Context) (Explained, error) {
	assumed, err := e.assume(ctx)
	if err != nil {
		return Explained{}, err
	}
	if e.set, err = e.ruleSet(); err != nil {
		return Explained{}, configurationError(err)
	}
	if e.actions, err = e.store.Actions(ctx, e.subject); err != nil {
		return Explained{}, err
	}
	if e.waiting, err = e.store.NewTransitions(ctx, e.subject); err != nil {
		return Explained{}, err
	}
	if e.recorded, err = e.store.Transitions(ctx, e.subject); err != nil {
		return Explained{}, err
	}
	asked := e.recorded
	none := len(asked) == 0 || e.in.Type != ""
	if none {
		asked = []rules.Transition{assumed}
	}
	var out Explained
	for _, t := range asked {
		x, err := e.transition(ctx, t)
		if err != nil {
			return Explained{}, err
		}
		x.Assumed = none
		out.Transitions = append(out.Transitions, x)
	}
	out.Reach, err = e.reach(ctx, asked[len(asked)-1])
	return out, err
}

// assume makes the transition that is asked about, or that most likely happened last, of the state that is mirrored.
func (e *explainer) assume(ctx context.Context) (rules.Transition, error) {
	if e.in.Kind == "user" {
		people, err := e.store.Peek(ctx, []int64{e.in.ID})
		if err != nil {
			return rules.Transition{}, fmt.Errorf("read mirrored user: %w", err)
		}
		if len(people) == 0 || !people[0].Found {
			return rules.Transition{}, fmt.Errorf("read mirrored user: %w", store.ErrNotFound)
		}
		return rules.AssumeUser(e.in.ID, orText(e.in.Type, rules.UserUpdated), e.now()), nil
	}
	rows, err := e.store.Tickets(ctx, []int64{e.in.ID})
	if err != nil {
		return rules.Transition{}, fmt.Errorf("read mirrored ticket: %w", err)
	}
	row, ok := rows[e.in.ID]
	if !ok {
		return rules.Transition{}, fmt.Errorf("read mirrored ticket: %w", store.ErrNotFound)
	}
	e.ticket = row
	state := row.State()
	return state.Assume(orText(e.in.Type, state.Latest()), e.now()), nil
}

func (e *explainer) transition(ctx context.Context, t rules.Transition) (ExplainedTransition, error) {
	facts, err := e.factsAndLimits(ctx, t)
	if err != nil {
		return ExplainedTransition{}, err
	}
	out := ExplainedTransition{Transition: t, Waiting: slices.ContainsFunc(e.waiting, func(w rules.Transition) bool { return w.Key == t.Key })}
	today := e.set.Explain(t, facts)
	// A rule that acted already did so before the limit counted that, and before the transition was too old.
	facts.Now = time.Time{}
	timeless := e.set.Explain(t, facts)
	overruled, err := e.overruled(ctx, t)
	if err != nil {
		return ExplainedTransition{}, err
	}
	acted := e.of(t)
	for i, rule := range e.set.Rules() {
		x := ExplainedRule{Explanation: today[i], Listens: slices.Contains(rule.On, t.Type), Actions: acted[rule.Name]}
		delete(acted, rule.Name)
		switch {
		case len(x.Actions) > 0:
			x.Explanation = timeless[i]
		case overruled != "" && x.Matched:
			x.Explanation = rules.Explanation{Rule: rule.Name, Why: overruled}
		}
		x.Cancelled = e.cancelled(x.Planned)
		out.Rules = append(out.Rules, x)
	}
	for _, a := range e.actions { // in their order
		if left := acted[a.Rule]; len(left) > 0 {
			delete(acted, a.Rule)
			out.Rules = append(out.Rules, ExplainedRule{
				Explanation: rules.Explanation{Rule: a.Rule, Why: "is not configured any more"}, Listens: true, Actions: left, Removed: true,
			})
		}
	}
	return out, nil
}

// cancelled is the type of what was recorded and stands against a plan, as in actor.forbidden.
func (e *explainer) cancelled(planned []rules.Planned) string {
	for i := range planned {
		if at := slices.IndexFunc(e.recorded, planned[i].Cancels); at >= 0 {
			return e.recorded[at].Type
		}
	}
	return ""
}

// of groups the actions that follow from a transition by rule.
func (e *explainer) of(t rules.Transition) map[string][]store.Action {
	out := map[string][]store.Action{}
	for i := range e.actions {
		if a := e.actions[i]; a.Transition.Key == t.Key {
			out[a.Rule] = append(out[a.Rule], a)
		}
	}
	return out
}

// overruled says why a rating is passed over where the account has the new CSAT, as in oneRating; empty where it is not: the
// summary inside a ticket, because the answer to the survey is known; an answer, because its summary was acted on before.
func (e *explainer) overruled(ctx context.Context, t rules.Transition) (string, error) {
	if e.in.Type != "" || !isRating(t) {
		return "", nil
	}
	surveys, err := e.store.HasSurveys(ctx)
	if err != nil || !surveys {
		return "", err
	}
	summary := inside(e.ticket)
	if !summary(t) {
		told, err := e.actedOn(ctx, e.subject, summary)
		if err != nil || !toldOf(told, t) {
			return "", err
		}
		return "the rating inside the ticket was acted on before this answer was known", nil
	}
	_, answered, err := e.store.Survey(ctx, t.TicketID)
	if err != nil || !answered {
		return "", err
	}
	return "the rating was answered in a survey, and that answer counts instead", nil
}

// reach asks what an action about a transition would be told just before it is carried out.
func (e *explainer) reach(ctx context.Context, t rules.Transition) (Reach, error) {
	of := func(kind string) (*actor, string, error) {
		a := &actor{connection: e.connection, action: store.Action{Planned: rules.Planned{Transition: t, Action: rules.Action{Kind: kind}}}}
		err := a.know(ctx)
		switch {
		case a.person == nil && (err == nil || errors.Is(err, store.ErrNotFound)):
			return nil, reasonUnknown, nil
		case err != nil:
			return nil, "", err
		case a.unreachable() == "" && a.undelivered():
			return a, reasonWaiting, nil
		}
		return a, a.unreachable(), nil
	}
	a, why, err := of(rules.BrevoEvent)
	if err != nil || a == nil {
		return Reach{Brevo: why, Zendesk: why}, err
	}
	out := Reach{User: a.person.Customer.User.ID, Brevo: why}
	if _, out.Zendesk, err = of(rules.ZendeskNote); err != nil {
		return out, err
	}
	facts, err := e.factsAndLimits(ctx, t)
	out.Blocklisted = facts.Contact.Blocklisted
	return out, err
}

// factsAndLimits are the facts, and what the limits of rules would say if they were asked now.
func (e *explainer) factsAndLimits(ctx context.Context, t rules.Transition) (rules.Facts, error) {
	f, err := e.facts(ctx, t)
	if err != nil {
		return f, err
	}
	f.Fired, err = e.store.Fired(ctx, e.set.LimitKeys(t), e.cfg.AutomationsMode == config.AutomationsShadow)
	return f, err
}
