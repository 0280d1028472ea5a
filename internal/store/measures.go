package store

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"zendesk-brevo/mapping"
)

// history gathers one user's tickets and ratings.
type history struct {
	since   int64 // what was created before it does not count
	tickets []ticket
	ratings []rating
}

// ticket is a mirrored ticket that is not deleted.
type ticket struct {
	id              int64
	status, channel string
	created         int64
	reopens         int
	rating          string
	rated           int64
	fields          map[int64]any
}

// rating is one rated answer, of a survey or of a ticket's legacy rating.
type rating struct {
	id       string
	score    float64
	category string
	at       int64
}

// addTicket counts a ticket, and its legacy rating by the rating's own time: a ticket from before since may have been
// rated after it. The ticket's time stands in where Zendesk gives the rating none.
func (h *history) addTicket(t ticket) {
	if t.rating != "" {
		r := rating{id: strconv.FormatInt(t.id, 10), category: t.rating, at: t.rated}
		if t.rating == "good" {
			r.score = 100
		}
		if r.at == 0 {
			r.at = t.created
		}
		h.addRating(r)
	}
	if t.created >= h.since || h.since == 0 {
		h.tickets = append(h.tickets, t)
	}
}

func (h *history) addRating(r rating) {
	if r.at >= h.since || h.since == 0 {
		h.ratings = append(h.ratings, r)
	}
}

// sum adds the history up, always in the same order: sums of floating point numbers depend on it.
func (h *history) sum() mapping.Measures {
	var m mapping.Measures
	slices.SortFunc(h.tickets, func(a, b ticket) int { return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id)) })
	channels := map[string]bool{}
	for _, t := range h.tickets { // the newest last
		m.TotalTickets++
		switch t.status {
		case "new", "open", "pending", "hold":
			m.OpenTickets++
		}
		if t.channel != "" {
			channels[t.channel] = true
		}
		m.Reopens += t.reopens
		m.LastTicketAt, m.LastChannel, m.LastStatus = moment(t.created), t.channel, t.status
		if m.TicketFields == nil && len(t.fields) > 0 {
			m.TicketFields = make(map[int64]any, len(t.fields))
		}
		maps.Copy(m.TicketFields, t.fields)
	}
	if len(channels) > 0 {
		m.Channels = slices.Sorted(maps.Keys(channels))
	}
	slices.SortFunc(h.ratings, func(a, b rating) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	total := 0.0
	for _, r := range h.ratings {
		total += r.score
		m.LastRating, m.LastRatingAt = r.category, moment(r.at)
	}
	if m.Ratings = len(h.ratings); m.Ratings > 0 {
		m.Satisfaction = total / float64(m.Ratings)
	}
	return m
}
