package activities

import (
	"github.com/goccy/go-yaml/ast"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rules"
)

// RuleSet compiles the automations of a connector together with the built-in ones. The error is rules.Problems.
func RuleSet(cfg *config.Connector) (*rules.Set, error) {
	nodes := make([]*ast.MappingNode, len(cfg.Automations))
	for i, a := range cfg.Automations {
		nodes[i] = a.Node
	}
	return rules.LoadNodes(nodes, rules.Options{
		Builtin: cfg.BuiltinAutomations, EventPrefix: cfg.Events.Prefix, MaxAge: cfg.Events.MaxAge,
	})
}
