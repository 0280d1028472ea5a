package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// EvaluateInput names the ticket or user whose transitions to evaluate.
type EvaluateInput struct {
	Account string `json:"account"`
	Kind    string `json:"kind"` // ticket, user
	ID      int64  `json:"id"`
}

// Evaluated is what waits to be done for a ticket or user, the next due first.
type Evaluated struct {
	Actions []PlannedAction `json:"actions,omitempty"`
	// Users were not known until now: their contacts are to be written before anything is done.
	Users []int64 `json:"users,omitempty"`
}

// PlannedAction is one action as it was planned. It stays in history, and holds no personal data.
type PlannedAction struct {
	rules.Planned
	Kind    string `json:"kind"`
	Delayed bool   `json:"delayed,omitempty"` // it waited for its rule's after
}

// EvaluateRules has the rules judge the transitions of a ticket or user that nobody has judged, and stores what they plan. It
// returns everything that has not ended, what was planned before included, so it may be called at any time and as often as
// one likes. A transition is judged once: rules that are changed later do not change what they planned.
func (a *Account) EvaluateRules(ctx context.Context, in EvaluateInput) (Evaluated, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (Evaluated, error) {
		subject := in.Kind + "/" + strconv.FormatInt(in.ID, 10)
		fresh, err := c.store.NewTransitions(ctx, subject)
		if err != nil {
			return Evaluated{}, err
		}
		out := Evaluated{}
		if len(fresh) > 0 {
			if out.Users, err = c.meet(ctx, fresh); err != nil {
				return Evaluated{}, err
			}
			if err := c.plan(ctx, fresh); err != nil {
				return Evaluated{}, err
			}
		}
		waiting, err := c.store.UnfinishedActions(ctx, subject)
		if err != nil {
			return Evaluated{}, err
		}
		for _, w := range waiting {
			out.Actions = append(out.Actions, PlannedAction{
				Planned: w.Planned, Kind: w.Action.Kind, Delayed: w.Due.After(w.Transition.OccurredAt),
			})
		}
		return out, nil
	})
}

// meet reads the people whom transitions are about and whom the mirror does not have yet: a ticket may be seen before its
// requester, whose stream was read a moment earlier.
func (c *connection) meet(ctx context.Context, fresh []rules.Transition) (met []int64, _ error) {
	if !c.cfg.Sync.Users {
		return nil, nil
	}
	var ids []int64
	for _, t := range fresh {
		person, err := c.personOf(ctx, t)
		if err != nil {
			return nil, err
		}
		ids = append(ids, person)
	}
	ids = distinctIDs(ids...)
	known, err := c.store.Users(ctx, ids)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(ids, func(id int64) bool { _, ok := known[id]; return ok })
	if len(ids) == 0 {
		return nil, nil
	}
	return c.readUsers(ctx, ids)
}

// personOf is whom a transition concerns now: who gave the rating, the ticket's requester, or the user. Whoever rated and was merged
// away since is the one they became.
func (c *connection) personOf(ctx context.Context, t rules.Transition) (int64, error) {
	if t.TicketID == 0 {
		return t.UserID, nil
	}
	if isRating(t) && t.UserID != 0 {
		rater, err := c.raterOf(ctx, t.UserID)
		if err != nil || rater != 0 {
			return rater, err
		}
	}
	rows, err := c.store.Tickets(ctx, []int64{t.TicketID})
	if err != nil {
		return 0, fmt.Errorf("read mirrored ticket: %w", err)
	}
	return cmp.Or(rows[t.TicketID].RequesterID, t.UserID), nil
}

// raterOf is who a user that gave a rating is by now; 0 where they are gone, and nothing tells into whom they were merged.
func (c *connection) raterOf(ctx context.Context, user int64) (int64, error) {
	rows, err := c.store.Users(ctx, []int64{user})
	if err != nil {
		return 0, fmt.Errorf("read mirrored user: %w", err)
	}
	if row, known := rows[user]; !known || row.Active {
		return user, nil
	}
	merges, err := c.lineage(ctx, []int64{user})
	if heir := merges.survivor(user); err == nil && heir != user {
		return heir, nil
	}
	return 0, err
}

// plan has the rules judge transitions of one subject, and stores what follows. Limits are not asked yet: they hold at the moment
// of acting, and what they stop is booked as an action.
func (c *connection) plan(ctx context.Context, fresh []rules.Transition) error {
	set, err := c.ruleSet()
	if err != nil {
		return configurationError(err)
	}
	fresh, judged, err := c.oneRating(ctx, fresh)
	if err != nil {
		return err
	}
	var planned []rules.Planned
	for _, t := range fresh {
		facts, err := c.facts(ctx, t)
		if err != nil {
			return err
		}
		planned = append(planned, set.Evaluate(t, facts)...)
		judged = append(judged, t.Key)
	}
	return c.store.PlanActions(ctx, judged, planned, c.now())
}

// oneRating sees to it that a rating has one story where the account has the new CSAT. The rating inside a ticket is Zendesk's
// summary of the answer: it is left out where the answer is there, and before anybody acts on it the answer is looked for at
// Zendesk. Should the answer have come too late for that, it is left out in turn. Left are the keys of what is left out.
func (c *connection) oneRating(ctx context.Context, fresh []rules.Transition) (kept []rules.Transition, left []string, _ error) {
	at := slices.IndexFunc(fresh, isRating)
	if at < 0 {
		return fresh, nil, nil
	}
	surveys, err := c.store.HasSurveys(ctx)
	if err != nil || !surveys {
		return fresh, nil, err
	}
	ticket := fresh[at].TicketID
	rows, err := c.store.Tickets(ctx, []int64{ticket})
	if err != nil {
		return nil, nil, fmt.Errorf("read mirrored ticket: %w", err)
	}
	summary := inside(rows[ticket])
	_, answered, err := c.store.Survey(ctx, ticket)
	if err == nil && !answered && slices.ContainsFunc(fresh, summary) {
		if answered, err = c.readSurveys(ctx, ticket); answered && err == nil {
			fresh, err = c.store.NewTransitions(ctx, fresh[at].Subject())
		}
	}
	if err != nil {
		return nil, nil, err
	}
	told, err := c.actedOn(ctx, fresh[at].Subject(), summary)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range fresh {
		if answered && summary(t) || isRating(t) && !summary(t) && toldOf(told, t) {
			left = append(left, t.Key)
			continue
		}
		kept = append(kept, t)
	}
	return kept, left, nil
}

// toldOf reports whether somebody was told of an answer already, by what the summary inside its ticket says.
func toldOf(told []rules.Transition, answer rules.Transition) bool {
	return slices.ContainsFunc(told, func(s rules.Transition) bool {
		return s.Type == answer.Type && !s.OccurredAt.Before(answer.OccurredAt.Add(-time.Minute))
	})
}

// actedOn are the transitions of a subject that some condition holds for and that an action was planned for.
func (c *connection) actedOn(ctx context.Context, subject string, holds func(rules.Transition) bool) (out []rules.Transition, _ error) {
	actions, err := c.store.Actions(ctx, subject)
	if err != nil {
		return nil, err
	}
	for i := range actions {
		if actions[i].Failure == "" && holds(actions[i].Transition) {
			out = append(out, actions[i].Transition)
		}
	}
	return out, nil
}

// inside tells which transitions come from the rating inside of a ticket rather than from an answer to a survey.
func inside(row store.TicketRow) func(rules.Transition) bool {
	own := ""
	if row.RatingID != 0 {
		own = strconv.FormatInt(row.RatingID, 10)
	}
	return func(t rules.Transition) bool { return isRating(t) && (t.RatingID == "" || t.RatingID == own) }
}

func isRating(t rules.Transition) bool {
	return t.Type == rules.RatingCreated || t.Type == rules.RatingGood || t.Type == rules.RatingBad
}

// readSurveys reads the answers about one ticket into the mirror and reports whether there are any.
func (c *connection) readSurveys(ctx context.Context, ticket int64) (bool, error) {
	got, err := c.zendesk.ListSurveyResponses(ctx, zendesk.SurveyQuery{TicketIDs: []int64{ticket}})
	if err != nil {
		if Classify(err) == SkipStream || zendesk.HasNoSurveys(err) {
			return false, nil
		}
		return false, err
	}
	rows := surveyRows(got.Rows, got.AskedAt)
	if len(rows) == 0 {
		return false, nil
	}
	_, err = c.store.ApplySurveys(ctx, rows, c.now())
	return true, err
}

// ruleSet is the connector's automations, compiled once; the configuration was checked when it was loaded, so an error is a
// fault of this program.
func (c *connection) ruleSet() (*rules.Set, error) {
	c.compile.Do(func() { c.compiled, c.compileErr = RuleSet(c.cfg) })
	return c.compiled, c.compileErr
}

// facts gathers what the rules may ask about a transition. What they did before is left out: limits hold at the moment of acting.
func (c *connection) facts(ctx context.Context, t rules.Transition) (rules.Facts, error) {
	f := rules.Facts{Now: c.now()}
	if t.TicketID != 0 {
		ticket, err := c.ticketFacts(ctx, t)
		if err != nil {
			return f, err
		}
		f.Ticket = ticket
	}
	person, err := c.personOf(ctx, t)
	if err != nil {
		return f, err
	}
	people, err := c.store.Peek(ctx, []int64{person})
	if err != nil || len(people) == 0 {
		return f, err
	}
	f.Contact = c.contactFacts(&people[0])
	if brevoID := people[0].Delivery.BrevoID; brevoID != 0 {
		found, err := c.store.BrevoByID(ctx, []int64{brevoID})
		if err != nil {
			return f, fmt.Errorf("read mirrored contact: %w", err)
		}
		f.Contact.Blocklisted = found[brevoID].EmailBlacklisted
	}
	return f, nil
}

// ticketFacts are what is mirrored of the ticket. Where its survey was answered, that answer is its rating; a transition about a
// rating speaks of that one.
func (c *connection) ticketFacts(ctx context.Context, t rules.Transition) (rules.Ticket, error) {
	rows, err := c.store.Tickets(ctx, []int64{t.TicketID})
	if err != nil {
		return rules.Ticket{}, fmt.Errorf("read mirrored ticket: %w", err)
	}
	row, ok := rows[t.TicketID]
	if !ok {
		return rules.Ticket{}, nil
	}
	out := rules.FactsOf(row.State())
	out.OrganizationID, out.Fields = row.OrganizationID, map[string]any{}
	for id, value := range row.Fields {
		out.Fields[strconv.FormatInt(id, 10)] = value
	}
	answer, answered, err := c.store.Survey(ctx, t.TicketID)
	if err != nil {
		return rules.Ticket{}, err
	}
	switch {
	case isRating(t):
		out.Rating, out.Score = t.To, t.Score
	case answered:
		out.Rating, out.Score = answer.Category, &answer.Score
	}
	return out, nil
}

func (c *connection) contactFacts(p *store.Claimed) rules.Contact {
	u, m := p.Customer.User, p.Customer.Measures
	out := rules.Contact{
		ID: u.ID, OrganizationID: u.OrganizationID, Role: u.Role, Locale: u.Locale, TimeZone: u.TimeZone, Tags: u.Tags,
		Suspended: u.Suspended, OpenTickets: m.OpenTickets, TotalTickets: m.TotalTickets, CreatedAt: u.CreatedAt, Fields: u.Fields,
	}
	_, out.Domain, _ = strings.Cut(u.Email, "@")
	if m.Ratings > 0 {
		csat := m.Satisfaction
		out.CSAT = &csat
	}
	return out
}
