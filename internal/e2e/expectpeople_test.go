package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
)

// later lets time pass between two runs, so that the exports show what happened.
func (w *world) later(d time.Duration) {
	then := w.clock.Now().Add(d)
	w.clock.now = func() time.Time { return then }
}

// people are the plain customers whom no marketer knows, with a phone of their own, oldest first.
func (w *world) people() (out []seed.User) {
	for u := range w.seed.Users.All() {
		if w.seed.KindOf(u.ID) != seed.Ordinary || !eligible(u) || e164(u.Phone, "") == "" {
			continue
		}
		if c, ok := w.brevo.ContactByEmail(u.Email); ok && !strings.HasPrefix(text(c.Attributes["FIRSTNAME"]), "Marketed") {
			out = append(out, u)
		}
	}
	return out
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func (w *world) person(t *testing.T, i int) seed.User {
	t.Helper()
	people := w.people()
	require.Greater(t, len(people), i)
	return people[i]
}

// marketedPerson is a customer whom the marketer knew before.
func (w *world) marketedPerson(t *testing.T) int64 {
	t.Helper()
	for u := range w.seed.Users.All() {
		if c, ok := w.brevo.ContactByEmail(u.Email); ok && eligible(u) && strings.HasPrefix(text(c.Attributes["FIRSTNAME"]), "Marketed") {
			return u.ID
		}
	}
	t.Fatal("the marketer knows nobody")
	return 0
}

// holders are two customers of different age without a phone.
func (w *world) holders(t *testing.T) []int64 {
	t.Helper()
	var out []int64
	for id := range w.seed.Users.All() {
		if w.seed.KindOf(id.ID) == seed.DuplicateName || w.seed.KindOf(id.ID) == seed.UnicodeName {
			out = append(out, id.ID)
		}
	}
	slices.Sort(out)
	require.GreaterOrEqual(t, len(out), 2)
	return out[:2]
}

// openTicket is an open ticket whose requester is a customer.
func (w *world) openTicket(t *testing.T) int64 {
	t.Helper()
	for x := range w.seed.Tickets.All() {
		u, _ := w.seed.Users.Get(x.RequesterID)
		if x.Status == "open" && eligible(u) && deliverable(u.Email) {
			return x.ID
		}
	}
	t.Fatal("no ticket is open")
	return 0
}

// newest is the ticket that changed last.
func (w *world) newest() int64 {
	var last seed.Ticket
	for x := range w.seed.Tickets.All() {
		if !x.UpdatedAt.Before(last.UpdatedAt) {
			last = x
		}
	}
	return last.ID
}

// populated is the i-th organization that has a member among people.
func (w *world) populated(t *testing.T, i int) int64 {
	t.Helper()
	var ids []int64
	for _, u := range w.people() {
		if o, ok := w.seed.Organizations.Get(u.OrganizationID); ok && o.DeletedAt.IsZero() && !slices.Contains(ids, o.ID) {
			ids = append(ids, o.ID)
		}
	}
	slices.Sort(ids)
	require.Greater(t, len(ids), i)
	return ids[i]
}

func (w *world) member(t *testing.T, organization int64) int64 {
	t.Helper()
	for _, u := range w.people() {
		if u.OrganizationID == organization {
			return u.ID
		}
	}
	t.Fatal("nobody is of that organization")
	return 0
}
