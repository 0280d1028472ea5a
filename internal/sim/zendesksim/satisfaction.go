package zendesksim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// rated reports whether score, as the score filter of the ratings list writes it, covers r.
func rated(r *seed.Rating, score string) bool {
	if r.ID == 0 {
		return false
	}
	base, qualifier := score, ""
	for _, q := range []string{"_with_comment", "_without_comment"} {
		if b, ok := strings.CutSuffix(score, q); ok {
			base, qualifier = b, q
		}
	}
	if qualifier == "_with_comment" && r.Comment == "" || qualifier == "_without_comment" && r.Comment != "" {
		return false
	}
	return base == "" || base == r.Score || base == "received" && r.Rated()
}

// unixFilter reads a filter in Unix seconds (or, by unit, milliseconds); ok is false when it is no number.
func unixFilter(text string, unit time.Duration) (at time.Time, ok bool) {
	if text == "" {
		return at, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return at, false
	}
	return time.Unix(0, n*int64(unit)).UTC(), true
}

func within(t, from, to time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (to.IsZero() || !t.After(to))
}

// listRatings serves legacy CSAT. Offered ratings are in the list too.
func listRatings(s *Server, x *exchange) {
	if s.opts.CSAT != LegacyCSAT {
		forbidden(x.w)
		return
	}
	from, ok1 := unixFilter(x.query("start_time"), time.Second)
	to, ok2 := unixFilter(x.query("end_time"), time.Second)
	if !ok1 || !ok2 {
		invalidValue(x.w, "start_time and end_time must be Unix times in seconds")
		return
	}
	score := x.query("score")
	keep := func(t *seed.Ticket) bool {
		return t.Status != "deleted" && rated(&t.Rating, score) && within(t.Rating.CreatedAt, from, to)
	}
	s.serveList(x, list{
		name: "satisfaction_ratings", path: v2 + "/satisfaction_ratings",
		total: func() int { return countRows(s.account.Tickets, keep) },
		each: func(after int64, visit func(int64, func([]byte) []byte) bool) {
			s.account.Tickets.EachAfter(after, func(t *seed.Ticket) bool {
				return !keep(t) || visit(t.ID, func(b []byte) []byte { return s.appendRating(b, t) })
			})
		},
	})
}

func countRatings(s *Server, x *exchange) {
	if s.opts.CSAT != LegacyCSAT {
		forbidden(x.w)
		return
	}
	s.count(x, countRows(s.account.Tickets, func(t *seed.Ticket) bool { return t.Status != "deleted" && t.Rating.ID != 0 }))
}

func showRating(s *Server, x *exchange) {
	if s.opts.CSAT != LegacyCSAT {
		forbidden(x.w)
		return
	}
	id, found := pathID(x), false
	s.account.Tickets.EachAfter(0, func(t *seed.Ticket) bool {
		if t.Rating.ID != id || t.Status == "deleted" {
			return true
		}
		found = true
		open, end := `{"satisfaction_rating":`, "}"
		if s.opts.RatingAsList {
			open, end = open+"[", "]"+end
		}
		send(x.w, http.StatusOK, append(s.appendRating([]byte(open), t), end...))
		return false
	})
	if !found {
		recordNotFound(x.w)
	}
}

// responseExpiry is how long a survey response can be edited.
const responseExpiry = 28 * 24 * time.Hour

// responseID looks like the vendor's and sorts as the tickets do.
func responseID(ticket int64) string { return fmt.Sprintf("01J1%022d", ticket) }

// listSurveyResponses serves the new CSAT
// (https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/): times in
// milliseconds, sort by id only, errors in the JSON:API like envelope.
func listSurveyResponses(s *Server, x *exchange) {
	if s.opts.CSAT != NewCSAT {
		listError(x.w, http.StatusNotFound, "InvalidEndpoint", "Not found")
		return
	}
	q := x.r.URL.Query()
	from, ok1 := unixFilter(q.Get("filter[created_at_start]"), time.Millisecond)
	to, ok2 := unixFilter(q.Get("filter[created_at_end]"), time.Millisecond)
	if sort := q.Get("sort"); !ok1 || !ok2 || sort != "" && sort != "id" && sort != "-id" {
		listError(x.w, http.StatusBadRequest, "BadRequest", "Invalid filter or sort")
		return
	}
	tickets, responders := splitFilter(q.Get("filter[subject_zrns]")), splitFilter(q.Get("filter[responder_ids]"))
	keep := func(t *seed.Ticket) bool {
		return t.Rating.Rated() && within(t.Rating.CreatedAt, from, to) &&
			(tickets == nil || slices.Contains(tickets, "zen:ticket:"+strconv.FormatInt(t.ID, 10))) &&
			(responders == nil || slices.Contains(responders, strconv.FormatInt(t.RequesterID, 10)))
	}
	var rows []seed.Ticket
	s.account.Tickets.EachAfter(0, func(t *seed.Ticket) bool {
		if keep(t) {
			rows = append(rows, *t)
		}
		return true
	})
	if q.Get("sort") == "-id" {
		slices.Reverse(rows)
	}
	s.sendResponses(x, rows)
}

func splitFilter(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (s *Server) sendResponses(x *exchange, rows []seed.Ticket) {
	q := x.r.URL.Query()
	size := maxListPage
	if text := q.Get("page[size]"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxListPage {
			listError(x.w, http.StatusBadRequest, "BadRequest", "page[size] must be between 1 and 100")
			return
		}
		size = n
	}
	after, ok := decodeID(q.Get("page[after]"))
	if !ok {
		listError(x.w, http.StatusBadRequest, "BadRequest", "page[after] is not valid")
		return
	}
	if after != 0 {
		at := slices.IndexFunc(rows, func(t seed.Ticket) bool { return t.ID == after })
		rows = rows[at+1:]
	}
	more := len(rows) > size
	rows = rows[:min(size, len(rows))]
	out := []any{}
	for i := range rows {
		out = append(out, surveyResponse(&rows[i]))
	}
	meta := map[string]any{"has_more": more, "after_cursor": nil, "before_cursor": nil}
	links := map[string]any{"next": nil, "prev": nil}
	if len(rows) > 0 {
		cursor := encodeID(rows[len(rows)-1].ID)
		meta["after_cursor"] = cursor
		if more {
			links["next"] = s.nextLink(x, v2+"/guide/survey_responses", q, cursor)
		}
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"survey_responses": out, "meta": meta, "links": links})
}

func showSurveyResponse(s *Server, x *exchange) {
	number, ok := strings.CutPrefix(x.r.PathValue("id"), "01J1")
	id, err := strconv.ParseInt(number, 10, 64)
	t, found := s.account.Tickets.Get(id)
	if s.opts.CSAT != NewCSAT || !ok || err != nil || !found || !t.Rating.Rated() {
		listError(x.w, http.StatusNotFound, "NotFound", "Not found")
		return
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"survey_response": surveyResponse(&t)})
}

// surveyOptions are the points of the survey's rating question; they tell how long its scale is.
var surveyOptions = []any{
	map[string]any{"rating": 1}, map[string]any{"rating": 2}, map[string]any{"rating": 3}, map[string]any{"rating": 4}, map[string]any{"rating": 5},
}

func surveyResponse(t *seed.Ticket) map[string]any {
	const stamp = "2006-01-02T15:04:05.000Z"
	zrn := "zen:ticket:" + strconv.FormatInt(t.ID, 10)
	created, updated := t.Rating.CreatedAt.Format(stamp), t.Rating.UpdatedAt.Format(stamp)
	category := [...]string{"bad", "bad", "neutral", "good", "good"}[t.Rating.Stars-1]
	comment := map[string]any{"type": "skipped", "question": map[string]any{"id": "q2", "alias": "comment"}, "created_at": created, "updated_at": updated}
	if t.Rating.Comment != "" {
		comment["type"], comment["value"] = "open_ended", t.Rating.Comment
	}
	return map[string]any{
		"id": responseID(t.ID), "responder_id": t.RequesterID, "expires_at": t.Rating.CreatedAt.Add(responseExpiry).Format(stamp),
		"subject_zrns": []string{zrn}, "subjects": []any{map[string]any{"id": strconv.FormatInt(t.ID, 10), "type": "ticket", "zrn": zrn}},
		"survey": map[string]any{"id": "01J0SURVEY0000000000000001", "version": 1, "state": "enabled"},
		"answers": []any{
			map[string]any{
				"type": "rating_scale", "rating": t.Rating.Stars, "rating_category": category,
				"question": map[string]any{"id": "q1", "alias": "rating", "type": "rating_scale_numeric", "options": surveyOptions}, "created_at": created, "updated_at": updated,
			},
			comment,
		},
	}
}
