// Package httpserver is what the HTTP servers of the programs have in common: health and readiness, handlers that panic, and an
// end that lets requests in flight finish.
package httpserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	probeTimeout = 2 * time.Second
	// MaxHeader is how many bytes of headers a request may have.
	MaxHeader = 16 << 10
)

// Probe asks whether something that the server's work needs answers.
type Probe struct {
	Name string
	Ask  func(context.Context) error
}

// Routes gives an engine with GET /healthz, which answers 200 while the program runs, and GET /readyz, which answers 200 when all
// probes do, else 503 with the names of those that do not. panicked hears of a handler that panicked, before anything was
// answered or after: what was thrown may hold anything, so what is its type, or the text of an error of Go's runtime.
func Routes(probes []Probe, panicked func(c *gin.Context, what, stack string)) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.RedirectTrailingSlash, r.HandleMethodNotAllowed = false, true
	r.Use(recovered(panicked))
	r.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "OK") })
	r.GET("/readyz", ready(probes))
	return r
}

func ready(probes []Probe) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), probeTimeout)
		defer cancel()
		missing := make([]string, len(probes))
		var all sync.WaitGroup
		for i, p := range probes {
			all.Go(func() {
				if p.Ask(ctx) != nil {
					missing[i] = p.Name + " does not answer\n"
				}
			})
		}
		all.Wait()
		if text := strings.Join(missing, ""); text != "" {
			c.String(http.StatusServiceUnavailable, text)
			return
		}
		c.String(http.StatusOK, "OK")
	}
}

func recovered(panicked func(c *gin.Context, what, stack string)) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			thrown := recover()
			if thrown == nil {
				return
			}
			err, isError := thrown.(error)
			if isError && errors.Is(err, http.ErrAbortHandler) {
				panic(thrown)
			}
			what := fmt.Sprintf("%T", thrown)
			var fault runtime.Error
			if isError && errors.As(err, &fault) {
				what = fault.Error()
			}
			panicked(c, what, string(debug.Stack()))
		}()
		c.Next()
	}
}

// Server is how a server serves. All but TLS is required.
type Server struct {
	Handler http.Handler
	Answer  time.Duration // within which a request is read and answered
	Grace   time.Duration // for requests in flight once the server is to end
	TLS     *tls.Config   // nil: plain HTTP
	Log     *slog.Logger  // of what the connections meet, at debug
}

// Serve answers on the listener until ctx ends, then lets requests in flight finish.
func (s Server) Serve(ctx context.Context, listener net.Listener) error {
	web := &http.Server{
		Handler: s.Handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: s.Answer,
		IdleTimeout: time.Minute, MaxHeaderBytes: MaxHeader, TLSConfig: s.TLS, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() {
		if s.TLS != nil {
			done <- web.ServeTLS(listener, "", "")
			return
		}
		done <- web.Serve(listener)
	}()
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Grace)
	defer cancel()
	if err := web.Shutdown(grace); err != nil {
		_ = web.Close() // the error of Shutdown says why
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}
