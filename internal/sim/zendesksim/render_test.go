package zendesksim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// nowhere is a ResponseWriter that counts and drops.
type nowhere struct {
	header http.Header
	status int
	n      int64
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(status int)      { w.status = status }
func (w *nowhere) Write(b []byte) (int, error) { w.n += int64(len(b)); return len(b), nil }

// BenchmarkTicketPages measures what the simulator can feed a client: rendered tickets a second, metrics included.
func BenchmarkTicketPages(b *testing.B) {
	s := zendesksim.New(zendesksim.Options{Account: seed.New(seed.Size{Users: 2000, Tickets: 20_000, Organizations: 200}, 1), Plan: zendesksim.Unlimited})
	get := func(path string) *nowhere {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.SetBasicAuth("x", "y")
		email, token := s.Credentials()
		r.SetBasicAuth(email+"/token", token)
		w := &nowhere{header: http.Header{}}
		s.ServeHTTP(w, r)
		require.Equal(b, http.StatusOK, w.status)
		return w
	}
	get("/api/v2/incremental/tickets/cursor.json?start_time=0&per_page=1") // sorts
	b.ReportAllocs()
	b.ResetTimer()
	var bytes int64
	for b.Loop() {
		bytes += get("/api/v2/incremental/tickets/cursor.json?start_time=0&include=metric_sets").n
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "tickets/s")
	b.ReportMetric(float64(bytes)/float64(b.N)/1000, "bytes/ticket")
	_ = io.Discard
}
