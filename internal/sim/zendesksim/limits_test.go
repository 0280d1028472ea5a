package zendesksim_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/zendesksim"
)

func TestAccountLimitsByPlan(t *testing.T) {
	for plan, limit := range map[zendesksim.Plan]string{
		zendesksim.Team: "200", zendesksim.Professional: "400", zendesksim.Enterprise: "700", zendesksim.EnterprisePlus: "2500",
		zendesksim.HighVolume: "2500",
	} {
		a := open(t, small, zendesksim.Options{Plan: plan})
		h := a.get(t, "/api/v2/users/count").header
		assert.Equal(t, limit, h.Get("X-Rate-Limit"), plan)
		assert.Equal(t, limit, h.Get("ratelimit-limit"))
		assert.Equal(t, h.Get("X-Rate-Limit-Remaining"), h.Get("ratelimit-remaining"))
		assert.Equal(t, "60", h.Get("ratelimit-reset"))
		h = a.get(t, "/api/v2/users/me.json").header
		assert.Equal(t, limit, h.Get("X-Rate-Limit"))
		assert.Empty(t, h.Get("ratelimit-reset"), "only some answers tell it")
		h = a.get(t, "/api/v2/help_center/articles.json").header
		assert.Equal(t, limit, h.Get("X-Rate-Limit"))
		var left, all int
		_, err := fmt.Sscan(h.Get("X-Rate-Limit-Remaining")+" "+limit, &left, &all)
		require.NoError(t, err)
		assert.Equal(t, all-1, left, "Help Center has a bucket of its own")
		assert.Empty(t, h.Get("ratelimit-limit"))
	}
}

func TestExportsShareOneBucket(t *testing.T) {
	a := open(t, small, zendesksim.Options{Plan: zendesksim.Professional})
	paths := []string{"tickets/cursor.json?start_time=0", "users/cursor.json?start_time=0", "organizations.json?start_time=0"}
	for i := range 10 {
		r := a.get(t, "/api/v2/incremental/"+paths[i%3])
		require.Equal(t, http.StatusOK, r.status)
		assert.Equal(t, fmt.Sprintf("total=10; remaining=%d; resets=60", 9-i), r.header.Get("Zendesk-RateLimit-Incremental-Exports"))
	}
	a.sleep(18 * time.Second)
	r := a.get(t, "/api/v2/incremental/"+paths[0])
	want(t, r, 429, "APIRateLimitExceeded")
	assert.Equal(t, "Number of allowed incremental export API requests per minute exceeded", r.json["description"])
	assert.Equal(t, "42", r.header.Get("Retry-After"))
	assert.Equal(t, "total=10; remaining=0; resets=42", r.header.Get("Zendesk-RateLimit-Incremental-Exports"))

	r = a.get(t, "/api/v2/incremental/"+paths[1])
	assert.Equal(t, 429, r.status)
	assert.Contains(t, r.header.Get("Content-Type"), "text/plain", "the two bodies take turns")
	assert.Equal(t, 2, a.Refusals())
	assert.Equal(t, 200, a.get(t, "/api/v2/users/count").status, "other routes go on")

	a.sleep(42 * time.Second)
	assert.Equal(t, 200, a.get(t, "/api/v2/incremental/"+paths[0]).status)
}

func TestWindowsRunFasterAndOthersSpend(t *testing.T) {
	a := open(t, small, zendesksim.Options{Plan: zendesksim.HighVolume, Speed: 20})
	a.SpendExports(29)
	r := a.get(t, "/api/v2/incremental/users/cursor.json?start_time=0")
	assert.Equal(t, "total=30; remaining=0; resets=3", r.header.Get("zendesk-ratelimit-incremental-exports"))
	a.sleep(500 * time.Millisecond)
	r = a.get(t, "/api/v2/incremental/users/cursor.json?start_time=0")
	assert.Equal(t, 429, r.status)
	assert.Equal(t, "3", r.header.Get("Retry-After"), "2.5 s, rounded up")
	a.SpendRequests(2500)
	r = a.get(t, "/api/v2/users/me")
	assert.Equal(t, 429, r.status)
	assert.Equal(t, "0", r.header.Get("X-Rate-Limit-Remaining"))
	a.sleep(3 * time.Second)
	assert.Equal(t, 200, a.get(t, "/api/v2/users/me").status)
}

func TestUnlimitedSaysSoInHeaders(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	for range 50 {
		r := a.get(t, "/api/v2/incremental/users/cursor.json?start_time=0&per_page=1")
		require.Equal(t, 200, r.status)
		assert.Contains(t, r.header.Get("zendesk-ratelimit-incremental-exports"), "total=10000000")
	}
}

func TestWriteLimits(t *testing.T) {
	a := open(t, small, zendesksim.Options{Plan: zendesksim.Enterprise})
	id := a.Account().UsersOf("ordinary")[0]
	path := fmt.Sprintf("/api/v2/users/%d.json", id)
	assert.Equal(t, 200, a.write(t, http.MethodPut, path, `{"user":{"tags":["x"]}}`).status)
	r := a.write(t, http.MethodPut, path, `{"user":{"tags":["x"]}}`)
	assert.Equal(t, 429, r.status, "one user update a second")
	assert.Equal(t, "1", r.header.Get("Retry-After"))
	for range 4 {
		a.sleep(time.Second)
		assert.Equal(t, 200, a.write(t, http.MethodPut, path, `{"user":{"tags":["x"]}}`).status)
	}
	a.sleep(time.Second)
	r = a.write(t, http.MethodPut, path, `{"user":{"tags":["x"]}}`)
	assert.Equal(t, 429, r.status, "five a minute for one user")

	ticket := a.CreateTicket(newTicket(id))
	for range 30 {
		require.Equal(t, 200, a.write(t, http.MethodPut, fmt.Sprintf("/api/v2/tickets/%d", ticket), `{"ticket":{"priority":"low"}}`).status)
	}
	r = a.write(t, http.MethodPut, fmt.Sprintf("/api/v2/tickets/%d", ticket), `{"ticket":{"priority":"low"}}`)
	assert.Equal(t, 429, r.status, "thirty in ten minutes for one ticket")
	assert.Equal(t, "600", r.header.Get("Retry-After"))
}
