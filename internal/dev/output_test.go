package dev_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/dev"
)

func TestLinesArePrefixedAndWhole(t *testing.T) {
	var to bytes.Buffer
	out := dev.NewOutput(&to, false)
	out.Width(8)
	worker, temporal := out.Part("worker"), out.Part("temporal")
	for _, write := range []struct{ worker, temporal string }{{worker: "one\ntw"}, {temporal: "up\r\n"}, {worker: "o\n\nend"}} {
		_, err := worker.Write([]byte(write.worker))
		require.NoError(t, err)
		_, err = temporal.Write([]byte(write.temporal))
		require.NoError(t, err)
	}
	require.NoError(t, worker.Close())
	require.NoError(t, temporal.Close())
	assert.Equal(t, "worker   | one\ntemporal | up\nworker   | two\nworker   | \nworker   | end\n", to.String())
}

func TestColoursAreForTerminals(t *testing.T) {
	var to bytes.Buffer
	out := dev.NewOutput(&to, true)
	for _, name := range []string{"a", "b"} {
		_, err := out.Part(name).Write([]byte("x\n"))
		require.NoError(t, err)
	}
	assert.Equal(t, "\x1b[36ma | \x1b[0mx\n\x1b[33mb | \x1b[0mx\n", to.String())
}

func TestHeldLinesComeWithReleaseAndAreBounded(t *testing.T) {
	var to bytes.Buffer
	out := dev.NewOutput(&to, false)
	worker := out.Part("worker")
	out.Hold()
	_, err := worker.Write([]byte(strings.Repeat("busy\n", 2005)))
	require.NoError(t, err)
	assert.Empty(t, to.String())
	out.Release()
	assert.Equal(t, strings.Repeat("worker | busy\n", 2000)+"(5 more lines of that time are left out)\n", to.String())
	to.Reset()
	_, err = worker.Write([]byte("next\n"))
	require.NoError(t, err)
	assert.Equal(t, "worker | next\n", to.String())
}

func TestEndlessLineIsPrintedInPieces(t *testing.T) {
	var to bytes.Buffer
	worker := dev.NewOutput(&to, false).Part("worker")
	_, err := worker.Write(bytes.Repeat([]byte("x"), 200<<10))
	require.NoError(t, err)
	require.NoError(t, worker.Close())
	lines := strings.Split(strings.TrimSpace(to.String()), "\n")
	assert.Len(t, lines, 4)
	assert.Equal(t, 200<<10, strings.Count(to.String(), "x"))
}
