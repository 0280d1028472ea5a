package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// everythingByRule does something of every kind about whatever happens to anybody's tickets and profile.
const everythingByRule = `
builtin_automations: true
events: {settle: 1s}
automations:
  - name: solved
    on: ticket.solved
    do:
      - brevo.event: solved
      - brevo.list_add: Recovery
      - brevo.attribute: {NEEDS_CARE: true}
      - brevo.email: {template: 7, transactional: true}
      - zendesk.tag: {add: [asked]}
      - zendesk.note: "Asked {{contact.first_name}}"
      - zendesk.ticket: {subject: Call, body: "Please call"}
  - name: changed
    on: user.updated
    do:
      - brevo.list_remove: Recovery
      - zendesk.tag: {add: [changed]}
  - name: later
    on: ticket.solved
    after: 1h
    do: [zendesk.tag: {add: [later]}]
`

// pilots are the two people of a pilot, with their users' ids.
type pilots struct {
	emails        []string
	users         map[int64]bool
	organizations map[int64]bool // that they have been in
}

// piloted is a marketer's account with a busy Zendesk in which two people are in a pilot, from the start or since everybody was
// synced once.
func piloted(t *testing.T, late bool) (*world, pilots) {
	t.Helper()
	w := seeded(t, tiny, 9)
	w.marketed()
	p := pilots{emails: []string{ada, grace}, users: map[int64]bool{}, organizations: map[int64]bool{}}
	organization := w.anOrganization()
	for i, email := range p.emails {
		p.users[w.moveIn(email, []string{"Ada Lovelace", "Grace Hopper"}[i], func(u *seed.User) {
			u.OrganizationID, u.Phone = organization, fmt.Sprintf("+1212555%04d", 120+i)
		})] = true
	}
	w.asMarketer(t, "POST", "/contacts", map[string]any{"email": grace})
	if late {
		w.later(2 * time.Minute)
		w.sync(t, workflows.SyncInput{})
		w.follow(t)
	}
	w.configure(fmt.Sprintf("pilot: {emails: [%s]}\n%s", strings.Join(p.emails, ", "), strings.TrimSpace(everythingByRule)))
	w.later(2 * time.Minute)
	w.brevo.Log().Reset()
	w.zendesk.Log().Reset()
	return w, p
}

func TestAPilotOfTwoTouchesNobodyElseBySyncWebhookOrRule(t *testing.T) {
	for name, late := range map[string]bool{"from the start": false, "once everybody was synced": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := piloted(t, late)
			before := w.outside(p)
			p.remember(w)
			links := w.see().members
			w.sync(t, workflows.SyncInput{})
			w.follow(t)
			assert.True(t, w.hasContact(ada))
			r := rand.New(rand.NewPCG(9, 9))
			for range 2 {
				w.churn(r)
				w.temptPilots(t, p, r)
				p.remember(w)
				w.later(2 * time.Minute)
				w.sync(t, incremental)
				w.follow(t)
			}
			w.restore(p)
			w.later(2 * time.Minute)
			w.sync(t, incremental)
			w.follow(t)
			w.tellOfEverybody(t, p)
			w.later(2 * time.Minute)
			w.sync(t, workflows.SyncInput{})
			w.follow(t)

			after := w.outside(p)
			for id := range p.organizations {
				delete(before, fmt.Sprintf("company %d", id))
				delete(after, fmt.Sprintf("company %d", id))
			}
			assert.NotEmpty(t, after)
			assert.Equal(t, before, after, "the others, and their companies, stand as they stood")
			w.assertOnlyPiloted(t, p)
			for id, now := range w.see().members {
				for _, contact := range append(fewer(now, links[id]), fewer(links[id], now)...) {
					assert.Contains(t, []int64{w.contact(t, ada).ID, w.contact(t, grace).ID}, contact, "linked or unlinked")
				}
			}
			assert.Empty(t, w.brevo.Misuses())
		})
	}
}

// remember keeps in mind where the pilot's people are now.
// TestAnActionFollowsNobodyOutOfThePilot changes the address of somebody in the pilot to one that is not.
func TestAnActionFollowsNobodyOutOfThePilot(t *testing.T) {
	w, p := piloted(t, true)
	for user := range p.users {
		w.zendesk.UpdateUser(user, func(u *seed.User) { u.Email = fmt.Sprintf("moved%d@example.net", u.ID) })
		ticket := w.zendesk.CreateTicket(seed.Ticket{RequesterID: user, Subject: "Moved"})
		w.webhook(t, ticket, "ticket.created")
		w.zendesk.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status = "solved" })
		w.webhook(t, ticket, "ticket.status_changed")
		assert.Empty(t, w.events(ticket))
		assert.Equal(t, store.ActionSkipped, w.actionOf(t, ticket, "solved").State)
	}
	assert.Empty(t, append(w.zendesk.Log().Filter("PUT", ""), w.zendesk.Log().Filter("POST", "")...), "nor in Zendesk")
}

func (p pilots) remember(w *world) {
	for id := range p.users {
		if u, ok := w.seed.Users.Get(id); ok && u.OrganizationID != 0 {
			p.organizations[u.OrganizationID] = true
		}
	}
}

// restore makes customers of the pilot's people again, whatever happened to them.
func (w *world) restore(p pilots) {
	for id := range p.users {
		w.zendesk.UpdateUser(id, func(u *seed.User) {
			u.Suspended, u.Role = false, "end-user"
			u.Email = p.emails[slices.Index(slices.Sorted(maps.Keys(p.users)), id)]
		})
	}
}

// outside is all of Brevo but the pilot's contacts: every contact and company, to the moment of its last change.
func (w *world) outside(p pilots) map[string]string {
	out := w.portraits(p.emails)
	for _, c := range w.brevo.Companies() {
		key, _ := c.Attributes[w.companyKey()].(string)
		out["company "+key] = fmt.Sprintf("%+v", c)
	}
	return out
}

// temptPilots has the pilot's people solve tickets, and take phones and addresses that are in other hands.
func (w *world) temptPilots(t *testing.T, p pilots, r *rand.Rand) {
	t.Helper()
	for user := range p.users {
		ticket := w.open(user)
		w.status(t, ticket, "solved")
		other, _ := w.seed.Users.Get(w.ordinary(r.IntN(40)))
		w.zendesk.UpdateUser(user, func(u *seed.User) { u.Phone = other.Phone })
	}
	w.status(t, w.openTicket(t), "solved")
}

// tellOfEverybody lets webhooks tell of solved tickets, of changed users, and of merges across the border of the pilot.
func (w *world) tellOfEverybody(t *testing.T, p pilots) {
	t.Helper()
	for i := range 4 {
		other := w.ordinary(50 + i)
		ticket := w.open(other)
		w.webhook(t, ticket, "ticket.created")
		w.solve(t, ticket)
		w.zendesk.UpdateUser(other, func(u *seed.User) { u.Name = "Told Of" })
		w.hears(t, other, "user.name_changed")
	}
	for user := range p.users {
		ticket := w.open(user)
		w.webhook(t, ticket, "ticket.created")
		w.solve(t, ticket)
		assert.Equal(t, store.ActionDone, w.actionOf(t, ticket, "solved").State, "what the pilot's own rules do is done")
		w.pass(time.Minute)
		w.zendesk.UpdateUser(user, func(u *seed.User) { u.Name = "Pilot Renamed" })
		w.hears(t, user, "user.name_changed")
		w.merge(t, user, w.ordinary(60), user)
		break
	}
}

func (w *world) actionOf(t *testing.T, ticket int64, rule string) store.Action {
	t.Helper()
	all, err := w.account().Actions(t.Context(), fmt.Sprintf("ticket/%d", ticket))
	require.NoError(t, err)
	at := slices.IndexFunc(all, func(a store.Action) bool { return a.Rule == rule })
	require.GreaterOrEqual(t, at, 0, "%+v", all)
	return all[at]
}

var numbered = regexp.MustCompile(`/api/v2/(tickets|users)/(\d+)`)

// assertOnlyPiloted looks through both vendors' logs, and through what they received, for anybody else.
func (w *world) assertOnlyPiloted(t *testing.T, p pilots) {
	t.Helper()
	var others []string
	for u := range w.seed.Users.All() {
		if !p.users[u.ID] && len(u.Email) > 6 {
			others = append(others, u.Email)
		}
	}
	w.assertOnlyWrote(t, p.emails, others)
	ours := map[int64]bool{}
	for _, email := range p.emails {
		ours[w.contact(t, email).ID] = true
	}
	assert.NotEmpty(t, w.brevo.Events())
	for _, e := range w.brevo.Events() {
		assert.True(t, ours[e.ContactID], "event %s", e.Name)
	}
	assert.Empty(t, w.brevo.Unattributed())
	assert.NotEmpty(t, w.brevo.Emails())
	for _, m := range w.brevo.Emails() {
		assert.Subset(t, p.emails, m.To)
	}
	recovery := w.list(t, "Recovery")
	for _, l := range w.brevo.Lists() {
		if l.ID == recovery {
			for _, id := range l.Contacts {
				assert.True(t, ours[id], "on the list of a rule")
			}
		}
	}
	writes := 0
	for _, call := range w.zendesk.Log().Calls() {
		if call.Method == "GET" {
			continue
		}
		writes++
		requester := int64(0)
		if at := numbered.FindStringSubmatch(call.Path); at != nil {
			requester, _ = strconv.ParseInt(at[2], 10, 64)
			if at[1] == "tickets" {
				ticket, _ := w.seed.Tickets.Get(requester)
				requester = ticket.RequesterID
			}
		} else {
			var body struct {
				Ticket struct {
					RequesterID int64 `json:"requester_id"`
				} `json:"ticket"`
			}
			require.NoError(t, json.NewDecoder(bytes.NewReader(call.Body)).Decode(&body))
			requester = body.Ticket.RequesterID
		}
		assert.True(t, p.users[requester], "%s %s is about user %d", call.Method, call.Path, requester)
	}
	assert.Positive(t, writes, "the pilot's own tickets are written")
}
