package freeport_test

import (
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/freeport"
)

func TestNoPortIsGivenTwice(t *testing.T) {
	given := map[int]bool{}
	for range 500 {
		port := freeport.Take(t)
		assert.False(t, given[port], "%d was given before", port)
		given[port] = true
	}
}

func TestAPortIsFreeForItsProgramAndItsRestarts(t *testing.T) {
	address := freeport.Address(t)
	for range 3 {
		listener, err := net.Listen("tcp", address)
		require.NoError(t, err)
		require.NoError(t, listener.Close())
	}
}

// A port stays reserved though its caller forgets how to release it, and is free for everybody once released.
func TestAPortIsReservedUntilItIsReleased(t *testing.T) {
	forgotten, _, err := freeport.Reserve()
	require.NoError(t, err)
	port, release, err := freeport.Reserve()
	require.NoError(t, err)
	runtime.GC()
	runtime.GC() // the first one only runs the finalizers
	for _, taken := range []int{forgotten, port} {
		_, err = net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", taken))
		require.Error(t, err)
	}
	release()
	mark, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	require.NoError(t, mark.Close())
}
