package zendesksim_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

func ratings(a *account, keep func(seed.Rating) bool) int {
	n := 0
	for row := range a.Account().Tickets.All() {
		if keep(row.Rating) {
			n++
		}
	}
	return n
}

func TestLegacyRatings(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	list := "/api/v2/satisfaction_ratings.json"
	for score, keep := range map[string]func(seed.Rating) bool{
		"":                  func(r seed.Rating) bool { return r.ID != 0 },
		"good":              func(r seed.Rating) bool { return r.Score == "good" },
		"received":          seed.Rating.Rated,
		"bad_with_comment":  func(r seed.Rating) bool { return r.Score == "bad" && r.Comment != "" },
		"good_with_comment": func(r seed.Rating) bool { return r.Score == "good" && r.Comment != "" },
		"offered":           func(r seed.Rating) bool { return r.Score == "offered" },
	} {
		r := a.get(t, list+"?per_page=100&score="+score)
		assert.EqualValues(t, ratings(a, keep), r.json["count"], score)
	}
	id := a.Account().TicketsOf(seed.BadTicket)[0]
	row, _ := a.Account().Tickets.Get(id)
	r := a.get(t, fmt.Sprintf("%s?start_time=%d&end_time=%d", list, row.Rating.CreatedAt.Unix(), row.Rating.CreatedAt.Unix()))
	assert.Equal(t, []int64{row.Rating.ID}, r.ids("satisfaction_ratings"))

	r = a.get(t, fmt.Sprintf("/api/v2/satisfaction_ratings/%d.json", row.Rating.ID))
	assert.Equal(t, "bad", r.at("satisfaction_rating", "score"))
	assert.EqualValues(t, id, r.at("satisfaction_rating", "ticket_id"))
	want(t, a.get(t, "/api/v2/satisfaction_ratings/5.json"), 404, "RecordNotFound")
	assert.Equal(t, "bad", a.get(t, fmt.Sprintf("/api/v2/tickets/%d", id)).at("ticket", "satisfaction_rating", "score"))

	want(t, a.get(t, "/api/v2/guide/survey_responses"), 404, "InvalidEndpoint")
	assert.EqualValues(t, ratings(a, func(r seed.Rating) bool { return r.ID != 0 }), a.get(t, "/api/v2/satisfaction_ratings/count.json").at("count", "value"))
}

func TestSurveyResponses(t *testing.T) {
	a := open(t, small, zendesksim.Options{CSAT: zendesksim.NewCSAT})
	assert.Equal(t, 403, a.get(t, "/api/v2/satisfaction_ratings").status)
	id := a.Account().TicketsOf(seed.BadTicket)[0]
	row, _ := a.Account().Tickets.Get(id)
	filter := "/api/v2/guide/survey_responses?filter[subject_zrns]=" + url.QueryEscape(fmt.Sprintf("zen:ticket:%d", id))
	r := a.get(t, filter)
	require.Len(t, r.rows("survey_responses"), 1)
	assert.EqualValues(t, row.Rating.Stars, r.at("survey_responses", 0, "answers", 0, "rating"))
	assert.EqualValues(t, row.RequesterID, r.at("survey_responses", 0, "responder_id"))
	assert.NotContains(t, r.at("survey_responses", 0), "created_at")
	key := r.at("survey_responses", 0, "id").(string)
	assert.Equal(t, key, a.get(t, "/api/v2/guide/survey_responses/"+key).at("survey_response", "id"))
	assert.Equal(t, "bad", a.get(t, fmt.Sprintf("/api/v2/tickets/%d", id)).at("ticket", "satisfaction_rating", "score"), "converted down")

	made := ulid.Time(ulid.MustParse(key).Time())
	assert.Less(t, made, row.Rating.CreatedAt, "a response is there before it is answered")
	millis := made.UnixMilli()
	r = a.get(t, fmt.Sprintf("/api/v2/guide/survey_responses?filter[created_at_start]=%d&filter[created_at_end]=%d", millis, millis))
	assert.Len(t, r.rows("survey_responses"), 1)
	want(t, a.get(t, "/api/v2/guide/survey_responses?sort=created_at"), 400, "BadRequest")

	n, next := 0, "/api/v2/guide/survey_responses?page[size]=10&sort=-id"
	for next != "" {
		r := a.get(t, next)
		n += len(r.rows("survey_responses"))
		next, _ = r.at("links", "next").(string)
	}
	assert.Equal(t, ratings(a, seed.Rating.Rated), n)

	ordinary := a.Account().UsersOf(seed.Ordinary)[0]
	fresh := a.CreateTicket(newTicket(ordinary))
	require.True(t, a.RateTicket(fresh, 3, "so so"))
	r = a.get(t, fmt.Sprintf("/api/v2/guide/survey_responses?filter[responder_ids]=%d&sort=-id", ordinary))
	assert.Equal(t, "neutral", r.at("survey_responses", 0, "answers", 0, "rating_category"))
	assert.Equal(t, "so so", r.at("survey_responses", 0, "answers", 1, "value"))
	inline := func(key string) any {
		return a.get(t, fmt.Sprintf("/api/v2/tickets/%d", fresh)).at("ticket", "satisfaction_rating", key)
	}
	assert.Equal(t, "bad", inline("score"), "three of five stars are converted down to bad")
	assert.Equal(t, "so so", inline("comment"))
	require.True(t, a.RateTicket(fresh, 4, ""))
	assert.Equal(t, "good", inline("score"), "an answer can be changed")
	r = a.get(t, fmt.Sprintf("/api/v2/guide/survey_responses?filter[responder_ids]=%d&sort=-id", ordinary))
	assert.EqualValues(t, 4, r.at("survey_responses", 0, "answers", 0, "rating"))
}

func TestSurveyResponsesWithoutAnAnswer(t *testing.T) {
	a := open(t, small, zendesksim.Options{CSAT: zendesksim.NewCSAT})
	id := a.CreateTicket(newTicket(a.Account().UsersOf(seed.Ordinary)[0]))
	require.True(t, a.OfferSurvey(id))
	assert.False(t, a.OfferSurvey(0))
	offered, stamp := a.time(), "2006-01-02T15:04:05.000Z"
	list := fmt.Sprintf("/api/v2/guide/survey_responses?filter[created_at_start]=%d", offered.UnixMilli())
	r := a.get(t, list)
	require.Len(t, r.rows("survey_responses"), 1)
	assert.Empty(t, r.at("survey_responses", 0, "answers"))
	key := r.at("survey_responses", 0, "id")
	assert.Equal(t, offered.Add(28*24*time.Hour).Format(stamp), r.at("survey_responses", 0, "expires_at"))
	assert.Equal(t, "offered", a.get(t, fmt.Sprintf("/api/v2/tickets/%d", id)).at("ticket", "satisfaction_rating", "score"))

	a.sleep(24 * time.Hour)
	require.True(t, a.RateTicket(id, 5, ""))
	r = a.get(t, list)
	assert.Equal(t, key, r.at("survey_responses", 0, "id"), "the response that was offered is answered")
	assert.Equal(t, offered.Add(24*time.Hour).Format(stamp), r.at("survey_responses", 0, "answers", 0, "created_at"))
	r = a.get(t, fmt.Sprintf("/api/v2/guide/survey_responses?filter[created_at_start]=%d", offered.Add(time.Hour).UnixMilli()))
	assert.Empty(t, r.rows("survey_responses"), "the filter is about the response, not its answers")
}

func TestNoSurvey(t *testing.T) {
	a := open(t, small, zendesksim.Options{CSAT: zendesksim.NoCSAT})
	assert.Equal(t, 403, a.get(t, "/api/v2/satisfaction_ratings").status)
	assert.Equal(t, 404, a.get(t, "/api/v2/guide/survey_responses").status)
	assert.Nil(t, a.get(t, ticketExport).at("tickets", 0, "satisfaction_rating"))
}
