package brevo_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
)

// endpoint is one way to call the client, the request it must make, and the answer it gets.
type endpoint struct {
	name   string
	call   func(ctx context.Context, c *brevo.Client) (any, error)
	method string
	path   string // below /v3
	query  string
	body   string // exact; an uploaded form's boundary is written BOUNDARY
	bucket string
	status int
	answer string
	want   any // nil: the call returns no value
}

var (
	since     = time.Date(2026, 3, 1, 9, 30, 0, 250_000_000, time.FixedZone("", 5*3600+1800))
	companyID = "629475917295261d9b1f4403"
)

// none adapts a call that returns an error alone.
func none(err error) (any, error) { return nil, err }

// one adapts a call that returns a value.
func one[T any](v T, err error) (any, error) { return v, err }

func endpoints() []endpoint {
	var all []endpoint
	for _, part := range [][]endpoint{attributeEndpoints(), listEndpoints(), contactEndpoints(), companyEndpoints(), otherEndpoints()} {
		all = append(all, part...)
	}
	return all
}

func attributeEndpoints() []endpoint {
	return []endpoint{
		{
			name:   "attributes",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.ListAttributes(ctx)) },
			method: "GET", path: "/contacts/attributes", bucket: brevo.BucketContacts, status: 200,
			answer: `{"attributes":[{"name":"TIER","category":"category","type":"category","enumeration":[{"value":0,"label":"Gold","valueStr":"gold"}]}]}`,
			want: []brevo.Attribute{{
				Name: "TIER", Category: "category", Type: "category",
				Enumeration: []brevo.EnumerationItem{{Label: "Gold", ValueStr: "gold"}},
			}},
		},
		{
			name: "create a text attribute",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.CreateAttribute(ctx, brevo.CategoryNormal, "TAGS", brevo.AttributeSpec{Type: brevo.TypeText}))
			},
			method: "POST", path: "/contacts/attributes/normal/TAGS", body: `{"type":"text"}`, bucket: brevo.BucketContacts, status: 201,
		},
		{
			name: "delete an attribute",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.DeleteAttribute(ctx, brevo.CategoryNormal, "TAGS"))
			},
			method: "DELETE", path: "/contacts/attributes/normal/TAGS", bucket: brevo.BucketContacts, status: 204,
		},
		{
			name: "create a category attribute",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.CreateAttribute(ctx, brevo.CategoryCategory, "TIER", brevo.AttributeSpec{
					Type: brevo.TypeCategory, Enumeration: []brevo.EnumerationItem{{Value: 1, Label: "Gold", ValueStr: "gold"}},
				}))
			},
			method: "POST", path: "/contacts/attributes/category/TIER", bucket: brevo.BucketContacts, status: 201,
			body: `{"type":"category","enumeration":[{"value":1,"label":"Gold"}]}`,
		},
		{
			name: "create a multiple-choice attribute",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.CreateAttribute(ctx, brevo.CategoryNormal, "CHANNELS", brevo.AttributeSpec{
					Type: brevo.TypeMultipleChoice, MultiCategoryOptions: []string{"web", "email"},
				}))
			},
			method: "POST", path: "/contacts/attributes/normal/CHANNELS", bucket: brevo.BucketContacts, status: 201,
			body: `{"type":"multiple-choice","multiCategoryOptions":["web","email"]}`,
		},
	}
}

func listEndpoints() []endpoint {
	return []endpoint{
		{
			name:   "lists",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.ListLists(ctx)) },
			method: "GET", path: "/contacts/lists", query: "limit=50&offset=0&sort=asc", bucket: brevo.BucketContacts, status: 200,
			answer: `{"count":1,"lists":[{"id":5,"name":"Zendesk","folderId":2,"uniqueSubscribers":11}]}`,
			want:   []brevo.List{{ID: 5, Name: "Zendesk", FolderID: 2}},
		},
		{
			name:   "folders",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.ListFolders(ctx)) },
			method: "GET", path: "/contacts/folders", query: "limit=50&offset=0&sort=asc", bucket: brevo.BucketContacts, status: 200,
			answer: `{"count":1,"folders":[{"id":2,"name":"Zendesk"}]}`,
			want:   []brevo.Folder{{ID: 2, Name: "Zendesk"}},
		},
		{
			name:   "no folders",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.ListFolders(ctx)) },
			method: "GET", path: "/contacts/folders", query: "limit=50&offset=0&sort=asc", bucket: brevo.BucketContacts, status: 200,
			answer: `{"count":0}`, want: []brevo.Folder(nil),
		},
		{
			name:   "list",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.GetList(ctx, 5)) },
			method: "GET", path: "/contacts/lists/5", bucket: brevo.BucketContacts, status: 200,
			answer: `{"id":5,"name":"Zendesk","folderId":2,"uniqueSubscribers":11,"dynamicList":true}`,
			want:   brevo.List{ID: 5, Name: "Zendesk", FolderID: 2},
		},
		{
			name:   "create a list",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.CreateList(ctx, "All", 2)) },
			method: "POST", path: "/contacts/lists", body: `{"name":"All","folderId":2}`, bucket: brevo.BucketContacts, status: 201,
			answer: `{"id":9}`, want: int64(9),
		},
		{
			name:   "create a folder",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.CreateFolder(ctx, "Zendesk")) },
			method: "POST", path: "/contacts/folders", body: `{"name":"Zendesk"}`, bucket: brevo.BucketContacts, status: 201,
			answer: `{"id":4}`, want: int64(4),
		},
		{
			name: "add to a list by address",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.AddToList(ctx, 5, brevo.Members{Emails: []string{"a@example.com", "b@example.com"}}))
			},
			method: "POST", path: "/contacts/lists/5/contacts/add", bucket: brevo.BucketContacts, status: 201,
			body:   `{"emails":["a@example.com","b@example.com"]}`,
			answer: `{"contacts":{"success":["a@example.com"],"failure":["b@example.com"],"total":1}}`,
			want:   brevo.MembersResult{Success: []string{"a@example.com"}, Failure: []string{"b@example.com"}, Total: 1},
		},
		{
			name: "remove from a list by id",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.RemoveFromList(ctx, 5, brevo.Members{IDs: []int64{1, 2}}))
			},
			method: "POST", path: "/contacts/lists/5/contacts/remove", bucket: brevo.BucketContacts, status: 201,
			body: `{"ids":[1,2]}`, answer: `{"contacts":{"success":[1],"failure":[2],"processId":78}}`,
			want: brevo.MembersResult{Success: []string{"1"}, Failure: []string{"2"}, ProcessID: 78},
		},
		{
			name: "add to a list by external id",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.AddToList(ctx, 5, brevo.Members{ExtIDs: []string{"x1"}}))
			},
			method: "POST", path: "/contacts/lists/5/contacts/add", bucket: brevo.BucketContacts, status: 201,
			body: `{"extIds":["x1"]}`, answer: `{"contacts":{"success":["x1"]}}`, want: brevo.MembersResult{Success: []string{"x1"}, Failure: []string{}},
		},
	}
}

// form is a golden multipart body with CRLF line ends.
func form(parts string) string { return regexp.MustCompile(`\n`).ReplaceAllString(parts, "\r\n") }

func companyEndpoints() []endpoint {
	company := `{"id":"` + companyID + `","attributes":{"name":"Acme"},"linkedContactsIds":[1,2]}`
	acme := brevo.Company{ID: companyID, Attributes: map[string]any{"name": "Acme"}, LinkedContactIDs: []int64{1, 2}}
	return []endpoint{
		{
			name: "create a company, answered 200",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.CreateCompany(ctx, brevo.CreateCompany{
					Name: "Acme", Attributes: map[string]any{"zendesk_id": "77"}, LinkedContactIDs: []int64{1},
				}))
			},
			method: "POST", path: "/companies", bucket: brevo.BucketOther, status: 200,
			body:   `{"name":"Acme","attributes":{"zendesk_id":"77"},"linkedContactsIds":[1]}`,
			answer: `{"id":"` + companyID + `"}`, want: companyID,
		},
		{
			name: "companies by name",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ListCompanies(ctx, brevo.CompanyQuery{
					Name: "Acme & Co", ModifiedSince: since, Page: 2, Limit: 50, Sort: "asc", SortBy: "created_at",
				}))
			},
			method: "GET", path: "/companies", bucket: brevo.BucketOther, status: 200,
			query:  "filters%5Battributes.name%5D=Acme+%26+Co&limit=50&modifiedSince=2026-03-01T04%3A00%3A00.250Z&page=2&sort=asc&sortBy=created_at",
			answer: `{"items":[` + company + `]}`, want: []brevo.Company{acme},
		},
		{
			name: "companies of a contact",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ListCompanies(ctx, brevo.CompanyQuery{LinkedContactID: 3, CreatedSince: since}))
			},
			method: "GET", path: "/companies", bucket: brevo.BucketOther, status: 200,
			query: "createdSince=2026-03-01T04%3A00%3A00.250Z&linkedContactsIds=3", answer: `{}`, want: []brevo.Company(nil),
		},
		{
			name:   "company",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.GetCompany(ctx, companyID)) },
			method: "GET", path: "/companies/" + companyID, bucket: brevo.BucketOther, status: 200, answer: company, want: acme,
		},
		{
			name: "update a company",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.UpdateCompany(ctx, companyID, map[string]any{"domain": "acme.example"}))
			},
			method: "PATCH", path: "/companies/" + companyID, body: `{"attributes":{"domain":"acme.example"}}`, bucket: brevo.BucketOther,
			status: 200, answer: company,
		},
		{
			name: "link and unlink",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.LinkUnlink(ctx, companyID, []int64{1, 2}, []int64{3}))
			},
			method: "PATCH", path: "/companies/link-unlink/" + companyID, body: `{"linkContactIds":[1,2],"unlinkContactIds":[3]}`,
			bucket: brevo.BucketOther, status: 204,
		},
		{
			name: "import companies",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ImportCompanies(ctx, []byte("name,zendesk_id\nAcme,77\n"), brevo.CompanyMapping{LinkEntities: true}))
			},
			method: "POST", path: "/companies/import", bucket: brevo.BucketOther, status: 200,
			body: form(`--BOUNDARY
Content-Disposition: form-data; name="file"; filename="companies.csv"
Content-Type: application/octet-stream

`) + "name,zendesk_id\nAcme,77\n" + form(`
--BOUNDARY
Content-Disposition: form-data; name="mapping"
Content-Type: application/json

{"link_entities":true,"unlink_entities":false,"update_existing_records":false}
--BOUNDARY--
`),
			answer: `{"processId":50}`, want: int64(50),
		},
		{
			name:   "company attributes",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.ListCompanyAttributes(ctx)) },
			method: "GET", path: "/crm/attributes/companies", bucket: brevo.BucketOther, status: 200,
			answer: `[{"internalName":"zendesk_id","label":"Zendesk id","attributeTypeName":"text","isRequired":false,"attributeOptions":[]}]`,
			want:   []brevo.CompanyAttribute{{InternalName: "zendesk_id", Label: "Zendesk id", Type: "text"}},
		},
		{
			name: "create a company attribute, answered 200",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.CreateCompanyAttribute(ctx, "Zendesk id", brevo.CompanyText))
			},
			method: "POST", path: "/crm/attributes", body: `{"label":"Zendesk id","attributeType":"text","objectType":"companies"}`,
			bucket: brevo.BucketOther, status: 200, answer: `{"id":"61a5cd07ca1347c82306ad07"}`, want: "61a5cd07ca1347c82306ad07",
		},
	}
}

var boundary = regexp.MustCompile(`--[0-9a-f]{60}`)

func TestEveryCallMakesTheDocumentedRequest(t *testing.T) {
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			v, meter := newVendor(t, e.status, e.answer), &ledger{}
			c := v.client(t, func(cfg *brevo.Config) { cfg.Meter, cfg.Share = meter, 0.8 })

			got, err := e.call(t.Context(), c)

			require.NoError(t, err)
			assert.Equal(t, e.want, got)
			r := v.only(t)
			assert.Equal(t, e.method+" /v3"+e.path, r.method+" "+r.path)
			assert.Equal(t, e.query, r.query)
			assert.Equal(t, e.body, boundary.ReplaceAllString(r.body, "--BOUNDARY"))
			assert.Equal(t, testKey, r.header.Get("Api-Key"))
			assert.Empty(t, r.header.Get("Authorization"))
			require.Len(t, meter.needs, 1)
			assert.Equal(t, e.bucket, meter.needs[0].Bucket)
			assert.InDelta(t, 0.8, meter.needs[0].Share, 0)
		})
	}
}
