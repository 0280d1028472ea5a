package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// rule says what is wrong with a text and what to write instead; an empty message means nothing is. A message must not
// repeat the text when that may be personal data.
type rule func(text string) (message, fix string)

// raw gives a text node's value after interpolation. ok is false when the node is no text or a variable is missing; only the
// latter is reported here.
func (d *decoder) raw(v value) (text string, used, isText, ok bool) {
	switch n := v.node.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.LiteralNode:
		text = n.Value.Value
	default:
		return "", false, false, false
	}
	text, used, ok = d.interpolate(v, text)
	return text, used, true, ok
}

// shown repeats a value in a message, unless it came from the environment or is too long to be a mere slip.
func shown(text string, used bool) string {
	switch {
	case used:
		return "the value of a variable"
	case text == "":
		return "empty text"
	case len(text) > maxShown || strings.ContainsAny(text, "@\n"):
		return "other text"
	default:
		return strconv.Quote(text)
	}
}

func (d *decoder) wrongKind(v value, want, fix string) {
	if _, alias := v.node.(*ast.AliasNode); alias {
		return // survey has reported it
	}
	d.problem(v.at, fix, "%s must be %s, found %s", v.path, want, kind(v.node))
}

// anyText reads text and applies the rules.
func (d *decoder) anyText(v value, rules ...rule) (string, bool) {
	text, _, isText, ok := d.raw(v)
	if !isText {
		fix := "write one value; one with a colon in it goes in quotes"
		if scalarNode(v.node) {
			fix = "put it in quotes"
		}
		d.wrongKind(v, "text", fix)
	}
	if !ok {
		return "", false
	}
	text = strings.TrimSpace(text)
	for _, r := range rules {
		if message, fix := r(text); message != "" {
			d.problem(v.at, fix, "%s %s", v.path, message)
			return "", false
		}
	}
	return text, true
}

func (d *decoder) text(dst *string, rules ...rule) func(value) {
	return func(v value) {
		if text, ok := d.anyText(v, rules...); ok {
			*dst = text
		}
	}
}

func (d *decoder) secret(dst *Secret, rules ...rule) func(value) {
	return func(v value) {
		if text, ok := d.anyText(v, append([]rule{secretText}, rules...)...); ok {
			*dst = NewSecret(text)
		}
	}
}

func (d *decoder) boolean(dst *bool) func(value) {
	return func(v value) {
		if b, ok := v.node.(*ast.BoolNode); ok {
			*dst = b.Value
			return
		}
		text, used, isText, ok := d.raw(v)
		switch {
		case !isText:
			d.wrongKind(v, "true or false", "write true or false")
		case !ok:
		case used && (text == "true" || text == "false"):
			*dst = text == "true"
		default:
			d.problem(v.at, "write "+boolFix(text), "%s must be true or false, found %s", v.path, shown(text, used))
		}
	}
}

// boolFix guesses what was meant; YAML 1.2 reads yes and on as text.
func boolFix(text string) string {
	switch strings.ToLower(text) {
	case "yes", "on", "y", "true", "enabled":
		return "true without quotes"
	case "no", "off", "n", "false", "disabled":
		return "false without quotes"
	default:
		return "true or false"
	}
}

// number reads a number and lets accept say what is wrong with it.
func (d *decoder) number(dst *float64, accept func(float64) (message, fix string)) func(value) {
	return func(v value) {
		f, ok := d.float(v)
		if !ok {
			return
		}
		if message, fix := accept(f); message != "" {
			d.problem(v.at, fix, "%s %s", v.path, message)
			return
		}
		*dst = f
	}
}

func (d *decoder) float(v value) (float64, bool) {
	switch n := v.node.(type) {
	case *ast.IntegerNode:
		switch i := n.Value.(type) {
		case int64:
			return float64(i), true
		case uint64:
			return float64(i), true
		}
	case *ast.FloatNode:
		return n.Value, true
	}
	text, used, isText, ok := d.raw(v)
	if isText && !ok {
		return 0, false
	}
	if f, err := strconv.ParseFloat(text, 64); used && err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return f, true
	}
	found := kind(v.node)
	if isText {
		found = shown(text, used)
	}
	fix := "write a number without quotes"
	if percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64); err == nil && strings.HasSuffix(text, "%") {
		fix = fmt.Sprintf("write %g without the percent sign, or %g as a share", percent, percent/100)
	}
	d.problem(v.at, fix, "%s must be a number, found %s", v.path, found)
	return 0, false
}

// duration reads Go's notation (5m, 1h30m) between two bounds.
func (d *decoder) duration(dst *time.Duration, low, high time.Duration) func(value) {
	return func(v value) {
		if n, ok := v.node.(*ast.IntegerNode); ok {
			d.problem(v.at, fmt.Sprintf("write %vs, %vm or %vh", n.Value, n.Value, n.Value), "%s has no unit", v.path)
			return
		}
		text, used, isText, ok := d.raw(v)
		if !isText {
			d.wrongKind(v, "a duration", "write a number with a unit, such as 30s, 5m or 24h")
		}
		if !ok {
			return
		}
		parsed, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil {
			d.problem(v.at, "write a number with a unit, such as 30s, 5m or 24h", "%s must be a duration, found %s", v.path, shown(text, used))
			return
		}
		if parsed < low || parsed > high {
			d.problem(v.at, fmt.Sprintf("write a duration from %s to %s", Brief(low), Brief(high)), "%s is out of range: %s", v.path, shown(text, used))
			return
		}
		*dst = parsed
	}
}

// Brief is a duration as people write it: without the zero parts that String adds: 5m0s becomes 5m.
func Brief(t time.Duration) string {
	text := t.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// choice reads one of a few words.
func (d *decoder) choice(dst *string, allowed ...string) func(value) {
	return func(v value) {
		text, used, isText, ok := d.raw(v)
		if !isText {
			d.wrongKind(v, "one of "+strings.Join(allowed, ", "), "write "+strings.Join(allowed, " or "))
		}
		if !ok {
			return
		}
		if !slices.Contains(allowed, text) {
			d.problem(v.at, chooseFix(text, allowed), "%s cannot be %s", v.path, shown(text, used))
			return
		}
		*dst = text
	}
}

func chooseFix(text string, allowed []string) string {
	if near := nearest(text, allowed); near != "" {
		return fmt.Sprintf("did you mean %s? allowed: %s", near, strings.Join(allowed, ", "))
	}
	return "allowed: " + strings.Join(allowed, ", ")
}

// texts reads a list of texts, each normalised and then held against the rule. One text alone counts as a list of one.
func (d *decoder) texts(dst *[]string, normalise func(string) string, check rule) func(value) {
	return func(v value) {
		items := []value{v}
		if sequence, ok := v.node.(*ast.SequenceNode); ok {
			items = d.items(v, sequence)
		} else if !isTextNode(v.node) {
			d.wrongKind(v, "a list", "write [one, two]")
			return
		}
		list := []string{}
		for _, item := range items {
			text, ok := d.anyText(item)
			if !ok {
				continue
			}
			text = normalise(text)
			if message, fix := check(text); message != "" {
				d.problem(item.at, fix, "%s %s", item.path, message)
				continue
			}
			if !slices.Contains(list, text) {
				list = append(list, text)
			}
		}
		*dst = list
	}
}

func isTextNode(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return true
	}
	return false
}

func (d *decoder) items(v value, sequence *ast.SequenceNode) []value {
	items := make([]value, 0, len(sequence.Values))
	for i, n := range sequence.Values {
		n = unwrapped(n)
		at := v.at
		if n != nil {
			at = position(n)
		}
		items = append(items, value{node: n, at: at, path: fmt.Sprintf("%s[%d]", v.path, i+1)})
	}
	return items
}
