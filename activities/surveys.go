package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"zendesk-brevo/internal/zendesk"
)

const (
	// maxSurveyPage is the largest page of survey responses.
	maxSurveyPage = 100
	// fewSurveyPages is up to how many pages the responses that may still change are read again in every sync; where there
	// are more, they are every wholeSurveys, and only new responses in between.
	fewSurveyPages = 10
	wholeSurveys   = time.Hour
	// surveyGrace is for how long after its end a response is still read: clocks differ, and lists lag behind.
	surveyGrace = time.Hour
	// surveySlack is how far the time in a response's id may be from the one by which Zendesk filters.
	surveySlack = 5 * time.Minute
	// surveyLife is the longest that a response is taken to be open, where Zendesk does not say until when it is, and where a
	// replay has to find what was answered within it.
	surveyLife = 90 * 24 * time.Hour
)

// surveysBegan is before the first survey response that Zendesk ever made: an id that tells an earlier time tells none.
var surveysBegan = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// surveyCursor is where the stream of survey responses stands. Zendesk gives the responses by when they were made, which is
// when the person was asked: the answer comes later, and may be edited until the response expires. So a pass begins at the
// oldest response that may still change. Times are Unix milliseconds.
type surveyCursor struct {
	Open   int64       `json:"open"`             // when the oldest response was made that may still change
	Newest int64       `json:"newest,omitempty"` // when the newest response was made
	Whole  int64       `json:"whole,omitempty"`  // when the last pass began that started at Open
	Pages  int         `json:"pages,omitempty"`  // of that pass
	Pass   *surveyPass `json:"pass,omitempty"`   // the one under way
}

// surveyPass is one reading of the responses, from page to page.
type surveyPass struct {
	From  int64  `json:"from"`
	Began int64  `json:"began"`
	Short bool   `json:"short,omitempty"` // it reads new responses only
	After string `json:"after,omitempty"` // the cursor of the next page
	Open  int64  `json:"open,omitempty"`  // when the oldest response so far was made that may still change; 0: none may
	Pages int    `json:"pages,omitempty"`
}

// surveyCursorOf reads a stored cursor. One of before passes were stored began at an answer, later than responses that were open
// then, so all is read again.
func surveyCursorOf(value string) surveyCursor {
	var c surveyCursor
	if json.Unmarshal([]byte(value), &c) != nil {
		return surveyCursor{}
	}
	return c
}

// pass is the one under way, or the next one.
func (c *surveyCursor) pass(now time.Time) surveyPass {
	switch {
	case c.Pass != nil:
		return *c.Pass
	case c.Pages > fewSurveyPages && now.Sub(time.UnixMilli(c.Whole)) < wholeSurveys:
		return surveyPass{From: c.Newest, Began: now.UnixMilli(), Short: true}
	}
	return surveyPass{From: c.Open, Began: now.UnixMilli()}
}

// see takes in a page. A response whose time of making cannot be told is as old as the pass; where nothing tells either until
// when it is open, it may be any of those that are.
func (c *surveyCursor) see(p *surveyPass, rows []zendesk.SurveyResponse, now time.Time) {
	p.Pages++
	for i := range rows {
		at, until := p.From, rows[i].ExpiresAt
		made := surveyMade(&rows[i], now)
		if !made.IsZero() {
			at = made.UnixMilli()
			c.Newest = max(c.Newest, at)
		}
		switch {
		case !until.IsZero():
		case made.IsZero():
			at, until = max(at, now.Add(-surveyLife).UnixMilli()), now
		default:
			until = made.Add(surveyLife)
		}
		if until.Add(surveyGrace).After(now) && (p.Open == 0 || at < p.Open) {
			p.Open = max(at, 1)
		}
	}
}

// end closes a pass. Where no response may change any more, the next one begins at the newest.
func (c *surveyCursor) end(p surveyPass) {
	c.Pass = nil
	if p.Short {
		return
	}
	c.Whole, c.Pages, c.Open = p.Began, p.Pages, p.Open
	if c.Open == 0 {
		c.Open = max(c.Newest, p.From)
	}
}

// surveyMade is when a response was made, which Zendesk does not say: its id is a ULID, which begins with that time, and no answer
// is earlier. Zero: nothing tells. https://github.com/ulid/spec
func surveyMade(r *zendesk.SurveyResponse, now time.Time) time.Time {
	var made time.Time
	earlier := func(at time.Time) {
		if !at.IsZero() && (made.IsZero() || at.Before(made)) {
			made = at
		}
	}
	for i := range r.Answers {
		earlier(r.Answers[i].CreatedAt)
	}
	if id, err := ulid.ParseStrict(r.ID); err == nil {
		if at := ulid.Time(id.Time()); at.After(surveysBegan) && at.Before(now.Add(time.Hour)) {
			earlier(at)
		}
	}
	return made
}

// surveys reads a page of the responses of the new CSAT.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
func (p *puller) surveys(ctx context.Context) (PageResult, error) {
	cursor := surveyCursorOf(p.cursor.Value)
	pass := cursor.pass(p.now())
	from := time.UnixMilli(pass.From).Add(-surveySlack)
	if p.in.Replay {
		from = p.in.Since.Add(-surveyLife)
	}
	got, err := p.zendesk.ListSurveyResponses(ctx, zendesk.SurveyQuery{
		CreatedStart: later(from, time.UnixMilli(0)), CreatedEnd: p.in.Until, After: pass.After, PageSize: min(p.pageSize(), maxSurveyPage),
	})
	if err != nil {
		return PageResult{}, err
	}
	if err := p.store.SetSurveys(ctx, p.now()); err != nil {
		return PageResult{}, err
	}
	if !got.End && got.Cursor == pass.After {
		return PageResult{}, p.stands()
	}
	pass.After = got.Cursor
	cursor.see(&pass, got.Rows, got.AskedAt)
	if cursor.Pass = &pass; got.End {
		cursor.end(pass)
	}
	to, err := json.Marshal(cursor)
	if err != nil {
		return PageResult{}, fmt.Errorf("encode cursor of surveys: %w", err)
	}
	applied, err := p.store.CommitSurveys(ctx, p.page(string(to), got.End), surveyRows(got.Rows, got.AskedAt))
	return pageResult(applied, got.End), err
}
