package zendesksim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

const (
	ticketExport = "/api/v2/incremental/tickets/cursor.json?start_time=0"
	userExport   = "/api/v2/incremental/users/cursor.json?start_time=0"
	orgExport    = "/api/v2/incremental/organizations.json?start_time=0"
)

func newTicket(requester int64) seed.Ticket {
	return seed.Ticket{Subject: "new", Description: "text", RequesterID: requester, Status: "open"}
}

func TestCursorExportsAreWhole(t *testing.T) {
	a := open(t, seed.Size{Users: 450, Tickets: 2300, Organizations: 60}, zendesksim.Options{})
	ids, pages := a.drain(t, "tickets", ticketExport)
	assert.Len(t, pages, 3, "pages of 1000 unless per_page says otherwise")
	slices.Sort(ids)
	assert.Len(t, slices.Compact(ids), 2300, "deleted and archived ones included, no doubles")

	ids, pages = a.drain(t, "users", userExport+"&per_page=100")
	assert.Len(t, pages, 5)
	slices.Sort(ids)
	assert.Len(t, slices.Compact(ids), 450)
	assert.Len(t, a.get(t, userExport+"&per_page=5000").ids("users"), 450)

	last := pages[4]
	again := a.get(t, last.json["after_url"].(string))
	assert.Empty(t, again.ids("users"))
	assert.Equal(t, true, again.json["end_of_stream"])
	assert.Equal(t, last.json["after_cursor"], again.json["after_cursor"], "the cursor stays valid")
	assert.Equal(t, true, a.get(t, "/api/v2/incremental/users/cursor?cursor="+url.QueryEscape(last.json["after_cursor"].(string))).json["end_of_stream"])
}

func TestExportOrderIsGeneratedTimestamp(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	_, pages := a.drain(t, "tickets", ticketExport)
	var last, older float64
	for _, row := range pages[0].rows("tickets") {
		m := row.(map[string]any)
		generated := m["generated_timestamp"].(float64)
		assert.GreaterOrEqual(t, generated, last)
		last = generated
		updated, err := time.Parse(time.RFC3339, m["updated_at"].(string))
		require.NoError(t, err)
		if float64(updated.Unix()) < generated {
			older++
		}
	}
	assert.Positive(t, older, "some moved by a system update alone")

	// A start after such an update still finds the ticket, whose updated_at is earlier.
	id := a.Account().TicketsOf(seed.SystemUpdated)[0]
	row, _ := a.Account().Tickets.Get(id)
	r := a.get(t, fmt.Sprintf("/api/v2/incremental/tickets/cursor.json?start_time=%d", row.GeneratedTimestamp))
	assert.Contains(t, r.ids("tickets"), id)
	assert.Less(t, row.UpdatedAt.Unix(), row.GeneratedTimestamp)
}

func TestStartTime(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	for _, path := range []string{"tickets/cursor", "users/cursor", "organizations", "tickets", "users"} {
		base := "/api/v2/incremental/" + path + ".json"
		want(t, a.get(t, base), 400, "ParameterMissing")
		want(t, a.get(t, base+"?start_time=yesterday"), 400, "InvalidValue")
		want(t, a.get(t, base+"?start_time="+strconv.FormatInt(noon.Unix()-59, 10)), 400, "StartTimeTooRecent")
		r := a.get(t, base+"?start_time="+strconv.FormatInt(noon.Unix()-60, 10))
		assert.Equal(t, 200, r.status)
		assert.Equal(t, true, r.json["end_of_stream"])
		if path == "tickets/cursor" || path == "users/cursor" {
			assert.Nil(t, r.json["after_cursor"], "nothing matched at all")
		}
	}
	want(t, a.get(t, "/api/v2/incremental/tickets/cursor.json?cursor=nonsense"), 400, "InvalidValue")
}

func TestTheLastMinuteIsLeftOut(t *testing.T) {
	for _, tc := range []struct {
		speed float64
		lag   time.Duration
	}{{1, time.Minute}, {20, 3 * time.Second}} {
		a := open(t, small, zendesksim.Options{Speed: tc.speed})
		_, pages := a.drain(t, "tickets", ticketExport)
		next := pages[len(pages)-1].json["after_url"].(string)
		id := a.CreateTicket(newTicket(a.Account().Owner().ID))
		assert.Empty(t, a.get(t, next).ids("tickets"))
		assert.EqualValues(t, id, a.get(t, fmt.Sprintf("/api/v2/tickets/%d", id)).at("ticket", "id"), "single reads show it at once")
		a.sleep(tc.lag - time.Second)
		assert.Empty(t, a.get(t, next).ids("tickets"))
		a.sleep(time.Second)
		assert.Equal(t, []int64{id}, a.get(t, next).ids("tickets"))
	}
}

func TestChangedRowsComeAgain(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	first := a.get(t, ticketExport+"&per_page=100")
	changed := first.ids("tickets")[0]
	later := a.get(t, ticketExport).ids("tickets")[250]
	require.True(t, a.UpdateTicket(changed, func(t *seed.Ticket) { t.Priority = "urgent" }))
	require.True(t, a.SystemUpdate(later))
	a.sleep(time.Minute)
	ids, _ := a.drain(t, "tickets", first.json["after_url"].(string))
	assert.Len(t, ids, 201)
	assert.ElementsMatch(t, []int64{changed, later}, ids[199:], "both moved to the end, one of them for the second time")

	row, _ := a.Account().Tickets.Get(later)
	assert.NotEqual(t, noon.Unix(), row.UpdatedAt.Unix(), "a system update leaves updated_at")
	assert.Equal(t, noon.Unix(), row.GeneratedTimestamp)
}

func TestEmptyPagesAreNotTheEnd(t *testing.T) {
	a := open(t, seed.Size{Users: 300, Tickets: 900}, zendesksim.Options{EmptyPages: true})
	for name, path := range map[string]string{"tickets": ticketExport, "users": userExport} {
		ids, pages := a.drain(t, name, path+"&per_page=20")
		empty, cursors := 0, map[any]bool{}
		for _, p := range pages[:len(pages)-1] {
			if len(p.ids(name)) == 0 {
				empty++
				assert.Equal(t, false, p.json["end_of_stream"])
			}
			assert.False(t, cursors[p.json["after_cursor"]], "every page has a cursor of its own")
			cursors[p.json["after_cursor"]] = true
		}
		assert.Positive(t, empty, name)
		n := len(ids)
		slices.Sort(ids)
		assert.Len(t, slices.Compact(ids), n)
		assert.Equal(t, map[string]int{"tickets": 900, "users": 300}[name], n)
	}
}

func TestDeletedTicketsAreExportedScrubbed(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	id := a.Account().TicketsOf(seed.DeletedTicket)[0]
	r := a.get(t, ticketExport)
	i := slices.Index(r.ids("tickets"), id)
	require.GreaterOrEqual(t, i, 0)
	assert.Equal(t, "deleted", r.at("tickets", i, "status"))
	assert.NotContains(t, r.at("tickets", i, "description"), seed.TextMarker)
	assert.NotContains(t, a.get(t, ticketExport+"&exclude_deleted=true").ids("tickets"), id)
	want(t, a.get(t, fmt.Sprintf("/api/v2/tickets/%d.json", id)), 404, "RecordNotFound")
	assert.Empty(t, a.get(t, fmt.Sprintf("/api/v2/tickets/show_many.json?ids=%d", id)).ids("tickets"))
}

func TestSideloads(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	r := a.get(t, ticketExport+"&include=metric_sets,users,organizations,last_audits&per_page=50")
	m := r.at("tickets", 0, "metric_set").(map[string]any)
	assert.Equal(t, r.at("tickets", 0, "id"), m["ticket_id"])
	assert.Contains(t, m, "reopens")
	assert.Contains(t, r.ids("users"), int64(r.at("tickets", 0, "requester_id").(float64)))
	assert.NotEmpty(t, r.ids("organizations"))
	assert.Contains(t, r.json["after_url"], "include=metric_sets")
	assert.NotContains(t, a.get(t, ticketExport).at("tickets", 0), "metric_set")
}

func TestTimeBasedOrganizations(t *testing.T) {
	a := open(t, seed.Size{Users: 5, Organizations: 1100}, zendesksim.Options{})
	first := a.get(t, orgExport)
	assert.Len(t, first.ids("organizations"), 1000)
	assert.EqualValues(t, 1000, first.json["count"])
	second := a.get(t, first.json["next_page"].(string))
	doubles := 0
	for _, id := range second.ids("organizations") {
		if slices.Contains(first.ids("organizations"), id) {
			doubles++
		}
	}
	assert.Equal(t, 5, doubles, "the second in which the first page ended comes again")
	assert.Len(t, second.ids("organizations"), 105)
	assert.Equal(t, true, second.json["end_of_stream"])
	assert.NotEmpty(t, second.json["next_page"], "next_page is never null")
	assert.Contains(t, second.json["next_page"], fmt.Sprintf("start_time=%.0f", second.json["end_time"]))

	deleted := a.Account().DeletedOrganizations()[0]
	i := slices.Index(first.ids("organizations"), deleted)
	assert.NotNil(t, first.at("organizations", i, "deleted_at"))
	assert.Nil(t, first.at("organizations", 0, "deleted_at"))
	want(t, a.get(t, fmt.Sprintf("/api/v2/organizations/%d", deleted)), 404, "RecordNotFound")
}

func TestASecondThatOverflowsAPage(t *testing.T) {
	size := seed.Size{Users: 5, Organizations: 200, SameSecond: 1500}
	a := open(t, size, zendesksim.Options{})
	ids, pages := a.drain(t, "organizations", orgExport)
	slices.Sort(ids)
	assert.Len(t, slices.Compact(ids), 1700)
	assert.Greater(t, len(pages[1].ids("organizations")), 1500, "the page is enlarged")

	a = open(t, size, zendesksim.Options{NoEnlarge: true})
	r := a.get(t, orgExport)
	r = a.get(t, r.json["next_page"].(string))
	assert.Len(t, r.ids("organizations"), 1000)
	next := a.get(t, r.json["next_page"].(string))
	assert.Equal(t, r.json["end_time"], next.json["end_time"], "end_time does not get on")
	assert.Equal(t, r.json["next_page"], next.json["next_page"])
}
