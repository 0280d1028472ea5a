package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

type variable struct{ name, value string }

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseDotEnv reads NAME=value lines: blank lines and # comments are skipped, `export ` is accepted, single quotes keep the
// value as it is, double quotes know \n \t \" \\ and \$, and an unquoted value ends at " #". Nothing is expanded. Errors name
// the line, never its text.
func parseDotEnv(path, text string) ([]variable, error) {
	var pairs []variable
	var problems []error
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, raw, found := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "export ")), "=")
		name = strings.TrimSpace(name)
		if !found || !variableName.MatchString(name) {
			problems = append(problems, fmt.Errorf("%s:%d: expected NAME=value", path, i+1))
			continue
		}
		value, ok := dotEnvValue(strings.TrimSpace(raw))
		if !ok || strings.ContainsRune(value, 0) {
			problems = append(problems, fmt.Errorf("%s:%d: the quotes around the value of %s do not match", path, i+1, name))
			continue
		}
		pairs = append(pairs, variable{name, value})
	}
	return pairs, errors.Join(problems...)
}

func dotEnvValue(raw string) (string, bool) {
	if raw == "" || strings.HasPrefix(raw, "#") {
		return "", true
	}
	quote := raw[0]
	if quote != '"' && quote != '\'' {
		if i := strings.Index(raw, " #"); i >= 0 {
			raw = raw[:i]
		}
		return strings.TrimSpace(raw), true
	}
	var value strings.Builder
	for i := 1; i < len(raw); i++ {
		switch {
		case raw[i] == quote:
			rest := strings.TrimSpace(raw[i+1:])
			return value.String(), rest == "" || strings.HasPrefix(rest, "#")
		case quote == '"' && raw[i] == '\\' && i+1 < len(raw):
			i++
			value.WriteString(unescape(raw[i]))
		default:
			value.WriteByte(raw[i])
		}
	}
	return "", false
}

func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '"', '\\', '$':
		return string(c)
	default:
		return "\\" + string(c)
	}
}
