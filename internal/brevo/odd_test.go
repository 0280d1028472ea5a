package brevo_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
)

func TestContactsInOddShapes(t *testing.T) {
	for body, want := range map[string]brevo.Contact{
		`{"id":1,"attributes":[]}`:                                           {ID: 1},
		`{"id":1,"attributes":null,"email":null}`:                            {ID: 1},
		`{"id":1,"attributes":"none"}`:                                       {ID: 1},
		`{"id":1,"attributes":{"A":"b"}}`:                                    {ID: 1, Attributes: map[string]any{"A": "b"}},
		`{"id":"42","listIds":null,"listUnsubscribed":null}`:                 {ID: 42},
		`{"id":1,"listIds":["7",8,null,"x"],"listUnsubscribed":{}}`:          {ID: 1, ListIDs: []int64{7, 8}},
		`{"id":1,"emailBlacklisted":true,"smsBlacklisted":null}`:             {ID: 1, EmailBlacklisted: true},
		`{"id":1,"emailBlacklisted":"true","smsBlacklisted":0}`:              {ID: 1, EmailBlacklisted: true},
		`{"id":1,"emailBlacklisted":"false","smsBlacklisted":1}`:             {ID: 1, SMSBlacklisted: true},
		`{"id":1,"emailBlacklisted":"","smsBlacklisted":"maybe"}`:            {ID: 1, SMSBlacklisted: true},
		`{"id":1,"emailBlacklisted":{"since":"2026-01-01"}}`:                 {ID: 1, EmailBlacklisted: true},
		`{"id":1,"createdAt":"noon","modifiedAt":1700000000}`:                {ID: 1},
		`{"id":1,"createdAt":null,"modifiedAt":"2022-12-04 18:22:48"}`:       {ID: 1, ModifiedAt: time.Date(2022, 12, 4, 18, 22, 48, 0, time.UTC)},
		`{"id":1,"createdAt":"2022-12-04T18:22:48.5Z","modifiedAt":{"a":1}}`: {ID: 1, CreatedAt: time.Date(2022, 12, 4, 18, 22, 48, 500_000_000, time.UTC)},
	} {
		t.Run(body, func(t *testing.T) {
			got, err := newVendor(t, http.StatusOK, body).client(t).GetContact(t.Context(), brevo.ByID(1))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// A contact whose id cannot be read must not pass for one without.
func TestContactsThatCannotBeRead(t *testing.T) {
	for _, body := range []string{`{"id":"x"}`, `{"id":{}}`, `{"id":0}`} {
		_, err := newVendor(t, http.StatusOK, body).client(t).GetContact(t.Context(), brevo.ByID(1))
		assert.Error(t, err, body)
	}
}

func TestCreatedIDsMayBeText(t *testing.T) {
	id, err := newVendor(t, http.StatusCreated, `{"id":"42"}`).client(t).CreateContact(t.Context(), brevo.CreateContact{Email: "a@example.com"})
	require.NoError(t, err)
	assert.Equal(t, int64(42), id)
}

// One value of another type must not stop a step for ever, for the same answer would come again and again.
func TestNumbersMayBeText(t *testing.T) {
	process, err := newVendor(t, http.StatusAccepted, `{"processId":"78"}`).client(t).ImportContacts(t.Context(), brevo.Import{
		Rows: []brevo.ImportRow{{Email: "a@example.com"}}, ListIDs: []int64{1},
	})
	require.NoError(t, err)
	assert.Equal(t, int64(78), process)
	process, err = newVendor(t, http.StatusOK, `{"processId":"79"}`).client(t).ImportCompanies(t.Context(), []byte("name"), brevo.CompanyMapping{})
	require.NoError(t, err)
	assert.Equal(t, int64(79), process)
	processes, err := newVendor(t, http.StatusOK, `{"processes":[{"id":"78","status":"completed"},{"id":77}],"count":"2"}`).client(t).ListProcesses(t.Context(), 50, 0, "")
	require.NoError(t, err)
	assert.Equal(t, brevo.ProcessPage{Count: 2, Processes: []brevo.Process{{ID: 78, Status: brevo.StatusCompleted}, {ID: 77}}}, processes)
	lists, err := newVendor(t, http.StatusOK, `{"lists":[{"id":"5","name":"All","folderId":"2"}],"count":1}`).client(t).ListLists(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []brevo.List{{ID: 5, Name: "All", FolderID: 2}}, lists)
	id, err := newVendor(t, http.StatusOK, `{"id":6}`).client(t).CreateCompany(t.Context(), brevo.CreateCompany{Name: "Acme"})
	require.NoError(t, err)
	assert.Equal(t, "6", id)
	added, err := newVendor(t, http.StatusCreated, `{"contacts":{"success":[1],"total":"1","processId":null}}`).client(t).AddToList(t.Context(), 5, brevo.Members{IDs: []int64{1}})
	require.NoError(t, err)
	assert.Equal(t, brevo.MembersResult{Success: []string{"1"}, Failure: []string{}, Total: 1}, added)
}

func TestOptionsInOddShapes(t *testing.T) {
	for body, want := range map[string]brevo.EnumerationItem{
		`{"value":1,"label":"Gold"}`:                      {Value: 1, Label: "Gold"},
		`{"value":"1","label":"Gold"}`:                    {Value: 1, Label: "Gold"},
		`{"value":"1","label":"Gold","valueStr":"1"}`:     {Value: 1, Label: "Gold", ValueStr: "1"},
		`{"value":0,"label":"Gold","valueStr":"gold"}`:    {Label: "Gold", ValueStr: "gold"},
		`{"value":"gold","label":"Gold"}`:                 {Label: "Gold", ValueStr: "gold"},
		`{"value":"gold","label":"Gold","valueStr":null}`: {Label: "Gold", ValueStr: "gold"},
		`{"value":null,"label":2026,"valueStr":2026}`:     {Label: "2026", ValueStr: "2026"},
		`{"value":1.5,"label":null}`:                      {ValueStr: "1.5"},
	} {
		page := `{"attributes":[{"name":"TIER","category":"category","type":"category","enumeration":[` + body + `]}]}`
		got, err := newVendor(t, http.StatusOK, page).client(t).ListAttributes(t.Context())
		require.NoError(t, err, body)
		assert.Equal(t, []brevo.Attribute{{Name: "TIER", Category: "category", Type: "category", Enumeration: []brevo.EnumerationItem{want}}}, got, body)
	}
}

// One odd attribute must not stop an account: the others are what is asked for.
func TestAttributesInOddShapes(t *testing.T) {
	tier := brevo.Attribute{Name: "TIER", Category: "category", Type: "category"}
	gold := tier
	gold.Enumeration = []brevo.EnumerationItem{{Value: 1, Label: "Gold"}}
	for member, want := range map[string]brevo.Attribute{
		`"enumeration":{}`:   tier,
		`"enumeration":null`: tier,
		`"enumeration":["Gold",null,{"value":{},"label":[]},{"value":1,"label":"Gold"}]`: gold,
		`"calculatedValue":7`:           tier,
		`"multiCategoryOptions":[1,2]`:  tier,
		`"multiCategoryOptions":"none"`: tier,
	} {
		page := `{"attributes":[{"name":"TIER","category":"category","type":"category",` + member + `},{"name":"AGE","category":"normal","type":"float"},{"name":7,"category":{},"type":null}]}`
		got, err := newVendor(t, http.StatusOK, page).client(t).ListAttributes(t.Context())
		require.NoError(t, err, member)
		assert.Equal(t, []brevo.Attribute{want, {Name: "AGE", Category: "normal", Type: "float"}, {Name: "7"}}, got, member)
	}
	for _, page := range []string{`{"attributes":{}}`, `{"attributes":["AGE"]}`, `{}`} {
		_, err := newVendor(t, http.StatusOK, page).client(t).ListAttributes(t.Context())
		require.Error(t, err, "what cannot be read must not pass for none")
	}
}

func TestCompanyAttributesInOddShapes(t *testing.T) {
	page := `[{"internalName":"zendesk_id","label":1,"attributeTypeName":"text","isRequired":"true","attributeOptions":{}},{"internalName":null,"label":"zendesk_id"},{"internalName":"x","label":{}}]`
	got, err := newVendor(t, http.StatusOK, page).client(t).ListCompanyAttributes(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []brevo.CompanyAttribute{{InternalName: "zendesk_id", Label: "1", Type: "text"}, {InternalName: "x"}}, got)
}

func TestEventsInOddShapes(t *testing.T) {
	for properties, want := range map[string]map[string]any{
		`{"key":"k"}`: {"key": "k"}, `"{\"key\":\"k\"}"`: {"key": "k"}, `" {\"key\":\"k\"}"`: {"key": "k"},
		`{}`: {}, `"{}"`: {}, `""`: nil, `"k"`: nil, `"{\"key\""`: nil, `null`: nil, `[]`: nil, `7`: nil, `"null"`: nil,
	} {
		page, err := newVendor(t, http.StatusOK, `{"count":1,"events":[{"event_properties":`+properties+`}]}`).client(t).ListEvents(t.Context(), brevo.EventQuery{})
		require.NoError(t, err, properties)
		assert.Equal(t, []brevo.StoredEvent{{Properties: want}}, page.Events, properties)
	}
	body := `{"count":2,"events":[{"contact_id":"42","event_date":"2026-03-01 07:30:00","event_properties":{"key":"k"}},{"contact_id":null,"event_date":7,"event_properties":[]}]}`
	page, err := newVendor(t, http.StatusOK, body).client(t).ListEvents(t.Context(), brevo.EventQuery{})
	require.NoError(t, err)
	assert.Equal(t, []brevo.StoredEvent{
		{ContactID: 42, Date: time.Date(2026, 3, 1, 7, 30, 0, 0, time.UTC), Properties: map[string]any{"key": "k"}}, {},
	}, page.Events)
}

func TestCompaniesInOddShapes(t *testing.T) {
	for body, want := range map[string]brevo.Company{
		`{"id":"6","attributes":[],"linkedContactsIds":null}`:             {ID: "6"},
		`{"id":6,"attributes":null,"linkedContactsIds":["1",2]}`:          {ID: "6", LinkedContactIDs: []int64{1, 2}},
		`{"id":"6","attributes":{"name":"Acme"},"linkedContactsIds":[3]}`: {ID: "6", Attributes: map[string]any{"name": "Acme"}, LinkedContactIDs: []int64{3}},
	} {
		got, err := newVendor(t, http.StatusOK, body).client(t).GetCompany(t.Context(), "6")
		require.NoError(t, err, body)
		assert.Equal(t, want, got)
	}
}

func TestProcessesWithoutInformation(t *testing.T) {
	for _, body := range []string{
		`{"id":1,"status":"completed","info":[]}`, `{"id":1,"status":"completed","info":null}`, `{"id":1,"status":"completed"}`,
		`{"id":1,"status":"completed","info":""}`, `{"id":1,"status":"completed","info":{}}`, `{"id":1,"status":"completed","info":{"import":[]}}`,
		`{"id":1,"status":"completed","info":{"import":null,"export":{}}}`,
	} {
		p, err := newVendor(t, http.StatusOK, body).client(t).GetProcess(t.Context(), 1)
		require.NoError(t, err, body)
		assert.Equal(t, brevo.Process{ID: 1, Status: brevo.StatusCompleted}, p)
		assert.Empty(t, p.Rejects())
	}
}
