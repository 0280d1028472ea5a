package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/types/known/timestamppb"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/admin"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/httpserver"
	"zendesk-brevo/internal/metrics"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

const (
	account = "acme"
	token   = "a-token-of-the-api-0123456789"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// site is the server before simulated vendors and a Temporal that is made up. Every answer is held against the document.
type site struct {
	t        *testing.T
	url      string
	zendesk  *zendesksim.Server
	brevo    *brevosim.Server
	store    *store.Store
	temporal *temporal
	log      bytes.Buffer
	router   routers.Router
}

func newSite(t *testing.T, change ...func(*admin.Options)) *site {
	t.Helper()
	s := &site{t: t, temporal: &temporal{polled: noon.Add(-time.Second)}}
	s.zendesk = zendesksim.New(zendesksim.Options{Account: seed.New(seed.Size{Users: 20, Tickets: 20, Organizations: 2}, 7), Subdomain: account, Plan: zendesksim.Unlimited})
	s.brevo = brevosim.New(brevosim.Options{Plan: brevosim.Unlimited})
	zs, err := s.zendesk.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = zs.Close() })
	bs, err := s.brevo.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = bs.Close() })
	email, secret := s.zendesk.Credentials()
	path := filepath.Join(t.TempDir(), "connectors.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `brevo: {api_key: %q, base_url: %q}
connectors:
  zendesk: {subdomain: %s, base_url: %q, auth: {email: %q, api_token: %q}, sync: {organizations: false}}
  asleep: {type: zendesk, enabled: false, subdomain: other, auth: {email: %q, api_token: x}}
`, brevosim.DefaultAPIKey, bs.URL+"/v3", account, zs.URL, email, secret, email), 0o600))
	file, err := config.Load(path, os.Getenv)
	require.NoError(t, err)
	s.store, err = store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	logger := config.NewLogger(&s.log, config.LogText, config.LevelDebug)
	s.temporal.check = activities.New(activities.Options{File: file, Store: s.store, Log: logger})
	measured, err := metrics.New(metrics.Options{Store: s.store, Accounts: []string{account}, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	o := admin.Options{
		File: file, Store: s.store, Vendors: s.temporal.check.Vendors, Metrics: measured.Handler(), Token: config.NewSecret(token), Log: logger,
		Now:    func() time.Time { return noon },
		Engine: &control.Engine{Client: s.temporal, Server: control.Server{Address: "temporal:7233", Namespace: "default"}, Queue: "queue", Now: func() time.Time { return noon }},
		Probes: []httpserver.Probe{{Name: "the store", Ask: s.store.Ping}, {Name: "Temporal", Ask: func(context.Context) error { return s.temporal.away }}},
	}
	for _, f := range change {
		f(&o)
	}
	web := httptest.NewServer((&admin.Server{Options: o}).Handler())
	t.Cleanup(web.Close)
	s.url = web.URL
	s.document()
	return s
}

// document reads what the server says of itself.
func (s *site) document() *openapi3.T {
	s.t.Helper()
	resp, err := http.Get(s.url + "/openapi.json")
	require.NoError(s.t, err)
	defer resp.Body.Close()
	doc, err := openapi3.NewLoader().LoadFromIoReader(resp.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, doc.Validate(s.t.Context()))
	doc.Servers = nil
	s.router, err = gorillamux.NewRouter(doc)
	require.NoError(s.t, err)
	return doc
}

// call is one request to the API.
type call struct {
	method, path, body string
	change             func(*http.Request)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &out), a.body)
	return out
}

// do sends a request with the token; the answer must be one that the document promises for that route.
func (s *site) do(c call) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), c.method, s.url+c.path, strings.NewReader(c.body))
	require.NoError(s.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.change != nil {
		c.change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(resp.Body)
	require.NoError(s.t, err)
	route, params, err := s.router.FindRoute(req)
	if err != nil {
		require.Contains(s.t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, resp.StatusCode, "a route that the document lacks: %s", c.path)
		return answer{resp.StatusCode, resp.Header, body.String()}
	}
	require.NoError(s.t, openapi3filter.ValidateResponse(s.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header, Body: nopCloser{bytes.NewReader(body.Bytes())},
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}), "%s %s: %d %s", c.method, c.path, resp.StatusCode, body.String())
	return answer{resp.StatusCode, resp.Header, body.String()}
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

// untouched fails if anything was started, written or asked since the site was made.
func (s *site) untouched(what string) {
	s.t.Helper()
	assert.Empty(s.t, s.temporal.started, what)
	assert.Empty(s.t, s.zendesk.Log().Calls(), what)
	assert.Empty(s.t, s.brevo.Log().Calls(), what)
	_, err := s.store.Account(account).LastRun(s.t.Context())
	assert.ErrorIs(s.t, err, store.ErrNotFound, what)
	_, paused, err := s.store.Account(account).Paused(s.t.Context())
	assert.NoError(s.t, err)
	assert.False(s.t, paused, what)
}

// temporal is a made-up server: a worker polled it at some time, at most one sync runs, and a connection test is run at once.
type temporal struct {
	mocks.Client
	polled  time.Time
	away    error
	running bool
	check   *activities.Activities
	started []client.StartWorkflowOptions
	inputs  []any
}

func (f *temporal) DescribeTaskQueue(context.Context, string, enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	if f.away != nil {
		return nil, f.away
	}
	return &workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueue.PollerInfo{{LastAccessTime: timestamppb.New(f.polled)}}}, nil
}

func (f *temporal) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if o.ID == workflows.SyncID(account) && f.running {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("started", "", "run-0")
	}
	f.started, f.inputs = append(f.started, o), append(f.inputs, args...)
	return &run{f: f, ctx: ctx, id: o.ID}, nil
}

func (f *temporal) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	switch {
	case f.away != nil:
		return nil, f.away
	case !f.running:
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflow.WorkflowExecutionInfo{
		Execution: &common.WorkflowExecution{WorkflowId: id, RunId: "run-0"}, Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING,
		StartTime: timestamppb.New(noon.Add(-time.Minute)),
	}}, nil
}

func (f *temporal) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, serviceerror.NewDeadlineExceeded("nobody answers")
}

func (f *temporal) ScheduleClient() client.ScheduleClient {
	handle, schedules := &mocks.ScheduleHandle{}, &mocks.ScheduleClient{}
	handle.On("Describe", mock.Anything).Return(&client.ScheduleDescription{Info: client.ScheduleInfo{NextActionTimes: []time.Time{noon.Add(time.Minute)}}}, f.away)
	schedules.On("GetHandle", mock.Anything, mock.Anything).Return(handle)
	return schedules
}

// run is a workflow that was started; the result of a connection test is that of the real step.
type run struct {
	client.WorkflowRun
	f   *temporal
	ctx context.Context
	id  string
}

func (r *run) GetID() string    { return r.id }
func (r *run) GetRunID() string { return "run-1" }

func (r *run) Get(_ context.Context, out any) error {
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(r.f.check.Account)
	value, err := env.ExecuteActivity(r.f.check.Account.CheckConnection, activities.CheckInput{Account: account})
	if err != nil {
		return err
	}
	return value.Get(out)
}
