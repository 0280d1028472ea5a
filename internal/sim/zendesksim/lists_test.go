package zendesksim_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

func TestCursorLists(t *testing.T) {
	a := open(t, seed.Size{Users: 250, Tickets: 300, Organizations: 260}, zendesksim.Options{})
	var ids []int64
	next, encoded := "/api/v2/organizations.json?page[size]=50", 0
	for next != "" {
		if strings.Contains(next, "%5B") {
			encoded++
		}
		r := a.get(t, next)
		require.Equal(t, 200, r.status, r.text)
		ids = append(ids, r.ids("organizations")...)
		assert.NotContains(t, r.json, "count")
		link, _ := r.at("links", "next").(string)
		assert.Equal(t, r.at("meta", "has_more"), link != "")
		next = link
	}
	assert.Len(t, ids, a.Account().Organizations.Live())
	assert.True(t, slices.IsSorted(ids))
	assert.Positive(t, encoded, "links come with encoded brackets and without")

	want(t, a.get(t, "/api/v2/users.json?page[size]=101"), 400, "InvalidPaginationParameter")
	want(t, a.get(t, "/api/v2/users.json?page[size]=5&page[after]=%21"), 400, "InvalidPaginationParameter")
	want(t, a.get(t, "/api/v2/users.json?page[size]=5&sort=name"), 400, "InvalidSort")
}

func TestOffsetLists(t *testing.T) {
	a := open(t, seed.Size{Users: 250, Tickets: 10}, zendesksim.Options{})
	r := a.get(t, "/api/v2/users.json")
	assert.Len(t, r.ids("users"), 100, "without page[size] a list is in offset mode")
	assert.EqualValues(t, a.Account().Users.Live(), r.json["count"])
	assert.Nil(t, r.json["previous_page"])
	assert.NotContains(t, r.json, "meta")
	second := a.get(t, r.json["next_page"].(string))
	third := a.get(t, second.json["next_page"].(string))
	assert.Nil(t, third.json["next_page"])
	all := slices.Concat(r.ids("users"), second.ids("users"), third.ids("users"))
	assert.Len(t, all, a.Account().Users.Live())
	assert.Len(t, a.get(t, "/api/v2/users.json?per_page=500").ids("users"), 100)

	want(t, a.get(t, "/api/v2/users.json?page=101"), 400, "InvalidPaginationDepth")
	assert.Equal(t, 200, a.get(t, "/api/v2/users.json?page=100").status)
	want(t, a.get(t, "/api/v2/users.json?page=0"), 400, "InvalidValue")
}

func TestWhatListsLeaveOut(t *testing.T) {
	a := open(t, seed.Size{Users: 90, Tickets: 90, Organizations: 40}, zendesksim.Options{})
	for id := range strings.SplitSeq(strings.Trim(fmt.Sprint(a.get(t, "/api/v2/tickets.json").ids("tickets")), "[]"), " ") {
		var n int64
		_, err := fmt.Sscan(id, &n)
		require.NoError(t, err)
		row, _ := a.Account().Tickets.Get(n)
		assert.False(t, row.Archived)
		assert.NotEqual(t, "deleted", row.Status)
	}
	users := a.get(t, "/api/v2/users.json").ids("users")
	for _, k := range []seed.Kind{seed.SoftDeleted, seed.DeletedForever, seed.MergeLoser} {
		id := a.Account().UsersOf(k)[0]
		assert.NotContains(t, users, id)
		r := a.get(t, fmt.Sprintf("/api/v2/users/%d.json", id))
		assert.Equal(t, false, r.at("user", "active"), "the single read shows it")
	}
	assert.Contains(t, users, a.Account().UsersOf(seed.Suspended)[0])
	for _, u := range a.get(t, "/api/v2/users.json?role[]=admin&role[]=agent").rows("users") {
		assert.NotEqual(t, "end-user", u.(map[string]any)["role"])
	}
}

func TestMembers(t *testing.T) {
	a := open(t, seed.Size{Users: 200, Organizations: 5}, zendesksim.Options{})
	u, _ := a.Account().Users.Get(a.Account().UsersOf(seed.Ordinary)[3])
	for u.OrganizationID == 0 {
		u, _ = a.Account().Users.Get(u.ID + 16)
	}
	r := a.get(t, fmt.Sprintf("/api/v2/organizations/%d/users.json?page[size]=100", u.OrganizationID))
	assert.Contains(t, r.ids("users"), u.ID)
	want(t, a.get(t, "/api/v2/organizations/1/users"), 404, "RecordNotFound")
}

func TestShowMany(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	owner := a.Account().Owner().ID
	r := a.get(t, fmt.Sprintf("/api/v2/users/show_many.json?ids=%d,5,%d", owner, a.Account().UsersOf(seed.SoftDeleted)[0]))
	assert.Len(t, r.ids("users"), 2, "what is not there is left out")
	tickets := make([]string, 101)
	for i := range tickets {
		tickets[i] = fmt.Sprint(i + 1)
	}
	want(t, a.get(t, "/api/v2/tickets/show_many.json?ids="+strings.Join(tickets, ",")), 400, "TooManyValues")
	r = a.get(t, "/api/v2/tickets/show_many.json?include=metric_sets&ids="+strings.Join(tickets[:100], ","))
	assert.Equal(t, len(r.ids("tickets")), len(r.rows("metric_sets")))
	assert.NotContains(t, r.at("tickets", 0), "generated_timestamp", "only exports have it")
	want(t, a.get(t, "/api/v2/organizations/show_many.json"), 400, "ParameterMissing")

	external, _ := a.Account().Users.Get(a.Account().UsersOf(seed.ExternalIDOnly)[0])
	r = a.get(t, "/api/v2/users/show_many.json?external_ids="+url.QueryEscape(strings.ToUpper(external.ExternalID)))
	assert.Equal(t, []int64{external.ID}, r.ids("users"))
}

func TestSearch(t *testing.T) {
	a := open(t, seed.Size{Users: 300, Tickets: 1500, Organizations: 50}, zendesksim.Options{})
	open := 0
	for row := range a.Account().Tickets.All() {
		if row.Status == "open" || row.Status == "new" {
			open++
		}
	}
	q := func(query string) string { return "/api/v2/search.json?query=" + url.QueryEscape(query) }
	r := a.get(t, q("type:ticket status<pending"))
	assert.EqualValues(t, open, r.json["count"])
	assert.Equal(t, "ticket", r.at("results", 0, "result_type"))
	assert.EqualValues(t, open, a.get(t, "/api/v2/search/count.json?query="+url.QueryEscape("type:ticket status<pending")).json["count"])

	u, _ := a.Account().Users.Get(a.Account().UsersOf(seed.MixedCaseEmail)[0])
	r = a.get(t, "/api/v2/users/search.json?query="+url.QueryEscape("email:"+strings.ToLower(u.Email)))
	assert.Equal(t, []int64{u.ID}, r.ids("users"))

	r = a.get(t, q("type:ticket")+"&page=10&per_page=100")
	assert.Len(t, r.rows("results"), 100)
	assert.Greater(t, r.json["count"], 1000.0, "count is the true number")
	assert.Nil(t, r.json["next_page"], "results end at 1000")
	r = a.get(t, q("type:ticket")+"&page=11&per_page=100")
	assert.Equal(t, http.StatusUnprocessableEntity, r.status)
	assert.Contains(t, r.text, "Requested response size was greater than Search Response Limits")
	assert.Equal(t, 400, a.get(t, q("type:ticket")+"&page[size]=10").status)
	want(t, a.get(t, "/api/v2/search.json"), 400, "ParameterMissing")
}

func TestCounts(t *testing.T) {
	a := open(t, seed.Size{Users: 102_000, Tickets: 10, Organizations: 50}, zendesksim.Options{CountRefreshing: true})
	r := a.get(t, "/api/v2/users/count.json")
	assert.EqualValues(t, 100_000, r.at("count", "value"))
	assert.Nil(t, r.at("count", "refreshed_at"))
	r = a.get(t, "/api/v2/organizations/count.json")
	assert.EqualValues(t, a.Account().Organizations.Live(), r.at("count", "value"))
	agents := 0
	a.Account().Users.EachAfter(0, func(u *seed.User) bool {
		if u.Active && u.Role == "agent" {
			agents++
		}
		return true
	})
	require.Positive(t, agents)
	assert.EqualValues(t, agents, a.get(t, "/api/v2/users/count.json?role=agent").at("count", "value"))
	b := open(t, small, zendesksim.Options{})
	both := b.get(t, "/api/v2/users/count.json?role[]=agent&role[]=end-user").at("count", "value").(float64)
	assert.InDelta(t, both, b.get(t, "/api/v2/users/count.json?role=agent").at("count", "value").(float64)+
		b.get(t, "/api/v2/users/count.json?role=end-user").at("count", "value").(float64), 0)
	deleted := b.Account().Users.Len() - b.Account().Users.Live()
	require.Positive(t, deleted)
	assert.EqualValues(t, deleted, b.get(t, "/api/v2/deleted_users/count.json").at("count", "value"))
	assert.Equal(t, "2026-11-20T12:00:00Z", r.at("count", "refreshed_at"))
}

func TestListsFromTheNewest(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	all := a.get(t, "/api/v2/tickets.json?page[size]=100&sort=-id")
	ids := all.ids("tickets")
	assert.True(t, slices.IsSortedFunc(ids, func(x, y int64) int { return cmp.Compare(y, x) }))
	first := a.get(t, "/api/v2/tickets.json?page[size]=1&sort=-id")
	assert.Equal(t, ids[:1], first.ids("tickets"))
	second := a.get(t, "/api/v2/tickets.json?page[size]=2&sort=-id&page[after]="+first.at("meta", "after_cursor").(string))
	assert.Equal(t, ids[1:3], second.ids("tickets"))
	assert.Equal(t, 400, a.get(t, "/api/v2/tickets.json?page[size]=1&sort=subject").status)
}

func TestUserEventsNeedActivation(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	path := fmt.Sprintf("/api/v2/users/%d/events?page[size]=1", a.Account().Owner().ID)
	assert.Equal(t, http.StatusForbidden, a.get(t, path).status)
	b := open(t, small, zendesksim.Options{EventsAPI: true})
	assert.Empty(t, b.get(t, path).rows("events"))
	assert.Equal(t, http.StatusNotFound, b.get(t, "/api/v2/users/1/events").status)
}

func TestFieldsAndOtherReads(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	r := a.get(t, "/api/v2/user_fields.json")
	assert.Equal(t, "customer_type", r.at("user_fields", 0, "key"))
	assert.Equal(t, "ct_trial", r.at("user_fields", 0, "custom_field_options", 0, "value"))
	assert.Equal(t, "Free trial", r.at("user_fields", 0, "custom_field_options", 0, "name"))
	assert.Len(t, a.get(t, "/api/v2/ticket_fields.json").rows("ticket_fields"), 15)
	assert.Len(t, a.get(t, "/api/v2/organization_fields.json").rows("organization_fields"), 5)
	assert.Len(t, a.get(t, "/api/v2/custom_statuses.json").rows("custom_statuses"), 7)
	assert.Equal(t, true, a.get(t, "/api/v2/account/settings.json").at("settings", "active_features", "customer_satisfaction"))
	assert.NotNil(t, a.get(t, "/api/v2/webhooks?page[size]=1").json["webhooks"])

	winner := a.Account().UsersOf(seed.MergeWinner)[0]
	r = a.get(t, fmt.Sprintf("/api/v2/users/%d/identities.json", winner))
	assert.Equal(t, true, r.at("identities", 0, "primary"))
	assert.Equal(t, false, r.at("identities", 1, "primary"))
	assert.Empty(t, a.Log().Unknown())
}
