package zendesksim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zendesk-brevo/internal/sim"
)

// bucket is a limit of one endpoint or group, named as in the header Zendesk-RateLimit-<name>.
type bucket string

const (
	incrementalExports bucket = "incremental-exports"
	searchIndex        bucket = "search-index"
	searchExport       bucket = "search-export-index"
	ticketsIndex       bucket = "tickets-index"
	updateTicket       bucket = "ticket-update"
	createUpdateUser   bucket = "create-update-user"
)

// beyond is the limit of the unlimited plan: stated in headers like any other, met by nobody.
const beyond = 10_000_000

// perMinute are the account limits of the plans.
var perMinute = map[Plan]int{
	Team: 200, Growth: 400, Professional: 400, Enterprise: 700, EnterprisePlus: 2500, HighVolume: 2500, Unlimited: beyond,
}

// limits counts calls as the vendor does: the account's calls of Support and of Help Center in two buckets of the same
// size, and the buckets of single endpoints besides.
type limits struct {
	clock      *sim.Clock
	plan       Plan
	support    *sim.Window
	helpCenter *sim.Window
	buckets    map[bucket]*sim.Window
	mu         sync.Mutex
	records    map[string]*sim.Window // limits of a single record
	refusals   atomic.Int64
}

func newLimits(p Plan, c *sim.Clock) *limits {
	exports, updates := 10, 100
	if p == HighVolume {
		exports, updates = 30, 300
	}
	at := func(n int) int {
		if p == Unlimited {
			return beyond
		}
		return n
	}
	w := func(n int, d time.Duration) *sim.Window { return sim.NewWindow(at(n), d, c) }
	return &limits{
		clock: c, plan: p, support: w(perMinute[p], time.Minute), helpCenter: w(perMinute[p], time.Minute),
		records: map[string]*sim.Window{},
		buckets: map[bucket]*sim.Window{
			incrementalExports: w(exports, time.Minute), searchIndex: w(100, time.Minute), searchExport: w(100, time.Minute),
			ticketsIndex: w(20_000, time.Minute), updateTicket: w(updates, time.Minute), createUpdateUser: w(1, time.Second),
		},
	}
}

// admit takes a unit of the account's minute and writes the headers that every answer carries.
func (l *limits) admit(w http.ResponseWriter, r *http.Request) bool {
	win, ticketing := l.support, true
	if strings.Contains(r.URL.Path, "/help_center/") || strings.Contains(r.URL.Path, "/guide/") {
		win, ticketing = l.helpCenter, false
	} else if strings.HasPrefix(r.URL.Path, v2+"/users/me") {
		ticketing = false // these answers tell no reset
	}
	remaining, resets, ok := win.Take()
	h := w.Header()
	limit := strconv.Itoa(win.Limit())
	h["X-Rate-Limit"] = []string{limit}
	h["X-Rate-Limit-Remaining"] = []string{strconv.Itoa(remaining)}
	if ticketing {
		h["ratelimit-limit"] = []string{limit}
		h["ratelimit-remaining"] = []string{strconv.Itoa(remaining)}
		h["ratelimit-reset"] = []string{strconv.Itoa(sim.Seconds(resets))}
	}
	if !ok {
		l.refuse(w, resets, "Number of allowed API requests per minute exceeded")
	}
	return ok
}

// take takes a unit of an endpoint's bucket.
func (l *limits) take(w http.ResponseWriter, b bucket) bool {
	win := l.buckets[b]
	remaining, resets, ok := win.Take()
	w.Header()["zendesk-ratelimit-"+string(b)] = []string{
		fmt.Sprintf("total=%d; remaining=%d; resets=%d", win.Limit(), remaining, sim.Seconds(resets)),
	}
	if !ok {
		what := "API requests"
		if b == incrementalExports {
			what = "incremental export API requests"
		}
		l.refuse(w, resets, "Number of allowed "+what+" per minute exceeded")
	}
	return ok
}

// takeRecord takes a unit of what one record may be written: n times a period.
func (l *limits) takeRecord(w http.ResponseWriter, record string, n int, period time.Duration) bool {
	if l.plan == Unlimited {
		return true
	}
	l.mu.Lock()
	win := l.records[record]
	if win == nil {
		win = sim.NewWindow(n, period, l.clock)
		l.records[record] = win
	}
	l.mu.Unlock()
	_, resets, ok := win.Take()
	if !ok {
		l.refuse(w, resets, "Number of allowed updates of this record exceeded")
	}
	return ok
}

// refuse sends a 429. The vendor's bodies are not uniform: here JSON and text take turns.
func (l *limits) refuse(w http.ResponseWriter, resets time.Duration, text string) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, sim.Seconds(resets))))
	if l.refusals.Add(1)%2 == 1 {
		plainError(w, http.StatusTooManyRequests, "APIRateLimitExceeded", text)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte(text))
}

// Refusals is the number of 429 answers that the limits have given; faults are not counted.
func (s *Server) Refusals() int { return int(s.limits.refusals.Load()) }

// SpendExports takes n units of the export bucket, as another integration of the customer would.
func (s *Server) SpendExports(n int) { s.limits.buckets[incrementalExports].Drain(n) }

// SpendRequests takes n units of the account's bucket, as another integration of the customer would.
func (s *Server) SpendRequests(n int) { s.limits.support.Drain(n) }
