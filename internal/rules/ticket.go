package rules

import (
	"fmt"
	"time"
)

// maxSkipped bounds how many numbers of one jump are recorded: a counter that jumps further is an error of the source,
// and the newest numbers are the ones that matter.
const maxSkipped = 1000

// TicketState is a ticket as one read of Zendesk shows it, or as it was last kept.
type TicketState struct {
	ID          int64
	RequesterID int64
	Status      string // the status category in lower case: new, open, pending, hold, solved, closed, deleted
	Priority    string // urgent, high, normal, low, or empty
	Channel     string
	Reopens     int    // metric_set.reopens; 0 when the read had no metric set
	Rating      Rating // the legacy rating that comes with the ticket
	CreatedAt   time.Time
	SolvedAt    time.Time // metric_set.solved_at: the latest solve
	UpdatedAt   time.Time
	Deleted     bool // a tombstone, or a read that answered 404; spam ends so too
	Merged      bool // merged into another ticket: it has the tag closed_by_merge
	Ours        bool // this connector created it: its creation is no news
}

// Keeping returns what to store after a read that was applied: the read, with what it could not know taken from the
// row before. Counters never fall (a read may lack its metric set), a ticket that left solved was reopened even if its
// metric set has not counted that yet, a tombstone keeps the rating it scrubbed, and the rating's revision goes on. Old
// is nil when the row is new.
func (s TicketState) Keeping(old *TicketState) TicketState {
	before := Rating{}
	if old != nil {
		before = old.Rating
		s.Reopens = max(s.Reopens, old.Reopens)
		if old.settled() && !s.settled() && !s.Deleted {
			// Without this the same reopening, counted later, would look like a solve and a reopening that nobody saw.
			s.Reopens = max(s.Reopens, old.Reopens+1)
		}
		if s.SolvedAt.IsZero() {
			s.SolvedAt = old.SolvedAt
		}
		s.Ours = s.Ours || old.Ours
		s.Merged = s.Merged || (old.Merged && s.Deleted)
	}
	if s.Deleted {
		s.Rating = before
		return s
	}
	s.Rating = s.Rating.keeping(before)
	return s
}

func (s TicketState) settled() bool { return s.Status == "solved" || s.Status == "closed" }

// solves is how often a ticket in this state has been solved: once per reopening, and once more when it is solved now.
func (s TicketState) solves() int {
	if s.settled() {
		return s.Reopens + 1
	}
	return s.Reopens
}

// TicketTransitions returns what happened to a ticket between the row that was known and the one that replaces it, in
// the order in which it happened. Kept is read.Keeping(old), the read with what it could not know. Old is nil for a row
// not seen before, which records only what Zendesk dates after liveSince; an account that is not live yet (zero) records nothing of new rows. A tombstone records nothing, and a
// ticket that comes back from deletion counts as not seen before.
//
// Created, solved, reopened and rating keys are counted by Zendesk, and a jump yields every number it skipped, so the
// keys do not depend on which states were seen. Some may be yielded again (after a deletion): whoever records them
// ignores keys it knows.
func TicketTransitions(old *TicketState, kept TicketState, liveSince time.Time) []Transition {
	if kept.Deleted {
		return nil
	}
	c := ticketChange{new: kept, bornLive: live(kept.CreatedAt, liveSince), solvedLive: live(kept.SolvedAt, liveSince)}
	if old != nil && !old.Deleted {
		c.old = old
	}
	var out []Transition
	if c.old == nil && c.bornLive && !c.new.Ours {
		t := c.transition("created#1", TicketCreated, c.new.CreatedAt)
		t.To = c.new.Status
		out = append(out, t)
	}
	out = append(out, c.solvedAndReopened()...)
	out = append(out, c.observed()...)
	before := Rating{}
	if old != nil {
		before = old.Rating
	}
	if c.old != nil || c.bornLive || live(c.new.Rating.At, liveSince) {
		r := ratingChange{ticket: c.new.ID, user: c.new.RequesterID, seen: c.new.UpdatedAt}
		out = append(out, r.transitions(before, c.new.Rating)...)
	}
	return out
}

// ticketChange is one applied write; old is nil at first sight.
type ticketChange struct {
	old        *TicketState
	new        TicketState
	bornLive   bool // Zendesk dates its creation after the account went live
	solvedLive bool // the same of its latest solve
}

func (c *ticketChange) transition(key, typ string, at time.Time) Transition {
	return Transition{
		Key: ticketSubject(c.new.ID) + "/" + key, Type: typ,
		TicketID: c.new.ID, UserID: c.new.RequesterID, OccurredAt: at.UTC(),
	}
}

// solvedAndReopened yields the numbers that the new state implies and the old one did not.
func (c *ticketChange) solvedAndReopened() []Transition {
	solvedFrom, reopenedFrom, ok := c.before()
	if !ok {
		return nil
	}
	solvedTo, reopenedTo := c.new.solves(), c.new.Reopens
	n := min(solvedFrom, reopenedFrom) + 1
	n = max(n, max(solvedTo, reopenedTo)-maxSkipped+1)
	var out []Transition
	for ; n <= max(solvedTo, reopenedTo); n++ {
		if n > solvedFrom && n <= solvedTo {
			out = append(out, c.solved(n))
		}
		if n > reopenedFrom && n <= reopenedTo {
			out = append(out, c.reopened(n, reopenedTo))
		}
	}
	return out
}

// before returns the highest numbers that need no recording any more. At first sight of a ticket older than the account
// only the latest solve has a date, and with it a reopening that followed.
func (c *ticketChange) before() (solved, reopened int, ok bool) {
	switch {
	case c.old != nil:
		return c.old.solves(), c.old.Reopens, true
	case c.bornLive:
		return 0, 0, true
	case c.solvedLive && c.new.settled():
		return c.new.solves() - 1, c.new.Reopens, true
	case c.solvedLive && c.new.Reopens > 0:
		return c.new.solves() - 1, c.new.Reopens - 1, true
	}
	return 0, 0, false
}

// dated is Zendesk's date of the latest solve, unless it cannot belong to a change since the old state: then the metric
// set lags behind.
func (c *ticketChange) dated() (time.Time, bool) {
	at := c.new.SolvedAt
	if at.IsZero() || (c.old != nil && at.Before(c.old.UpdatedAt)) {
		return c.new.UpdatedAt, false
	}
	return at, true
}

func (c *ticketChange) solved(n int) Transition {
	at, _ := c.dated()
	t := c.transition(fmt.Sprintf("solved#%d", n), TicketSolved, at)
	t.Number, t.To = n, "solved"
	t.Superseded = !c.new.settled() || n < c.new.solves()
	if !t.Superseded {
		t.To = c.new.Status
	}
	if c.old != nil && n == c.old.solves()+1 && !c.old.settled() {
		t.From = c.old.Status
	}
	return t
}

func (c *ticketChange) reopened(n, last int) Transition {
	t := c.transition(fmt.Sprintf("reopened#%d", n), TicketReopened, c.new.UpdatedAt)
	t.Number, t.From, t.To = n, "solved", "open"
	t.Superseded = c.new.settled() || n < last
	if t.Superseded {
		// Zendesk dates no reopening; one that a solve followed cannot be later than that solve.
		at, _ := c.dated()
		t.OccurredAt = at.UTC()
	} else {
		t.To = c.new.Status
	}
	return t
}

// observed yields what exists between two seen states only.
func (c *ticketChange) observed() []Transition {
	if c.old == nil {
		return nil
	}
	var out []Transition
	if from, to := c.old.Status, c.new.Status; from != to {
		t := c.transition(fmt.Sprintf("updated#%d#%s-%s", c.new.UpdatedAt.Unix(), from, to), TicketUpdated, c.new.UpdatedAt)
		t.From, t.To = from, to
		out = append(out, t)
	}
	if from, to := c.old.Priority, c.new.Priority; to == "urgent" && from != to {
		t := c.transition(fmt.Sprintf("escalated#%d", c.new.UpdatedAt.Unix()), TicketEscalated, c.new.UpdatedAt)
		t.From, t.To = from, to
		out = append(out, t)
	}
	return out
}
