package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
)

func TestEveryCompanyMadeOrChangedIsCountedOnce(t *testing.T) {
	eachNumber(t, func(t *testing.T, w *world, n int) {
		firms := w.found(n)
		assert.EqualValues(t, n, w.again(t, incrementally).Push.Companies, "made, without anybody")
		users := w.employ(firms)
		assert.EqualValues(t, n, w.again(t, incrementally).Push.Companies, "the first members join")
		for i, id := range firms {
			w.joins(t, users[i], firms[(i+1)%n])
			w.renameFirm(t, id, fmt.Sprintf("Renamed %d", i))
		}
		assert.EqualValues(t, n, w.again(t, incrementally).Push.Companies, "all changes at once")
		w.assertSettled(t)
		status, err := w.account().LastRun(t.Context())
		require.NoError(t, err)
		assert.Zero(t, status.Stats.Companies)
	})
}

func TestCompaniesMadeBeforeAnErrorAreCounted(t *testing.T) {
	w := town(t)
	firms := w.found(5)
	w.employ(firms)
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/companies$", Skip: 2, Times: 2, Status: 502})
	assert.EqualValues(t, 5, w.again(t, incrementally).Push.Companies)
	w.assertEmployed(t, firms)
}

func TestWhoeverChangesOrganizationChangesCompany(t *testing.T) {
	for name, fail := range map[string]func(*world){
		"undisturbed":           func(*world) {},
		"the unlinking fails":   func(w *world) { w.brevo.FailProcesses(1) },
		"unlinking fails twice": func(w *world) { w.brevo.FailProcesses(2) },
		"the linking fails":     failSecond,
		"an answer is lost": func(w *world) {
			w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/companies/import", DropAfter: true})
		},
		"a link's answer is too": func(w *world) {
			w.brevo.Faults().Add(sim.Fault{Method: "PATCH", Path: "/v3/companies", DropAfter: true, Skip: 1, Times: 2})
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachNumber(t, func(t *testing.T, w *world, n int) {
				firms := w.found(n)
				users := w.employ(firms)
				w.again(t, incrementally)
				w.assertEmployed(t, firms)
				for i := range users {
					w.joins(t, users[i], firms[(i+1)%n])
				}
				fail(w)
				w.again(t, incrementally)
				w.brevo.FailProcesses(0)
				w.again(t, incrementally)
				for i, id := range firms {
					assert.Equal(t, []int64{w.contact(t, employee((i+n-1)%n)).ID}, w.company(t, id).Contacts, "members of firm %d", i)
				}
				w.assertSettled(t)
			})
		})
	}
}

// failSecond makes the import fail that follows the next one.
func failSecond(w *world) {
	w.brevo.FailProcesses(0)
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/companies/import", Skip: 1, Status: 500})
}

// TestALinkOfAFailedImportIsUndoneOnceItIsUnwanted: part of what a failed import carried may stand.
func TestALinkOfAFailedImportIsUndoneOnceItIsUnwanted(t *testing.T) {
	w := town(t)
	firms := w.found(manyFirms)
	users := w.employ(firms)
	w.joins(t, users[0], 0)
	w.again(t, incrementally)
	for _, user := range users {
		w.joins(t, user, firms[0])
	}
	w.brevo.FailProcesses(100)
	w.again(t, incrementally)
	w.brevo.FailProcesses(0)
	for i := range users { // a failed import that did its work all the same
		w.link(t, w.company(t, firms[0]).ID, w.contact(t, employee(i)).ID)
		w.joins(t, users[i], firms[i])
	}
	w.again(t, incrementally)
	w.assertEmployed(t, firms)
	w.assertSettled(t)
}

func (w *world) link(t testing.TB, company string, contact int64) {
	t.Helper()
	w.asMarketer(t, "PATCH", "/companies/link-unlink/"+company, map[string]any{"linkContactIds": []int64{contact}})
}

func TestADeletedOrganizationsCompanyStaysWithoutTheLinksThatWeMade(t *testing.T) {
	eachNumber(t, func(t *testing.T, w *world, n int) {
		firms := w.found(n)
		w.employ(firms)
		w.again(t, incrementally)
		stranger := "a.friend@marketer.example"
		w.linkStranger(t, firms[0], stranger)
		for _, id := range firms {
			require.True(t, w.zendesk.DeleteOrganization(id))
		}
		w.again(t, incrementally)
		require.Len(t, w.brevo.Companies(), n)
		assert.Equal(t, []int64{w.contact(t, stranger).ID}, w.company(t, firms[0]).Contacts)
		for i, id := range firms {
			assert.Equal(t, fmt.Sprintf("Firm %02d", i), w.company(t, id).Name)
			if i > 0 {
				assert.Empty(t, w.company(t, id).Contacts)
			}
		}
		w.assertSettled(t)
	})
}

func TestAPilotTouchesNoOtherCompany(t *testing.T) {
	eachNumber(t, func(t *testing.T, w *world, n int) {
		firms := w.found(n)
		users := w.employ(firms)
		w.again(t, incrementally)
		before := w.brevo.Companies()
		w.configure("pilot: {emails: [" + strings.Join([]string{employee(0), ada, grace}, ", ") + "]}")

		// Everybody leaves, every name changes, and new firms come: only what concerns the three is done.
		for i, id := range firms {
			w.renameFirm(t, id, fmt.Sprintf("Renamed %02d", i))
			w.joins(t, users[i], 0)
		}
		fresh := w.found(n)
		w.joins(t, w.moveIn(ada, "Ada Lovelace"), fresh[0])
		w.joins(t, w.moveIn(linus, "Linus Torvalds"), fresh[0])
		w.joins(t, w.moveIn(grace, "Grace Hopper"), firms[1])
		out := w.again(t, incrementally)
		assert.EqualValues(t, 3, out.Push.Companies)
		assert.Len(t, w.brevo.Companies(), n+1)
		assert.Equal(t, []int64{w.contact(t, ada).ID}, w.company(t, fresh[0]).Contacts)
		assert.Empty(t, w.company(t, firms[0]).Contacts, "the pilot's own link goes")
		assert.Equal(t, []int64{w.contact(t, employee(1)).ID, w.contact(t, grace).ID}, w.company(t, firms[1]).Contacts, "the other's stays")
		assert.Equal(t, "Renamed 01", w.company(t, firms[1]).Name)
		assert.Equal(t, before[2], w.company(t, firms[2]))
		calls := len(w.brevo.Log().Calls())
		w.pass(time.Minute)
		w.sync(t, incrementally)
		assert.Len(t, w.brevo.Log().Calls(), calls, "nothing waits")

		w.configure("")
		w.again(t, incrementally)
		w.again(t, incrementally)
		assert.Len(t, w.brevo.Companies(), 2*n)
		assert.Len(t, w.company(t, fresh[0]).Contacts, 2)
		assert.Equal(t, []int64{w.contact(t, grace).ID}, w.company(t, firms[1]).Contacts)
		assert.Empty(t, w.company(t, firms[2]).Contacts)
		w.assertSettled(t)
	})
}
