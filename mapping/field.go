package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// fieldIndex finds field definitions by what a rule calls them.
type fieldIndex struct {
	known   map[string]bool                  // kinds whose definitions are there
	byKey   map[string]map[string]Definition // kind, then key: user and organization fields
	tickets []Definition                     // custom ones, by id
	system  map[string]bool                  // lower-case titles of Zendesk's own ticket fields
}

// systemTypes are the ticket fields every account has. Their values are not in custom_fields, and subject and description
// are ticket text, which never leaves Zendesk. https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
var systemTypes = []string{
	"subject", "description", "status", "custom_status", "tickettype", "priority", "basic_priority", "group", "assignee",
}

// indexFields takes a kind without any definition as unknown. For tickets that is certain, since every account has Zendesk's
// own fields; an account that defines no user or organization field looks the same as one that does not show them.
func indexFields(defs []Definition) *fieldIndex {
	x := &fieldIndex{
		known: map[string]bool{}, byKey: map[string]map[string]Definition{KindUser: {}, KindOrganization: {}}, system: map[string]bool{},
	}
	for _, def := range defs {
		x.known[def.Kind] = true
		switch {
		case def.Kind != KindTicket:
			if x.byKey[def.Kind] != nil && def.Key != "" {
				x.byKey[def.Kind][def.Key] = def
			}
		case slices.Contains(systemTypes, def.Type):
			x.system[strings.ToLower(strings.TrimSpace(def.Title))] = true
		default:
			x.tickets = append(x.tickets, def)
		}
	}
	slices.SortFunc(x.tickets, func(a, b Definition) int { return cmp.Compare(a.ID, b.ID) })
	return x
}

// keys lists the keys of a kind, sorted.
func (x *fieldIndex) keys(kind string) []string {
	keys := make([]string, 0, len(x.byKey[kind]))
	for key := range x.byKey[kind] {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// titles lists the titles of the custom ticket fields.
func (x *fieldIndex) titles() []string {
	titles := make([]string, len(x.tickets))
	for i, def := range x.tickets {
		titles[i] = strings.TrimSpace(def.Title)
	}
	return titles
}

// resolve turns the name of a source into a binding without a target, or adds a problem that names the nearest source.
func (c *compiler) resolve(name string, path []string) (binding, bool) {
	if kind, rest, ok := customField(name); ok {
		switch kind {
		case KindUser:
			return c.keyed(KindUser, rest, name, fromUsers), true
		case KindOrganization:
			return c.keyed(KindOrganization, rest, name, fromOrganizations), true
		default:
			return c.ticketField(rest, name), true
		}
	}
	if source := c.source(name); source != nil {
		return bindingOf(*source), true
	}
	c.problems.add(nearestSource(name, c.names()), path, unknownSource)
	return binding{}, false
}

// names lists what a rule could have meant; the patterns only where no real field is known.
func (c *compiler) names() []string {
	var names []string
	for _, source := range c.sources {
		if kind, _, ok := customField(source.Name); !ok || !c.fields.known[kind] {
			names = append(names, source.Name)
		}
	}
	for _, key := range c.fields.keys(KindUser) {
		names = append(names, prefixUserField+key)
	}
	for _, key := range c.fields.keys(KindOrganization) {
		names = append(names, prefixOrganizationFld+key)
	}
	for _, title := range c.fields.titles() {
		names = append(names, prefixTicketField+title)
	}
	return names
}

// keyed resolves a user or organization field. Keys hold letters, digits and underscores only, so .label is never part of one.
func (c *compiler) keyed(kind, rest, name string, streams []Stream) binding {
	key, label := strings.CutSuffix(rest, suffixLabel)
	def, found := c.fields.byKey[kind][key]
	if !found {
		def = Definition{Kind: kind, Key: key}
	}
	if !found && c.fields.known[kind] {
		return absent(name, streams, Nearest(key, c.fields.keys(kind)), "no %s field has the key %s", kind, key)
	}
	value := func(c *Customer) any { return c.User.Fields[key] }
	if kind == KindOrganization {
		value = func(c *Customer) any {
			if c.Organization == nil {
				return nil
			}
			return c.Organization.Fields[key]
		}
	}
	return c.fieldBinding(def, name, label, streams, value)
}

// ticketField resolves a ticket field by id or by title, without case. A title that itself ends in .label wins.
func (c *compiler) ticketField(rest, name string) binding {
	title, label := rest, false
	found := c.findTicketFields(title)
	if len(found) == 0 {
		title, label = strings.CutSuffix(rest, suffixLabel)
		found = c.findTicketFields(title)
	}
	switch {
	case len(found) == 1:
		def := found[0]
		return c.fieldBinding(def, name, label, fromTickets, func(c *Customer) any { return c.Measures.TicketFields[def.ID] })
	case len(found) > 1:
		ids := make([]string, len(found))
		for i, def := range found {
			ids[i] = fmt.Sprint(def.ID)
		}
		return absent(name, fromTickets, "", "several ticket fields have the title %s: name one by its id, %s", title, strings.Join(ids, ", "))
	case !c.fields.known[KindTicket]:
		return absent(name, fromTickets, "", "%s needs the definitions of ticket fields, which are unknown: name the field by its id", name)
	case c.fields.system[strings.ToLower(title)]:
		return absent(name, fromTickets, "", "%s is a system field, and only custom ticket fields can be mapped", title)
	}
	return absent(name, fromTickets, Nearest(title, c.fields.titles()), "no custom ticket field has the id or title %s", title)
}

// findTicketFields looks an id or title up; a title may be that of several. While the definitions are unknown every id counts.
func (c *compiler) findTicketFields(wanted string) []Definition {
	id, err := strconv.ParseInt(wanted, 10, 64)
	if !c.fields.known[KindTicket] {
		if err != nil || id <= 0 {
			return nil
		}
		return []Definition{{Kind: KindTicket, ID: id}}
	}
	var titled []Definition
	for _, def := range c.fields.tickets {
		if err == nil && def.ID == id {
			return []Definition{def}
		}
		if strings.EqualFold(strings.TrimSpace(def.Title), wanted) {
			titled = append(titled, def)
		}
	}
	return titled
}

// fieldBinding types a custom field by its definition.
func (c *compiler) fieldBinding(def Definition, name string, label bool, streams []Stream, value func(*Customer) any) binding {
	b := binding{
		source: name, identity: fieldIdentity(def, label), typ: typeOf(def), streams: streams, value: value,
		untyped: !c.fields.known[def.Kind], field: fieldRef{kind: def.Kind, key: def.Key, id: def.ID},
	}
	switch {
	case !label:
		return b
	case b.untyped:
		return absent(name, streams, "", "%s needs the definitions of %s fields, which are unknown", name, def.Kind)
	case !hasOptions(def):
		return absent(name, streams, "", "%s: a field of type %s has no labels, drop %s", name, def.Type, suffixLabel)
	}
	b.options = def.Options
	b.value = func(c *Customer) any { return labels(value(c), def.Options) }
	return b
}

// absent is a binding that the account cannot fill, with the reason and the word that may have been meant.
func absent(name string, streams []Stream, meant, format string, args ...any) binding {
	why := fmt.Sprintf(format, args...)
	if meant != "" {
		why += fmt.Sprintf(" (nearest: %s)", meant)
	}
	return binding{source: name, streams: streams, absent: why}
}

// fieldIdentity does not hold the title: renaming a field changes no contact.
func fieldIdentity(def Definition, label bool) string {
	identity := fmt.Sprintf("%s/%s", def.Kind, def.Key)
	if def.Kind == KindTicket {
		identity = fmt.Sprintf("%s/%d", def.Kind, def.ID)
	}
	if label {
		identity += suffixLabel
	}
	return identity
}

// typeOf is the attribute type for a field: what is not a number, a day or a checkbox is text.
func typeOf(def Definition) string {
	switch def.Type {
	case "checkbox":
		return Boolean
	case "date":
		return Date
	case "integer", "decimal":
		return Float
	}
	return Text
}

func hasOptions(def Definition) bool {
	return def.Type == "dropdown" || def.Type == "tagger" || def.Type == "multiselect"
}

// labels replaces tags by their labels. A tag without one stays: the definitions may be older than the value.
func labels(value any, options map[string]string) any {
	switch v := value.(type) {
	case string:
		if label, found := options[v]; found {
			return label
		}
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = labels(item, options)
		}
		return out
	case []string:
		out := make([]string, len(v))
		for i, item := range v {
			out[i] = labels(item, options).(string)
		}
		return out
	}
	return value
}
