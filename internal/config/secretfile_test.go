package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

// secretFile writes a file as a container engine mounts a secret.
func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o400))
	return path
}

func TestSecretsByFile(t *testing.T) {
	clean(t)
	t.Setenv("TEMPORAL_API_KEY", "")
	for name, text := range map[string]string{
		"STORE_URL": "postgres://u:sesame@db/x\n", "ENCRYPTION_KEY": "new,old\r\n", "ZENDESK_WEBHOOK_SECRET": "one,two\n", "API_TOKEN": " token \n",
		"TEMPORAL_API_KEY": "cloud\n",
	} {
		t.Setenv(name+"_FILE", secretFile(t, text))
	}
	e, err := config.LoadEnv()
	require.NoError(t, err)
	assert.Equal(t, "postgres://u:sesame@db/x", e.StoreURL.Reveal())
	assert.Equal(t, "new,old", e.EncryptionKey.Reveal())
	require.Len(t, e.ZendeskWebhookSecret, 2)
	assert.Equal(t, "two", e.ZendeskWebhookSecret[1].Reveal())
	assert.Equal(t, "token", e.APIToken.Reveal())
	assert.Equal(t, "cloud", os.Getenv("TEMPORAL_API_KEY"), "Temporal's SDK reads it there")
	assert.Empty(t, os.Getenv("API_TOKEN"), "programs that this one starts inherit no more than they need")

	_, err = config.LoadEnv()
	require.NoError(t, err, "what a program inherits from the one that started it is no contradiction")
}

// Each mistake has one line that names the variable, and neither the path nor a value.
func TestSecretFilesThatCannotBeUsed(t *testing.T) {
	large := strings.Repeat("x", 64<<10+1)
	for name, test := range map[string]struct {
		value, path, want string
	}{
		"both":      {"sesame", secretFile(t, "other"), "API_TOKEN and API_TOKEN_FILE are both set; keep one of them"},
		"no file":   {"", "/sesame", "API_TOKEN_FILE names a file that cannot be read: no such file or directory; write the value of API_TOKEN into it"},
		"a folder":  {"", t.TempDir(), "API_TOKEN_FILE names a file that cannot be read: is a directory"},
		"empty":     {"", secretFile(t, ""), "API_TOKEN_FILE names an empty file"},
		"a line":    {"", secretFile(t, " \n"), "API_TOKEN_FILE names an empty file"},
		"something": {"", secretFile(t, large), "API_TOKEN_FILE names a file of more than 64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			t.Setenv("API_TOKEN", test.value)
			t.Setenv("API_TOKEN_FILE", test.path)
			t.Setenv("LOG_FORMAT", "xml")
			_, err := config.LoadEnv()
			require.ErrorContains(t, err, test.want)
			assert.ErrorContains(t, err, "LOG_FORMAT must be text or json", "all mistakes are reported at once")
			assert.NotContains(t, err.Error(), "sesame")
			assert.NotContains(t, err.Error(), "other")
		})
	}
}

// What the shell says wins over .env, whichever of the two forms each of them uses.
func TestDotEnvAndSecretFiles(t *testing.T) {
	clean(t)
	t.Setenv("API_TOKEN_FILE", secretFile(t, "of the shell"))
	t.Setenv("ENCRYPTION_KEY", "of the shell")
	require.NoError(t, os.WriteFile(".env", []byte("API_TOKEN=of the file\nENCRYPTION_KEY_FILE="+secretFile(t, "of the file")+"\n"), 0o600))
	t.Setenv("ENCRYPTION_KEY_FILE", "")
	e, err := config.LoadEnv()
	require.NoError(t, err)
	assert.Equal(t, "of the shell", e.APIToken.Reveal())
	assert.Equal(t, "of the shell", e.EncryptionKey.Reveal())

	clean(t)
	t.Setenv("API_TOKEN_FILE", "")
	require.NoError(t, os.WriteFile(".env", []byte("API_TOKEN=a\nAPI_TOKEN_FILE=b\n"), 0o600))
	_, err = config.LoadEnv()
	require.EqualError(t, err, "API_TOKEN and API_TOKEN_FILE are both set; keep one of them")
}

// Every ${NAME} of connectors.yaml, and Brevo's key where the file does not mention it, may be a file as well.
func TestVariablesOfConnectorsByFile(t *testing.T) {
	text := `connectors:
  zendesk:
    subdomain: acme
    auth: {email: admin@example.com, api_token: "${ZENDESK_API_TOKEN}"}
`
	environment := map[string]string{
		"BREVO_API_KEY_FILE": secretFile(t, "xkeysib-0123\n"), "ZENDESK_API_TOKEN_FILE": secretFile(t, "token\n"),
	}
	getenv := func(name string) string { return environment[name] }
	file, err := config.Parse("connectors.yaml", []byte(text), getenv)
	require.NoError(t, err)
	assert.Equal(t, "xkeysib-0123", file.Brevo.APIKey.Reveal())
	assert.Equal(t, "token", file.Connectors["zendesk"].Auth.APIToken.Reveal())

	environment["ZENDESK_API_TOKEN"] = "sesame"
	environment["BREVO_API_KEY_FILE"] = "/sesame"
	_, err = config.Parse("connectors.yaml", []byte(text), getenv)
	require.ErrorContains(t, err, "connectors.yaml:4:49: ZENDESK_API_TOKEN and ZENDESK_API_TOKEN_FILE are both set; keep one of them")
	require.ErrorContains(t, err, "BREVO_API_KEY_FILE names a file that cannot be read: no such file or directory; write the value of BREVO_API_KEY into it")
	assert.NotContains(t, err.Error(), "sesame")
	assert.NotContains(t, err.Error(), "is missing")
}
