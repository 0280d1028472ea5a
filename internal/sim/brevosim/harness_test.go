package brevosim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
)

// hand is a clock that moves when a test says so.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) Advance(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// account is a running simulated account. Every answer that it gives to a test is checked against the published schema.
type account struct {
	*brevosim.Server
	t     *testing.T
	url   string
	clock *hand
}

// open starts an account without limits, unless opts name a plan, on a clock that stands still.
func open(t *testing.T, opts brevosim.Options) *account {
	t.Helper()
	a := &account{t: t, clock: &hand{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}}
	if opts.Clock == nil {
		opts.Clock = sim.NewClock(a.clock.Now, 1)
	}
	if opts.Plan == "" {
		opts.Plan = brevosim.Unlimited
	}
	a.Server = brevosim.New(opts)
	srv, err := a.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = srv.Close() })
	a.url = srv.URL
	return a
}

type answer struct {
	Status int
	Header http.Header
	Raw    []byte
}

// object is the body as a JSON object; nil when there is none.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal(a.Raw, &out), "body %q", a.Raw)
	return out
}

func (a answer) id(t *testing.T) int64 {
	t.Helper()
	return int64(a.object(t)["id"].(float64))
}

// call sends a JSON body (nil: none; a string: as it is) to a path under /v3 with the right key.
func (a *account) call(method, path string, body any) answer {
	a.t.Helper()
	return a.send(method, path, body, http.Header{"Api-Key": {brevosim.DefaultAPIKey}})
}

func (a *account) send(method, path string, body any, header http.Header) answer {
	a.t.Helper()
	var reader io.Reader = http.NoBody
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		require.NoError(a.t, err)
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+"/v3"+path, reader)
	require.NoError(a.t, err)
	req.Header = header.Clone()
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return a.do(req)
}

func (a *account) do(req *http.Request) answer {
	a.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(a.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	require.NotEmpty(a.t, resp.Header.Get("sib-request-id"))
	checkAnswer(a.t, req, resp, raw)
	return answer{resp.StatusCode, resp.Header, raw}
}

// must is call for steps that are only the way to what a test is about.
func (a *account) must(status int, method, path string, body any) answer {
	a.t.Helper()
	got := a.call(method, path, body)
	require.Equal(a.t, status, got.Status, "%s %s: %s", method, path, got.Raw)
	return got
}

func (a *account) contact(email string) brevosim.Contact {
	a.t.Helper()
	c, ok := a.ContactByEmail(email)
	require.True(a.t, ok, "no contact %s", email)
	return c
}

// obj keeps the tables of request bodies short.
type obj = map[string]any
