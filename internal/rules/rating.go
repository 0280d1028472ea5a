package rules

import (
	"fmt"
	"time"
)

// The categories of ratings. Legacy ratings know good and bad only.
const (
	Good    = "good"
	Neutral = "neutral"
	Bad     = "bad"
)

// Rating is one answer to "how did we do?", of either generation.
type Rating struct {
	ID       string // of the legacy rating, or of the survey response
	Category string // good, neutral, bad; empty while there is none
	Score    float64
	At       time.Time // when it was given or last edited; zero for the rating inside a ticket, which Zendesk does not date
	// Revision counts the categories this rating was seen with; it is kept with the row and ignored in reads.
	Revision int
}

// keeping returns the rating to store after a read, with its revision.
func (r Rating) keeping(old Rating) Rating {
	switch {
	case r.Category == "":
		// Withdrawn or not there: the revision is remembered, so that a later answer gets a key of its own.
		return Rating{ID: old.ID, Revision: old.Revision}
	case r.ID != old.ID:
		r.Revision = 1
	case r.Category == old.Category:
		r.Revision = max(old.Revision, 1)
	case old.Category == "":
		r.Revision = old.Revision + 1
	default:
		r.Revision = max(old.Revision, 1) + 1
	}
	return r
}

// SurveyState is an answer to the new CSAT survey.
type SurveyState struct {
	TicketID int64
	UserID   int64 // the ticket's requester, or who answered
	Rating
}

// Keeping returns what to store after a read that was applied: the read, with its revision counted.
func (s SurveyState) Keeping(old *SurveyState) SurveyState {
	if old != nil {
		s.Rating = s.Rating.keeping(old.Rating)
	} else {
		s.Rating = s.Rating.keeping(Rating{})
	}
	return s
}

// SurveyTransitions returns the rating's creation and verdict when an answer is new or its category changed; a new row
// counts when it was given after liveSince. A changed score within one category is no news. Kept is read.Keeping(old).
func SurveyTransitions(old *SurveyState, kept SurveyState, liveSince time.Time) []Transition {
	before := Rating{}
	if old != nil {
		before = old.Rating
	} else if !live(kept.At, liveSince) {
		return nil
	}
	c := ratingChange{ticket: kept.TicketID, user: kept.UserID, seen: kept.At}
	return c.transitions(before, kept.Rating)
}

type ratingChange struct {
	ticket, user int64
	seen         time.Time // the latest it can have been, for ratings without a date
}

// transitions yields satisfaction_rating.created, and after it .good or .bad, when the category changed.
func (c ratingChange) transitions(old, new Rating) []Transition {
	if new.Category == "" || (new.ID == old.ID && new.Category == old.Category) {
		return nil
	}
	at, score := new.At, new.Score
	if at.IsZero() {
		at = c.seen
	}
	id := new.ID
	if id == "" {
		id = "0"
	}
	t := Transition{
		Key: fmt.Sprintf("%s/rating#%s#%d", ticketSubject(c.ticket), id, new.Revision), Type: RatingCreated,
		TicketID: c.ticket, UserID: c.user, OccurredAt: at.UTC(), Number: new.Revision, RatingID: new.ID,
		To: new.Category, Score: &score,
	}
	if new.ID == old.ID {
		t.From = old.Category
	}
	out := []Transition{t}
	verdict := map[string]string{Good: RatingGood, Bad: RatingBad}[new.Category]
	if verdict != "" {
		t.Key, t.Type = t.Key+"#"+new.Category, verdict
		out = append(out, t)
	}
	return out
}
