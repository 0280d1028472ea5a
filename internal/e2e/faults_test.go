package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// secret stands in every answer that the faults make up: what a vendor says in an error may name people.
const secret = "Couldn't help hidden.person@customers.example"

const (
	jsonBody  = `{"error":"` + secret + `","description":"` + secret + `","code":"` + secret + `","message":"` + secret + `"}`
	htmlBody  = "<html><body>" + secret + "</body></html>"
	plainText = "text/plain; charset=utf-8"
	htmlText  = "text/html; charset=utf-8"
)

// passing are failures that go away by themselves: the run repeats the step and loses nothing.
var passing = []struct {
	name    string
	fault   sim.Fault
	typ     string
	message string        // after "VENDOR METHOD ROUTE: ", or the whole of it
	next    time.Duration // what the vendor asked to wait
}{
	{"408", sim.Fault{Status: 408, Body: jsonBody}, activities.ErrUnreachable, "408", 0},
	{"409", sim.Fault{Status: 409, Body: jsonBody}, activities.ErrUnreachable, "409", 0},
	{"425", sim.Fault{Status: 425, Body: jsonBody}, activities.ErrUnreachable, "425", 0},
	{"429 as JSON", sim.Fault{Status: 429, Body: jsonBody, Header: http.Header{"Retry-After": {"34"}}}, activities.ErrRateLimited, "waiting 34 s: NAME asked to slow down", 34 * time.Second},
	{"429 as text", sim.Fault{Status: 429, Body: secret, ContentType: plainText, Header: http.Header{"Retry-After": {"7"}}}, activities.ErrRateLimited, "waiting 7 s: NAME asked to slow down", 7 * time.Second},
	{"429 without a word", sim.Fault{Status: 429}, activities.ErrRateLimited, "waiting ", 0},
	{"500 as HTML", sim.Fault{Status: 500, Body: htmlBody, ContentType: htmlText}, activities.ErrUnreachable, "500 answered HTML instead of JSON", 0},
	{"502", sim.Fault{Status: 502, Body: htmlBody, ContentType: htmlText}, activities.ErrUnreachable, "502 answered HTML instead of JSON", 0},
	{"503", sim.Fault{Status: 503, Body: jsonBody}, activities.ErrUnreachable, "503", 0},
	{"503 with Retry-After", sim.Fault{Status: 503, Body: jsonBody, Header: http.Header{"Retry-After": {"20"}}}, activities.ErrRateLimited, "waiting 20 s: NAME asked to slow down", 20 * time.Second},
	{"cut body", sim.Fault{CutAfter: 5}, activities.ErrUnreachable, "STATUS body cut short", 0},
	{"only a header", sim.Fault{CutAfter: -1}, activities.ErrUnreachable, "STATUS body cut short", 0},
	{"truncated body", sim.Fault{Truncate: 5}, activities.ErrUnreachable, "STATUS body cut short", 0},
	{"closed before it was processed", sim.Fault{DropBefore: true}, activities.ErrUnreachable, "body cut short", 0},
	{"closed after it was processed", sim.Fault{DropAfter: true}, activities.ErrUnreachable, "body cut short", 0},
}

// call is one kind of request that a run makes.
type call struct {
	vendor, method, route string
	path                  string // of the fault
	status                string // of a good answer
	run                   workflows.SyncInput
	empty                 bool // good answers have no body that could be cut
}

var calls = []call{
	{"zendesk", "GET", "/api/v2/users/me.json", "/api/v2/users/me", "200", ways[0].in, false},
	{"zendesk", "GET", "/api/v2/ticket_fields.json", "/api/v2/ticket_fields", "200", ways[0].in, false},
	{"zendesk", "GET", "/api/v2/incremental/users/cursor.json", "/api/v2/incremental/users", "200", ways[0].in, false},
	{"zendesk", "GET", "/api/v2/incremental/tickets/cursor.json", "/api/v2/incremental/tickets", "200", ways[0].in, false},
	{"zendesk", "GET", "/api/v2/incremental/organizations.json", "/api/v2/incremental/organizations", "200", ways[0].in, false},
	{"brevo", "GET", "/contacts/attributes", "/v3/contacts/attributes$", "200", ways[0].in, false},
	{"brevo", "GET", "/contacts", "/v3/contacts$", "200", ways[0].in, false},
	{"brevo", "POST", "/contacts/import", "/v3/contacts/import", "202", ways[0].in, false},
	{"brevo", "GET", "/processes", "/v3/processes", "200", ways[0].in, false},
	{"brevo", "POST", "/contacts", "/v3/contacts$", "201", ways[1].in, false},
	{"brevo", "PUT", "/contacts/{identifier}", "/v3/contacts/*", "204", ways[1].in, true},
}

func TestPassingFailuresLoseNothing(t *testing.T) {
	for _, c := range calls {
		t.Run(c.vendor+" "+c.method+" "+c.route, func(t *testing.T) {
			t.Parallel()
			calm := faultyWorld(t)
			calm.runTwice(t, c.run)
			for _, tc := range passing {
				if c.empty && (tc.fault.CutAfter != 0 || tc.fault.Truncate != 0) {
					continue
				}
				t.Run(tc.name, func(t *testing.T) {
					w := faultyWorld(t)
					f := tc.fault
					f.Method, f.Path = c.method, c.path
					if f.DropBefore || f.DropAfter {
						f.Times = 5 // the HTTP client itself repeats those that meet a connection it had open
					}
					w.faults(c.vendor).Add(f)
					w.runTwice(t, c.run)
					require.NotZero(t, w.faults(c.vendor).Fired(), "the call was made")
					assert.Equal(t, calm.picture(), w.picture(), "nothing lost, nothing doubled")
					w.assertHarmless(t)
					w.assertNoSecrets(t)

					got := w.firstFailure(t)
					assert.Equal(t, tc.typ, got.Type())
					assert.False(t, got.NonRetryable())
					message := tc.message
					if tc.typ == activities.ErrUnreachable {
						message = "VENDOR METHOD ROUTE: " + message
					}
					message = strings.NewReplacer("NAME", map[string]string{"zendesk": "Zendesk", "brevo": "Brevo"}[c.vendor], "VENDOR", c.vendor, "METHOD", c.method, "ROUTE", c.route, "STATUS", c.status).Replace(message)
					assert.True(t, strings.HasPrefix(got.Message(), message), "%q should begin with %q", got.Message(), message)
					assert.GreaterOrEqual(t, got.NextRetryDelay(), tc.next)
					if tc.next > 0 {
						assert.LessOrEqual(t, got.NextRetryDelay(), tc.next+time.Second, "no longer than asked for, plus jitter")
					}
				})
			}
		})
	}
}

// faultyWorld has a few people of every kind that a run treats differently.
func faultyWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, seed.Size{Users: 1, Organizations: 3})
	w.watch = &watcher{}
	w.moveIn(ada, "Ada Lovelace", withPhone("+33612345678"))
	w.moveIn(grace, "Grace Hopper")
	id := w.moveIn(linus, "Linus Torvalds")
	w.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "open"})
	return w
}

// runTwice syncs, moves and renames somebody, and syncs again.
func (w *world) runTwice(t *testing.T, in workflows.SyncInput) {
	t.Helper()
	w.again(t, in)
	u, ok := w.zendesk.Account().UserByEmail(ada)
	require.True(t, ok)
	w.rename(t, u.ID, "Ada King")
	w.moveTo(t, u.ID, "ada@elsewhere.example")
	w.again(t, in)
}

// firstFailure is the first failed attempt that was not merely the connector's own wait for a rate window.
func (w *world) firstFailure(t *testing.T) *temporal.ApplicationError {
	t.Helper()
	for _, f := range w.watch.Failures() {
		if !strings.HasSuffix(f.Err.Message(), " budget") {
			return f.Err
		}
	}
	require.Fail(t, "no activity failed")
	return nil
}

func (w *world) faults(vendor string) *sim.Faults {
	if vendor == "zendesk" {
		return w.zendesk.Faults()
	}
	return w.brevo.Faults()
}

// assertNoSecrets checks that no error repeated what a vendor said or what we sent.
func (w *world) assertNoSecrets(t *testing.T) {
	t.Helper()
	for _, entry := range append(w.watch.Entries(), w.logs.String()) {
		for _, never := range []string{"hidden.person", ada, linus, "Lovelace", "612345678", "elsewhere.example"} {
			assert.NotContains(t, entry, never)
		}
	}
}
