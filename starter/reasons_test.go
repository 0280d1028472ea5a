package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

// code is a reason that stands for words, such as deleted_in_brevo.
var code = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// Every short reason that deliveries and actions are given has words for people: a new one needs them too.
func TestEveryReasonHasWords(t *testing.T) {
	found := map[string]string{}
	note := func(at string, e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			if code.MatchString(text) {
				found[text] = at
			}
		}
	}
	var paths []string
	for _, folder := range []string{"../activities", "../internal/store", "../mapping"} {
		all, err := filepath.Glob(folder + "/*.go")
		require.NoError(t, err)
		paths = append(paths, all...)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.ValueSpec:
				for i, name := range x.Names {
					if i < len(x.Values) && (strings.HasPrefix(strings.ToLower(name.Name), "reason") || filepath.Base(path) == "eligible.go") {
						note(path, x.Values[i])
					}
				}
			case *ast.CallExpr:
				if of, ok := x.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "end" && len(x.Args) == 3 {
					note(path, x.Args[2])
				}
			case *ast.CompositeLit:
				if of, ok := x.Type.(*ast.Ident); ok && of.Name == "calledOff" && len(x.Elts) == 1 {
					note(path, x.Elts[0])
				}
			}
			return true
		})
	}
	require.Contains(t, found, "erased")
	require.Contains(t, found, "overdue")
	require.Contains(t, found, "no_email")
	for reason, at := range found {
		assert.NotEqual(t, reason, reasonText(reason), "%s has no words in reasonText", at)
	}
	assert.Equal(t, store.LostThen+reasonText("overdue"), reasonText(store.LostThen+"overdue"))
}
