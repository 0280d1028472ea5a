package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Server is a running HTTP server on a loopback port.
type Server struct {
	URL string // such as http://127.0.0.1:40123, without a final slash

	srv  *http.Server
	done chan struct{}
}

// Serve starts h on a free port of 127.0.0.1.
func Serve(h http.Handler) (*Server, error) { return ServeOn("127.0.0.1:0", h) }

// ServeOn starts h on addr (host:port).
func ServeOn(addr string, h http.Handler) (*Server, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	s := &Server{
		URL:  "http://" + l.Addr().String(),
		srv:  &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.srv.Serve(l)
	}()
	return s, nil
}

// Close stops the server and closes its connections. It may be called twice.
func (s *Server) Close() error {
	err := s.srv.Close()
	<-s.done
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
