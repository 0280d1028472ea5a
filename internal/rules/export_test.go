package rules

import (
	"reflect"
	"slices"
	"time"
)

// FactName is a name that conditions may use.
type FactName struct {
	Name, Type string
	Template   bool // templates may use it too
}

// FactNames lists every one, from the types that expressions are compiled against.
func FactNames() []FactName {
	of := func(env reflect.Type) []FactName {
		var out []FactName
		for i := range env.NumField() {
			root := env.Field(i)
			for _, f := range reflect.VisibleFields(root.Type) {
				if name := f.Tag.Get("expr"); name != "" {
					out = append(out, FactName{Name: root.Tag.Get("expr") + "." + name, Type: wordFor(f.Type)})
				}
			}
		}
		return out
	}
	plain := of(reflect.TypeFor[templateEnv]())
	all := of(reflect.TypeFor[conditionEnv]())
	for i := range all {
		all[i].Template = slices.Contains(plain, all[i])
	}
	return all
}

func wordFor(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "yes or no"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list"
	case reflect.Map:
		return "by key"
	}
	if t == reflect.TypeFor[time.Time]() {
		return "time"
	}
	return "text"
}

// Words of the language for its documentation.
var (
	Functions          = functions
	Personal           = personal
	StandardProperties = standardProperties
	Reserved           = reserved
)
