package dev

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// taskQueue is the product's default.
const taskQueue = "zendesk-brevo"

const defaultTemporalPort = 7233

// Ports are where the parts listen on loopback.
type Ports struct {
	Temporal   int
	TemporalUI int
	Zendesk    int // the simulated one
	Brevo      int // the simulated one
	Webhook    int // the demo's; a real one listens where WEBHOOK_ADDR says
	Admin      int // the demo's worker; a real one serves metrics where ADMIN_ADDR says
}

// PortsFromEnv reads TEMPORAL_PORT (7233), TEMPORAL_UI_PORT (8233), ZENDESK_SIM_PORT (9141), BREVO_SIM_PORT (9142),
// WEBHOOK_PORT (9143) and ADMIN_PORT (9144). The error names every value that is not a port.
func PortsFromEnv() (Ports, error) {
	var p Ports
	var problems []error
	for _, v := range []struct {
		name  string
		value int
		to    *int
	}{
		{"TEMPORAL_PORT", defaultTemporalPort, &p.Temporal},
		{"TEMPORAL_UI_PORT", 8233, &p.TemporalUI},
		{"ZENDESK_SIM_PORT", 9141, &p.Zendesk},
		{"BREVO_SIM_PORT", 9142, &p.Brevo},
		{"WEBHOOK_PORT", 9143, &p.Webhook},
		{"ADMIN_PORT", 9144, &p.Admin},
	} {
		*v.to = v.value
		text := os.Getenv(v.name)
		if text == "" {
			continue
		}
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 || number > 65535 {
			problems = append(problems, fmt.Errorf("%s: must be a port from 1 to 65535", v.name))
			continue
		}
		*v.to = number
	}
	return p, errors.Join(problems...)
}

// ownVariables are the settings of the programs this package starts. An embedded stack sets them itself: what is in the
// person's environment may belong to another Temporal or another account.
var ownVariables = []string{
	"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_PROFILE", "TEMPORAL_API_KEY", "TEMPORAL_CLIENT_AUTHORITY",
	"TEMPORAL_CODEC_", "TEMPORAL_TLS", "TEMPORAL_GRPC_META_",
}

// without is the environment less the variables whose names begin with one of the prefixes.
func without(env, prefixes []string) []string {
	var kept []string
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		drop := false
		for _, prefix := range prefixes {
			drop = drop || strings.HasPrefix(name, prefix)
		}
		if !drop {
			kept = append(kept, pair)
		}
	}
	return kept
}

// embeddedTemporal points Temporal's SDK at the embedded server, whatever profile the person has in a file of their own.
func embeddedTemporal(port int) []string {
	return []string{
		"TEMPORAL_ADDRESS=" + loopback(port),
		"TEMPORAL_NAMESPACE=" + Namespace,
		"TEMPORAL_CONFIG_FILE=" + os.DevNull,
	}
}

// workerPart is the worker, ready when it polls its task queue.
func workerPart(path string, temporalPort int, queue string, needs ...string) Part {
	return Part{
		Name:    "worker",
		Command: []string{path},
		Needs:   needs,
		Ready:   WorkerReady(loopback(temporalPort), Namespace, queue),
	}
}

// adminPort is where a worker serves metrics. variable is what changes it.
func adminPort(address, variable string) Port {
	return Port{Addr: address, Purpose: "the worker's metrics and API", Variable: variable}
}

// webhookPart is the webhook server. variable is what changes its address.
func webhookPart(path, address, variable string, needs ...string) Part {
	return Part{
		Name:    "webhook",
		Command: []string{path},
		Needs:   needs,
		Ports:   []Port{{Addr: address, Purpose: "the webhook server", Variable: variable}},
		Ready:   TCPReady(address),
	}
}

// binaries are the paths of the programs a stack starts.
type binaries struct {
	temporal string
	ours     map[string]string
}

// findBinaries finds our own programs; the error names every one that is not built.
func findBinaries(names ...string) (binaries, error) {
	found := binaries{ours: map[string]string{}}
	var problems []error
	for _, name := range names {
		path, err := findBinary(name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		found.ours[name] = path
	}
	return found, errors.Join(problems...)
}

// findBinary looks for one of our own programs beside this one, then in the bin folders from the working directory upwards.
func findBinary(name string) (string, error) {
	var candidates []string
	if self, err := os.Executable(); err == nil {
		candidates = append(candidates, filepath.Join(filepath.Dir(self), name))
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the working directory: %w", err)
	}
	for {
		candidates = append(candidates, filepath.Join(folder, "bin", name))
		parent := filepath.Dir(folder)
		if parent == folder {
			break
		}
		folder = parent
	}
	for _, path := range candidates {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("bin/%s does not exist: make build", name)
}
