// Package brevosim is a simulated Brevo account: a real HTTP server that answers the routes of API v3 as the vendor
// documents them (https://developers.brevo.com/reference), with its silent omissions and its traps. What the vendor
// leaves open is decided here in the way that is hardest on a client, and said in the comment of the code that decides.
package brevosim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"zendesk-brevo/internal/sim"
)

// Server is one simulated account. It is an http.Handler and safe for concurrent use. API routes live under /v3, files
// of rejected import rows under /files.
type Server struct {
	opts    Options
	clock   *sim.Clock
	log     *sim.Log
	faults  *sim.Faults
	mux     *http.ServeMux
	front   http.Handler
	limiter *limiter

	mu        sync.Mutex
	requests  int
	allowed   []netip.Prefix
	refusals  []refusal
	misuses   []string
	duplicate int // duplicates answered so far: their code alternates
	// of the account's OAuth app
	tokens       map[string]accessToken
	tokensIssued int

	contacts   contactBook
	attributes attributeBook
	lists      listBook
	processes  processBook
	companies  companyBook
	events     []*Event
	emails     []Email
	writes     Writes
	badPhones  map[string]bool
	// badCompanies are refused by name.
	badCompanies map[string]bool
}

// refusal makes every call under a path prefix fail.
type refusal struct {
	prefix string
	answer reply
}

// New returns an account with the vendor's built-in attributes, one folder and no contacts.
func New(opts Options) *Server {
	opts = opts.withDefaults()
	s := &Server{
		opts: opts, clock: opts.Clock,
		log: sim.NewLog(opts.MaxCalls, opts.MaxCallBody), faults: &sim.Faults{},
		mux: http.NewServeMux(), limiter: newLimiter(opts.Plan, opts.Clock, opts.ResetUnit),
		contacts: newContactBook(), attributes: newAttributeBook(opts.NamesLocale), lists: newListBook(),
		processes: newProcessBook(), companies: newCompanyBook(), badPhones: map[string]bool{}, badCompanies: map[string]bool{},
		tokens: map[string]accessToken{},
	}
	s.allowed = mustPrefixes(opts.AllowedIPs)
	s.routes()
	s.front = sim.Middleware(s.log, s.faults, s.clock, http.HandlerFunc(s.serve))
	return s
}

// Start serves the account on a free loopback port. The API's base URL is the server's URL plus /v3.
func (s *Server) Start() (*sim.Server, error) { return sim.Serve(s) }

// Log is every request so far; Log().Unknown lists those to routes that the simulator does not have.
func (s *Server) Log() *sim.Log { return s.log }

// Faults are the failures on demand.
func (s *Server) Faults() *sim.Faults { return s.faults }

// ServeHTTP gives every reply a sib-request-id, as the vendor does, whatever becomes of the request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	id := fmt.Sprintf("sib-%08d", s.requests)
	s.mu.Unlock()
	w.Header().Set("Sib-Request-Id", id)
	s.front.ServeHTTP(w, r)
}

// query is one request in the hands of a handler, which holds the account's lock.
type query struct {
	*http.Request
	body []byte
	now  time.Time
}

// decode reads a JSON body into v; what it returns on failure is the vendor's 400.
func (q *query) decode(v any) *reply {
	dec := json.NewDecoder(bytes.NewReader(q.body))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return failure(http.StatusBadRequest, "bad_request", "Input must be a valid JSON object")
	}
	return nil
}

type handler func(q *query) reply

func (s *Server) handle(pattern string, h handler) {
	method, path, _ := strings.Cut(pattern, " ")
	s.mux.HandleFunc(method+" /v3"+path, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		s.mu.Lock()
		now := s.clock.Now()
		s.settle(now)
		answer := h(&query{Request: r, body: body, now: now})
		s.mu.Unlock()
		answer.write(w)
	})
}

// serve checks route, key, address and limits in that order and then answers.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	// The log takes a request's id from this header; set after the answer has begun, it does not travel.
	defer func() { w.Header().Set("X-Request-Id", w.Header().Get("Sib-Request-Id")) }()
	if strings.HasPrefix(r.URL.Path, "/files/") {
		s.serveFile(w, r)
		return
	}
	if r.URL.Path == tokenRoute {
		s.serveToken(w, r)
		return
	}
	if answer := s.admit(r); answer != nil {
		answer.write(w)
		return
	}
	_, pattern := s.mux.Handler(r)
	if pattern == "" {
		sim.SetUnknown(r)
		s.unknown(r).write(w)
		return
	}
	_, route, _ := strings.Cut(pattern, " ")
	sim.SetRoute(r, route)
	if !s.limiter.take(w.Header(), familyOf(r.Method, route)) {
		// The vendor documents neither body nor code of a 429, only that no Retry-After comes with it.
		reply{http.StatusTooManyRequests, map[string]any{"message": "The expected rate limit is exceeded."}}.write(w)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// admit returns the refusal that the caller's key, address or plan earns, or nil.
func (s *Server) admit(r *http.Request) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Header.Get("Api-Key")
	bearer, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case isBearer:
		if refused := s.admitToken(r, bearer); refused != nil {
			return refused
		}
	case key == "":
		return failure(http.StatusUnauthorized, "unauthorized", "authentication not found in headers")
	case key != s.opts.APIKey:
		return failure(http.StatusUnauthorized, "unauthorized", "Key not found")
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if !s.addressAllowed(host) {
		return failure(http.StatusUnauthorized, "unauthorized", "We have detected you are using an unrecognised IP address "+host+
			". If you performed this action make sure to add the new IP address in this link: https://app.brevo.com/security/authorised_ips")
	}
	for _, refused := range s.refusals {
		if strings.HasPrefix(strings.TrimPrefix(r.URL.Path, "/v3"), refused.prefix) {
			return &refused.answer
		}
	}
	return nil
}

func (s *Server) addressAllowed(host string) bool {
	if len(s.allowed) == 0 {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.allowed {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// unknown answers a request for which there is no route: 405 when another method would have one, else 404.
func (s *Server) unknown(r *http.Request) *reply {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "" {
			return failure(http.StatusMethodNotAllowed, "method_not_allowed", r.Method+" Method is not allowed on this path")
		}
	}
	return failure(http.StatusNotFound, "document_not_found", "Route does not exist")
}

// misuse records something that no correct client does.
func (s *Server) misuse(format string, args ...any) {
	s.misuses = append(s.misuses, fmt.Sprintf(format, args...))
}

// mustPrefixes parses addresses and CIDR ranges; a malformed one is a mistake in the caller's code.
func mustPrefixes(ranges []string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range ranges {
		if addr, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}
