// Package freeport gives tests ports of loopback for programs that must be told where to listen. A port that the system
// chose (port 0) and that was closed again is free for whoever asks next: another test, or any outgoing connection.
package freeport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// first and last bound the ports given out. They lie below those that systems hand out by themselves (32768 and up on
// Linux, 49152 and up elsewhere), so that no outgoing connection takes one while its program has not started yet, or is
// being restarted.
const (
	first = 20000
	last  = 29999
)

// held keeps the marks: the garbage collector closes a connection that nobody refers to.
var held sync.Map

// Reserve returns a port of 127.0.0.1 on which nobody listens, and which no other caller on this machine is given before
// release is called or the process ends. The mark is the UDP port of the same number: TCP does not know of it.
func Reserve() (port int, release func(), err error) {
	const tries = 200
	var config net.ListenConfig
	ctx := context.Background()
	for range tries {
		port = first + rand.IntN(last-first+1)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		var mark net.PacketConn
		if mark, err = config.ListenPacket(ctx, "udp4", address); err != nil {
			continue
		}
		var listener net.Listener
		if listener, err = config.Listen(ctx, "tcp4", address); err == nil {
			err = listener.Close()
		}
		if err == nil {
			held.Store(port, mark)
			return port, func() { held.Delete(port); _ = mark.Close() }, nil
		}
		err = errors.Join(err, mark.Close())
	}
	return 0, nil, fmt.Errorf("no free port from %d to %d in %d tries: %w", first, last, tries, err)
}

// Take reserves a port until the test and its cleanups are over.
func Take(t testing.TB) int {
	t.Helper()
	port, release, err := Reserve()
	require.NoError(t, err)
	t.Cleanup(release)
	return port
}

// Listen listens on a port that stays the test's own after the listener was closed: nobody else answers there then.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp4", Address(t)) //nolint:noctx // it is made at once or never
	require.NoError(t, err)
	return listener
}

// Server is httptest.NewServer on such a port.
func Server(t testing.TB, handler http.Handler) *httptest.Server {
	t.Helper()
	s := &httptest.Server{Listener: Listen(t), Config: &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}}
	s.Start()
	return s
}

// Address is Take, as host and port.
func Address(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", Take(t))
}
