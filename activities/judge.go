package activities

import (
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

// JudgeInput names the ticket or user whose transitions to evaluate.
type JudgeInput struct {
	Account string `json:"account"`
	Kind    string `json:"kind"` // ticket, user
	ID      int64  `json:"id"`
}

// Judged is what waits to be done for a ticket or user, the next due first.
type Judged struct {
	Actions []PlannedAction `json:"actions,omitempty"`
}

// PlannedAction is one action as it was planned. It stays in history, and holds no personal data.
type PlannedAction struct {
	rules.Planned
	Kind    string `json:"kind"`
	Delayed bool   `json:"delayed,omitempty"` // it waited for its rule's after
}

// Judge has the rules evaluate the transitions of a ticket or user that nobody has judged, and stores what they plan. It returns
// everything that has not ended, what was planned before included, so it may be called at any time and as often as one
// likes. A transition is judged once: rules that are changed later do not change what they planned.
func (a *Account) Judge(ctx context.Context, in JudgeInput) (Judged, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (Judged, error) {
		subject := in.Kind + "/" + strconv.FormatInt(in.ID, 10)
		fresh, err := c.store.NewTransitions(ctx, subject)
		if err != nil {
			return Judged{}, err
		}
		if err := c.plan(ctx, fresh); err != nil {
			return Judged{}, err
		}
		waiting, err := c.store.UnfinishedActions(ctx, subject)
		if err != nil {
			return Judged{}, err
		}
		out := Judged{}
		for _, w := range waiting {
			out.Actions = append(out.Actions, PlannedAction{
				Planned: w.Planned, Kind: w.Action.Kind, Delayed: w.Due.After(w.Transition.OccurredAt),
			})
		}
		return out, nil
	})
}

// plan evaluates transitions of one subject and stores what follows.
func (c *connection) plan(ctx context.Context, fresh []rules.Transition) error {
	if len(fresh) == 0 {
		return nil
	}
	set, err := c.ruleSet()
	if err != nil {
		return configurationError(err)
	}
	fresh, answered, err := c.oneRating(ctx, fresh)
	if err != nil {
		return err
	}
	judged := answered
	var planned []rules.Planned
	for _, t := range fresh {
		facts, err := c.facts(ctx, set, t)
		if err != nil {
			return err
		}
		planned = append(planned, set.Evaluate(t, facts)...)
		judged = append(judged, t.Key)
	}
	return c.store.PlanActions(ctx, judged, planned, c.now())
}

// oneRating leaves out what the rating inside a ticket tells where the account has the new CSAT and the answer itself is there:
// of one rating there is one story. Before anybody acts on a ticket's own rating, the answer is looked for.
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
	inside := inside(rows[ticket])
	if !slices.ContainsFunc(fresh, inside) {
		return fresh, nil, nil
	}
	answered, err := c.store.Surveyed(ctx, ticket)
	if err == nil && !answered {
		if answered, err = c.readSurveys(ctx, ticket); answered && err == nil {
			fresh, err = c.store.NewTransitions(ctx, fresh[at].Subject())
		}
	}
	if err != nil || !answered {
		return fresh, nil, err
	}
	for _, t := range fresh {
		if inside(t) {
			left = append(left, t.Key)
			continue
		}
		kept = append(kept, t)
	}
	return kept, left, nil
}

func isRating(t rules.Transition) bool {
	return t.Type == rules.RatingCreated || t.Type == rules.RatingGood || t.Type == rules.RatingBad
}

// inside recognises what the rating inside a ticket tells.
func inside(ticket store.TicketRow) func(rules.Transition) bool {
	own := ""
	if ticket.RatingID != 0 {
		own = strconv.FormatInt(ticket.RatingID, 10)
	}
	return func(t rules.Transition) bool { return isRating(t) && (t.RatingID == "" || t.RatingID == own) }
}

// readSurveys reads the answers about one ticket into the mirror and reports whether there are any.
func (c *connection) readSurveys(ctx context.Context, ticket int64) (bool, error) {
	got, err := c.zendesk.ListSurveyResponses(ctx, zendesk.SurveyQuery{TicketIDs: []int64{ticket}})
	if err != nil {
		if outcome := Classify(err); outcome == SkipStream || outcome == Missing {
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

// ruleSet compiles the connector's automations; the configuration was checked when it was loaded, so an error is a fault of
// this program or of a file that changed underneath.
func (c *connection) ruleSet() (*rules.Set, error) { return RuleSet(c.cfg) }

// facts gathers what the rules may ask about a transition.
func (c *connection) facts(ctx context.Context, set *rules.Set, t rules.Transition) (rules.Facts, error) {
	f := rules.Facts{Now: c.now(), Fired: map[string][]time.Time{}}
	person := t.UserID
	if t.TicketID != 0 {
		rows, err := c.store.Tickets(ctx, []int64{t.TicketID})
		if err != nil {
			return f, fmt.Errorf("read mirrored ticket: %w", err)
		}
		if row, ok := rows[t.TicketID]; ok {
			f.Ticket = rules.FactsOf(row.State())
			f.Ticket.OrganizationID, f.Ticket.Fields = row.OrganizationID, map[string]any{}
			for id, value := range row.Fields {
				f.Ticket.Fields[strconv.FormatInt(id, 10)] = value
			}
			if row.RequesterID != 0 {
				person = row.RequesterID
			}
		}
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
	f.Fired, err = c.store.Fired(ctx, set.LimitKeys(t))
	return f, err
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
