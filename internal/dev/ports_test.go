package dev_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/dev"
	"zendesk-brevo/internal/freeport"
)

func TestTakenPortsAreAllNamedBeforeAnythingStarts(t *testing.T) {
	var config net.ListenConfig
	holder, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = holder.Close() }()
	taken := holder.Addr().(*net.TCPAddr).Port

	stage, supervisor := newStage()
	temporal, simulator := part("temporal"), part("simulator")
	temporal.Ports = []dev.Port{
		{Addr: freeport.Address(t), Purpose: "Temporal", Variable: "TEMPORAL_PORT"},
		{Addr: holder.Addr().String(), Purpose: "Temporal's Web UI", Variable: "TEMPORAL_UI_PORT"},
	}
	simulator.Ports = []dev.Port{{Addr: holder.Addr().String(), Purpose: "the simulated Zendesk", Variable: "ZENDESK_SIM_PORT"}}
	err = supervisor.Run(t.Context(), []dev.Part{temporal, simulator}, func(context.Context) error { return nil })
	require.Error(t, err)
	assert.Empty(t, stage.lines())

	by := "another program"
	if runtime.GOOS == "linux" {
		name, err := os.ReadFile("/proc/self/comm")
		require.NoError(t, err)
		by = fmt.Sprintf("%s (process %d)", name[:len(name)-1], os.Getpid())
	}
	want := "port %d for %s is taken by %s: stop it, or choose another with %s=PORT"
	assert.Equal(t, fmt.Sprintf(want, taken, "Temporal's Web UI", by, "TEMPORAL_UI_PORT")+"\n"+
		fmt.Sprintf(want, taken, "the simulated Zendesk", by, "ZENDESK_SIM_PORT"), err.Error())
}

func TestPortsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("TEMPORAL_PORT", "17233")
	t.Setenv("TEMPORAL_UI_PORT", "")
	t.Setenv("ZENDESK_SIM_PORT", "http")
	t.Setenv("BREVO_SIM_PORT", "70000")
	ports, err := dev.PortsFromEnv()
	require.EqualError(t, err, "ZENDESK_SIM_PORT: must be a port from 1 to 65535\nBREVO_SIM_PORT: must be a port from 1 to 65535")
	assert.Equal(t, dev.Ports{Temporal: 17233, TemporalUI: 8233, Zendesk: 9141, Brevo: 9142, Webhook: 9143, Admin: 9144}, ports)
}
