package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds connectors.yaml; real ones have a few kilobytes.
const maxFile = 128 << 10

// maxDepth bounds nesting: the YAML parser is recursive, and the deepest setting lies six levels down.
const maxDepth = 50

// SourceCheck tells what is wrong with a source of field_mapping ("is no source"), and what to write instead; an empty message
// means nothing is. Neither repeats the source. The registry of sources lives above this package.
type SourceCheck func(source string) (message, fix string)

// AutomationCheck tells what is wrong with a connector's automations, each mistake at its place in the file. It is asked once the
// rest of the connector has been read. An entry that is no mapping has been reported already and has no Node. The rules live
// above this package.
type AutomationCheck func(c *Connector) []Problem

// Option changes what Load checks.
type Option func(*decoder)

// WithSources lets the registry of mapping sources judge the left side of field_mapping, so that a mistyped source is
// reported with its line like any other mistake.
func WithSources(check SourceCheck) Option { return func(d *decoder) { d.check = check } }

// WithAutomations lets the rules judge automations, so that a mistake in one is reported with its line like any other.
func WithAutomations(check AutomationCheck) Option {
	return func(d *decoder) { d.checkAutomations = check }
}

// Load reads connectors.yaml. getenv gives the environment: it fills ${NAME} in values, BREVO_API_KEY when brevo.api_key is
// absent, and ZENDESK_EMAIL when auth.email is; for the former two NAME_FILE may name a file that holds the value. The error is
// Problems, every mistake with its place, or says why the file cannot be read; it never holds a value of a secret.
func Load(path string, getenv func(string) string, options ...Option) (*File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist: copy connectors.example.yaml to it and fill in your accounts: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("open configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, text, getenv, options...)
}

// Parse is Load on a text; name stands for the path in messages.
func Parse(name string, text []byte, getenv func(string) string, options ...Option) (*File, error) {
	d := &decoder{file: name, getenv: getenv}
	for _, option := range options {
		option(d)
	}
	file := &File{Path: name, Connectors: map[string]*Connector{}}
	if root, ok := d.tree(text); ok {
		d.root(root, file)
	}
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	return file, nil
}

// tree parses the text into its one document; what stands in the way is reported.
func (d *decoder) tree(text []byte) (ast.Node, bool) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	start := Position{1, 1}
	switch {
	case len(text) > maxFile:
		d.problem(start, "keep only the settings", "the file is larger than %d KiB", maxFile>>10)
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		d.problem(start, "save it as UTF-8", "the file is not UTF-8 text")
	}
	if len(d.problems) > 0 || d.tooDeep(string(text)) {
		return nil, false
	}
	file, err := parseYAML(text)
	if err != nil {
		d.syntax(err, string(text))
		return nil, false
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		switch doc.Body.(type) {
		case *ast.NullNode, *ast.CommentGroupNode:
			continue
		case *ast.DirectiveNode:
			d.problem(position(doc.Body), "remove the line", "YAML directives are not supported")
			continue
		}
		bodies = append(bodies, doc.Body)
	}
	if len(bodies) == 0 {
		d.problem(start, "copy connectors.example.yaml and fill in your accounts", "the file is empty")
		return nil, false
	}
	if len(bodies) > 1 {
		d.problem(position(bodies[1]), "keep one document: remove the --- line", "the file holds several YAML documents")
		return nil, false
	}
	for _, body := range bodies {
		ast.Walk(surveyor{d}, body)
	}
	return bodies[0], true
}

// parseYAML keeps a fault of the parser from ending the program.
func parseYAML(text []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("yaml parser gave up")
		}
	}()
	return parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
}

// tooDeep reports nesting that would exhaust the parser's stack. Brackets inside quotes count as well: no setting has fifty.
func (d *decoder) tooDeep(text string) bool {
	depth := 0
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " \t-?"))
		for _, r := range line {
			switch r {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
		}
		if depth > maxDepth || indent > 4*maxDepth {
			d.problem(Position{i + 1, 1}, "close the brackets, or indent by two spaces", "this is nested too deeply")
			return true
		}
	}
	return false
}

// syntax reports what the YAML parser stumbled over. A tab in the indentation explains whatever it says; the text of the line
// is not repeated, for it may hold a secret.
func (d *decoder) syntax(err error, text string) {
	for i, line := range strings.Split(text, "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 && strings.TrimSpace(line) != "" {
			d.problem(Position{i + 1, tab + 1}, "indent with spaces", "a tab is used for indentation")
		}
	}
	if len(d.problems) > 0 {
		return
	}
	at, message := Position{1, 1}, "it cannot be parsed"
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		message = syntax.GetMessage()
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			at = Position{t.Position.Line, t.Position.Column}
		}
	}
	fix := "check the indentation, the colons and the quotes around this line"
	if lines := strings.Split(text, "\n"); at.Line >= 1 && at.Line <= len(lines) && strings.Contains(lines[at.Line-1], "${") {
		fix = `put quotes around values with ${...}: "${NAME}"`
	}
	d.problem(at, fix, "this is not valid YAML: %s", message)
}

// surveyor reports what YAML allows and this file does not, wherever it stands: every value is to be read where it is written.
type surveyor struct{ d *decoder }

// Visit is called for each node.
func (s surveyor) Visit(n ast.Node) ast.Visitor {
	before := len(s.d.problems)
	switch n.(type) {
	case *ast.AnchorNode:
		s.d.problem(position(n), "remove the & mark", "YAML anchors are not supported")
	case *ast.AliasNode:
		s.d.problem(position(n), "write the value out", "YAML aliases are not supported")
	case *ast.TagNode:
		s.d.problem(position(n), "remove the ! mark", "YAML tags are not supported")
	case *ast.MergeKeyNode:
		s.d.problem(position(n), "write the settings out", "merge keys (<<) are not supported")
	}
	s.d.elsewhere = s.d.elsewhere || len(s.d.problems) > before
	return s
}
