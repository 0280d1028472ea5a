package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder walks the YAML tree and gathers problems instead of stopping at the first.
type decoder struct {
	file             string
	getenv           func(string) string
	check            SourceCheck
	checkAutomations AutomationCheck
	lenient          bool // inside a connector that is switched off: what is missing is not a problem
	elsewhere        bool // some value is not what is written in its place: an anchor, alias or tag, which is reported
	problems         Problems
}

// value is one node with the place to report it at.
type value struct {
	node ast.Node
	at   Position
	path string // "auth.email"
}

// null tells a key without a value, which counts as not written.
func (v value) null() bool {
	_, isNull := v.node.(*ast.NullNode)
	return v.node == nil || isNull
}

// key is one key a section may have.
type key struct {
	name string
	set  func(value)
}

func (d *decoder) problem(at Position, fix, format string, args ...any) {
	d.problems = append(d.problems, Problem{File: d.file, At: at, Message: fmt.Sprintf(format, args...), Fix: fix})
}

func (d *decoder) missing(at Position, fix, format string, args ...any) {
	if !d.lenient {
		d.problem(at, fix, format, args...)
	}
}

func position(n ast.Node) Position {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key
	}
	if n == nil {
		return Position{1, 1}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return Position{t.Position.Line, t.Position.Column}
	}
	return Position{1, 1}
}

// unwrapped is the node behind anchors and tags, which survey has already reported.
func unwrapped(n ast.Node) ast.Node {
	for {
		switch t := n.(type) {
		case *ast.AnchorNode:
			n = t.Value
		case *ast.TagNode:
			n = t.Value
		default:
			return n
		}
	}
}

type entry struct {
	name  string
	at    Position
	value value
}

// entries are the pairs of a mapping; ok is false when the value is no mapping, which is reported. Null is an empty mapping.
func (d *decoder) entries(v value, what string) (list []entry, ok bool) {
	v.node = unwrapped(v.node)
	if v.null() {
		return nil, true
	}
	var pairs []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.AliasNode:
		return nil, false
	default:
		d.problem(v.at, "put its settings below it, indented by two spaces", "%s must be a mapping (key: value lines), found %s", what, kind(v.node))
		return nil, false
	}
	lines := map[string]int{}
	for _, pair := range pairs {
		at := position(pair.Key)
		if pair.Key.IsMergeKey() {
			continue // survey has reported it
		}
		if _, complex := pair.Key.(*ast.MappingKeyNode); complex {
			d.problem(at, "write key: value", "keys marked with ? are not supported")
			continue
		}
		name := keyText(pair.Key)
		if line, twice := lines[name]; twice {
			d.problem(at, "keep one of them", "%s is written twice in %s (first on line %d)", shownKey(name), what, line)
			continue
		}
		lines[name] = at.Line
		path := name
		if v.path != "" {
			path = v.path + "." + name
		}
		e := entry{name: name, at: at, value: value{node: unwrapped(pair.Value), path: path}}
		e.value.at = at
		if scalarNode(e.value.node) {
			e.value.at = position(e.value.node)
		}
		list = append(list, e)
	}
	return list, true
}

func keyText(k ast.Node) string {
	switch n := unwrapped(k).(type) {
	case *ast.StringNode:
		return n.Value
	case nil:
		return ""
	default:
		if t := n.GetToken(); t != nil {
			return t.Value
		}
		return ""
	}
}

// section sets the known keys of a mapping and reports the others. It returns which keys were written with a value, wrongly
// spelled ones under the name they were meant to have; nil when there is no mapping to miss a key in.
func (d *decoder) section(v value, what string, keys []key) map[string]bool {
	written := map[string]bool{}
	list, ok := d.entries(v, what)
	if !ok {
		return nil
	}
	names := make([]string, 0, len(keys))
	for _, k := range keys {
		names = append(names, k.name)
	}
next:
	for _, e := range list {
		for _, k := range keys {
			if k.name != e.name {
				continue
			}
			if !e.value.null() {
				written[k.name] = true
				k.set(e.value)
			}
			continue next
		}
		near := nearest(e.name, names)
		if near != "" {
			written[near] = true
		}
		d.problem(e.at, unknownFix(e.name, near, names), "unknown key %s in %s", shownKey(e.name), what)
	}
	return written
}

// homes tells where keys live that people put elsewhere.
var homes = map[string]string{
	"api_key": "brevo",
	"email":   "auth", "api_token": "auth", "oauth": "auth", "client_id": "auth.oauth", "client_secret": "auth.oauth", "scopes": "auth.oauth",
	"users": "sync", "tickets": "sync", "organizations": "sync", "satisfaction_ratings": "sync", "roles": "sync", "exclude": "sync",
	"all_customers": "lists", "active_tickets": "lists", "satisfied_customers": "lists",
	"satisfied": "thresholds", "zendesk_share": "rate_limits", "export_share": "rate_limits", "every": "schedule",
	"settle": "events", "prefix": "events", "emails": "pilot",
	"subdomain": "connectors.NAME", "auth": "connectors.NAME", "sync": "connectors.NAME", "lists": "connectors.NAME",
	"field_mapping": "connectors.NAME", "zendesk": "connectors",
}

func unknownFix(name, near string, known []string) string {
	if near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	for meant, home := range homes {
		if folded(meant) == folded(name) {
			return fmt.Sprintf("%s belongs under %s", meant, home)
		}
	}
	return "known here: " + strings.Join(known, ", ")
}

func scalarNode(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return true
	}
	return false
}

func kind(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.NullNode, nil:
		return "nothing"
	}
	return "something else"
}

var reference = regexp.MustCompile(`\$?\$\{[^}]*\}?`)

// interpolate replaces ${NAME} by the environment's value; $${ is a literal ${. used tells whether anything was replaced;
// ok is false when a variable has no value or the text is no reference, which is reported.
func (d *decoder) interpolate(v value, text string) (result string, used, ok bool) {
	ok = true
	result = reference.ReplaceAllStringFunc(text, func(ref string) string {
		if strings.HasPrefix(ref, "$$") {
			return ref[1:]
		}
		name := strings.TrimSuffix(ref[2:], "}")
		if !strings.HasSuffix(ref, "}") || !variableName.MatchString(name) {
			d.problem(v.at, "write ${NAME}, or $${ for the characters themselves", "%s has a ${ that is no variable reference", v.path)
			ok = false
			return ""
		}
		used = true
		replacement, there := d.variable(v.at, name)
		if !there {
			ok = false
		} else if replacement == "" {
			ok = false
			d.missing(v.at, fmt.Sprintf("export %s or put it in .env", name), "%s needs the environment variable %s, which is not set", v.path, shownVariable(name))
		}
		return replacement
	})
	return result, used, ok
}

// variable is the value of an environment variable, or of the file that NAME_FILE names; ok is false when that file cannot be
// used, which is reported.
func (d *decoder) variable(at Position, name string) (value string, ok bool) {
	value, err := fromFile(d.getenv, name)
	var wrong *secretFileError
	if errors.As(err, &wrong) {
		d.missing(at, wrong.fix, "%s", wrong.message)
	}
	return value, err == nil
}

var upperName = regexp.MustCompile(`^[A-Z0-9_]{1,100}$`)

// shownVariable is the name of a variable for a message, unless it may be a credential written between the braces.
func shownVariable(name string) string {
	if upperName.MatchString(name) || len(name) <= maxShown {
		return name
	}
	return "(not shown)"
}
