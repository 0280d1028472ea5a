package brevo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"zendesk-brevo/internal/rest"
)

// Bounds of the Events API: https://developers.brevo.com/docs/event-endpoints.
const (
	MaxBatchEvents     = 200
	MaxBatchBytes      = 512_000
	MaxEventProperties = 50_000 // bytes of event_properties
	MaxEventPage       = 10_000
)

// Event is a custom event of a contact. Brevo has no idempotency key: an event sent twice counts twice.
type Event struct {
	Name              string         `json:"event_name"` // 1 to 255 of letters, digits, _ and -
	Date              time.Time      `json:"event_date,omitzero"`
	Identifiers       EventContact   `json:"identifiers"`
	ContactProperties map[string]any `json:"contact_properties,omitempty"` // written to the contact's attributes
	Properties        map[string]any `json:"event_properties,omitempty"`
}

// EventContact names the contact of an event; at least one field is needed and ContactID wins over the others.
// Whether Brevo makes an unknown contact, drops the event or refuses it is not documented: create the contact first.
type EventContact struct {
	ContactID int64  `json:"contact_id,omitempty"`
	EmailID   string `json:"email_id,omitempty"`
	ExtID     string `json:"ext_id,omitempty"`
	PhoneID   string `json:"phone_id,omitempty"`
}

var eventName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

func (e Event) encode() ([]byte, error) {
	if !eventName.MatchString(e.Name) {
		return nil, errors.New("an event name has 1 to 255 letters, digits, underscores or hyphens")
	}
	if e.Identifiers == (EventContact{}) {
		return nil, errors.New("an event needs at least one identifier of its contact")
	}
	properties, err := encodeJSON(e.Properties)
	if err != nil {
		return nil, err
	}
	if len(properties) > MaxEventProperties {
		return nil, fmt.Errorf("event properties take %d bytes, at most %d are allowed", len(properties), MaxEventProperties)
	}
	return encodeJSON(e)
}

// CreateEvent sends one event. Success says that Brevo took it, not that a contact was found for it.
// https://developers.brevo.com/reference/create-event
func (c *Client) CreateEvent(ctx context.Context, e Event) error {
	body, err := e.encode()
	if err != nil {
		return fmt.Errorf("create event: %w", err)
	}
	_, err = c.do(ctx, call{
		method: http.MethodPost, route: "/events", body: &rest.Upload{ContentType: "application/json", Data: body}, bucket: BucketEvents,
	}, nil)
	return err
}

// BatchResult says what became of a batch. Only the events in Failed were not queued.
type BatchResult struct {
	Accepted int
	Failed   []FailedEvent
}

// FailedEvent is an event that a batch refused. Message is the vendor's text and may hold personal data.
type FailedEvent struct {
	Index   int // in the slice given to CreateEvents
	Message string
}

// CreateEvents queues 1 to MaxBatchEvents events of together at most MaxBatchBytes. When all fail the answer is a 400 and
// the error's Detail has the reasons. https://developers.brevo.com/reference/create-batch-events
func (c *Client) CreateEvents(ctx context.Context, events []Event) (BatchResult, error) {
	var result BatchResult
	body, err := encodeBatch(events)
	if err != nil {
		return result, fmt.Errorf("create events: %w", err)
	}
	var out struct {
		Errors []struct {
			Indexes eventIndexes `json:"eventIndex"`
			Message string       `json:"message"`
		} `json:"errors"`
	}
	if _, err := c.do(ctx, call{
		method: http.MethodPost, route: "/events/batch", body: &rest.Upload{ContentType: "application/json", Data: body}, bucket: BucketEventsBatch,
	}, &out); err != nil {
		return result, err
	}
	failed := make(map[int]bool)
	for _, e := range out.Errors {
		for _, i := range e.Indexes {
			if i >= 0 && i < len(events) && !failed[i] {
				failed[i] = true
				result.Failed = append(result.Failed, FailedEvent{Index: i, Message: e.Message})
			}
		}
	}
	result.Accepted = len(events) - len(failed)
	return result, nil
}

// eventIndexes takes the documented array and a bare number.
type eventIndexes []int

func (x *eventIndexes) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		return json.Unmarshal(data, (*[]int)(x))
	}
	var i int
	if err := json.Unmarshal(data, &i); err != nil {
		return err
	}
	*x = eventIndexes{i}
	return nil
}

// encodeBatch wraps the array: the bare one is refused since 2026-04-21.
func encodeBatch(events []Event) ([]byte, error) {
	if len(events) < 1 || len(events) > MaxBatchEvents {
		return nil, fmt.Errorf("a batch has 1 to %d events, found %d", MaxBatchEvents, len(events))
	}
	var b bytes.Buffer
	b.WriteString(`{"events":[`)
	for i, e := range events {
		data, err := e.encode()
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(data)
	}
	b.WriteString("]}")
	if b.Len() > MaxBatchBytes {
		return nil, fmt.Errorf("a batch has at most %d bytes, found %d", MaxBatchBytes, b.Len())
	}
	return b.Bytes(), nil
}

// EventQuery selects stored events; zero fields are not sent. Start and End go together; without them Brevo gives the
// last six months.
type EventQuery struct {
	ContactIDs []int64
	Names      []string
	Start, End time.Time
	Limit      int // at most MaxEventPage; Brevo's default is 100
	Offset     int
}

// StoredEvent is an event as Brevo gives it back. It has no id.
type StoredEvent struct {
	ContactID  int64
	Name       string
	Date       time.Time // zero where Brevo gave it in an unknown form
	Properties map[string]any
}

// UnmarshalJSON reads a row of GET /events.
func (e *StoredEvent) UnmarshalJSON(data []byte) error {
	var b struct {
		ContactID  wholeNumber `json:"contact_id"`
		Name       string      `json:"event_name"`
		Date       stamp       `json:"event_date"`
		Properties attributes  `json:"event_properties"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	*e = StoredEvent{ContactID: int64(b.ContactID), Name: b.Name, Date: time.Time(b.Date), Properties: b.Properties}
	return nil
}

// EventPage is one page, newest first, and the number of events that match in all.
type EventPage struct {
	Events []StoredEvent
	Count  int64
}

// ListEvents reads one page of custom events: https://developers.brevo.com/reference/get-events.
func (c *Client) ListEvents(ctx context.Context, q EventQuery) (EventPage, error) {
	if q.Limit < 0 || q.Limit > MaxEventPage || q.Offset < 0 {
		return EventPage{}, fmt.Errorf("list events: limit must be at most %d and offset not negative, found %d and %d", MaxEventPage, q.Limit, q.Offset)
	}
	if q.Start.IsZero() != q.End.IsZero() {
		return EventPage{}, errors.New("list events: start and end go together")
	}
	v := page(q.Limit, q.Offset, "")
	for _, id := range q.ContactIDs {
		v.Add("contact_id", strconv.FormatInt(id, 10))
	}
	for _, name := range q.Names {
		v.Add("event_name", name)
	}
	setRange(v, q.Start, q.End)
	got := rows[StoredEvent]{key: "events", offset: q.Offset}
	_, err := c.do(ctx, call{method: http.MethodGet, route: "/events", query: v, bucket: BucketOther}, &got)
	return EventPage{Events: got.items, Count: got.count}, err
}

func setRange(v url.Values, start, end time.Time) {
	if !start.IsZero() {
		v.Set("startDate", start.UTC().Format(time.RFC3339))
		v.Set("endDate", end.UTC().Format(time.RFC3339))
	}
}
