package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/internal/config"
)

func TestVersioning(t *testing.T) {
	off, err := versioning(config.Env{BuildID: "v1"})
	require.NoError(t, err)
	assert.False(t, off.UseVersioning, "a build id alone is no deployment")

	on, err := versioning(config.Env{DeploymentName: "connector", BuildID: "v1"})
	require.NoError(t, err)
	assert.True(t, on.UseVersioning)
	assert.Equal(t, "connector", on.Version.DeploymentName)
	assert.Equal(t, "v1", on.Version.BuildID)
	assert.Equal(t, workflow.VersioningBehaviorAutoUpgrade, on.DefaultVersioningBehavior)

	_, err = versioning(config.Env{DeploymentName: "connector"}) // a test's binary knows no commit
	require.ErrorContains(t, err, "set TEMPORAL_WORKER_BUILD_ID")
}
