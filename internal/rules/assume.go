package rules

import "time"

// Assume is a transition of a type that nobody recorded, as if it happened at a moment to a ticket in this state; for trying
// rules out. Its key is never that of a recorded one.
func (s TicketState) Assume(typ string, at time.Time) Transition {
	t := Transition{Key: ticketSubject(s.ID) + "/assumed", Type: typ, TicketID: s.ID, UserID: s.RequesterID, OccurredAt: at.UTC(), To: s.Status}
	switch typ {
	case TicketSolved:
		t.Number = s.Reopens + 1
	case TicketReopened:
		t.Number, t.From = max(1, s.Reopens), "solved"
		if s.settled() {
			t.Number, t.To = s.Reopens+1, "open"
		}
	case TicketEscalated:
		t.To = "urgent"
	case RatingCreated, RatingGood, RatingBad:
		s.assumeRating(&t)
	}
	return t
}

// assumeRating gives a verdict that the ticket does not have the score that Zendesk gives it.
func (s TicketState) assumeRating(t *Transition) {
	category, score := s.Rating.Category, s.Rating.Score
	switch {
	case t.Type == RatingGood && category != Good:
		category, score = Good, 100
	case t.Type == RatingBad && category != Bad:
		category, score = Bad, 0
	}
	t.Number, t.RatingID, t.To = max(1, s.Rating.Revision), s.Rating.ID, category
	if category != "" {
		t.Score = &score
	}
}

// Latest is the type of what most likely happened last to a ticket in this state.
func (s TicketState) Latest() string {
	switch {
	case s.settled():
		return TicketSolved
	case s.Reopens > 0:
		return TicketReopened
	}
	return TicketCreated
}

// AssumeUser is Assume for a user.
func AssumeUser(user int64, typ string, at time.Time) Transition {
	return Transition{Key: userSubject(user) + "/assumed", Type: typ, UserID: user, OccurredAt: at.UTC()}
}
