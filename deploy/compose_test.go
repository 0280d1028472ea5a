// Package deploy_test holds docker-compose.yml, the Dockerfile and the scripts here against the programs that they run.
package deploy_test

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/workflows"
)

const root = ".."

// ours are the services that run the image of the Dockerfile, each with its program.
var ours = map[string]string{"worker": "worker", "webhook": "webhook", "starter": "starter"}

// jobs end by themselves, so they have no health.
var jobs = []string{"temporal-schema", "temporal-namespace", "starter"}

// project is docker-compose.yml as an engine reads it, with the variables of .env given.
func project(t *testing.T, env ...string) *types.Project {
	t.Helper()
	p, err := load(t, env, []string{"*"}, "docker-compose.yml")
	require.NoError(t, err)
	return p
}

func load(t *testing.T, env, profiles []string, files ...string) (*types.Project, error) {
	t.Helper()
	for i := range files {
		files[i] = filepath.Join(root, files[i])
	}
	options, err := cli.NewProjectOptions(files, cli.WithName("connector"), cli.WithEnv(env), cli.WithProfiles(profiles))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func TestEveryServiceIsHardened(t *testing.T) {
	p := project(t)
	require.Len(t, p.Services, 8)
	for name, s := range p.Services {
		t.Run(name, func(t *testing.T) {
			_, tag, tagged := strings.Cut(s.Image, ":")
			assert.True(t, tagged && regexp.MustCompile(`^(\d+\.\d+|local$)`).MatchString(tag), "%s is not pinned", s.Image)
			assert.NotContains(t, []string{"", "root", "0"}, strings.Split(s.User, ":")[0])
			assert.Equal(t, []string{"ALL"}, s.CapDrop)
			assert.Empty(t, s.CapAdd)
			assert.Contains(t, s.SecurityOpt, "no-new-privileges:true")
			assert.False(t, s.Privileged)
			assert.Equal(t, name != "temporal-ui", s.ReadOnly, "the Web UI writes its configuration when it starts")
			require.NotNil(t, s.Deploy)
			limits := s.Deploy.Resources.Limits
			require.NotNil(t, limits)
			assert.Positive(t, limits.MemoryBytes)
			assert.Positive(t, limits.NanoCPUs)
			assert.Positive(t, limits.Pids)
			assert.Empty(t, s.ContainerName, "a name of its own keeps a service from being scaled")
			require.NotNil(t, s.HealthCheck)
			if slices.Contains(jobs, name) {
				assert.True(t, s.HealthCheck.Disable)
				assert.NotEqual(t, "unless-stopped", s.Restart)
				return
			}
			assert.False(t, s.HealthCheck.Disable)
			assert.NotEmpty(t, s.HealthCheck.Test)
			assert.Equal(t, "unless-stopped", s.Restart)
			assert.NotNil(t, s.StopGracePeriod)
		})
	}
}

// TestWhatIsPublished: nothing listens outside the host, and a worker can be started many times.
func TestWhatIsPublished(t *testing.T) {
	published := map[string]string{}
	for name, s := range project(t).Services {
		for _, port := range s.Ports {
			published[name] = net.JoinHostPort(port.HostIP, port.Published)
		}
	}
	assert.Equal(t, map[string]string{"webhook": "127.0.0.1:8080", "temporal-ui": "127.0.0.1:8233"}, published)
}

// TestNetworks: what a proxy can be put beside the webhook server on reaches neither database nor Temporal.
func TestNetworks(t *testing.T) {
	p := project(t)
	on := map[string][]string{}
	for name, s := range p.Services {
		for network := range s.Networks {
			on[network] = append(on[network], name)
		}
	}
	assert.Equal(t, []string{"webhook"}, on["edge"])
	assert.Equal(t, []string{"temporal-ui"}, on["ui"])
	assert.ElementsMatch(t, []string{"worker", "starter"}, on["vendors"])
	for _, name := range []string{"database", "temporal"} {
		assert.True(t, p.Networks[name].Internal, name)
	}
	assert.NotContains(t, on["database"], "temporal-ui")
	for _, name := range []string{"postgresql", "temporal"} {
		for network := range p.Services[name].Networks {
			assert.True(t, p.Networks[network].Internal, "%s can be reached from outside", name)
		}
	}
}

// TestScriptsAndSettingsAreThere: an engine makes a folder of a file that is missing.
func TestScriptsAndSettingsAreThere(t *testing.T) {
	for name, s := range project(t).Services {
		for _, volume := range s.Volumes {
			if volume.Type != "bind" || filepath.Base(volume.Source) == "connectors.yaml" {
				continue
			}
			assert.True(t, volume.ReadOnly, "%s: %s", name, volume.Source)
			info, err := os.Stat(volume.Source)
			if assert.NoError(t, err) {
				assert.True(t, info.Mode().IsRegular())
			}
			entry := s.Entrypoint
			if strings.HasSuffix(volume.Source, ".sh") {
				assert.Equal(t, volume.Target, entry[len(entry)-1])
			}
		}
	}
}

var graces = regexp.MustCompile(`(?m)^const stopGrace = (\d+) \* time\.Second$`)

// TestGraceIsLongEnough: an engine kills what has not stopped by then.
func TestGraceIsLongEnough(t *testing.T) {
	p := project(t)
	for _, name := range []string{"worker", "webhook"} {
		text, err := os.ReadFile(filepath.Join(root, name, "main.go"))
		require.NoError(t, err)
		found := graces.FindSubmatch(text)
		require.NotNil(t, found, name)
		own, err := time.ParseDuration(string(found[1]) + "s")
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Duration(*p.Services[name].StopGracePeriod), own+10*time.Second, name)
	}
}

// TestTemporalCloud: with the second file on top nothing of a Temporal of one's own is started, and none of it is needed.
func TestTemporalCloud(t *testing.T) {
	cloud := filepath.Join("deploy", "temporal-cloud.yml")
	_, err := load(t, nil, nil, "docker-compose.yml", cloud)
	require.ErrorContains(t, err, "set it to the endpoint of your namespace")

	env := []string{"TEMPORAL_ADDRESS=eu-west-1.aws.api.temporal.io:7233", "TEMPORAL_NAMESPACE=connector.a1b2c"}
	p, err := load(t, env, nil, "docker-compose.yml", cloud)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"postgresql", "webhook", "worker"}, slices.Collect(maps.Keys(p.Services)))
	p, err = load(t, env, []string{"tools"}, "docker-compose.yml", cloud)
	require.NoError(t, err)
	for name := range ours {
		s := p.Services[name]
		for set, want := range map[string]string{
			"TEMPORAL_ADDRESS": "eu-west-1.aws.api.temporal.io:7233", "TEMPORAL_NAMESPACE": "connector.a1b2c",
			"TEMPORAL_API_KEY_FILE": "/run/secrets/temporal_api_key", "STORE_URL_FILE": "/run/secrets/store_url",
		} {
			if assert.NotNil(t, s.Environment[set], "%s: %s", name, set) {
				assert.Equal(t, want, *s.Environment[set])
			}
		}
		assert.True(t, slices.ContainsFunc(s.Secrets, func(one types.ServiceSecretConfig) bool { return one.Source == "temporal_api_key" }))
		assert.Equal(t, []string{"postgresql"}, slices.Collect(maps.Keys(s.DependsOn)))
		out := slices.ContainsFunc(slices.Collect(maps.Keys(s.Networks)), func(network string) bool { return !p.Networks[network].Internal })
		assert.True(t, out, "%s has no way to Temporal Cloud", name)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "deploy.md"))
	require.NoError(t, err)
	for _, key := range workflows.SearchAttributes() {
		assert.Contains(t, string(text), "--search-attribute "+key.GetName()+"="+key.GetValueType().String())
		assert.Contains(t, string(text), "--name "+key.GetName()+" --type "+key.GetValueType().String())
	}
}
