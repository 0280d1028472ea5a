// Package connectors joins the configuration with those who know its words: the mapping, which knows the sources of
// field_mapping, and the rules, which know automations. Every program loads connectors.yaml with the same checks.
package connectors

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/mapping"
)

// Checks are the options of config.Load and config.Parse with which a mistyped source or a mistake in an automation is found
// when the file is read, at its line and column.
func Checks() []config.Option {
	return []config.Option{config.WithSources(mapping.CheckSource), config.WithAutomations(checkAutomations)}
}

// RuleSet compiles the automations of a connector together with the built-in ones. The error is rules.Problems; a connector
// that was loaded with Checks has none.
func RuleSet(c *config.Connector) (*rules.Set, error) {
	nodes := make([]*ast.MappingNode, len(c.Automations))
	for i, a := range c.Automations {
		nodes[i] = a.Node
	}
	return rules.LoadNodes(nodes, rules.Options{
		Builtin: c.BuiltinAutomations, EventPrefix: c.Events.Prefix, MaxAge: c.Events.MaxAge,
		Carries: func(f rules.Field) bool { return carries(c.FieldMapping, f) },
	})
}

// carries reports whether a mapping may carry a custom field. Which field a title means, the account alone knows.
func carries(m config.FieldMapping, f rules.Field) bool {
	return slices.ContainsFunc(m, func(r config.FieldRule) bool {
		kind, name, ok := strings.Cut(r.Source, "_fields.")
		if !ok || kind != f.Kind || r.Off {
			return false
		}
		name = strings.TrimSuffix(name, ".label")
		_, err := strconv.ParseInt(name, 10, 64)
		return r.Auto || name == f.Key || kind == mapping.KindTicket && err != nil
	})
}

func checkAutomations(c *config.Connector) []config.Problem {
	_, err := RuleSet(c)
	if err == nil {
		return nil
	}
	var problems rules.Problems
	if !errors.As(err, &problems) {
		return []config.Problem{{At: c.Automations[0].At, Message: "automations cannot be read: " + err.Error()}}
	}
	out := make([]config.Problem, len(problems))
	for i, p := range problems {
		out[i] = config.Problem{At: config.Position(p.At), Message: p.Place() + " " + p.Message, Fix: p.Fix}
	}
	return out
}
