package rules

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Decode reads one automation's shape; index counts from 1. The rule is usable as far as there are no problems; its words
// are checked by Compile.
func Decode(index int, s Source) (RuleConfig, Problems) {
	r := &reader{index: index, places: s.Places}
	for _, t := range s.twice {
		r.problems = append(r.problems, Problem{
			Index: index, Field: fieldShown(t.path), At: t.at, Message: fmt.Sprintf("is written twice (first on line %d)", t.first), Fix: "keep one of them",
		})
	}
	rule := RuleConfig{Index: index, Places: s.Places}
	if use, ok := s.Values["use"]; ok {
		var name string
		r.text("use", use, &name)
		made, known := ReadyMade(name)
		if !known && name != "" {
			r.problem("use", suggestion(name, []string{CSATRequest}), "knows no ready-made rule %s", shown(name))
		}
		made.Index, made.Places = index, s.Places
		rule = made
	}
	for _, key := range sortedKeys(s.Values) {
		v := s.Values[key]
		switch key {
		case "use":
		case "name":
			r.text(key, v, &rule.Name)
		case "on":
			r.texts(key, v, &rule.On)
		case "when":
			r.text(key, v, &rule.When)
		case "after":
			r.duration(key, v, &rule.After)
		case "unless":
			r.texts(key, v, &rule.Unless)
		case "limit":
			r.limit(key, v, &rule.Limit)
		case "do":
			rule.Do = r.actions(key, v)
		default:
			r.unknown(key, key, "name", "on", "when", "after", "unless", "limit", "do", "use")
		}
	}
	return rule, r.problems
}

// reader turns generic values into settings and gathers problems.
type reader struct {
	index    int
	places   map[string]Position
	problems Problems
}

func (r *reader) problem(path, fix, format string, args ...any) {
	r.problems = append(r.problems, Problem{
		Index: r.index, Field: fieldShown(path), At: placeOf(r.places, path), Message: fmt.Sprintf(format, args...), Fix: fix,
	})
}

func (r *reader) unknown(path, key string, known ...string) {
	at := placeOf(r.places, path)
	if written, ok := r.places[path+":"]; ok {
		at = written
	}
	r.problems = append(r.problems, Problem{
		Index: r.index, Field: fieldShown(path), At: at, Message: "is an unknown key", Fix: suggestion(key, known),
	})
}

// fieldShown keeps a value that strayed into a key out of messages.
func fieldShown(path string) string {
	parts := strings.Split(path, ".")
	for i, p := range parts {
		if len(p) > maxShown || !fieldPart.MatchString(p) {
			parts[i] = "(not shown)"
		}
	}
	return strings.Join(parts, ".")
}

var fieldPart = regexp.MustCompile(`^[\pL\pN_ -]*(\[\d+\])?$`)

// placeOf is where a field stands, or what holds it.
func placeOf(places map[string]Position, path string) Position {
	for {
		if at, ok := places[path]; ok {
			return at
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return places[""]
		}
		path = path[:cut]
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "text"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	}
	if _, ok := asNumber(v); ok {
		return "a number"
	}
	return "something else"
}

func asNumber(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

func (r *reader) text(path string, v any, dst *string) {
	text, ok := v.(string)
	if !ok {
		r.problem(path, "put it in quotes when it looks like a number", "must be text, found %s", kindOf(v))
		return
	}
	if strings.Contains(text, "${") {
		r.problem(path, "write the value itself", "has a ${, and automations take no environment variables")
		return
	}
	*dst = strings.TrimSpace(text)
}

// texts takes a list of words, or one word.
func (r *reader) texts(path string, v any, dst *[]string) {
	if list, ok := v.([]any); ok {
		*dst = make([]string, len(list))
		for i := range list {
			r.text(fmt.Sprintf("%s[%d]", path, i+1), list[i], &(*dst)[i])
		}
		return
	}
	var one string
	r.text(path, v, &one)
	*dst = []string{one}
}

func (r *reader) boolean(path string, v any, dst *bool) {
	b, ok := v.(bool)
	if !ok {
		r.problem(path, "write true or false", "must be true or false, found %s", kindOf(v))
		return
	}
	*dst = b
}

func (r *reader) id(path string, v any, dst *int64) {
	n, ok := asNumber(v)
	if !ok || n != math.Trunc(n) || n < 1 || n > 1<<53 {
		r.problem(path, "copy the number that Brevo shows as its id", "must be an id (a whole number), found %s", kindOf(v))
		return
	}
	*dst = int64(n)
}

var days = regexp.MustCompile(`^(\d{1,4})([dw])$`)

// duration takes 30s, 5m, 24h, and also 7d and 2w.
func (r *reader) duration(path string, v any, dst *time.Duration) {
	text, ok := v.(string)
	if ok {
		if m := days.FindStringSubmatch(text); m != nil {
			n, _ := strconv.Atoi(m[1])
			*dst = time.Duration(n) * map[string]time.Duration{"d": day, "w": 7 * day}[m[2]]
			return
		}
		if d, err := time.ParseDuration(text); err == nil {
			*dst = d
			return
		}
	}
	r.problem(path, "write a number with a unit, such as 30m, 1h or 7d", "must be a duration, found %s", kindOf(v))
}

func (r *reader) mapping(path string, v any) (map[string]any, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		r.problem(path, "write its settings as key: value", "must be a mapping, found %s", kindOf(v))
	}
	return m, ok
}

func (r *reader) limit(path string, v any, dst *Limit) {
	m, ok := r.mapping(path, v)
	if !ok {
		return
	}
	l := Limit{Count: 1}
	for _, key := range sortedKeys(m) {
		field := path + "." + key
		switch key {
		case "per":
			r.text(field, m[key], &l.Per)
		case "count":
			n, ok := asNumber(m[key])
			if !ok || n != math.Trunc(n) || n < 1 || n > 1000 {
				r.problem(field, "write how often it may act", "must be a whole number from 1 to 1000")
				continue
			}
			l.Count = int(n)
		case "within":
			r.duration(field, m[key], &l.Within)
		default:
			r.unknown(field, key, "per", "count", "within")
		}
	}
	*dst = l
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
