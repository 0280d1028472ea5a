package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const surveyContent = "id text, ticket_id bigint, user_id bigint, score float8, category text, created_at bigint, expires_at bigint"

var (
	upsertSurveys = newUpsert("surveys", 1, surveyContent+versionColumns)
	touchSurveys  = newTouch("surveys", "text")
)

// CommitSurveys applies a page of survey answers by the version guard and moves the stream's cursor, in one
// transaction; it returns ErrCursorMoved, with nothing written, when the page was fetched from another cursor. Of a
// changed answer the ticket's requester is marked dirty, or who answered while the ticket is not mirrored.
func (a *Account) CommitSurveys(ctx context.Context, p Page, rows []SurveyRow) (Applied, error) {
	content := surveyContents(rows)
	return a.commit(ctx, p, len(rows), func(t *tx, mark int64) (Applied, error) { return t.applySurveys(ctx, rows, content, mark) })
}

// ApplySurveys is CommitSurveys for rows outside of a page.
func (a *Account) ApplySurveys(ctx context.Context, rows []SurveyRow, now time.Time) (Applied, error) {
	content := surveyContents(rows)
	return a.apply(ctx, now, "surveys", func(t *tx, mark int64) (Applied, error) { return t.applySurveys(ctx, rows, content, mark) })
}

func surveyContents(rows []SurveyRow) []content {
	out := make([]content, len(rows))
	for i, r := range rows {
		out[i] = newContent(r.Version, append(make([]any, 0, len(upsertSurveys.cols)), r.ID, r.TicketID, r.UserID, r.Score,
			clean(r.Category), nanos(r.CreatedAt), nanos(r.ExpiresAt)))
	}
	return out
}

type storedSurvey struct {
	stamp
	ticket, user int64
}

func (t *tx) applySurveys(ctx context.Context, rows []SurveyRow, content []content, mark int64) (Applied, error) {
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	stored := make(map[string]storedSurvey, len(rows))
	err := t.each(ctx, func(r *sql.Rows) error {
		var id string
		var s storedSurvey
		err := r.Scan(&id, &s.updated, &s.asked, &s.hash, &s.ticket, &s.user)
		stored[id] = s
		return err
	}, "SELECT id, updated_at, asked_at, hash, ticket_id, user_id FROM surveys WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, ids))
	if err != nil {
		return Applied{}, err
	}
	s := sift(content, func(id string) (stamp, bool) { o, ok := stored[id]; return o.stamp, ok })
	if err := errors.Join(t.run(ctx, &upsertSurveys, s.write), t.run(ctx, &touchSurveys, s.touch)); err != nil {
		return Applied{}, err
	}
	answered := make([][2]int64, 0, len(s.wrote)) // ticket and user
	for _, i := range s.wrote {
		answered = append(answered, [2]int64{rows[i].TicketID, rows[i].UserID})
		if old, ok := stored[rows[i].ID]; ok {
			answered = append(answered, [2]int64{old.ticket, old.user})
		}
	}
	users, err := t.requesters(ctx, answered)
	if err != nil {
		return Applied{}, err
	}
	return s.Applied, t.mark(ctx, KindUser, users, mark)
}

// requesters returns whom answers count for: the ticket's requester, or who answered while the ticket is not mirrored.
func (t *tx) requesters(ctx context.Context, answered [][2]int64) ([]int64, error) {
	if len(answered) == 0 {
		return nil, nil
	}
	tickets := make([]int64, len(answered))
	for i, a := range answered {
		tickets[i] = a[0]
	}
	requester := map[int64]int64{}
	err := t.each(ctx, func(r *sql.Rows) error {
		var id, user int64
		err := r.Scan(&id, &user)
		requester[id] = user
		return err
	}, "SELECT id, requester_id FROM tickets WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, distinct(tickets)))
	users := map[int64]struct{}{}
	for _, a := range answered {
		user, mirrored := requester[a[0]]
		if !mirrored {
			user = a[1]
		}
		users[user] = struct{}{}
	}
	delete(users, 0)
	return sorted(users), err
}
