package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

func TestASecretIsNeverPrinted(t *testing.T) {
	s := config.NewSecret("sesame")
	assert.Equal(t, "sesame", s.Reveal())
	type open struct {
		Key config.Secret
		All []config.Secret
		Ptr *config.Secret
	}
	type closed struct{ key config.Secret }
	for _, v := range []any{s, &s, open{s, []config.Secret{s}, &s}, closed{s}, map[string]config.Secret{"k": s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p"} {
			text := fmt.Sprintf(verb, v)
			assert.NotContains(t, text, "sesame", verb)
			assert.NotContains(t, text, "736573616d65", verb)
		}
	}
	var log bytes.Buffer
	for _, format := range []string{config.LogText, config.LogJSON} {
		config.NewLogger(&log, format, config.LevelDebug).Info("x", "secret", s, "open", open{Key: s}, "group", slog.GroupValue(slog.Any("k", s)))
	}
	assert.Contains(t, log.String(), "[redacted]")
	asJSON, err := json.Marshal(open{s, nil, &s})
	require.NoError(t, err)
	asYAML, err := yaml.Marshal(open{s, nil, &s})
	require.NoError(t, err)
	for _, text := range []string{log.String(), string(asJSON), string(asYAML)} {
		assert.NotContains(t, text, "sesame")
	}
}

func TestAnUnsetSecret(t *testing.T) {
	var s config.Secret
	assert.True(t, s.IsZero())
	assert.Equal(t, s, config.NewSecret(""))
	assert.Empty(t, s.Reveal())
	assert.Empty(t, s.String())
	assert.False(t, config.NewSecret("x").IsZero())
}
