package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
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
	options, at, err := temporalSettings()
	if err != nil {
		return nil, server{}, err
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

// temporalSettings reads Temporal's environment, without asking the server anything.
func temporalSettings() (client.Options, server, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return options, server{}, usage("Temporal's settings cannot be read: %s: check the TEMPORAL_ variables", oneLine(err.Error()))
	}
	at := server{Address: options.HostPort, Namespace: options.Namespace}
	if at.Address == "" {
		at.Address = client.DefaultHostPort
	}
	if at.Namespace == "" {
		at.Namespace = client.DefaultNamespace
	}
	return options, at, nil
}

// devUI is where Temporal's development server has its Web UI.
const devUI = "http://127.0.0.1:8233"

// workflowLinks gives the page of each workflow in Temporal's Web UI; where nobody knows of one, the URL is empty.
func (a *app) workflowLinks(ids ...string) ([]workflowLink, error) {
	_, at, err := temporalSettings()
	if err != nil {
		return nil, err
	}
	base := a.settings.TemporalUIURL
	if host, _, err := net.SplitHostPort(at.Address); base == "" && err == nil && loopback(host) {
		base = devUI
	}
	out := make([]workflowLink, len(ids))
	for i, id := range ids {
		out[i].ID = id
		if base != "" {
			out[i].URL = fmt.Sprintf("%s/namespaces/%s/workflows/%s", base, url.PathEscape(at.Namespace), url.PathEscape(id))
		}
	}
	return out, nil
}

// workflowLink is a workflow and its page.
type workflowLink struct {
	ID  string `json:"id"`
	URL string `json:"url,omitempty"`
}

func (l workflowLink) String() string {
	if l.URL != "" {
		return l.URL
	}
	return l.ID + " (set TEMPORAL_UI_URL for a link)"
}
