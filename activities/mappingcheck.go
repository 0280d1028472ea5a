package activities

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// MappedLine is one line of field_mapping and what becomes of it.
type MappedLine struct {
	At      config.Position // zero: no line, the default of a source that the file does not name
	Source  string
	Targets []string // attributes in Brevo; none: it is switched off
	Types   []string // of the targets, in the same order; empty where nothing can be written
	Problem string   // why it is not written; empty when it is
	Note    string   // what should be known of it all the same
}

// CheckMapping judges every line of a connector's field_mapping by the fields and attributes that the last preflight found. It
// asks nobody. What is left out by the compiler, or refused by the type of an attribute, is a problem; so are defaults with such a type.
func CheckMapping(cfg *config.Connector, fields []store.Field, attributes []store.Attribute) []MappedLine {
	whole, defs := mappingConfig(cfg), definitions(fields)
	mapper, err := mapping.Compile(whole, defs)
	var problems mapping.Problems
	_ = errors.As(err, &problems)
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = a.Name
	}
	var lines []MappedLine
	for i, rule := range cfg.FieldMapping {
		line := MappedLine{At: rule.At, Source: rule.Source, Targets: slices.Clone(rule.Targets)}
		for _, p := range problems {
			if len(p.Path) == 2 && p.Path[1] == strings.TrimSpace(rule.Source) {
				line.Problem = join(line.Problem, meant(p.Message, p.Nearest))
			}
		}
		if !rule.Off {
			judgeLine(&line, onlyLine(whole, i), defs, attributes)
		}
		lines = append(lines, line)
	}
	if mapper == nil {
		return lines
	}
	for _, a := range mapper.Rename(mapping.NamesIn(names)).Attributes() {
		if clash := clashOf(a, attributes); clash != "" && !a.Named {
			lines = append(lines, MappedLine{Source: strings.Join(a.Sources, ", "), Targets: []string{a.Name}, Types: []string{a.Type}, Problem: clash})
		}
	}
	return lines
}

// onlyLine is a configuration in which all lines but one are switched off.
func onlyLine(whole mapping.Config, i int) mapping.Config {
	out := whole
	out.FieldMapping = nil
	for n, rule := range whole.FieldMapping {
		if message, _ := mapping.CheckSource(rule.Source); message != "" && n != i {
			continue // it would hide what the line comes to
		}
		if n != i && strings.TrimSpace(rule.Source) != "email" {
			rule.Targets, rule.Auto = nil, false
		}
		out.FieldMapping = append(out.FieldMapping, rule)
	}
	return out
}

// judgeLine says what the one line of a configuration comes to.
func judgeLine(line *MappedLine, cfg mapping.Config, defs []mapping.Definition, attributes []store.Attribute) {
	mapper, err := mapping.Compile(cfg, defs)
	if err != nil {
		return // the whole has the same problem, and more of its neighbours
	}
	for _, notice := range mapper.Notices() {
		notice = strings.TrimPrefix(notice, "field_mapping: ")
		if strings.HasSuffix(notice, "left out") {
			line.Problem = join(line.Problem, notice)
		} else {
			line.Note = join(line.Note, notice)
		}
	}
	auto := len(line.Targets) == 0
	for _, a := range mapper.Attributes() {
		if !slices.Contains(a.Sources, line.Source) && (!auto || !a.Named) {
			continue
		}
		if auto {
			line.Targets = append(line.Targets, a.Name)
		}
		line.Types = append(line.Types, a.Type)
		if clash := clashOf(a, attributes); clash != "" {
			line.Problem = join(line.Problem, clash)
		}
	}
}

// clashOf says that Brevo has an attribute of another type, which would drop the values without a word.
func clashOf(want mapping.Attribute, attributes []store.Attribute) string {
	at := slices.IndexFunc(attributes, func(a store.Attribute) bool { return a.Name == want.Name })
	if at < 0 || compatible(want.Type, attributes[at]) {
		return ""
	}
	return fmt.Sprintf("%s is %s in Brevo, and the value is %s: choose another attribute", want.Name, described(attributes[at]), want.Type)
}

func meant(message, nearest string) string {
	if nearest == "" {
		return message
	}
	return fmt.Sprintf("%s; did you mean %s?", message, nearest)
}

func join(before, more string) string {
	if before == "" {
		return more
	}
	return before + "; " + more
}
