package config

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// list reads a list reference: a number is an id, text is a name.
func (d *decoder) list(dst *ListRef) func(value) {
	return func(v value) {
		const fix = "write the list's id (a number) or its name"
		if n, ok := v.node.(*ast.IntegerNode); ok {
			// Read from the digits: YAML takes 010 for eight.
			id, err := strconv.ParseInt(n.Token.Value, 10, 64)
			if err != nil || id <= 0 || n.Token.Value[0] == '0' {
				d.problem(v.at, fix, "%s is no list id", v.path)
				return
			}
			*dst = ListRef{ID: id}
			return
		}
		text, used, isText, ok := d.raw(v)
		if !isText {
			d.wrongKind(v, "a list id or a list name", fix)
		}
		if !ok {
			return
		}
		text = strings.TrimSpace(text)
		id, err := strconv.ParseInt(text, 10, 64)
		switch {
		case text == "":
			d.problem(v.at, fix, "%s is empty", v.path)
		case err != nil:
			*dst = ListRef{Name: text}
		case !used:
			d.problem(v.at, "for the list with that id, write the number without quotes", "%s is a number in quotes, which would be a list's name", v.path)
		case id <= 0:
			d.problem(v.at, fix, "%s is no list id", v.path)
		default:
			*dst = ListRef{ID: id}
		}
	}
}
