package dev

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Namespace is the Temporal namespace of the embedded server.
const Namespace = "default"

// ErrNoTemporal means that the temporal CLI is neither on PATH nor built.
var ErrNoTemporal = errors.New("no temporal command on PATH and no bin/temporal: build it with make temporal (3 to 5 minutes, once)")

// FindTemporal returns the path of the temporal CLI: the one on PATH, else bin/temporal beside this program, else bin/temporal
// in the working directory or a folder above it (so that tests find it). The error is ErrNoTemporal.
func FindTemporal() (string, error) {
	if path, err := exec.LookPath("temporal"); err == nil {
		return filepath.Abs(path)
	}
	if path, err := findBinary("temporal"); err == nil {
		return path, nil
	}
	return "", ErrNoTemporal
}

// TemporalSettings are the embedded server's flags that make it fast and exact; end-to-end tests pass the same ones
// (testsuite.DevServerOptions.ExtraArgs). Without the two poll rates one workflow does 20 steps a second, with them 120. One
// partition makes server-side rate limits and priorities exact. WAL is three times as fast as SQLite's default journal and
// survives a killed server; it needs a file, so it is left out when file is empty (all in memory).
func TemporalSettings(file string) []string {
	settings := []string{
		"--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000",
		"--dynamic-config-value", "history.timerProcessorMaxPollRPS=2000",
		"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
		"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
		"--log-level", "error",
	}
	if file == "" {
		return settings
	}
	return append([]string{
		"--db-filename", file,
		"--sqlite-pragma", "journal_mode=wal",
		"--sqlite-pragma", "synchronous=normal",
	}, settings...)
}

// TemporalArgs are the arguments of the temporal CLI for the embedded server: the frontend on host:port, the Web UI on
// host:uiPort (0: none), everything kept in file (empty: in memory).
func TemporalArgs(host string, port, uiPort int, file string) []string {
	args := []string{"server", "start-dev", "--ip", host, "--port", strconv.Itoa(port), "--namespace", Namespace}
	if uiPort == 0 {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-port", strconv.Itoa(uiPort))
	}
	return append(args, TemporalSettings(file)...)
}

// temporalPart is the embedded server as a part.
func temporalPart(path string, ports Ports, file string) Part {
	address := loopback(ports.Temporal)
	return Part{
		Name:    "temporal",
		Command: append([]string{path}, TemporalArgs(host, ports.Temporal, ports.TemporalUI, file)...),
		Ports: []Port{
			{Addr: address, Purpose: "Temporal", Variable: "TEMPORAL_PORT"},
			{Addr: loopback(ports.TemporalUI), Purpose: "Temporal's Web UI", Variable: "TEMPORAL_UI_PORT"},
		},
		// A program of 200 MB, perhaps read from disk for the first time; one that ends is seen at once.
		Within: 2 * time.Minute,
		Ready:  All(TemporalReady(address), HTTPReady("http://"+loopback(ports.TemporalUI)+"/")),
	}
}

const host = "127.0.0.1"

func loopback(port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
