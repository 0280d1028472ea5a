package brevosim_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
)

// seeded has ann (id 1, phone, ext_id), bob (id 2) and a contact known by phone only (id 3), and lists 1 and 2.
func seeded(t *testing.T) *account {
	t.Helper()
	a := open(t, brevosim.Options{})
	a.SeedAttribute("AGE", "float")
	a.SeedAttribute("BORN", "date")
	a.SeedAttribute("VIP", "boolean")
	a.SeedAttributeDefinition(brevosim.Attribute{
		Name: "TIER", Category: "category", Type: "text", Options: []brevosim.Option{{Value: "gold", Label: "Gold"}, {Value: "2", Label: "Two"}},
	})
	a.SeedAttributeDefinition(brevosim.Attribute{Name: "LIKES", Category: "normal", Type: "multiple-choice", Choices: []string{"tea", "jazz"}})
	a.SeedList("one")
	a.SeedList("two")
	a.SeedContact(brevosim.Contact{Email: "ann@example.com", Attributes: obj{"FIRSTNAME": "Ann", "SMS": "+33612345678", "EXT_ID": "77"}})
	a.SeedContact(brevosim.Contact{Email: "bob@example.com", Attributes: obj{"FIRSTNAME": "Bob"}})
	a.SeedContact(brevosim.Contact{Attributes: obj{"SMS": "33687654321"}})
	return a
}

func TestCreateContact(t *testing.T) {
	tests := []struct {
		name       string
		body       obj
		status     int
		duplicates []any // metadata.duplicate_identifiers
	}{
		{"new", obj{"email": "New@Example.com"}, 201, nil},
		{"new by phone", obj{"attributes": obj{"SMS": "0033611111111"}}, 201, nil},
		{"new by external id", obj{"ext_id": "abc"}, 201, nil},
		{"nobody", obj{"attributes": obj{"FIRSTNAME": "X"}}, 400, nil},
		{"malformed address", obj{"email": "not an address"}, 400, nil},
		{"address without a dot", obj{"email": "a@localhost"}, 400, nil},
		{"national phone", obj{"email": "c@example.com", "attributes": obj{"SMS": "0612345678"}}, 400, nil},
		{"phone with spaces", obj{"email": "c@example.com", "attributes": obj{"SMS": "+33 6 11 11 11 11"}}, 400, nil},
		{"unknown list", obj{"email": "c@example.com", "listIds": []int{99}}, 400, nil},
		{"known", obj{"email": "ann@example.com"}, 400, []any{"email"}},
		{"known, in capitals", obj{"email": "ANN@example.com"}, 400, []any{"email"}},
		{"known phone", obj{"email": "c@example.com", "attributes": obj{"SMS": "33612345678"}}, 400, []any{"SMS"}},
		{"update", obj{"email": "ann@example.com", "updateEnabled": true}, 204, nil},
		{"update with somebody's phone", obj{"email": "bob@example.com", "attributes": obj{"SMS": "+33612345678"}, "updateEnabled": true}, 400, []any{"SMS"}},
		{"update with somebody's ext_id", obj{"email": "bob@example.com", "ext_id": "77", "updateEnabled": true}, 400, []any{"ext_id"}},
		{"new address with somebody's phone", obj{"email": "c@example.com", "attributes": obj{"SMS": "+33612345678"}, "updateEnabled": true}, 400, []any{"SMS"}},
		{"clear the phone", obj{"email": "ann@example.com", "attributes": obj{"SMS": ""}, "updateEnabled": true}, 204, nil},
		{"merge", obj{"email": "bob@example.com", "attributes": obj{"SMS": "+33612345678"}, "forceMerge": true}, 204, nil},
		{"merge and tell the id", obj{"email": "bob@example.com", "ext_id": "77", "forceMerge": true, "getId": true}, 201, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			got := a.call("POST", "/contacts", tt.body)
			require.Equal(t, tt.status, got.Status, "%s", got.Raw)
			assert.Equal(t, 1, a.Writes().Creates)
			switch {
			case tt.status == 204:
				assert.Empty(t, got.Raw, "an update has no body")
			case tt.status == 201:
				assert.Positive(t, got.id(t))
			case tt.duplicates != nil:
				assert.Equal(t, obj{"duplicate_identifiers": tt.duplicates}, got.object(t)["metadata"])
				assert.Contains(t, got.object(t)["message"], "already associated with another Contact")
			}
		})
	}
}

func TestTheCodeOfADuplicateAlternates(t *testing.T) {
	a := seeded(t)
	first := a.call("POST", "/contacts", obj{"email": "ann@example.com"}).object(t)
	second := a.call("POST", "/contacts", obj{"email": "ann@example.com"}).object(t)
	assert.Equal(t, "duplicate_parameter", first["code"])
	assert.Equal(t, "invalid_parameter", second["code"])
	assert.Equal(t, first["message"], second["message"])
	assert.Equal(t, first["metadata"], second["metadata"])
}

func TestRefusedPhone(t *testing.T) {
	a := seeded(t)
	a.RefusePhone("+33699999999")
	assert.Equal(t, 400, a.call("POST", "/contacts", obj{"email": "c@example.com", "attributes": obj{"SMS": "+33699999999"}}).Status)
	assert.Equal(t, 201, a.call("POST", "/contacts", obj{"email": "c@example.com"}).Status)
}

func TestMergeDeletesTheOlder(t *testing.T) {
	a := seeded(t)
	a.clock.Advance(time.Minute)
	a.EditAttribute("ann@example.com", "AGE", 40.0)
	a.must(204, "POST", "/contacts", obj{"email": "bob@example.com", "attributes": obj{"SMS": "+33612345678"}, "forceMerge": true})
	require.Len(t, a.Contacts(), 2)
	merged := a.contact("bob@example.com")
	assert.EqualValues(t, 1, merged.ID, "the contact that was modified last survives")
	assert.Equal(t, 40.0, merged.Attributes["AGE"])
}

func TestAttributeValues(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  any // nil: silently ignored
	}{
		{"FIRSTNAME", "Zoë", "Zoë"},
		{"FIRSTNAME", 12, nil},
		{"FIRSTNAME", true, nil},
		{"firstname", "Zoë", nil},
		{"UNKNOWN", "x", nil},
		{"AGE", 41.5, 41.5},
		{"AGE", "41", nil},
		{"BORN", "1986-04-13", "1986-04-13"},
		{"BORN", "13/04/1986", nil},
		{"BORN", "1986-04-13T10:00:00Z", nil},
		{"VIP", true, true},
		{"VIP", "true", nil},
		{"TIER", "gold", "gold"},
		{"TIER", "Gold", "gold"},
		{"TIER", 2, "2"},
		{"TIER", "bronze", nil},
		{"LIKES", []string{"tea", "jazz"}, []any{"tea", "jazz"}},
		{"LIKES", []string{"tea", "opera"}, nil},
		{"LIKES", "tea", nil},
		{"BLACKLIST", "x", nil},
		{"SMS", "+33611111111", "33611111111"},
		{"WHATSAPP", "33611111111", "33611111111"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			a.must(201, "POST", "/contacts", obj{"email": "c@example.com", "attributes": obj{tt.name: tt.value, "LASTNAME": "kept"}})
			got := a.must(200, "GET", "/contacts/c@example.com", nil).object(t)["attributes"].(obj)
			assert.Equal(t, "kept", got["LASTNAME"])
			assert.Equal(t, tt.want, got[tt.name])
		})
	}
}

func TestAnEmptyStringClears(t *testing.T) {
	a := seeded(t)
	a.must(204, "PUT", "/contacts/ann@example.com", obj{"attributes": obj{"FIRSTNAME": "", "SMS": ""}})
	c := a.contact("ann@example.com")
	assert.NotContains(t, c.Attributes, "FIRSTNAME")
	assert.NotContains(t, c.Attributes, "SMS")
	assert.Equal(t, 400, a.call("PUT", "/contacts/33687654321?identifierType=phone_id", obj{"attributes": obj{"SMS": ""}}).Status,
		"the phone of a contact without an address stays")
	a.must(201, "POST", "/contacts", obj{"email": "c@example.com", "attributes": obj{"SMS": "+33612345678"}})
}

func TestUpdateContact(t *testing.T) {
	tests := []struct {
		name, path string
		body       obj
		status     int
	}{
		{"by address", "/contacts/bob%40example.com", obj{"attributes": obj{"FIRSTNAME": "B"}}, 204},
		{"by id", "/contacts/2", obj{"attributes": obj{"FIRSTNAME": "B"}}, 204},
		{"by id, said so", "/contacts/2?identifierType=contact_id", obj{"attributes": obj{"FIRSTNAME": "B"}}, 204},
		{"by external id", "/contacts/77?identifierType=ext_id", obj{"attributes": obj{"FIRSTNAME": "B"}}, 204},
		{"external id taken for an id", "/contacts/77", obj{"attributes": obj{"FIRSTNAME": "B"}}, 404},
		{"by phone", "/contacts/%2B33612345678?identifierType=phone_id", obj{"attributes": obj{"FIRSTNAME": "B"}}, 204},
		{"unknown type", "/contacts/2?identifierType=id", obj{}, 400},
		{"nobody", "/contacts/zoe@example.com", obj{"attributes": obj{"FIRSTNAME": "B"}}, 404},
		{"new address", "/contacts/2", obj{"attributes": obj{"EMAIL": "robert@example.com"}}, 204},
		{"somebody's address", "/contacts/2", obj{"attributes": obj{"EMAIL": "ann@example.com"}}, 400},
		{"no address", "/contacts/2", obj{"attributes": obj{"EMAIL": "x"}}, 400},
		{"unknown list", "/contacts/2", obj{"unlinkListIds": []int{99}}, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			got := a.call("PUT", tt.path, tt.body)
			require.Equal(t, tt.status, got.Status, "%s", got.Raw)
			if tt.status == 404 {
				assert.Equal(t, "document_not_found", got.object(t)["code"])
			}
			assert.Equal(t, brevosim.Writes{Updates: 1}, a.Writes())
		})
	}
}

func TestConsent(t *testing.T) {
	tests := []struct {
		name      string
		body      obj
		blocked   bool
		reachable string
	}{
		{"another attribute", obj{"attributes": obj{"FIRSTNAME": "B"}}, true, "bob@example.com"},
		{"the same address again", obj{"attributes": obj{"EMAIL": "BOB@example.com"}}, true, "bob@example.com"},
		{"a new address resubscribes", obj{"attributes": obj{"EMAIL": "new@example.com"}}, false, "new@example.com"},
		{"unless it blocklists again", obj{"attributes": obj{"EMAIL": "new@example.com"}, "emailBlacklisted": true}, true, "new@example.com"},
		{"false opts in", obj{"emailBlacklisted": false}, false, "bob@example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			a.Blocklist("bob@example.com")
			a.must(204, "PUT", "/contacts/2", tt.body)
			assert.Equal(t, tt.blocked, a.contact(tt.reachable).EmailBlacklisted)
		})
	}
}

func TestUnsubscriptionsFromLists(t *testing.T) {
	rejoin := map[string]func(a *account){
		"update": func(a *account) { a.must(204, "PUT", "/contacts/2", obj{"listIds": []int{1}}) },
		"upsert": func(a *account) {
			a.must(204, "POST", "/contacts", obj{"email": "bob@example.com", "listIds": []int{1}, "updateEnabled": true})
		},
		"add": func(a *account) { a.must(201, "POST", "/contacts/lists/1/contacts/add", obj{"ids": []int{2}}) },
		"import": func(a *account) {
			a.must(202, "POST", "/contacts/import", obj{"jsonBody": []obj{{"email": "bob@example.com"}}, "listIds": []int{1}})
		},
	}
	for name, again := range rejoin {
		t.Run(name, func(t *testing.T) {
			a := seeded(t)
			a.must(204, "PUT", "/contacts/2", obj{"listIds": []int{1, 2}})
			a.Unsubscribe("bob@example.com", 1)
			c := a.contact("bob@example.com")
			require.Equal(t, []int64{1}, c.ListUnsubscribed)
			require.Equal(t, []int64{2}, c.Lists)
			a.must(204, "PUT", "/contacts/2", obj{"unlinkListIds": []int{2}})
			require.Equal(t, []int64{1}, a.contact("bob@example.com").ListUnsubscribed)
			again(a)
			c = a.contact("bob@example.com")
			assert.Empty(t, c.ListUnsubscribed, "the harm that adding does")
			assert.Equal(t, []int64{1}, c.Lists)
		})
	}
}

func TestDeletedContactsComeBackSubscribed(t *testing.T) {
	a := open(t, brevosim.Options{AccountEmail: "me@example.com"})
	a.SeedContact(brevosim.Contact{Email: "me@example.com"})
	a.SeedContact(brevosim.Contact{Email: "bob@example.com", EmailBlacklisted: true})
	assert.Equal(t, 405, a.call("DELETE", "/contacts/me@example.com", nil).Status)
	a.must(204, "DELETE", "/contacts/bob@example.com", nil)
	a.must(404, "DELETE", "/contacts/bob@example.com", nil)
	a.must(404, "GET", "/contacts/bob@example.com", nil)
	got := a.must(201, "POST", "/contacts", obj{"email": "bob@example.com", "updateEnabled": true})
	assert.EqualValues(t, 3, got.id(t))
	assert.False(t, a.contact("bob@example.com").EmailBlacklisted)
	assert.True(t, a.DeleteContact("bob@example.com"))
	assert.False(t, a.DeleteContact("bob@example.com"))
}

func TestBatchIsRetired(t *testing.T) {
	a := seeded(t)
	assert.Equal(t, 410, a.call("POST", "/contacts/batch", obj{"contacts": []obj{{"id": 2}}}).Status)
	assert.Len(t, a.Misuses(), 1)
	assert.Equal(t, 1, a.Writes().Total())
}

func TestListContacts(t *testing.T) {
	a := seeded(t)
	a.clock.Advance(time.Hour)
	a.EditAttribute("bob@example.com", "FIRSTNAME", "Robert")
	a.must(204, "PUT", "/contacts/1", obj{"listIds": []int{2}})
	tests := []struct {
		name, query string
		want        []float64 // ids; nil: 400
		count       float64
	}{
		{"newest first", "", []float64{3, 2, 1}, 3},
		{"oldest first", "sort=asc", []float64{1, 2, 3}, 3},
		{"a page", "sort=asc&limit=1&offset=1", []float64{2}, 3},
		{"past the end", "offset=10", []float64{}, 3},
		{"changed since", "modifiedSince=" + url.QueryEscape("2026-03-01T10:00:00.000Z"), []float64{2, 1}, 2},
		{"created since", "createdSince=2026-03-01T10:00:00.000Z", []float64{}, 0},
		{"ids", "ids=1,3", []float64{3, 1}, 2},
		{"a list", "listIds=2", []float64{1}, 1},
		{"filter", "filter=" + url.QueryEscape(`equals(FIRSTNAME,"Robert")`), []float64{2}, 1},
		{"limit over 1000", "limit=1001", nil, 0},
		{"malformed time", "modifiedSince=yesterday", nil, 0},
		{"list and segment", "listIds=2&segmentId=1", nil, 0},
		{"unknown filter", "filter=contains(A,1)", nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := a.call("GET", "/contacts?"+tt.query, nil)
			if tt.want == nil {
				require.Equal(t, 400, got.Status)
				return
			}
			require.Equal(t, 200, got.Status)
			found := []float64{}
			for _, c := range got.object(t)["contacts"].([]any) {
				found = append(found, c.(obj)["id"].(float64))
			}
			assert.Equal(t, tt.want, found)
			assert.Equal(t, tt.count, got.object(t)["count"])
		})
	}
}

func TestGetContactShowsTimesInTheAccountsZone(t *testing.T) {
	a := seeded(t)
	got := a.must(200, "GET", "/contacts/ANN@example.com", nil).object(t)
	assert.Equal(t, "2026-03-01T14:30:00.000+05:30", got["createdAt"])
	assert.Equal(t, obj{"FIRSTNAME": "Ann", "SMS": "33612345678", "EXT_ID": "77"}, got["attributes"])
	assert.Equal(t, []any{}, got["listIds"])
	assert.Equal(t, false, got["emailBlacklisted"])
}
