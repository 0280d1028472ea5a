package brevosim

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// Event is an accepted event. ContactID is 0 when nobody fits its identifiers: the account answers 204 all the same.
type Event struct {
	Name        string
	Date        time.Time
	Identifiers map[string]any
	ContactID   int64
	Properties  map[string]any
	Contact     map[string]any // contact_properties as they came
	ObjectType  string
	ReceivedAt  time.Time
	Batch       bool // came through /events/batch
}

const (
	maxEventName       = 255
	maxEventProperties = 50 << 10
	maxBatchEvents     = 200
	maxBatchBytes      = 512 << 10
	eventPage          = 100
	maxEventPage       = 10000
	defaultEventMonths = 6
)

var eventNames = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

type eventBody struct {
	EventName         string          `json:"event_name"`
	EventDate         string          `json:"event_date"`
	Identifiers       map[string]any  `json:"identifiers"`
	ContactProperties map[string]any  `json:"contact_properties"`
	EventProperties   json.RawMessage `json:"event_properties"`
	Object            *struct {
		Type string `json:"type"`
	} `json:"object"`
}

func (s *Server) eventRoutes() {
	s.handle("POST /events", s.createEvent)
	s.handle("POST /events/batch", s.createEvents)
	s.handle("GET /events", s.listEvents)
}

func (s *Server) createEvent(q *query) reply {
	var body eventBody
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	e, err := s.eventOf(&body, q.now)
	if err != nil {
		return invalid(err.Error())
	}
	s.record(e)
	return noContent
}

// eventOf checks one event. Identifiers carry the suffix _id: an event identified by "email" alone has none.
func (s *Server) eventOf(b *eventBody, now time.Time) (*Event, error) {
	e := &Event{Name: b.EventName, Date: now, Identifiers: b.Identifiers, Contact: b.ContactProperties, ReceivedAt: now}
	if b.EventName == "" || len(b.EventName) > maxEventName || !eventNames.MatchString(b.EventName) {
		return nil, errors.New("event_name must be 1 to 255 alphanumeric characters, hyphens or underscores")
	}
	if b.EventDate != "" {
		t, err := time.Parse(time.RFC3339, b.EventDate)
		if err != nil {
			return nil, errors.New("event_date is invalid")
		}
		e.Date = t
	}
	if len(b.EventProperties) > maxEventProperties {
		return nil, errors.New("event_properties exceed 50 KB")
	}
	if len(b.EventProperties) > 0 {
		if err := json.Unmarshal(b.EventProperties, &e.Properties); err != nil {
			return nil, errors.New("event_properties must be an object")
		}
	}
	for name := range e.Properties {
		if len(name) > maxEventName || !eventNames.MatchString(name) {
			return nil, errors.New("event_properties hold an invalid name")
		}
	}
	if b.Object != nil {
		e.ObjectType = b.Object.Type
	}
	c, named := s.identified(b.Identifiers)
	if !named {
		return nil, errors.New("identifiers must hold at least one of contact_id, email_id, ext_id, phone_id, whatsapp_id, landline_number_id")
	}
	if c != nil {
		e.ContactID = c.id
	}
	return e, nil
}

// identified finds the person of an event; contact_id wins over every other identifier.
func (s *Server) identified(identifiers map[string]any) (c *contact, named bool) {
	if n, ok := identifiers["contact_id"].(json.Number); ok {
		id, err := n.Int64()
		return s.contacts.byID[id], err == nil
	}
	for _, name := range []string{"email_id", "ext_id", "phone_id", "whatsapp_id", "landline_number_id"} {
		text, _ := identifiers[name].(string)
		if text == "" {
			continue
		}
		named = true
		value, _ := normalKey(identifierIDs[name], text)
		if c = s.contacts.find(identifierIDs[name], value); c != nil {
			return c, true
		}
	}
	return nil, named
}

// record stores an event and updates the contact's attributes by contact_properties, as far as they exist and fit.
func (s *Server) record(e *Event) {
	s.events = append(s.events, e)
	c := s.contacts.byID[e.ContactID]
	if c == nil || len(e.Contact) == 0 {
		return
	}
	p := &patch{values: map[string]any{}}
	for name, value := range e.Contact {
		if !identityAttributes[name] && name != "EMAIL" {
			s.setValue(p, name, value, (*Attribute).accept)
		}
	}
	s.apply(c, p, e.ReceivedAt)
}

// createEvents takes {"events": [...]}; the bare array of older clients is refused since 2026-04-21.
func (s *Server) createEvents(q *query) reply {
	if len(q.body) > maxBatchBytes {
		return batchFailure(http.StatusBadRequest, 0, nil, "payload exceeds 512 KB")
	}
	var body struct {
		Events []json.RawMessage `json:"events"`
	}
	if err := json.Unmarshal(q.body, &body); err != nil {
		return batchFailure(http.StatusBadRequest, 0, nil, "events must be an array inside an object")
	}
	if len(body.Events) == 0 || len(body.Events) > maxBatchEvents {
		return batchFailure(http.StatusBadRequest, len(body.Events), nil, "events must hold 1 to 200 events")
	}
	failures := map[string][]int{}
	var accepted []*Event
	for i, raw := range body.Events {
		var item eventBody
		sub := &query{body: raw}
		if bad := sub.decode(&item); bad != nil {
			failures["event is malformed"] = append(failures["event is malformed"], i)
			continue
		}
		e, err := s.eventOf(&item, q.now)
		if err != nil {
			failures[err.Error()] = append(failures[err.Error()], i)
			continue
		}
		e.Batch = true
		accepted = append(accepted, e)
	}
	for _, e := range accepted {
		s.record(e)
	}
	switch {
	case len(accepted) == 0:
		return batchFailure(http.StatusBadRequest, len(body.Events), failures, "")
	case len(failures) > 0:
		return batchFailure(http.StatusMultiStatus, len(body.Events), failures, "")
	}
	return reply{http.StatusAccepted, map[string]any{"message": "Events queued", "count": len(accepted)}}
}

func batchFailure(status, total int, failures map[string][]int, whole string) reply {
	list := []map[string]any{}
	failed := 0
	for message, indexes := range failures {
		failed += len(indexes)
		list = append(list, map[string]any{"eventIndex": indexes, "message": message})
	}
	if whole != "" {
		failed, list = total, []map[string]any{{"eventIndex": []int{}, "message": whole}}
	}
	state := map[bool]string{true: "partial_success", false: "failed"}[status == http.StatusMultiStatus]
	return reply{status, map[string]any{
		"status": state, "total_events": total, "successful_events": total - failed, "failed_events": failed, "errors": list,
	}}
}

// listEvents shows the events of known contacts, newest first, once EventLag has passed.
func (s *Server) listEvents(q *query) reply {
	values := q.URL.Query()
	limit, offset, bad := window(values, eventPage, maxEventPage)
	if bad != nil || limit == 0 {
		return invalid("limit must be 1 to 10000")
	}
	keep, bad := s.eventFilter(values, q.now)
	if bad != nil {
		return *bad
	}
	var found []*Event
	for _, e := range s.events {
		if keep(e) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b *Event) int { return b.Date.Compare(a.Date) })
	items := []map[string]any{}
	for _, e := range slice(found, limit, offset) {
		item := map[string]any{"contact_id": e.ContactID, "event_name": e.Name, "event_date": s.stamp(e.Date)}
		if e.Properties != nil && !s.opts.BareEvents {
			item["event_properties"] = e.Properties
		}
		if e.Contact != nil {
			item["contact_properties"] = e.Contact
		}
		if e.ObjectType != "" {
			item["object_type"] = e.ObjectType
		}
		items = append(items, item)
	}
	return reply{http.StatusOK, map[string]any{"events": items, "count": len(found)}}
}

func (s *Server) eventFilter(values url.Values, now time.Time) (func(*Event) bool, *reply) {
	contacts, ok := ids(values, "contact_id")
	from, bad1 := moment(values, "startDate", now.AddDate(0, -defaultEventMonths, 0), false)
	until, bad2 := moment(values, "endDate", now.AddDate(100, 0, 0), true)
	if !ok || bad1 != nil || bad2 != nil || values.Has("startDate") != values.Has("endDate") {
		return nil, failure(http.StatusBadRequest, "invalid_parameter", "contact_id, startDate or endDate is invalid")
	}
	visible := now.Add(-s.clock.Shorten(s.opts.EventLag))
	return func(e *Event) bool {
		return e.ContactID != 0 && !e.ReceivedAt.After(visible) && !e.Date.Before(from) && !e.Date.After(until) &&
			(contacts == nil || slices.Contains(contacts, e.ContactID)) &&
			(!values.Has("event_name") || slices.Contains(values["event_name"], e.Name)) &&
			(!values.Has("object_type") || slices.Contains(values["object_type"], e.ObjectType))
	}, nil
}

// moment reads a time, or a day; a day as the end of a range counts whole.
func moment(values url.Values, name string, fallback time.Time, endOfDay bool) (time.Time, error) {
	text := values.Get(name)
	if text == "" {
		return fallback, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if endOfDay {
		t = t.AddDate(0, 0, 1).Add(-time.Nanosecond)
	}
	return t, err
}
