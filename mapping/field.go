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
	byKey   map[string]map[string]Definition // kind, then key: user and organization fields
	tickets []Definition                     // custom ones, by id
	system  map[string]bool                  // lower-case titles of Zendesk's own ticket fields
}

// systemTypes are the ticket fields every account has. Their values are not in custom_fields, and subject and description
// are ticket text, which never leaves Zendesk. https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
var systemTypes = []string{
	"subject", "description", "status", "custom_status", "tickettype", "priority", "basic_priority", "group", "assignee",
}

// indexFields gives nil for nil: no definitions is not the same as an account without custom fields.
func indexFields(defs []Definition) *fieldIndex {
	if defs == nil {
		return nil
	}
	x := &fieldIndex{byKey: map[string]map[string]Definition{KindUser: {}, KindOrganization: {}}, system: map[string]bool{}}
	for _, def := range defs {
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
	rest, isUser := strings.CutPrefix(name, prefixUserField)
	if isUser && rest != "" {
		return c.keyed(KindUser, rest, name, fromUsers, path)
	}
	if rest, ok := strings.CutPrefix(name, prefixOrganizationFld); ok && rest != "" {
		return c.keyed(KindOrganization, rest, name, fromOrganizations, path)
	}
	if rest, ok := strings.CutPrefix(name, prefixTicketField); ok && strings.TrimSpace(rest) != "" {
		return c.ticketField(strings.TrimSpace(rest), name, path)
	}
	if source := c.source(name); source != nil {
		return bindingOf(*source), true
	}
	c.problems.add(nearest(name, c.names()), path, "is no source")
	return binding{}, false
}

// names lists what a rule could have meant; the patterns only where no real field is known.
func (c *compiler) names() []string {
	var names []string
	for _, source := range c.sources {
		if c.fields == nil || source.Type != typeByDefinition || source.Name == sourceAuto {
			names = append(names, source.Name)
		}
	}
	if c.fields == nil {
		return names
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
func (c *compiler) keyed(kind, rest, name string, streams []Stream, path []string) (binding, bool) {
	key, label := strings.CutSuffix(rest, suffixLabel)
	def := Definition{Kind: kind, Key: key}
	if c.fields != nil {
		known, found := c.fields.byKey[kind][key]
		if !found {
			near := nearest(key, c.fields.keys(kind))
			if near != "" {
				near = strings.TrimSuffix(name, rest) + near
			}
			c.problems.add(near, path, "no %s field has the key %q", kind, key)
			return binding{}, false
		}
		def = known
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
	return c.fieldBinding(def, name, label, streams, value, path)
}

// ticketField resolves a ticket field by id or by title, without case. A title that itself ends in .label wins.
func (c *compiler) ticketField(rest, name string, path []string) (binding, bool) {
	for _, label := range []bool{false, true} {
		wanted := rest
		if label {
			var has bool
			if wanted, has = strings.CutSuffix(rest, suffixLabel); !has {
				break
			}
		}
		def, found, ok := c.findTicketField(wanted, path)
		if !ok {
			return binding{}, false
		}
		if found {
			value := func(c *Customer) any { return c.Measures.TicketFields[def.ID] }
			return c.fieldBinding(def, name, label, fromTickets, value, path)
		}
	}
	if c.fields == nil {
		_, label := strings.CutSuffix(rest, suffixLabel)
		b, ok := c.fieldBinding(Definition{Kind: KindTicket}, name, label, fromTickets, func(*Customer) any { return nil }, path)
		b.deferred, b.identity = true, name
		return b, ok
	}
	title, _ := strings.CutSuffix(rest, suffixLabel)
	if c.fields.system[strings.ToLower(title)] {
		c.problems.add("", path, "%q is a system field; only custom ticket fields can be mapped", title)
	} else {
		near := nearest(title, c.fields.titles())
		if near != "" {
			near = prefixTicketField + near
		}
		c.problems.add(near, path, "no custom ticket field has the id or title %q", title)
	}
	return binding{}, false
}

// findTicketField looks an id or title up. ok is false when several fields have the title.
func (c *compiler) findTicketField(wanted string, path []string) (def Definition, found, ok bool) {
	id, err := strconv.ParseInt(wanted, 10, 64)
	if c.fields == nil {
		return Definition{Kind: KindTicket, ID: id}, err == nil && id > 0, true
	}
	var titled []Definition
	for _, def := range c.fields.tickets {
		if err == nil && def.ID == id {
			return def, true, true
		}
		if strings.EqualFold(strings.TrimSpace(def.Title), wanted) {
			titled = append(titled, def)
		}
	}
	switch len(titled) {
	case 0:
		return Definition{}, false, true
	case 1:
		return titled[0], true, true
	}
	ids := make([]string, len(titled))
	for i, def := range titled {
		ids[i] = fmt.Sprint(def.ID)
	}
	c.problems.add("", path, "several ticket fields have this title; name one by its id: %s", strings.Join(ids, ", "))
	return Definition{}, false, false
}

// fieldBinding types a custom field by its definition.
func (c *compiler) fieldBinding(def Definition, name string, label bool, streams []Stream, value func(*Customer) any, path []string) (binding, bool) {
	b := binding{
		source: name, identity: fieldIdentity(def, label), typ: typeOf(def), streams: streams, value: value,
		field: fieldRef{kind: def.Kind, key: def.Key, id: def.ID},
	}
	if !label {
		return b, true
	}
	if c.fields == nil {
		b.deferred = true
		return b, true
	}
	if !hasOptions(def) {
		c.problems.add("", path, "a field of type %s has no labels; drop %s", def.Type, suffixLabel)
		return binding{}, false
	}
	b.options = def.Options
	b.value = func(c *Customer) any { return labels(value(c), def.Options) }
	return b, true
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
