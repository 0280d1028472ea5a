package zendesk

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is one thing that happened in Zendesk, as a webhook tells it. It carries ids, enums and times only: no name, address
// or text. What it says may be old by the time it arrives; it is a reason to read the record again.
type Event struct {
	ID   string // to recognise a repetition by; empty for a trigger's body, which has none
	Type string // without "zen:event-type:": "ticket.status_changed"; or one of TriggerTypes
	Kind EventKind
	// TicketID, UserID, OrganizationID and ArticleID are 0 where the event names none. The one of Kind is always there.
	// UserID of a ticket event is the requester, of an article event who did it.
	TicketID, UserID, OrganizationID, ArticleID int64
	// MergedWithID is the other user of a user.merged. Zendesk documents no order: the one that is inactive now lost.
	MergedWithID int64
	OccurredAt   time.Time // zero when the event does not say
	AccountID    int64     // 0 when the event does not say
	// Status is the ticket's status when the event was sent, in lower case as in the REST API.
	Status string
	// Previous and Current are set for changes of a status, priority, type, role, or an active or suspended flag; Current
	// alone for the score of a csat_received. In lower case.
	Previous, Current string
	// Sequence is shared by the events of one action; Position, from 1, promises no order of arrival.
	Sequence string
	Position int64
	Trigger  bool // the body is a trigger's
}

// TriggerTypes are the types that the body of a trigger may have.
var TriggerTypes = []string{
	"ticket.created", "ticket.updated", "ticket.solved", "ticket.reopened", "user.created", "user.updated", "user.merged",
	"satisfaction_rating.created", "satisfaction_rating.bad", "satisfaction_rating.good",
}

// MaxEventBody bounds a webhook request's body, in bytes. Zendesk's own limit on a trigger's body is 16,000 characters; an
// event may carry a description or comment of 64 KiB twice over.
const MaxEventBody = 1 << 20

// ErrMalformedEvent is the sentinel of every error of ParseEvent.
var ErrMalformedEvent = errors.New("parse webhook event: malformed")

func malformed(why string) error { return fmt.Errorf("%w: %s", ErrMalformedEvent, why) }

// ParseEvent reads the body of a webhook request, of either family: the envelope of an event subscription, or the body
// of a trigger, {"type":"ticket.solved","ticket_id":141,"user_id":7} with ids as numbers or strings. An event of a type
// that is not known is ignored, not an error. Errors are ErrMalformedEvent and hold nothing of the body.
// https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/
func ParseEvent(body []byte) (Event, error) {
	if len(body) > MaxEventBody {
		return Event{}, malformed("larger than 1 MiB")
	}
	s := &scanner{b: body}
	m := members(s)
	s.end()
	if s.err != nil {
		return Event{}, malformed(s.err.Error())
	}
	kind := textOf(m["type"])
	if strings.HasPrefix(kind, eventPrefix) || strings.HasPrefix(kind, eventPrefixSlash) {
		return parseEnvelope(m, bareType(kind))
	}
	return parseTrigger(m, kind)
}

// members returns the raw values of an object's members; nil unless an object comes next.
func members(s *scanner) map[string][]byte {
	out := map[string][]byte{}
	if s.peek() != '{' {
		s.fail("expected an object")
		return nil
	}
	s.object(func(key []byte) {
		s.peek()
		from := s.i
		s.skip()
		if s.err == nil {
			out[string(key)] = s.b[from:s.i]
		}
	})
	return out
}

// inside returns the members of a raw object, none if it is no object.
func inside(raw []byte) map[string][]byte {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return members(&scanner{b: raw})
}

// textOf is a raw string's text; empty if it is no string.
func textOf(raw []byte) string {
	if len(raw) == 0 || raw[0] != '"' {
		return ""
	}
	return (&scanner{b: raw}).str()
}

// idOf reads an id, a number or a string; "", "0", null, an absent and a negative one (Zendesk's system user is -1) are
// none. ok is false for anything else.
func idOf(raw []byte) (id int64, ok bool) {
	text := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		text = strings.TrimSpace(textOf(raw))
	}
	if text == "" || text == "null" {
		return 0, true
	}
	n, ok := wholeNumber([]byte(text))
	return max(n, 0), ok
}

// enumOf reads an enum or a flag, in lower case; anything that could be a sentence is dropped.
func enumOf(raw []byte) string {
	text := textOf(raw)
	if text == "" && (string(raw) == "true" || string(raw) == "false") {
		text = string(raw)
	}
	const longest = 32
	if len(text) > longest {
		return ""
	}
	for i := range len(text) {
		c := text[i] | 0x20 // lower case
		if (c < 'a' || c > 'z') && text[i] != '_' && text[i] != '-' {
			return ""
		}
	}
	return strings.ToLower(text)
}

// parseEnvelope reads the envelope of an event subscription.
func parseEnvelope(m map[string][]byte, eventType string) (Event, error) {
	e := Event{ID: opaqueID(m["id"]), Type: cleanType(eventType), Kind: KindOf(eventType)}
	if e.Type == "" {
		return Event{}, malformed("type is not an event type")
	}
	// Nothing depends on these: a refused event does not come again.
	e.AccountID, _ = idOf(m["account_id"])
	e.OccurredAt = timeOf(m["time"])
	switch {
	case e.Kind == KindIgnored:
		return e, nil
	case e.ID == "":
		return Event{}, malformed("an event has no id")
	}
	detail, event := inside(m["detail"]), inside(m["event"])
	if err := e.identify(textOf(m["subject"]), detail); err != nil {
		return Event{}, err
	}
	e.describe(detail, event)
	if e.Type == "user.merged" {
		e.MergedWithID = otherUser(event, e.UserID)
	}
	sequence := inside(inside(event["meta"])["sequence"])
	e.Sequence = opaqueID(sequence["id"])
	e.Position, _ = idOf(sequence["position"])
	return e, nil
}

// identify fills the ids: the event's record is named by its subject ("zen:ticket:141") and again by detail.id.
func (e *Event) identify(subject string, detail map[string][]byte) error {
	id, ok := idOf(detail["id"])
	if named, found := strings.CutPrefix(subject, "zen:"+string(e.Kind)+":"); found {
		n, err := strconv.ParseInt(named, 10, 64)
		if err != nil || id != 0 && id != n {
			return malformed("subject and detail do not name one record")
		}
		id = n
	}
	if !ok || id <= 0 {
		return malformed("the event names no " + string(e.Kind))
	}
	// What accompanies the record is of use only where it is readable.
	e.OrganizationID, _ = idOf(detail["organization_id"])
	switch e.Kind {
	case KindTicket:
		e.TicketID = id
		e.UserID, _ = idOf(detail["requester_id"])
	case KindUser:
		e.UserID = id
	case KindOrganization:
		e.OrganizationID = id
	default:
		e.ArticleID = id
		e.UserID, _ = idOf(detail["user_id"])
	}
	return nil
}

// enums are the types of events whose event.previous and event.current hold no free text.
var enums = []string{
	"ticket.status_changed", "ticket.priority_changed", "ticket.type_changed", "user.role_changed", "user.active_changed",
	"user.suspended_changed",
}

func (e *Event) describe(detail, event map[string][]byte) {
	if e.Kind == KindTicket {
		e.Status = enumOf(detail["status"])
	}
	switch {
	case slices.Contains(enums, e.Type):
		e.Previous, e.Current = enumOf(event["previous"]), enumOf(event["current"])
	case e.Type == "ticket.csat_received":
		e.Current = enumOf(inside(event["satisfaction_score"])["score"])
	}
}

// timeOf is a raw time, in UTC; zero for what is none.
func timeOf(raw []byte) time.Time { return (&scanner{b: raw}).time() }

// opaqueID is a raw id that is only compared, text or a number; empty for what is none.
func opaqueID(raw []byte) string { return cleanID((&scanner{b: raw}).str()) }

const maxEventType = 80

// cleanType returns an event type, and nothing for a text that can be none.
func cleanType(text string) string {
	if len(text) > maxEventType {
		return ""
	}
	for i := range len(text) {
		letter := text[i] | 0x20 // lower case
		if c := text[i]; (letter < 'a' || letter > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("_.-:", rune(c)) {
			return ""
		}
	}
	return text
}

// parseTrigger reads the body that a trigger or automation sends. The customer writes it: only its type and the id that
// the type needs are asked for.
func parseTrigger(m map[string][]byte, eventType string) (Event, error) {
	if !slices.Contains(TriggerTypes, eventType) {
		return Event{}, malformed("type is neither an event type nor one that a trigger may send")
	}
	e := Event{Type: eventType, Kind: KindTicket, Trigger: true}
	if strings.HasPrefix(eventType, "user.") {
		e.Kind = KindUser
	}
	// What accompanies the record is of use only where it is readable.
	e.TicketID, _ = idOf(m["ticket_id"])
	e.UserID, _ = idOf(m["user_id"])
	e.OrganizationID, _ = idOf(m["organization_id"])
	e.AccountID, _ = idOf(m["account_id"])
	switch {
	case e.Kind == KindTicket && e.TicketID == 0:
		return Event{}, malformed("the event names no ticket")
	case e.Kind == KindUser && e.UserID == 0:
		return Event{}, malformed("the event names no user")
	}
	// A placeholder's time may come in the account's own format: then the record's own times tell.
	e.OccurredAt = timeOf(m["occurred_at"])
	return e, nil
}
