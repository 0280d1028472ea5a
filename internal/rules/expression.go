package rules

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"zendesk-brevo/mapping"
)

// maxExpression bounds an expression in bytes. Together with what check refuses it bounds the time of an evaluation: no
// ranges, variables, functions that grow values, or loops within loops.
const maxExpression = 1000

var functions = []string{
	"abs", "all", "any", "ceil", "count", "date", "duration", "float", "floor", "hasPrefix", "hasSuffix", "int", "len", "lower",
	"max", "min", "none", "one", "round", "string", "trim", "upper",
}

// expression is a compiled, type-checked expression.
type expression struct {
	program    *vm.Program
	usesTicket bool
	fields     []Field
}

// Field is a custom field that a condition asks for by a fixed key.
type Field struct {
	Kind string // mapping.KindTicket, mapping.KindUser
	Key  string // of a ticket field: its id
}

// source is what carries the field in field_mapping.
func (f Field) source() string {
	if key := shown(f.Key); key == strconv.Quote(f.Key) {
		return f.Kind + "_fields." + f.Key
	}
	return f.Kind + "_fields.KEY"
}

// String is how conditions name the field.
func (f Field) String() string {
	if f.Kind == mapping.KindTicket {
		return "ticket.fields[" + shown(f.Key) + "]"
	}
	return "contact.fields[" + shown(f.Key) + "]"
}

// compileExpression checks source against the names and types of env. Problems say where in the expression they are.
func compileExpression(source string, env any, options ...expr.Option) (*expression, error) {
	if len(source) > maxExpression {
		return nil, fmt.Errorf("is longer than %d characters", maxExpression)
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, located(source, err)
	}
	c := &checker{env: reflect.TypeOf(env)}
	ast.Walk(&tree.Node, c)
	if c.problem != "" {
		return nil, errors.New(c.problem)
	}
	options = append([]expr.Option{expr.Env(env), expr.DisableAllBuiltins()}, options...)
	for _, name := range functions {
		options = append(options, expr.EnableBuiltin(name))
	}
	program, err := expr.Compile(source, options...)
	if err != nil {
		return nil, located(source, err)
	}
	return &expression{program: program, usesTicket: c.usesTicket, fields: c.fields}, nil
}

// located turns the language's error into one line: its drawing of the expression does not fit a list of problems.
func located(source string, err error) error {
	var f *file.Error
	if !errors.As(err, &f) {
		return fmt.Errorf("is no valid expression: %s", firstLine(err.Error()))
	}
	message := quoted.ReplaceAllStringFunc(firstLine(f.Message), func(q string) string {
		return shown(strings.Trim(q, `"`))
	})
	message = badNumber.ReplaceAllString(message, "bad number syntax")
	for _, t := range []reflect.Type{reflect.TypeFor[conditionEnv](), reflect.TypeFor[templateEnv]()} {
		for i := range t.NumField() {
			message = strings.ReplaceAll(message, t.Field(i).Type.String(), t.Field(i).Tag.Get("expr"))
		}
	}
	if strings.Contains(source, "\n") {
		return fmt.Errorf("has an error at its line %d, character %d: %s", f.Line, f.Column+1, message)
	}
	return fmt.Errorf("has an error at character %d: %s", f.Column+1, message)
}

// The language's messages repeat words of the source, whole or in part.
var (
	quoted    = regexp.MustCompile(`"[^"]*"`)
	badNumber = regexp.MustCompile(`bad number syntax: .*`)
)

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

// checker walks a parsed expression before it is compiled: it gives misspelt names a hint, and refuses what could run long.
type checker struct {
	env        reflect.Type
	usesTicket bool
	fields     []Field
	problem    string // the first
}

func (c *checker) fail(format string, args ...any) {
	if c.problem == "" {
		c.problem = fmt.Sprintf(format, args...)
	}
}

// Visit sees children before their parents.
func (c *checker) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if known := names(c.env); !slices.Contains(known, n.Value) {
			c.fail("knows no %s; %s", shown(n.Value), suggestion(n.Value, known))
		}
		c.usesTicket = c.usesTicket || n.Value == "ticket"
	case *ast.MemberNode:
		c.member(n)
	case *ast.BuiltinNode:
		if !slices.Contains(functions, n.Name) {
			c.fail("cannot use %s; %s", shown(n.Name), suggestion(n.Name, functions))
		}
	case *ast.CallNode:
		name := ""
		if id, ok := n.Callee.(*ast.IdentifierNode); ok {
			name = id.Value
		}
		c.fail("calls an unknown function %s; %s", shown(name), suggestion(name, functions))
	case *ast.BinaryNode:
		if _, constant := n.Right.(*ast.StringNode); n.Operator == "matches" && !constant {
			c.fail("has matches without a fixed pattern; write the pattern in quotes")
		}
		if n.Operator == ".." {
			c.fail("has a range; compare with < and > instead")
		}
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		c.problem = "has variables; write one expression" // rather than that their names are unknown
	case *ast.PredicateNode:
		inner := ast.Find(n.Node, func(m ast.Node) bool { _, ok := m.(*ast.PredicateNode); return ok })
		if inner != nil {
			c.fail("has a loop within a loop; split the rule in two")
		}
	}
}

func (c *checker) member(n *ast.MemberNode) {
	of, isName := n.Node.(*ast.IdentifierNode)
	property, isText := n.Property.(*ast.StringNode)
	if !isName && isText {
		c.field(n.Node, property.Value)
	}
	if !isName || !isText {
		return
	}
	for i := range c.env.NumField() {
		if c.env.Field(i).Tag.Get("expr") != of.Value {
			continue
		}
		if known := names(c.env.Field(i).Type); !slices.Contains(known, property.Value) {
			fix := suggestion(property.Value, known)
			if near := nearest(property.Value, known); near != "" {
				fix = "did you mean " + of.Value + "." + near + "?"
			}
			if told, ok := untold[of.Value+"."+property.Value]; ok {
				fix = told
			}
			c.fail("knows no %s; %s", shown(of.Value+"."+property.Value), fix)
		}
	}
}

// field notes a custom field, where that is what the key is looked up in.
func (c *checker) field(in ast.Node, key string) {
	fields, ok := in.(*ast.MemberNode)
	if !ok {
		return
	}
	of, isName := fields.Node.(*ast.IdentifierNode)
	property, isText := fields.Property.(*ast.StringNode)
	kind := map[string]string{"ticket": mapping.KindTicket, "contact": mapping.KindUser}
	if isName && isText && property.Value == "fields" && kind[of.Value] != "" {
		c.fields = append(c.fields, Field{kind[of.Value], key})
	}
}

// untold are facts that one may look for and Zendesk does not tell, and what to ask instead. A ticket that is marked as spam is
// deleted: no answer says why. https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#mark-ticket-as-spam-and-suspend-requester
var untold = map[string]string{"ticket.spam": "Zendesk shows spam as deleted: ask ticket.deleted"}

// names are what expressions call the fields of a struct, those of embedded structs included.
func names(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get("expr"); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// errNoValue stands for the language's own errors, which may repeat a value.
var errNoValue = errors.New("cannot be evaluated with these values")

func (e *expression) run(env any) (any, error) {
	v, err := expr.Run(e.program, env)
	if err != nil {
		return nil, errNoValue
	}
	return v, nil
}

// condition evaluates an expression that was compiled to a bool.
func (e *expression) condition(env conditionEnv) (bool, error) {
	v, err := e.run(env)
	if err != nil {
		return false, err
	}
	yes, ok := v.(bool)
	if !ok {
		return false, errNoValue
	}
	return yes, nil
}
