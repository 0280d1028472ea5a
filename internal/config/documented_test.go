package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

// Whoever runs the product finds every variable, and what it is when it is not set, in one table.
func TestEveryVariableIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	require.NoError(t, err)
	rows := strings.Split(string(text), "\n")
	env := reflect.TypeFor[config.Env]()
	for i := range env.NumField() {
		field := env.Field(i)
		name := "`" + field.Tag.Get("env") + "`"
		var row string
		for _, r := range rows {
			if first, _, _ := strings.Cut(strings.TrimPrefix(r, "|"), "|"); strings.HasPrefix(r, "|") && strings.Contains(first, name) {
				row = r
			}
		}
		if assert.NotEmpty(t, row, "docs/configuration.md has no row for %s", name) {
			assert.Contains(t, row, field.Tag.Get("envDefault"), "the default of %s", name)
		}
	}
}
