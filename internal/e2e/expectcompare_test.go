package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/workflows"
)

// portrait is Brevo as it is now.
func (w *world) portrait(t *testing.T) portrait {
	t.Helper()
	listNames := map[int64]string{}
	for _, l := range w.brevo.Lists() {
		listNames[l.ID] = l.Name
	}
	emails := map[int64]string{}
	p := portrait{contacts: map[string]person{}, companies: map[string]firm{}}
	for _, c := range w.brevo.Contacts() {
		emails[c.ID] = c.Email
		p.contacts[c.Email] = personOf(c, listNames)
	}
	companies := w.brevo.Companies()
	for _, c := range companies {
		key, _ := c.Attributes["zendesk_id"].(string)
		_, twice := p.companies[key]
		assert.False(t, twice, "two companies of organization %q", key)
		f := firm{name: c.Name}
		for _, id := range c.Contacts {
			f.members = append(f.members, emails[id])
		}
		slices.Sort(f.members)
		p.companies[key] = f
	}
	return p
}

func personOf(c brevosim.Contact, listNames map[int64]string) person {
	names := func(ids []int64) (out []string) {
		for _, id := range ids {
			out = append(out, listNames[id])
		}
		slices.Sort(out)
		return out
	}
	return person{
		attributes: c.Attributes, lists: names(c.Lists), unsubscribed: names(c.ListUnsubscribed),
		emailBlacklisted: c.EmailBlacklisted, smsBlacklisted: c.SMSBlacklisted,
	}
}

// assertAs fails unless Brevo holds exactly what is wanted: contact by contact, list by list, company by company. It shows
// the first twenty differences.
func (w *world) assertAs(t *testing.T, want portrait) {
	t.Helper()
	diffs := want.diff(w.portrait(t))
	if len(diffs) > 0 {
		t.Errorf("Brevo differs from what Zendesk says in %d places (wanted -> found):\n%s", len(diffs), strings.Join(diffs[:min(20, len(diffs))], "\n"))
	}
	assert.Empty(t, w.brevo.Misuses())
	assert.Empty(t, w.brevo.Log().Unknown())
	assert.Empty(t, w.zendesk.Log().Unknown())
}

// assertQuiet runs once more: nothing may be left to send, to contacts or to companies.
func (w *world) assertQuiet(t *testing.T, in workflows.SyncInput) {
	t.Helper()
	w.brevo.ResetWrites()
	w.brevo.Log().Reset()
	out := w.sync(t, in)
	assert.Zero(t, w.brevo.Writes().Total(), "contact writes of a run that has nothing to say: %+v", w.brevo.Writes())
	assert.Zero(t, out.Push.Sent)
	assert.Zero(t, out.Push.Companies)
	for _, c := range w.brevo.Log().Calls() {
		assert.Equal(t, "GET", c.Method, "%s %s", c.Method, c.Path)
	}
}

func (want portrait) diff(got portrait) (out []string) {
	for _, email := range both(want.contacts, got.contacts) {
		a, wanted := want.contacts[email]
		b, found := got.contacts[email]
		switch {
		case !found:
			out = append(out, "no contact "+email)
		case !wanted:
			out = append(out, fmt.Sprintf("contact %s should not be: %v", email, b.attributes))
		default:
			out = append(out, a.diff(email, b)...)
		}
	}
	for _, id := range both(want.companies, got.companies) {
		a, wanted := want.companies[id]
		b, found := got.companies[id]
		switch {
		case !found:
			out = append(out, fmt.Sprintf("no company of organization %s (%s)", id, a.name))
		case !wanted:
			out = append(out, fmt.Sprintf("company of organization %s (%s) should not be", id, b.name))
		case a.name != b.name || !slices.Equal(a.members, b.members):
			out = append(out, fmt.Sprintf("company of organization %s: %+v -> %+v", id, a, b))
		}
	}
	return out
}

func (p person) diff(email string, got person) (out []string) {
	for _, name := range both(p.attributes, got.attributes) {
		if a, b := p.attributes[name], got.attributes[name]; a != b {
			out = append(out, fmt.Sprintf("%s: %s %#v -> %#v", email, name, a, b))
		}
	}
	if !slices.Equal(p.lists, got.lists) {
		out = append(out, fmt.Sprintf("%s: lists %q -> %q", email, p.lists, got.lists))
	}
	if !slices.Equal(p.unsubscribed, got.unsubscribed) {
		out = append(out, fmt.Sprintf("%s: unsubscribed from %q -> %q", email, p.unsubscribed, got.unsubscribed))
	}
	if p.emailBlacklisted != got.emailBlacklisted || p.smsBlacklisted != got.smsBlacklisted {
		out = append(out, fmt.Sprintf("%s: blocklisted %v/%v -> %v/%v", email, p.emailBlacklisted, p.smsBlacklisted, got.emailBlacklisted, got.smsBlacklisted))
	}
	return out
}

func both[V any](a, b map[string]V) []string {
	keys := append(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))...)
	slices.Sort(keys)
	return slices.Compact(keys)
}
