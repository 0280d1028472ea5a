package zendesksim

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The documented rules of delivery (https://developer.zendesk.com/api-reference/webhooks/introduction/): an endpoint has
// twelve seconds; timeouts are tried again up to five times, 409 up to three times, 429 and 503 only when the answer has a
// Retry-After below a minute; nothing else is tried again. How long Zendesk waits between attempts, and how often it follows
// a Retry-After, it does not say: here one second doubles each time, and five times.
const (
	// DefaultWebhookTimeout is how long Zendesk waits for an answer to a delivery.
	DefaultWebhookTimeout = 12 * time.Second
	timeoutRetries        = 5
	conflictTries         = 3
	throttledTries        = 5
	maxRetryAfter         = time.Minute
	firstBackoff          = time.Second
	maxInFlight           = 16
)

// sending is one place in the queue: an invocation, or its duplicate.
type sending struct {
	v                              *invocation
	due                            time.Time
	timeouts, conflicts, throttled int
}

// invoke queues a request to k. The caller holds the lock.
func (h *webhooks) invoke(k *hook, eventType string, body []byte) {
	now := h.clock.Now()
	v := &invocation{WebhookDelivery: WebhookDelivery{
		WebhookID: k.ID, InvocationID: h.ulid(), EventType: eventType, Body: body, QueuedAt: now, Status: "accepted",
	}}
	h.invocations = append(h.invocations, v)
	if h.keep > 0 && len(h.invocations) >= 2*h.keep {
		h.invocations = append([]*invocation(nil), h.invocations[len(h.invocations)-h.keep:]...)
	}
	// All five numbers are drawn every time, so that one share does not change what another one meets.
	d, lose, twice, late := h.disturbance, h.luck.Float64(), h.luck.Float64(), h.luck.Float64()
	wait, again := h.luck.Float64(), h.luck.Float64()
	if lose < d.Lose {
		v.Lost = true
		return
	}
	due := now.Add(d.Delay)
	if late < d.Reorder {
		due = due.Add(time.Duration(wait * float64(d.Window)))
	}
	h.wait(&sending{v: v, due: due})
	if twice < d.Duplicate {
		v.Duplicated = true
		h.wait(&sending{v: v, due: due.Add(time.Duration(again * float64(d.Window)))})
	}
	h.start()
}

// wait queues a sending behind those that are due no later. The caller holds the lock.
func (h *webhooks) wait(s *sending) {
	at, _ := slices.BinarySearchFunc(h.queue, s, func(q, s *sending) int {
		if q.due.After(s.due) {
			return 1
		}
		return -1
	})
	h.queue = slices.Insert(h.queue, at, s)
}

// start makes sure that a dispatcher looks at the queue. The caller holds the lock.
func (h *webhooks) start() {
	if h.byHand {
		return
	}
	if !h.running {
		h.running = true
		go h.dispatch()
	}
	h.news()
}

func (h *webhooks) news() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// next takes the sending that is due first out of the queue; nil when none is due by then. wait is how long the first
// one still has to wait. The caller holds the lock.
func (h *webhooks) next(by time.Time, whenever bool) (s *sending, wait time.Duration) {
	if len(h.queue) == 0 {
		return nil, 0
	}
	s = h.queue[0]
	if wait = s.due.Sub(by); wait > 0 && !whenever {
		return nil, wait
	}
	h.queue = h.queue[1:]
	h.inFlight++
	return s, 0
}

// dispatch delivers what falls due until nothing is left, several requests at a time.
func (h *webhooks) dispatch() {
	for {
		h.mu.Lock()
		if len(h.queue) == 0 && h.inFlight == 0 {
			h.running = false
			h.mu.Unlock()
			return
		}
		var s *sending
		wait := time.Minute // until news
		if h.inFlight < maxInFlight && len(h.queue) > 0 {
			s, wait = h.next(h.clock.Now(), false)
		}
		h.mu.Unlock()
		if s != nil {
			go h.attempt(context.Background(), s)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-h.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// FlushWebhooks delivers what is due by now, one request after the other in order of their times, and returns how many
// requests it made.
func (s *Server) FlushWebhooks(ctx context.Context) int { return s.hooks.deliver(ctx, false) }

// DrainWebhooks delivers everything, waits and retries included, without waiting: the order is that of the times at which
// each request was due. It returns when nothing is on its way, and says how many requests it made.
func (s *Server) DrainWebhooks(ctx context.Context) int { return s.hooks.deliver(ctx, true) }

func (h *webhooks) deliver(ctx context.Context, whenever bool) (made int) {
	for ctx.Err() == nil {
		h.mu.Lock()
		next, _ := h.next(h.clock.Now(), whenever)
		busy := h.inFlight > 0
		h.mu.Unlock()
		switch {
		case next != nil:
			h.attempt(ctx, next)
			made++
		case !busy || !whenever:
			return made
		default: // what the dispatcher has taken may come back
			time.Sleep(time.Millisecond)
		}
	}
	return made
}

// DropWebhooks forgets what has not been delivered yet and returns how much that was.
func (s *Server) DropWebhooks() int {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	n := len(s.hooks.queue)
	s.hooks.queue = nil
	s.hooks.news()
	return n
}

// PendingWebhooks is the number of requests that wait or are being made.
func (s *Server) PendingWebhooks() int {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	return len(s.hooks.queue) + s.hooks.inFlight
}

// attempt makes one request and decides what comes of it.
func (h *webhooks) attempt(ctx context.Context, s *sending) {
	h.mu.Lock()
	now := h.clock.Now()
	k, status := h.find(s.v.WebhookID), ""
	switch {
	case k == nil || k.In.Status != "active":
		status = "failed"
	case k.breaker.open(now):
		status = "circuit broken"
	}
	if status != "" {
		h.finish(s, status, now)
		h.mu.Unlock()
		return
	}
	if s.v.stamp == "" {
		s.v.stamp = now.Format(time.RFC3339)
	}
	in, secret, stamp := k.In, k.Secret, s.v.stamp
	h.mu.Unlock()

	a, retryAfter, _ := h.send(ctx, in, request{
		webhook: s.v.WebhookID, invocation: s.v.InvocationID, secret: secret, stamp: stamp, body: s.v.Body,
	})

	h.mu.Lock()
	defer h.mu.Unlock()
	now = h.clock.Now()
	a.ID = h.ulid()
	s.v.Attempts = append(s.v.Attempts, a)
	k.breaker.record(h.clock, now, a.Status != "success")
	if wait, again := s.again(a, retryAfter); again {
		s.due = now.Add(h.clock.Shorten(wait))
		h.wait(s)
		h.inFlight--
		h.news()
		return
	}
	h.finish(s, a.Status, now)
}

// finish ends a sending. A duplicate that fails does not undo its invocation's success. The caller holds the lock.
func (h *webhooks) finish(s *sending, status string, now time.Time) {
	if s.v.Status != "success" {
		s.v.Status = status
	}
	s.v.completed = now
	h.inFlight--
	h.news()
}

// again applies the rules of retries: how long to wait, and whether there is another attempt.
func (s *sending) again(a WebhookAttempt, retryAfter string) (time.Duration, bool) {
	switch {
	case a.Status == "timeout":
		s.timeouts++
		return firstBackoff << (s.timeouts - 1), s.timeouts <= timeoutRetries
	case a.Code == http.StatusConflict:
		s.conflicts++
		return firstBackoff << (s.conflicts - 1), s.conflicts <= conflictTries
	case a.Code == http.StatusTooManyRequests || a.Code == http.StatusServiceUnavailable:
		s.throttled++
		n, err := strconv.Atoi(retryAfter)
		wait := time.Duration(n) * time.Second
		return wait, err == nil && n >= 0 && wait < maxRetryAfter && s.throttled <= throttledTries
	}
	return 0, false
}
