package activities_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// automated is a workshop whose connector can be configured anew, as after a restart of the worker.
type automated struct {
	*workshop
	opened               *store.Store
	zendeskURL, brevoURL string
}

func newAutomated(t *testing.T, lines string) *automated {
	a := &automated{workshop: newWorkshop(t, seed.Size{Users: 3, Tickets: 3, Organizations: 1})}
	zs, err := a.zendesk.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = zs.Close() })
	bs, err := a.brevo.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = bs.Close() })
	a.zendeskURL, a.brevoURL = zs.URL, bs.URL
	a.opened, err = store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.opened.Close() })
	a.store = a.opened.Account(account)
	a.configure(lines)
	return a
}

// configure starts over with other settings of the connector, each line indented by four.
func (a *automated) configure(lines string) {
	a.t.Helper()
	email, token := a.workshop.zendesk.Credentials()
	path := filepath.Join(a.t.TempDir(), "connectors.yaml")
	require.NoError(a.t, os.WriteFile(path, fmt.Appendf(nil, "brevo: {api_key: %q, base_url: %q}\nconnectors:\n  zendesk:\n    subdomain: %s\n    base_url: %q\n    auth: {email: %q, api_token: %q}\n%s",
		brevosim.DefaultAPIKey, a.brevoURL+"/v3", account, a.zendeskURL, email, token, lines), 0o600))
	file, err := config.Load(path, os.Getenv, connectors.Checks()...)
	require.NoError(a.t, err)
	a.steps = activities.New(activities.Options{
		File: file, Store: a.opened, Now: func() time.Time { return a.now },
		Sleep: func(_ context.Context, d time.Duration) error { a.now = a.now.Add(d); return nil },
	})
}

func (a *automated) preflight(full bool) activities.PreflightResult {
	a.t.Helper()
	return must(a.workshop, a.steps.Account.Preflight, activities.PreflightInput{Account: account, Full: full})
}

func (a *automated) refused(full bool) string {
	a.t.Helper()
	_, err := run(a.workshop, a.steps.Account.Preflight, activities.PreflightInput{Account: account, Full: full})
	require.Error(a.t, err)
	return err.Error()
}

func (a *automated) lists() map[string]store.List {
	a.t.Helper()
	all, err := a.store.Lists(a.t.Context())
	require.NoError(a.t, err)
	out := map[string]store.List{}
	for _, l := range all {
		out[l.Key] = l
	}
	return out
}

func TestListsOfAutomationsAreMadeOrVerified(t *testing.T) {
	a := newAutomated(t, `    lists: {all_customers: Customers}
    automations:
      - name: recovery
        on: satisfaction_rating.bad
        do: [brevo.list_add: Recovery, brevo.list_remove: 77]
      - name: calm
        on: satisfaction_rating.good
        do: [brevo.list_remove: Recovery, brevo.list_remove: Nowhere]
`)
	a.brevo.SeedListID(77, "Fans")
	a.brevo.SeedContact(brevosim.Contact{Email: "fan@example.com", Lists: []int64{77}})
	got := a.preflight(true)
	assert.Contains(t, got.Notices, `list "Recovery" created in Brevo`)
	assert.Contains(t, got.Notices, `automation "calm" takes people off a list "Nowhere", which Brevo does not have: the action is skipped`)
	made, ok := a.brevo.ListByName("Recovery")
	require.True(t, ok)
	customers, _ := a.brevo.ListByName("Customers")
	assert.Equal(t, customers.FolderID, made.FolderID, "in the connector's folder")
	lists := a.lists()
	assert.Len(t, lists, 3)
	assert.Equal(t, store.List{Key: "automation:Recovery", ID: made.ID, Name: "Recovery", Ours: true}, lists["automation:Recovery"])
	assert.Equal(t, store.List{Key: "automation:77", ID: 77, Name: "Fans"}, lists["automation:77"], "whom it is taken off, its members are not asked about")

	again := a.preflight(true)
	assert.NotContains(t, again.Notices, `list "Recovery" created in Brevo`)
	assert.Equal(t, lists, a.lists())
}

func TestListsOfAutomationsThatAreNotOurs(t *testing.T) {
	const add = "    automations: [{name: fans, on: satisfaction_rating.good, do: [brevo.list_add: %s]}]\n"
	a := newAutomated(t, fmt.Sprintf(add, "77"))
	assert.Contains(t, a.refused(true), `automation "fans": Brevo has no list 77: correct the id, or give a name to have it created`)

	a.brevo.SeedListID(77, "Fans")
	a.brevo.SeedContact(brevosim.Contact{Email: "fan@example.com", Lists: []int64{77}})
	for _, list := range []string{"77", "Fans"} {
		a.configure(fmt.Sprintf(add, list))
		assert.Contains(t, a.refused(true), `automation "fans": list 77 "Fans" already has 1 members that this connector did not add`)
	}
	assert.Empty(t, a.lists())
	a.configure("    adopt_lists: true\n" + fmt.Sprintf(add, "Fans"))
	a.preflight(true)
	assert.Equal(t, store.List{Key: "automation:Fans", ID: 77, Name: "Fans", Adopted: true}, a.lists()["automation:Fans"])
}

func TestAListThatIsOursAlreadyNeedsNoAdoption(t *testing.T) {
	a := newAutomated(t, "    lists: {all_customers: Customers}\n")
	a.preflight(true)
	customers, ok := a.brevo.ListByName("Customers")
	require.True(t, ok)
	made := len(a.brevo.Lists())
	a.brevo.SeedContact(brevosim.Contact{Email: "one@example.com", Lists: []int64{customers.ID}})
	a.configure("    lists: {all_customers: Customers}\n    automations: [{name: more, on: ticket.solved, do: [brevo.list_add: Customers]}]\n")
	got := a.preflight(true)
	assert.Contains(t, got.Notices, fmt.Sprintf(`automation "more" changes list %d "Customers", whose members lists.all_customers decides: what the automation does there is undone`, customers.ID))
	assert.Equal(t, customers.ID, a.lists()["automation:Customers"].ID)
	assert.True(t, a.lists()["automation:Customers"].Ours)
	assert.Len(t, a.brevo.Lists(), made)
}

func TestAttributesOfAutomationsAreMadeOrVerified(t *testing.T) {
	a := newAutomated(t, `    automations:
      - name: rated
        on: satisfaction_rating.bad
        do:
          - brevo.attribute: {LAST_RATING: "{{ transition.to }}", STARS: "{{ ticket.score }}", UNHAPPY: true, RATED_ON: "{{ transition.occurred_at }}", GONE: null}
          - brevo.attribute: {TIER: "{{ ticket.score }}", LEVEL: "{{ ticket.priority }}", COUNTED: "{{ ticket.priority }}", SPENT: "{{ ticket.score }}", NOTE: null}
`)
	a.brevo.SeedAttribute("TIER", "text")
	a.brevo.SeedAttribute("COUNTED", "float")
	a.brevo.SeedAttribute("NOTE", "float")
	a.brevo.SeedAttributeDefinition(brevosim.Attribute{Name: "LEVEL", Category: "category", Type: "category", Options: []brevosim.Option{{Value: "1", Label: "high"}}})
	a.brevo.SeedAttributeDefinition(brevosim.Attribute{Name: "SPENT", Category: "transactional", Type: "float"})
	got := a.preflight(true)
	for _, notice := range []string{
		"attribute LAST_RATING created in Brevo (text)",
		"attribute STARS created in Brevo (float)",
		"attribute UNHAPPY created in Brevo (boolean)",
		"attribute RATED_ON created in Brevo (date)",
		`automation "rated" clears the attribute GONE, which Brevo does not have: the action is skipped`,
		`attribute TIER is text in Brevo, and automation "rated" writes float: the action is skipped`,
		`attribute COUNTED is float in Brevo, and automation "rated" writes text: the action is skipped`,
		`attribute SPENT is transactional float in Brevo, and automation "rated" writes float: the action is skipped`,
	} {
		assert.Contains(t, got.Notices, notice)
	}
	for _, notice := range got.Notices {
		assert.NotContains(t, notice, "LEVEL", "a category takes text")
		assert.NotContains(t, notice, "NOTE", "anything can be cleared")
	}
	types := map[string]string{}
	for _, x := range a.brevo.Attributes() {
		types[x.Name] = x.Type
	}
	assert.Equal(t, []string{"text", "float", "boolean", "date"}, []string{types["LAST_RATING"], types["STARS"], types["UNHAPPY"], types["RATED_ON"]})
	assert.NotContains(t, types, "GONE")

	stored, err := a.store.Attributes(t.Context())
	require.NoError(t, err)
	assert.Contains(t, stored, store.Attribute{Name: "STARS", Category: "normal", Type: "float", Ours: true})
	for _, notice := range a.preflight(true).Notices {
		assert.NotContains(t, notice, "created")
	}
}

// What automations need makes preflight due, and nobody's contact is looked at for it.
func TestAChangeOfWhatAutomationsNeed(t *testing.T) {
	const rule = "    automations: [{name: one, on: ticket.solved, when: %s, do: [%s]}]\n"
	a := newAutomated(t, "")
	a.preflight(true)
	before, err := a.store.Fingerprint(t.Context())
	require.NoError(t, err)
	dirty := func() int64 {
		n, err := a.store.CountDirty(t.Context(), store.KindUser)
		require.NoError(t, err)
		return n
	}
	must(a.workshop, a.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "one", Type: activities.Full, StartedAt: a.now})
	a.pull("users")
	marked := dirty()
	require.Positive(t, marked)
	calls := func() int { return a.brevo.Calls(brevosim.FamilyContacts) }

	quiet := calls()
	a.configure(fmt.Sprintf(rule, "ticket.merged", "brevo.event: x"))
	a.preflight(false)
	assert.Equal(t, quiet, calls(), "an event needs nothing")
	stored, err := a.store.Fingerprint(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before, stored)

	a.configure(fmt.Sprintf(rule, "ticket.merged", "brevo.list_add: Recovery"))
	assert.Contains(t, a.preflight(false).Notices, `list "Recovery" created in Brevo`)
	quiet = calls()
	a.preflight(false)
	a.configure(fmt.Sprintf(rule, "ticket.deleted", "brevo.list_add: Recovery"))
	a.preflight(false)
	assert.Equal(t, quiet, calls(), "the same list")

	a.configure("    automations_mode: shadow\n" + fmt.Sprintf(rule, "ticket.merged", "brevo.attribute: {STARS: 5}"))
	assert.Equal(t, []string{`automation "one": the attribute STARS would be created in Brevo (float)`}, a.preflight(false).Notices)
	a.configure(fmt.Sprintf(rule, "ticket.merged", "brevo.attribute: {STARS: 5}"))
	assert.Equal(t, []string{"attribute STARS created in Brevo (float)"}, a.preflight(false).Notices)
	a.configure("")
	assert.Empty(t, a.preflight(false).Notices)
	stored, err = a.store.Fingerprint(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before, stored)
	assert.Equal(t, marked, dirty(), "nobody was marked")
}

func TestShadowModeMakesNothing(t *testing.T) {
	a := newAutomated(t, `    automations_mode: shadow
    automations:
      - {name: one, on: ticket.solved, do: [brevo.list_add: Recovery, brevo.list_add: 5555, brevo.list_add: 77, brevo.attribute: {STARS: 5}]}
`)
	a.brevo.SeedListID(77, "Fans")
	a.brevo.SeedContact(brevosim.Contact{Email: "fan@example.com", Lists: []int64{77}})
	got := a.preflight(true)
	assert.Subset(t, got.Notices, []string{
		`automation "one": the list "Recovery" would be created in Brevo`,
		`automation "one": Brevo has no list 5555: correct the id before automations_mode is live`,
		`automation "one": the attribute STARS would be created in Brevo (float)`,
	})
	_, made := a.brevo.ListByName("Recovery")
	assert.False(t, made)
	assert.Empty(t, a.lists())
}

// What automations put on a contact is theirs: a push neither adds it to others nor takes it away.
func TestPushesLeaveWhatAutomationsDid(t *testing.T) {
	a := newAutomated(t, `    lists: {all_customers: Customers}
    automations: [{name: one, on: ticket.solved, do: [brevo.list_add: Recovery, brevo.attribute: {STARS: 5}]}]
`)
	must(a.workshop, a.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "one", Type: activities.Full, StartedAt: a.now})
	a.preflight(true)
	const email = "jane@example.com"
	id := a.workshop.zendesk.CreateUser(seed.User{Name: "Jane Doe", Email: email})
	a.now = a.now.Add(5 * time.Minute) // Zendesk's exports end a minute ago
	for _, stream := range []string{"users", "tickets", "organizations"} {
		a.pull(stream)
	}
	push := func() brevosim.Contact {
		must(a.workshop, a.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: id, RunID: "one"})
		got, ok := a.brevo.ContactByEmail(email)
		require.True(t, ok)
		return got
	}
	customers, recovery := a.lists()["all_customers"].ID, a.lists()["automation:Recovery"].ID
	first := push()
	assert.Equal(t, []int64{customers}, first.Lists)
	assert.NotContains(t, first.Attributes, "STARS")

	happened := rules.Transition{Key: "k", Type: rules.UserUpdated, UserID: id, OccurredAt: a.now}
	planned := []rules.Planned{
		{Key: "k/list", Transition: happened, Action: rules.Action{Kind: rules.BrevoListAdd, ListName: "Recovery"}, Due: a.now},
		{Key: "k/attribute", Transition: happened, Action: rules.Action{Kind: rules.BrevoAttribute, Attributes: map[string]any{"STARS": 5.0}}, Due: a.now},
	}
	require.NoError(t, a.store.PlanActions(t.Context(), nil, planned, a.now))
	for _, p := range planned {
		assert.Equal(t, activities.ActResult{State: string(store.ActionDone)}, must(a.workshop, a.steps.Account.Act, activities.ActInput{Account: account, Key: p.Key}))
	}
	require.NoError(t, a.store.MarkAllDirty(t.Context(), store.KindUser, a.now))
	again := push()
	assert.ElementsMatch(t, []int64{customers, recovery}, again.Lists)
	assert.Equal(t, 5.0, again.Attributes["STARS"])
}

func TestAnAttributeThatBrevoRefusesIsDoneWithout(t *testing.T) {
	a := newAutomated(t, "    automations: [{name: one, on: ticket.solved, do: [brevo.attribute: {STARS: 5}]}]\n")
	a.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/contacts/attributes/normal/STARS", Status: 400, Times: sim.Forever, Body: `{"code":"invalid_parameter","message":"too many"}`})
	assert.Regexp(t, `(?m)^attribute STARS cannot be created \(.*400.*\): create it in Brevo as float; until then automation "one" skips it$`,
		strings.Join(a.preflight(true).Notices, "\n"))
	stored, err := a.store.Attributes(t.Context())
	require.NoError(t, err)
	for _, x := range stored {
		assert.NotEqual(t, "STARS", x.Name)
	}

	a.brevo.SeedAttribute("STARS", "float")
	for _, notice := range a.preflight(true).Notices {
		assert.NotContains(t, notice, "STARS")
	}
}

// TestAnAttributeIsOursOnlyWhereOurCallMayHaveMadeIt: what is ours may be deleted one day.
func TestAnAttributeIsOursOnlyWhereOurCallMayHaveMadeIt(t *testing.T) {
	const path = "/v3/contacts/attributes/normal/STARS"
	refused := sim.Fault{Method: "POST", Path: path, Status: 400, Times: 1, Body: `{"code":"invalid_parameter","message":"Attribute name must be unique"}`}
	for name, tc := range map[string]struct {
		faults []sim.Fault // one for each attempt
		ours   bool
	}{
		"refused":            {[]sim.Fault{refused}, false},
		"the key is refused": {[]sim.Fault{{Method: "POST", Path: path, Status: 401, Times: 1, Body: `{"code":"unauthorized","message":"Key not found"}`}}, false},
		"slowed down":        {[]sim.Fault{{Method: "POST", Path: path, Status: 429, Times: 1}}, false},
		"an answer is lost":  {[]sim.Fault{{Method: "POST", Path: path, DropAfter: true, Times: 1}}, true},
		"Brevo fails":        {[]sim.Fault{{Method: "POST", Path: path, Status: 500, Times: 1}}, true},
		"refused, and looked for, after Brevo failed": {[]sim.Fault{{Method: "POST", Path: path, Status: 500, Times: 1}, refused}, false},
		"slowed down after Brevo failed":              {[]sim.Fault{{Method: "POST", Path: path, Status: 500, Times: 1}, {Method: "POST", Path: path, Status: 429, Times: 1}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAutomated(t, "    automations: [{name: one, on: ticket.solved, do: [brevo.attribute: {STARS: 5}]}]\n")
			for _, fault := range tc.faults {
				a.brevo.Faults().Add(fault)
				_, _ = run(a.workshop, a.steps.Account.Preflight, activities.PreflightInput{Account: account, Full: true})
			}
			require.Equal(t, len(tc.faults), a.brevo.Faults().Fired())
			require.NoError(t, a.store.ClearPause(t.Context()))
			a.now = a.now.Add(time.Hour)
			if !slices.ContainsFunc(a.brevo.Attributes(), func(x brevosim.Attribute) bool { return x.Name == "STARS" }) {
				a.brevo.SeedAttribute("STARS", "float") // by a marketer, or so it was after all
			}
			a.preflight(true)
			stored, err := a.store.Attributes(t.Context())
			require.NoError(t, err)
			assert.Contains(t, stored, store.Attribute{Name: "STARS", Category: "normal", Type: "float", Ours: tc.ours})
		})
	}
}
