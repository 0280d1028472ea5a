// Package admin is the worker's HTTP server for those who run it: metrics, health, and the API by which other programs start,
// watch and test connectors. It listens on loopback unless told otherwise, and never on the address that webhooks arrive at.
package admin

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/httpserver"
	"zendesk-brevo/internal/store"
)

const (
	// answerWithin is more than a connection test takes to give up.
	answerWithin = 150 * time.Second
	stopGrace    = 5 * time.Second
)

//go:embed openapi.json
var openAPI []byte

// Options are what the server needs; all are required.
type Options struct {
	File    *config.File
	Store   *store.Store
	Engine  *control.Engine
	Vendors func(account string) (*activities.Vendors, error)
	Metrics http.Handler
	Probes  []httpserver.Probe
	Token   config.Secret // unset: the API is off, the rest is served
	Log     *slog.Logger
	Now     func() time.Time
}

// Server answers those who run the worker.
type Server struct{ Options }

// Listen opens the address of ADMIN_ADDR. chosen says that somebody set it: then it must be had. A default that is taken, as by
// a second worker on the host, is a warning, and nothing is served: the listener is nil, as it is when the address is "off".
func Listen(ctx context.Context, address string, chosen bool, log *slog.Logger) (net.Listener, error) {
	if address == config.AdminOff || address == "" {
		return nil, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		if !loopback(listener.Addr()) {
			log.Warn("metrics and health can be asked by whoever reaches this address; mind who does", "address", listener.Addr().String())
		}
		return listener, nil
	case !chosen:
		log.Warn("no metrics and no HTTP API: the default address cannot be had; a second worker on a host needs an ADMIN_ADDR of its own, or off",
			"address", address, "error", err)
		return nil, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop it, or set ADMIN_ADDR to a free address, or to off", address)
	}
	return nil, fmt.Errorf("listen on ADMIN_ADDR: %w: set it to an address of this host, or to off", err)
}

func loopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// Serve answers on the listener until ctx ends, then lets requests in flight finish.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	s.Log.Info("metrics, health and API are served", "address", listener.Addr().String(), "api", !s.Token.IsZero())
	web := httpserver.Server{Handler: s.Handler(), Answer: answerWithin, Grace: stopGrace, Log: s.Log}
	if err := web.Serve(ctx, listener); err != nil {
		return fmt.Errorf("ADMIN_ADDR: %w", err)
	}
	return nil
}

// Handler is the handler of all requests.
func (s *Server) Handler() http.Handler { return s.engine() }

// Routes lists what is served, as method and path.
func (s *Server) Routes() (all []string) {
	for _, route := range s.engine().Routes() {
		all = append(all, route.Method+" "+route.Path)
	}
	return all
}

func (s *Server) engine() *gin.Engine {
	r := httpserver.Routes(s.Probes, s.panicked)
	r.NoRoute(func(c *gin.Context) {
		refuse(c, http.StatusNotFound, "there is nothing at this path", "GET /openapi.json lists what there is")
	})
	r.NoMethod(func(c *gin.Context) {
		refuse(c, http.StatusMethodNotAllowed, c.Request.Method+" is not what this path takes", "use the method that the header Allow names")
	})
	r.GET("/metrics", func(c *gin.Context) { s.Metrics.ServeHTTP(c.Writer, c.Request) })
	r.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", openAPI) })
	api := r.Group("/connectors/:name", s.authorize, s.find)
	api.POST("/connect", s.connect)
	api.POST("/sync", s.sync)
	api.GET("/status", s.status)
	api.POST("/test", s.test)
	return r
}

func (s *Server) panicked(c *gin.Context, what, stack string) {
	s.Log.Error("a handler panicked: please report this", "panic", what, "stack", stack)
	if !c.Writer.Written() {
		refuse(c, http.StatusInternalServerError, "the request met a mistake in this program", "look at the worker's log, and report it")
	}
}
