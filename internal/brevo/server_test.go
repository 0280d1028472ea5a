package brevo_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/budget"
)

const testKey = "xkeysib-0123456789"

// vendor is a small Brevo: it gives one answer to everything and keeps what it was asked.
type vendor struct {
	*httptest.Server
	status int
	header map[string]string
	body   string

	mu    sync.Mutex
	calls []received
}

type received struct {
	method, path, query, body string
	header                    http.Header
}

func newVendor(t *testing.T, status int, body string) *vendor {
	t.Helper()
	v := &vendor{status: status, body: body}
	v.Server = httptest.NewServer(http.HandlerFunc(v.serve))
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = append(v.calls, received{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header})
	w.Header().Set("Content-Type", "application/json")
	for name, value := range v.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(v.status)
	_, _ = io.WriteString(w, v.body)
}

// only returns the one call that was made.
func (v *vendor) only(t *testing.T) received {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	require.Len(t, v.calls, 1)
	return v.calls[0]
}

func (v *vendor) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.calls)
}

func (v *vendor) client(t *testing.T, change ...func(*brevo.Config)) *brevo.Client {
	t.Helper()
	cfg := brevo.Config{BaseURL: v.URL + "/v3", Credential: brevo.APIKey(testKey)}
	for _, f := range change {
		f(&cfg)
	}
	c, err := brevo.New(cfg)
	require.NoError(t, err)
	return c
}

// ledger is a meter that refuses nothing and remembers everything.
type ledger struct {
	needs    []budget.Need
	readings []budget.Reading
}

func (l *ledger) Reserve(_ context.Context, needs ...budget.Need) error {
	l.needs = append(l.needs, needs...)
	return nil
}

// Observe keeps what headers told; silent answers tell nothing.
func (l *ledger) Observe(_ context.Context, readings ...budget.Reading) {
	for _, r := range readings {
		if !r.Silent {
			l.readings = append(l.readings, r)
		}
	}
}
