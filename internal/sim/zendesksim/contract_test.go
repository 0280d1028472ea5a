package zendesksim_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/zendesksim"
)

// document lies beside the repository, never in it.
const document = "../../../../shared/contracts/zendesk-oas.yaml"

// nulls are the properties that the service sends as null although the document does not say so: what a ticket lacks is
// null in every recorded answer.
var nulls = map[string][]string{
	"TicketObject": {
		"external_id", "type", "subject", "raw_subject", "priority", "recipient", "assignee_id", "organization_id", "group_id",
		"forum_topic_id", "problem_id", "satisfaction_rating",
	},
	"SatisfactionRatingObject": {"comment", "reason", "reason_id", "reason_code", "assignee_id", "group_id"},
	"UserForAdmin":             {"email", "default_group_id", "last_login_at", "custom_role_id"},
	"UserForEndUser":           {"email", "default_group_id"},
}

// contract loads the vendor's OpenAPI document once. Without it the router is nil and answers go unchecked.
var contract = sync.OnceValues(func() (routers.Router, error) {
	data, err := os.ReadFile(document)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "answers are not checked against the published schema: no zendesk-oas.yaml beside the repository")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// YAML 1.1 gives a bare "=" a meaning that strict loaders refuse.
	data = bytes.ReplaceAll(data, []byte(": =\n"), []byte(": \"=\"\n"))
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("load zendesk-oas.yaml: %w", err)
	}
	relax(doc)
	doc.Servers = openapi3.Servers{{URL: "/"}}
	return gorillamux.NewRouter(doc)
})

// relax corrects the document where recorded answers differ from it.
func relax(doc *openapi3.T) {
	schema := func(name string) openapi3.Schemas { return doc.Components.Schemas[name].Value.Properties }
	for name, properties := range nulls {
		for _, p := range properties {
			if s := schema(name)[p]; s != nil {
				s.Value.Nullable = true
				if len(s.Value.Enum) > 0 {
					s.Value.Enum = append(s.Value.Enum, nil)
				}
			}
		}
	}
	// Exports show deleted tickets; values of multi-selects are lists, of checkboxes booleans, of the rest often null.
	status := schema("TicketObject")["status"].Value
	status.Enum = append(status.Enum, "deleted")
	value := schema("TicketObject")["custom_fields"].Value.Items.Value.Properties["value"].Value
	value.Type, value.Nullable = nil, true
	fields := schema("OrganizationObject")["organization_fields"].Value
	fields.AdditionalProperties.Schema = nil
	// Its own description says that refreshed_at may be null.
	schema("CountResponse")["count"].Value.Properties["refreshed_at"].Value.Nullable = true
	// Client libraries in use read a single rating as an object, the document has a list of one.
	rating := schema("SatisfactionRatingResponse")
	rating["satisfaction_rating"] = openapi3.NewSchemaRef("", &openapi3.Schema{AnyOf: openapi3.SchemaRefs{
		rating["satisfaction_rating"], doc.Components.Schemas["SatisfactionRatingObject"],
	}})
}

// checkAnswer fails the test when a good answer does not fit the document. It has almost no errors, and none of the
// routes of Guide, Help Center and webhooks.
func checkAnswer(t *testing.T, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	router, err := contract()
	require.NoError(t, err)
	path := req.URL.Path
	if router == nil || resp.StatusCode > 299 || !strings.HasPrefix(path, "/api/v2/") || bytes.Contains(body, []byte("Anonymous user")) {
		return
	}
	for _, other := range []string{"/api/v2/guide/", "/api/v2/help_center/", "/api/v2/webhooks"} {
		if strings.HasPrefix(path, other) {
			return
		}
	}
	if strings.HasPrefix(path, "/api/v2/users/") && strings.HasSuffix(strings.TrimSuffix(path, ".json"), "/tags") {
		return // the vendor's page on tags has it, the document has those of tickets only
	}
	if strings.HasPrefix(path, "/api/v2/users/") && strings.HasSuffix(path, "/events") {
		return // the vendor's page on the Events API has it, the document has not
	}
	if strings.HasPrefix(path, "/api/v2/organizations/") && strings.HasSuffix(strings.TrimSuffix(path, ".json"), "/users") {
		return // the vendor's page on users has it, the document has not
	}
	if err := validate(t, router, req, resp, body); err != nil {
		t.Errorf("%s %s answers %d in a way that the published schema does not allow: %.600v", req.Method, path, resp.StatusCode, err)
	}
}

func validate(t *testing.T, router routers.Router, req *http.Request, resp *http.Response, body []byte) error {
	t.Helper()
	published := req.Clone(t.Context())
	published.URL.Path = strings.TrimSuffix(published.URL.Path, ".json")
	route, params, err := router.FindRoute(published)
	if err != nil {
		return fmt.Errorf("route %s %s is not published: %w", published.Method, published.URL.Path, err)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: published, PathParams: params, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header,
	}
	return openapi3filter.ValidateResponse(t.Context(), input.SetBodyBytes(body))
}

func TestAnswersAreCheckedAgainstThePublishedSchema(t *testing.T) {
	router, err := contract()
	require.NoError(t, err)
	if router == nil {
		t.Skip("no zendesk-oas.yaml beside the repository")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/v2/users/count.json", http.NoBody)
	require.NoError(t, err)
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}
	require.NoError(t, validate(t, router, req, resp, []byte(`{"count":{"value":1,"refreshed_at":"x"}}`)))
	require.Error(t, validate(t, router, req, resp, []byte(`{"count":{"value":"many"}}`)), "a wrong answer must be noticed")
}

func TestEveryReadFitsThePublishedSchema(t *testing.T) {
	a := open(t, small, zendesksim.Options{RatingAsList: true})
	rating := a.get(t, "/api/v2/satisfaction_ratings.json").ids("satisfaction_ratings")[0]
	owner := a.Account().Owner().ID
	organization := a.get(t, "/api/v2/organizations.json").ids("organizations")[0]
	for _, path := range []string{
		ticketExport + "&include=metric_sets,users", userExport, orgExport,
		"/api/v2/incremental/tickets.json?start_time=0", "/api/v2/incremental/users.json?start_time=0",
		"/api/v2/tickets.json?page[size]=100", "/api/v2/tickets.json", "/api/v2/tickets/count.json", "/api/v2/tickets/show_many.json?ids=2,3,4",
		"/api/v2/tickets/2.json", "/api/v2/tickets/2/comments.json", "/api/v2/tickets/2/comments.json?page[size]=1", "/api/v2/tickets.json?external_id=x",
		"/api/v2/ticket_fields.json", "/api/v2/custom_statuses.json",
		"/api/v2/satisfaction_ratings.json?page[size]=50", "/api/v2/satisfaction_ratings/count.json",
		fmt.Sprintf("/api/v2/satisfaction_ratings/%d.json", rating),
		"/api/v2/users/me.json", "/api/v2/users.json", "/api/v2/users.json?page[size]=100", "/api/v2/users/count.json",
		"/api/v2/users/count.json?role[]=agent&role[]=admin", "/api/v2/deleted_users/count.json",
		"/api/v2/users/search.json?query=example", fmt.Sprintf("/api/v2/users/show_many.json?ids=%d", owner),
		fmt.Sprintf("/api/v2/users/%d.json", owner), fmt.Sprintf("/api/v2/users/%d/identities.json", owner), "/api/v2/user_fields.json",
		"/api/v2/organizations.json", "/api/v2/organizations/count.json", fmt.Sprintf("/api/v2/organizations/show_many.json?ids=%d", organization),
		fmt.Sprintf("/api/v2/organizations/%d.json", organization), fmt.Sprintf("/api/v2/organizations/%d/users.json", organization),
		"/api/v2/organization_fields.json", "/api/v2/search.json?query=type:ticket", "/api/v2/search/count.json?query=example",
		"/api/v2/account/settings.json",
	} {
		assert.Equal(t, http.StatusOK, a.get(t, path).status, path)
	}
}
