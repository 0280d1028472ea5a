package e2e_test

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// filled is a customer's contact: what the marketer had, names and phone where there were none, and what support knows.
func (e *expectation) filled(h dossier, base person) person {
	w := e.wishes
	p := person{
		attributes: map[string]any{}, emailBlacklisted: base.emailBlacklisted, smsBlacklisted: base.smsBlacklisted,
		unsubscribed: base.unsubscribed, lists: slices.Clone(base.lists),
	}
	put := func(name string, value any) {
		if value != nil && value != "" {
			p.attributes[name] = value
		}
	}
	e.putUser(h, put)
	lists := []string{listAll}
	if !w.noTickets {
		lists = append(lists, e.putSupport(h, put)...)
	}
	if o := h.organization; o != nil && !w.noOrganizations {
		put("COMPANY_NAME", plain(o.Name))
		put("COMPANY_TAGS", joined(o.Tags))
	}
	if w.extra != nil {
		for name, value := range w.extra(h) {
			delete(p.attributes, name)
			put(name, value)
		}
	}
	for name, value := range base.attributes {
		p.attributes[name] = value // the marketer's names and phone stay, as does everything that is not ours
	}
	for _, l := range lists {
		if !slices.Contains(base.unsubscribed, l) && !slices.Contains(p.lists, l) {
			p.lists = append(p.lists, l)
		}
	}
	slices.Sort(p.lists)
	return p
}

func (e *expectation) putUser(h dossier, put func(string, any)) {
	w, u := e.wishes, h.user
	name := plain(u.Name)
	switch {
	case w.fullName != "":
		put(w.fullName, name)
	default:
		first, last := "FIRSTNAME", "LASTNAME"
		if w.first != "" {
			first, last = w.first, w.last
		}
		word, rest, _ := strings.Cut(name, " ")
		put(first, word)
		put(last, strings.TrimSpace(rest))
	}
	put("SMS", h.phone)
	put("ROLE", u.Role)
	put("TICKET_RESTRICTION", u.TicketRestriction)
	put("TAGS", joined(u.Tags))
	if u.OrganizationID != 0 {
		put("ORGANIZATION_ID", strconv.FormatInt(u.OrganizationID, 10))
	}
}

// putSupport gives what tickets and ratings say, and the lists they open.
func (e *expectation) putSupport(h dossier, put func(string, any)) (lists []string) {
	open, total, last := 0, 0, time.Time{}
	for _, t := range h.tickets {
		if t.CreatedAt.Before(e.wishes.since) {
			continue
		}
		total++
		last = t.CreatedAt
		if t.Status == "new" || t.Status == "open" || t.Status == "pending" || t.Status == "hold" {
			open++
		}
	}
	put("OPEN_TICKETS", float64(open))
	put("TOTAL_TICKETS", float64(total))
	if total > 0 {
		put("LAST_SUPPORT_DATE", last.UTC().Format("2006-01-02"))
	}
	if open > 0 {
		lists = append(lists, listOpen)
	}
	if csat, rated := e.satisfaction(h.tickets); rated {
		put("CSAT_SCORE", csat)
		least := e.wishes.satisfied
		if least == 0 {
			least = 80
		}
		if csat >= least {
			lists = append(lists, listSatisfied)
		}
	}
	return lists
}

// satisfaction is the mean of a requester's ratings, from 0 to 100 with one decimal.
func (e *expectation) satisfaction(tickets []seed.Ticket) (mean float64, rated bool) {
	sum, n := 0.0, 0
	for _, t := range tickets {
		r, at := t.Rating, t.Rating.CreatedAt
		if !e.wishes.surveys {
			at = t.UpdatedAt // a legacy rating travels with its ticket, without a time of its own
		}
		if !r.Rated() || at.Before(e.wishes.since) {
			continue
		}
		n++
		switch {
		case e.wishes.surveys:
			sum += float64(r.Stars-1) / 4 * 100
		case r.Score == "good":
			sum += 100
		}
	}
	if n == 0 {
		return 0, false
	}
	return math.Round(sum/float64(n)*10) / 10, true
}

var (
	breaks = regexp.MustCompile(`[\t\n\r]+`)
	spaces = regexp.MustCompile(`^\s+|\s+$`)
)

// plain is text as an attribute holds it: on one line, trimmed, at most 255 characters.
func plain(text string) string {
	text = spaces.ReplaceAllString(breaks.ReplaceAllString(text, " "), "")
	if r := []rune(text); len(r) > 255 {
		text = spaces.ReplaceAllString(string(r[:255]), "")
	}
	return text
}

// joined is a list as an attribute holds it: cut between two items where it would be longer than 255 characters.
func joined(items []string) string {
	for n := len(items); n > 0; n-- {
		if text := strings.Join(items[:n], ","); len([]rune(text)) <= 255 {
			return text
		}
	}
	return ""
}
