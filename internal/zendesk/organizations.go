package zendesk

import (
	"context"
	"net/http"
	"net/url"
)

const (
	routeOrganizations = "/api/v2/organizations.json"
	routeOrganization  = "/api/v2/organizations/{id}.json"
	routeMembers       = "/api/v2/organizations/{id}/users.json"
)

// ShowOrganization reads one organization.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#show-organization
func (c *Client) ShowOrganization(ctx context.Context, id int64) (Read[Organization], error) {
	return c.oneOrganization(ctx, http.MethodGet, routeOrganization, id, nil)
}

// ShowManyOrganizations reads up to 100 organizations; more is an error. Ids that do not exist are left out.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#show-many-organizations
func (c *Client) ShowManyOrganizations(ctx context.Context, ids []int64) (OrganizationPage, error) {
	query, err := manyIDs(ids)
	if err != nil || len(ids) == 0 {
		return OrganizationPage{End: true}, err
	}
	r := c.call(http.MethodGet, "/api/v2/organizations/show_many.json", "", query, nil)
	e, meta, err := c.rows(ctx, r, len(ids), "organizations")
	if err != nil {
		return OrganizationPage{}, err
	}
	return OrganizationPage{Rows: e.organizations, End: true, AskedAt: meta.SentAt, Count: e.count, Bytes: e.bytes}, nil
}

// ListOrganizations reads a page of the organizations that exist. It completes a second that fills an export page.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#list-organizations
func (c *Client) ListOrganizations(ctx context.Context, q ListQuery) (OrganizationPage, error) {
	e, page, err := c.list(ctx, routeOrganizations, routeOrganizations, "organizations", q, nil)
	if err != nil {
		return OrganizationPage{}, err
	}
	return withRows(page, e.organizations), nil
}

// OrganizationMembers reads a page of the users who belong to an organization, also those with another default one.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#list-users
func (c *Client) OrganizationMembers(ctx context.Context, id int64, q ListQuery) (UserPage, error) {
	e, page, err := c.list(ctx, routeMembers, withID(routeMembers, id), "users", q, nil)
	if err != nil {
		return UserPage{}, err
	}
	return withRows(page, e.users), nil
}

// SearchOrganizations finds organizations by their exact name, case aside; when name is empty, by external id.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#search-organizations
func (c *Client) SearchOrganizations(ctx context.Context, name, externalID string) (OrganizationPage, error) {
	query := url.Values{"name": {name}}
	if name == "" {
		query = url.Values{"external_id": {externalID}}
	}
	e, page, err := c.search(ctx, "/api/v2/organizations/search.json", "organizations", query, 1)
	if err != nil {
		return OrganizationPage{}, err
	}
	return withRows(page, e.organizations), nil
}

// OrganizationInput is what an organization is created with, or changed to: empty members are not sent.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#create-organization
type OrganizationInput struct {
	Name               string         `json:"name,omitempty"` // unique; required to create
	DomainNames        []string       `json:"domain_names,omitempty"`
	ExternalID         string         `json:"external_id,omitempty"`
	Tags               []string       `json:"tags,omitempty"`
	OrganizationFields map[string]any `json:"organization_fields,omitempty"`
}

type organizationBody struct {
	Organization OrganizationInput `json:"organization"`
}

// CreateOrganization creates an organization. A name that is taken answers 422 with Fields "name".
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#create-organization
func (c *Client) CreateOrganization(ctx context.Context, in OrganizationInput) (Read[Organization], error) {
	return c.oneOrganization(ctx, http.MethodPost, routeOrganizations, 0, organizationBody{in})
}

// UpdateOrganization changes an organization; Zendesk takes five changes a minute of one organization.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#update-organization
func (c *Client) UpdateOrganization(ctx context.Context, id int64, in OrganizationInput) (Read[Organization], error) {
	return c.oneOrganization(ctx, http.MethodPut, routeOrganization, id, organizationBody{in})
}

func (c *Client) oneOrganization(ctx context.Context, method, route string, id int64, body any) (Read[Organization], error) {
	e, meta, err := c.support(ctx, c.call(method, route, withID(route, id), nil, body), "organization")
	if err != nil {
		return Read[Organization]{}, err
	}
	return Read[Organization]{Row: e.organizations[0], AskedAt: meta.SentAt}, nil
}

// CountOrganizations counts the organizations, approximately.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/#count-organizations
func (c *Client) CountOrganizations(ctx context.Context) (Read[Count], error) {
	return c.count(ctx, "/api/v2/organizations/count.json")
}
