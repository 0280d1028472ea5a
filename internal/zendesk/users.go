package zendesk

import (
	"context"
	"net/http"
	"net/url"

	"zendesk-brevo/internal/rest"
)

const (
	routeUsers = "/api/v2/users.json"
	routeUser  = "/api/v2/users/{id}.json"
)

// Me reads the user that the credential stands for. Zendesk answers 200 to a credential it does not know, with an
// anonymous user or with none; Me turns that into the 401 that every other call would give.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
func (c *Client) Me(ctx context.Context) (Read[User], error) {
	r := c.call(http.MethodGet, "/api/v2/users/me.json", "", nil, nil)
	e := &envelope{stranger: true}
	meta, err := c.gate.Stream(ctx, r, e.read)
	if err != nil {
		return Read[User]{}, err
	}
	if _, told := e.seen["user"]; !told {
		return Read[User]{}, missing(r, meta, "user")
	}
	if len(e.users) == 0 || e.users[0].ID == 0 {
		return Read[User]{}, &rest.Error{
			Vendor: "zendesk", Method: r.Method, Route: r.Route, Status: http.StatusUnauthorized, Code: "AnonymousUser",
			RequestID: meta.RequestID,
		}
	}
	date, _ := http.ParseTime(meta.Header.Get("Date"))
	return Read[User]{Row: e.users[0], AskedAt: meta.SentAt, Date: date}, nil
}

// ShowUser reads one user. A deleted user is still there, with Active false, until deleted for good.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#show-user
func (c *Client) ShowUser(ctx context.Context, id int64) (Read[User], error) {
	return c.oneUser(ctx, http.MethodGet, routeUser, id, nil)
}

// ShowManyUsers reads up to 100 users; more is an error. Ids that do not exist are left out.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#show-many-users
func (c *Client) ShowManyUsers(ctx context.Context, ids []int64) (UserPage, error) {
	query, err := manyIDs(ids)
	if err != nil || len(ids) == 0 {
		return UserPage{End: true}, err
	}
	e, meta, err := c.rows(ctx, c.call(http.MethodGet, "/api/v2/users/show_many.json", "", query, nil), len(ids), "users")
	if err != nil {
		return UserPage{}, err
	}
	return UserPage{Rows: e.users, End: true, AskedAt: meta.SentAt, Count: e.count, Bytes: e.bytes}, nil
}

// ListUsers reads a page of the users.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#list-users
func (c *Client) ListUsers(ctx context.Context, q ListQuery) (UserPage, error) {
	e, page, err := c.list(ctx, routeUsers, routeUsers, "users", q, nil)
	if err != nil {
		return UserPage{}, err
	}
	return withRows(page, e.users), nil
}

// SearchUsers reads a page of users that match by name, e-mail address, phone or notes.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#search-users
func (c *Client) SearchUsers(ctx context.Context, q SearchQuery) (UserPage, error) {
	e, page, err := c.search(ctx, "/api/v2/users/search.json", "users", q.values(""), q.Page)
	if err != nil {
		return UserPage{}, err
	}
	return withRows(page, e.users), nil
}

// UserInput is what a user is created with, or changed to: empty members are not sent. On an update Email adds a
// secondary address and leaves the primary one.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#create-user
type UserInput struct {
	Name            string         `json:"name,omitempty"`
	Email           string         `json:"email,omitempty"`
	Phone           string         `json:"phone,omitempty"`
	Role            string         `json:"role,omitempty"`
	ExternalID      string         `json:"external_id,omitempty"`
	OrganizationID  int64          `json:"organization_id,omitempty"`
	Tags            []string       `json:"tags,omitempty"`
	UserFields      map[string]any `json:"user_fields,omitempty"`
	SkipVerifyEmail bool           `json:"skip_verify_email,omitempty"` // true sends the person no welcome mail
}

type userBody struct {
	User UserInput `json:"user"`
}

// CreateUser creates a user. An address that is taken answers 422 with Fields "email".
// https://developer.zendesk.com/api-reference/ticketing/users/users/#create-user
func (c *Client) CreateUser(ctx context.Context, in UserInput) (Read[User], error) {
	return c.oneUser(ctx, http.MethodPost, routeUsers, 0, userBody{in})
}

// UpdateUser changes a user; Zendesk takes five changes a minute of one user.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#update-user
func (c *Client) UpdateUser(ctx context.Context, id int64, in UserInput) (Read[User], error) {
	return c.oneUser(ctx, http.MethodPut, routeUser, id, userBody{in})
}

func (c *Client) oneUser(ctx context.Context, method, route string, id int64, body any) (Read[User], error) {
	e, meta, err := c.support(ctx, c.call(method, route, withID(route, id), nil, body), "user")
	if err != nil {
		return Read[User]{}, err
	}
	return Read[User]{Row: e.users[0], AskedAt: meta.SentAt}, nil
}

// CountUsers counts the users, approximately. Role narrows it ("end-user"); empty: all.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#count-users
func (c *Client) CountUsers(ctx context.Context, roles ...string) (Read[Count], error) {
	var query url.Values
	switch {
	case len(roles) == 1:
		query = url.Values{"role": roles}
	case len(roles) > 1:
		query = url.Values{"role[]": roles}
	}
	return c.countWhere(ctx, "/api/v2/users/count.json", query)
}
