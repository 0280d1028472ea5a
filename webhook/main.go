// Command webhook is the small HTTP front that Zendesk's webhooks arrive at. So far it only tells whether it is alive and
// ready; until it takes deliveries, changes arrive by scheduled or manual syncs.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env, err := config.LoadEnv()
	if err == nil {
		err = run(ctx, env)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "webhook:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. Its errors name what to do.
func run(ctx context.Context, env config.Env) error {
	logger := config.NewLogger(os.Stderr, env.LogFormat, config.LevelInfo)
	st, err := store.Open(ctx, env.StoreURL.Reveal())
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	defer func() { _ = st.Close() }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", env.WebhookAddr)
	if err != nil {
		return fmt.Errorf("listen: %w: is another program using the port? set WEBHOOK_ADDR to a free one", err)
	}
	server := &http.Server{Handler: routes(st), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	logger.Info("webhook server ready", "address", listener.Addr().String())
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

// routes are /healthz (the process answers) and /readyz (the store does, too).
func routes(st *store.Store) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.Recovery())
	r.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "OK") })
	r.GET("/readyz", func(c *gin.Context) {
		if err := st.Ping(c.Request.Context()); err != nil {
			c.String(http.StatusServiceUnavailable, "the store does not answer")
			return
		}
		c.String(http.StatusOK, "OK")
	})
	return r
}
