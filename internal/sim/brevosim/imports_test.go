package brevosim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
)

func TestImportRequests(t *testing.T) {
	row := []obj{{"email": "c@example.com"}}
	tests := []struct {
		name   string
		body   obj
		status int
	}{
		{"a list", obj{"jsonBody": row, "listIds": []int{1}}, 202},
		{"a new list", obj{"jsonBody": row, "newList": obj{"listName": "fresh", "folderId": 1}}, 202},
		{"a CSV", obj{"fileBody": "EMAIL;FIRSTNAME\nc@example.com;Cy", "listIds": []int{1}}, 202},
		{"no list", obj{"jsonBody": row}, 400},
		{"an unknown list", obj{"jsonBody": row, "listIds": []int{99}}, 400},
		{"a new list in no folder", obj{"jsonBody": row, "newList": obj{"listName": "fresh"}}, 400},
		{"no source", obj{"listIds": []int{1}}, 400},
		{"two sources", obj{"jsonBody": row, "fileBody": "EMAIL\nc@example.com", "listIds": []int{1}}, 400},
		{"consent groups", obj{"jsonBody": row, "listIds": []int{1}, "consentGroupIds": []int{1}}, 403},
		{"too many rows", obj{"jsonBody": []obj{{"email": "c@example.com"}, {"email": "d@example.com"}, {"email": "e@example.com"}}, "listIds": []int{1}}, 400},
		{"over 10 MB", obj{"fileBody": "EMAIL\n" + strings.Repeat("x", 10_000_000), "listIds": []int{1}}, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := open(t, brevosim.Options{MaxImportRows: 2})
			a.SeedListID(1, "one")
			got := a.call("POST", "/contacts/import", tt.body)
			require.Equal(t, tt.status, got.Status, "%s", got.Raw)
			assert.Equal(t, 1, a.Writes().Imports)
			_, arrived := a.ContactByEmail("c@example.com")
			assert.Equal(t, tt.status == 202, arrived)
		})
	}
}

func TestImportIsAsynchronous(t *testing.T) {
	a := open(t, brevosim.Options{ImportDelay: 10 * time.Second})
	list := a.SeedList("one")
	id := a.must(202, "POST", "/contacts/import", obj{"jsonBody": []obj{{"email": "c@example.com"}}, "listIds": []int64{list}}).object(t)["processId"]
	assert.EqualValues(t, 101, id)
	for _, step := range []struct {
		after  time.Duration
		status string
	}{{0, "queued"}, {5 * time.Second, "processing"}, {4 * time.Second, "processing"}, {time.Second, "completed"}} {
		a.clock.Advance(step.after)
		got := a.must(200, "GET", "/processes/101", nil).object(t)
		assert.Equal(t, step.status, got["status"])
		_, arrived := a.ContactByEmail("c@example.com")
		assert.Equal(t, step.status == "completed", arrived)
	}
	got := a.must(200, "GET", "/processes/101", nil).object(t)
	assert.Equal(t, "IMPORTUSER", got["name"])
	assert.Len(t, got["info"].(obj)["import"], 7)
	for file, link := range got["info"].(obj)["import"].(obj) {
		assert.Nil(t, link, file)
	}
}

func TestImportEndsByPolling(t *testing.T) {
	a := open(t, brevosim.Options{ImportDelay: time.Hour, ImportPolls: 2})
	a.SeedList("one")
	a.must(202, "POST", "/contacts/import", obj{"jsonBody": []obj{{"email": "c@example.com"}}, "listIds": []int{1}, "disableNotification": true})
	assert.Equal(t, "queued", a.must(200, "GET", "/processes/101", nil).object(t)["status"])
	list := a.must(200, "GET", "/processes", nil).object(t)
	assert.Equal(t, "completed", list["processes"].([]any)[0].(obj)["status"])
	assert.EqualValues(t, 1, list["count"])
	assert.False(t, a.Processes()[0].OwnerMailed)
}

func TestProcessesThatDoNotSucceed(t *testing.T) {
	a := open(t, brevosim.Options{})
	a.SeedList("one")
	a.FailProcesses(1)
	body := obj{"jsonBody": []obj{{"email": "c@example.com"}}, "listIds": []int{1}}
	a.must(202, "POST", "/contacts/import", body)
	assert.Equal(t, "failed", a.must(200, "GET", "/processes/101", nil).object(t)["status"])
	assert.Empty(t, a.Contacts())
	assert.True(t, a.Processes()[0].OwnerMailed)
	a.must(202, "POST", "/contacts/import", body)
	assert.Len(t, a.Contacts(), 1)
	got := a.must(404, "GET", "/processes/999", nil).object(t)
	assert.Equal(t, obj{"code": "invalid_parameter", "message": "processId is invalid"}, got)
}

// imported runs one import of rows into list 1 of a seeded account and returns the finished process.
func imported(t *testing.T, a *account, options obj, rows ...obj) brevosim.Process {
	t.Helper()
	body := obj{"jsonBody": rows, "listIds": []int{1}}
	for k, v := range options {
		body[k] = v
	}
	a.must(202, "POST", "/contacts/import", body)
	processes := a.Processes()
	return processes[len(processes)-1]
}

func TestRejectedRows(t *testing.T) {
	a := seeded(t)
	a.RefusePhone("+33699999999")
	p := imported(t, a, nil,
		obj{"email": "good@example.com", "attributes": obj{"FIRSTNAME": "Good", "UNKNOWN": "x", "AGE": "old"}},
		obj{"email": "not an address", "attributes": obj{"FIRSTNAME": "Bad"}},
		obj{"email": "bob@example.com", "attributes": obj{"FIRSTNAME": "Changed", "SMS": "+33612345678"}},
		obj{"email": "taken@example.com", "attributes": obj{"EXT_ID": "77"}},
		obj{"email": "phone@example.com", "attributes": obj{"SMS": "+33699999999"}},
	)
	assert.Equal(t, "completed", p.Status)
	assert.Equal(t, 5, p.Rows)
	good := a.contact("good@example.com")
	assert.Equal(t, obj{"FIRSTNAME": "Good"}, good.Attributes)
	assert.Equal(t, []int64{1}, good.Lists)
	assert.Equal(t, "Bob", a.contact("bob@example.com").Attributes["FIRSTNAME"], "a refused row changes nothing")
	assert.Empty(t, a.contact("bob@example.com").Lists)
	for _, email := range []string{"taken@example.com", "phone@example.com"} {
		_, arrived := a.ContactByEmail(email)
		assert.False(t, arrived, email)
	}

	files := a.must(200, "GET", "/processes/101", nil).object(t)["info"].(obj)["import"].(obj)
	wantHeader := "EMAIL;AGE;EXT_ID;FIRSTNAME;SMS;UNKNOWN\n"
	for file, want := range map[string]string{
		"invalid_emails":     "not an address;;;Bad;;\nphone@example.com;;;;+33699999999;\n",
		"duplicate_phone_id": "bob@example.com;;;Changed;+33612345678;\n",
		"duplicate_ext_id":   "taken@example.com;;77;;;\n",
	} {
		require.IsType(t, "", files[file], file)
		assert.Equal(t, wantHeader+want, fetch(t, files[file].(string), ""))
	}
	assert.Nil(t, files["duplicate_email_id"])
	assert.Empty(t, a.Misuses())
	fetch(t, files["invalid_emails"].(string), brevosim.DefaultAPIKey)
	assert.Len(t, a.Misuses(), 1, "the key was shown to the file host")
}

// fetch reads a file as anybody may.
func fetch(t *testing.T, link, key string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, http.NoBody)
	require.NoError(t, err)
	if key != "" {
		req.Header.Set("Api-Key", key)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, 200, resp.StatusCode)
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(data)
}

func TestSilentBadPhones(t *testing.T) {
	a := open(t, brevosim.Options{SilentBadPhones: true})
	a.SeedList("one")
	p := imported(t, a, nil, obj{"email": "c@example.com", "attributes": obj{"SMS": "12"}})
	assert.Empty(t, p.Rejects)
	assert.Equal(t, 1, p.Unlisted)
	assert.Empty(t, a.Contacts())
}

func TestImportOptions(t *testing.T) {
	blank := obj{"FIRSTNAME": "", "SMS": ""}
	tests := []struct {
		name       string
		options    obj
		attributes obj
		check      func(t *testing.T, ann brevosim.Contact)
	}{
		{"updates by default", nil, obj{"FIRSTNAME": "Anna"}, func(t *testing.T, ann brevosim.Contact) {
			assert.Equal(t, "Anna", ann.Attributes["FIRSTNAME"])
		}},
		{"known people only join the list", obj{"updateExistingContacts": false}, obj{"FIRSTNAME": "Anna"}, func(t *testing.T, ann brevosim.Contact) {
			assert.Equal(t, "Ann", ann.Attributes["FIRSTNAME"])
			assert.Equal(t, []int64{1}, ann.Lists)
		}},
		{"blanks are skipped", nil, blank, func(t *testing.T, ann brevosim.Contact) {
			assert.Equal(t, "Ann", ann.Attributes["FIRSTNAME"])
			assert.Equal(t, "33612345678", ann.Attributes["SMS"])
		}},
		{"blanks erase when asked", obj{"emptyContactsAttributes": true}, blank, func(t *testing.T, ann brevosim.Contact) {
			assert.NotContains(t, ann.Attributes, "FIRSTNAME")
			assert.NotContains(t, ann.Attributes, "SMS")
		}},
		{"blanks need updates to erase", obj{"emptyContactsAttributes": true, "updateExistingContacts": false}, blank, func(t *testing.T, ann brevosim.Contact) {
			assert.Equal(t, "Ann", ann.Attributes["FIRSTNAME"])
		}},
		{"blocklist", obj{"emailBlacklist": true}, nil, func(t *testing.T, ann brevosim.Contact) {
			assert.True(t, ann.EmailBlacklisted)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := seeded(t)
			imported(t, a, tt.options, obj{"email": "ANN@example.com", "attributes": tt.attributes})
			require.Len(t, a.Contacts(), 3)
			tt.check(t, a.contact("ann@example.com"))
		})
	}
}

func TestImportKeepsTheBlocklist(t *testing.T) {
	a := seeded(t)
	a.Blocklist("bob@example.com")
	imported(t, a, obj{"emailBlacklist": false}, obj{"email": "bob@example.com"})
	assert.True(t, a.contact("bob@example.com").EmailBlacklisted)
}

func TestImportOfText(t *testing.T) {
	a := seeded(t)
	a.must(202, "POST", "/contacts/import", obj{
		"fileBody": "EMAIL;AGE;VIP;BORN;LIKES\nc@example.com;41.5;true;1986-04-13;tea,jazz\nd@example.com;old;maybe;soon;opera",
		"listIds":  []int{1},
	})
	assert.Equal(t, obj{"AGE": 41.5, "VIP": true, "BORN": "1986-04-13", "LIKES": []string{"tea", "jazz"}}, a.contact("c@example.com").Attributes)
	assert.Empty(t, a.contact("d@example.com").Attributes)
}
