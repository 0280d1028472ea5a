package brevosim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
)

func TestListsAndFolders(t *testing.T) {
	a := open(t, brevosim.Options{})
	folder := a.must(201, "POST", "/contacts/folders", obj{"name": "Zendesk"}).id(t)
	for i := range 12 {
		a.must(201, "POST", "/contacts/lists", obj{"name": fmt.Sprint("list ", i), "folderId": folder})
	}
	a.must(400, "POST", "/contacts/lists", obj{"name": "x"})
	a.must(400, "POST", "/contacts/lists", obj{"name": "x", "folderId": 9})
	a.must(400, "POST", "/contacts/lists", obj{"folderId": folder})

	got := a.must(200, "GET", "/contacts/lists", nil).object(t)
	assert.Len(t, got["lists"], 10, "the default page")
	assert.EqualValues(t, 12, got["count"])
	assert.Equal(t, "list 11", got["lists"].([]any)[0].(obj)["name"])
	assert.Len(t, a.must(200, "GET", "/contacts/lists?limit=50&offset=10&sort=asc", nil).object(t)["lists"], 2)
	a.must(400, "GET", "/contacts/lists?limit=51", nil)
	assert.Len(t, a.must(200, "GET", "/contacts/folders/1/lists", nil).object(t)["lists"], 0)
	assert.EqualValues(t, 2, a.must(200, "GET", "/contacts/folders", nil).object(t)["count"])

	a.SeedListID(30, "customers")
	a.SeedContact(brevosim.Contact{Email: "ann@example.com", Lists: []int64{30}})
	one := a.must(200, "GET", "/contacts/lists/30", nil).object(t)
	assert.EqualValues(t, 1, one["uniqueSubscribers"])
	assert.EqualValues(t, 0, one["totalSubscribers"], "dropped by the vendor")
	assert.EqualValues(t, 1, a.must(200, "GET", "/contacts/lists/30/contacts", nil).object(t)["count"])
	a.must(204, "DELETE", "/contacts/lists/30", nil)
	a.must(404, "GET", "/contacts/lists/30", nil)
	assert.Empty(t, a.contact("ann@example.com").Lists)
}

func TestMembers(t *testing.T) {
	many := make([]string, 151)
	for i := range many {
		many[i] = fmt.Sprintf("p%d@example.com", i)
	}
	tests := []struct {
		name, path string
		body       obj
		status     int
		success    any
		failure    any
	}{
		{"add by address", "/contacts/lists/1/contacts/add", obj{"emails": []string{"bob@example.com", "zoe@example.com"}}, 201, []any{"bob@example.com"}, []any{"zoe@example.com"}},
		{"add again", "/contacts/lists/1/contacts/add", obj{"emails": []string{"ann@example.com"}}, 201, nil, []any{"ann@example.com"}},
		{"add by id", "/contacts/lists/1/contacts/add", obj{"ids": []int{2, 99}}, 201, []any{2.0}, []any{99.0}},
		{"add by external id", "/contacts/lists/2/contacts/add", obj{"extIds": []string{"77"}}, 201, []any{"77"}, nil},
		{"remove", "/contacts/lists/1/contacts/remove", obj{"emails": []string{"ann@example.com", "bob@example.com"}}, 201, []any{"ann@example.com"}, []any{"bob@example.com"}},
		{"none", "/contacts/lists/1/contacts/add", obj{"emails": []string{}}, 400, nil, nil},
		{"151", "/contacts/lists/1/contacts/add", obj{"emails": many}, 400, nil, nil},
		{"150", "/contacts/lists/1/contacts/remove", obj{"emails": many[:150]}, 201, nil, "all"},
		{"two kinds", "/contacts/lists/1/contacts/add", obj{"emails": []string{"bob@example.com"}, "ids": []int{2}}, 400, nil, nil},
		{"unknown list", "/contacts/lists/99/contacts/add", obj{"ids": []int{2}}, 404, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			a.must(204, "PUT", "/contacts/1", obj{"listIds": []int{1}})
			got := a.call("POST", tt.path, tt.body)
			require.Equal(t, tt.status, got.Status, "%s", got.Raw)
			if tt.status != 201 {
				return
			}
			contacts := got.object(t)["contacts"].(obj)
			assert.Equal(t, tt.success, contacts["success"])
			if tt.failure == "all" {
				assert.Len(t, contacts["failure"], 150)
				return
			}
			assert.Equal(t, tt.failure, contacts["failure"])
		})
	}
}

func TestOneWhoIsNotOnTheListSpoilsAStrictRemoval(t *testing.T) {
	a := open(t, brevosim.Options{StrictRemovals: true})
	list := a.SeedList("Ours")
	ann := a.SeedContact(brevosim.Contact{Email: "ann@example.com", Lists: []int64{list}})
	path := fmt.Sprintf("/contacts/lists/%d/contacts/remove", list)
	a.must(400, "POST", path, obj{"ids": []int64{ann, 99}})
	assert.NotEmpty(t, a.contact("ann@example.com").Lists)
	a.must(201, "POST", path, obj{"ids": []int64{ann}})
	a.must(400, "POST", path, obj{"ids": []int64{ann}})
	assert.Empty(t, a.contact("ann@example.com").Lists)
}

func TestEmptyingAListIsAProcess(t *testing.T) {
	a := seeded(t)
	a.must(204, "PUT", "/contacts/1", obj{"listIds": []int{1}})
	got := a.must(201, "POST", "/contacts/lists/1/contacts/remove", obj{"all": true})
	assert.EqualValues(t, 101, got.object(t)["contacts"].(obj)["processId"])
	assert.Empty(t, a.contact("ann@example.com").Lists)
}

func TestAttributes(t *testing.T) {
	tests := []struct {
		name, method, path string
		body               obj
		status             int
	}{
		{"new", "POST", "/contacts/attributes/normal/OPEN_TICKETS", obj{"type": "float"}, 201},
		{"existing", "POST", "/contacts/attributes/normal/FIRSTNAME", obj{"type": "text"}, 400},
		{"existing in another category", "POST", "/contacts/attributes/category/FIRSTNAME", obj{"enumeration": []obj{{"value": 1, "label": "A"}}}, 400},
		{"lower case", "POST", "/contacts/attributes/normal/open_tickets", obj{"type": "float"}, 400},
		{"wrong type", "POST", "/contacts/attributes/normal/X", obj{"type": "id"}, 400},
		{"wrong category", "POST", "/contacts/attributes/odd/X", obj{"type": "text"}, 400},
		{"category", "POST", "/contacts/attributes/category/PLAN", obj{"enumeration": []obj{{"value": 1, "label": "Free"}}}, 201},
		{"choices", "POST", "/contacts/attributes/normal/COLOURS", obj{"type": "multiple-choice", "multiCategoryOptions": []string{"red"}}, 201},
		{"replace values", "PUT", "/contacts/attributes/category/TIER", obj{"enumeration": []obj{{"value": 3, "label": "Three"}}}, 204},
		{"add choices", "PUT", "/contacts/attributes/normal/LIKES", obj{"multiCategoryOptions": []string{"opera"}}, 204},
		{"change of type", "PUT", "/contacts/attributes/normal/AGE", obj{"type": "text"}, 400},
		{"unknown", "PUT", "/contacts/attributes/normal/NOPE", obj{}, 404},
		{"delete", "DELETE", "/contacts/attributes/normal/AGE", nil, 204},
		{"delete unknown", "DELETE", "/contacts/attributes/normal/NOPE", nil, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			var body any
			if tt.body != nil {
				body = tt.body
			}
			got := a.call(tt.method, tt.path, body)
			assert.Equal(t, tt.status, got.Status, "%s", got.Raw)
			a.must(200, "GET", "/contacts/attributes", nil)
		})
	}
}

func TestAttributeListing(t *testing.T) {
	a := seeded(t)
	byName := map[string]obj{}
	for _, item := range a.must(200, "GET", "/contacts/attributes", nil).object(t)["attributes"].([]any) {
		byName[item.(obj)["name"].(string)] = item.(obj)
	}
	assert.Equal(t, "float", byName["AGE"]["type"])
	assert.Equal(t, []any{
		obj{"value": 0.0, "label": "Gold", "valueStr": "gold"}, obj{"value": 2.0, "label": "Two", "valueStr": "2"},
	}, byName["TIER"]["enumeration"], "a value that is no number is shown as 0")
	assert.Equal(t, []any{"tea", "jazz"}, byName["LIKES"]["multiCategoryOptions"])
	assert.Contains(t, byName, "SMS")
}

func TestDeletingAnAttributeLosesItsValues(t *testing.T) {
	a := seeded(t)
	a.EditAttribute("bob@example.com", "AGE", 3.0)
	a.must(204, "DELETE", "/contacts/attributes/normal/AGE", nil)
	a.must(201, "POST", "/contacts/attributes/normal/AGE", obj{"type": "text"})
	assert.NotContains(t, a.contact("bob@example.com").Attributes, "AGE")
}

func TestNamesByLocale(t *testing.T) {
	for locale, want := range map[string]string{"": "FIRSTNAME", "fr": "PRENOM", "de": "VORNAME"} {
		a := open(t, brevosim.Options{NamesLocale: locale})
		first, _ := a.NameAttributes()
		assert.Equal(t, want, first)
		a.must(201, "POST", "/contacts", obj{"email": "a@example.com", "attributes": obj{"FIRSTNAME": "Ann", "PRENOM": "Ann", "VORNAME": "Ann"}})
		assert.Equal(t, obj{want: "Ann"}, a.contact("a@example.com").Attributes, "names of other languages do not exist")
	}
}
