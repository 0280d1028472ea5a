package config_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
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

// person stands for any row that holds somebody's data.
type person struct{ Name, Email, Phone string }

func (p person) String() string { return p.Name }

type account string

func TestLogsHoldNoSecretsAndNobodysData(t *testing.T) {
	ada := person{"Ada Lovelace", "ada.lovelace@example.com", "+33612345678"}
	secret := config.NewSecret("sesame")
	for _, format := range []string{config.LogText, config.LogJSON} {
		var out bytes.Buffer
		log := config.NewLogger(&out, format, config.LevelDebug)
		log.Info("refused "+ada.Email, "user", ada, "pointer", &ada, "list", []person{ada}, "map", map[string]string{"email": ada.Email, "tel": ada.Phone},
			"bytes", []byte(ada.Name), "secret", secret, "inside", struct{ Key config.Secret }{secret}, "text", "to <"+ada.Email+">, "+strings.ToUpper(ada.Email),
			"digits", "123456789@mail.example.com", "error", fmt.Errorf("write %w", errors.New("contact o'neil+x@mail.example.co.uk is refused")), slog.Group("row", "user", ada, "email", ada.Email))
		for _, private := range []string{"Lovelace", "lovelace", "LOVELACE", "o'neil", "612345678", "123456789", "sesame", "QWRh"} {
			assert.NotContains(t, out.String(), private, format)
		}
		assert.Contains(t, out.String(), "[redacted config_test.person]", "it says what is missing")
		assert.Contains(t, out.String(), "write contact [redacted] is refused")
	}
	var out bytes.Buffer
	config.NewLogger(&out, config.LogText, config.LevelInfo).Info("m", "account", account("acme"), "ids", []int64{7, 8}, "n", 3, "err", errors.New("boom"),
		"identity", "4711@host.example.com@", "stack", "go.temporal.io/sdk@v1.50.0/internal/x.go:7", "none", nil)
	for _, kept := range []string{"account=acme", `ids="[7 8]"`, "n=3", "err=boom", "identity=4711@host.example.com@", "sdk@v1.50.0/internal/x.go:7", "none=<nil>"} {
		assert.Contains(t, out.String(), kept)
	}
}
