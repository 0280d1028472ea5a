package sim_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
)

const answer = `{"rows":[1,2,3]}`

type bench struct {
	url    string
	log    *sim.Log
	faults *sim.Faults
	served *atomic.Int64
}

// open serves a handler that counts its calls behind the middleware.
func open(t *testing.T) bench {
	t.Helper()
	var served atomic.Int64
	log, faults := sim.NewLog(0, 0), &sim.Faults{}
	s, err := sim.Serve(sim.Middleware(log, faults, sim.NewClock(nil, 1), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		sim.SetRoute(r, "/rows/{id}")
		w.Header().Set("X-Request-Id", "r1")
		_, _ = io.WriteString(w, answer)
	})))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return bench{s.URL, log, faults, &served}
}

// get returns the status and what arrived of the body; err tells of a connection that ended early.
func (b bench) get(t *testing.T, path string) (status int, body string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, strings.NewReader("hello"))
	require.NoError(t, err)
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw), err
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		name   string
		fault  sim.Fault
		status int // 0: no answer
		body   string
		cut    bool // the body ends before its Content-Length
		served int64
	}{
		{"status", sim.Fault{Status: 502, Body: "<html>", ContentType: "text/html"}, 502, "<html>", false, 0},
		{"status", sim.Fault{Status: 200, Body: "{}", Processed: true}, 200, "{}", false, 1},
		{"drop before", sim.Fault{DropBefore: true}, 0, "", false, 0},
		{"drop after", sim.Fault{DropAfter: true}, 0, "", false, 1},
		{"cut", sim.Fault{CutAfter: 5}, 200, answer[:5], true, 1},
		{"cut at once", sim.Fault{CutAfter: -1}, 200, "", true, 1},
		{"truncate", sim.Fault{Truncate: 5}, 200, answer[:5], false, 1},
		{"delay", sim.Fault{Delay: 1}, 200, answer, false, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := open(t)
			b.faults.Add(tc.fault)
			status, body, err := b.get(t, "/rows/1")
			assert.Equal(t, tc.status, status)
			assert.Equal(t, tc.body, body)
			switch {
			case tc.cut:
				assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			case tc.status == 0:
				assert.Error(t, err)
			default:
				assert.NoError(t, err)
			}
			assert.Equal(t, tc.served, b.served.Load())
			assert.Equal(t, strings.TrimSuffix(tc.name, " at once"), b.log.Calls()[0].Fault)

			status, body, err = b.get(t, "/rows/1")
			require.NoError(t, err, "the fault was for one call")
			assert.Equal(t, 200, status)
			assert.Equal(t, answer, body)
			assert.Equal(t, 1, b.faults.Fired())
		})
	}
}

func TestFaultsSkipAndMatch(t *testing.T) {
	b := open(t)
	b.faults.Add(
		sim.Fault{Path: "/a", Skip: 1, Times: 2, Status: 500},
		sim.Fault{Method: http.MethodGet, Status: 501, Times: sim.Forever},
		sim.Fault{Path: "/rows/*/users", Status: 502, Times: sim.Forever},
		sim.Fault{Path: "/exact$", Status: 503, Times: sim.Forever},
		sim.Fault{Path: "/query", Query: "page=2", Status: 504, Times: sim.Forever},
	)
	var got []int
	for _, path := range []string{"/a", "/a/b", "/a", "/a", "/rows/7/users", "/rows/7/users/8", "/exact", "/exact/1", "/query?page=1", "/query?page=2"} {
		status, _, err := b.get(t, path)
		require.NoError(t, err)
		got = append(got, status)
	}
	assert.Equal(t, []int{200, 500, 500, 200, 502, 200, 503, 200, 200, 504}, got)
	b.faults.Clear()
	status, _, err := b.get(t, "/exact")
	require.NoError(t, err)
	assert.Equal(t, 200, status)
}

func TestLog(t *testing.T) {
	b := open(t)
	_, _, err := b.get(t, "/rows/1?x=2")
	require.NoError(t, err)
	b.faults.Add(sim.Fault{DropBefore: true})
	_, _, err = b.get(t, "/rows/2")
	require.Error(t, err)

	calls := b.log.Calls()
	require.Len(t, calls, 2)
	first := calls[0]
	assert.Equal(t, 1, first.Seq)
	assert.Equal(t, "/rows/{id}", first.Route)
	assert.Equal(t, "/rows/1", first.Path)
	assert.Equal(t, "x=2", first.RawQuery)
	assert.Equal(t, "hello", string(first.Body))
	assert.Equal(t, 200, first.Status)
	assert.Equal(t, "r1", first.RequestID)
	assert.Zero(t, calls[1].Status, "no answer was sent")
	assert.Equal(t, 1, b.log.Count(http.MethodPost, "/rows/{id}"))
	assert.Equal(t, 2, b.log.Count("", "/rows/"))
	assert.Zero(t, b.log.Count(http.MethodGet, "/rows/"))
	b.log.Reset()
	assert.Empty(t, b.log.Calls())
}

func TestServerReportsATakenPort(t *testing.T) {
	b := open(t)
	_, err := sim.ServeOn(strings.TrimPrefix(b.url, "http://"), http.NotFoundHandler())
	require.Error(t, err)
	assert.Contains(t, err.Error(), "listen on 127.0.0.1:")
}
