package rules

import "slices"

// Cancels reports whether another transition of the same ticket or user stands against this plan: its type is in Unless,
// and it happened after the one that the plan is about. Where Zendesk counts, the count decides; elsewhere it must be
// later by Zendesk's clock, and what the same change brought about is never later.
func (p Planned) Cancels(other Transition) bool {
	own := p.Transition
	return slices.Contains(p.Unless, other.Type) && other.Key != own.Key && other.Subject() == own.Subject() && other.follows(own)
}

func (t Transition) follows(own Transition) bool {
	if mine, theirs := t.place(), own.place(); mine > 0 && theirs > 0 {
		return mine > theirs
	}
	if t.rates() && own.rates() && t.RatingID == own.RatingID {
		return t.Number > own.Number
	}
	return t.OccurredAt.After(own.OccurredAt) && !t.updates(own)
}

// place is where a ticket's life has room for the transition: it is created, solved, reopened, solved again. Of what has
// no place it is 0.
func (t Transition) place() int {
	switch t.Type {
	case TicketCreated:
		return 1
	case TicketSolved:
		return 2 * t.Number
	case TicketReopened:
		return 2*t.Number + 1
	}
	return 0
}

func (t Transition) rates() bool {
	return t.Type == RatingCreated || t.Type == RatingGood || t.Type == RatingBad
}

// updates reports whether the transition is the change of status that own speaks of. Its date may be later: a solve has
// the date of the solve, a change of status that of the read that showed it.
func (t Transition) updates(own Transition) bool {
	if t.Type != TicketUpdated || own.Superseded || (own.Type != TicketSolved && own.Type != TicketReopened) {
		return false
	}
	return t.To == own.To && (t.From == own.From || own.From == "")
}
