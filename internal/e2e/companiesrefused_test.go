package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
)

func TestACompanyThatBrevoRefusesStaysOutAlone(t *testing.T) {
	eachNumber(t, func(t *testing.T, w *world, n int) {
		firms := w.found(n)
		w.employ(firms)
		w.brevo.RefuseCompany("Firm 01")
		out := w.again(t, incrementally)
		assert.EqualValues(t, n-1, out.Push.Companies)
		assert.Equal(t, map[string]int64{"refused": 1}, out.Push.CompaniesRejected)
		assert.Empty(t, out.Push.Notice)
		assert.Len(t, w.brevo.Companies(), n-1)
		assert.Equal(t, []int64{w.contact(t, employee(2)).ID}, w.company(t, firms[2]).Contacts)
		assert.Equal(t, []string{"refused"}, w.rejectsOf(t, firms[1]))

		calls := w.callsTo("POST", "/v3/companies")
		w.assertSettled(t)
		w.moveIn(ada, "Ada Lovelace")
		w.joins(t, w.moveIn(grace, "Grace Hopper"), firms[1])
		w.again(t, incrementally)
		assert.Equal(t, calls, w.callsTo("POST", "/v3/companies"), "what was refused is not asked again while it is the same")

		w.renameFirm(t, firms[1], "Good AG")
		assert.EqualValues(t, 1, w.again(t, incrementally).Push.Companies)
		assert.Len(t, w.company(t, firms[1]).Contacts, 2)
		assert.Empty(t, w.rejectsOf(t, firms[1]))
	})
}

func TestAChangeThatBrevoRefusesDoesNotKeepOthersBack(t *testing.T) {
	eachNumber(t, func(t *testing.T, w *world, n int) {
		firms := w.found(n)
		w.employ(firms)
		w.again(t, incrementally)
		w.brevo.RefuseCompany("Bad AG")
		for i, id := range firms {
			w.renameFirm(t, id, map[bool]string{true: "Bad AG", false: "Renamed AG"}[i == 1])
		}
		out := w.again(t, incrementally)
		assert.EqualValues(t, n-1, out.Push.Companies)
		assert.Equal(t, map[string]int64{"refused": 1}, out.Push.CompaniesRejected)
		run, err := w.account().LastRun(t.Context())
		require.NoError(t, err)
		assert.Equal(t, out.Push.CompaniesRejected, run.Stats.CompaniesRejected)
		assert.Equal(t, "Firm 01", w.company(t, firms[1]).Name)
		assert.Equal(t, "Renamed AG", w.company(t, firms[2]).Name)
		assert.Equal(t, []string{"refused"}, w.rejectsOf(t, firms[1]))
		w.assertEmployed(t, firms)
		w.assertSettled(t)

		w.renameFirm(t, firms[1], "Firm 01")
		assert.Empty(t, w.again(t, incrementally).Push.CompaniesRejected)
		assert.Empty(t, w.rejectsOf(t, firms[1]), "what was refused is not wanted any more")
	})
}

func TestAnAccountThatRefusesEveryCompanyEndsTheRunWithANotice(t *testing.T) {
	w := town(t)
	w.found(200)
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/companies/import", Status: 400, Times: sim.Forever})
	out := w.again(t, incrementally)
	assert.Contains(t, out.Push.Notice, "Brevo refuses one company after the other")
	assert.LessOrEqual(t, w.callsTo("POST", "/v3/companies/import"), 41)
}

// TestAContactMissingInBrevoDoesNotLookLikeAMissingCompany deletes a contact after the last look at contacts: what comes
// first to notice it is the linking, whose refusal is a 400 by the document and a 404 elsewhere.
func TestAContactMissingInBrevoDoesNotLookLikeAMissingCompany(t *testing.T) {
	for name, notFound := range map[string]bool{"400": false, "404": true} {
		t.Run(name, func(t *testing.T) {
			w := town(t, brevoWith(func(b *brevosim.Options) { b.StrictLinks, b.MissingReferences = true, notFound }))
			w.configure("sync: {organizations: false}")
			firms := w.found(1)
			var users []string
			ids := map[string]int64{}
			for i := range 5 {
				users = append(users, employee(i))
				ids[employee(i)] = w.moveIn(employee(i), "Given Family")
				w.joins(t, ids[employee(i)], firms[0])
			}
			w.again(t, incrementally)
			linked := func() (rest []int64) {
				for _, email := range users {
					if w.hasContact(email) {
						rest = append(rest, w.contact(t, email).ID)
					}
				}
				return rest
			}
			w.brevo.DeleteContact(users[1])
			w.configure("sync: {organizations: true}\nfield_mapping: {organization.name: null, organization.tags: null}")
			out := w.again(t, incrementally)
			assert.EqualValues(t, 1, out.Push.Companies)
			assert.Len(t, linked(), 4)
			assert.Equal(t, linked(), w.company(t, firms[0]).Contacts)
			assert.Empty(t, w.rejectsOf(t, firms[0]))

			w.brevo.DeleteContact(users[3]) // whom we linked, and who is to be unlinked
			w.joins(t, ids[users[3]], 0)
			w.joins(t, ids[users[4]], 0)
			w.joins(t, w.moveIn(ada, "Ada Lovelace"), firms[0])
			w.renameFirm(t, firms[0], "Renamed AG")
			users = []string{users[0], users[2], ada}
			w.again(t, incrementally)
			assert.Equal(t, "Renamed AG", w.company(t, firms[0]).Name)
			assert.Equal(t, linked(), w.company(t, firms[0]).Contacts, "who came is linked, and who left is not")
			assert.Empty(t, w.rejectsOf(t, firms[0]))
			w.assertSettled(t)
		})
	}
}

// TestALinkThatBrevoRefusesIsNamed: whom a company cannot be linked to is in Brevo, so that something else is wrong.
func TestALinkThatBrevoRefusesIsNamed(t *testing.T) {
	w := town(t)
	firms := w.found(1)
	w.employ(firms)
	w.again(t, incrementally)
	w.joins(t, w.moveIn(ada, "Ada Lovelace"), firms[0])
	w.brevo.Faults().Add(sim.Fault{
		Method: "PATCH", Path: "/v3/companies/link-unlink/", Status: 400, Times: sim.Forever, Body: `{"code":"Invalid parameters passed","message":"Too many links"}`,
	})
	w.again(t, incrementally)
	assert.Equal(t, []string{"refused"}, w.rejectsOf(t, firms[0]))
	w.brevo.Faults().Clear()
	w.renameFirm(t, firms[0], "Renamed AG")
	w.again(t, incrementally)
	assert.Len(t, w.company(t, firms[0]).Contacts, 2)
	assert.Empty(t, w.rejectsOf(t, firms[0]))
}
