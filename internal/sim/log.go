package sim

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Call is one request as the simulated vendor saw it. Tests must not change its Body.
type Call struct {
	Seq       int       `json:"seq"` // 1 for the first call
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	RawQuery  string    `json:"query,omitempty"`
	Route     string    `json:"route,omitempty"` // template such as "/api/v2/users/{id}"; empty when no handler ran
	Status    int       `json:"status"`          // 0 when the connection was closed without an answer
	Body      []byte    `json:"body,omitempty"`  // of the request, at most as much as the log keeps
	RequestID string    `json:"request_id,omitempty"`
	Fault     string    `json:"fault,omitempty"`   // Fault.Name of the fault it met
	Unknown   bool      `json:"unknown,omitempty"` // no such route
}

// Log holds the calls in the order in which they arrived. It is safe for concurrent use.
type Log struct {
	mu       sync.Mutex
	calls    []*Call
	seq      int
	maxCalls int
	maxBody  int
}

// NewLog returns a log that keeps the newest maxCalls calls and the first maxBody bytes of each request body; 0 keeps
// everything.
func NewLog(maxCalls, maxBody int) *Log {
	return &Log{maxCalls: maxCalls, maxBody: maxBody}
}

// Calls returns a copy of the log, oldest first.
func (l *Log) Calls() []Call {
	return l.pick(func(*Call) bool { return true })
}

// Filter returns the calls whose method is method (empty: any) and whose route template, or path, starts with prefix.
func (l *Log) Filter(method, prefix string) []Call {
	return l.pick(func(c *Call) bool {
		return (method == "" || c.Method == method) &&
			(strings.HasPrefix(c.Route, prefix) || strings.HasPrefix(c.Path, prefix))
	})
}

// Count is the number of calls that Filter returns.
func (l *Log) Count(method, prefix string) int { return len(l.Filter(method, prefix)) }

// Unknown returns the calls to routes that the vendor does not have. A test asserts that there are none.
func (l *Log) Unknown() []Call {
	return l.pick(func(c *Call) bool { return c.Unknown })
}

// Reset forgets every call; sequence numbers go on.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = nil
}

func (l *Log) pick(keep func(*Call) bool) []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Call
	for _, c := range l.calls {
		if keep(c) {
			out = append(out, *c)
		}
	}
	return out
}

// start enters a call that is under way.
func (l *Log) start(c *Call, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	c.Seq = l.seq
	if l.maxBody > 0 && len(body) > l.maxBody {
		body = append([]byte(nil), body[:l.maxBody]...)
	}
	c.Body = body
	l.calls = append(l.calls, c)
	// Trimming in halves keeps the cost of a bounded log constant per call.
	if l.maxCalls > 0 && len(l.calls) >= 2*l.maxCalls {
		l.calls = append([]*Call(nil), l.calls[len(l.calls)-l.maxCalls:]...)
	}
}

func (l *Log) change(c *Call, f func(*Call)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(c)
}

type entryKey struct{}

type entry struct {
	log  *Log
	call *Call
}

func withEntry(ctx context.Context, l *Log, c *Call) context.Context {
	return context.WithValue(ctx, entryKey{}, entry{l, c})
}

// SetRoute tells the log which route template serves r.
func SetRoute(r *http.Request, route string) {
	if e, ok := r.Context().Value(entryKey{}).(entry); ok {
		e.log.change(e.call, func(c *Call) { c.Route = route })
	}
}

// SetUnknown tells the log that the vendor has no route for r, and says so on stderr: a client that asks for what the
// contract does not list is a mistake to be seen at once.
func SetUnknown(r *http.Request) {
	if e, ok := r.Context().Value(entryKey{}).(entry); ok {
		e.log.change(e.call, func(c *Call) { c.Unknown = true })
		fmt.Fprintf(os.Stderr, "simulator: unknown route %s %s\n", r.Method, r.URL.Path)
	}
}
