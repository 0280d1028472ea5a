package brevosim

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim"
)

// Family names a group of routes that share one budget.
type Family string

// The rows of the vendor's table that this account has routes for. The table does not list /events/batch, /companies,
// /crm, /processes, /account and reading events: "all other endpoints" holds them, 100 calls an hour on General.
const (
	FamilyContacts  Family = "contacts"
	FamilyEvents    Family = "events"
	FamilySendEmail Family = "smtp/email"
	FamilyEmails    Family = "smtp/emails"
	FamilySMTP      Family = "smtp"
	FamilyOther     Family = "other"
)

// familyOf tells which budget a route (a template such as /v3/contacts/{identifier}) draws on.
func familyOf(method, route string) Family {
	route = strings.TrimPrefix(route, "/v3")
	switch {
	case strings.HasPrefix(route, "/contacts"):
		return FamilyContacts
	case route == "/events" && method == http.MethodPost:
		return FamilyEvents
	case route == "/smtp/email", route == "/smtp/blockedContacts":
		return FamilySendEmail
	case route == "/smtp/emails":
		return FamilyEmails
	case strings.HasPrefix(route, "/smtp"):
		return FamilySMTP
	default:
		return FamilyOther
	}
}

type rate struct {
	calls  int
	period time.Duration
}

// https://developers.brevo.com/docs/api-limits, per tier.
var rates = map[Plan]map[Family][]rate{
	General: {
		FamilyContacts:  {{36000, time.Hour}, {10, time.Second}},
		FamilyEvents:    {{36000, time.Hour}, {10, time.Second}},
		FamilySendEmail: {{1000, time.Second}},
		FamilyEmails:    {{2, time.Second}},
		FamilySMTP:      {{300, time.Hour}},
		FamilyOther:     {{100, time.Hour}},
	},
	Advanced: {
		FamilyContacts:  {{72000, time.Hour}, {20, time.Second}},
		FamilyEvents:    {{72000, time.Hour}, {20, time.Second}},
		FamilySendEmail: {{2000, time.Second}},
		FamilyEmails:    {{3, time.Second}},
		FamilySMTP:      {{600, time.Hour}},
		FamilyOther:     {{200, time.Hour}},
	},
	Extended: {
		FamilyContacts:  {{60, time.Second}},
		FamilyEvents:    {{60, time.Second}},
		FamilySendEmail: {{6000, time.Second}},
		FamilyEmails:    {{18000, time.Hour}},
		FamilySMTP:      {{1800, time.Hour}},
		FamilyOther:     {{600, time.Hour}},
	},
}

type limiter struct {
	unit    ResetUnit
	windows map[Family][]*sim.Window
}

func newLimiter(plan Plan, clock *sim.Clock, unit ResetUnit) *limiter {
	l := &limiter{unit: unit, windows: map[Family][]*sim.Window{}}
	for family, list := range rates[plan] {
		for _, r := range list {
			l.windows[family] = append(l.windows[family], sim.NewWindow(r.calls, r.period, clock))
		}
	}
	return l
}

// take takes a unit of every window of the family, writes the headers of the tightest one and says whether the call may
// go on. A refused call counts in the windows that had room.
func (l *limiter) take(h http.Header, family Family) bool {
	allowed := true
	var tightest *sim.Window
	var least int
	var resets time.Duration
	for _, w := range l.windows[family] {
		remaining, in, ok := w.Take()
		worse := tightest == nil || remaining < least || (!ok && allowed)
		if worse {
			tightest, least, resets = w, remaining, in
		}
		allowed = allowed && ok
	}
	if tightest == nil || l.unit == Absent {
		return allowed
	}
	reset := int64(sim.Seconds(resets))
	if l.unit == Milliseconds {
		reset = resets.Milliseconds()
	}
	h.Set("X-Sib-Ratelimit-Limit", strconv.Itoa(tightest.Limit()))
	h.Set("X-Sib-Ratelimit-Remaining", strconv.Itoa(least))
	h.Set("X-Sib-Ratelimit-Reset", strconv.FormatInt(reset, 10))
	return allowed
}

// Drain uses up n calls of a family's budget, as another client of the same account would.
func (s *Server) Drain(family Family, n int) {
	for _, w := range s.limiter.windows[family] {
		w.Drain(n)
	}
}

// Calls counts the answered requests of a family since the last reset of the log, refused ones included.
func (s *Server) Calls(family Family) int {
	n := 0
	for _, c := range s.log.Calls() {
		if c.Route != "" && familyOf(c.Method, c.Route) == family {
			n++
		}
	}
	return n
}
