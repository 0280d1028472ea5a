package config

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

const (
	emailSource    = "email"
	emailAttribute = "EMAIL"
	autoSource     = "user_fields.*"
	auto           = "auto"
)

// fieldMapping reads source: target lines. A target is an attribute, a list of them, null (off), or auto.
func (d *decoder) fieldMapping(v value, dst *FieldMapping) {
	list, _ := d.entries(v, "field_mapping")
	taken := map[string]FieldRule{}
	for _, e := range list {
		r, ok := d.fieldRule(e)
		if !ok {
			continue
		}
		for _, target := range r.Targets {
			if first, twice := taken[target]; twice {
				d.problem(e.value.at, "give each source a target of its own", "%s is already the target of %s (line %d)", target, shownKey(first.Source), first.At.Line)
				continue
			}
			taken[target] = r
		}
		*dst = append(*dst, r)
	}
}

func (d *decoder) fieldRule(e entry) (FieldRule, bool) {
	r := FieldRule{Source: strings.TrimSpace(e.name), At: e.at}
	before := len(d.problems)
	// Titles of ticket fields and the keys of people's own fields are free text, but a path in messages must stay readable.
	e.value.path = "field_mapping." + r.Source
	if len(r.Source) > maxShown {
		e.value.path = "field_mapping"
	}
	if r.Source == "" {
		d.problem(e.at, "write a Zendesk field before the colon", "field_mapping has an empty source")
	} else if d.check != nil {
		if message, fix := d.check(r.Source); message != "" {
			d.problem(e.at, fix, "%s %s", e.value.path, message)
		}
	}
	switch n := e.value.node.(type) {
	case *ast.NullNode, nil:
		r.Off = true
	case *ast.BoolNode:
		d.wrongKind(e.value, "an attribute, a list of them, null or auto", "to switch it off, write null")
	case *ast.SequenceNode:
		d.texts(&r.Targets, upper, attribute)(e.value)
		if len(n.Values) == 0 {
			d.problem(e.value.at, "to switch it off, write null", "%s has no target", e.value.path)
		}
	default:
		if text, ok := n.(*ast.StringNode); ok && text.Value == auto {
			r.Auto = true
		} else {
			d.texts(&r.Targets, upper, attribute)(e.value)
		}
	}
	if len(d.problems) == before {
		d.fieldKind(e, r)
	}
	return r, len(d.problems) == before && (r.Off || r.Auto || len(r.Targets) > 0)
}

// fieldKind holds what a source may not be given.
func (d *decoder) fieldKind(e entry, r FieldRule) {
	wildcard := strings.HasSuffix(r.Source, ".*")
	isEmail := slices.Contains(r.Targets, emailAttribute)
	switch {
	case r.Auto && r.Source != autoSource:
		d.problem(e.value.at, "write the attribute's name", "%s: auto works with %s only", e.value.path, autoSource)
	case wildcard && r.Source == autoSource && len(r.Targets) > 0:
		d.problem(e.value.at, "write auto: each field gets an attribute of its own name", "%s has one target for many fields", e.value.path)
	case wildcard && r.Source != autoSource:
		d.problem(e.at, "name each field, such as user_fields.customer_type", "%s: only %s may stand for many fields", e.value.path, autoSource)
	case r.Source == emailSource && !isEmail:
		d.problem(e.value.at, "write email: email", "field_mapping.email must include EMAIL: the address is what identifies a contact")
	case r.Source != emailSource && isEmail:
		d.problem(e.value.at, "choose another attribute", "%s cannot be EMAIL: the address comes from email", e.value.path)
	}
}
