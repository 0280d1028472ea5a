package zendesksim_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// bodies are the texts of an answer's comments.
func bodies(r reply) []string {
	out := []string{}
	for i := range r.rows("comments") {
		out = append(out, r.at("comments", i, "body").(string))
	}
	return out
}

func TestComments(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	owner := a.Account().Owner().ID
	r := a.write(t, http.MethodPost, "/api/v2/tickets.json",
		`{"ticket":{"subject":"Help","comment":{"body":"It broke"},"requester":{"name":"New","email":"new.person@example.com"}}}`)
	require.Equal(t, http.StatusCreated, r.status, r.text)
	id := int64(r.at("ticket", "id").(float64))
	ticket := fmt.Sprintf("/api/v2/tickets/%d", id)
	requester := int64(r.at("ticket", "requester_id").(float64))
	a.sleep(time.Minute)
	a.write(t, http.MethodPut, ticket, `{"ticket":{"status":"open","comment":{"html_body":"<p>Try &amp; restart</p>"}}}`)
	a.write(t, http.MethodPut, ticket, `{"ticket":{"comment":{"body":"A note","public":false}}}`)
	a.write(t, http.MethodPut, ticket, fmt.Sprintf(`{"ticket":{"comment":{"body":"Thanks","author_id":%d}}}`, requester))

	r = a.get(t, ticket+"/comments.json")
	require.Equal(t, 200, r.status, r.text)
	assert.Equal(t, []string{"It broke", "Try & restart", "A note", "Thanks"}, bodies(r))
	assert.EqualValues(t, 4, r.json["count"])
	for i, want := range []struct {
		author int64
		public bool
		html   string
		at     string
	}{
		{owner, true, "<p>It broke</p>", "2026-11-20T12:00:00Z"},
		{owner, true, "<p>Try &amp; restart</p>", "2026-11-20T12:01:00Z"},
		{owner, false, "<p>A note</p>", "2026-11-20T12:01:00Z"},
		{requester, true, "<p>Thanks</p>", "2026-11-20T12:01:00Z"},
	} {
		assert.EqualValues(t, want.author, r.at("comments", i, "author_id"))
		assert.Equal(t, want.public, r.at("comments", i, "public"))
		assert.Contains(t, r.at("comments", i, "html_body"), want.html)
		assert.Equal(t, want.at, r.at("comments", i, "created_at"))
	}
	row, _ := a.Account().Tickets.Get(id)
	assert.Equal(t, 1, row.Metrics.Replies, "public replies of agents")
	assert.Equal(t, "It broke", row.Description)
	assert.EqualValues(t, 4, a.get(t, ticket+"?include=comment_count").at("ticket", "comment_count"))

	all := a.Comments(id)
	require.Len(t, all, 4)
	assert.Equal(t, "A note", all[2].Body)
	assert.False(t, all[2].Public)
	assert.Nil(t, a.Comments(999_999_999))
}

func TestCommentsByPage(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	id := a.CreateTicket(seed.Ticket{RequesterID: a.Account().UsersOf(seed.Ordinary)[0], Description: "0"})
	var all []string
	for i := range 7 {
		if i > 0 {
			a.sleep(time.Duration(i%2) * time.Second) // some share a second
			require.True(t, a.AddComment(id, zendesksim.Comment{Body: strconv.Itoa(i), Public: true}))
		}
		all = append(all, strconv.Itoa(i))
	}
	path := fmt.Sprintf("/api/v2/tickets/%d/comments.json", id)
	walk := func(query string) (got []string, pages int) {
		for next := path + query; next != ""; pages++ {
			r := a.get(t, next)
			require.Equal(t, 200, r.status, r.text)
			got = append(got, bodies(r)...)
			if next, _ = r.at("links", "next").(string); next == "" {
				next, _ = r.json["next_page"].(string)
			}
		}
		return got, pages
	}
	reversed := []string{"6", "5", "4", "3", "2", "1", "0"}
	for query, want := range map[string][]string{
		"?page[size]=3": all, "?page[size]=3&sort=created_at": all, "?page[size]=3&sort=-created_at": reversed,
		"?page[size]=3&sort_order=desc": all, "?per_page=3": all, "?per_page=3&sort_order=desc": reversed, "?per_page=3&sort=-created_at": all,
	} {
		got, pages := walk(query)
		assert.Equal(t, want, got, query)
		assert.Equal(t, 3, pages, query)
	}
	got, pages := walk("?page[size]=7")
	assert.Equal(t, all, got)
	assert.Equal(t, 1, pages)

	// A comment that is added meanwhile does not shift the pages of those who read newest first.
	first := a.get(t, path+"?page[size]=3&sort=-created_at")
	require.True(t, a.AddComment(id, zendesksim.Comment{Body: "7", Public: true}))
	assert.Equal(t, []string{"3", "2", "1"}, bodies(a.get(t, first.at("links", "next").(string))))

	want(t, a.get(t, path+"?page[size]=3&sort=id"), 400, "InvalidSort")
	want(t, a.get(t, path+"?page[size]=101"), 400, "InvalidPaginationParameter")
	want(t, a.get(t, path+"?sort_order=newest"), 400, "InvalidValue")
}

func TestCommentsOfTicketsThatCannotChange(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	id := a.Account().TicketsOf(seed.GoodTicket)[0]
	path := fmt.Sprintf("/api/v2/tickets/%d", id)
	row, _ := a.Account().Tickets.Get(id)
	assert.Equal(t, []string{row.Description}, bodies(a.get(t, path+"/comments")), "the description is the first comment")
	require.True(t, a.UpdateTicket(id, func(t *seed.Ticket) { t.Status = "closed" }))
	want(t, a.write(t, http.MethodPut, path, `{"ticket":{"comment":{"body":"late"}}}`), 422, "RecordInvalid")
	assert.False(t, a.AddComment(id, zendesksim.Comment{Body: "late"}))
	assert.Len(t, a.get(t, path+"/comments").rows("comments"), 1)

	require.True(t, a.DeleteTicket(id))
	want(t, a.get(t, path+"/comments"), 404, "RecordNotFound")
	assert.Equal(t, "SCRUBBED", a.Comments(id)[0].Body)
	want(t, a.get(t, "/api/v2/tickets/999999999/comments"), 404, "RecordNotFound")
}

func TestInternalNotes(t *testing.T) {
	a, m := byHand(t, 1), receive(t, nil)
	a.subscribe(t, m.url, "ticket.comment_added")
	r := a.write(t, http.MethodPost, "/api/v2/tickets", `{"ticket":{"comment":{"body":"Among us","public":false}}}`)
	id := int64(r.at("ticket", "id").(float64))
	path := fmt.Sprintf("/api/v2/tickets/%d", id)
	a.write(t, http.MethodPut, path, `{"ticket":{"comment":{"body":"still among us"}}}`)
	a.write(t, http.MethodPut, path, `{"ticket":{"comment":{"body":"for all","public":true}}}`)
	a.DrainWebhooks(t.Context())
	var public []any
	for _, one := range m.all() {
		public = append(public, one.at("event", "comment", "is_public"))
	}
	assert.Equal(t, []any{false, true}, public, "each has its event, even within one second")
	var shown []bool
	for _, c := range a.Comments(id) {
		shown = append(shown, c.Public)
	}
	assert.Equal(t, []bool{false, false, true}, shown, "what the first comment is the next ones are, unless they say so")
}

func TestTicketsByExternalID(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	r := a.write(t, http.MethodPost, "/api/v2/tickets", `{"ticket":{"external_id":"zb-1","comment":{"body":"x"}}}`)
	id := int64(r.at("ticket", "id").(float64))
	for _, mode := range []string{"", "&page[size]=100"} {
		assert.Equal(t, []int64{id}, a.get(t, "/api/v2/tickets.json?external_id=zb-1"+mode).ids("tickets"))
		assert.Empty(t, a.get(t, "/api/v2/tickets.json?external_id=zb-2"+mode).ids("tickets"))
	}
	require.True(t, a.DeleteTicket(id))
	assert.Empty(t, a.get(t, "/api/v2/tickets.json?external_id=zb-1").ids("tickets"))
}
