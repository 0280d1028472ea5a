package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
)

// redact takes out of a log record's attribute what could be about a person: every value that is built of others is replaced
// by the name of its type, because rows of people look like that, and e-mail addresses leave texts.
func redact(attr slog.Attr) slog.Attr {
	switch attr.Value.Kind() {
	case slog.KindString:
		return slog.String(attr.Key, withoutAddresses(attr.Value.String()))
	case slog.KindAny:
		return slog.Attr{Key: attr.Key, Value: plain(attr.Value.Any())}
	}
	return attr
}

// plain is a value that may be logged: errors as their texts, numbers, enums and lists of them as they are.
func plain(v any) slog.Value {
	switch v := v.(type) {
	case nil, slog.Level:
		return slog.AnyValue(v)
	case error:
		return slog.StringValue(withoutAddresses(v.Error()))
	}
	of := reflect.TypeOf(v)
	if of.Kind() == reflect.Slice && of.Elem().Kind() != reflect.Uint8 {
		of = of.Elem()
	}
	switch of.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return slog.StringValue(withoutAddresses(fmt.Sprint(v)))
	}
	return slog.StringValue(fmt.Sprintf("[redacted %T]", v))
}

// emailAddress does not match name@v1.2.3, as in the paths of Go modules. An @ behind it belongs to process@host@queue, by which
// Temporal names its clients.
var emailAddress = regexp.MustCompile(`([\p{L}\p{N}._%+'-]+)@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(@?)`)

func withoutAddresses(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	return emailAddress.ReplaceAllStringFunc(text, func(found string) string {
		parts := emailAddress.FindStringSubmatch(found)
		if parts[2] != "" && strings.Trim(parts[1], "0123456789") == "" {
			return found
		}
		return redacted + parts[2]
	})
}
