package config_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/config"
)

func TestLogLevelsLetThrough(t *testing.T) {
	for level, want := range map[config.LogLevel]int{
		config.LevelError: 1, config.LevelWarn: 2, config.LevelInfo: 3, config.LevelVerbose: 4, config.LevelDebug: 5, "": 3,
	} {
		var out bytes.Buffer
		log := config.NewLogger(&out, config.LogText, level)
		log.Error("m")
		log.Warn("m")
		log.Info("m")
		log.Log(t.Context(), config.SlogVerbose, "m")
		log.Debug("m")
		assert.Equal(t, want, strings.Count(out.String(), "msg=m"), level)
		assert.Equal(t, want >= 4, strings.Contains(out.String(), "level=VERBOSE"), level)
	}
	var out bytes.Buffer
	config.NewLogger(&out, config.LogJSON, config.LevelInfo).Info("m")
	assert.Contains(t, out.String(), `"msg":"m"`)
}
