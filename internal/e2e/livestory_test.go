package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// story is what happens to one ticket, made up from a seed, and what must come of it. It knows nothing of the product: it
// counts what people did.
type story struct {
	requester int64
	steps     []act
	ticket    int64 // once it was created

	solved, reopened int
	ratings          []string // categories in turn, each other than the one before
	changes, urgent  int      // how often the status changed, and the priority became urgent
}

// act is one thing that somebody does to the ticket, some time after the run's start.
type act struct {
	at time.Duration
	do func(*world, *story)
}

// maxGap is the longest time between two acts; most are shorter than what it takes to notice the one before.
const maxGap = 4 * time.Second

func newStory(r *rand.Rand, requesters []int64, span time.Duration) *story {
	h := &story{requester: requesters[r.IntN(len(requesters))]}
	at := time.Duration(r.Int64N(int64(span)))
	h.then(at, func(w *world, h *story) {
		h.ticket = w.zendesk.CreateTicket(seed.Ticket{RequesterID: h.requester, Subject: "hello"})
	})
	status, urgent := "new", false
	for range 1 + r.IntN(9) {
		at += time.Duration(r.Int64N(int64(maxGap)))
		switch next := r.IntN(10); {
		case status == "closed":
		case status == "solved" && next < 4:
			status = "open"
			h.reopened++
			h.change(at, status)
		case status == "solved" && next < 8:
			h.rate(r, at)
		case status == "solved" && next == 9:
			status = "closed"
			h.change(at, status)
		case status == "solved":
		case next < 5:
			status = "solved"
			h.solved++
			h.change(at, status)
		case next < 7 && !urgent:
			urgent = true
			h.urgent++
			h.then(at, func(w *world, h *story) {
				w.zendesk.UpdateTicket(h.ticket, func(x *seed.Ticket) { x.Priority = "urgent" })
			})
		case next < 9:
			if other := []string{"open", "pending", "hold"}[r.IntN(3)]; other != status {
				status = other
				h.change(at, status)
			}
		}
	}
	return h
}

func (h *story) then(at time.Duration, do func(*world, *story)) {
	h.steps = append(h.steps, act{at, do})
}

func (h *story) change(at time.Duration, status string) {
	h.changes++
	h.then(at, func(w *world, h *story) {
		w.zendesk.UpdateTicket(h.ticket, func(x *seed.Ticket) { x.Status = status })
	})
}

func (h *story) rate(r *rand.Rand, at time.Duration) {
	stars, category := 5, "good"
	if r.IntN(2) == 0 {
		stars, category = 1, "bad"
	}
	if len(h.ratings) == 0 || h.ratings[len(h.ratings)-1] != category {
		h.ratings = append(h.ratings, category)
	}
	h.then(at, func(w *world, h *story) { w.zendesk.RateTicket(h.ticket, stars, "") })
}

// counted are the events whose number people's acts alone decide, by their keys.
func (h *story) counted() []string {
	out := []string{fmt.Sprintf("ticket_created ticket/%d/created#1", h.ticket)}
	for n := range h.solved {
		out = append(out, fmt.Sprintf("ticket_solved ticket/%d/solved#%d", h.ticket, n+1))
	}
	for n := range h.reopened {
		out = append(out, fmt.Sprintf("ticket_reopened ticket/%d/reopened#%d", h.ticket, n+1))
	}
	slices.Sort(out)
	return out
}

// arrived is one event in Brevo.
type arrived struct {
	name, key, to string
	contact       int64
}

// wrong says what is not as it must be among the events that arrived of the ticket; nothing when all is well. Missing events
// may still come; the others never go away.
func (h *story) wrong(events []arrived) (missing, odd []string) {
	seen := map[string]int{}
	got := map[string]int{}
	var counted []string
	for _, e := range events {
		if seen[e.name+" "+e.key]++; seen[e.name+" "+e.key] > 1 {
			odd = append(odd, "doubled: "+e.name+" "+e.key)
		}
		got[e.name]++
		switch e.name {
		case "ticket_created", "ticket_solved", "ticket_reopened":
			counted = append(counted, e.name+" "+e.key)
		}
		if e.contact == 0 {
			odd = append(odd, "reached nobody: "+e.name+" "+e.key)
		}
	}
	want := h.counted()
	for _, e := range want {
		if !slices.Contains(counted, e) {
			missing = append(missing, e)
		}
	}
	for _, e := range counted {
		if !slices.Contains(want, e) {
			odd = append(odd, "never happened: "+e)
		}
	}
	for _, most := range []struct {
		name string
		n    int
	}{
		{"ticket_updated", h.changes},
		{"escalated", h.urgent},
		{"satisfaction_rating_created", len(h.ratings)},
		{"satisfaction_rating_good", count(h.ratings, "good")},
		{"satisfaction_rating_bad", count(h.ratings, "bad")},
	} {
		if got[most.name] > most.n {
			odd = append(odd, fmt.Sprintf("%d times %s, and it happened %d times", got[most.name], most.name, most.n))
		}
	}
	if got["satisfaction_rating_created"] != got["satisfaction_rating_good"]+got["satisfaction_rating_bad"] {
		missing = append(missing, "a rating has one verdict")
	}
	if n := len(h.ratings); n > 0 && got["satisfaction_rating_"+h.ratings[n-1]] == 0 {
		missing = append(missing, "final rating "+h.ratings[n-1])
	}
	return missing, odd
}

func count(list []string, word string) (n int) {
	for _, w := range list {
		if w == word {
			n++
		}
	}
	return n
}
