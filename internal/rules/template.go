package rules

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Person is what Fill puts into a plan just before it is carried out.
type Person struct{ Email, Name, FirstName, LastName, Phone string }

// personal are the names that a plan keeps as they are, because plans hold no personal data.
var personal = []string{"contact.email", "contact.name", "contact.first_name", "contact.last_name", "contact.phone"}

func (p Person) replacer() *strings.Replacer {
	values := []string{p.Email, p.Name, p.FirstName, p.LastName, p.Phone}
	pairs := make([]string, 0, 2*len(values))
	for i, name := range personal {
		pairs = append(pairs, placeholder(name), values[i])
	}
	return strings.NewReplacer(pairs...)
}

func placeholder(name string) string { return "{{" + name + "}}" }

// Fill returns the action of a plan with {{contact.email}} and the like replaced: properties, params, attributes, subject and
// body. The result holds personal data: it belongs in the request to the vendor and nowhere else.
func (a Action) Fill(p Person) Action {
	r := p.replacer()
	fill := func(values map[string]any) map[string]any {
		out, _ := eachValue(values, func(v any) (any, error) {
			if text, ok := v.(string); ok {
				return r.Replace(text), nil
			}
			return v, nil
		})
		return out
	}
	a.Properties, a.Params, a.Attributes = fill(a.Properties), fill(a.Params), fill(a.Attributes)
	a.Subject, a.Body = r.Replace(a.Subject), r.Replace(a.Body)
	return a
}

// Personal reports whether the action needs Fill.
func (a Action) Personal() bool {
	found := false
	_ = a.eachText(func(text string) (any, error) {
		found = found || slices.ContainsFunc(personal, func(name string) bool { return strings.Contains(text, placeholder(name)) })
		return text, nil
	})
	return found
}

// eachText replaces every text that may hold templates by what do makes of it, in place of the action's own maps.
func (a *Action) eachText(do func(string) (any, error)) error {
	value := func(v any) (any, error) {
		if text, ok := v.(string); ok {
			return do(text)
		}
		return v, nil
	}
	var err error
	for _, values := range []*map[string]any{&a.Properties, &a.Params, &a.Attributes} {
		if *values, err = eachValue(*values, value); err != nil {
			return err
		}
	}
	for _, text := range []*string{&a.Subject, &a.Body} {
		v, err := do(*text)
		if err != nil {
			return err
		}
		*text = written(v)
	}
	return nil
}

func eachValue(values map[string]any, do func(any) (any, error)) (map[string]any, error) {
	if values == nil {
		return nil, nil
	}
	out := make(map[string]any, len(values))
	for k, v := range values {
		made, err := do(v)
		if err != nil {
			return nil, err
		}
		out[k] = made
	}
	return out, nil
}

// template is a text with {{ expressions }}, compiled.
type template struct{ parts []part }

// part is literal text, or an expression.
type part struct {
	literal string
	value   *expression
}

func templated(text string) bool { return strings.Contains(text, "{{") }

func compileTemplate(text string) (*template, error) {
	t := &template{}
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "{{")
		t.literal(before)
		if !found {
			return t, nil
		}
		source, tail, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, errors.New("has {{ without }}")
		}
		rest = tail
		source = strings.TrimSpace(source)
		if slices.Contains(personal, source) {
			t.literal(placeholder(source))
			continue
		}
		value, err := compileExpression(source, templateEnv{})
		if err != nil {
			if near := nearest(source, personal); near != "" {
				err = fmt.Errorf("%w (or did you mean %s?)", err, near)
			}
			return nil, fmt.Errorf("has a template that %w", err)
		}
		if kind, ok := scalar(value.program.Node().Type()); !ok {
			return nil, fmt.Errorf("has a template that gives %s; use a text, a number, a date, or true and false", kind)
		}
		t.parts = append(t.parts, part{value: value})
	}
}

func (t *template) literal(text string) {
	if text != "" {
		t.parts = append(t.parts, part{literal: text})
	}
}

func (t *template) usesTicket() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.value != nil && p.value.usesTicket })
}

func scalar(t reflect.Type) (string, bool) {
	if t == nil {
		return "nothing", false
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return t.Kind().String(), true
	}
	if t == reflect.TypeFor[time.Time]() {
		return "a date", true
	}
	return "a list or a mapping", false
}

// render gives the value of a lone expression as it is, and text otherwise; a value that is not there is nil, or no text.
func (t *template) render(env templateEnv) (any, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.value == nil {
			b.WriteString(p.literal)
			continue
		}
		v, err := p.value.run(env)
		if err != nil {
			return nil, err
		}
		v = plainValue(v)
		if len(t.parts) == 1 {
			return v, nil
		}
		b.WriteString(written(v))
	}
	return b.String(), nil
}

// plainValue makes a value fit for JSON: times as RFC 3339, a missing score or date as nil. What comes from Zendesk cannot
// bring placeholders along.
func plainValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v.UTC().Format(time.RFC3339)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case string:
		return strings.NewReplacer("{{", "", "}}", "").Replace(v)
	}
	return v
}

func written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}
