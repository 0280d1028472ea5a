package e2e_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
)

func TestTheKeyAttributeIsUsedUnderTheNameThatBrevoGaveIt(t *testing.T) {
	eachNumber(t, func(t *testing.T, w *world, n int) {
		firms := w.found(n)
		w.employ(firms)
		assert.EqualValues(t, n, w.again(t, incrementally).Push.Companies)
		require.Equal(t, "cf_zendesk_id", w.companyKey())
		w.assertEmployed(t, firms)
		w.renameFirm(t, firms[0], "Renamed AG")
		assert.EqualValues(t, 1, w.again(t, incrementally).Push.Companies)
		c := w.company(t, firms[0])
		assert.Equal(t, map[string]any{"name": "Renamed AG", "cf_zendesk_id": strconv.FormatInt(firms[0], 10)}, c.Attributes)
		w.assertSettled(t)
		assert.Equal(t, 1, w.callsTo("POST", "/v3/crm/attributes"), "the attribute is made once")
	}, brevoWith(func(b *brevosim.Options) { b.CompanyAttributePrefix = "cf_" }))
}

func TestALostAnswerIsReconciledByTheKeyUnderItsOwnName(t *testing.T) {
	w := town(t, brevoWith(func(b *brevosim.Options) { b.CompanyAttributePrefix = "cf_" }))
	w.brevo.Faults().Add(sim.Fault{Method: "POST", Path: "/v3/companies", DropAfter: true, Times: 2})
	firms := w.found(fewFirms)
	w.employ(firms)
	w.again(t, incrementally)
	w.assertEmployed(t, firms)
}

func TestAnAccountThatRefusesTheKeyAttributeStaysWithoutCompanies(t *testing.T) {
	for name, fault := range map[string]sim.Fault{
		"cannot be made":               {Method: "POST", Path: "/v3/crm/attributes", Status: 400},
		"cannot be listed":             {Method: "GET", Path: "/v3/crm/attributes/companies", Status: 400},
		"has the type number":          {Method: "GET", Path: "/v3/crm/attributes/companies", Status: 200, Body: `[{"internalName":"zid","label":"zendesk_id","attributeTypeName":"number"}]`},
		"was made but is not listed":   {Method: "GET", Path: "/v3/crm/attributes/companies", Status: 200, Body: `[]`},
		"companies (403)":              {Path: "/v3/crm/attributes", Status: 403},
		"offer companies to this acco": {Path: "/v3/crm/attributes", Status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			fault.Times = sim.Forever
			w := town(t)
			w.brevo.Faults().Add(fault)
			firms := w.found(fewFirms)
			w.employ(firms)
			out := w.again(t, incrementally)
			assert.EqualValues(t, fewFirms, out.Push.Sent, "contacts go on")
			assert.Zero(t, out.Push.Companies)
			assert.Contains(t, out.Push.Notice, name)
			assert.Empty(t, w.brevo.Companies())
			w.brevo.Faults().Clear()
			assert.EqualValues(t, fewFirms, w.again(t, incrementally).Push.Companies, "and so do companies, once they can")
			w.assertEmployed(t, firms)
		})
	}
}

func TestAPlanWithoutCompaniesIsANoticeAndNoPause(t *testing.T) {
	for status, says := range map[int]string{
		http.StatusPaymentRequired: "(402)", http.StatusForbidden: "(403)", http.StatusNotFound: "(404)",
	} {
		t.Run(says, func(t *testing.T) {
			eachNumber(t, func(t *testing.T, w *world, n int) {
				w.brevo.Faults().Add(sim.Fault{Path: "/v3/companies", Status: status, Times: sim.Forever})
				firms := w.found(n)
				w.employ(firms)
				out := w.again(t, incrementally)
				assert.EqualValues(t, n, out.Push.Sent, "contacts go on")
				assert.Contains(t, out.Push.Notice, says)
				assert.Contains(t, out.Push.Notice, "organizations stay out")
				_, paused, err := w.account().Paused(t.Context())
				require.NoError(t, err)
				assert.False(t, paused)
				w.brevo.Faults().Clear()
				assert.EqualValues(t, n, w.again(t, incrementally).Push.Companies)
				w.assertEmployed(t, firms)
			})
		})
	}
}
