package brevosim_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"
)

// document lies beside the repository, never in it.
const document = "../../../../shared/contracts/brevo-oas.yaml"

// contract loads the vendor's OpenAPI document once. Without it, router is nil and answers go unchecked.
var contract = sync.OnceValues(func() (routers.Router, error) {
	path, err := filepath.Abs(document)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		fmt.Fprintln(os.Stderr, "answers are not checked against the published schema: no brevo-oas.yaml beside the repository")
		return nil, nil
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	return gorillamux.NewRouter(doc)
})

func TestAnswersAreCheckedAgainstThePublishedSchema(t *testing.T) {
	router, err := contract()
	require.NoError(t, err)
	if router == nil {
		t.Skip("no brevo-oas.yaml beside the repository")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.brevo.com/v3/contacts", http.NoBody)
	require.NoError(t, err)
	resp := &http.Response{StatusCode: http.StatusCreated, Header: http.Header{"Content-Type": {"application/json"}}}
	require.NoError(t, validate(t, router, req, resp, []byte(`{"id": 1}`)))
	require.Error(t, validate(t, router, req, resp, []byte(`{"id": "1"}`)), "a wrong answer must be noticed")
}

// checkAnswer fails the test when an answer does not fit the document. Statuses that the document does not list for a
// route (401, 402, 403, 429 mostly) are not in its power.
func checkAnswer(t *testing.T, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	router, err := contract()
	require.NoError(t, err)
	if router == nil || !strings.HasPrefix(req.URL.Path, "/v3/") {
		return
	}
	published := req.Clone(t.Context())
	published.URL.Scheme, published.URL.Host, published.Host = "https", "api.brevo.com", "api.brevo.com"
	if err := validate(t, router, published, resp, body); err != nil {
		t.Errorf("%s %s answers %d in a way that the published schema does not allow: %v", req.Method, req.URL.Path, resp.StatusCode, err)
	}
}

func validate(t *testing.T, router routers.Router, req *http.Request, resp *http.Response, body []byte) error {
	t.Helper()
	route, params, err := router.FindRoute(req)
	if err != nil {
		if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed {
			return nil // neither knows the route
		}
		return fmt.Errorf("route %s %s is not published: %w", req.Method, req.URL.Path, err)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
	}
	return openapi3filter.ValidateResponse(t.Context(), input.SetBodyBytes(body))
}
