package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"zendesk-brevo/internal/config"
)

// configSetting is one setting in force, by the name that it has in the environment or in connectors.yaml.
type configSetting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// inForce lists the settings, defaults included. Of secrets it tells only whether they are set, of people only how many are named.
func inForce(e config.Env, file *config.File) (out []configSetting) {
	values := reflect.ValueOf(e)
	for i := range values.NumField() {
		name := values.Type().Field(i).Tag.Get("env")
		value := settingText(name, values.Field(i))
		if name == "STORE_URL" && strings.HasPrefix(e.StoreURL.Reveal(), "sqlite:") {
			value = e.StoreURL.Reveal() // a path; only servers have passwords
		}
		out = append(out, configSetting{name, value})
	}
	flatten(&out, "brevo", reflect.ValueOf(file.Brevo))
	for _, c := range file.Ordered {
		flatten(&out, "connectors."+c.Name, reflect.ValueOf(*c))
	}
	return out
}

// flatten adds the fields of a struct, each under its key in the file.
func flatten(out *[]configSetting, path string, of reflect.Value) {
	for i := range of.NumField() {
		field := of.Type().Field(i)
		name := path + "." + keyOf(field.Name)
		switch v := of.Field(i).Interface().(type) {
		case config.Secret, config.ListRef, config.LogLevel:
			*out = append(*out, configSetting{name, settingText(name, of.Field(i))})
		case config.FieldMapping:
			for _, rule := range v {
				*out = append(*out, configSetting{name + "." + rule.Source, ruleText(rule)})
			}
		case []config.Automation:
			*out = append(*out, configSetting{name, plural(int64(len(v)), "rule")})
		default:
			switch {
			case field.Name == "Name":
			case of.Field(i).Kind() == reflect.Struct:
				flatten(out, name, of.Field(i))
			default:
				*out = append(*out, configSetting{name, settingText(name, of.Field(i))})
			}
		}
	}
}

func ruleText(rule config.FieldRule) string {
	switch {
	case rule.Off:
		return "null"
	case rule.Auto:
		return "auto"
	}
	return strings.Join(rule.Targets, ", ")
}

// settingText is a value for people; empty ones say so.
func settingText(name string, value reflect.Value) string {
	text := ""
	switch v := value.Interface().(type) {
	case config.Networks:
		text = strings.Join(v.Strings(), ",")
	case config.Secrets:
		if len(v) > 0 {
			text = fmt.Sprintf("[redacted] (%d)", len(v))
		}
	case time.Duration:
		text = config.Brief(v)
	case []string:
		text = strings.Join(v, ", ")
		if strings.HasSuffix(name, ".emails") && len(v) > 0 {
			text = fmt.Sprintf("%d named", len(v))
		}
	default:
		text = fmt.Sprint(v)
	}
	if text == "" {
		return "(not set)"
	}
	return text
}

// keyOf is the key of a field: ListFolder is list_folder, APIKey is api_key, OAuth is oauth.
func keyOf(field string) string {
	field = strings.ReplaceAll(field, "OAuth", "Oauth")
	var b strings.Builder
	runes := []rune(field)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
