package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/workflows"
)

func TestCompaniesAreFoundWhateverBrevoMeansByAPage(t *testing.T) {
	for _, paging := range []brevosim.CompanyPaging{brevosim.PageFromOne, brevosim.PageFromZero, brevosim.PageByRow} {
		for _, rows := range []int{1, 7, 15, 100} {
			for _, refuse := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, at most %d rows, more refused %t", paging, rows, refuse), func(t *testing.T) {
					w := town(t, brevoWith(func(b *brevosim.Options) {
						b.CompanyPaging, b.CompanyPageMax, b.RefuseLargePages = paging, rows, refuse
					}))
					firms := w.found(manyFirms)
					w.employ(firms)
					out := w.again(t, incrementally)
					assert.EqualValues(t, manyFirms, out.Push.Companies)
					assert.Empty(t, out.Push.Notice)
					w.assertEmployed(t, firms)
					pages := (manyFirms + rows - 1) / rows
					assert.LessOrEqual(t, w.callsTo("GET", "/v3/companies"), pages+3, "Brevo allows a hundred of these calls an hour")
					w.assertSettled(t)
				})
			}
		}
	}
}

// Brevo allows a hundred requests an hour: a search that takes longer goes on where it was, also in another process.
func TestCompaniesAreFoundOverSeveralHours(t *testing.T) {
	for _, paging := range []brevosim.CompanyPaging{brevosim.PageFromOne, brevosim.PageFromZero, brevosim.PageByRow} {
		t.Run(string(paging), func(t *testing.T) {
			w := town(t, realLimits, brevoWith(func(b *brevosim.Options) { b.CompanyPaging, b.CompanyPageMax = paging, 1 }))
			firms := w.found(230)
			w.employ(firms)
			begun := w.clock.Now()
			out := w.again(t, incrementally)
			assert.EqualValues(t, len(firms), out.Push.Companies)
			assert.Empty(t, out.Push.Notice)
			w.assertEmployed(t, firms)
			assert.LessOrEqual(t, w.callsTo("GET", "/v3/companies"), len(firms)+6, "no more than a page of each hour is read again")
			assert.InDelta(t, 3, w.clock.Now().Sub(begun).Hours(), 1, "hours")
			w.assertSettled(t)
		})
	}
}

func TestACompanyThatIsNotListedYetIsNotMadeAgain(t *testing.T) {
	w := town(t, brevoWith(func(b *brevosim.Options) { b.CompanyListLag = time.Hour }))
	firms := w.found(manyFirms)
	w.employ(firms)
	for range 3 {
		out := w.again(t, incrementally)
		assert.Equal(t, "15 companies that Brevo's import should have made are not listed yet; nothing is made twice; the next sync looks again", out.Push.Notice)
		assert.Contains(t, out.Notices, out.Push.Notice)
		assert.Zero(t, out.Push.Companies)
		assert.Len(t, w.brevo.Companies(), manyFirms)
	}
	w.pass(time.Hour)
	out := w.sync(t, incrementally)
	assert.EqualValues(t, manyFirms, out.Push.Companies)
	w.assertEmployed(t, firms)
	w.assertSettled(t)
}

func TestOtherCompaniesGoOnWhileSomeAreNotListedYet(t *testing.T) {
	w := town(t, brevoWith(func(b *brevosim.Options) { b.CompanyListLag = time.Hour }))
	early := w.found(1)
	w.again(t, incrementally)
	w.found(manyFirms)
	w.again(t, incrementally)
	w.renameFirm(t, early[0], "Renamed AG")
	out := w.again(t, incrementally)
	assert.EqualValues(t, 1, out.Push.Companies)
	assert.Contains(t, out.Push.Notice, "15 companies")
	assert.Equal(t, "Renamed AG", w.company(t, early[0]).Name)
}

func TestACompanyImportIsAwaitedWhereverBrevoShowsIt(t *testing.T) {
	for _, shown := range []brevosim.ImportVisibility{brevosim.ListedImports, brevosim.UnlistedImports, brevosim.HiddenImports} {
		t.Run(string(shown), func(t *testing.T) {
			w := town(t, brevoWith(func(b *brevosim.Options) { b.CompanyImports, b.ImportDelay = shown, 3*time.Minute }))
			firms := w.found(manyFirms)
			w.employ(firms)
			out := w.again(t, incrementally)
			assert.EqualValues(t, manyFirms, out.Push.Companies)
			assert.Empty(t, out.Push.Notice)
			w.assertEmployed(t, firms)
			w.assertSettled(t)
		})
	}
}

func TestAnImportThatBrevoNeverEndsDoesNotHoldTheRunForEver(t *testing.T) {
	w := town(t, brevoWith(func(b *brevosim.Options) { b.ImportDelay = 100 * time.Hour }))
	firms := w.found(manyFirms)
	w.employ(firms)
	for range 2 {
		out := w.again(t, incrementally)
		assert.Contains(t, out.Push.Notice, "15 companies")
		assert.Equal(t, 1, w.callsTo("POST", "/v3/companies/import"))
	}
	w.pass(100 * time.Hour)
	out := w.sync(t, incrementally)
	assert.EqualValues(t, manyFirms, out.Push.Companies)
	assert.Equal(t, "15 companies wait for an import that Brevo has not ended for an hour; the next sync looks again", out.Push.Notice)
	w.pass(100 * time.Hour)
	w.sync(t, incrementally)
	w.assertEmployed(t, firms)
	w.assertSettled(t)
}

func TestAFailedCompanyImportIsMadeAgain(t *testing.T) {
	w := town(t)
	firms := w.found(manyFirms)
	w.employ(firms)
	w.brevo.FailProcesses(1)
	out := w.again(t, incrementally)
	assert.EqualValues(t, manyFirms, out.Push.Companies)
	assert.Empty(t, out.Push.Notice)
	w.assertEmployed(t, firms)
	assert.Empty(t, w.rejectsOf(t, firms[0]))
	w.assertSettled(t)
}

func TestCompanyImportsThatAlwaysFailEndTheRunWithANotice(t *testing.T) {
	w := town(t)
	firms := w.found(manyFirms)
	w.employ(firms)
	for range 2 {
		w.brevo.FailProcesses(100)
		out := w.again(t, incrementally)
		assert.Zero(t, out.Push.Companies)
		assert.Equal(t, "15 companies wait because Brevo's imports of them failed; the next sync tries again", out.Push.Notice)
		assert.Equal(t, []string{"import_failed"}, w.rejectsOf(t, firms[0]))
	}
	w.brevo.FailProcesses(0)
	assert.EqualValues(t, manyFirms, w.again(t, incrementally).Push.Companies)
	w.assertEmployed(t, firms)
	assert.Empty(t, w.rejectsOf(t, firms[0]))
}

func TestALostAnswerMakesNoSecondCompany(t *testing.T) {
	for name, fault := range map[string]sim.Fault{
		"it arrived": {DropAfter: true}, "it did not": {DropBefore: true}, "an error": {Status: 500}, "to be asked later": {Status: 429, Times: 3},
	} {
		t.Run(name, func(t *testing.T) {
			for _, shown := range []brevosim.ImportVisibility{brevosim.ListedImports, brevosim.HiddenImports} {
				t.Run(string(shown), func(t *testing.T) {
					eachNumber(t, func(t *testing.T, w *world, n int) {
						fault.Method, fault.Path, fault.Skip = "POST", "/v3/companies", 1
						if n > fewFirms {
							fault.Skip = 0
						}
						w.brevo.Faults().Add(fault)
						firms := w.found(n)
						w.employ(firms)
						out := w.again(t, incrementally)
						assert.EqualValues(t, n, out.Push.Companies)
						w.assertEmployed(t, firms)
						w.assertSettled(t)
					}, brevoWith(func(b *brevosim.Options) { b.ImportDelay, b.CompanyImports = time.Minute, shown }))
				})
			}
		})
	}
}

func TestNothingIsMadeAgainWhileBrevoRefusesToListCompanies(t *testing.T) {
	w := town(t)
	firms := w.found(manyFirms)
	w.employ(firms)
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/companies/import", DropAfter: true},
		sim.Fault{Method: "GET", Path: "/v3/companies$", Status: 400, Times: sim.Forever})
	out := w.again(t, incrementally)
	assert.Contains(t, out.Push.Notice, "nothing is made twice")
	assert.Len(t, w.brevo.Companies(), manyFirms)
	w.brevo.Faults().Clear()
	assert.EqualValues(t, manyFirms, w.again(t, incrementally).Push.Companies)
	w.assertEmployed(t, firms)
}

func TestACompanyDeletedInBrevoIsMadeAgainOnlyWhenConfigured(t *testing.T) {
	for setting, made := range map[string]int{"skip": 0, "recreate": 1} {
		t.Run(setting, func(t *testing.T) {
			w := town(t)
			w.configure("on_brevo_deleted: " + setting)
			firms := w.found(1)
			w.employ(firms)
			w.again(t, workflows.SyncInput{})
			w.brevo.DeleteCompany(w.company(t, firms[0]).ID)
			for _, name := range []string{"Renamed AG", "Renamed twice AG"} {
				w.renameFirm(t, firms[0], name)
				w.again(t, incrementally)
				w.again(t, incrementally)
			}
			assert.Len(t, w.brevo.Companies(), made)
			assert.Empty(t, w.rejectsOf(t, firms[0]))
		})
	}
}
