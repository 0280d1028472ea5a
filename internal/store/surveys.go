package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/rules"
)

const surveyContent = "id text, ticket_id bigint, user_id bigint, score float8, category text, created_at bigint, expires_at bigint, rating_revision bigint"

var (
	upsertSurveys = newUpsert("surveys", 1, surveyContent+versionColumns)
	touchSurveys  = newTouch("surveys", "text")
)

// CommitSurveys applies a page of survey answers by the version guard and moves the stream's cursor, in one
// transaction; it returns ErrCursorMoved, with nothing written, when the page was fetched from another cursor. Of a
// changed answer the ticket's requester is marked dirty, or who answered while the ticket is not mirrored.
func (a *Account) CommitSurveys(ctx context.Context, p Page, rows []SurveyRow) (Applied, error) {
	return a.commit(ctx, p, len(rows), func(t *tx, mark int64) (Applied, error) { return t.applySurveys(ctx, rows, mark) })
}

// ApplySurveys is CommitSurveys for rows outside of a page.
func (a *Account) ApplySurveys(ctx context.Context, rows []SurveyRow, now time.Time) (Applied, error) {
	return a.apply(ctx, now, "surveys", func(t *tx, mark int64) (Applied, error) { return t.applySurveys(ctx, rows, mark) })
}

func (r *SurveyRow) content(revision int) content {
	return newContent(r.Version, append(make([]any, 0, len(upsertSurveys.cols)), r.ID, r.TicketID, r.UserID, r.Score,
		clean(r.Category), nanos(r.CreatedAt), nanos(r.ExpiresAt), int64(revision)))
}

// state is what the rules know of the answer; whom it counts for may be somebody else.
func (r *SurveyRow) state() rules.SurveyState {
	return rules.SurveyState{TicketID: r.TicketID, UserID: r.UserID, Rating: rules.Rating{ID: r.ID, Category: r.Category, Score: r.Score, At: r.UpdatedAt}}
}

type storedSurvey struct {
	stamp
	ticket, user int64
	rating       rules.Rating
}

// state of an answer that is not stored is nil.
func (s *storedSurvey) state() *rules.SurveyState {
	if s == nil {
		return nil
	}
	return &rules.SurveyState{TicketID: s.ticket, UserID: s.user, Rating: s.rating}
}

func (t *tx) applySurveys(ctx context.Context, rows []SurveyRow, mark int64) (Applied, error) {
	x, err := t.tombs(ctx)
	if err != nil {
		return Applied{}, err
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(r SurveyRow) bool { return x.ids[r.UserID] })
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	stored, err := t.storedSurveys(ctx, ids)
	if err != nil {
		return Applied{}, err
	}
	contents, kept := make([]content, len(rows)), make([]rules.SurveyState, len(rows))
	for i := range rows {
		kept[i] = rows[i].state().Keeping(stored[rows[i].ID].state())
		contents[i] = rows[i].content(kept[i].Revision)
	}
	s := sift(contents, func(id string) (stamp, bool) {
		if old := stored[id]; old != nil {
			return old.stamp, true
		}
		return stamp{}, false
	})
	if err := errors.Join(t.run(ctx, &upsertSurveys, s.write), t.run(ctx, &touchSurveys, s.touch)); err != nil {
		return Applied{}, err
	}
	answered := make([][2]int64, 0, len(s.wrote)) // ticket and user
	for _, i := range s.wrote {
		answered = append(answered, [2]int64{rows[i].TicketID, rows[i].UserID})
		if old := stored[rows[i].ID]; old != nil {
			answered = append(answered, [2]int64{old.ticket, old.user})
		}
	}
	person, err := t.requesters(ctx, answered)
	if err != nil {
		return Applied{}, err
	}
	live, err := t.liveSince(ctx)
	if err != nil {
		return Applied{}, err
	}
	users := map[int64]struct{}{}
	for _, a := range answered {
		users[person(a)] = struct{}{}
	}
	delete(users, 0)
	var happened []rules.Transition
	for _, i := range s.wrote {
		kept[i].UserID = person([2]int64{rows[i].TicketID, rows[i].UserID})
		old := stored[rows[i].ID]
		changes := rules.SurveyTransitions(old.state(), kept[i], live)
		if old != nil {
			changes = sinceLive(changes, old.asked, live)
		}
		happened = append(happened, changes...)
	}
	return s.Applied, errors.Join(t.record(ctx, happened, mark), t.mark(ctx, KindUser, sorted(users), mark))
}

func (t *tx) storedSurveys(ctx context.Context, ids []string) (map[string]*storedSurvey, error) {
	stored := make(map[string]*storedSurvey, len(ids))
	err := t.each(ctx, func(r *sql.Rows) error {
		var s storedSurvey
		err := r.Scan(&s.rating.ID, &s.updated, &s.asked, &s.hash, &s.ticket, &s.user, &s.rating.Score, &s.rating.Category, &s.rating.Revision)
		s.rating.At = moment(s.updated)
		stored[s.rating.ID] = &s
		return err
	}, `SELECT id, updated_at, asked_at, hash, ticket_id, user_id, score, category, rating_revision FROM surveys
		WHERE account = $1 AND `+t.in("id", "$2"), t.account, many(t, ids))
	return stored, err
}

// requesters tells whom answers, each a ticket and who answered, count for: the ticket's requester, or who answered while
// the ticket is not mirrored.
func (t *tx) requesters(ctx context.Context, answered [][2]int64) (person func([2]int64) int64, _ error) {
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
	return func(a [2]int64) int64 {
		if user, mirrored := requester[a[0]]; mirrored {
			return user
		}
		return a[1]
	}, err
}

// Survey returns the latest answer to the new CSAT about a ticket, if there is one: then that is its rating, and the one inside
// the ticket is Zendesk's summary of it.
func (a *Account) Survey(ctx context.Context, ticket int64) (row SurveyRow, found bool, err error) {
	err = a.read(ctx, func(t *tx) error {
		found = false
		return t.each(ctx, func(rows *sql.Rows) error {
			found = true
			row = SurveyRow{TicketID: ticket}
			return rows.Scan(&row.ID, &row.UserID, &row.Score, &row.Category)
		}, "SELECT id, user_id, score, category FROM surveys WHERE account = $1 AND ticket_id = $2 ORDER BY updated_at DESC, id DESC LIMIT 1",
			t.account, ticket)
	})
	if err != nil {
		return SurveyRow{}, false, fmt.Errorf("read survey of a ticket: %w", err)
	}
	return row, found, nil
}

// SetSurveys records whether the account has the new CSAT: a time when it last answered, zero when it does not.
func (a *Account) SetSurveys(ctx context.Context, at time.Time) error {
	return a.do(ctx, "set surveys", `INSERT INTO accounts (account, surveys_at) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE SET surveys_at = excluded.surveys_at`, nanos(at))
}

// HasSurveys reports whether the account's new CSAT answered when it was last asked.
func (a *Account) HasSurveys(ctx context.Context) (bool, error) {
	at, err := a.moment(ctx, "surveys_at")
	return !at.IsZero(), err
}
