package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

const jane = "jane@secret.example"

// asking is a program beside both simulated vendors. By its store Jane has a ticket and is in Brevo, as contact 1.
type asking struct {
	*program
	t       *testing.T
	account *store.Account
	zendesk *zendesksim.Server
	brevo   *brevosim.Server
	lines   string // of connectors.yaml that reach the vendors
}

func newAsking(t *testing.T) *asking {
	t.Helper()
	x := &asking{t: t}
	x.program, x.account = automated(t, "")
	clock := sim.NewClock(x.now, 1)
	x.zendesk = zendesksim.New(zendesksim.Options{Account: seed.New(seed.Size{Users: 5}, 1), Clock: clock})
	x.brevo = brevosim.New(brevosim.Options{APIKey: "xkeysib-0123456789abcdef0123456789abcdef", Clock: clock})
	zs, err := x.zendesk.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, zs.Close()) })
	bs, err := x.brevo.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bs.Close()) })
	email, token := x.zendesk.Credentials()
	x.lines = fmt.Sprintf(`brevo: {api_key: "xkeysib-0123456789abcdef0123456789abcdef", base_url: %q}
connectors:
  zendesk:
    subdomain: acme
    base_url: %q
    auth: {email: %q, api_token: %q}
`, bs.URL+"/v3", zs.URL, email, token)
	x.configure(explainedLines)
	x.stand()
	return x
}

func (x *asking) configure(lines string) {
	x.t.Helper()
	require.NoError(x.t, os.WriteFile("connectors.yaml", []byte(x.lines+lines), 0o600))
}

// stand fills store and Brevo as syncs would have.
func (x *asking) stand() {
	x.t.Helper()
	ctx, t, acc := x.t.Context(), x.t, x.account
	read := store.Version{UpdatedAt: noon.Add(-time.Hour + time.Minute), AskedAt: noon.Add(-50 * time.Minute)}
	streams := []string{"users", "tickets", "organizations", "satisfaction_ratings"}
	_, err := acc.BeginRun(ctx, store.Run{ID: "run-1", Type: "full", Streams: streams, StartedAt: noon.Add(-time.Hour)})
	require.NoError(t, err)
	page := func(stream string) store.Page {
		c, err := acc.Cursor(ctx, stream)
		require.NoError(t, err)
		return store.Page{Stream: stream, From: c.Value, To: "end", PageSize: 1000, End: true, Now: noon}
	}
	_, err = acc.CommitOrganizations(ctx, page("organizations"), []store.OrganizationRow{{
		Organization: mapping.Organization{ID: 4, Name: "Acme \x1b[31mGmbH", CreatedAt: noon.Add(-time.Hour)}, Version: read,
	}})
	require.NoError(t, err)
	_, err = acc.CommitUsers(ctx, page("users"), []store.UserRow{{User: janeDoe(), Version: read}})
	require.NoError(t, err)
	_, err = acc.CommitTickets(ctx, page("tickets"), []store.TicketRow{{
		ID: 36, RequesterID: 9, Status: "open", Channel: "web", RatingID: 5, Rating: "good", RatedAt: noon.Add(-time.Hour), CreatedAt: noon.Add(-2 * time.Hour), Version: read,
	}})
	require.NoError(t, err)
	_, err = acc.CommitSurveys(ctx, page("satisfaction_ratings"), nil)
	require.NoError(t, err)
	var there []store.Attribute
	for name, kind := range map[string]string{
		"FIRSTNAME": "text", "LASTNAME": "text", "SMS": "text", "ROLE": "text", "TAGS": "text", "COMPANY_NAME": "text", "OPEN_TICKETS": "float",
		"TOTAL_TICKETS": "float", "CSAT_SCORE": "float", "LAST_SUPPORT_DATE": "text", "ORGANIZATION_ID": "text",
	} {
		there = append(there, store.Attribute{Name: name, Category: "normal", Type: kind, Ours: name != "TAGS"})
		x.brevo.SeedAttribute(name, kind)
	}
	require.NoError(t, acc.SaveAttributes(ctx, there))
	everybody, open := x.brevo.SeedList("Zendesk customers"), x.brevo.SeedList("Zendesk open tickets")
	require.NoError(t, acc.SaveLists(ctx, []store.List{
		{Key: "all_customers", ID: everybody, Name: "Zendesk customers", Ours: true}, {Key: "active_tickets", ID: open, Name: "Zendesk open tickets", Ours: true},
	}))
	id := x.brevo.SeedContact(brevosim.Contact{
		Email: jane, Attributes: map[string]any{"FIRSTNAME": "Countess", "LASTNAME": "Doe", "ROLE": "end-user", "OPEN_TICKETS": 0.0},
		Lists: []int64{everybody}, ListUnsubscribed: []int64{open}, EmailBlacklisted: true, ModifiedAt: noon.Add(-30 * time.Minute),
	})
	require.NoError(t, acc.ApplyBrevoContacts(ctx, store.Look{Scan: "scan"}, []store.BrevoContact{{
		ID: id, Email: jane, Attributes: map[string]any{"FIRSTNAME": "Countess", "LASTNAME": "Doe"}, EmailBlacklisted: true,
		Lists: []int64{everybody}, Unsubscribed: []int64{open}, ModifiedAt: noon.Add(-30 * time.Minute),
	}}, noon))
	deliver(t, acc, store.Delivery{
		State: store.DeliverySent, Email: jane, BrevoID: id, SentAt: noon.Add(-40 * time.Minute), Lists: []int64{everybody},
		Attributes: map[string]any{"LASTNAME": "Doe", "ROLE": "end-user", "OPEN_TICKETS": 0.0},
	})
	_, err = acc.SaveCompanies(ctx, nil, []store.Company{{OrganizationID: 4, State: "sent", BrevoID: "6b1f", Contacts: []int64{id}, SentAt: noon.Add(-20 * time.Minute)}}, noon)
	require.NoError(t, err)
}

func janeDoe() mapping.User {
	return mapping.User{
		ID: 9, Name: "Jane Doe", Email: jane, Phone: "030 123456", Role: "end-user", Tags: []string{"vip"}, OrganizationID: 4, Active: true,
		CreatedAt: noon.Add(-time.Hour),
	}
}

// someLists and a rule of field_mapping, whose line is that of connectors.yaml.
const explainedLines = `    lists: {all_customers: Zendesk customers, active_tickets: Zendesk open tickets}
    field_mapping:
      role: ROLE
` + someRules

// asked runs explain, which must end with a code, and reads its JSON too.
func (x *asking) asked(code int, args ...string) (text string, report personReport) {
	x.t.Helper()
	args = append([]string{"explain"}, args...)
	require.Equal(x.t, code, x.run(x.t.Context(), append(args, "--json")...), x.stderr.String())
	require.NoError(x.t, json.Unmarshal(x.stdout.Bytes(), &report))
	require.Equal(x.t, code, x.run(x.t.Context(), args...), x.stderr.String())
	assert.Empty(x.t, x.stderr.String())
	return x.stdout.String(), report
}

func TestAPersonIsExplained(t *testing.T) {
	x := newAsking(t)
	x.configure(explainedLines)
	act(t, x.account, "builtin:ticket.solved", rules.Action{Kind: rules.BrevoEvent, Event: "zd_ticket_solved"}, noon, store.ActionDone, "")
	act(t, x.account, "csat_request", rules.Action{Kind: rules.BrevoEvent, Event: "zd_csat_request"}, noon.Add(30*time.Minute), store.ActionPlanned, "")
	act(t, x.account, "gone", rules.Action{Kind: rules.BrevoEmail, Template: 7}, noon, store.ActionSkipped, "blocklisted")
	text, report := x.asked(exitOK, "--email", "Jane@Secret.example")
	golden(t, "explain_person.txt", text)
	golden(t, "explain_person.json", asJSON(t, report))
	assert.NotContains(t, text, "\x1b", "what Zendesk holds does not steer the terminal")

	byTicket, same := x.asked(exitOK, "--ticket", "35")
	golden(t, "explain_ticket.txt", byTicket)
	assert.Equal(t, report.People, same.People)
	require.Len(t, same.Stories, 1)
	assert.Equal(t, "ticket/35", same.Stories[0].Subject)
}

// change writes Jane anew, as a later read.
func (x *asking) change(change func(*mapping.User)) {
	x.t.Helper()
	u := janeDoe()
	change(&u)
	at := store.Version{UpdatedAt: noon.Add(-time.Minute), AskedAt: noon.Add(-time.Minute)}
	_, err := x.account.ApplyUsers(x.t.Context(), []store.UserRow{{User: u, Version: at}}, noon)
	require.NoError(x.t, err)
}

func TestWhySomebodyIsNoContactIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change    func(*mapping.User)
		lines     string
		skip, why string
	}{
		"agent":     {func(u *mapping.User) { u.Role = "agent" }, "", "role", "role agent is not in sync.roles [end-user]"},
		"suspended": {func(u *mapping.User) { u.Suspended = true }, "", "suspended", "suspended in Zendesk"},
		"excluded":  {nil, "    sync: {exclude: {domains: [secret.example]}}\n", "excluded", `"secret.example" is in sync.exclude.domains`},
		"no e-mail": {func(u *mapping.User) { u.Email = "" }, "", "no_email", "no e-mail address"},
		"deleted":   {func(u *mapping.User) { u.Active = false }, "", "inactive", "deleted in Zendesk a moment ago; it is acted on after schedule.every, because it may turn out to be a merge"},
		"pilot":     {nil, "    pilot: {emails: [somebody@example.com]}\n", "pilot", "pilot.emails limits everything to 1 address, and this is none of them"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newAsking(t)
			x.configure(explainedLines + c.lines)
			if c.change != nil {
				x.change(c.change)
			}
			text, report := x.asked(exitOK, "--email", jane)
			require.Len(t, report.People, 1)
			p := report.People[0]
			assert.False(t, p.Contact)
			assert.Equal(t, []string{c.skip, c.why}, []string{p.Skip, p.SkipWhy})
			assert.Contains(t, text, "no, "+c.skip+": "+c.why+"\n")
			assert.Empty(t, p.Next.Set, "nothing is sent")
			for _, l := range p.Lists {
				assert.False(t, l.Wanted)
			}
		})
	}
}

func TestWhatBrevoMadeOfAPersonIsSaid(t *testing.T) {
	x := newAsking(t)
	x.brevo.EditAttribute(jane, "ROLE", "queen")
	edited, _ := x.asked(exitOK, "--email", jane)
	assert.Regexp(t, `ROLE +end-user +end-user +queen .*sent: somebody has changed it in Brevo since`, edited)

	require.True(t, x.brevo.DeleteContact(jane))
	require.NoError(t, x.account.RemoveBrevoContact(t.Context(), 1, noon))
	text, report := x.asked(exitOK, "--email", jane)
	assert.Equal(t, "deleted_in_brevo", report.People[0].Skip)
	assert.Equal(t, "none", report.People[0].BrevoSeen)
	assert.Contains(t, text, "no, deleted_in_brevo: somebody deleted the contact in Brevo")
	assert.Contains(t, text, "has no such contact")
	assert.Equal(t, "no_contact", report.People[0].Consent.Email)
	assert.Contains(t, report.People[0].Consent.Kept, store.Blocklisted, "the opt-out outlives the contact")

	x = newAsking(t)
	deliver(t, x.account, store.Delivery{State: store.DeliveryRejected, Reason: "invalid_email", Refused: map[string]any{"EMAIL": jane}})
	require.NoError(t, x.account.AddRejects(t.Context(), []store.Reject{{Kind: store.KindUser, ID: 9, Reason: "invalid_email", Detail: "odd", RunID: "run-1", At: noon}}))
	text, report = x.asked(exitOK, "--email", jane)
	assert.Equal(t, "invalid_email", report.People[0].Skip)
	assert.Equal(t, "odd", report.People[0].Rejects[0].Detail)
	assert.Contains(t, text, "starter rejects show user 9 --details")
}

func TestARefusedCompanyIsExplained(t *testing.T) {
	x := newAsking(t)
	require.NoError(t, x.account.AddRejects(t.Context(), []store.Reject{{Kind: store.KindOrganization, ID: 4, Reason: "refused", Detail: "a name like this", RunID: "run-1", At: noon}}))
	text, report := x.asked(exitOK, "--email", jane)
	require.Len(t, report.People[0].Rejects, 1)
	assert.Equal(t, store.KindOrganization, report.People[0].Rejects[0].Kind)
	assert.Contains(t, text, "the company's latest change: refused, ")
	assert.Contains(t, text, "starter rejects show organization 4 --details")

	status := &control.Status{}
	require.Equal(t, exitOK, x.run(t.Context(), "status", "--json"), x.stderr.String())
	require.NoError(t, json.Unmarshal(x.stdout.Bytes(), status))
	assert.Equal(t, map[string]int64{"refused": 1}, status.CompaniesRejected)
	assert.Empty(t, status.Contacts.Rejected)
}

func TestWhoIsNotKnownIsSearchedFor(t *testing.T) {
	x := newAsking(t)
	id := x.zendesk.CreateUser(seed.User{Name: "Bob", Email: "bob@secret.example", Role: "end-user", OtherEmails: []string{"bobby@secret.example"}})
	agent := x.zendesk.CreateUser(seed.User{Name: "Ada", Email: "ada@secret.example", Role: "agent"})
	text, report := x.asked(exitFailed, "--email", "bob@secret.example")
	assert.Equal(t, foundUnread, report.Found)
	assert.Contains(t, text, fmt.Sprintf("Zendesk has the person, who has not been read yet: starter sync --user %d --wait\n", id))
	require.Len(t, report.Zendesk, 1)
	assert.Equal(t, id, report.Zendesk[0].ID)

	text, report = x.asked(exitFailed, "--email", "ada@secret.example")
	assert.Equal(t, agent, report.Zendesk[0].ID)
	assert.Contains(t, text, "who is not brought over: role agent is not in sync.roles [end-user]")

	text, _ = x.asked(exitFailed, "--email", "bobby@secret.example")
	assert.Contains(t, text, fmt.Sprintf("it is a further address of user %d", id))

	text, report = x.asked(exitFailed, "--email", "nobody@secret.example")
	assert.Equal(t, foundNowhere, report.Found)
	assert.Contains(t, text, "nobody in Zendesk has this address. Zendesk's search lags behind by a minute or two: for somebody made just now, ask again\n")
	assert.Empty(t, report.Unknown)

	x.brevo.SeedContact(brevosim.Contact{Email: "newsletter@secret.example"})
	text, report = x.asked(exitFailed, "--email", "newsletter@secret.example")
	assert.Equal(t, foundInBrevo, report.Found)
	assert.Contains(t, text, "a contact in Brevo that comes from nobody in Zendesk")
	require.NotNil(t, report.Brevo)

	ticket := x.zendesk.CreateTicket(seed.Ticket{RequesterID: id, Status: "new"})
	text, report = x.asked(exitFailed, "--ticket", fmt.Sprint(ticket))
	assert.Equal(t, foundUnread, report.Found)
	assert.Contains(t, text, fmt.Sprintf("it has not been read yet: starter sync --ticket %d --wait", ticket))
	text, report = x.asked(exitFailed, "--ticket", "99999")
	assert.Equal(t, foundNowhere, report.Found)
	assert.Contains(t, text, "Zendesk has no such ticket: check its number")
}

func TestWhatCannotBeLookedUpIsSaid(t *testing.T) {
	x := newAsking(t)
	x.brevo.SetAPIKey("xkeysib-another")
	_, token := x.zendesk.Credentials()
	x.lines = strings.Replace(x.lines, token, "another-token", 1)
	x.configure(explainedLines)
	text, report := x.asked(exitOK, "--email", jane)
	assert.Equal(t, "unknown", report.People[0].BrevoSeen)
	assert.Contains(t, text, "could not be asked, see below")
	assert.Contains(t, text, "what Brevo holds now: brevo GET /contacts/{identifier}: 401")
	assert.Equal(t, "blocklisted", report.People[0].Consent.Email, "as it was last seen")

	text, report = x.asked(exitFailed, "--email", "nobody@secret.example")
	assert.Equal(t, foundUnclear, report.Found)
	assert.Len(t, report.Unknown, 2)
	assert.Contains(t, text, "nobody with this address is in the mirror\n")
	assert.Contains(t, text, "whether Zendesk has the address: ")
	assert.NotContains(t, strings.Join(report.Unknown, " "), "nobody@", "an error names no person")

	_, report = x.asked(exitFailed, "--ticket", "99999")
	assert.Equal(t, foundUnclear, report.Found)
}

func TestLinksLeadToTheWebUI(t *testing.T) {
	x := newAsking(t)
	for _, c := range []struct{ address, namespace, ui, want string }{
		{"localhost:7233", "", "", "http://127.0.0.1:8233/namespaces/default/workflows/zendesk%2Facme%2Fsync"},
		{"temporal.example:7233", "acme.prod", "", ""},
		{"temporal.example:7233", "acme.prod", "https://temporal.example/ui/", "https://temporal.example/ui/namespaces/acme.prod/workflows/zendesk%2Facme%2Fsync"},
	} {
		t.Setenv("TEMPORAL_ADDRESS", c.address)
		t.Setenv("TEMPORAL_NAMESPACE", c.namespace)
		t.Setenv("TEMPORAL_UI_URL", c.ui)
		text, report := x.asked(exitOK, "--email", jane)
		assert.Equal(t, workflowLink{"zendesk/acme/sync", c.want}, report.Workflows[0])
		if c.want == "" {
			assert.Contains(t, text, "  zendesk/acme/sync (set TEMPORAL_UI_URL for a link)\n")
		}
	}
	t.Setenv("TEMPORAL_UI_URL", "temporal.example")
	assert.Equal(t, exitUsage, x.run(t.Context(), "explain", "--email", jane))
	assert.Contains(t, x.stderr.String(), "TEMPORAL_UI_URL must be the address of Temporal's Web UI")
}
