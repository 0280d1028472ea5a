package brevo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
)

// documentPath is Brevo's own OpenAPI document; it lies beside the repository and is not part of it.
var documentPath = filepath.Join("..", "..", "..", "shared", "contracts", "brevo-oas.yaml")

// document is loaded once for the whole test binary: it has a megabyte.
var document = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(documentPath)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return nil, err
	}
	for _, route := range []string{"/contacts/lists/{listId}/contacts/add", "/contacts/lists/{listId}/contacts/remove"} {
		// None of the alternatives requires its property, so every body matches all of them and oneOf accepts none.
		body := doc.Paths.Value(route).Post.RequestBody.Value.Content["application/json"].Schema.Value
		body.AnyOf, body.OneOf = body.OneOf, nil
	}
	return gorillamux.NewRouter(doc)
})

func router(t *testing.T) routers.Router {
	t.Helper()
	if _, err := os.Stat(documentPath); errors.Is(err, os.ErrNotExist) {
		t.Skipf("contract not checked: %s is absent", documentPath)
	}
	r, err := document()
	require.NoError(t, err)
	return r
}

// operation finds what the document says of a request that the client made.
func operation(t *testing.T, r routers.Router, sent received) (*http.Request, *routers.Route, map[string]string) {
	t.Helper()
	target := "https://api.brevo.com" + sent.path
	if sent.query != "" {
		target += "?" + sent.query
	}
	req, err := http.NewRequestWithContext(t.Context(), sent.method, target, strings.NewReader(sent.body))
	require.NoError(t, err)
	req.Header = sent.header
	route, params, err := r.FindRoute(req)
	require.NoError(t, err, "%s %s is not in the document", sent.method, sent.path)
	return req, route, params
}

func TestContractRequests(t *testing.T) {
	r := router(t)
	covered := map[string]bool{}
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			v := newVendor(t, e.status, e.answer)
			_, err := e.call(t.Context(), v.client(t))
			require.NoError(t, err)
			req, route, params := operation(t, r, v.only(t))
			covered[route.Method+" "+route.Path] = true

			assert.NotNil(t, route.Operation.Responses.Value(strconv.Itoa(e.status)), "status %d is documented", e.status)
			assertDeclared(t, req, route, v.only(t).body)
			require.NoError(t, openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{
				Request: req, PathParams: params, Route: route,
				Options: &openapi3filter.Options{MultiError: true, AuthenticationFunc: signed},
			}))
		})
	}
	calls := 0
	for m := range reflect.TypeFor[*brevo.Client]().Methods() {
		if m.Name != "FetchRejects" { // a file outside the API
			calls++
		}
	}
	assert.Len(t, covered, calls, "every method of the client is one operation and is tested")
	assert.NotContains(t, covered, "POST /contacts/batch", "retired")
}

// signed accepts what the client signs with.
func signed(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	scheme := in.SecurityScheme
	if scheme.Type == "apiKey" && in.RequestValidationInput.Request.Header.Get(scheme.Name) == testKey {
		return nil
	}
	return errors.New("not signed")
}

// assertDeclared refuses names that the document does not know: Brevo ignores them in silence, and so does validation.
func assertDeclared(t *testing.T, req *http.Request, route *routers.Route, body string) {
	t.Helper()
	for name := range req.URL.Query() {
		assert.NotNil(t, route.Operation.Parameters.GetByInAndName("query", name), "query parameter %s", name)
	}
	if !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
		return
	}
	var sent map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(body), &sent))
	schema := route.Operation.RequestBody.Value.Content["application/json"].Schema.Value
	for name := range sent {
		assert.True(t, declares(schema, name), "body property %s", name)
	}
}

func declares(s *openapi3.Schema, name string) bool {
	if _, ok := s.Properties[name]; ok {
		return true
	}
	for _, group := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, part := range group {
			if declares(part.Value, name) {
				return true
			}
		}
	}
	return false
}

// A published answer is one example of the document, or the examples of a schema's properties put together.
type published struct {
	name   string
	status int
	body   any
}

func answersOf(op *openapi3.Operation) []published {
	var out []published
	for code, ref := range op.Responses.Map() {
		status, err := strconv.Atoi(code)
		media := ref.Value.Content.Get("application/json")
		if err != nil {
			continue
		}
		if media == nil {
			out = append(out, published{fmt.Sprintf("%d, empty", status), status, nil})
			continue
		}
		for name, example := range media.Examples {
			out = append(out, published{fmt.Sprintf("%d, %s", status, name), status, example.Value.Value})
		}
		if media.Schema != nil {
			out = append(out, published{fmt.Sprintf("%d, by its schema", status), status, sample(media.Schema.Value)})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// sample builds a value of a schema from its examples.
func sample(s *openapi3.Schema) any {
	switch {
	case s.Example != nil && (!s.Type.Is("array") || reflect.TypeOf(s.Example).Kind() == reflect.Slice):
		return s.Example
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.OneOf) > 0:
		return sample(s.OneOf[0].Value)
	case s.Type.Is("array"):
		return []any{sample(s.Items.Value)}
	case s.Type.Is("string") && s.Format == "date-time":
		return "2026-03-01T07:30:00Z"
	case s.Type.Is("string"):
		return "text"
	case s.Type.Is("integer"), s.Type.Is("number"):
		return 1
	case s.Type.Is("boolean"):
		return true
	}
	out := map[string]any{}
	for name, p := range s.Properties {
		out[name] = sample(p.Value)
	}
	for _, part := range s.AllOf {
		if inner, ok := sample(part.Value).(map[string]any); ok {
			for name, v := range inner {
				out[name] = v
			}
		}
	}
	return out
}

func TestContractAnswers(t *testing.T) {
	r := router(t)
	seen := map[string]bool{}
	examples := 0
	for _, e := range endpoints() {
		v := newVendor(t, e.status, e.answer)
		_, err := e.call(t.Context(), v.client(t))
		require.NoError(t, err)
		_, route, _ := operation(t, r, v.only(t))
		key := route.Method + " " + route.Path
		if seen[key] {
			continue
		}
		seen[key] = true
		for _, answer := range answersOf(route.Operation) {
			examples++
			t.Run(route.Method+" "+route.Path+" "+answer.name, func(t *testing.T) {
				body := []byte{}
				if answer.body != nil {
					body, err = json.Marshal(answer.body)
					require.NoError(t, err)
				}
				v := newVendor(t, answer.status, string(body))
				got, err := e.call(t.Context(), v.client(t))
				if answer.status > 299 {
					assertProblem(t, err, answer, body)
					return
				}
				require.NoError(t, err)
				if answer.body != nil && e.want != nil {
					assert.False(t, got == nil || reflect.ValueOf(got).IsZero(), "%s was decoded into nothing", body)
				}
			})
		}
	}
	assert.Greater(t, examples, 80, "published answers")
}

func assertProblem(t *testing.T, err error, answer published, body []byte) {
	t.Helper()
	var failure *rest.Error
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, answer.status, failure.Status)
	if bytes.Contains(body, []byte(`"message"`)) {
		assert.NotEmpty(t, failure.Detail)
	}
	if bytes.Contains(body, []byte("duplicate_identifiers")) {
		fields, ok := brevo.IsDuplicate(err)
		assert.Equal(t, answer.status == http.StatusBadRequest, ok)
		assert.Equal(t, answer.status == http.StatusBadRequest, len(fields) > 0)
	}
}
