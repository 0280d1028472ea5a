package dev

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"zendesk-brevo/internal/sim/seed"
)

// What the simulated vendors accept.
const (
	demoSubdomain    = "acme"
	demoZendeskToken = "simulated-zendesk-token"
	demoBrevoKey     = "xkeysib-simulated"
)

// demoOwner is the address of the simulated account's owner, who is the first user of the seed.
func demoOwner() string {
	size := seed.Size{Users: demoUsers, Tickets: demoTickets, Organizations: demoOrganizations}
	return seed.New(size, demoSeed).Owner().Email
}

const exampleFile = "connectors.example.yaml"

// minimalConfig stands in for the example when the program runs outside the repository.
const minimalConfig = "brevo: {}\nconnectors: {zendesk: {lists: {all_customers: All customers, active_tickets: Active tickets, satisfied_customers: Satisfied customers}}}\n"

// writeDemoConfig writes connectors.yaml into dir: the example that people copy, with the vendors' addresses and the credentials
// replaced. It returns the Zendesk subdomain.
func writeDemoConfig(dir string, ports Ports) (string, error) {
	example, err := os.ReadFile(exampleFile)
	if errors.Is(err, os.ErrNotExist) {
		example, err = []byte(minimalConfig), nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", exampleFile, err)
	}
	text, err := demoConfig(example, ports)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "connectors.yaml"), text, 0o600); err != nil {
		return "", fmt.Errorf("write the demo's connectors.yaml: %w", err)
	}
	return demoSubdomain, nil
}

// demoConfig is the example with what ties it to real accounts replaced: addresses, credentials, subdomain, pilot.
func demoConfig(example []byte, ports Ports) ([]byte, error) {
	var file yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(example, &file, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("parse %s: %w", exampleFile, err)
	}
	brevo := section(file, "brevo")
	brevo = set(brevo, "api_key", demoBrevoKey)
	brevo = set(brevo, "base_url", "http://"+loopback(ports.Brevo)+"/v3")

	connectors := section(file, "connectors")
	if len(connectors) != 1 {
		return nil, fmt.Errorf("%s: expected one connector, found %d", exampleFile, len(connectors))
	}
	zendesk, ok := connectors[0].Value.(yaml.MapSlice)
	if !ok {
		return nil, fmt.Errorf("%s: the connector is not a mapping", exampleFile)
	}
	zendesk = set(zendesk, "enabled", true)
	zendesk = set(zendesk, "subdomain", demoSubdomain)
	zendesk = set(zendesk, "base_url", "http://"+loopback(ports.Zendesk))
	zendesk = set(zendesk, "auth", yaml.MapSlice{{Key: "email", Value: demoOwner()}, {Key: "api_token", Value: demoZendeskToken}})
	zendesk = set(zendesk, "pilot", yaml.MapSlice{{Key: "emails", Value: []string{}}})
	connectors[0].Value = zendesk

	text, err := yaml.Marshal(set(set(file, "brevo", brevo), "connectors", connectors))
	if err != nil {
		return nil, fmt.Errorf("write the demo's configuration: %w", err)
	}
	return text, nil
}

// section is the mapping under a key, empty when there is none.
func section(m yaml.MapSlice, key string) yaml.MapSlice {
	for _, item := range m {
		if item.Key == key {
			inner, _ := item.Value.(yaml.MapSlice)
			return inner
		}
	}
	return nil
}

// set replaces the value of a key in place, or adds it at the end.
func set(m yaml.MapSlice, key string, value any) yaml.MapSlice {
	for i := range m {
		if m[i].Key == key {
			m[i].Value = value
			return m
		}
	}
	return append(m, yaml.MapItem{Key: key, Value: value})
}
