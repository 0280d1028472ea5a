package zendesksim

import (
	"encoding/binary"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

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

const (
	// responseExpiry is for how long after it was made a survey response can be answered, and its answers edited.
	responseExpiry = 28 * 24 * time.Hour
	// answerDelay is how long people took to answer where the account's history does not say.
	answerDelay = 2 * time.Hour
)

// response is a survey response: made when the survey was offered, and answered later or not at all.
type response struct {
	id     string
	made   time.Time
	ticket seed.Ticket
}

// responseOf gives a ticket's survey response; false: no survey was offered.
func (s *Server) responseOf(t *seed.Ticket) (response, bool) {
	made := t.Rating.CreatedAt.Add(-answerDelay)
	if at, ok := s.surveys.Load(t.ID); ok {
		made = at.(time.Time)
	} else if !t.Rating.Rated() {
		return response{}, false
	} else if made.Before(t.CreatedAt) {
		made = t.CreatedAt
	}
	return response{responseID(t.ID, made), made, *t}, true
}

// responseID is a ULID, so that ids sort by when the responses were made; its entropy is the ticket.
func responseID(ticket int64, made time.Time) string {
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(made))
	binary.BigEndian.PutUint64(id[8:], uint64(ticket))
	return id.String()
}

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
	keep := func(r *response) bool {
		t := &r.ticket
		return within(r.made, from, to) &&
			(tickets == nil || slices.Contains(tickets, "zen:ticket:"+strconv.FormatInt(t.ID, 10))) &&
			(responders == nil || slices.Contains(responders, strconv.FormatInt(t.RequesterID, 10)))
	}
	var rows []response
	s.account.Tickets.EachAfter(0, func(t *seed.Ticket) bool {
		if r, offered := s.responseOf(t); offered && keep(&r) {
			rows = append(rows, r)
		}
		return true
	})
	slices.SortFunc(rows, func(a, b response) int { return strings.Compare(a.id, b.id) })
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

func (s *Server) sendResponses(x *exchange, rows []response) {
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
		at := slices.IndexFunc(rows, func(r response) bool { return r.ticket.ID == after })
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
		cursor := encodeID(rows[len(rows)-1].ticket.ID)
		meta["after_cursor"] = cursor
		if more {
			links["next"] = s.nextLink(x, v2+"/guide/survey_responses", q, cursor)
		}
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"survey_responses": out, "meta": meta, "links": links})
}

func showSurveyResponse(s *Server, x *exchange) {
	id, _ := ulid.Parse(x.r.PathValue("id"))
	t, found := s.account.Tickets.Get(int64(binary.BigEndian.Uint64(id[8:])))
	r, offered := s.responseOf(&t)
	if s.opts.CSAT != NewCSAT || !found || !offered || r.id != x.r.PathValue("id") {
		listError(x.w, http.StatusNotFound, "NotFound", "Not found")
		return
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"survey_response": surveyResponse(&r)})
}

// surveyOptions are the points of the survey's rating question; they tell how long its scale is.
var surveyOptions = []any{
	map[string]any{"rating": 1}, map[string]any{"rating": 2}, map[string]any{"rating": 3}, map[string]any{"rating": 4}, map[string]any{"rating": 5},
}

func surveyResponse(r *response) map[string]any {
	zrn := "zen:ticket:" + strconv.FormatInt(r.ticket.ID, 10)
	return map[string]any{
		"id": r.id, "responder_id": r.ticket.RequesterID, "expires_at": r.made.Add(responseExpiry).UTC().Format(surveyStamp),
		"subject_zrns": []string{zrn}, "subjects": []any{map[string]any{"id": strconv.FormatInt(r.ticket.ID, 10), "type": "ticket", "zrn": zrn}},
		"survey":  map[string]any{"id": "01J0SURVEY0000000000000001", "version": 1, "state": "enabled"},
		"answers": surveyAnswers(&r.ticket.Rating),
	}
}

const surveyStamp = "2006-01-02T15:04:05.000Z"

// surveyAnswers are the answers of a response; there are none while nobody answered.
func surveyAnswers(rating *seed.Rating) []any {
	if !rating.Rated() {
		return []any{}
	}
	created, updated := rating.CreatedAt.Format(surveyStamp), rating.UpdatedAt.Format(surveyStamp)
	category := [...]string{"bad", "bad", "neutral", "good", "good"}[rating.Stars-1]
	comment := map[string]any{"type": "skipped", "question": map[string]any{"id": "q2", "alias": "comment"}, "created_at": created, "updated_at": updated}
	if rating.Comment != "" {
		comment["type"], comment["value"] = "open_ended", rating.Comment
	}
	return []any{
		map[string]any{
			"type": "rating_scale", "rating": rating.Stars, "rating_category": category,
			"question": map[string]any{"id": "q1", "alias": "rating", "type": "rating_scale_numeric", "options": surveyOptions}, "created_at": created, "updated_at": updated,
		},
		comment,
	}
}
