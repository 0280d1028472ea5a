package rules

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// setting is one key that an action may have; required ones must be written.
type setting struct {
	name     string
	required bool
	set      func(path string, v any)
}

// actions reads do: a list of mappings with one key each, the action.
func (r *reader) actions(path string, v any) []Action {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []Action
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", path, i+1)
		if kind, isText := item.(string); isText {
			item = map[string]any{kind: nil}
		}
		m, ok := r.mapping(at, item)
		if !ok {
			continue
		}
		if len(m) != 1 {
			r.problem(at, "begin each action with a hyphen: - brevo.event: NAME", "must have one action, found %d", len(m))
			continue
		}
		kind := sortedKeys(m)[0]
		a := Action{Kind: kind}
		if r.action(at, at+"."+kind, &a, m[kind]) {
			out = append(out, a)
		}
	}
	return out
}

// action reads one action's settings: a mapping, or the short form of its main setting.
func (r *reader) action(at, path string, a *Action, v any) bool {
	settings, short := r.settings(a)
	if settings == nil {
		r.problem(at, suggestion(a.Kind, kinds), "has an unknown action %s", shown(a.Kind))
		return false
	}
	before := len(r.problems)
	m, isMapping := v.(map[string]any)
	switch {
	case isMapping && short == "*":
		settings[0].set(path, v)
		return len(r.problems) == before
	case !isMapping && v != nil && short != "" && short != "*":
		m = map[string]any{short: v}
	case !isMapping && v != nil:
		r.problem(path, "write its settings as key: value", "must be a mapping, found %s", kindOf(v))
		return false
	}
	names := make([]string, len(settings))
	written := map[string]bool{}
	for i, s := range settings {
		names[i] = s.name
		if value, ok := m[s.name]; ok && value != nil {
			written[s.name] = true
			field := path + "." + s.name
			if !isMapping {
				field = path
			}
			s.set(field, value)
		}
	}
	for _, key := range sortedKeys(m) {
		if !slices.Contains(names, key) {
			r.unknown(path+"."+key, key, names...)
		}
	}
	for _, s := range settings {
		if s.required && !written[s.name] {
			r.problem(path, "add "+s.name+":", "needs %s", s.name)
		}
	}
	return len(r.problems) == before
}

// settings are the keys of each kind of action, and which of them a bare value means; "*": the mapping itself.
func (r *reader) settings(a *Action) (all []setting, short string) {
	text := func(name string, required bool, dst *string) setting {
		return setting{name, required, func(path string, v any) { r.text(path, v, dst) }}
	}
	texts := func(name string, dst *[]string) setting {
		return setting{name, false, func(path string, v any) { r.texts(path, v, dst) }}
	}
	values := func(name string, required bool, dst *map[string]any) setting {
		return setting{name, required, func(path string, v any) { r.values(path, v, dst) }}
	}
	switch a.Kind {
	case BrevoEvent:
		return []setting{text("name", true, &a.Event), values("properties", false, &a.Properties)}, "name"
	case BrevoEmail:
		return []setting{
			{"template", true, func(path string, v any) { r.id(path, v, &a.Template) }},
			{"transactional", false, func(path string, v any) { r.boolean(path, v, &a.Transactional) }},
			values("params", false, &a.Params),
		}, "template"
	case BrevoListAdd, BrevoListRemove:
		return []setting{{"list", true, func(path string, v any) { r.list(path, v, a) }}}, "list"
	case BrevoAttribute:
		return []setting{values("attributes", true, &a.Attributes)}, "*"
	case ZendeskTag:
		return []setting{texts("add", &a.Add), texts("remove", &a.Remove)}, "add"
	case ZendeskNote:
		return []setting{text("body", true, &a.Body)}, "body"
	case ZendeskTicket:
		return []setting{
			text("subject", true, &a.Subject), text("body", true, &a.Body), text("priority", false, &a.Priority),
			text("type", false, &a.Type), texts("tags", &a.Tags),
		}, ""
	}
	return nil, ""
}

func (r *reader) list(path string, v any, a *Action) {
	if _, isNumber := asNumber(v); isNumber {
		r.id(path, v, &a.ListID)
		return
	}
	r.text(path, v, &a.ListName)
	if _, err := strconv.ParseInt(a.ListName, 10, 64); err == nil {
		r.problem(path, "for the list with that id, write the number without quotes", "is a number in quotes, which would be a list's name")
	}
}

// values reads a mapping of scalars; null stays, it clears an attribute.
func (r *reader) values(path string, v any, dst *map[string]any) {
	m, ok := r.mapping(path, v)
	if !ok {
		return
	}
	out := make(map[string]any, len(m))
	for _, key := range sortedKeys(m) {
		field := path + "." + key
		switch value := m[key].(type) {
		case nil, bool:
			out[key] = value
		case string:
			var text string
			r.text(field, value, &text)
			out[key] = text
		default:
			n, isNumber := asNumber(value)
			if !isNumber || math.IsNaN(n) || math.IsInf(n, 0) {
				r.problem(field, "write a text, a number, true, false or null", "must be one value, found %s", kindOf(value))
				continue
			}
			out[key] = n
		}
	}
	*dst = out
}
