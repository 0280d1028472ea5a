package zendesksim_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// create makes n tickets, each of which is one event to whoever subscribed to ticket.created.
func (a *account) create(n int) {
	for range n {
		a.CreateTicket(seed.Ticket{RequesterID: a.Account().Owner().ID})
	}
}

func TestRetryRules(t *testing.T) {
	hang := func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	healing := func(code, after int) func(int, http.ResponseWriter, *http.Request) {
		return func(n int, w http.ResponseWriter, r *http.Request) {
			if n <= after {
				status(code, "Retry-After", "5")(n, w, r)
			}
		}
	}
	for name, test := range map[string]struct {
		answer   func(int, http.ResponseWriter, *http.Request)
		attempts int
		status   string
	}{
		"200":                              {status(200), 1, "success"},
		"204":                              {status(204), 1, "success"},
		"timeout":                          {hang, 6, "timeout"},
		"409":                              {status(409), 4, "client error"},
		"409 that heals":                   {healing(409, 2), 3, "success"},
		"503 with Retry-After":             {status(503, "Retry-After", "59"), 6, "server error"},
		"503 that heals":                   {healing(503, 1), 2, "success"},
		"429 that heals":                   {healing(429, 1), 2, "success"},
		"503 with Retry-After of a minute": {status(503, "Retry-After", "60"), 1, "server error"},
		"503 without Retry-After":          {status(503), 1, "server error"},
		"503 with a date":                  {status(503, "Retry-After", "Fri, 20 Nov 2026 12:00:05 GMT"), 1, "server error"},
		"429 without Retry-After":          {status(429), 1, "client error"},
		"400":                              {status(400, "Retry-After", "5"), 1, "client error"},
		"401":                              {status(401), 1, "client error"},
		"404":                              {status(404), 1, "client error"},
		"500":                              {status(500, "Retry-After", "5"), 1, "server error"},
		"502":                              {status(502), 1, "server error"},
		"504 of the endpoint's own":        {status(504), 1, "server error"},
		"302 is not followed":              {status(302, "Location", "/"), 1, "client error"},
	} {
		t.Run(name, func(t *testing.T) {
			speed := 1.0
			if test.status == "timeout" {
				speed = 600 // at which an endpoint has 20 ms
			}
			a, m := byHand(t, speed), receive(t, test.answer)
			a.subscribe(t, m.url, "ticket.created")
			a.create(1)
			assert.Equal(t, test.attempts, a.DrainWebhooks(t.Context()))
			got := a.Deliveries()
			require.Len(t, got, 1)
			assert.Equal(t, test.status, got[0].Status)
			assert.Len(t, got[0].Attempts, test.attempts)
			for _, one := range m.all()[1:] {
				for _, header := range []string{"Invocation-Id", "Signature", "Signature-Timestamp"} {
					header = "X-Zendesk-Webhook-" + header
					assert.Equal(t, m.all()[0].header.Get(header), one.header.Get(header), "a retry repeats the first attempt")
				}
			}
			if name == "timeout" {
				assert.Equal(t, http.StatusGatewayTimeout, got[0].Attempts[0].Code)
			}
		})
	}
}

func TestAnEndpointThatIsAwayIsNotTriedAgain(t *testing.T) {
	a := byHand(t, 1)
	a.subscribe(t, "http://127.0.0.1:1/webhooks", "ticket.created")
	a.create(1)
	assert.Equal(t, 1, a.DrainWebhooks(t.Context()))
	assert.Equal(t, "failed", a.Deliveries()[0].Status)
}

func TestRetriesWaitByTheClock(t *testing.T) {
	a, m := byHand(t, 1), receive(t, status(503, "Retry-After", "5"))
	a.subscribe(t, m.url, "ticket.created")
	a.create(1)
	assert.Equal(t, 1, a.FlushWebhooks(t.Context()))
	a.sleep(5*time.Second - time.Millisecond)
	assert.Zero(t, a.FlushWebhooks(t.Context()))
	assert.Equal(t, 1, a.PendingWebhooks())
	a.sleep(time.Millisecond)
	assert.Equal(t, 1, a.FlushWebhooks(t.Context()))
	attempts := a.Deliveries()[0].Attempts
	require.Len(t, attempts, 2)
	assert.Equal(t, 5*time.Second, attempts[1].At.Sub(attempts[0].At))
	assert.Equal(t, 1, a.DropWebhooks())
	assert.Zero(t, a.DrainWebhooks(t.Context()))
}

func TestCircuitBreaker(t *testing.T) {
	failing := true
	a, m := byHand(t, 1), receive(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		if failing {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	a.subscribe(t, m.url, "ticket.created")
	a.create(99)
	a.DrainWebhooks(t.Context())
	assert.Len(t, m.all(), 99, "fewer than a hundred requests break nothing")
	a.create(11)
	a.DrainWebhooks(t.Context())
	assert.Len(t, m.all(), 100, "the hundredth failure stops it")
	broken := func() (n int) {
		for _, d := range a.Deliveries() {
			if d.Status == "circuit broken" {
				n++
				assert.Empty(t, d.Attempts)
			}
		}
		return n
	}
	assert.Equal(t, 10, broken())
	failing = false
	a.sleep(5*time.Second - time.Millisecond)
	a.create(1)
	a.DrainWebhooks(t.Context())
	assert.Equal(t, 11, broken(), "events of the pause are lost")
	a.sleep(time.Millisecond)
	a.create(1)
	a.DrainWebhooks(t.Context())
	assert.Len(t, m.all(), 101)
	assert.Equal(t, 11, broken())

	a.sleep(5 * time.Minute)
	failing = true
	a.create(50)
	a.DrainWebhooks(t.Context())
	assert.Equal(t, 11, broken(), "failures of six minutes ago are forgotten")
}

func TestDisturbances(t *testing.T) {
	const n = 1000
	type fate struct{ lost, twice bool }
	run := func(seed uint64) (order []string, fates []fate) {
		a, m := byHand(t, 1), receive(t, nil)
		a.subscribe(t, m.url, "ticket.created")
		a.DisturbWebhooks(zendesksim.Disturbance{
			Seed: seed, Lose: 0.2, Duplicate: 0.2, Reorder: 1, Window: time.Minute, Delay: time.Second,
		})
		a.create(n)
		assert.Zero(t, a.FlushWebhooks(t.Context()), "everything waits a second at least")
		a.DrainWebhooks(t.Context())
		for _, one := range m.all() {
			order = append(order, one.at("subject").(string))
		}
		for _, d := range a.Deliveries() {
			fates = append(fates, fate{d.Lost, d.Duplicated})
			want := 1
			switch {
			case d.Lost:
				want = 0
			case d.Duplicated:
				want = 2
			}
			assert.Len(t, d.Attempts, want)
		}
		return order, fates
	}
	order, fates := run(7)
	lost, twice := 0, 0
	for _, f := range fates {
		if f.lost {
			lost++
		}
		if f.twice {
			twice++
		}
	}
	assert.InDelta(t, n*0.2, lost, 40)
	assert.InDelta(t, n*0.8*0.2, twice, 40)
	assert.Len(t, order, n-lost+twice)
	assert.False(t, slices.IsSorted(order), "they come in another order")
	again, same := run(7)
	assert.Equal(t, fates, same, "a seed decides who is lost and who comes twice")
	assert.Equal(t, order, again, "and the order")
	_, others := run(8)
	assert.NotEqual(t, fates, others)
}

func TestInvocationLog(t *testing.T) {
	a, m := byHand(t, 1), receive(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 2 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	id, _ := a.subscribe(t, m.url, "ticket.created")
	path := "/api/v2/webhooks/" + id + "/invocations"
	for range 3 {
		a.create(1)
		a.DrainWebhooks(t.Context())
		a.sleep(time.Hour)
	}
	a.DisturbWebhooks(zendesksim.Disturbance{Lose: 1})
	a.create(1)
	get := func(query string) reply {
		r := a.get(t, path+query)
		require.Equal(t, http.StatusOK, r.status, r.text)
		checkHookAnswer(t, http.MethodGet, path, r)
		return r
	}
	assert.Len(t, get("").rows("invocations"), 3, "what is lost stands in no log")
	failed := get("?filter[status]=server+error")
	require.Len(t, failed.rows("invocations"), 1)
	assert.Equal(t, "zen:event-type:ticket.created", failed.at("invocations", 0, "event_type"))
	assert.Len(t, get("?filter[from_ts]=2026-11-20T13:00:00Z").rows("invocations"), 2)
	assert.Len(t, get("?filter[to_ts]=2026-11-20T12:30:00Z").rows("invocations"), 1)
	page := get("?page[size]=2&sort=latest_completed_at")
	assert.Equal(t, true, page.at("meta", "has_more"))
	assert.Equal(t, "2026-11-20T12:00:00Z", page.at("invocations", 0, "created_at"))
	assert.Len(t, get(fmt.Sprintf("?page[size]=2&sort=latest_completed_at&page[after]=%s", page.at("meta", "after_cursor"))).rows("invocations"), 1)
	attempts := a.get(t, path+"/"+failed.at("invocations", 0, "id").(string)+"/attempts")
	checkHookAnswer(t, http.MethodGet, path+"/x/attempts", attempts)
	assert.Equal(t, float64(500), attempts.at("attempts", 0, "response_code"))
	a.sleep(7*24*time.Hour - 2*time.Hour - time.Minute)
	assert.Len(t, get("").rows("invocations"), 2, "the log reaches back seven days")
	want(t, a.get(t, path+"/unknown/attempts"), http.StatusNotFound, "InvocationNotFound")
	want(t, a.get(t, path+"?sort=name"), http.StatusBadRequest, "BadRequest")
}
