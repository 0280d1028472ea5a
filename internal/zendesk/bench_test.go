package zendesk_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/zendesk"
)

// BenchmarkExportTickets fetches and decodes pages of 1,000 tickets over HTTP, on the cores that the server shares.
func BenchmarkExportTickets(b *testing.B) {
	page := exportPage(b, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		_, _ = w.Write(page)
	}))
	defer server.Close()
	c, err := zendesk.New(zendesk.Config{BaseURL: server.URL, Credential: zendesk.APIToken("a@example.com", "t")})
	require.NoError(b, err)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		got, err := c.ExportTickets(b.Context(), zendesk.ExportQuery{Cursor: "before"})
		require.NoError(b, err)
		require.Len(b, got.Rows, 1000)
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
}

// BenchmarkDecodeTickets is the same without HTTP.
func BenchmarkDecodeTickets(b *testing.B) {
	page := exportPage(b, 1000)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := zendesk.DecodeTickets(page)
		require.NoError(b, err)
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
}

// BenchmarkEncodingJSON is what the general decoder takes for the same page: the reason for the scanner.
func BenchmarkEncodingJSON(b *testing.B) {
	page := exportPage(b, 1000)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		var out struct {
			Tickets []zendesk.Ticket    `json:"tickets"`
			Metrics []zendesk.MetricSet `json:"metric_sets"`
		}
		require.NoError(b, json.Unmarshal(page, &out))
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "tickets/s")
}
