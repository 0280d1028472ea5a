package zendesk_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/zendesk"
)

// vendor is a Zendesk that answers from a table of paths and remembers what it was asked.
type vendor struct {
	mu      sync.Mutex
	answers map[string]answer // by path, and by path?query where a query matters
	asked   []*http.Request
	url     string
}

type answer struct {
	status int // 0: 200
	header map[string]string
	body   string // "{host}" stands for the server's own address
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.asked = append(v.asked, r.Clone(context.Background()))
	a, ok := v.answers[r.URL.Path+"?"+r.URL.RawQuery]
	if !ok {
		a, ok = v.answers[r.URL.Path]
	}
	v.mu.Unlock()
	if !ok {
		http.Error(w, "unexpected "+r.URL.Path, http.StatusTeapot)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write([]byte(strings.ReplaceAll(a.body, "{host}", v.url)))
}

func (v *vendor) queries() []url.Values {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []url.Values
	for _, r := range v.asked {
		out = append(out, r.URL.Query())
	}
	return out
}

// noon is when every test happens.
var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// connect starts a vendor and a client of it.
func connect(t *testing.T, answers map[string]answer, change ...func(*zendesk.Config)) (*zendesk.Client, *vendor) {
	t.Helper()
	v := &vendor{answers: answers}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	v.url = server.URL
	cfg := zendesk.Config{
		BaseURL: server.URL, Credential: zendesk.APIToken("admin@example.com", "s3cret"), Now: func() time.Time { return noon },
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := zendesk.New(cfg)
	require.NoError(t, err)
	return c, v
}

// meter records what it is asked and told.
type meter struct {
	mu       sync.Mutex
	needs    [][]budget.Need
	readings [][]budget.Reading
	refuse   error
}

func (m *meter) Reserve(_ context.Context, needs ...budget.Need) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.needs = append(m.needs, needs)
	return m.refuse
}

func (m *meter) Observe(_ context.Context, readings ...budget.Reading) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.readings = append(m.readings, readings)
}
