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

func TestTagsOfTickets(t *testing.T) {
	a := byHand(t, 1)
	m := receive(t, nil)
	a.subscribe(t, m.url, "ticket.tags_changed", "ticket.status_changed")
	id := a.CreateTicket(seed.Ticket{RequesterID: a.Account().UsersOf(seed.Ordinary)[0], Tags: []string{"old"}})
	tags := fmt.Sprintf("/api/v2/tickets/%d/tags.json", id)
	a.sleep(time.Minute)

	r := a.write(t, http.MethodPut, tags, `{"tags":["vip","new","vip"]}`)
	require.Equal(t, 200, r.status, r.text)
	assert.Equal(t, []any{"new", "old", "vip"}, r.json["tags"])
	row, _ := a.Account().Tickets.Get(id)
	assert.Equal(t, noon.Add(time.Minute), row.UpdatedAt)
	assert.Equal(t, noon.Add(time.Minute).Unix(), row.GeneratedTimestamp, "the export shows the change")

	r = a.write(t, http.MethodDelete, tags, `{"tags":["old","never there"]}`)
	assert.Equal(t, http.StatusNoContent, r.status)
	assert.Empty(t, r.text)
	assert.Equal(t, []any{"new", "vip"}, a.get(t, fmt.Sprintf("/api/v2/tickets/%d", id)).at("ticket", "tags"))

	a.write(t, http.MethodPut, tags, `{"tags":["vip"]}`)
	a.DrainWebhooks(t.Context())
	assert.Equal(t, []string{"ticket.tags_changed", "ticket.tags_changed"}, m.types(), "a change that changes nothing is no event")
	assert.Equal(t, []any{"new", "vip"}, m.all()[0].at("event", "tags_added"))
	assert.Equal(t, []any{"old"}, m.all()[1].at("event", "tags_removed"))

	want(t, a.write(t, http.MethodPut, tags, `{"tags":["x"],"safe_update":"true","updated_stamp":"2026-11-20T12:00:00Z"}`), 409, "UpdateConflict")
	assert.Equal(t, 200, a.write(t, http.MethodPut, tags, `{"tags":["x"],"safe_update":true,"updated_stamp":"2026-11-20T12:01:00Z"}`).status)
	want(t, a.write(t, http.MethodPut, tags, `{}`), 400, "ParameterMissing")
	want(t, a.write(t, http.MethodPut, tags, `{"tags":"x"}`), 400, "InvalidJSON")
	want(t, a.write(t, http.MethodPut, "/api/v2/tickets/999999999/tags.json", `{"tags":["x"]}`), 404, "RecordNotFound")

	require.True(t, a.UpdateTicket(id, func(t *seed.Ticket) { t.Status = "closed" }))
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		r = a.write(t, method, tags, `{"tags":["x"]}`)
		want(t, r, 422, "RecordInvalid")
		assert.Equal(t, "Status: closed prevents ticket update", r.at("details", "status", 0, "description"))
	}
	require.True(t, a.DeleteTicket(id))
	want(t, a.write(t, http.MethodDelete, tags, `{"tags":["x"]}`), 404, "RecordNotFound")
}

func TestTagsOfUsers(t *testing.T) {
	a := byHand(t, 1)
	m := receive(t, nil)
	a.subscribe(t, m.url, "user.tags_changed")
	id := a.CreateUser(seed.User{Name: "Ada", Email: "ada@example.com"})
	tags := fmt.Sprintf("/api/v2/users/%d/tags.json", id)
	a.sleep(time.Minute)
	r := a.write(t, http.MethodPut, tags, `{"tags":["vip","gold"]}`)
	require.Equal(t, 200, r.status, r.text)
	assert.Equal(t, []any{"gold", "vip"}, r.json["tags"])
	assert.Equal(t, http.StatusNoContent, a.write(t, http.MethodDelete, tags, `{"tags":["gold"]}`).status)
	u := a.get(t, fmt.Sprintf("/api/v2/users/%d", id))
	assert.Equal(t, []any{"vip"}, u.at("user", "tags"))
	assert.Equal(t, "2026-11-20T12:01:00Z", u.at("user", "updated_at"))
	a.DrainWebhooks(t.Context())
	assert.Equal(t, []string{"user.tags_changed", "user.tags_changed"}, m.types())

	require.True(t, a.DeleteUser(id))
	want(t, a.write(t, http.MethodPut, tags, `{"tags":["x"]}`), 404, "RecordNotFound")
	want(t, a.as(t, stranger, http.MethodPut, tags, `{"tags":["x"]}`), 401, "Couldn't authenticate you")
}

func TestTagsCountAsUpdates(t *testing.T) {
	a := open(t, small, zendesksim.Options{Plan: zendesksim.Professional})
	ids := a.get(t, "/api/v2/users.json").ids("users")
	put := func(user int64) int {
		return a.write(t, http.MethodPut, fmt.Sprintf("/api/v2/users/%d/tags", user), `{"tags":["x"]}`).status
	}
	assert.Equal(t, 200, put(ids[0]))
	assert.Equal(t, 429, put(ids[1]), "one user a second")
	a.sleep(time.Second)
	assert.Equal(t, 200, put(ids[1]))

	ticket := a.CreateTicket(newTicket(ids[0]))
	path := fmt.Sprintf("/api/v2/tickets/%d/tags", ticket)
	for range 30 {
		require.Equal(t, 200, a.write(t, http.MethodPut, path, `{"tags":["x"]}`).status)
	}
	r := a.write(t, http.MethodDelete, path, `{"tags":["x"]}`)
	assert.Equal(t, 429, r.status, "thirty changes of one ticket in ten minutes")
	assert.NotEmpty(t, r.header.Get("Retry-After"))
}
