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
	BucketEmails      = "brevo:smtp-emails"  // GET /smtp/emails
	BucketOther       = "brevo:other"        // companies, CRM attributes, processes, GET /events
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
	sentMail  = family{guess: 2, period: time.Second, longest: 5 * time.Second, penalty: 2 * time.Second}
	hourly    = family{guess: 100, period: time.Hour, longest: time.Hour, penalty: time.Hour}
)

func familyOf(bucket string) family {
	switch bucket {
	case BucketContacts, BucketEvents:
		return perSecond
	case BucketSMTP:
		return mail
	case BucketEmails:
		return sentMail
	}
	return hourly
}

// buckets turns Brevo's headers into readings.
type buckets struct {
	share  float64
	now    func() time.Time
	told   sync.Map // names of buckets that have ever come with headers
	millis sync.Map // names of buckets whose reset has been seen in milliseconds
}

func (b *buckets) need(bucket string) budget.Need {
	f := familyOf(bucket)
	return budget.Need{Bucket: bucket, Share: b.share, Guess: f.guess, Period: f.period}
}

// readings reads x-sib-ratelimit-limit, -remaining and -reset (https://developers.brevo.com/docs/limit-headers).
// The rules, because that page and the field disagree:
//   - reset is the time left, in seconds "typically", in milliseconds for others. A number that would exceed the family's
//     longest wait (1 h for hourly limits, 5 s for limits per second) is read as milliseconds, and so are the small
//     ones that follow in the same bucket. What exceeds it in milliseconds too says nothing of the unit and is cut.
//   - a per-second bucket whose limit is at least a hundred times its guess shows the count of the hour, which binds too:
//     while something is left it becomes an equal part for each second, and when nothing is left the wait is the hour's.
//   - a 429 always means that nothing is left, whatever remaining says; Retry-After, should it ever come, wins.
//   - an answer without the headers gives no reading. Only where this client has never seen any for the bucket does
//     it confirm the guess, or else a meter would wait for headers that never come.
func (b *buckets) readings(resp *http.Response, needs []budget.Need) []budget.Reading {
	var out []budget.Reading
	for _, n := range needs {
		f := familyOf(n.Bucket)
		r, told := b.fromHeaders(resp.Header, n.Bucket)
		if told {
			b.told.Store(n.Bucket, true)
		}
		_, everTold := b.told.Load(n.Bucket)
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
	if reset := b.resetOf(h, bucket, f.counting(limit)); reset > 0 {
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

func (b *buckets) fromHeaders(h http.Header, bucket string) (budget.Reading, bool) {
	f, r := familyOf(bucket), budget.Reading{Bucket: bucket}
	remaining, ok := number(h, "x-sib-ratelimit-remaining")
	if !ok {
		return r, false
	}
	limit, _ := number(h, "x-sib-ratelimit-limit")
	window := f.counting(limit)
	r.Limit, r.Remaining, r.Reset = whole(limit), whole(remaining), b.resetOf(h, bucket, window)
	if window.period == f.period {
		return r, true
	}
	r.Limit = max(1, r.Limit/int(time.Hour/f.period))
	if r.Remaining > 0 {
		r.Remaining, r.Reset = min(r.Remaining, r.Limit-1), f.period
	}
	return r, true
}

// resetOf is the header's reset, in the window of f.
func (b *buckets) resetOf(h http.Header, bucket string, f family) time.Duration {
	value, ok := number(h, "x-sib-ratelimit-reset")
	if !ok {
		return 0
	}
	longest := f.longest.Seconds()
	_, inMillis := b.millis.Load(bucket)
	if value > longest && value <= longest*1000 {
		b.millis.Store(bucket, true)
		inMillis = true
	}
	if inMillis {
		value /= 1000
	}
	return time.Duration(min(value, longest) * float64(time.Second))
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
