package zendesk

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode"
)

const (
	routeTicketTags = "/api/v2/tickets/{id}/tags.json"
	routeUserTags   = "/api/v2/users/{id}/tags.json"
)

type tagsBody struct {
	Tags []string `json:"tags"`
}

// AddTicketTags adds tags to a ticket and leaves its others. A tag that is there already stays, so a repeated call changes
// nothing more. Two writers at the same moment may lose one of the tags to each other. A closed ticket answers 422.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/#add-tags
func (c *Client) AddTicketTags(ctx context.Context, id int64, tags []string) error {
	return c.changeTags(ctx, http.MethodPut, routeTicketTags, id, tags)
}

// RemoveTicketTags takes tags off a ticket. A tag that is not there is no error, so a repeated call changes nothing more.
// A closed ticket answers 422. https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/#remove-tags
func (c *Client) RemoveTicketTags(ctx context.Context, id int64, tags []string) error {
	return c.changeTags(ctx, http.MethodDelete, routeTicketTags, id, tags)
}

// AddUserTags adds tags to a user and leaves the others; a repeated call changes nothing more. The account must have user
// tagging switched on. New tickets of the user inherit the tags.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/#add-tags
func (c *Client) AddUserTags(ctx context.Context, id int64, tags []string) error {
	return c.changeTags(ctx, http.MethodPut, routeUserTags, id, tags)
}

// RemoveUserTags takes tags off a user; a repeated call changes nothing more.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/#remove-tags
func (c *Client) RemoveUserTags(ctx context.Context, id int64, tags []string) error {
	return c.changeTags(ctx, http.MethodDelete, routeUserTags, id, tags)
}

// changeTags sends no request for no tags. The answer, which lists what is there now, or is empty, is not looked at: the
// vendor's document and its pages differ on it.
func (c *Client) changeTags(ctx context.Context, method, route string, id int64, tags []string) error {
	if len(tags) == 0 {
		return nil
	}
	for _, tag := range tags {
		if tag == "" || strings.ContainsFunc(tag, unicode.IsSpace) {
			return errors.New("zendesk tags: a tag is one word, for white space would make several of it")
		}
	}
	_, err := c.gate.Do(ctx, c.call(method, route, withID(route, id), nil, tagsBody{tags}), nil)
	return err
}
