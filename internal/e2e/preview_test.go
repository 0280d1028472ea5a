package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

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
	before := w.portrait(t)
	lists := w.listNames()
	attributes := w.attributeNames()
	out := w.sync(t, in)
	after := w.portrait(t)

	assert.Equal(t, out.Push.Sent, f.Created+f.Changed+f.Left+f.Deleted, "contacts written: %+v", f)
	assert.Equal(t, out.Push.Unchanged, f.Unchanged, "unchanged")
	assert.Equal(t, orEmpty(out.Push.Skipped), orEmpty(f.Skipped))
	assert.Equal(t, orEmpty(out.Push.Rejected), orEmpty(f.Rejected))
	assert.Equal(t, out.Push.Companies, f.Companies.Created+f.Companies.Changed, "companies")
	seen := compared(before, after)
	assert.Equal(t, seen.Created, f.Created, "created")
	assert.Equal(t, seen.Mailable, f.Mailable, "mailable")
	assert.Equal(t, seen.Deleted, f.Deleted, "deleted")
	assert.Equal(t, seen.ByList, orEmpty(f.ByList), "lists")
	assert.Equal(t, seen.ByAttribute, orEmpty(f.ByAttribute), "attributes")
	assert.Equal(t, seen.Companies.Created, f.Companies.Created, "companies created")
	assert.Equal(t, seen.Companies.Link, f.Companies.Link, "contacts linked")
	assert.Equal(t, seen.Companies.Unlink, f.Companies.Unlink, "contacts unlinked")
	assert.ElementsMatch(t, f.NewLists, without2(w.listNames(), lists))
	assert.Len(t, f.NewAttributes, len(without2(w.attributeNames(), attributes)), "%v", f.NewAttributes)
	return f
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

func without2(all, those []string) []string {
	return slices.DeleteFunc(all, func(name string) bool { return slices.Contains(those, name) })
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

// compared counts how two portraits of Brevo differ.
func compared(before, after portrait) activities.Foreseen {
	out := activities.Foreseen{ByList: map[string]activities.ListForeseen{}, ByAttribute: map[string]activities.AttributeForeseen{}}
	for _, email := range both(before.contacts, after.contacts) {
		a, was := before.contacts[email]
		b, is := after.contacts[email]
		switch {
		case !was:
			if out.Created++; !b.emailBlacklisted {
				out.Mailable++
			}
		case !is:
			out.Deleted++
			continue
		}
		for _, list := range b.lists {
			if !slices.Contains(a.lists, list) {
				n := out.ByList[list]
				n.Add++
				out.ByList[list] = n
			}
		}
		for _, list := range a.lists {
			if !slices.Contains(b.lists, list) {
				n := out.ByList[list]
				n.Remove++
				out.ByList[list] = n
			}
		}
		for _, name := range both(a.attributes, b.attributes) {
			x, y := a.attributes[name], b.attributes[name]
			n := out.ByAttribute[name]
			switch {
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
	for _, key := range both(before.companies, after.companies) {
		a, was := before.companies[key]
		if b := after.companies[key]; true {
			if !was {
				out.Companies.Created++
			}
			out.Companies.Link += int64(len(without2(slices.Clone(b.members), a.members)))
			out.Companies.Unlink += int64(len(without2(slices.Clone(a.members), b.members)))
		}
	}
	return out
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
