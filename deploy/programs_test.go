package deploy_test

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/contrib/envconfig"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/seal"
)

// TestImageHoldsThePrograms: what the services run is what the Dockerfile builds, without C.
func TestImageHoldsThePrograms(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	require.NoError(t, err)
	build := regexp.MustCompile(`CGO_ENABLED=0 go build .*-o /out/ ([^\n\\&]+)`).FindSubmatch(text)
	require.NotNil(t, build)
	packages := strings.Fields(string(build[1]))
	// A dependency that needs C has no files left without it, which is an error here: no need to compile everything again.
	list := []string{"list", "-deps", "-f", "{{if eq .Name \"main\"}}{{.ImportPath}}{{end}}"}
	command := exec.CommandContext(t.Context(), "go", append(list, packages...)...)
	command.Dir = root
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Len(t, strings.Fields(string(out)), len(packages), "a package is no program")
	for name, program := range ours {
		s := project(t).Services[name]
		assert.Contains(t, packages, "./"+program)
		assert.Equal(t, program, append(slices.Clone(s.Entrypoint), s.Command...)[0])
		assert.Equal(t, "65532:65532", s.User)
		assert.Contains(t, string(text), "\nUSER "+s.User+"\n")
		if !s.HealthCheck.Disable {
			assert.Equal(t, []string{"CMD", program, "healthcheck"}, []string(s.HealthCheck.Test))
			source, err := os.ReadFile(filepath.Join(root, program, "main.go"))
			require.NoError(t, err)
			assert.Contains(t, string(source), `"healthcheck": `, "the program would start a second time instead")
		}
	}
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	wanted := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	assert.Contains(t, string(text), "FROM golang:"+string(wanted[1])+".")
}

// references are the variables that connectors.example.yaml refers to; its ${NAME} stands for any.
func references(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "connectors.example.yaml"))
	require.NoError(t, err)
	var names []string
	for _, found := range regexp.MustCompile(`\$\{([A-Z0-9_]+)\}`).FindAllSubmatch(text, -1) {
		if name := string(found[1]); name != "NAME" {
			names = append(names, name)
		}
	}
	return names
}

// readByTemporal reports whether Temporal's SDK takes something from the variable.
func readByTemporal(t *testing.T, name, value string) bool {
	t.Helper()
	options := func(env ...string) any {
		loaded, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: lookup(env), DisableFile: true})
		require.NoError(t, err)
		return []any{loaded.HostPort, loaded.Namespace, loaded.Credentials != nil, loaded.ConnectionOptions.TLS != nil}
	}
	return !reflect.DeepEqual(options(), options(name+"="+value))
}

// lookup is an environment for envconfig.
type lookup []string

func (l lookup) Environ() []string { return l }

func (l lookup) LookupEnv(name string) (string, bool) {
	for _, pair := range l {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value, true
		}
	}
	return "", false
}

// TestEveryVariableIsRead: a variable with a typing error, or of a version that is gone, is found here.
func TestEveryVariableIsRead(t *testing.T) {
	read := append(references(t), "BREVO_API_KEY", "ZENDESK_EMAIL")
	secret := append(references(t), "BREVO_API_KEY", "TEMPORAL_API_KEY")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[config.Env]()) {
		read = append(read, field.Tag.Get("env"))
		if field.Type == reflect.TypeFor[config.Secret]() || field.Type == reflect.TypeFor[config.Secrets]() {
			secret = append(secret, field.Tag.Get("env"))
		}
	}
	p := project(t)
	for service := range ours {
		for _, name := range references(t) {
			assert.Contains(t, p.Services[service].Environment, name+"_FILE", "connectors.yaml may refer to it")
		}
		for name, value := range p.Services[service].Environment {
			require.NotNil(t, value, "%s: %s would be taken from the shell", service, name)
			base, byFile := strings.CutSuffix(name, "_FILE")
			known := slices.Contains(read, name) || byFile && slices.Contains(secret, base) ||
				strings.HasPrefix(name, "TEMPORAL_") && readByTemporal(t, name, *value)
			assert.True(t, known, "%s sets %s, which no program reads", service, name)
			assert.False(t, slices.Contains(secret, name), "%s: %s is a secret: set %s_FILE", service, name, name)
		}
	}
	assert.False(t, readByTemporal(t, "TEMPORAL_ADDRESSES", "temporal:7233"), "the check itself can fail")
}

// secrets runs the script that makes them in a folder of its own, and returns the folder.
func secrets(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(home, "deploy"), 0o700))
	script, err := os.ReadFile("secrets.sh")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "deploy", "secrets.sh"), script, 0o700)) //nolint:gosec // a program
	run := func() string {
		out, err := exec.CommandContext(t.Context(), filepath.Join(home, "deploy", "secrets.sh")).CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	folder := filepath.Join(home, "secrets")
	assert.Equal(t, 4, strings.Count(run(), "is empty: put the value into it"))
	before := contents(t, folder)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "brevo_api_key"), []byte("xkeysib-0123456789abcdef0123456789abcdef\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "zendesk_api_token"), []byte("0123456789abcdef0123456789abcdef01234567\n"), 0o600))
	assert.Equal(t, 2, strings.Count(run(), "\n"), "what is filled in is not asked for again")
	for name, text := range contents(t, folder) {
		if before[name] != "" {
			assert.Equal(t, before[name], text, "%s was made anew", name)
		}
	}
	return folder
}

func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	out := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		require.NoError(t, err)
		out[file.Name()] = string(text)
	}
	return out
}

// TestServicesHaveAllThatTheyNeed starts each of our programs as far as its settings go: with the environment that its service
// sets and nothing else, the secrets that the script makes, and the example's connectors.
func TestServicesHaveAllThatTheyNeed(t *testing.T) {
	folder := secrets(t)
	example, err := filepath.Abs(filepath.Join(root, "connectors.example.yaml"))
	require.NoError(t, err)
	p := project(t, "PUBLIC_URL=https://hooks.example.com", "ALLOWED_CIDRS=192.0.2.0/24", "TRUSTED_PROXIES=172.16.0.0/12")
	for service := range ours {
		t.Run(service, func(t *testing.T) {
			s := p.Services[service]
			for _, pair := range os.Environ() {
				if name, _, _ := strings.Cut(pair, "="); name != "PATH" && name != "HOME" {
					t.Setenv(name, "") // puts it back
					require.NoError(t, os.Unsetenv(name))
				}
			}
			t.Chdir(t.TempDir())
			granted := map[string]bool{}
			for _, one := range s.Secrets {
				granted[one.Source] = false
				assert.Equal(t, one.Source, filepath.Base(p.Secrets[one.Source].File))
				assert.FileExists(t, filepath.Join(folder, one.Source))
			}
			for name, value := range s.Environment {
				set := *value
				if secret, found := strings.CutPrefix(set, "/run/secrets/"); found {
					assert.Contains(t, granted, secret, "%s reads a secret that it is not granted", name)
					granted[secret] = true
					set = filepath.Join(folder, secret)
				}
				t.Setenv(name, set)
			}
			for secret, used := range granted {
				assert.True(t, used, "%s is granted, but not used", secret)
			}
			env, err := config.LoadEnv()
			require.NoError(t, err)
			mounted := slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
				return v.Target == env.ConnectorsFile && v.ReadOnly && filepath.Base(v.Source) == "connectors.yaml"
			})
			assert.True(t, mounted, env.ConnectorsFile)
			_, err = config.Load(example, os.Getenv, connectors.Checks()...)
			require.NoError(t, err)
			_, err = seal.New(env.EncryptionKey.Reveal())
			require.NoError(t, err)

			store, err := url.Parse(env.StoreURL.Reveal())
			require.NoError(t, err)
			assert.Equal(t, []string{"postgres", "connector", "/connector"}, []string{store.Scheme, store.User.Username(), store.Path})
			assertReachable(t, p, service, store.Host)
			temporal, err := envconfig.LoadDefaultClientOptions()
			require.NoError(t, err)
			assertReachable(t, p, service, temporal.HostPort)
			assert.Equal(t, *p.Services["temporal-namespace"].Environment["TEMPORAL_NAMESPACE"], temporal.Namespace)
			if service == "webhook" {
				_, port, err := net.SplitHostPort(env.WebhookAddr)
				require.NoError(t, err)
				assert.Equal(t, port, strconv.Itoa(int(s.Ports[0].Target)))
			}
		})
	}
}

// assertReachable: the host is a service on a network that the other is on, and comes before it.
func assertReachable(t *testing.T, p *types.Project, service, address string) {
	t.Helper()
	host, _, err := net.SplitHostPort(address)
	require.NoError(t, err)
	target, found := p.Services[host]
	require.True(t, found, "no service is called %s", host)
	shared := false
	for network := range target.Networks {
		_, also := p.Services[service].Networks[network]
		shared = shared || also
	}
	assert.True(t, shared, "%s and %s share no network", service, host)
}
