package rules

import (
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Source is one automation as written: generic values (map[string]any, []any, scalars), and where its fields stand. Paths
// are like "when" and "do[1].template"; the empty path is the automation itself, and "when:" is where the word when stands.
type Source struct {
	Values map[string]any
	Places map[string]Position
	twice  []doubled
}

// doubled is a key that stands in the file a second time.
type doubled struct {
	path  string
	at    Position
	first int // line
}

// FromYAML reads one automation from its node in a parsed file.
func FromYAML(node *ast.MappingNode) (Source, error) {
	s := Source{Places: map[string]Position{}}
	if err := yaml.NodeToValue(node, &s.Values, yaml.AllowDuplicateMapKey()); err != nil {
		return Source{}, fmt.Errorf("read automation: %w", err)
	}
	s.place("", node)
	return s, nil
}

// LoadNodes is Load on the nodes of a parsed file; a nil node is passed over, and counts. The error is Problems, all of them.
func LoadNodes(nodes []*ast.MappingNode, o Options) (*Set, error) {
	l := &loader{}
	for i, node := range nodes {
		if node == nil {
			continue
		}
		source, err := FromYAML(node)
		if err != nil {
			l.problems = append(l.problems, Problem{
				Index: i + 1, At: start(node), Message: "cannot be read", Fix: "write it as key: value lines",
			})
			continue
		}
		l.add(i+1, source)
	}
	return l.compile(o)
}

func (s *Source) place(path string, node ast.Node) {
	if _, known := s.Places[path]; !known {
		s.Places[path] = start(node)
	}
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			s.place(path, pair)
		}
	case *ast.MappingValueNode:
		name := pairName(n)
		if path != "" {
			name = path + "." + name
		}
		if first, known := s.Places[name+":"]; known {
			s.twice = append(s.twice, doubled{name, start(n.Key), first.Line})
			return
		}
		s.Places[name], s.Places[name+":"] = start(n.Key), start(n.Key)
		switch n.Value.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			s.Places[name] = start(n.Value) // what is wrong is the value
		}
		s.place(name, n.Value)
	case *ast.SequenceNode:
		for i, item := range n.Values {
			s.place(path+"["+strconv.Itoa(i+1)+"]", item)
		}
	}
}

func pairName(n *ast.MappingValueNode) string {
	if text, ok := n.Key.(*ast.StringNode); ok {
		return text.Value
	}
	if t := n.Key.GetToken(); t != nil {
		return t.Value
	}
	return ""
}

func start(node ast.Node) Position {
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		node = m.Values[0].Key
	}
	if pair, ok := node.(*ast.MappingValueNode); ok {
		node = pair.Key
	}
	if node == nil {
		return Position{}
	}
	if t := node.GetToken(); t != nil && t.Position != nil {
		return Position{Line: t.Position.Line, Column: t.Position.Column}
	}
	return Position{}
}
