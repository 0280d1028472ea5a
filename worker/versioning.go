package main

import (
	"errors"
	"runtime/debug"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/internal/config"
)

// versioning is how Temporal tells this worker from those of other versions; without TEMPORAL_DEPLOYMENT_NAME it does not.
//
// Workflows move to the version that is made current at their next step, instead of staying with the worker that began them:
// every change of theirs is guarded so that recorded histories replay, and a backfill takes hours, for which nobody wants to
// keep old workers. https://docs.temporal.io/worker-versioning
func versioning(env config.Env) (worker.DeploymentOptions, error) {
	if env.DeploymentName == "" {
		return worker.DeploymentOptions{}, nil
	}
	id := env.BuildID
	if id == "" {
		id = revision()
	}
	if id == "" {
		return worker.DeploymentOptions{}, errors.New("TEMPORAL_DEPLOYMENT_NAME is set, and the binary does not know its commit: set TEMPORAL_WORKER_BUILD_ID to what tells this version from others")
	}
	return worker.DeploymentOptions{
		UseVersioning:             true,
		Version:                   worker.WorkerDeploymentVersion{DeploymentName: env.DeploymentName, BuildID: id},
		DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	}, nil
}

// revision is the commit that the binary was built from, with -dirty behind it where files had been changed; empty if it was
// built without that knowledge.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, dirty := "", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			revision = setting.Value[:min(12, len(setting.Value))]
		case setting.Key == "vcs.modified" && setting.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + dirty
}
