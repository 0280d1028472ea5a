package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

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
	id       string // of the survey's answer; of the ticket where the rating is inside
	ticket   int64
	score    float64
	category string
	at       int64
}

// addTicket counts a ticket, and its legacy rating by the rating's own time: a ticket from before since may have been
// rated after it. The ticket's time stands in where Zendesk gives the rating none.
func (h *history) addTicket(t ticket) {
	if t.rating != "" {
		r := rating{id: strconv.FormatInt(t.id, 10), ticket: t.id, category: t.rating, at: t.rated}
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

// order puts the newest last.
func (h *history) order() {
	slices.SortFunc(h.tickets, func(a, b ticket) int { return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id)) })
	slices.SortFunc(h.ratings, func(a, b rating) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
}

// isOpen reports whether a ticket of a status counts as open.
func isOpen(status string) bool {
	switch status {
	case "new", "open", "pending", "hold":
		return true
	}
	return false
}

// sum adds the history up, always in the same order: sums of floating point numbers depend on it.
func (h *history) sum() mapping.Measures {
	var m mapping.Measures
	h.order()
	channels := map[string]bool{}
	for _, t := range h.tickets { // the newest last
		m.TotalTickets++
		if isOpen(t.status) {
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

// CountedTicket is a ticket that counts in its requester's measures.
type CountedTicket struct {
	ID        int64
	Status    string
	Open      bool
	CreatedAt time.Time
	Fields    map[int64]any
}

// CountedRating is a rating that counts in the measures of its ticket's requester.
type CountedRating struct {
	TicketID int64
	SurveyID string // of the answer; empty for a rating inside the ticket
	Score    float64
	Category string
	At       time.Time
}

// Counted returns what the measures of a user are made of, the newest last.
func (a *Account) Counted(ctx context.Context, user int64) (tickets []CountedTicket, ratings []CountedRating, err error) {
	err = a.read(ctx, func(t *tx) error {
		tickets, ratings = nil, nil
		all, err := t.measures(ctx, []int64{user})
		h := all[user]
		if err != nil || h == nil {
			return err
		}
		h.order()
		for _, k := range h.tickets {
			tickets = append(tickets, CountedTicket{ID: k.id, Status: k.status, Open: isOpen(k.status), CreatedAt: moment(k.created), Fields: k.fields})
		}
		for _, r := range h.ratings {
			one := CountedRating{TicketID: r.ticket, SurveyID: r.id, Score: r.score, Category: r.category, At: moment(r.at)}
			if r.id == strconv.FormatInt(r.ticket, 10) {
				one.SurveyID = ""
			}
			ratings = append(ratings, one)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read counted tickets: %w", err)
	}
	return tickets, ratings, nil
}
