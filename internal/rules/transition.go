// Package rules recognises what happened in Zendesk from two states of a ticket or user, and decides which actions
// follow. It is pure: states and facts in, transitions and planned actions out; no clock, no I/O.
package rules

import (
	"slices"
	"strconv"
	"time"
)

// The types of transitions, by the names that rules use. All but TicketEscalated have a built-in rule.
const (
	TicketCreated   = "ticket.created"
	TicketUpdated   = "ticket.updated" // its status category changed
	TicketSolved    = "ticket.solved"
	TicketReopened  = "ticket.reopened"
	TicketEscalated = "ticket.escalated" // its priority became urgent
	RatingCreated   = "satisfaction_rating.created"
	RatingGood      = "satisfaction_rating.good"
	RatingBad       = "satisfaction_rating.bad"
	UserCreated     = "user.created"
	UserUpdated     = "user.updated"
	UserMerged      = "user.merged"
)

var types = []string{
	TicketCreated, TicketUpdated, TicketSolved, TicketReopened, TicketEscalated,
	RatingCreated, RatingGood, RatingBad, UserCreated, UserUpdated, UserMerged,
}

// Types lists every type of transition, in the order of the documentation.
func Types() []string { return slices.Clone(types) }

// Transition is one change that Zendesk made, recorded once. It holds ids and enumerated words, no personal data.
type Transition struct {
	// Key names the change within the account, whoever sees it first and however often: "ticket/35/solved#2". A
	// transition whose key is already recorded is the same one again and is dropped.
	Key        string    `json:"key"`
	Type       string    `json:"type"`
	TicketID   int64     `json:"ticket_id,omitempty"`
	UserID     int64     `json:"user_id,omitempty"`    // whom it concerns: the requester, the user, the winner of a merge
	MergedID   int64     `json:"merged_id,omitempty"`  // user.merged: who was merged away
	OccurredAt time.Time `json:"occurred_at"`          // Zendesk's time; where Zendesk dates nothing, the latest it can have been
	Number     int       `json:"number,omitempty"`     // which time it was solved or reopened; which category of its rating
	RatingID   string    `json:"rating_id,omitempty"`  // of ratings
	From       string    `json:"from,omitempty"`       // status, priority or rating category before; empty when not seen
	To         string    `json:"to,omitempty"`         // the same after
	Score      *float64  `json:"score,omitempty"`      // of ratings, 0 to 100
	Superseded bool      `json:"superseded,omitempty"` // the ticket had already moved on when this was recorded
}

// Subject is the ticket or user whose story the transition belongs to: "ticket/35", "user/9".
func (t Transition) Subject() string {
	if t.TicketID != 0 {
		return ticketSubject(t.TicketID)
	}
	return userSubject(t.UserID)
}

func ticketSubject(id int64) string { return "ticket/" + strconv.FormatInt(id, 10) }
func userSubject(id int64) string   { return "user/" + strconv.FormatInt(id, 10) }

// DatedAfter keeps the transitions that lie after the account went live: what is seen to have changed since a look from before
// that time may have happened before it.
func DatedAfter(all []Transition, liveSince time.Time) []Transition {
	return slices.DeleteFunc(slices.Clone(all), func(t Transition) bool { return !live(t.OccurredAt, liveSince) })
}

// live reports whether a date of Zendesk's lies after the account went live. Zendesk writes whole seconds, so the second
// in which liveSince lies counts as after. Without a date, or before the account went live, it is false.
func live(at, liveSince time.Time) bool {
	return !at.IsZero() && !liveSince.IsZero() && !at.Before(liveSince.Truncate(time.Second))
}
