package brevo

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

// Buckets that Brevo counts separately: https://developers.brevo.com/docs/api-limits. BucketEventsBatch is not in that
// table, so it is assumed to be one of "all other endpoints" with a count of its own until its headers tell.
const (
	BucketContacts    = "brevo:contacts"     // everything under /contacts
	BucketEvents      = "brevo:events"       // POST /events
	BucketEventsBatch = "brevo:events-batch" // POST /events/batch
	BucketSMTP        = "brevo:smtp"         // POST /smtp/email
	BucketOther       = "brevo:other"        // companies, CRM attributes, processes, account, GET /events
)

// A family is what is known of a bucket before its first answer: the limits of the General tier.
type family struct {
	guess  int
	period time.Duration
	// longest is the most a reset may say. A number that exceeds it in seconds is read as milliseconds.
	longest time.Duration
	// penalty is the wait after a 429 that says nothing.
	penalty time.Duration
}

var (
	perSecond = family{guess: 10, period: time.Second, longest: 5 * time.Second, penalty: 2 * time.Second}
	mail      = family{guess: 1000, period: time.Second, longest: 5 * time.Second, penalty: 2 * time.Second}
	hourly    = family{guess: 100, period: time.Hour, longest: time.Hour, penalty: time.Hour}
)

func familyOf(bucket string) family {
	switch bucket {
	case BucketContacts, BucketEvents:
		return perSecond
	case BucketSMTP:
		return mail
	}
	return hourly
}

// buckets turns Brevo's headers into readings. It remembers which buckets have ever come with headers.
type buckets struct {
	share float64
	now   func() time.Time
	seen  sync.Map // bucket name -> struct{}
}

func (b *buckets) need(bucket string) budget.Need {
	f := familyOf(bucket)
	return budget.Need{Bucket: bucket, Share: b.share, Guess: f.guess, Period: f.period}
}

// readings reads x-sib-ratelimit-limit, -remaining and -reset (https://developers.brevo.com/docs/limit-headers).
// The rules, because that page and the field disagree:
//   - reset is the time left, in seconds "typically", in milliseconds for others. A number that would exceed the family's
//     longest wait (1 h for hourly limits, 5 s for limits per second) is read as milliseconds; if it still does, it is
//     cut to that wait.
//   - a per-second bucket whose limit is at least a hundred times its guess shows the count of the hour, which binds too:
//     while something is left it becomes an equal part for each second, and when nothing is left the wait is the hour's.
//   - a 429 always means that nothing is left, whatever remaining says; Retry-After, should it ever come, wins.
//   - an answer without the headers gives no reading. Only where this client has never seen any for the bucket does
//     it confirm the guess, or else a meter would wait for headers that never come.
func (b *buckets) readings(resp *http.Response, needs []budget.Need) []budget.Reading {
	var out []budget.Reading
	for _, n := range needs {
		f := familyOf(n.Bucket)
		r, told := fromHeaders(resp.Header, f)
		r.Bucket = n.Bucket
		if told {
			b.seen.Store(n.Bucket, struct{}{})
		}
		_, everTold := b.seen.Load(n.Bucket)
		switch {
		case resp.StatusCode == http.StatusTooManyRequests:
			r.Remaining, r.Reset = 0, b.wait(resp.Header, n.Bucket)
		case !told && (everTold || resp.StatusCode >= http.StatusInternalServerError):
			continue
		case !told:
			r.Remaining = f.guess - 1
		}
		out = append(out, r)
	}
	return out
}

// wait is how long to leave a bucket alone after a 429 with these headers.
func (b *buckets) wait(h http.Header, bucket string) time.Duration {
	f := familyOf(bucket)
	if asked := rest.RetryAfter(h, b.now()); asked > 0 {
		return min(asked, time.Hour)
	}
	limit, _ := number(h, "x-sib-ratelimit-limit")
	if reset := resetOf(h, f.counting(limit)); reset > 0 {
		return reset
	}
	return f.penalty
}

// counting is the family whose window a limit header describes.
func (f family) counting(limit float64) family {
	if f.period == time.Second && limit >= float64(100*f.guess) {
		return hourly
	}
	return f
}

func fromHeaders(h http.Header, f family) (budget.Reading, bool) {
	remaining, ok := number(h, "x-sib-ratelimit-remaining")
	if !ok {
		return budget.Reading{}, false
	}
	limit, _ := number(h, "x-sib-ratelimit-limit")
	window := f.counting(limit)
	r := budget.Reading{Limit: whole(limit), Remaining: whole(remaining), Reset: resetOf(h, window)}
	if window.period == f.period {
		return r, true
	}
	r.Limit = max(1, r.Limit/int(time.Hour/f.period))
	if r.Remaining > 0 {
		r.Remaining, r.Reset = min(r.Remaining, r.Limit-1), f.period
	}
	return r, true
}

func resetOf(h http.Header, f family) time.Duration {
	value, ok := number(h, "x-sib-ratelimit-reset")
	if !ok {
		return 0
	}
	if value > f.longest.Seconds() {
		value /= 1000
	}
	return time.Duration(min(value, f.longest.Seconds()) * float64(time.Second))
}

// number reads a header that holds a number that is not negative.
func number(h http.Header, name string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(h.Get(name)), 64)
	if err != nil || math.IsNaN(v) || v < 0 {
		return 0, false
	}
	return v, true
}

func whole(v float64) int { return int(min(v, math.MaxInt32)) }
