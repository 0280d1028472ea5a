package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"zendesk-brevo/internal/control"
)

// dialTimeout is how long Temporal may take to answer the first call.
const dialTimeout = 5 * time.Second

// callTimeout bounds every later call, so that a command never hangs on a server that went away.
const callTimeout = control.CallTimeout

type (
	engine         = control.Engine
	execution      = control.Execution
	server         = control.Server
	temporalClient = control.Client
)

// dialTemporal connects as Temporal's environment says (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY ...). Its
// failures say what to do. https://docs.temporal.io/develop/environment-configuration
func dialTemporal(ctx context.Context) (temporalClient, server, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, server{}, usage("Temporal's settings cannot be read: %s: check the TEMPORAL_ variables", oneLine(err.Error()))
	}
	at := server{Address: options.HostPort, Namespace: options.Namespace}
	if at.Address == "" {
		at.Address = client.DefaultHostPort
	}
	if at.Namespace == "" {
		at.Namespace = client.DefaultNamespace
	}
	options.Logger = log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, at, &failure{code: exitFailed, cause: err, text: fmt.Sprintf(
			"Temporal does not answer at %s: start it (`make run` brings one), or set TEMPORAL_ADDRESS", at.Address)}
	}
	return c, at, nil
}
