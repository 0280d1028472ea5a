package brevosim

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"
)

const (
	contactPage    = 50
	maxContactPage = 1000
	maxContactIDs  = 20
)

func (s *Server) getContact(q *query) reply {
	c, bad := s.pathContact(q)
	if bad != nil {
		return *bad
	}
	item := s.contactItem(c)
	item["statistics"] = map[string]any{}
	return reply{http.StatusOK, item}
}

func (s *Server) contactItem(c *contact) map[string]any {
	item := map[string]any{
		"id": c.id, "attributes": c.shown(), "listIds": sortedIDs(c.lists), "listUnsubscribed": sortedIDs(c.unsubscribed),
		"emailBlacklisted": c.emailBlacklisted, "smsBlacklisted": c.smsBlacklisted,
		"createdAt": s.stamp(c.createdAt), "modifiedAt": s.stamp(c.modifiedAt),
	}
	if c.keys[keyEmail] != "" {
		item["email"] = c.keys[keyEmail]
	}
	return item
}

func (s *Server) listContacts(q *query) reply {
	values := q.URL.Query()
	keep, bad := s.contactFilter(values)
	if bad != nil {
		return *bad
	}
	return s.contactPage(values, maxContactPage, keep)
}

// contactPage answers one page of the contacts that keep accepts, newest first unless sort says asc.
func (s *Server) contactPage(values url.Values, maxLimit int, keep func(*contact) bool) reply {
	limit, offset, bad := window(values, contactPage, maxLimit)
	if bad != nil {
		return *bad
	}
	var found []*contact
	for _, id := range s.contacts.order {
		if c := s.contacts.byID[id]; keep(c) {
			found = append(found, c)
		}
	}
	if !inOrder(values, found) {
		return invalid("sort must be asc or desc")
	}
	items := make([]map[string]any, 0, limit)
	for _, c := range slice(found, limit, offset) {
		items = append(items, s.contactItem(c))
	}
	return reply{http.StatusOK, map[string]any{"contacts": items, "count": len(found)}}
}

// equalsFilter is the one filter that the vendor documents: equals(ATTRIBUTE,"value").
var equalsFilter = regexp.MustCompile(`^equals\(([A-Z][A-Z0-9_-]*),"?([^"]*)"?\)$`)

func (s *Server) contactFilter(values url.Values) (func(*contact) bool, *reply) {
	modified, bad := since(values, "modifiedSince")
	if bad != nil {
		return nil, bad
	}
	createdAfter, bad := since(values, "createdSince")
	if bad != nil {
		return nil, bad
	}
	wanted, ok1 := ids(values, "ids")
	lists, ok2 := ids(values, "listIds")
	if !ok1 || !ok2 || len(wanted) > maxContactIDs || (lists != nil && values.Has("segmentId")) {
		return nil, failure(http.StatusBadRequest, "invalid_parameter", "ids, listIds or segmentId is invalid")
	}
	filter := equalsFilter.FindStringSubmatch(values.Get("filter"))
	if filter == nil && values.Has("filter") {
		return nil, failure(http.StatusBadRequest, "invalid_parameter", "filter is invalid")
	}
	return func(c *contact) bool {
		return !before(c.modifiedAt, modified) && !before(c.createdAt, createdAfter) &&
			(wanted == nil || slices.Contains(wanted, c.id)) &&
			(lists == nil || slices.ContainsFunc(lists, func(id int64) bool { return c.lists[id] })) &&
			(filter == nil || fmt.Sprint(c.shown()[filter[1]]) == filter[2])
	}, nil
}

// before compares at the precision of the vendor's timestamps.
func before(t, limit time.Time) bool {
	return t.Truncate(time.Millisecond).Before(limit)
}
