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
	// longest is the most a reset may say; anything longer is a misread unit or another window.
	longest time.Duration
	// millisAbove is the value from which a reset cannot be seconds.
	millisAbove float64
	// penalty is the wait after a 429 that says nothing. For an hourly window it is shorter than the hour: the
	// window's end is unknown, and asking too early costs one call.
	penalty time.Duration
}

var (
	perSecond = family{guess: 10, period: time.Second, longest: 5 * time.Second, millisAbove: 60, penalty: 2 * time.Second}
	hourly    = family{guess: 100, period: time.Hour, longest: time.Hour, millisAbove: 3600, penalty: 10 * time.Minute}
	mail      = family{guess: 1000, period: time.Second, longest: 5 * time.Second, millisAbove: 60, penalty: 2 * time.Second}
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
// The rules, because the vendor's page and the field disagree:
//   - reset is time left in seconds "typically", in milliseconds for others: above 3600 (60 where the limit is per
//     second) it is read as milliseconds; the result is capped at the family's longest wait, 1 h or 5 s.
//   - a per-second family whose limit is a hundred times its guess shows the count of the hour, which binds too: it
//     becomes the hourly limit spread over seconds.
//   - a 429 always means that nothing is left, whatever remaining says; Retry-After, should it ever come, wins.
//   - an answer without the headers gives no reading. Only where a bucket has never shown any does it confirm the
//     guess, or else a meter would wait for headers that never come.
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
	if reset := resetOf(h, f); reset > 0 {
		return reset
	}
	return f.penalty
}

func fromHeaders(h http.Header, f family) (budget.Reading, bool) {
	remaining, ok := number(h, "x-sib-ratelimit-remaining")
	if !ok {
		return budget.Reading{}, false
	}
	limit, _ := number(h, "x-sib-ratelimit-limit")
	r := budget.Reading{Limit: whole(limit), Remaining: whole(remaining), Reset: resetOf(h, f)}
	if f.period == time.Second && r.Limit >= 100*f.guess {
		r.Limit /= 3600
		if r.Remaining > 0 {
			r.Remaining, r.Reset = min(r.Remaining, r.Limit-1), time.Second
		}
	}
	return r, true
}

func resetOf(h http.Header, f family) time.Duration {
	value, ok := number(h, "x-sib-ratelimit-reset")
	if !ok {
		return 0
	}
	if value > f.millisAbove {
		value /= 1000
	}
	if value >= f.longest.Seconds() {
		return f.longest
	}
	return time.Duration(value * float64(time.Second))
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
