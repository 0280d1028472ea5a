// Package zendesksim is a simulated Zendesk Support account: a real HTTP server that answers the routes a connector
// uses as the vendor documents them (https://developer.zendesk.com/api-reference/), rate limits and traps included. It
// knows nothing of the connector's client.
package zendesksim

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
)

// Server is one simulated account. It is an http.Handler and safe for concurrent use.
type Server struct {
	opts    Options
	account *seed.Account
	clock   *sim.Clock
	log     *sim.Log
	faults  *sim.Faults
	mux     *http.ServeMux
	routes  map[string]route
	front   http.Handler
	limits  *limits
	oauth   *oauth
	hooks   *webhooks
	talk    *comments
	base    string // https://{subdomain}.zendesk.com, in the url of every record

	requests atomic.Int64
	team     sync.Map   // lower-case address of a user who has signed in -> id
	writing  sync.Mutex // one change at a time
	surveys  sync.Map   // id of a ticket -> when its survey response was made, where somebody of this run made it
}

// New returns a server for the account that opts describes.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{
		opts: opts, account: opts.Account, clock: opts.Clock, log: sim.NewLog(opts.MaxCalls, opts.MaxCallBody),
		faults: &sim.Faults{}, mux: http.NewServeMux(), routes: map[string]route{},
		limits: newLimits(opts.Plan, opts.Clock), oauth: newOAuth(opts), hooks: newWebhooks(opts), talk: newComments(),
		base: "https://" + opts.Subdomain + ".zendesk.com",
	}
	for _, r := range allRoutes() {
		s.routes[r.pattern] = r
		s.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { s.run(w, req, r) })
	}
	s.front = sim.Middleware(s.log, s.faults, s.clock, http.HandlerFunc(s.serve))
	return s
}

// Start serves the account on a free loopback port.
func (s *Server) Start() (*sim.Server, error) { return sim.Serve(s) }

// Log holds every request.
func (s *Server) Log() *sim.Log { return s.log }

// Faults holds the faults on demand.
func (s *Server) Faults() *sim.Faults { return s.faults }

// Account is the account's present content.
func (s *Server) Account() *seed.Account { return s.account }

// Credentials returns the address and the API token of the account's owner.
func (s *Server) Credentials() (email, token string) { return s.opts.Email, s.opts.Token }

// ServeHTTP numbers every answer, whatever becomes of the request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Request-Id", fmt.Sprintf("sim-%08x", s.requests.Add(1)))
	s.front.ServeHTTP(w, r)
}

// serve takes a unit of the account's budget and finds the route. The suffix .json is optional.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".json") {
		u := *r.URL
		u.Path, u.RawPath = strings.TrimSuffix(u.Path, ".json"), ""
		r2 := *r
		r2.URL = &u
		r = &r2
	}
	if !s.limits.admit(w, r) {
		return
	}
	if _, pattern := s.mux.Handler(r); pattern == "" || s.routes[pattern].pattern == "" {
		sim.SetUnknown(r)
		invalidEndpoint(w)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// access is who may use a route.
type access int

const (
	anyone access = iota
	agents
	admins
)

// route is one endpoint.
type route struct {
	pattern  string
	access   access
	resource string // of the granular OAuth scopes; empty needs read or write
	bucket   bucket
	handle   func(s *Server, x *exchange)
}

// exchange is one request that has been let in.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	actor *actor
	now   time.Time
}

func (x *exchange) query(name string) string { return x.r.URL.Query().Get(name) }

// run signs the caller in, checks what he may do and takes a unit of the route's own bucket.
func (s *Server) run(w http.ResponseWriter, r *http.Request, rt route) {
	_, template, _ := strings.Cut(rt.pattern, " ")
	sim.SetRoute(r, template)
	x := &exchange{w: w, r: r, now: s.clock.Now()}
	var refused func(http.ResponseWriter)
	x.actor, refused = s.signIn(r)
	switch {
	case rt.pattern == meRoute && x.actor == nil && refused == nil:
	case rt.access == anyone && rt.pattern != meRoute:
	case refused != nil:
		refused(w)
		return
	case x.actor == nil:
		unauthenticated(w)
		return
	case !x.actor.mayCall(r.Method, rt.resource):
		forbiddenScope(w)
		return
	case rt.access == admins && x.actor.user.Role != "admin", rt.access == agents && x.actor.user.Role == "end-user",
		s.opts.ForbidOrganizations && rt.resource == "organizations":
		forbidden(w)
		return
	}
	if rt.bucket != "" && !s.limits.take(w, rt.bucket) {
		return
	}
	rt.handle(s, x)
}
