package zendesk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/zendesk"
)

// contracts are the vendor's OpenAPI documents, which lie beside the repository and not in it.
const contracts = "../../../shared/contracts"

// document loads one of them, once for all tests. The Support document takes seconds to load.
var (
	support  = sync.OnceValues(func() (routers.Router, error) { return document("zendesk-oas.yaml", "/") })
	webhooks = sync.OnceValues(func() (routers.Router, error) { return document("zendesk-webhooks-oas.yaml", "/api/v2") })
)

func document(name, server string) (routers.Router, error) {
	data, err := os.ReadFile(filepath.Join(contracts, name))
	if err != nil {
		return nil, err
	}
	// YAML 1.1 gives a bare "=" a meaning that strict loaders refuse.
	data = bytes.ReplaceAll(data, []byte(": =\n"), []byte(": \"=\"\n"))
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	doc.Servers = openapi3.Servers{{URL: server}}
	return gorillamux.NewRouter(doc)
}

// apiCall is one call the client can make. Operation is the document's name for it; empty: in none of the documents,
// and answer is what Zendesk's pages show instead.
type apiCall struct {
	operation string
	answer    string
	do        func(ctx context.Context, c *zendesk.Client) error
}

func ignore[T any](_ T, err error) error { return err }

func reads() []apiCall {
	since := zendesk.ExportQuery{StartTime: time.Unix(1700000000, 0), PageSize: 500}
	list := zendesk.ListQuery{PageSize: 50}
	ids := []int64{1, 2}
	return []apiCall{
		{operation: "IncrementalTicketExportCursor", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ExportTickets(ctx, since)) }},
		{operation: "IncrementalUserExportCursor", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ExportUsers(ctx, since)) }},
		{operation: "IncrementalOrganizationExport", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ExportOrganizations(ctx, since.StartTime, 100))
		}},
		{operation: "ShowTicket", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowTicket(ctx, 1)) }},
		{operation: "TicketsShowMany", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowManyTickets(ctx, ids)) }},
		{operation: "ListTickets", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ListTickets(ctx, list)) }},
		{
			// The example answer tells no external id, as if the list did not go by it.
			operation: "ListTickets", do: func(ctx context.Context, c *zendesk.Client) error {
				_, there, err := c.TicketByExternalID(ctx, "order-7")
				if there || errors.Is(err, zendesk.ErrInconclusive) {
					return nil
				}
				return err
			},
		},
		{operation: "ListTicketComments", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.HasComment(ctx, 1, "note 7"))
		}},
		{operation: "ListSearchResults", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.SearchTickets(ctx, zendesk.SearchQuery{Query: "status:open"}))
		}},
		{operation: "CountTickets", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.CountTickets(ctx)) }},
		{operation: "ShowCurrentUser", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.Me(ctx)) }},
		{operation: "ShowUser", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowUser(ctx, 1)) }},
		{operation: "ShowManyUsers", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowManyUsers(ctx, ids)) }},
		{operation: "ListUsers", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ListUsers(ctx, list)) }},
		{operation: "SearchUsers", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.SearchUsers(ctx, zendesk.SearchQuery{Query: "jdoe"}))
		}},
		{operation: "CountUsers", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.CountUsers(ctx, "end-user")) }},
		{operation: "CountDeletedUsers", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.CountDeletedUsers(ctx)) }},
		{operation: "CountSearchResults", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.CountSearch(ctx, "type:ticket status<solved"))
		}},
		{operation: "ListTickets", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.NewestTicket(ctx)) }},
		{answer: `{"articles":[]}`, do: func(ctx context.Context, c *zendesk.Client) error { return c.HelpCenterThere(ctx) }},
		{answer: `{"events":[]}`, do: func(ctx context.Context, c *zendesk.Client) error { return c.UserEventsThere(ctx, 1) }},
		{operation: "ShowOrganization", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowOrganization(ctx, 1)) }},
		{operation: "ShowManyOrganizations", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ShowManyOrganizations(ctx, ids))
		}},
		{operation: "ListOrganizations", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ListOrganizations(ctx, list)) }},
		{operation: "SearchOrganizations", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.SearchOrganizations(ctx, "Acme", ""))
		}},
		{operation: "CountOrganizations", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.CountOrganizations(ctx)) }},
		{operation: "ListSatisfactionRatings", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ListSatisfactionRatings(ctx, zendesk.RatingQuery{Score: "received", StartTime: since.StartTime}))
		}},
		{operation: "ShowSatisfactionRating", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ShowSatisfactionRating(ctx, 1))
		}},
		{operation: "ListTicketFields", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ListTicketFields(ctx)) }},
		{operation: "ListUserFields", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ListUserFields(ctx)) }},
		{operation: "ListOrganizationFields", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ListOrganizationFields(ctx)) }},
		{operation: "listWebhooks", answer: `{"webhooks":[]}`, do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ListWebhooks(ctx, 1)) }},
		{answer: `{"users":[]}`, do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.OrganizationMembers(ctx, 1, list)) }},
		{answer: `{"survey_responses":[]}`, do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ListSurveyResponses(ctx, zendesk.SurveyQuery{CreatedStart: since.StartTime}))
		}},
	}
}

func writes() []apiCall {
	public := false
	// No custom_fields: the document mistakes a field's value in a ticket for the field's definition.
	ticket := zendesk.TicketInput{
		Subject: "A question", Comment: &zendesk.CommentInput{Body: "Hello", Public: &public}, RequesterID: 7, Priority: "urgent",
		Status: "open", Type: "incident", Tags: []string{"a"},
	}
	user := zendesk.UserInput{Name: "Ada", Email: "ada@example.com", Tags: []string{"a"}, UserFields: map[string]any{"tier": "gold"}}
	organization := zendesk.OrganizationInput{Name: "Acme", DomainNames: []string{"acme.example"}, Tags: []string{"a"}}
	tags := []string{"vip"}
	return []apiCall{
		{operation: "CreateTicket", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.CreateTicket(ctx, ticket)) }},
		{operation: "UpdateTicket", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.UpdateTicket(ctx, 1, ticket)) }},
		{operation: "PutTagsTicket", do: func(ctx context.Context, c *zendesk.Client) error { return c.AddTicketTags(ctx, 1, tags) }},
		{operation: "DeleteTagsTicket", do: func(ctx context.Context, c *zendesk.Client) error { return c.RemoveTicketTags(ctx, 1, tags) }},
		{answer: `{"tags":["vip","gold"]}`, do: func(ctx context.Context, c *zendesk.Client) error { return c.AddUserTags(ctx, 1, tags) }},
		{answer: `{"tags":[]}`, do: func(ctx context.Context, c *zendesk.Client) error { return c.RemoveUserTags(ctx, 1, tags) }},
		{operation: "CreateUser", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.CreateUser(ctx, user)) }},
		{operation: "UpdateUser", do: func(ctx context.Context, c *zendesk.Client) error { return ignore(c.UpdateUser(ctx, 1, user)) }},
		{operation: "CreateOrganization", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.CreateOrganization(ctx, organization))
		}},
		{operation: "UpdateOrganization", do: func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.UpdateOrganization(ctx, 1, organization))
		}},
	}
}

// TestContract sends every request of the client to the documents, and every published answer to the client.
func TestContract(t *testing.T) {
	if _, err := os.Stat(contracts); err != nil {
		t.Skipf("the OpenAPI documents are not beside the repository (%s): requests and answers are not compared with them", contracts)
	}
	for _, call := range append(reads(), writes()...) {
		name := call.operation
		if name == "" {
			name = "undocumented " + call.answer
		}
		t.Run(name, func(t *testing.T) {
			server := &documented{t: t, call: call}
			web := httptest.NewServer(server)
			defer web.Close()
			c, err := zendesk.New(zendesk.Config{BaseURL: web.URL, Credential: zendesk.APIToken("a@example.com", "t")})
			require.NoError(t, err)
			require.NoError(t, call.do(t.Context(), c))
			for server.next < server.examples {
				require.NoError(t, call.do(t.Context(), c))
			}
			assert.Positive(t, server.served)
		})
	}
}

// documented answers a request with the published examples of its operation, in turn, after checking the request.
type documented struct {
	t                      *testing.T
	call                   apiCall
	next, examples, served int
}

func (d *documented) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	d.served++
	if d.call.operation == "" {
		_, _ = w.Write([]byte(d.call.answer))
		return
	}
	// Zendesk takes its Support paths with and without the suffix; the document has them without.
	r.URL.Path = strings.TrimSuffix(r.URL.Path, ".json")
	load := support
	if strings.HasPrefix(r.URL.Path, "/api/v2/webhooks") {
		load = webhooks
	}
	router, err := load()
	if !assert.NoError(d.t, err) {
		return
	}
	route, params, err := router.FindRoute(r)
	if !assert.NoError(d.t, err) {
		return
	}
	assert.Equal(d.t, d.call.operation, route.Operation.OperationID)
	assert.NoError(d.t, openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}))
	bodies := published(d.t, route.Operation)
	if d.call.answer != "" {
		bodies = append(bodies, []byte(d.call.answer))
	}
	d.examples = len(bodies)
	if len(bodies) == 0 && route.Operation.Responses.Value("204") != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if assert.NotEmpty(d.t, bodies, "the document has no example answer") {
		_, _ = w.Write(bodies[d.next%len(bodies)])
	}
	d.next++
}

// published lists the example answers of an operation's successes.
func published(t *testing.T, op *openapi3.Operation) (bodies [][]byte) {
	t.Helper()
	for status, response := range op.Responses.Map() {
		if !strings.HasPrefix(status, "2") || response.Value == nil {
			continue
		}
		for _, media := range response.Value.Content {
			for _, example := range media.Examples {
				body, err := json.Marshal(example.Value.Value)
				require.NoError(t, err)
				bodies = append(bodies, body)
			}
			if media.Example != nil {
				body, err := json.Marshal(media.Example)
				require.NoError(t, err)
				bodies = append(bodies, body)
			}
		}
	}
	return bodies
}
