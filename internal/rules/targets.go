package rules

import (
	"reflect"
	"slices"
	"time"

	"zendesk-brevo/mapping"
)

// Targets are what the actions of a set need to find in Brevo before they can be carried out, in the order of the rules.
type Targets struct {
	Lists      []ListTarget
	Attributes []AttributeTarget
}

// ListTarget is one list that rules add people to, or take them off, by id or by name.
type ListTarget struct {
	ID    int64
	Name  string
	Adds  bool     // some rule adds to it
	Rules []string // that name it
}

// AttributeTarget is one contact attribute that rules write.
type AttributeTarget struct {
	Name  string
	Type  string   // mapping.Text, Float, Boolean or Date; empty while it is only ever cleared
	Rules []string // that write it
}

// Targets lists what the set writes to.
func (s *Set) Targets() Targets {
	var t Targets
	for _, r := range s.rules {
		for i := range r.Do {
			t.add(s, r.Name, &r.Do[i])
		}
	}
	return t
}

func (t *Targets) add(s *Set, rule string, a *Action) {
	switch a.Kind {
	case BrevoListAdd, BrevoListRemove:
		at := slices.IndexFunc(t.Lists, func(l ListTarget) bool { return l.ID == a.ListID && l.Name == a.ListName })
		if at < 0 {
			at = len(t.Lists)
			t.Lists = append(t.Lists, ListTarget{ID: a.ListID, Name: a.ListName})
		}
		l := &t.Lists[at]
		l.Adds, l.Rules = l.Adds || a.Kind == BrevoListAdd, with(l.Rules, rule)
	case BrevoAttribute:
		for _, name := range sortedKeys(a.Attributes) {
			at := slices.IndexFunc(t.Attributes, func(x AttributeTarget) bool { return x.Name == name })
			if at < 0 {
				at = len(t.Attributes)
				t.Attributes = append(t.Attributes, AttributeTarget{Name: name})
			}
			x := &t.Attributes[at]
			x.Rules = with(x.Rules, rule)
			switch kind := s.typeOf(a.Attributes[name]); {
			case x.Type == "":
				x.Type = kind
			case kind != "" && kind != x.Type:
				x.Type = mapping.Text // a date in one rule, a text in another
			}
		}
	}
}

func with(list []string, word string) []string {
	if slices.Contains(list, word) {
		return list
	}
	return append(list, word)
}

// typeOf is the type of what a value gives an attribute: a lone expression keeps its own, everything else that is written is
// text.
func (s *Set) typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return mapping.Boolean
	case float64:
		return mapping.Float
	case string:
		if made, ok := s.templates[v]; ok {
			return made.typeOf()
		}
	}
	return mapping.Text
}

func (t *template) typeOf() string {
	if len(t.parts) != 1 || t.parts[0].value == nil {
		return mapping.Text
	}
	kind := t.parts[0].value.program.Node().Type()
	switch kind.Kind() {
	case reflect.Bool:
		return mapping.Boolean
	case reflect.Int, reflect.Int64, reflect.Float64:
		return mapping.Float
	}
	if kind == reflect.TypeFor[time.Time]() {
		return mapping.Date
	}
	return mapping.Text
}

// oneType refuses a second type of value for an attribute, which has one: half of the actions would be skipped. A date can be
// written as text.
func (c *compiler) oneType(path string, a *Action) {
	for _, name := range sortedKeys(a.Attributes) {
		kind := c.set.typeOf(a.Attributes[name])
		first, known := c.attributes[name]
		switch {
		case kind == "":
		case !known:
			c.attributes[name] = typed{kind, c.index}
		case first.kind != kind && kindWords[first.kind] != kindWords[kind]:
			c.problem(path+"."+name, "write one type of value everywhere", "is %s, and automations[%d] writes %s",
				kindWords[kind], first.index, kindWords[first.kind])
		}
	}
}

// typed is the type of an attribute's values, and which automation wrote it first.
type typed struct {
	kind  string
	index int
}

var kindWords = map[string]string{
	mapping.Text: "a text", mapping.Date: "a text", mapping.Float: "a number", mapping.Boolean: "true or false",
}
