package zendesk

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

// The buckets of an account's rate limits. Headers may name more; they are passed on under "zendesk:" and their name.
// https://developer.zendesk.com/api-reference/introduction/rate-limits/
const (
	BucketAccount       = "zendesk:account"
	BucketHelpCenter    = "zendesk:help-center"
	BucketExports       = "zendesk:incremental-exports"
	BucketSearch        = "zendesk:search"
	BucketTicketUpdates = "zendesk:ticket-update" // changes of tickets, by people too; its header's name is not documented
	BucketUserUpdates   = "zendesk:create-update-user"
)

// What is assumed until a header tells: the smallest plan in use, and the limits common to all plans.
const (
	guessAccount       = 200
	guessExports       = 10
	guessSearch        = 100
	guessTicketUpdates = 100
	guessUserUpdates   = 1 // a second
	period             = time.Minute

	namedPrefix = "Zendesk-Ratelimit-"

	// penalty is the wait after a refusal that does not say how long.
	penalty = 10 * time.Second
	// longestReset is the most that a header's seconds until the reset may be; a larger number, as of Unix time or
	// milliseconds, says nothing. Most buckets count by the minute.
	longestReset = 15 * time.Minute
)

// needs lists what a call to route takes, the most specific bucket last. Whether changes of tags count as updates of their
// record is not documented: they are taken for such.
func needs(method, route string, shares Shares) []budget.Need {
	account := budget.Need{Bucket: BucketAccount, Share: shares.Account, Guess: guessAccount, Period: period}
	switch {
	case strings.HasPrefix(route, "/api/v2/guide/"), strings.HasPrefix(route, "/api/v2/help_center/"):
		account.Bucket = BucketHelpCenter
	case strings.HasPrefix(route, "/api/v2/incremental/"):
		return []budget.Need{account, {Bucket: BucketExports, Share: shares.Exports, Guess: guessExports, Period: period}}
	case strings.Contains(route, "/search"):
		return []budget.Need{account, {Bucket: BucketSearch, Share: shares.Account, Guess: guessSearch, Period: period}}
	case route == routeTicketTags, route == routeTicket && method == http.MethodPut:
		return []budget.Need{account, {Bucket: BucketTicketUpdates, Share: shares.Account, Guess: guessTicketUpdates, Period: period}}
	case route == routeUserTags, route == routeUser && method == http.MethodPut:
		return []budget.Need{account, {Bucket: BucketUserUpdates, Share: shares.Account, Guess: guessUserUpdates, Period: time.Second}}
	}
	return []budget.Need{account}
}

// readings reads the rate-limit headers of any response.
func readings(now func() time.Time) func(*http.Response, []budget.Need) []budget.Reading {
	return func(resp *http.Response, needs []budget.Need) []budget.Reading {
		return read(resp, needs, now())
	}
}

func read(resp *http.Response, needs []budget.Need, now time.Time) []budget.Reading {
	if len(needs) == 0 {
		return nil
	}
	out := make([]budget.Reading, 0, len(needs)+1)
	if r, ok := accountReading(resp.Header); ok {
		r.Bucket = needs[0].Bucket
		out = append(out, r)
	}
	for name, values := range resp.Header {
		// Go canonicalises header names, whatever case was sent.
		if bucket, found := strings.CutPrefix(name, namedPrefix); found {
			if r, ok := namedReading(strings.ToLower(bucket), values[0]); ok {
				out = append(out, r)
			}
		}
	}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError {
		return refused(resp, needs, out, now)
	}
	return granted(needs, out)
}

// accountReading prefers the headers that tell the reset, which only ticketing endpoints send.
func accountReading(h http.Header) (budget.Reading, bool) {
	limit, _ := first(h, "Ratelimit-Limit", "X-Rate-Limit")
	remaining, ok := first(h, "Ratelimit-Remaining", "X-Rate-Limit-Remaining")
	if !ok {
		return budget.Reading{}, false
	}
	reset, _ := first(h, "Ratelimit-Reset", "X-Rate-Limit-Reset")
	return budget.Reading{Limit: limit, Remaining: remaining, Reset: seconds(reset)}, true
}

// first is the number in the first of the headers that holds one.
func first(h http.Header, names ...string) (int, bool) {
	for _, name := range names {
		if n, err := strconv.Atoi(strings.TrimSpace(h.Get(name))); err == nil && n >= 0 {
			return n, true
		}
	}
	return 0, false
}

// namedReading reads "total=10; remaining=9; resets=2".
func namedReading(name, value string) (budget.Reading, bool) {
	r, ok := budget.Reading{Bucket: "zendesk:" + name}, false
	if name == "search-index" {
		r.Bucket = BucketSearch
	}
	for part := range strings.SplitSeq(value, ";") {
		key, text, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 0 {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "total":
			r.Limit = n
		case "remaining":
			r.Remaining, ok = n, true
		case "resets":
			r.Reset = seconds(n)
		}
	}
	return r, ok
}

// refused makes sure that an answer which says "wait" leaves a bucket empty, the most specific one when no header names it.
// A 429 says so even without a word.
func refused(resp *http.Response, needs []budget.Need, out []budget.Reading, now time.Time) []budget.Reading {
	wait := rest.RetryAfter(resp.Header, now)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests && wait == 0:
		wait = penalty
	case resp.StatusCode != http.StatusTooManyRequests && (resp.StatusCode != http.StatusServiceUnavailable || wait == 0):
		return out
	}
	named := false
	for i := range out {
		if out[i].Remaining > 0 {
			continue
		}
		if named = true; out[i].Reset == 0 {
			out[i].Reset = wait
		}
		out[i].Refused = true
	}
	if named {
		return out
	}
	last := needs[len(needs)-1].Bucket
	out = slices.DeleteFunc(out, func(r budget.Reading) bool { return r.Bucket == last })
	return append(out, budget.Reading{Bucket: last, Reset: wait, Refused: true})
}

// granted answers for the needed buckets of which the response says nothing, so that the window opened by this call does
// not wait for a header that this endpoint never sends.
func granted(needs []budget.Need, out []budget.Reading) []budget.Reading {
	for _, n := range needs {
		if !slices.ContainsFunc(out, func(r budget.Reading) bool { return r.Bucket == n.Bucket }) {
			out = append(out, budget.Reading{Bucket: n.Bucket, Granted: true})
		}
	}
	return out
}

func seconds(n int) time.Duration {
	if n > int(longestReset/time.Second) {
		return 0
	}
	return time.Duration(n) * time.Second
}
