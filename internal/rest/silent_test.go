package rest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

// told keeps what the gate tells a meter.
type told struct{ readings []budget.Reading }

func (m *told) Reserve(context.Context, ...budget.Need) error { return nil }

func (m *told) Observe(_ context.Context, readings ...budget.Reading) {
	m.readings = append(m.readings, readings...)
}

func TestTheMeterLearnsThatACallToldNothing(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"a gateway answered": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"nobody answered":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			meter := &told{}
			c := gate(t, server.URL, io.Discard, func(cfg *rest.Config) { cfg.Meter, cfg.Readings = meter, nil })
			r := request()
			r.Needs = []budget.Need{{Bucket: "one"}, {Bucket: "two"}}
			_, err := c.Do(t.Context(), r, nil)
			assert.Error(t, err)
			assert.Equal(t, []budget.Reading{{Bucket: "one", Silent: true}, {Bucket: "two", Silent: true}}, meter.readings)
		})
	}
}
