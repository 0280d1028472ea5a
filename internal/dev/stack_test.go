package dev_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/dev"
	"zendesk-brevo/internal/freeport"
)

func TestDemoConfigIsTheExampleWithTheVendorsReplaced(t *testing.T) {
	example, err := os.ReadFile("../../connectors.example.yaml")
	require.NoError(t, err)
	text, err := dev.DemoConfig(example, dev.Ports{Zendesk: 1111, Brevo: 2222})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "${", "nothing may come from the environment")

	file, err := config.Parse("connectors.yaml", text, func(string) string { return "" })
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:2222/v3", file.Brevo.BaseURL)
	zendesk, err := file.Connector("")
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:1111", zendesk.URL())
	assert.Equal(t, "acme", zendesk.Account())
	assert.False(t, zendesk.Pilot.Active())

	// What is not about addresses and credentials stays as people get it.
	variables := map[string]string{"BREVO_API_KEY": "x", "ZENDESK_API_TOKEN": "x"}
	original, err := config.Parse("connectors.example.yaml", example, func(name string) string { return variables[name] })
	require.NoError(t, err)
	theirs, err := original.Connector("")
	require.NoError(t, err)
	assert.Equal(t, theirs.Lists, zendesk.Lists)
	assert.Equal(t, theirs.FieldMapping, zendesk.FieldMapping)
	assert.Equal(t, theirs.RateLimits, zendesk.RateLimits)
}

func TestSamplesAreTheFullestContacts(t *testing.T) {
	brevo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v3/contacts", r.URL.Path)
		if r.Header.Get("Api-Key") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"count": 8400, "contacts": [
			{"email": "bare@example.com", "attributes": {}, "listIds": []},
			{"email": "full@example.com", "attributes": {"FIRSTNAME": "Ada", "COMPANY_NAME": "Initech", "OPEN_TICKETS": 2,
				"TOTAL_TICKETS": 5, "CSAT_SCORE": 66.7, "LAST_SUPPORT_DATE": "2026-09-30"}, "listIds": [3, 4]}]}`))
	}))
	defer brevo.Close()
	table, first, err := dev.SampleContacts(t.Context(), brevo.URL+"/v3")
	require.NoError(t, err)
	assert.Equal(t, "full@example.com", first)
	lines := strings.Split(table, "\n")
	require.Len(t, lines, 5)
	assert.Equal(t, []string{"full@example.com", "Ada", "Initech", "2", "5", "66.7", "2026-09-30", "[3", "4]"}, strings.Fields(lines[1]))
	assert.Equal(t, []string{"bare@example.com", "-", "-", "-", "-", "-", "-", "[]"}, strings.Fields(lines[2]))
	assert.Contains(t, lines[3], "8400 contacts in all")
}

func TestRunSaysHowToGetAConfiguration(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("CONNECTORS_FILE", "")
	err := dev.Run(t.Context(), dev.Options{Out: os.Stdout})
	require.ErrorContains(t, err, "cp connectors.example.yaml connectors.yaml")
	assert.NoFileExists(t, "data")
}

func TestRunRefusesAWrongConfigurationBeforeAnythingStarts(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("CONNECTORS_FILE", "")
	require.NoError(t, os.WriteFile("connectors.yaml", []byte("connectors: {zendesk: {subdomian: acme, field_mapping: {opne_tickets: OPEN}}}\n"), 0o600))
	err := dev.Run(t.Context(), dev.Options{Out: os.Stdout})
	var problems config.Problems
	require.ErrorAs(t, err, &problems)
	assert.ErrorContains(t, err, "did you mean subdomain?")
	assert.ErrorContains(t, err, "connectors.yaml:1:57: field_mapping.opne_tickets is no source; did you mean open_tickets?")
	assert.NoFileExists(t, "data")
}

func TestEmbeddedTemporalIsForLoopbackAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"": true, "127.0.0.1:7233": true, "localhost:7233": true, "[::1]:7233": true,
		"temporal.example.com:7233": false, "10.0.0.1:7233": false, "nonsense": false,
	} {
		assert.Equal(t, want, dev.IsLoopback(address), address)
	}
}

func TestTemporalIsFoundOnPathFirst(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "temporal")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700))
	t.Setenv("PATH", folder)
	found, err := dev.FindTemporal()
	require.NoError(t, err)
	assert.Equal(t, path, found)

	t.Setenv("PATH", "")
	root := t.TempDir()
	built := filepath.Join(root, "bin", "temporal")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "deep", "inside"), 0o700))
	t.Chdir(filepath.Join(root, "deep", "inside"))
	_, err = dev.FindTemporal()
	require.ErrorIs(t, err, dev.ErrNoTemporal)
	require.NoError(t, os.MkdirAll(filepath.Dir(built), 0o700))
	require.NoError(t, os.WriteFile(built, []byte("#!/bin/sh\n"), 0o700))
	found, err = dev.FindTemporal()
	require.NoError(t, err)
	assert.Equal(t, built, found)
}

// The whole demo on ports of its own: what a newcomer sees first must work.
func TestDemoEndsWithEachEventOfATicketInBrevo(t *testing.T) {
	if _, err := dev.FindTemporal(); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"simulator", "worker", "starter", "webhook"} {
		if _, err := dev.FindBinary(name); err != nil {
			t.Skip(err)
		}
	}
	var out transcript
	code, err := dev.Demo(t.Context(), dev.Options{
		Out: &out, Exit: true,
		Ports: dev.Ports{Temporal: freeport.Take(t), TemporalUI: freeport.Take(t), Zendesk: freeport.Take(t), Brevo: freeport.Take(t), Webhook: freeport.Take(t), Admin: freeport.Take(t)},
	})
	require.NoError(t, err, out.String())
	assert.Zero(t, code, out.String())
	for _, line := range []string{
		"opened    -> ticket_created", "solved    -> ticket_solved", "rated bad -> satisfaction_rating_bad", "reopened  -> ticket_reopened",
	} {
		assert.Contains(t, out.String(), line)
	}
}

// The real server, twice on the same file: `make run` survives restarts.
func TestEmbeddedTemporalKeepsItsWorkflows(t *testing.T) {
	path, err := dev.FindTemporal()
	if err != nil {
		t.Skip(err)
	}
	ports := dev.Ports{Temporal: freeport.Take(t), TemporalUI: freeport.Take(t)}
	file := filepath.Join(t.TempDir(), "temporal.db")
	temporal := dev.TemporalPart(path, ports, file)
	supervisor := &dev.Supervisor{Out: dev.NewOutput(t.Output(), false), Env: os.Environ()}
	dial := func() client.Client {
		c, err := client.NewLazyClient(client.Options{HostPort: temporal.Ports[0].Addr, Namespace: dev.Namespace})
		require.NoError(t, err)
		return c
	}
	err = supervisor.Run(t.Context(), []dev.Part{temporal}, func(ctx context.Context) error {
		if dev.WorkerReady(temporal.Ports[0].Addr, dev.Namespace, "queue")(ctx) == nil {
			return errors.New("nobody polls that queue")
		}
		c := dial()
		defer c.Close()
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "kept", TaskQueue: "queue"}, "Sleeper")
		return err
	})
	require.NoError(t, err)
	err = supervisor.Run(t.Context(), []dev.Part{temporal}, func(ctx context.Context) error {
		c := dial()
		defer c.Close()
		_, err := c.DescribeWorkflowExecution(ctx, "kept", "")
		return err
	})
	require.NoError(t, err)
}
