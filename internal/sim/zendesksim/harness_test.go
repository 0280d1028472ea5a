package zendesksim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// account is a running simulated account whose clock stands still until it is told.
type account struct {
	*zendesksim.Server
	url string

	mu  sync.Mutex
	now time.Time
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, size seed.Size, opts zendesksim.Options) *account {
	t.Helper()
	a := &account{now: noon}
	opts.Account = seed.New(size, 1)
	speed := max(opts.Speed, 1)
	opts.Clock = sim.NewClock(a.time, speed)
	if opts.Plan == "" {
		opts.Plan = zendesksim.Unlimited
	}
	a.Server = zendesksim.New(opts)
	s, err := a.Start()
	require.NoError(t, err)
	a.url = s.URL
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return a
}

func (a *account) time() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

func (a *account) sleep(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = a.now.Add(d)
}

// reply is an answer; JSON is nil when the body is none.
type reply struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

// at returns the value at a path of keys (string) and indices (int).
func (r reply) at(path ...any) any {
	var v any = r.json
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			l, _ := v.([]any)
			if key >= len(l) {
				return nil
			}
			v = l[key]
		}
	}
	return v
}

func (r reply) rows(name string) []any { l, _ := r.json[name].([]any); return l }

// ids are the ids of the rows under name.
func (r reply) ids(name string) []int64 {
	var out []int64
	for _, row := range r.rows(name) {
		out = append(out, int64(row.(map[string]any)["id"].(float64)))
	}
	return out
}

type signIn func(*http.Request)

// direct shows redirects as they are.
var direct = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (a *account) owner(r *http.Request) {
	email, token := a.Credentials()
	r.SetBasicAuth(email+"/token", token)
}

func stranger(*http.Request) {}

func bearer(token string) signIn {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// as makes a request; address is a path, or an absolute address such as next_page.
func (a *account) as(t *testing.T, who signIn, method, address, body string) reply {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = a.url + address
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	who(req)
	resp, err := direct.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	checkAnswer(t, req, resp, raw)
	r := reply{status: resp.StatusCode, header: resp.Header, text: string(raw)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		require.NoError(t, json.Unmarshal(raw, &r.json), r.text)
	}
	return r
}

// get makes a request as the owner.
func (a *account) get(t *testing.T, address string) reply {
	t.Helper()
	return a.as(t, a.owner, http.MethodGet, address, "")
}

// write makes a request as the owner.
func (a *account) write(t *testing.T, method, address, body string) reply {
	t.Helper()
	return a.as(t, a.owner, method, address, body)
}

// want asserts the status and the code of the error envelope, whichever it is.
func want(t *testing.T, r reply, status int, code string) {
	t.Helper()
	assert.Equal(t, status, r.status, r.text)
	got, _ := r.json["error"].(string)
	if e, ok := r.at("errors", 0, "code").(string); ok {
		got = e
	}
	assert.Equal(t, code, got, r.text)
}

// drain follows a cursor export to its end and returns the ids in order, and the pages.
func (a *account) drain(t *testing.T, name, first string) (ids []int64, pages []reply) {
	t.Helper()
	address := first
	for range 500 {
		r := a.get(t, address)
		require.Equal(t, http.StatusOK, r.status, r.text)
		ids = append(ids, r.ids(name)...)
		pages = append(pages, r)
		if r.json["end_of_stream"] == true {
			return ids, pages
		}
		next, _ := r.json["after_url"].(string)
		if next == "" {
			next = r.json["next_page"].(string)
		}
		require.NotEqual(t, address, next, "the export does not get on")
		address = next
	}
	t.Fatal("the export has no end")
	return nil, nil
}
