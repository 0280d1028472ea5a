package activities

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"zendesk-brevo/mapping"
)

// TracedAttribute is one attribute: where its value comes from, what was sent, and how it stands.
type TracedAttribute struct {
	Name   string
	Type   string
	Source string
	Rule   string // what the source is, in words
	Line   int    // of connectors.yaml; 0: a default
	Rows   []TracedRow
	Value  any // what Zendesk says now; nil: nothing
	Sent   any // what Brevo last accepted; nil: nothing
	State  AttributeState
	Why    string
}

// TracedRow names a row of Zendesk that a value comes from.
type TracedRow struct {
	Kind string // user, organization, ticket, survey
	ID   string
}

// AttributeState says how an attribute of a contact stands.
type AttributeState string

// The states of an attribute.
const (
	AttributeSent     AttributeState = "sent"        // Brevo accepted the value
	AttributeToSend   AttributeState = "to_send"     // the next push sends it
	AttributeToClear  AttributeState = "to_clear"    // the next push clears what was sent
	AttributeKept     AttributeState = "kept"        // Brevo holds a value of somebody else's, which stays
	AttributeRefused  AttributeState = "refused"     // Brevo does not take the value
	AttributeLeft     AttributeState = "left_alone"  // it cannot, or must not, be written in this Brevo account
	AttributeUnready  AttributeState = "not_decided" // a stream that it needs has not been read to its end
	AttributeNothing  AttributeState = "no_value"
	AttributeNoWrites AttributeState = "not_sent" // the person is not written at all
)

func (t *tracer) attributes() {
	want := t.ruling.situation.want
	if t.out.Skip != "" && t.ruling.claimed.Found {
		// What it would be, were the person a contact.
		want = t.judge.mapper.Map(t.ruling.claimed.Customer, t.judge.ready)
	}
	for _, a := range t.judge.mapper.Attributes() {
		out := TracedAttribute{
			Name: a.Name, Type: a.Type, Source: a.Sources[0], Rule: mapping.Describe(a.Sources[0]), Line: t.line(&a),
			Value: want.Attributes[a.Name], Sent: t.out.Delivery.Attributes[a.Name],
		}
		if out.Value != nil {
			out.Rows = t.from(&a)
		}
		out.State, out.Why = t.stands(&a, want, &out)
		if out.Value != nil {
			out.Why = cmp.Or(out.Why, noteFor(want, a.Name))
		}
		t.out.Attributes = append(t.out.Attributes, out)
	}
	for name, sent := range t.out.Delivery.Attributes {
		if !slices.ContainsFunc(t.out.Attributes, func(a TracedAttribute) bool { return a.Name == name }) {
			t.out.Attributes = append(t.out.Attributes, TracedAttribute{
				Name: name, Sent: sent, State: AttributeSent, Why: "sent earlier; no rule writes it any more, and it stays as it is",
			})
		}
	}
	slices.SortFunc(t.out.Attributes, func(a, b TracedAttribute) int { return strings.Compare(a.Name, b.Name) })
}

// line is where connectors.yaml has the rule behind an attribute.
func (t *tracer) line(a *mapping.Attribute) int {
	rule, found := t.cfg.FieldMapping.Rule(a.Sources[0])
	if !found {
		for _, r := range t.cfg.FieldMapping {
			if r.Auto && strings.HasPrefix(a.Sources[0], strings.TrimSuffix(r.Source, "*")) {
				rule = r
			}
		}
	}
	return rule.At.Line
}

// stands says how an attribute stands, in the order in which the decision is made.
func (t *tracer) stands(a *mapping.Attribute, want mapping.Contact, out *TracedAttribute) (AttributeState, string) {
	s, d := &t.ruling.situation, &t.ruling.decision
	_, writable := t.judge.policy.attributes[a.Name]
	equal := out.Value != nil && out.Sent != nil && mapping.Equal(map[string]any{"": out.Value}, map[string]any{"": out.Sent})
	switch {
	case t.out.Skip == reasonPilot && equal:
		return AttributeSent, ""
	case t.out.Skip == reasonPilot && (out.Value != nil || out.Sent != nil):
		return AttributeNoWrites, "held back by the pilot"
	case slices.Contains(d.clear, a.Name):
		return AttributeToClear, "what was sent is out of date"
	case t.out.Skip != "" && out.Sent != nil:
		return AttributeSent, "stays as it was when the person last was a contact"
	case t.out.Skip != "" || !t.out.Found:
		return AttributeNoWrites, ""
	case !slices.Contains(want.Managed, a.Name):
		return AttributeUnready, t.unread(a.Streams)
	case !writable:
		return AttributeLeft, t.unwritable(a)
	}
	_, refused := d.after.Refused[a.Name]
	switch {
	case d.set[a.Name] != nil:
		return AttributeToSend, ""
	case equal:
		return AttributeSent, ""
	case refused && s.phoneTaken && a.Name == attributePhone:
		return AttributeRefused, "another contact in Brevo has the number"
	case refused:
		return AttributeRefused, "Brevo did not take the value"
	case out.Value != nil && !t.judge.policy.takes(a.Name, out.Value):
		return AttributeLeft, "the attribute is a category in Brevo, and the value is none of its options: add it there, or map it elsewhere"
	case out.Value == nil:
		return AttributeNothing, cmp.Or(noteFor(want, a.Name), "Zendesk has none")
	case a.FillIfEmpty:
		return AttributeKept, "Brevo holds another value, which somebody typed there: it stays (overwrite: [" + a.Name + "] changes that)"
	}
	return AttributeNoWrites, ""
}

func (t *tracer) unwritable(a *mapping.Attribute) string {
	there, ok := t.there[a.Name]
	switch {
	case !ok:
		return "Brevo has no such attribute yet: the next sync makes it"
	case !compatible(a.Type, there):
		return "in Brevo it is of type " + there.Type + ", and the value is " + a.Type
	}
	return "it existed in Brevo before: name it under field_mapping to have it written"
}

// noteFor says what the mapping left out of an attribute; empty: nothing.
func noteFor(want mapping.Contact, name string) string {
	for _, n := range want.Notes {
		if n.Target == name {
			return cmp.Or(leftOutWords[n.Reason], n.Reason)
		}
	}
	return ""
}

// from names the rows that a value was made of, the newest first.
func (t *tracer) from(a *mapping.Attribute) []TracedRow {
	switch {
	case slices.Contains(a.Streams, mapping.SatisfactionRatings):
		return t.ratingRows(a.Sources[0])
	case slices.Contains(a.Streams, mapping.Tickets):
		return t.ticketRows(a)
	case slices.Contains(a.Streams, mapping.Organizations):
		return []TracedRow{{RecordOrganization, strconv.FormatInt(t.out.User.OrganizationID, 10)}}
	}
	return []TracedRow{{RecordUser, strconv.FormatInt(t.out.User.ID, 10)}}
}

func (t *tracer) ratingRows(source string) (out []TracedRow) {
	for _, r := range slices.Backward(t.out.Ratings) {
		row := TracedRow{RecordTicket, strconv.FormatInt(r.TicketID, 10)}
		if r.SurveyID != "" {
			row = TracedRow{"survey", r.SurveyID}
		}
		out = append(out, row)
		if strings.HasPrefix(source, "last_") {
			break
		}
	}
	return out
}

// ticketRows are the tickets that count for a source: the open ones, the newest, the newest that has the field, or all.
func (t *tracer) ticketRows(a *mapping.Attribute) (out []TracedRow) {
	newest := strings.HasPrefix(a.Sources[0], "last_") || a.TicketField != 0
	for _, k := range slices.Backward(t.out.Tickets) {
		counts := a.Sources[0] != "open_tickets" || k.Open
		if a.TicketField != 0 {
			_, counts = k.Fields[a.TicketField]
		}
		if !counts {
			continue
		}
		out = append(out, TracedRow{RecordTicket, strconv.FormatInt(k.ID, 10)})
		if newest {
			break
		}
	}
	return out
}
