package zendesksim

import (
	"time"

	"zendesk-brevo/internal/sim"
)

// The circuit breaker of a webhook (https://developer.zendesk.com/api-reference/webhooks/introduction/): when 70% of at
// least 100 requests in five minutes fail, or more than 1,000 do, nothing is sent for five seconds. What should have been
// sent then is lost.
const (
	breakerWindow   = 5 * time.Minute
	breakerPause    = 5 * time.Second
	breakerRequests = 100
	breakerErrors   = 1000
	breakerPercent  = 70
)

type outcome struct {
	at     time.Time
	failed bool
}

type breaker struct {
	outcomes []outcome // of the window, oldest first
	failures int
	until    time.Time
}

func (b *breaker) open(now time.Time) bool { return now.Before(b.until) }

// record counts a request that has ended now, and opens the breaker when a failure is one too many.
func (b *breaker) record(clock *sim.Clock, now time.Time, failed bool) {
	b.outcomes = append(b.outcomes, outcome{now, failed})
	if failed {
		b.failures++
	}
	gone := 0
	for ; gone < len(b.outcomes) && now.Sub(b.outcomes[gone].at) > clock.Shorten(breakerWindow); gone++ {
		if b.outcomes[gone].failed {
			b.failures--
		}
	}
	b.outcomes = b.outcomes[gone:]
	n := len(b.outcomes)
	if failed && (b.failures > breakerErrors || n >= breakerRequests && b.failures*100 >= n*breakerPercent) {
		b.until = now.Add(clock.Shorten(breakerPause))
	}
}
