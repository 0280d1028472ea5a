package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

// TestAMonthOfChangesAtOnceEndsAsExpected lets hundreds of things happen between two syncs, so that they travel in bulk.
func TestAMonthOfChangesAtOnceEndsAsExpected(t *testing.T) {
	for number := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", number+1), func(t *testing.T) {
			t.Parallel()
			w := seeded(t, seed.Size{Users: 900, Tickets: 1800, Organizations: 90}, 20+number)
			w.marketed()
			w.configure("default_region: US")
			want := expect(w.seed, w.portrait(t), wishes{region: "US"})
			w.sync(t, workflows.SyncInput{})
			w.assertAs(t, want.want)
			r := rand.New(rand.NewPCG(number, 5))
			for range 2 {
				w.churn(r)
				w.later(2 * time.Minute)
				out := w.sync(t, incremental)
				assert.Greater(t, out.Push.Sent, int64(activities.FewContacts), "in bulk")
				w.assertAs(t, want.look())
				w.assertIdle(t)
			}
			w.assertQuiet(t, workflows.SyncInput{})
			w.assertAs(t, want.want)
		})
	}
}

// churn changes about one row in three. Harmful changes stay below what the mass-change guard lets pass.
func (w *world) churn(r *rand.Rand) {
	var users, tickets, organizations []int64
	for u := range w.seed.Users.All() {
		if w.seed.KindOf(u.ID) == seed.Ordinary {
			users = append(users, u.ID)
		}
	}
	for x := range w.seed.Tickets.All() {
		tickets = append(tickets, x.ID)
	}
	for o := range w.seed.Organizations.All() {
		organizations = append(organizations, o.ID)
	}
	pick := func(ids []int64) int64 { return ids[r.IntN(len(ids))] }
	for i := range 300 {
		id := pick(users)
		w.zendesk.UpdateUser(id, func(u *seed.User) {
			switch r.IntN(24) {
			case 0:
				u.Suspended = !u.Suspended
			case 1, 2:
				u.Email = fmt.Sprintf("moved.%d.%d@example.com", id, i)
			case 3, 4, 5:
				u.Phone = fmt.Sprintf("(212) 555-%04d", 100+r.IntN(60)) // some share a number
			case 6:
				u.Phone = ""
			case 7, 8, 9, 10:
				u.OrganizationID = pick(organizations)
			case 11, 12, 13:
				u.Tags = []string{fmt.Sprint("tag", r.IntN(9))}
			case 14:
				u.Role = "agent"
			default:
				u.Name = fmt.Sprintf("Renamed%d Person", i)
			}
		})
	}
	for range 250 {
		id := pick(tickets)
		switch r.IntN(8) {
		case 0:
			w.zendesk.DeleteTicket(id)
		case 1, 2:
			w.zendesk.RateTicket(id, 1+r.IntN(5), "")
		case 3:
			w.zendesk.SystemUpdate(id)
		case 4:
			w.zendesk.CreateTicket(seed.Ticket{RequesterID: pick(users)})
		default:
			w.zendesk.UpdateTicket(id, func(x *seed.Ticket) {
				if x.Status != "deleted" {
					x.Status = []string{"open", "pending", "solved"}[r.IntN(3)]
				}
			})
		}
	}
	for i := range 20 {
		id := pick(organizations)
		switch r.IntN(5) {
		case 0:
			w.zendesk.DeleteOrganization(id)
		case 1:
			w.zendesk.CreateOrganization(seed.Organization{Name: fmt.Sprintf("Founded %d in %d", i, len(organizations))})
		default:
			w.zendesk.UpdateOrganization(id, func(o *seed.Organization) { o.Name += " Group" })
		}
	}
}
