package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// RuleConfig is one entry of automations, its shape checked and its words not yet: see Compile.
type RuleConfig struct {
	Index  int    // position in automations, from 1
	Name   string // empty: made of On and Do, so that editing the rest keeps a rule's identity
	On     []string
	When   string // an expression over ticket, contact and transition; empty: always
	After  time.Duration
	Unless []string // types that cancel it when they happen to the same ticket or user before it is due
	Limit  Limit
	Do     []Action
	Places map[string]Position // of its fields, by path; for messages
}

// Builtin reports whether the rule is one of the product's own.
func (c *RuleConfig) Builtin() bool { return strings.HasPrefix(c.Name, builtinPrefix) }

// Limit is how often a rule may act for one person or ticket; the zero value is no limit.
type Limit struct {
	Per    string        `json:"per"` // person or ticket
	Count  int           `json:"count"`
	Within time.Duration `json:"within"`
}

// What a limit may count by.
const (
	PerPerson = "person"
	PerTicket = "ticket"
)

// Allows reports whether a rule may act at a moment, when it acted for the same person or ticket at the times in fired.
func (l Limit) Allows(fired []time.Time, at time.Time) bool {
	if l == (Limit{}) {
		return true
	}
	recent := 0
	for _, f := range fired {
		if f.After(at.Add(-l.Within)) {
			recent++
		}
	}
	return recent < l.Count
}

// The kinds of actions.
const (
	BrevoEvent      = "brevo.event"
	BrevoEmail      = "brevo.email"
	BrevoListAdd    = "brevo.list_add"
	BrevoListRemove = "brevo.list_remove"
	BrevoAttribute  = "brevo.attribute"
	ZendeskTag      = "zendesk.tag"
	ZendeskNote     = "zendesk.note"
	ZendeskTicket   = "zendesk.ticket"
)

var kinds = []string{
	BrevoEvent, BrevoEmail, BrevoListAdd, BrevoListRemove, BrevoAttribute, ZendeskTag, ZendeskNote, ZendeskTicket,
}

// Kinds lists every kind of action, in the order of the documentation.
func Kinds() []string { return slices.Clone(kinds) }

// Action is what a rule does; only the fields of its kind are set. In a RuleConfig texts may hold {{ expressions }}; in a
// plan they are resolved, but for what is personal: see Fill.
type Action struct {
	Kind string `json:"kind"`
	// brevo.event: its name without prefix in a RuleConfig, with it in a plan. The standard properties are added.
	Event      string         `json:"event,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
	// brevo.email: goes to people on the blocklist only when Transactional.
	Template      int64          `json:"template,omitempty"`
	Transactional bool           `json:"transactional,omitempty"`
	Params        map[string]any `json:"params,omitempty"`
	// brevo.list_add and brevo.list_remove: a list by id or by name.
	ListID   int64  `json:"list_id,omitempty"`
	ListName string `json:"list_name,omitempty"`
	// brevo.attribute: nil clears.
	Attributes map[string]any `json:"attributes,omitempty"`
	// zendesk.tag: on the ticket, or the user when there is no ticket.
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// zendesk.note: an internal note. zendesk.ticket: a new ticket of the same requester, following up on the ticket.
	Body     string   `json:"body,omitempty"`
	Subject  string   `json:"subject,omitempty"`
	Priority string   `json:"priority,omitempty"`
	Type     string   `json:"type,omitempty"`
	Tags     []string `json:"tags,omitempty"`
}

// String is the action in a few words, without its texts: "brevo.email template 12".
func (a Action) String() string {
	switch a.Kind {
	case BrevoEvent:
		return a.Kind + " " + a.Event
	case BrevoEmail:
		return fmt.Sprintf("%s template %d", a.Kind, a.Template)
	case BrevoListAdd, BrevoListRemove:
		if a.ListID != 0 {
			return fmt.Sprintf("%s %d", a.Kind, a.ListID)
		}
		return fmt.Sprintf("%s %q", a.Kind, a.ListName)
	case BrevoAttribute:
		return a.Kind + " " + strings.Join(sortedKeys(a.Attributes), ", ")
	case ZendeskTag:
		words := []string{a.Kind}
		for _, t := range a.Add {
			words = append(words, "+"+t)
		}
		for _, t := range a.Remove {
			words = append(words, "-"+t)
		}
		return strings.Join(words, " ")
	}
	return a.Kind
}

// Options are the settings beside the automations themselves.
type Options struct {
	Builtin     bool          // include the built-in rules
	EventPrefix string        // put before the names of Brevo events
	MaxAge      time.Duration // older transitions cause nothing; 0: no bound
	// Carries tells whether field_mapping may carry a custom field: any other is always empty. Nil: it is not asked.
	Carries func(Field) bool
}
