package config

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a credential that cannot be printed by accident: every formatting, logging and marshalling path yields
// "[redacted]". Only Reveal gives the value. The zero value is an unset secret.
//
// The value sits behind a pointer because fmt prints unexported fields of a struct without asking their methods: a
// Secret inside one then shows as an address.
type Secret struct{ value *string }

// NewSecret wraps a value; the empty string gives the unset secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the value itself, empty when unset. Call it only where the value leaves for the vendor it belongs to.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is unset.
func (s Secret) IsZero() bool { return s.value == nil }

// String is "[redacted]", or empty when unset.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// GoString keeps %#v from printing the value.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// Format answers every verb, %x and %d among them, with the redacted text.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = fmt.Fprint(f, text) // fmt.State never fails
}

// MarshalText keeps JSON, YAML and the like from carrying the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets the secret, as the environment reader does.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// LogValue keeps log handlers from printing the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
