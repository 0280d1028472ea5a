package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/encoding/protojson"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// leaks finds personal data and secrets in whatever form they may have taken on their way.
type leaks struct{ needles map[string]string } // what to look for -> what it is

// privateTo is everything in the account that must not leave the store: addresses, names and phones of its users,
// organizations' names, ticket text, and the credentials.
func privateTo(w *world) *leaks {
	l := &leaks{needles: map[string]string{}}
	for u := range w.zendesk.Account().Users.All() {
		for _, email := range append([]string{u.Email}, u.OtherEmails...) {
			l.add("address", email)
		}
		l.add("name", u.Name)
		l.addPhone(u.Phone)
	}
	for o := range w.zendesk.Account().Organizations.All() {
		l.add("organization", o.Name)
	}
	l.add("ticket text", seed.TextMarker)
	l.add("secret", brevosim.DefaultAPIKey)
	email, token := w.zendesk.Credentials()
	l.add("secret", token)
	l.add("secret", email+"/token:"+token)
	return l
}

// shortest is the length below which a text also turns up by chance.
const shortest = 7

func (l *leaks) add(what, text string) {
	text = strings.TrimSpace(text)
	if len(text) < shortest {
		return
	}
	for _, written := range []string{text, strings.ToLower(text)} {
		quoted := strconv.QuoteToASCII(written)
		for _, form := range []string{
			written, url.QueryEscape(written), url.PathEscape(written), html.EscapeString(written),
			quoted[1 : len(quoted)-1], hex.EncodeToString([]byte(written)),
		} {
			l.needles[form] = what
		}
		// A text inside of something longer begins at any of three places of a base64 group; its first and last characters
		// mix with the neighbours'.
		for shift := range 3 {
			for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				encoded := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + written))
				first := []int{0, 2, 3}[shift]
				last := len(encoded)
				if (shift+len(written))%3 != 0 {
					last--
				}
				l.needles[encoded[first:last]] = what + " in base64"
			}
		}
	}
}

func (l *leaks) addPhone(phone string) {
	l.add("phone", phone)
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	// Digits alone also occur in ids; ten of them in a row with the country's code do not.
	if len(digits) >= 10 {
		l.add("phone", digits)
	}
}

// in lists what of it is found in a text. Most needles are ruled out by their first bytes, for there are many of both.
func (l *leaks) in(text string) []string {
	beginnings := map[string]bool{}
	for i := range max(0, len(text)-shortest+1) {
		beginnings[text[i:i+shortest]] = true
	}
	var found []string
	for needle, what := range l.needles {
		if beginnings[needle[:shortest]] && strings.Contains(text, needle) {
			found = append(found, what+": "+needle)
		}
	}
	return found
}

func TestTheScanFindsWhatItLooksFor(t *testing.T) {
	w := town(t)
	w.moveIn(ada, `Ada "Countess" Lövelace`, withPhone("+33 6 12 34 56 78"))
	l := privateTo(w)
	body := `{"a":"` + ada + `"}`
	for name, text := range map[string]string{
		"plain":            "x" + ada + "y",
		"lower case":       `name=ada "countess" lövelace`,
		"query":            "?q=" + url.QueryEscape(ada),
		"path":             "/contacts/" + url.PathEscape(`Ada "Countess" Lövelace`),
		"quoted":           strconv.QuoteToASCII(`Ada "Countess" Lövelace`),
		"base64":           base64.StdEncoding.EncodeToString([]byte(ada)),
		"base64, shift 1":  base64.StdEncoding.EncodeToString([]byte("?" + ada + "??")),
		"base64, shift 2":  base64.StdEncoding.EncodeToString([]byte("??" + ada + "?")),
		"base64 of a body": base64.StdEncoding.EncodeToString([]byte(body)),
		"base64 for URLs":  base64.URLEncoding.EncodeToString([]byte(`>>>Ada "Countess" Lövelace`)),
		"phone":            "tel +33 6 12 34 56 78",
		"phone digits":     `"SMS":"33612345678"`,
		"key":              "api-key: " + brevosim.DefaultAPIKey,
		"authorization":    "Basic " + base64.StdEncoding.EncodeToString([]byte(strings.Join(credentials(w), "/token:"))),
	} {
		assert.NotEmpty(t, l.in(text), name)
	}
	assert.Empty(t, l.in("acme: tickets, page 2; zendesk GET /api/v2/users/{id}: 404 RecordNotFound (request req-7)"))
}

func credentials(w *world) []string {
	email, token := w.zendesk.Credentials()
	return []string{email, token}
}

// troubled is an account with awkward rows of every kind, and failures of many kinds ahead of it.
func troubled(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, seed.Size{Users: 400, Tickets: 600, Organizations: 30})
	var known []string
	var taken string
	for u := range w.seed.Users.All() {
		if w.seed.KindOf(u.ID) == seed.Ordinary {
			known = append(known, u.Email)
			if strings.HasPrefix(u.Phone, "+") && taken == "" {
				taken = u.Phone
				w.brevo.RefusePhone(u.Phone)
			}
		}
	}
	w.brevo.SeedMarketer(known)
	w.brevo.FailProcesses(2)
	for _, path := range []string{"/api/v2/incremental/users", "/api/v2/incremental/tickets", "/api/v2/users/me"} {
		w.zendesk.Faults().Add(w.echo(path, 500), w.echo(path, 429), w.echo(path, 409), sim.Fault{Path: path, Truncate: 900}, sim.Fault{Path: path, CutAfter: 900})
	}
	for _, path := range []string{"/v3/contacts$", "/v3/contacts/import", "/v3/contacts/*", "/v3/processes", "/v3/companies"} {
		w.brevo.Faults().Add(w.echo(path, 500), w.echo(path, 429), sim.Fault{Path: path, Truncate: 30}, sim.Fault{Path: path, CutAfter: 30}, sim.Fault{Path: path, DropAfter: true, Times: 2})
	}
	w.brevo.Faults().Add(w.echo("/v3/contacts/import", 400), w.echo("/v3/contacts/*", 400))
	return w
}

// echo is an error whose every part names a customer.
func (w *world) echo(path string, status int) sim.Fault {
	id := w.seed.UsersOf(seed.Ordinary)[0]
	u, _ := w.seed.Users.Get(id)
	body := fmt.Sprintf(`{"error":%q,"code":%q,"message":%q,"description":%q,"details":{"email":[{"description":%q}]}}`, u.Email, u.Email, u.Name+" "+u.Email, u.Email, u.Name)
	return sim.Fault{Path: path, Status: status, Body: body}
}

func TestNoPersonalDataInHistoryOrLogs(t *testing.T) {
	w := troubled(t)
	w.watch = &watcher{}
	w.pass(2 * time.Minute)
	w.prepare = func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { _ = w.account().ClearPause(context.Background()) }, 90*time.Second)
	}
	_, err := w.trySync(t, workflows.SyncInput{})
	if err != nil {
		w.watch.note("error", []byte(err.Error()))
	}
	w.brevo.Faults().Clear()
	w.zendesk.Faults().Clear()
	w.again(t, workflows.SyncInput{})
	for i, id := range w.seed.UsersOf(seed.Ordinary)[:5] {
		w.moveTo(t, id, fmt.Sprintf("moved.person.%d@elsewhere.example", i))
	}
	private := privateTo(w)
	w.brevo.Faults().Add(w.echo("/v3/contacts/*", 400), w.echo("/v3/contacts/*", 422), w.echo("/v3/contacts/*", 401))
	w.again(t, workflows.SyncInput{Type: activities.Incremental})

	require.Greater(t, len(w.watch.Failures()), 10, "the failures were met")
	require.Greater(t, len(w.watch.Entries()), 100)
	require.Contains(t, w.logs.String(), "level=DEBUG", "the log is at its most talkative")
	for _, found := range private.in(strings.Join(w.watch.Entries(), "\n")) {
		t.Errorf("%s, in history or the SDK's log", found)
	}
	for _, found := range private.in(w.logs.String()) {
		t.Errorf("%s, in the log", found)
	}
	rejects, err := w.account().Rejects(t.Context(), 100)
	require.NoError(t, err)
	assert.NotEmpty(t, rejects, "vendors' words are in the rejects, and nowhere else")
}

func TestNoPersonalDataInExportedHistories(t *testing.T) {
	t.Parallel()
	s := realServer(t)
	w := newWorld(t, seed.Size{Users: 300, Tickets: 500, Organizations: 20})
	w.realTime()
	soon := http.Header{"Retry-After": {"1"}}
	refused, busy := w.echo("/api/v2/incremental/users", 429), w.echo("/v3/contacts/import", 503)
	refused.Header, busy.Header = soon, soon
	w.zendesk.Faults().Add(refused)
	w.brevo.Faults().Add(busy)
	queue := fmt.Sprintf("private-%d", time.Now().UnixNano())
	worker := w.startWorker(t, s, queue)
	id := "private/" + queue
	run, err := s.Client().ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue},
		workflows.Sync, workflows.SyncInput{Account: account, Type: activities.Full})
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil), "worker log:\n%s", worker.logs)

	private := privateTo(w)
	var exported strings.Builder
	events := 0
	for _, workflowID := range []string{id, workflows.PullID(account, "users"), workflows.PullID(account, "tickets"), workflows.PullID(account, "organizations"), workflows.PushID(account)} {
		history := s.Client().GetWorkflowHistory(t.Context(), workflowID, "", false, 0)
		for history.HasNext() {
			event, err := history.Next()
			require.NoError(t, err)
			line, err := protojson.Marshal(event)
			require.NoError(t, err)
			exported.Write(append(line, '\n'))
			events++
		}
	}
	assert.Greater(t, events, 50)
	for _, found := range private.in(exported.String()) {
		t.Errorf("%s, in an exported history", found)
	}
	worker.terminate(t)
	for _, found := range private.in(worker.logs.String()) {
		t.Errorf("%s, in the worker's log", found)
	}
}
