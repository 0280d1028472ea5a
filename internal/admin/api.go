package admin

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/rest"
)

// syncRequest is the body of POST /connectors/{name}/sync.
type syncRequest struct {
	Type      string   `json:"type"`
	Resources []string `json:"resources"`
	Since     string   `json:"since"`
}

// started is what a sync that was started is answered with.
type started struct {
	Connector  string `json:"connector"`
	Account    string `json:"account"`
	Type       string `json:"type"`
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	Notice     string `json:"notice,omitempty"`
}

// sync starts a sync, unless one runs.
func (s *Server) sync(c *gin.Context) {
	var body syncRequest
	if !read(c, &body) {
		return
	}
	ctx, cfg := c.Request.Context(), connectorOf(c)
	in, err := control.Order(body).Input(cfg, s.Now())
	if err != nil {
		s.fail(c, err)
		return
	}
	pause, paused, err := s.Store.Account(cfg.Account()).Paused(ctx)
	if err != nil {
		s.fail(c, err)
		return
	}
	run, err := s.Engine.Begin(ctx, in)
	if err != nil {
		s.fail(c, err)
		return
	}
	out := started{Connector: cfg.Name, Account: cfg.Account(), Type: in.Type, WorkflowID: run.ID, RunID: run.RunID}
	if paused {
		out.Notice = cfg.Account() + " is paused, so the sync waits: " + pause.Message
	}
	c.JSON(http.StatusAccepted, out)
}

// status says how a connector stands, in the words of `starter status --json`.
func (s *Server) status(c *gin.Context) {
	cfg := connectorOf(c)
	out, err := control.Collect(c.Request.Context(), cfg, s.Store.Account(cfg.Account()),
		func(context.Context) (*control.Engine, error) { return s.Engine, nil })
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, out)
}

// tested is a connection test, in the words of `starter test --json`.
type tested struct {
	Connector string                 `json:"connector"`
	Account   string                 `json:"account"`
	Passed    bool                   `json:"passed"`
	Lines     []activities.CheckLine `json:"lines"`
}

// test runs the connection test on a worker.
func (s *Server) test(c *gin.Context) {
	if !read(c, &struct{}{}) {
		return
	}
	ctx, cfg := c.Request.Context(), connectorOf(c)
	if err := s.Engine.RequireWorker(ctx); err != nil {
		s.fail(c, err)
		return
	}
	result, err := s.Engine.Check(ctx, cfg.Account())
	if err != nil {
		s.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, tested{cfg.Name, cfg.Account(), result.Passed(), result.Lines})
}

// connectRequest is the body of POST /connectors/{name}/connect: what the caller believes to be configured.
type connectRequest struct {
	Subdomain string `json:"subdomain"`
	APIToken  string `json:"apiToken"`
	Email     string `json:"email"`
}

// connected says whom the credentials stand for.
type connected struct {
	Connector string `json:"connector"`
	Account   string `json:"account"`
	Connected bool   `json:"connected"`
	User      person `json:"user"`

	Resumed  *control.Pause `json:"resumed"` // the pause that ended
	Paused   *control.Pause `json:"paused"`  // the pause that still stands
	Warnings []string       `json:"warnings"`
}

type person struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Role  string `json:"role"`
}

// connect asks both vendors whether the connector's credentials are good, and ends a pause that connecting is the remedy for. Credentials that
// are not those of the configuration are refused: they would be forgotten with this request, or stored where nobody expects them.
func (s *Server) connect(c *gin.Context) {
	var body connectRequest
	if !read(c, &body) {
		return
	}
	ctx, cfg := c.Request.Context(), connectorOf(c)
	if what, fix := differs(cfg, body); what != "" {
		refuse(c, http.StatusConflict, what, fix)
		return
	}
	vendors, err := s.Vendors(cfg.Account())
	if err != nil {
		what, fix, _ := strings.Cut(err.Error(), ": ")
		refuse(c, http.StatusConflict, what, fix)
		return
	}
	me, err := vendors.Identify(ctx)
	if err != nil {
		s.unidentified(c, err)
		return
	}
	lifted, err := control.LiftPause(ctx, s.Store.Account(cfg.Account()))
	if err != nil {
		s.fail(c, err)
		return
	}
	out := connected{
		Connector: cfg.Name, Account: cfg.Account(), Connected: true, User: person{me.ID, me.Name, me.Email, me.Role},
		Resumed: lifted.Resumed, Paused: lifted.Paused, Warnings: control.OrEmpty(lifted.Warnings),
	}
	if !cfg.Auth.UsesOAuth() {
		out.Warnings = append(out.Warnings, control.APITokenWarning(s.Now()))
	}
	c.JSON(http.StatusOK, out)
}

// unidentified answers for credentials that a vendor does not take, or for a vendor that does not answer.
func (s *Server) unidentified(c *gin.Context, err error) {
	if message, ok := activities.Misconfigured(err); ok {
		what, fix, _ := strings.Cut(message, ": ")
		refuse(c, http.StatusUnprocessableEntity, what, fix)
		return
	}
	var call *rest.Error
	cause, fix := activities.ExplainError(err)
	switch outcome := activities.Classify(err); {
	case activities.Renewing(err):
		refuse(c, http.StatusServiceUnavailable, "another program renews Zendesk's access token", "try again in a few seconds")
	case outcome == activities.PauseAll:
		refuse(c, http.StatusUnprocessableEntity, cause, fix)
	case outcome == activities.Wait:
		refuse(c, http.StatusServiceUnavailable, cause, fix)
	case errors.As(err, &call):
		refuse(c, http.StatusBadGateway, cause, fix)
	default:
		s.fail(c, err)
	}
}

// differs says in what a request disagrees with the configuration, and how to change that; empty when it agrees.
func differs(cfg *config.Connector, body connectRequest) (what, fix string) {
	same := func(x, y string) bool { return subtle.ConstantTimeCompare([]byte(x), []byte(y)) == 1 }
	const restart = " in the worker's connectors.yaml, and restart the worker"
	switch {
	case body.Subdomain != "" && !strings.EqualFold(body.Subdomain, cfg.Account()):
		return "the connector " + cfg.Name + " is of the subdomain " + cfg.Account(), "change subdomain" + restart + ", or name the connector of that subdomain"
	case (body.APIToken != "" || body.Email != "") && cfg.Auth.UsesOAuth():
		return "the connector " + cfg.Name + " uses an OAuth client, not an API token", "leave out email and apiToken, or change auth" + restart
	case body.Email != "" && !strings.EqualFold(body.Email, cfg.Auth.Email):
		return "the connector " + cfg.Name + " is configured with another e-mail address", "change auth.email" + restart
	case body.APIToken != "" && !same(body.APIToken, cfg.Auth.APIToken.Reveal()):
		return "the connector " + cfg.Name + " is configured with another API token", "change auth.api_token" + restart + " (often: ZENDESK_API_TOKEN in .env)"
	}
	return "", ""
}
