package e2e_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

func TestAPilotTouchesNobodyElse(t *testing.T) {
	for _, by := range ways {
		t.Run(by.name, func(t *testing.T) {
			w := newWorld(t, seed.Size{Users: 250, Tickets: 800, Organizations: 20})
			var before, pilots []string
			for u := range w.seed.Users.All() {
				if w.seed.KindOf(u.ID) == seed.Ordinary {
					before = append(before, u.Email)
				}
			}
			w.brevo.SeedMarketer(before)
			first := w.moveIn(ada, "Ada Lovelace", withPhone("+33612340000"), func(u *seed.User) { u.OrganizationID = w.anOrganization() })
			second := w.moveIn(grace, "Grace Hopper")
			pilots = []string{ada, grace}
			untouched := w.portraits(pilots)
			w.configure(fmt.Sprintf("pilot: {emails: [%s]}", strings.Join(pilots, ", ")))

			out := w.again(t, by.in)
			assert.Equal(t, int64(2), out.Push.Sent)
			assert.Positive(t, out.Push.Skipped["pilot"])
			assert.Equal(t, "Ada", w.contact(t, ada).Attributes["FIRSTNAME"])

			// Also when everything happens to them that can.
			w.zendesk.CreateTicket(seed.Ticket{RequesterID: first, Status: "open"})
			require.True(t, w.zendesk.DeleteUser(second))
			w.pass(interval)
			w.again(t, by.in)
			w.again(t, workflows.SyncInput{})
			assert.Equal(t, 1.0, w.contact(t, ada).Attributes["OPEN_TICKETS"])
			assert.Equal(t, untouched, w.portraits(pilots), "the others stand as they stood")
			w.assertOnlyWrote(t, pilots, before)
			w.assertOnlyLinked(t, pilots)
			w.assertHarmless(t)
		})
	}
}

// anOrganization is the id of one that is not deleted.
func (w *world) anOrganization() int64 {
	for o := range w.seed.Organizations.All() {
		if o.DeletedAt.IsZero() {
			return o.ID
		}
	}
	return 0
}

// portraits are all contacts but the named ones.
func (w *world) portraits(without []string) map[string]string {
	out := map[string]string{}
	for _, c := range w.brevo.Contacts() {
		if !strings.Contains(strings.Join(without, " "), c.Email) {
			out[c.Email] = fmt.Sprintf("%+v", c)
		}
	}
	return out
}

// assertOnlyWrote looks for people in every request that changes something in Brevo.
func (w *world) assertOnlyWrote(t *testing.T, pilots, others []string) {
	t.Helper()
	ours := map[int64]bool{}
	for _, email := range pilots {
		ours[w.contact(t, email).ID] = true
	}
	writes := 0
	for _, call := range w.brevo.Log().Calls() {
		if call.Method == "GET" {
			continue
		}
		writes++
		body := bytes.ToLower(call.Body)
		for _, email := range others {
			email = strings.ToLower(email)
			assert.False(t, bytes.Contains(body, []byte(email)) || strings.Contains(call.Path, email), "%s %s names somebody else", call.Method, call.Path)
		}
		for _, c := range w.brevo.Contacts() {
			if !ours[c.ID] {
				assert.False(t, strings.HasSuffix(call.Path, fmt.Sprintf("/contacts/%d", c.ID)), "%s %s is somebody else", call.Method, call.Path)
			}
		}
	}
	assert.Positive(t, writes)
}

// assertOnlyLinked fails where a company is linked to somebody who is no pilot.
func (w *world) assertOnlyLinked(t *testing.T, pilots []string) {
	t.Helper()
	ours := map[int64]bool{}
	for _, email := range pilots {
		ours[w.contact(t, email).ID] = true
	}
	for _, company := range w.brevo.Companies() {
		for _, id := range company.Contacts {
			assert.True(t, ours[id], "company %s is linked to somebody else", company.Name)
		}
	}
}
