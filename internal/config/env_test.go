package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

var variables = []string{
	"CONNECTORS_FILE", "STORE_URL", "TASK_QUEUE", "ENCRYPTION_KEY", "WEBHOOK_ADDR", "PUBLIC_URL", "ZENDESK_EMAIL", "ZENDESK_WEBHOOK_SECRET",
	"WEBHOOK_ALLOW_TEST_SECRET", "TLS_CERT", "TLS_KEY", "ALLOWED_CIDRS", "TRUSTED_PROXIES", "API_TOKEN", "ADMIN_ADDR", "LOG_FORMAT",
	"TEMPORAL_DEPLOYMENT_NAME", "TEMPORAL_WORKER_BUILD_ID",
}

// clean gives the test an empty directory and none of the variables; t.Setenv also puts back what a .env file sets.
func clean(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range variables {
		t.Setenv(name, "")
		t.Setenv(name+"_FILE", "")
	}
}

func TestEnvDefaults(t *testing.T) {
	clean(t)
	e, err := config.LoadEnv()
	require.NoError(t, err)
	assert.Equal(t, config.Env{
		ConnectorsFile: "connectors.yaml", StoreURL: config.NewSecret("sqlite:data/connector.db"), TaskQueue: "zendesk-brevo",
		WebhookAddr: "127.0.0.1:8080", AdminAddr: "127.0.0.1:9464", LogFormat: "text",
	}, e)
}

func TestEnvValues(t *testing.T) {
	clean(t)
	for name, value := range map[string]string{
		"CONNECTORS_FILE": "c.yaml", "STORE_URL": "postgres://u:sesame@db/x", "TASK_QUEUE": "q", "ENCRYPTION_KEY": "sesame", "WEBHOOK_ADDR": ":9000",
		"PUBLIC_URL": "https://hooks.example.com/", "ZENDESK_EMAIL": "a@example.com", "ZENDESK_WEBHOOK_SECRET": "sesame1, sesame2,",
		"WEBHOOK_ALLOW_TEST_SECRET": "true", "TLS_CERT": "c.pem", "TLS_KEY": "k.pem", "ALLOWED_CIDRS": "10.1.2.3/8, 192.0.2.7,::1",
		"TRUSTED_PROXIES": "172.16.0.0/12", "API_TOKEN": "sesame", "ADMIN_ADDR": "127.0.0.1:8081", "LOG_FORMAT": "json",
	} {
		t.Setenv(name, value)
	}
	e, err := config.LoadEnv()
	require.NoError(t, err)
	assert.Equal(t, "postgres://u:sesame@db/x", e.StoreURL.Reveal())
	assert.Equal(t, "https://hooks.example.com", e.PublicURL)
	assert.True(t, e.WebhookAllowTestSecret)
	require.Len(t, e.ZendeskWebhookSecret, 2)
	assert.Equal(t, "sesame2", e.ZendeskWebhookSecret[1].Reveal())
	assert.Equal(t, []string{"10.0.0.0/8", "192.0.2.7/32", "::1/128"}, e.AllowedCIDRs.Strings())
	assert.NotContains(t, fmt.Sprintf("%+v %#v", e, e), "sesame")
}

func TestEverythingWrongInTheEnvironmentIsReportedByName(t *testing.T) {
	clean(t)
	wrong := map[string]string{
		"STORE_URL": "mysql://u:sesame@db", "WEBHOOK_ADDR": "8080", "PUBLIC_URL": "hooks.sesame", "ZENDESK_EMAIL": "sesame",
		"TLS_CERT": "c.pem", "ADMIN_ADDR": "x", "LOG_FORMAT": "xml",
	}
	for name, value := range wrong {
		t.Setenv(name, value)
	}
	_, err := config.LoadEnv()
	for name := range wrong {
		require.ErrorContains(t, err, name)
	}
	assert.NotContains(t, err.Error(), "sesame")

	t.Setenv("WEBHOOK_ALLOW_TEST_SECRET", "sesame")
	t.Setenv("ALLOWED_CIDRS", "sesame")
	t.Setenv("TRUSTED_PROXIES", "10.0.0.0/99")
	_, err = config.LoadEnv()
	require.ErrorContains(t, err, "WEBHOOK_ALLOW_TEST_SECRET must be true or false")
	require.ErrorContains(t, err, "ALLOWED_CIDRS must be networks such as 10.0.0.0/8")
	require.ErrorContains(t, err, "TRUSTED_PROXIES must be networks")
	assert.ErrorContains(t, err, "LOG_FORMAT must be text or json", "both kinds of mistakes are reported at once")
	assert.NotContains(t, err.Error(), "sesame")
}

func TestMetricsAndWebhooksDoNotShareAnAddress(t *testing.T) {
	clean(t)
	for _, test := range []struct {
		admin, webhook string
		ok             bool
	}{
		{"127.0.0.1:8080", "127.0.0.1:8080", false},
		{"0.0.0.0:8080", "127.0.0.1:8080", false},
		{"127.0.0.1:8080", ":8080", false},
		{"[::]:8080", "127.0.0.1:8080", false},
		{"127.0.0.1:8080", "", false},
		{"127.0.0.1:8081", "127.0.0.1:8080", true},
		{"127.0.0.2:8080", "127.0.0.1:8080", true},
		{"127.0.0.1:0", "127.0.0.1:0", true},
		{"off", "127.0.0.1:8080", true},
		{"", "127.0.0.1:9464", false},
	} {
		t.Setenv("ADMIN_ADDR", test.admin)
		t.Setenv("WEBHOOK_ADDR", test.webhook)
		_, err := config.LoadEnv()
		if test.ok {
			require.NoError(t, err, test)
			continue
		}
		require.ErrorContains(t, err, "ADMIN_ADDR and WEBHOOK_ADDR are one address", test)
	}
}

func TestDotEnvFillsWhatIsNotSet(t *testing.T) {
	clean(t)
	t.Setenv("TASK_QUEUE", "from-the-shell")
	require.NoError(t, os.WriteFile(".env", []byte(strings.Join([]string{
		"\ufeff# a comment", "", "TASK_QUEUE=from-the-file", "export CONNECTORS_FILE = a.yaml # mine\r", "API_TOKEN='$a #b\\n'",
		`ENCRYPTION_KEY="a\"b\\c\nd\$e\q" # quoted`, "ADMIN_ADDR=:1", "ADMIN_ADDR=:2", "PUBLIC_URL=", "ZENDESK_WEBHOOK_SECRET=a#b=c",
	}, "\n")), 0o600))
	e, err := config.LoadEnv()
	require.NoError(t, err)
	assert.Equal(t, "from-the-shell", e.TaskQueue)
	assert.Equal(t, "a.yaml", e.ConnectorsFile)
	assert.Equal(t, "$a #b\\n", e.APIToken.Reveal())
	assert.Equal(t, "a\"b\\c\nd$e\\q", e.EncryptionKey.Reveal())
	assert.Equal(t, ":2", e.AdminAddr, "the last line of a name wins")
	assert.Equal(t, "a#b=c", e.ZendeskWebhookSecret[0].Reveal())
	assert.Equal(t, "a.yaml", os.Getenv("CONNECTORS_FILE"), "connectors.yaml and Temporal's SDK see it too")
}

func TestDotEnvMistakesNameTheirLines(t *testing.T) {
	clean(t)
	require.NoError(t, os.WriteFile(".env", []byte("A-B=sesame\nsesame\nAPI_TOKEN=\"sesame\nTLS_KEY='a' sesame\n"), 0o600))
	_, err := config.LoadEnv()
	require.EqualError(t, err, ".env:1: expected NAME=value\n.env:2: expected NAME=value\n"+
		".env:3: the quotes around the value of API_TOKEN do not match\n.env:4: the quotes around the value of TLS_KEY do not match")
}
