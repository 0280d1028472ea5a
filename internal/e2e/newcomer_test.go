package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/freeport"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// TestTheNewcomersPath walks a newcomer's whole way with the real programs, the real Temporal server and simulated vendors:
// testdata/newcomer.txtar is what they type and see.
func TestTheNewcomersPath(t *testing.T) {
	realServer(t)
	for _, binary := range []func() (string, error){starterBinary, workerBinary, webhookBinary} { // before the deadline runs
		path, err := binary()
		require.NoError(t, err, path)
	}
	testscript.Run(t, testscript.Params{
		Files:               []string{"testdata/newcomer.txtar"},
		Setup:               newNewcomer(t).setUp,
		Cmds:                newcomerCommands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(15 * time.Minute),
	})
}

// newcomer is somebody with an account at each vendor.
type newcomer struct {
	*world
	t    testing.TB
	seen int // calls of Brevo's log that were looked at
	// customers counts those that solve made.
	customers int
}

type newcomerKey struct{}

func newNewcomer(t *testing.T) *newcomer {
	w := newWorld(t, seed.Size{Users: 80, Tickets: 120, Organizations: 6}, oauth, func(zo *zendesksim.Options, bo *brevosim.Options) {
		zo.Clock, bo.Clock = sim.NewClock(time.Now, stageSpeed), sim.NewClock(time.Now, stageSpeed)
	})
	w.realTime()
	w.zendesk.RegisterRedirects("http://127.0.0.1:8765/oauth/callback")
	return &newcomer{world: w, t: t}
}

// setUp puts the programs and the example where the script finds them, and the vendors' addresses into its environment.
func (n *newcomer) setUp(e *testscript.Env) error {
	e.Values[newcomerKey{}] = n
	bin := filepath.Join(e.WorkDir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	for name, binary := range map[string]func() (string, error){"starter": starterBinary, "worker": workerBinary, "webhook": webhookBinary} {
		path, err := binary()
		if err != nil {
			return fmt.Errorf("build %s: %s: %w", name, path, err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	example, err := os.ReadFile("../../connectors.example.yaml")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(e.WorkDir, "connectors.example.yaml"), example, 0o600); err != nil {
		return err
	}
	server, err := server()
	if err != nil {
		return err
	}
	hooks := freeport.Address(n.t)
	for name, value := range map[string]string{
		"PATH":                  bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"TEMPORAL_ADDRESS":      server.FrontendHostPort(),
		"TEMPORAL_CONFIG_FILE":  os.DevNull,
		"TASK_QUEUE":            "newcomer",
		"ENCRYPTION_KEY":        seal.Generate(),
		"BREVO_API_KEY":         brevosim.DefaultAPIKey,
		"ZENDESK_CLIENT_SECRET": "a-secret",
		"WEBHOOK_ADDR":          hooks,
		"PUBLIC_URL":            "http://" + hooks,
		"ZENDESK":               n.zendeskURL,
		"BREVO":                 n.brevoURL,
		"ACCOUNT":               account,
		"PILOT":                 n.pilot(),
	} {
		e.Setenv(name, value)
	}
	return nil
}

// pilot is a customer of long standing: the exports hold back whom the last minute brought.
func (n *newcomer) pilot() string {
	for u := range n.seed.Users.All() {
		if n.seed.KindOf(u.ID) == seed.Ordinary && eligible(u) {
			return strings.ToLower(u.Email)
		}
	}
	n.t.Fatal("no customer to begin with")
	return ""
}

// newcomerCommands are what the script can do besides typing: edit a file, wait, look at Brevo, and be a customer.
var newcomerCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	// await PROGRAM ARGS... repeats a command until it succeeds, for a minute at most.
	"await": func(ts *testscript.TestScript, _ bool, args []string) {
		var err error
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			if err = ts.Exec(args[0], args[1:]...); err == nil {
				return
			}
			pause()
		}
		ts.Fatalf("%s: %v", strings.Join(args, " "), err)
	},
	// edit FILE OLD NEW replaces the one place where OLD stands.
	"edit": func(ts *testscript.TestScript, _ bool, args []string) {
		text, lines := ts.ReadFile(args[0]), strings.NewReplacer(`\n`, "\n")
		if n := strings.Count(text, lines.Replace(args[1])); n != 1 {
			ts.Fatalf("%q stands %d times in %s", args[1], n, args[0])
		}
		text = strings.Replace(text, lines.Replace(args[1]), lines.Replace(args[2]), 1)
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
	},
	// consent FILE opens the first address of Zendesk's that FILE comes to hold, as a browser would.
	"consent": func(ts *testscript.TestScript, _ bool, args []string) {
		n := ts.Value(newcomerKey{}).(*newcomer)
		link := ""
		for deadline := time.Now().Add(time.Minute); link == "" && time.Now().Before(deadline); pause() {
			text, _ := os.ReadFile(ts.MkAbs(args[0]))
			for word := range strings.FieldsSeq(string(text)) {
				if strings.HasPrefix(word, n.zendeskURL+"/oauth/authorizations/new") {
					link = word
				}
			}
		}
		if link == "" {
			ts.Fatalf("no address to open in %s", args[0])
		}
		resp, err := http.Get(link) //nolint:noctx // a browser's
		ts.Check(err)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			ts.Fatalf("the page after the consent is a %d", resp.StatusCode)
		}
	},
	// brevo-writes N: so many changes were asked of Brevo since the last time this was asked; "some" is any number but 0.
	"brevo-writes": func(ts *testscript.TestScript, _ bool, args []string) {
		n := ts.Value(newcomerKey{}).(*newcomer)
		var writes []string
		calls := n.brevo.Log().Calls()
		for _, call := range calls[n.seen:] {
			if call.Method != http.MethodGet {
				writes = append(writes, call.Method+" "+call.Path)
			}
		}
		n.seen = len(calls)
		if want, err := strconv.Atoi(args[0]); err == nil && want != len(writes) || err != nil && len(writes) == 0 {
			ts.Fatalf("%d changes were asked of Brevo: %s", len(writes), strings.Join(writes, ", "))
		}
	},
	// contacts EMAILS... are all contacts of Brevo; "many" stands for more than ten.
	"contacts": func(ts *testscript.TestScript, _ bool, args []string) {
		n := ts.Value(newcomerKey{}).(*newcomer)
		var got []string
		for _, c := range n.brevo.Contacts() {
			got = append(got, c.Email)
		}
		if args[0] == "many" {
			if len(got) <= 10 {
				ts.Fatalf("only %d contacts", len(got))
			}
			return
		}
		require.ElementsMatch(n.t, args, got)
	},
	// members N: so many memberships of lists there are in Brevo; "many" stands for more than ten.
	"members": func(ts *testscript.TestScript, _ bool, args []string) {
		n, got := ts.Value(newcomerKey{}).(*newcomer), 0
		for _, c := range n.brevo.Contacts() {
			got += len(c.Lists)
		}
		if want, err := strconv.Atoi(args[0]); err == nil && want != got || err != nil && got <= 10 {
			ts.Fatalf("%d memberships", got)
		}
	},
	// solve: a new customer's ticket is solved; its number and the customer's address become TICKET and CUSTOMER.
	"solve": func(ts *testscript.TestScript, _ bool, _ []string) {
		n := ts.Value(newcomerKey{}).(*newcomer)
		n.customers++
		email := fmt.Sprintf("nora%d@example.com", n.customers)
		customer := n.zendesk.CreateUser(seed.User{Name: "Nora Newcomer", Email: email})
		ticket := n.zendesk.CreateTicket(seed.Ticket{RequesterID: customer, Subject: "How do I begin?"})
		n.zendesk.DrainWebhooks(context.Background())
		n.zendesk.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status = "solved" })
		n.zendesk.DrainWebhooks(context.Background())
		ts.Setenv("TICKET", strconv.FormatInt(ticket, 10))
		ts.Setenv("CUSTOMER", email)
	},
	// event NAME waits until Brevo has exactly one event of this name about TICKET.
	"event": func(ts *testscript.TestScript, _ bool, args []string) {
		n := ts.Value(newcomerKey{}).(*newcomer)
		found := 0
		for deadline := time.Now().Add(2 * time.Minute); found == 0 && time.Now().Before(deadline); pause() {
			for _, e := range n.brevo.Events() {
				if e.Name == args[0] && fmt.Sprint(e.Properties["ticket_id"]) == ts.Getenv("TICKET") {
					found++
				}
			}
		}
		if found != 1 {
			ts.Fatalf("%d events %s", found, args[0])
		}
	},
}

// pause is between two looks at something that another program does.
func pause() {
	timer := time.NewTimer(100 * time.Millisecond)
	<-timer.C
}
