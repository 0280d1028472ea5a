package brevosim_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
)

func TestCreateCompany(t *testing.T) {
	tests := []struct {
		name   string
		body   obj
		status int
	}{
		{"named", obj{"name": "Acme"}, 200},
		{"nameless", obj{"attributes": obj{"domain": "acme.example"}}, 400},
		{"phone", obj{"name": "Acme", "countryCode": 33, "attributes": obj{"phone_number": "612345678"}}, 200},
		{"phone without a country", obj{"name": "Acme", "attributes": obj{"phone_number": "612345678"}}, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := open(t, brevosim.Options{})
			got := a.call("POST", "/companies", tt.body)
			require.Equal(t, tt.status, got.Status, "%s", got.Raw)
			if tt.status == 200 {
				assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{24}$`), got.object(t)["id"])
			}
		})
	}
}

func TestCompaniesAreNotUnique(t *testing.T) {
	a := open(t, brevosim.Options{})
	a.must(200, "POST", "/companies", obj{"name": "Acme"})
	a.must(200, "POST", "/companies", obj{"name": "Acme"})
	a.must(200, "POST", "/companies", obj{"name": "Other"})
	find := func(query string) int { return len(items(t, a, query)) }
	assert.Equal(t, 2, find(url.QueryEscape("filters[attributes.name]")+"=Acme"))
	assert.Empty(t, a.Misuses())
	assert.Equal(t, 3, find("filters="+url.QueryEscape(`{"attributes.name":"Acme"}`)), "the old parameter filters nothing")
	assert.Len(t, a.Misuses(), 1)
	assert.Equal(t, 2, find("limit=2"))
	assert.Equal(t, 1, find("limit=2&page=2"))
	assert.Equal(t, 0, find("limit=2&page=3"))
	a.must(400, "GET", "/companies?page=0", nil)
}

func items(t *testing.T, a *account, query string) []any {
	t.Helper()
	return a.must(200, "GET", "/companies?"+query, nil).object(t)["items"].([]any)
}

func TestCompanyPages(t *testing.T) {
	for paging, second := range map[brevosim.CompanyPaging][]any{
		brevosim.PageFromOne: {"0", "1"}, brevosim.PageFromZero: {"2", "3"}, brevosim.PageByRow: {"1", "2"},
	} {
		a := open(t, brevosim.Options{CompanyPaging: paging, CompanyPageMax: 2, RefuseLargePages: true})
		for i := range 4 {
			a.must(200, "POST", "/companies", obj{"name": strconv.Itoa(i)})
		}
		var names []any
		for _, item := range items(t, a, "page=1&limit=2&sort=asc") {
			names = append(names, item.(map[string]any)["attributes"].(map[string]any)["name"])
		}
		assert.Equal(t, second, names, paging)
		a.must(400, "GET", "/companies?limit=3", nil)
	}
}

func TestWhatTheAccountDoesWithCompaniesWhenToldSo(t *testing.T) {
	a := open(t, brevosim.Options{
		CompanyListLag: time.Hour, CompanyImports: brevosim.UnlistedImports, StrictLinks: true, CompanyAttributePrefix: "cf_",
	})
	a.must(200, "POST", "/crm/attributes", obj{"objectType": "companies", "label": "Region", "attributeType": "text"})
	assert.Contains(t, string(a.must(200, "GET", "/crm/attributes/companies", nil).Raw), "cf_region")
	id := upload(t, a, "name\nAcme\n", `{}`).object(t)["processId"]
	assert.Empty(t, a.must(200, "GET", "/processes", nil).object(t)["processes"])
	a.must(200, "GET", fmt.Sprintf("/processes/%v", id), nil)
	assert.Empty(t, items(t, a, "limit=5"), "not listed yet")
	made := a.Companies()
	require.Len(t, made, 1)
	a.must(400, "PATCH", "/companies/link-unlink/"+made[0].ID, obj{"linkContactIds": []int{999}})
	a.clock.Advance(time.Hour)
	assert.Len(t, items(t, a, "limit=5"), 1)

	a.RefuseCompany("Bad")
	a.must(400, "POST", "/companies", obj{"name": "Bad"})
	a.must(400, "PATCH", "/companies/"+made[0].ID, obj{"attributes": obj{"name": "Bad"}})
	assert.Equal(t, 400, upload(t, a, "name\nGood\nBad\n", `{}`).Status)
	assert.True(t, a.DeleteCompany(made[0].ID))
	assert.False(t, a.DeleteCompany(made[0].ID))
}

func TestLinks(t *testing.T) {
	a := seeded(t)
	id := a.must(200, "POST", "/companies", obj{"name": "Acme", "linkedContactsIds": []int{1, 99}}).object(t)["id"].(string)
	linked := func() []int64 { return a.Companies()[0].Contacts }
	assert.Equal(t, []int64{1}, linked())
	a.must(204, "PATCH", "/companies/link-unlink/"+id, obj{"linkContactIds": []int{2, 3}, "unlinkContactIds": []int{1}})
	assert.Equal(t, []int64{2, 3}, linked())
	a.must(200, "PATCH", "/companies/"+id, obj{"attributes": obj{"domain": "acme.example"}})
	assert.Equal(t, []int64{2, 3}, linked(), "a change that names no contacts leaves them")
	a.must(200, "PATCH", "/companies/"+id, obj{"linkedContactsIds": []int{1}})
	assert.Equal(t, []int64{1}, linked(), "a change that names contacts replaces them")
	assert.Len(t, items(t, a, "linkedContactsIds=1"), 1)
	assert.Empty(t, items(t, a, "linkedContactsIds=2"))
	a.DeleteContact("ann@example.com")
	assert.Empty(t, linked())
	a.must(404, "PATCH", "/companies/65f0c0de0000000000000099", obj{"name": "x"})
	a.must(200, "GET", "/companies/"+id, nil)
	a.must(204, "DELETE", "/companies/"+id, nil)
	a.must(404, "GET", "/companies/"+id, nil)
}

func TestCompanyAttributes(t *testing.T) {
	a := open(t, brevosim.Options{})
	id := a.must(200, "POST", "/crm/attributes", obj{"objectType": "companies", "label": "Zendesk ID (main)", "attributeType": "text"}).object(t)["id"].(string)
	for name, body := range map[string]obj{
		"same label":     {"objectType": "companies", "label": "Zendesk ID (main)", "attributeType": "text"},
		"same name":      {"objectType": "companies", "label": "zendesk id main", "attributeType": "text"},
		"reserved":       {"objectType": "companies", "label": "Revenue", "attributeType": "text"},
		"wrong type":     {"objectType": "companies", "label": "A", "attributeType": "float"},
		"nameless":       {"objectType": "companies", "label": "", "attributeType": "text"},
		"over 50 letter": {"objectType": "companies", "label": "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeef", "attributeType": "text"},
	} {
		assert.Equal(t, 400, a.call("POST", "/crm/attributes", body).Status, name)
	}
	got := a.must(200, "GET", "/crm/attributes/companies", nil)
	assert.Contains(t, string(got.Raw), `"internalName":"zendesk_id_main"`)

	company := a.must(200, "POST", "/companies", obj{"name": "Acme", "attributes": obj{
		"zendesk_id_main": "42", "Zendesk ID (main)": "43", "revenue": "much", "number_of_employees": 7, "unknown": "x",
	}}).object(t)["id"].(string)
	assert.Equal(t, obj{"name": "Acme", "zendesk_id_main": "42", "number_of_employees": 7.0}, a.Companies()[0].Attributes)

	a.must(204, "PATCH", "/crm/attributes/"+id, obj{"label": "Support ID"})
	assert.Equal(t, "zendesk_id_main", a.CompanyAttributes()[10].InternalName, "a new label leaves the name")
	a.must(204, "DELETE", "/crm/attributes/"+id, nil)
	a.must(404, "DELETE", "/crm/attributes/"+id, nil)
	assert.NotContains(t, a.must(200, "GET", "/companies/"+company, nil).object(t)["attributes"], "zendesk_id_main")
}

// upload sends a companies import.
func upload(t *testing.T, a *account, file, mapping string) answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if file != "" {
		part, err := w.CreateFormFile("file", "companies.csv")
		require.NoError(t, err)
		_, err = part.Write([]byte(file))
		require.NoError(t, err)
	}
	require.NoError(t, w.WriteField("mapping", mapping))
	require.NoError(t, w.Close())
	return a.send("POST", "/companies/import", body.String(), http.Header{
		"Api-Key": {brevosim.DefaultAPIKey}, "Content-Type": {w.FormDataContentType()},
	})
}

func TestImportCompanies(t *testing.T) {
	a := seeded(t)
	old := a.must(200, "POST", "/companies", obj{"name": "Acme", "attributes": obj{"domain": "acme.example"}}).object(t)["id"].(string)

	got := upload(t, a, "name,domain,associated_contact,number_of_employees\nAcme,,ann@example.com,12\nBeta,beta.example,\"2,3\",many\n,,,\n", `{"link_entities": true}`)
	require.Equal(t, 200, got.Status, "%s", got.Raw)
	assert.EqualValues(t, 101, got.object(t)["processId"])
	companies := a.Companies()
	require.Len(t, companies, 3, "names do not match; a row without one makes nothing")
	assert.Equal(t, []int64{1}, companies[1].Contacts)
	assert.Equal(t, 12.0, companies[1].Attributes["number_of_employees"])
	assert.Equal(t, []int64{2, 3}, companies[2].Contacts)
	assert.NotContains(t, companies[2].Attributes, "number_of_employees")
	assert.Equal(t, 1, a.Processes()[0].Unlisted)
	a.must(200, "GET", "/processes/101", nil)

	upload(t, a, "company_id,name,domain\n"+old+",Acme Corp,\nffffffffffffffffffffffff,Ghost,\n", `{"update_existing_records": true, "unset_empty_attributes": true}`)
	companies = a.Companies()
	require.Len(t, companies, 3)
	assert.Equal(t, obj{"name": "Acme Corp"}, companies[0].Attributes)

	upload(t, a, "company_id,name\n"+old+",Acme Corp\n", `{}`)
	assert.Len(t, a.Companies(), 4, "without update_existing_records every row is a new company")

	for name, bad := range map[string]answer{"no file": upload(t, a, "", `{}`), "mapping": upload(t, a, "name\nX\n", `{`)} {
		assert.Equal(t, 400, bad.Status, name)
		assert.NotContains(t, bad.object(t), "code", name)
		assert.NotEmpty(t, bad.object(t)["message"], name)
	}
}
