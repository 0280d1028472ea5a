package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/workflows"
)

// TestDeliveries: what each kind of delivery is answered, how it is counted, and whom it wakes.
func TestDeliveries(t *testing.T) {
	at := noon.Add(-1500 * time.Millisecond) // the envelopes' time
	settle := 2 * time.Second
	ticket := workflows.SubjectInput{Account: "acme", ID: 141, Settle: settle}
	user := workflows.SubjectInput{Account: "acme", ID: 7, Settle: settle}
	tests := map[string]struct {
		body   string
		change func(*delivery)
		status int
		answer string // OK or Unauthorized when empty, by status
		result string // none: not counted for acme
		wakes  *woken
	}{
		"ticket event": {
			body: solved("e1"), status: 200, result: resultDelivered,
			wakes: &woken{"zendesk/acme/ticket/141", ticket, workflows.Event{Type: "ticket.status_changed", At: at}},
		},
		"ticket event at an odd time": {
			body: `{"type":"zen:event-type:ticket.created","id":12,"time":"04/05/2026","subject":"zen:ticket:141"}`, status: 200, result: resultDelivered,
			wakes: &woken{"zendesk/acme/ticket/141", ticket, workflows.Event{Type: "ticket.created"}},
		},
		"user event": {
			body:   envelope("e1", "user.name_changed", "zen:user:7", `{"id":"7"}`, `{"current":"Ada","previous":"Bob"}`),
			status: 200, result: resultDelivered,
			wakes: &woken{"zendesk/acme/user/7", user, workflows.Event{Type: "user.name_changed", At: at}},
		},
		"merged users": {
			body:   envelope("e1", "user.merged", "zen:user:7", `{"id":"7"}`, `{"user":{"id":"9"}}`),
			status: 200, result: resultDelivered,
			wakes: &woken{"zendesk/acme/user/7", user, workflows.Event{Type: "user.merged", MergedWith: 9, At: at}},
		},
		"trigger about a ticket": {
			body: trigger("ticket.solved"), status: 200, result: resultDelivered,
			wakes: &woken{"zendesk/acme/ticket/141", ticket, workflows.Event{Type: "ticket.solved"}},
		},
		"trigger about a rating": {
			body: trigger("satisfaction_rating.bad"), status: 200, result: resultDelivered,
			wakes: &woken{"zendesk/acme/ticket/141", ticket, workflows.Event{Type: "satisfaction_rating.bad"}},
		},
		"trigger about a user": {
			body: trigger("user.created"), status: 200, result: resultDelivered,
			wakes: &woken{"zendesk/acme/user/7", user, workflows.Event{Type: "user.created"}},
		},
		"organization": {
			body:   envelope("e1", "organization.name_changed", "zen:organization:3", `{"id":"3"}`, `{"current":"Acme"}`),
			status: 200, result: resultScheduled,
		},
		"article": {
			body:   envelope("e1", "article.vote_created", "zen:article:5", `{"id":"5","user_id":"7"}`, `{}`),
			status: 200, result: resultScheduled,
		},
		"nothing that is kept": {body: envelope("e1", "ticket.subject_changed", "zen:ticket:141", `{}`, `{}`), status: 200, result: resultIgnored},
		"unknown type":         {body: envelope("e1", "planet.exploded", "zen:planet:1", `{}`, `{}`), status: 200, result: resultIgnored},

		"unsigned": {
			body: solved("e1"), status: 401, result: resultNotSigned,
			change: func(d *delivery) { d.change = func(r *http.Request) { r.Header.Del(zendesk.HeaderSignature) } },
		},
		"signed twice": {
			body: solved("e1"), status: 401, result: resultNotSigned,
			change: func(d *delivery) { d.change = func(r *http.Request) { r.Header.Add(zendesk.HeaderSignature, "x") } },
		},
		"forged":   {body: solved("e1"), status: 401, result: resultBadSignature, change: func(d *delivery) { d.secret = "forged" }},
		"unsalted": {body: solved("e1"), status: 401, result: resultBadSignature, change: func(d *delivery) { d.secret = "" }},
		"changed on the way": {
			body: solved("e1"), status: 401, result: resultBadSignature,
			change: func(d *delivery) {
				d.change = func(r *http.Request) { r.Header.Set(zendesk.HeaderSignatureTimestamp, "2026-05-04T12:00:01Z") }
			},
		},
		"oldest":          {body: solved("e1"), status: 200, result: resultDelivered, change: func(d *delivery) { d.at = noon.Add(-15 * time.Minute) }, wakes: &woken{"zendesk/acme/ticket/141", ticket, workflows.Event{Type: "ticket.status_changed", At: at}}},
		"stale":           {body: solved("e1"), status: 401, result: resultTooOld, change: func(d *delivery) { d.at = noon.Add(-15*time.Minute - time.Second) }},
		"from the future": {body: solved("e1"), status: 401, result: resultFromFuture, change: func(d *delivery) { d.at = noon.Add(61 * time.Second) }},
		"test secret": {
			body: solved("e1"), status: 401, result: resultTestSecret, change: func(d *delivery) { d.secret = zendesk.TestSecret },
			answer: "Unauthorized: signed with Zendesk's public test secret. Save the webhook in Zendesk, then test it again.",
		},
		"another account's secret": {body: solved("e1"), status: 401, result: resultBadSignature, change: func(d *delivery) { d.secret = "other's" }},

		"unknown account": {body: solved("e1"), status: 404, answer: "Not Found", result: resultNotFound, change: func(d *delivery) { d.path = "/webhooks/zendesk/nobody" }},
		"account in another case": {
			body: solved("e1"), status: 404, answer: "Not Found", result: resultNotFound, change: func(d *delivery) { d.path = "/webhooks/zendesk/ACME" },
		},
		"disabled connector": {body: solved("e1"), status: 404, answer: "Not Found", result: resultNotFound, change: func(d *delivery) { d.path = "/webhooks/zendesk/off" }},
		"no account of several": {
			body: solved("e1"), status: 404, answer: "Not Found", result: resultNotFound, change: func(d *delivery) { d.path = "/webhooks/zendesk" },
		},

		"largest":            {body: padded(zendesk.MaxEventBody), status: 200, result: resultDelivered, wakes: &woken{"zendesk/acme/ticket/141", ticket, workflows.Event{Type: "ticket.solved"}}},
		"too large":          {body: padded(zendesk.MaxEventBody + 1), status: 413, answer: "Request Entity Too Large", result: resultTooLarge},
		"much too large":     {body: padded(4 * zendesk.MaxEventBody), status: 413, answer: "Request Entity Too Large", result: resultTooLarge},
		"empty":              {body: "", status: 400, answer: "Bad Request", result: resultMalformed},
		"no JSON":            {body: "ticket 141 of ada@example.com", status: 400, answer: "Bad Request", result: resultMalformed},
		"cut off":            {body: solved("e1")[:120], status: 400, answer: "Bad Request", result: resultMalformed},
		"deeply nested":      {body: `{"type":"ticket.solved","ticket_id":1,"x":` + strings.Repeat("[", 100_000), status: 400, answer: "Bad Request", result: resultMalformed},
		"trigger's own type": {body: trigger("ticket.exploded"), status: 400, answer: "Bad Request", result: resultMalformed},
		"no ticket":          {body: `{"type":"ticket.solved"}`, status: 400, answer: "Bad Request", result: resultMalformed},
		"malformed and forged": {
			body: "{", status: 401, result: resultBadSignature, change: func(d *delivery) { d.secret = "forged" },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.vault.put("other", Secret{Value: "other's"})
			d := s.request(test.body)
			if test.change != nil {
				test.change(&d)
			}
			r := s.send(t, d)
			assert.Equal(t, test.status, r.status)
			if test.answer == "" {
				test.answer = map[int]string{200: "OK", 401: "Unauthorized"}[test.status]
			}
			assert.Equal(t, test.answer, r.body)
			want := map[string]int64{}
			if test.result != "" {
				want[test.result] = 1
			}
			assert.Equal(t, want, s.counted("acme"))
			if test.wakes == nil {
				assert.Empty(t, s.temporal.signals())
				return
			}
			assert.Equal(t, []woken{*test.wakes}, s.temporal.signals())
		})
	}
}

// padded is a trigger's body of a size.
func padded(size int) string {
	body := trigger("ticket.solved")
	return body + strings.Repeat(" ", size-len(body))
}

func TestOneConnectorNeedsNoName(t *testing.T) {
	s := newSite(t, one)
	for _, path := range []string{"/webhooks/zendesk", path} {
		d := s.request(trigger("ticket.solved"))
		d.path = path
		assert.Equal(t, 200, s.send(t, d).status, path)
	}
	assert.Len(t, s.temporal.signals(), 2)
	assert.Equal(t, map[string]int64{resultDelivered: 2}, s.counted("acme"))
}

// TestPublishedVector: a public example of a signed request, at its time and long after.
func TestPublishedVector(t *testing.T) {
	vector := delivery{path: path, body: `{"event":"ticket.updated","id":123}`, change: func(r *http.Request) {
		r.Header.Set(zendesk.HeaderSignature, "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=")
		r.Header.Set(zendesk.HeaderSignatureTimestamp, "2021-03-25T05:09:27Z")
	}}
	for name, test := range map[string]struct {
		allow  bool
		at     time.Time
		status int
		result string
	}{
		"at its time, allowed": {true, time.Date(2021, 3, 25, 5, 10, 0, 0, time.UTC), 400, resultMalformed},
		"at its time":          {false, time.Date(2021, 3, 25, 5, 10, 0, 0, time.UTC), 401, resultTestSecret},
		"long after":           {true, noon, 401, resultTooOld},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(in *setup) {
				in.env.ZendeskWebhookSecret = config.Secrets{config.NewSecret(zendesk.TestSecret)}
				in.env.WebhookAllowTestSecret = test.allow
			})
			s.clock.at = test.at
			assert.Equal(t, test.status, s.send(t, vector).status)
			assert.Equal(t, map[string]int64{test.result: 1}, s.counted("acme"))
			assert.Empty(t, s.temporal.signals())
		})
	}
}

func TestTestSecretByPermission(t *testing.T) {
	s := newSite(t, func(in *setup) { in.env.WebhookAllowTestSecret = true })
	d := s.request(trigger("ticket.solved"))
	d.secret = zendesk.TestSecret
	assert.Equal(t, 200, s.send(t, d).status)
	assert.Len(t, s.temporal.signals(), 1)
}

// TestNoSecretAtAll: nothing is accepted, and the log says what to configure.
func TestNoSecretAtAll(t *testing.T) {
	s := newSite(t, without)
	d := s.request(trigger("ticket.solved"))
	d.secret = ""
	r := s.send(t, d)
	assert.Equal(t, 401, r.status)
	assert.Equal(t, "Unauthorized", r.body)
	assert.Contains(t, s.log.String(), "starter webhooks install")
	assert.Contains(t, s.log.String(), "ZENDESK_WEBHOOK_SECRET")
}

func TestRepeatedEventsWakeOnce(t *testing.T) {
	s := newSite(t)
	for range 3 {
		assert.Equal(t, 200, s.send(t, s.request(solved("e1"))).status)
	}
	assert.Equal(t, 200, s.send(t, s.request(solved("e2"))).status)
	assert.Len(t, s.temporal.signals(), 2)
	assert.Equal(t, map[string]int64{resultDelivered: 2, resultDuplicate: 2}, s.counted("acme"))

	other := s.request(solved("e1"))
	other.path = "/webhooks/zendesk/other"
	assert.Equal(t, 200, s.send(t, other).status)
	assert.Equal(t, map[string]int64{resultDelivered: 1}, s.counted("other"), "ids belong to an account")

	s.clock.move(time.Hour)
	assert.Equal(t, 200, s.send(t, s.request(solved("e1"))).status)
	assert.Len(t, s.temporal.signals(), 4, "forgotten when no repetition can come any more")
}

// TestRepetitionIsKnownOnlyAfterTemporalHoldsIt: what Temporal did not take is taken when Zendesk sends it again.
func TestRepetitionIsKnownOnlyAfterTemporalHoldsIt(t *testing.T) {
	s := newSite(t)
	s.temporal.hinderBy(func(context.Context, woken) error { return errors.New("connection refused") })
	assertUnavailable(t, s.send(t, s.request(solved("e1"))))
	s.temporal.hinderBy(nil)
	assert.Equal(t, 200, s.send(t, s.request(solved("e1"))).status)
	assert.Len(t, s.temporal.signals(), 1)
	assert.Equal(t, map[string]int64{resultUnavailable: 1, resultDelivered: 1}, s.counted("acme"))
	assert.Contains(t, s.log.String(), "connection refused")
}

func TestSameEventAtOnce(t *testing.T) {
	s := newSite(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { assert.Equal(t, 200, s.send(t, s.request(solved("e1"))).status) })
	}
	all.Wait()
	assert.NotEmpty(t, s.temporal.signals())
	n := s.counted("acme")
	assert.EqualValues(t, 8, n[resultDelivered]+n[resultDuplicate])
	assert.Len(t, s.temporal.signals(), int(n[resultDelivered]))
}

// TestSlowTemporal: after three seconds Zendesk is asked to come again.
func TestSlowTemporal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newQuietSite(t)
		s.temporal.hinderBy(func(ctx context.Context, _ woken) error {
			<-ctx.Done()
			return ctx.Err()
		})
		start := time.Now()
		assertUnavailable(t, s.call(t, s.request(solved("e1"))))
		assert.Equal(t, 3*time.Second, time.Since(start))

		// Temporal's own client gives up after half of what a deadline leaves, which must not be less.
		s.temporal.hinderBy(func(ctx context.Context, _ woken) error {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, 6*time.Second, time.Until(deadline))
			time.Sleep(3*time.Second - time.Millisecond)
			return ctx.Err()
		})
		assert.Equal(t, 200, s.call(t, s.request(solved("e1"))).status)
		assert.Equal(t, map[string]int64{resultUnavailable: 1, resultDelivered: 1}, s.counted("acme"))
	})
}

// TestWhoeverHangsUpIsHeard: what has arrived is passed on, though nobody waits for the answer.
func TestWhoeverHangsUpIsHeard(t *testing.T) {
	s := newQuietSite(t)
	s.temporal.hinderBy(func(ctx context.Context, _ woken) error { return ctx.Err() })
	d := s.request(solved("e1"))
	d.change = func(r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		*r = *r.WithContext(ctx)
	}
	assert.Equal(t, 200, s.call(t, d).status)
	assert.Len(t, s.temporal.signals(), 1)
}

func TestPanicAsksForARepetition(t *testing.T) {
	for name, thrown := range map[string]any{"text": "of ada@example.com", "error": errors.New("of ada@example.com")} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.temporal.hinderBy(func(context.Context, woken) error { panic(thrown) })
			assertUnavailable(t, s.send(t, s.request(solved("e1"))))
			assert.Equal(t, map[string]int64{resultUnavailable: 1}, s.counted("acme"))
			assert.NotContains(t, s.log.String(), "ada", "what is thrown may hold anything")
			assert.Contains(t, s.log.String(), "receive.go", "where it happened")

			s.temporal.hinderBy(nil)
			assert.Equal(t, 200, s.send(t, s.request(solved("e1"))).status)
		})
	}
}

// TestTooManyAtOnce: what does not fit is asked for again, and takes nothing from what is in hand.
func TestTooManyAtOnce(t *testing.T) {
	s := newSite(t)
	entered, release := make(chan struct{}), make(chan struct{})
	s.temporal.hinderBy(func(context.Context, woken) error {
		entered <- struct{}{}
		<-release
		return nil
	})
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() { assert.Equal(t, 200, s.send(t, s.request(trigger("ticket.solved"))).status) })
	}
	for range atOnce {
		<-entered
	}
	assertUnavailable(t, s.send(t, s.request(trigger("ticket.solved"))))
	assert.Equal(t, 200, get(t, s.url+"/healthz").status)
	close(release)
	all.Wait()
	require.Len(t, s.temporal.signals(), atOnce)
	assert.Equal(t, map[string]int64{resultDelivered: atOnce, resultUnavailable: 1}, s.counted("acme"))
}
