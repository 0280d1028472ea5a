package rules

import (
	"math"
	"time"
)

// Facts are what a rule may ask about. They are the input of an evaluation, never part of a plan.
type Facts struct {
	Now     time.Time // for Options.MaxAge and limits; zero: neither is judged
	Ticket  Ticket    // zero for what happened to a user
	Contact Contact
	Fired   map[string][]time.Time // by LimitKey: when it acted before
}

// Ticket is a ticket as conditions see it.
type Ticket struct {
	ID, OrganizationID             int64
	Status, Priority, Channel      string
	Reopens                        int
	Rating                         string   // good, neutral, bad, or empty
	Score                          *float64 // 0 to 100; nil without a rating
	CreatedAt, SolvedAt, UpdatedAt time.Time
	Merged, Deleted                bool           // Zendesk shows spam as deleted
	Fields                         map[string]any // mapped custom fields by id
}

// Contact is the person as conditions see them: nothing that names them.
type Contact struct {
	ID, OrganizationID        int64 // Zendesk's ids of the user and the default organization
	Role, Locale, TimeZone    string
	Domain                    string // of the e-mail address
	Tags                      []string
	Suspended                 bool
	Blocklisted               bool // Brevo may not e-mail them
	OpenTickets, TotalTickets int
	CSAT                      *float64 // mean satisfaction, 0 to 100; nil without ratings
	CreatedAt                 time.Time
	Fields                    map[string]any // mapped custom fields by key
}

// FactsOf is what a kept ticket state tells; organization and custom fields are the caller's to add.
func FactsOf(s TicketState) Ticket {
	t := Ticket{
		ID: s.ID, Status: s.Status, Priority: s.Priority, Channel: s.Channel, Reopens: s.Reopens, Rating: s.Rating.Category,
		CreatedAt: s.CreatedAt, SolvedAt: s.SolvedAt, UpdatedAt: s.UpdatedAt, Merged: s.Merged, Deleted: s.Deleted,
	}
	if t.Rating != "" {
		score := s.Rating.Score
		t.Score = &score
	}
	return t
}

// What expressions see; the tags are the names. A score that is not there is NaN: no comparison with it holds.
type (
	ticketView struct {
		ID             int64     `expr:"id"`
		OrganizationID int64     `expr:"organization_id"`
		Status         string    `expr:"status"`
		Priority       string    `expr:"priority"`
		Channel        string    `expr:"channel"`
		Reopens        int       `expr:"reopens"`
		Rated          bool      `expr:"rated"`
		Rating         string    `expr:"rating"`
		Score          float64   `expr:"score"`
		CreatedAt      time.Time `expr:"created_at"`
		SolvedAt       time.Time `expr:"solved_at"`
		UpdatedAt      time.Time `expr:"updated_at"`
		Merged         bool      `expr:"merged"`
		Deleted        bool      `expr:"deleted"`
	}
	contactView struct {
		ID             int64     `expr:"id"`
		OrganizationID int64     `expr:"organization_id"`
		Role           string    `expr:"role"`
		Locale         string    `expr:"locale"`
		TimeZone       string    `expr:"time_zone"`
		Suspended      bool      `expr:"suspended"`
		Blocklisted    bool      `expr:"blocklisted"`
		OpenTickets    int       `expr:"open_tickets"`
		TotalTickets   int       `expr:"total_tickets"`
		Rated          bool      `expr:"rated"`
		CSAT           float64   `expr:"csat"`
		CreatedAt      time.Time `expr:"created_at"`
	}
	transitionView struct {
		Type       string    `expr:"type"`
		OccurredAt time.Time `expr:"occurred_at"`
		Number     int       `expr:"number"`
		From       string    `expr:"from"`
		To         string    `expr:"to"`
		Superseded bool      `expr:"superseded"`
	}
	// Conditions also see what may be personal: their result is yes or no, so nothing of it is kept.
	ticketFacts struct {
		ticketView
		Fields map[string]any `expr:"fields"`
	}
	contactFacts struct {
		contactView
		Domain string         `expr:"domain"`
		Tags   []string       `expr:"tags"`
		Fields map[string]any `expr:"fields"`
	}
	conditionEnv struct {
		Ticket     ticketFacts    `expr:"ticket"`
		Contact    contactFacts   `expr:"contact"`
		Transition transitionView `expr:"transition"`
	}
	templateEnv struct {
		Ticket     ticketView     `expr:"ticket"`
		Contact    contactView    `expr:"contact"`
		Transition transitionView `expr:"transition"`
	}
)

func environment(t Transition, f Facts) conditionEnv {
	k, c := f.Ticket, f.Contact
	return conditionEnv{
		Ticket: ticketFacts{ticketView{
			ID: k.ID, OrganizationID: k.OrganizationID, Status: k.Status, Priority: k.Priority, Channel: k.Channel, Reopens: k.Reopens,
			Rated: k.Score != nil, Rating: k.Rating, Score: number(k.Score), CreatedAt: k.CreatedAt.UTC(), SolvedAt: k.SolvedAt.UTC(),
			UpdatedAt: k.UpdatedAt.UTC(), Merged: k.Merged, Deleted: k.Deleted,
		}, k.Fields},
		Contact: contactFacts{contactView{
			ID: c.ID, OrganizationID: c.OrganizationID, Role: c.Role, Locale: c.Locale, TimeZone: c.TimeZone, Suspended: c.Suspended,
			Blocklisted: c.Blocklisted, OpenTickets: c.OpenTickets, TotalTickets: c.TotalTickets, Rated: c.CSAT != nil,
			CSAT: number(c.CSAT), CreatedAt: c.CreatedAt.UTC(),
		}, c.Domain, c.Tags, c.Fields},
		Transition: transitionView{
			Type: t.Type, OccurredAt: t.OccurredAt.UTC(), Number: t.Number, From: t.From, To: t.To, Superseded: t.Superseded,
		},
	}
}

func (e conditionEnv) plain() templateEnv {
	return templateEnv{e.Ticket.ticketView, e.Contact.contactView, e.Transition}
}

func number(f *float64) float64 {
	if f == nil {
		return math.NaN()
	}
	return *f
}
