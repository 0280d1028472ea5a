package e2e_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

var preview = workflows.SyncInput{Type: activities.Preview}

// preview looks at what a sync would do, and fails unless neither vendor was asked to change anything.
func (w *world) preview(t *testing.T) activities.Foreseen {
	t.Helper()
	before := w.portrait(t)
	w.brevo.Log().Reset()
	w.zendesk.Log().Reset()
	w.brevo.ResetWrites()
	out := w.sync(t, preview)
	require.NotNil(t, out.Preview)
	assert.Zero(t, w.brevo.Writes().Total())
	for vendor, calls := range map[string]int{"Brevo": len(w.brevo.Log().Calls()), "Zendesk": len(w.zendesk.Log().Calls())} {
		assert.Positive(t, calls, vendor)
	}
	for _, c := range append(w.brevo.Log().Calls(), w.zendesk.Log().Calls()...) {
		assert.Equal(t, "GET", c.Method, "%s %s", c.Method, c.Path)
	}
	assert.Empty(t, before.diff(w.portrait(t)))
	assert.Empty(t, w.woken, "a preview offers nothing")
	return *out.Preview
}

// assertForeseen lets a preview be followed by a sync, and fails unless the sync does what the preview said: by its own result, and
// by how Brevo differs afterwards.
func (w *world) assertForeseen(t *testing.T, in workflows.SyncInput) activities.Foreseen {
	t.Helper()
	f := w.preview(t)
	before := w.see()
	lists := w.listNames()
	attributes := w.attributeNames()
	out := w.sync(t, in)

	assert.Equal(t, out.Push.Sent, f.Created+f.Changed+f.Left+f.Deleted, "contacts written: %+v", f)
	assert.Equal(t, out.Push.Unchanged, f.Unchanged, "unchanged")
	assert.Equal(t, orEmpty(out.Push.Skipped), orEmpty(f.Skipped))
	assert.Equal(t, orEmpty(out.Push.Rejected), orEmpty(f.Rejected))
	assert.Equal(t, out.Push.Companies, f.Companies.Created+f.Companies.Changed, "companies")
	did := w.see().since(before)
	assert.Equal(t, did.Created, f.Created, "created")
	assert.Equal(t, did.Mailable, f.Mailable, "mailable")
	assert.Equal(t, did.Deleted, f.Deleted, "deleted")
	assert.Equal(t, did.ByList, orEmpty(f.ByList), "lists")
	assert.Equal(t, did.ByAttribute, orEmpty(f.ByAttribute), "attributes")
	assert.Equal(t, did.Companies.Created, f.Companies.Created, "companies created")
	assert.Equal(t, did.Companies.Link, f.Companies.Link, "contacts linked")
	assert.Equal(t, did.Companies.Unlink, f.Companies.Unlink, "contacts unlinked")
	assert.ElementsMatch(t, f.NewLists, fewer(w.listNames(), lists))
	assert.Len(t, f.NewAttributes, len(fewer(w.attributeNames(), attributes)), "%v", f.NewAttributes)
	return f
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

func (w *world) listNames() (out []string) {
	for _, l := range w.brevo.Lists() {
		out = append(out, l.Name)
	}
	return out
}

// attributeNames are those of contacts and of companies.
func (w *world) attributeNames() (out []string) {
	for _, a := range w.brevo.Attributes() {
		out = append(out, a.Name)
	}
	for _, a := range w.brevo.CompanyAttributes() {
		out = append(out, "company:"+a.InternalName)
	}
	return out
}

// seen is Brevo as it is now, by Brevo's own ids: an address may move.
type seen struct {
	contacts map[int64]person
	members  map[string][]int64 // of each company
}

func (w *world) see() seen {
	names := map[int64]string{}
	for _, l := range w.brevo.Lists() {
		names[l.ID] = l.Name
	}
	out := seen{contacts: map[int64]person{}, members: map[string][]int64{}}
	for _, c := range w.brevo.Contacts() {
		out.contacts[c.ID] = personOf(c, names)
	}
	for _, c := range w.brevo.Companies() {
		out.members[c.ID] = c.Contacts
	}
	return out
}

// since counts how Brevo differs from before.
func (s seen) since(before seen) activities.Foreseen {
	out := activities.Foreseen{ByList: map[string]activities.ListForeseen{}, ByAttribute: map[string]activities.AttributeForeseen{}}
	for id := range before.contacts {
		if _, is := s.contacts[id]; !is {
			out.Deleted++
		}
	}
	for id, b := range s.contacts {
		a, was := before.contacts[id]
		if !was {
			out.Created++
		}
		if !was && !b.emailBlacklisted {
			out.Mailable++
		}
		for _, list := range fewer(b.lists, a.lists) {
			n := out.ByList[list]
			n.Add++
			out.ByList[list] = n
		}
		for _, list := range fewer(a.lists, b.lists) {
			n := out.ByList[list]
			n.Remove++
			out.ByList[list] = n
		}
		for _, name := range both(a.attributes, b.attributes) {
			n := out.ByAttribute[name]
			switch x, y := a.attributes[name], b.attributes[name]; {
			case x == y:
				continue
			case y == nil:
				n.Clear++
			default:
				n.Set++
			}
			out.ByAttribute[name] = n
		}
	}
	for id, members := range s.members {
		was, known := before.members[id]
		if !known {
			out.Companies.Created++
		}
		out.Companies.Link += int64(len(fewer(members, was)))
		out.Companies.Unlink += int64(len(fewer(was, members)))
	}
	return out
}

// fewer gives those of all that are not among some.
func fewer[T comparable](all, some []T) []T {
	return slices.DeleteFunc(slices.Clone(all), func(x T) bool { return slices.Contains(some, x) })
}

func TestAFirstSyncDoesWhatThePreviewSaid(t *testing.T) {
	for number, size := range map[uint64]seed.Size{1: small, 2: {Users: 150, Tickets: 300, Organizations: 8}, 3: {Users: 1300, Tickets: 3000, Organizations: 200}} {
		t.Run(fmt.Sprintf("seed %d", number), func(t *testing.T) {
			t.Parallel()
			w := seeded(t, size, number)
			f := w.assertForeseen(t, workflows.SyncInput{})
			assert.Positive(t, f.Mailable)
			assert.Contains(t, slices.Collect(maps.Keys(f.Rejected)), "invalid_email")
			again := w.preview(t)
			assert.Zero(t, again.Writes(), "%+v", again)
			assert.Equal(t, f.Created+f.Changed, again.Unchanged)
		})
	}
}

func TestAFirstSyncOfAMarketersAccountDoesWhatThePreviewSaid(t *testing.T) {
	for name, c := range map[string]struct {
		in    workflows.SyncInput
		brevo func(*brevosim.Options)
		yaml  string
	}{
		"full":             {},
		"incremental":      {in: incremental},
		"a French account": {brevo: func(o *brevosim.Options) { o.NamesLocale = "fr" }},
		"blocklist":        {yaml: "new_contacts: blocklist"},
		"skip":             {yaml: "new_contacts: skip"},
		"overwrite":        {yaml: "overwrite: [FIRSTNAME, LASTNAME]\ndefault_region: US"},
		"a pilot":          {yaml: "pilot: {emails: [ada@example.com, grace@example.com]}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := seeded(t, small, 4, func(_ *zendesksim.Options, bo *brevosim.Options) {
				if c.brevo != nil {
					c.brevo(bo)
				}
			})
			w.configure(c.yaml)
			w.marketed()
			w.moveIn("ada@example.com", "Ada Lovelace", withPhone("+33612340000"), func(u *seed.User) { u.OrganizationID = w.anOrganization() })
			w.moveIn("grace@example.com", "Grace Hopper")
			w.assertForeseen(t, c.in)
		})
	}
}

// TestASyncOfAMonthOfChangesDoesWhatThePreviewSaid lets hundreds of things happen after a first sync.
func TestASyncOfAMonthOfChangesDoesWhatThePreviewSaid(t *testing.T) {
	for number := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d", number+1), func(t *testing.T) {
			t.Parallel()
			w := seeded(t, seed.Size{Users: 900, Tickets: 1800, Organizations: 90}, 20+number)
			w.marketed()
			w.configure("default_region: US")
			w.sync(t, workflows.SyncInput{})
			r := rand.New(rand.NewPCG(number, 5))
			for _, in := range []workflows.SyncInput{incremental, {}} {
				w.churn(r)
				w.later(2 * time.Minute)
				f := w.assertForeseen(t, in)
				assert.Positive(t, f.Left)
				w.woken = nil
			}
		})
	}
}
