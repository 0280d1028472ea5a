package rest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
)

func TestARefusedRequestIsSentOnceMoreWhenItCanBeSignedAnew(t *testing.T) {
	for name, tc := range map[string]struct {
		statuses []int
		renewed  bool
		sent     []string
		ok       bool
	}{
		"renewed":                  {[]int{401, 200}, true, []string{"1", "2"}, true},
		"renewed in vain":          {[]int{401, 401, 200}, true, []string{"1", "2"}, false},
		"cannot renew":             {[]int{401, 200}, false, []string{"1"}, false},
		"403 is not about signing": {[]int{403, 200}, true, []string{"1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var sent, bodies, refused []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				bodies = append(bodies, string(body))
				sent = append(sent, r.Header.Get("Authorization"))
				w.WriteHeader(tc.statuses[len(sent)-1])
			}))
			defer server.Close()
			signature := "1"
			c := gate(t, server.URL, io.Discard, func(cfg *rest.Config) {
				cfg.Authorize = func(_ context.Context, r *http.Request) error {
					r.Header.Set("Authorization", signature)
					return nil
				}
				cfg.Refused = func(r *http.Request) bool {
					refused = append(refused, r.Header.Get("Authorization"))
					signature = "2"
					return tc.renewed
				}
			})
			_, err := c.Do(t.Context(), request(), nil)
			assert.Equal(t, tc.ok, err == nil)
			assert.Equal(t, tc.sent, sent)
			for _, body := range bodies {
				assert.JSONEq(t, `{"email":"`+person+`"}`, body)
			}
			if tc.statuses[0] == http.StatusUnauthorized {
				require.Equal(t, []string{"1"}, refused)
			}
		})
	}
}
