// Package dev runs the parts of the product together on one machine, in the manner of foreman: the embedded Temporal, the
// simulated vendors, the worker. It starts each part when those it needs are ready, prefixes their log lines, and stops all
// of them in reverse order when one ends or the person does.
package dev

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Check tells whether a part is ready to be used: nil, or what is missing. It is called again and again, each time with a
// context that ends soon.
type Check func(ctx context.Context) error

// Port is an address that a part will listen on.
type Port struct {
	Addr     string // host:port
	Purpose  string // such as "Temporal's Web UI"
	Variable string // the environment variable that changes it
}

// Part is one long-running process.
type Part struct {
	Name    string
	Command []string // path and arguments
	Env     []string // NAME=value, added to the supervisor's base environment
	Dir     string   // working directory; empty means the supervisor's
	Needs   []string // names of the parts that have to be ready before this one starts
	Ports   []Port
	Ready   Check         // nil: ready as soon as it is started
	Within  time.Duration // how long it may take to be ready; 0 means 30 s
}

func (p Part) within() time.Duration {
	if p.Within > 0 {
		return p.Within
	}
	return 30 * time.Second
}

// inOrder sorts the parts so that each comes after those it needs, and otherwise keeps the order given. It returns an error
// when two share a name, one needs an unknown one, or they need each other in a circle.
func inOrder(parts []Part) ([]Part, error) {
	byName := make(map[string]Part, len(parts))
	for _, p := range parts {
		if _, twice := byName[p.Name]; twice {
			return nil, fmt.Errorf("two parts are called %s", p.Name)
		}
		if len(p.Command) == 0 {
			return nil, fmt.Errorf("part %s has no command", p.Name)
		}
		byName[p.Name] = p
	}
	var problems []error
	for _, p := range parts {
		for _, need := range p.Needs {
			if _, known := byName[need]; !known {
				problems = append(problems, fmt.Errorf("part %s needs %s, which does not exist", p.Name, need))
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	var order []Part
	placed := map[string]bool{}
	for len(order) < len(parts) {
		i := slices.IndexFunc(parts, func(p Part) bool {
			return !placed[p.Name] && !slices.ContainsFunc(p.Needs, func(need string) bool { return !placed[need] })
		})
		if i < 0 {
			return nil, fmt.Errorf("parts need each other in a circle: %s", strings.Join(unplaced(parts, placed), ", "))
		}
		order = append(order, parts[i])
		placed[parts[i].Name] = true
	}
	return order, nil
}

func unplaced(parts []Part, placed map[string]bool) []string {
	var names []string
	for _, p := range parts {
		if !placed[p.Name] {
			names = append(names, p.Name)
		}
	}
	return names
}
