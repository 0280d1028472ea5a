package zendesksim_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

func TestCreateAndUpdateTickets(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	want(t, a.write(t, http.MethodPost, "/api/v2/tickets.json", `{"ticket":{"subject":"x"}}`), 422, "RecordInvalid")
	want(t, a.write(t, http.MethodPost, "/api/v2/tickets.json", `{}`), 400, "ParameterMissing")
	want(t, a.write(t, http.MethodPost, "/api/v2/tickets.json", `{"ticket":`), 400, "InvalidJSON")

	field := a.Account().TicketFields[7].ID
	r := a.write(t, http.MethodPost, "/api/v2/tickets.json", fmt.Sprintf(
		`{"ticket":{"subject":"Help","comment":{"body":"It broke"},"requester":{"name":"New Person","email":"new.person@example.com"},"tags":["b","a"],"custom_fields":[{"id":%d,"value":"area_api"},{"id":1,"value":"ignored"}]}}`, field))
	require.Equal(t, http.StatusCreated, r.status, r.text)
	assert.NotEmpty(t, r.header.Get("Location"))
	id := int64(r.at("ticket", "id").(float64))
	assert.Equal(t, "new", r.at("ticket", "status"))
	assert.Equal(t, "area_api", r.at("ticket", "custom_fields", 0, "value"))
	assert.Equal(t, []any{"a", "b"}, r.at("ticket", "tags"))
	who, ok := a.Account().UserByEmail("NEW.person@example.com")
	require.True(t, ok)
	assert.EqualValues(t, who.ID, r.at("ticket", "requester_id"))

	path := fmt.Sprintf("/api/v2/tickets/%d.json", id)
	a.sleep(time.Minute)
	want(t, a.write(t, http.MethodPut, path, `{"ticket":{"status":"finished"}}`), 422, "RecordInvalid")
	r = a.write(t, http.MethodPut, path, `{"ticket":{"status":"solved","additional_tags":["c"],"comment":{"body":"done","public":false}}}`)
	require.Equal(t, 200, r.status, r.text)
	assert.Equal(t, "solved", r.at("ticket", "status"))
	assert.NotNil(t, r.at("audit", "id"))
	assert.Equal(t, []any{"a", "b", "c"}, r.at("ticket", "tags"))

	stale := `{"ticket":{"safe_update":true,"updated_stamp":"2026-11-20T12:00:00Z","status":"open"}}`
	want(t, a.write(t, http.MethodPut, path, stale), 409, "UpdateConflict")
	r = a.write(t, http.MethodPut, path, `{"ticket":{"status":"open"}}`)
	require.Equal(t, 200, r.status)
	r = a.get(t, path+"?include=metric_sets")
	assert.EqualValues(t, 1, r.at("ticket", "metric_set", "reopens"))
	assert.Equal(t, "2026-11-20T12:01:00Z", r.at("ticket", "metric_set", "solved_at"))

	require.True(t, a.UpdateTicket(id, func(t *seed.Ticket) { t.Status = "closed" }))
	r = a.write(t, http.MethodPut, path, `{"ticket":{"status":"open"}}`)
	want(t, r, 422, "RecordInvalid")
	assert.Equal(t, "Status: closed prevents ticket update", r.at("details", "status", 0, "description"))
}

func TestCreateAndUpdateUsers(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	taken, _ := a.Account().Users.Get(a.Account().UsersOf(seed.MixedCaseEmail)[0])
	r := a.write(t, http.MethodPost, "/api/v2/users.json", `{"user":{"email":"`+taken.Email+`"}}`)
	want(t, r, 422, "RecordInvalid")
	assert.Equal(t, "DuplicateValue", r.at("details", "email", 0, "error"))
	assert.Equal(t, "BlankValue", r.at("details", "name", 0, "error"))
	r = a.write(t, http.MethodPost, "/api/v2/users.json", `{"user":{"name":"A","email":"nowhere"}}`)
	assert.Equal(t, "InvalidFormat", r.at("details", "email", 0, "error"))

	r = a.write(t, http.MethodPost, "/api/v2/users.json", `{"user":{"name":"Brand New","email":"brand@example.com","user_fields":{"seats":4}}}`)
	require.Equal(t, 201, r.status, r.text)
	id := int64(r.at("user", "id").(float64))
	assert.EqualValues(t, 4, r.at("user", "user_fields", "seats"))

	path := fmt.Sprintf("/api/v2/users/%d.json", id)
	r = a.write(t, http.MethodPut, path, `{"user":{"email":"other@example.com","phone":"+12125550100"}}`)
	require.Equal(t, 200, r.status, r.text)
	assert.Equal(t, "brand@example.com", r.at("user", "email"), "an address is added, not replaced")
	assert.Equal(t, "+12125550100", r.at("user", "phone"))
	u, _ := a.Account().Users.Get(id)
	assert.Equal(t, []string{"other@example.com"}, u.OtherEmails)
	want(t, a.write(t, http.MethodPut, "/api/v2/users/12.json", `{"user":{"name":"x"}}`), 404, "RecordNotFound")
}

func TestCreateAndUpdateOrganizations(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	o, _ := a.Account().Organizations.Get(a.get(t, "/api/v2/organizations.json").ids("organizations")[0])
	r := a.write(t, http.MethodPost, "/api/v2/organizations.json", fmt.Sprintf(`{"organization":{"name":%q}}`, o.Name))
	assert.Equal(t, "DuplicateValue", r.at("details", "name", 0, "error"), r.text)
	r = a.write(t, http.MethodPost, "/api/v2/organizations.json", `{"organization":{"name":"Fresh","tags":["x"]}}`)
	require.Equal(t, 201, r.status, r.text)
	path := fmt.Sprintf("/api/v2/organizations/%.0f.json", r.at("organization", "id"))
	r = a.write(t, http.MethodPut, path, `{"organization":{"organization_fields":{"org_region":"EMEA"}}}`)
	assert.Equal(t, "EMEA", r.at("organization", "organization_fields", "org_region"))
	assert.Equal(t, "Fresh", r.at("organization", "name"))
}

func TestPeopleLeave(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	_, pages := a.drain(t, "users", userExport)
	next := pages[len(pages)-1].json["after_url"].(string)
	ordinary := a.Account().UsersOf(seed.Ordinary)
	winner, loser, gone := ordinary[0], ordinary[1], ordinary[2]
	theirs := a.CreateTicket(newTicket(loser))
	before, _ := a.Account().Users.Get(loser)

	require.True(t, a.MergeUsers(winner, loser))
	require.True(t, a.DeleteUser(gone))
	require.True(t, a.DeleteUserForever(gone))
	a.sleep(time.Minute)
	r := a.get(t, next)
	assert.ElementsMatch(t, []int64{winner, loser, gone}, r.ids("users"))
	for i, id := range r.ids("users") {
		assert.Equal(t, id == winner, r.at("users", i, "active"))
		if id != winner {
			assert.Nil(t, r.at("users", i, "email"))
		}
		if id == gone {
			assert.Equal(t, "Permanently Deleted User", r.at("users", i, "name"))
		}
	}
	row, _ := a.Account().Tickets.Get(theirs)
	assert.Equal(t, winner, row.RequesterID)
	w, _ := a.Account().Users.Get(winner)
	if before.Email != "" {
		assert.Contains(t, w.OtherEmails, before.Email)
	}
	assert.False(t, a.MergeUsers(winner, 5))

	o := a.Account().Users
	u, _ := o.Get(a.Account().UsersOf(seed.PlusEmail)[0])
	require.True(t, a.UpdateUser(u.ID, func(u *seed.User) { u.Suspended = true }))
	got := a.get(t, fmt.Sprintf("/api/v2/users/%d", u.ID))
	assert.Equal(t, true, got.at("user", "suspended"))
	assert.Equal(t, "2026-11-20T12:01:00Z", got.at("user", "updated_at"))
}

func TestDeletedOrganizationsStayInTheExport(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	id := a.get(t, "/api/v2/organizations.json").ids("organizations")[3]
	require.True(t, a.DeleteOrganization(id))
	a.sleep(time.Minute)
	r := a.get(t, fmt.Sprintf("/api/v2/incremental/organizations.json?start_time=%d", noon.Unix()))
	require.Equal(t, []int64{id}, r.ids("organizations"))
	assert.Equal(t, "2026-11-20T12:00:00Z", r.at("organizations", 0, "deleted_at"))
	assert.NotContains(t, a.get(t, "/api/v2/organizations.json").ids("organizations"), id)
}
