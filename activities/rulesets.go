package activities

import (
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/rules"
)

// RuleSet compiles the automations of a connector together with the built-in ones. The error is rules.Problems.
func RuleSet(cfg *config.Connector) (*rules.Set, error) { return connectors.RuleSet(cfg) }
