package zendesk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/rest"
)

const (
	routeRatings = "/api/v2/satisfaction_ratings.json"
	routeRating  = "/api/v2/satisfaction_ratings/{id}.json"
	routeSurveys = "/api/v2/guide/survey_responses"
)

// RatingPage is a page of legacy ratings.
type RatingPage = Page[SatisfactionRating]

// RatingQuery asks for a page of legacy ratings. The filters go with the first page; a cursor carries them on.
type RatingQuery struct {
	ListQuery
	Score     string    // received, good, bad, offered ...; empty: all
	StartTime time.Time // of the oldest rating; zero: open
	EndTime   time.Time // of the newest rating; zero: open
}

// ListSatisfactionRatings reads a page of the legacy ratings.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/#list-satisfaction-ratings
func (c *Client) ListSatisfactionRatings(ctx context.Context, q RatingQuery) (RatingPage, error) {
	filter := url.Values{}
	if q.Score != "" {
		filter.Set("score", q.Score)
	}
	if !q.StartTime.IsZero() {
		filter.Set("start_time", strconv.FormatInt(q.StartTime.Unix(), 10))
	}
	if !q.EndTime.IsZero() {
		filter.Set("end_time", strconv.FormatInt(q.EndTime.Unix(), 10))
	}
	e, page, err := c.list(ctx, routeRatings, routeRatings, "satisfaction_ratings", q.ListQuery, filter)
	if err != nil {
		return RatingPage{}, err
	}
	return withRows(page, e.ratings), nil
}

// ShowSatisfactionRating reads one legacy rating.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/#show-satisfaction-rating
func (c *Client) ShowSatisfactionRating(ctx context.Context, id int64) (Read[SatisfactionRating], error) {
	r := c.call(http.MethodGet, routeRating, withID(routeRating, id), nil, nil)
	e, meta, err := c.support(ctx, r, "satisfaction_rating")
	if err != nil {
		return Read[SatisfactionRating]{}, err
	}
	if len(e.ratings) != 1 {
		return Read[SatisfactionRating]{}, missing(r, meta, "satisfaction_rating")
	}
	return Read[SatisfactionRating]{Row: e.ratings[0], AskedAt: meta.SentAt}, nil
}

// SurveyPage is a page of answers to the new CSAT survey.
type SurveyPage = Page[SurveyResponse]

// SurveyQuery asks for a page of answers to the new CSAT survey, oldest first.
type SurveyQuery struct {
	CreatedStart time.Time // zero: open
	CreatedEnd   time.Time // zero: open
	TicketIDs    []int64   // only answers about these; empty: all
	After        string    // Page.Cursor of the page before; the filters must be the same
	PageSize     int       // up to 100; 0: 100
}

// HasNoSurveys reports that the account's plan does not have the new CSAT: a 404 of any kind, since the list has no record that
// could be missing. https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
func HasNoSurveys(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Route == routeSurveys && e.Status == http.StatusNotFound
}

// ListSurveyResponses reads a page of answers to the new CSAT survey. HasNoSurveys tells that the plan has none.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
func (c *Client) ListSurveyResponses(ctx context.Context, q SurveyQuery) (SurveyPage, error) {
	query, err := pageQuery(routeSurveys, ListQuery{PageSize: q.PageSize, Cursor: q.After, Sort: "id"})
	if err != nil {
		return SurveyPage{}, err
	}
	// Unlike the rest of the API these filters count in milliseconds.
	if !q.CreatedStart.IsZero() {
		query.Set("filter[created_at_start]", strconv.FormatInt(q.CreatedStart.UnixMilli(), 10))
	}
	if !q.CreatedEnd.IsZero() {
		query.Set("filter[created_at_end]", strconv.FormatInt(q.CreatedEnd.UnixMilli(), 10))
	}
	if len(q.TicketIDs) > 0 {
		zrns := make([]string, len(q.TicketIDs))
		for i, id := range q.TicketIDs {
			zrns[i] = "zen:ticket:" + strconv.FormatInt(id, 10)
		}
		query.Set("filter[subject_zrns]", strings.Join(zrns, ","))
	}
	var out struct {
		Rows []SurveyResponse `json:"survey_responses"`
		linked
	}
	r := c.call(http.MethodGet, routeSurveys, "", query, nil)
	meta, err := c.gate.Do(ctx, r, &out)
	if err != nil {
		return SurveyPage{}, err
	}
	if out.Rows == nil {
		return SurveyPage{}, missing(r, meta, "survey_responses")
	}
	cursor, end, err := c.nextCursor(r, meta, out.paging())
	if err != nil {
		return SurveyPage{}, err
	}
	return SurveyPage{Rows: out.Rows, Cursor: cursor, End: end, AskedAt: meta.SentAt}, nil
}
