package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zendesk-brevo/mapping"
)

const runColumns = "id, type, streams, since_at, started_at, ended_at, status, stats"

// BeginRun records the start of a run and winds its streams' cursors: counters to zero, and for a full run back to the
// start. The first run ever fixes LiveSince; a full run, or an incremental one with Since, sets the bound on tickets and
// ratings that count, and marks every user dirty when that moves it. A replay has cursors of its own, which begin anew. It is idempotent by run.ID: a second call changes
// nothing and returns the stored run.
func (a *Account) BeginRun(ctx context.Context, run Run) (Run, error) {
	if run.Status == "" {
		run.Status = "running"
	}
	var out Run
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, run.StartedAt)
		if err != nil {
			return err
		}
		fresh, err := t.insertRun(ctx, run)
		if err != nil {
			return err
		}
		if fresh {
			// A run that was terminated could not say so itself; only one runs at a time.
			if _, err := t.exec(ctx, "UPDATE runs SET status = 'terminated', ended_at = $3 WHERE account = $1 AND id <> $2 AND status = 'running'",
				t.account, run.ID, nanos(run.StartedAt)); err != nil {
				return err
			}
			if err := t.bound(ctx, run, mark); err != nil {
				return err
			}
			for _, stream := range run.Streams {
				if err := t.rewind(ctx, stream, run); err != nil {
					return err
				}
			}
		}
		out, err = scanRun(t.QueryRowContext(ctx, "SELECT "+runColumns+" FROM runs WHERE account = $1 AND id = $2", t.account, run.ID))
		return err
	})
	if err != nil {
		return Run{}, fmt.Errorf("begin run: %w", err)
	}
	return out, nil
}

func (t *tx) insertRun(ctx context.Context, run Run) (fresh bool, err error) {
	streams, err := encodeList(run.Streams)
	if err != nil {
		return false, err
	}
	stats, err := encode(run.Stats)
	if err != nil {
		return false, err
	}
	n, err := t.exec(ctx, `INSERT INTO runs (account, `+runColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (account, id) DO NOTHING`, t.account, run.ID, run.Type, streams, nanos(run.Since), nanos(run.StartedAt),
		nanos(run.EndedAt), run.Status, stats)
	return n == 1, err
}

// bound stores the run's since and the account's first start.
func (t *tx) bound(ctx context.Context, run Run, mark int64) error {
	var since int64
	if err := t.QueryRowContext(ctx, "SELECT since_at FROM accounts WHERE account = $1", t.account).Scan(&since); err != nil {
		return err
	}
	next := since
	if run.Type == "full" || run.Type == "incremental" && !run.Since.IsZero() {
		next = nanos(run.Since)
	}
	if _, err := t.exec(ctx, `UPDATE accounts SET since_at = $2, live_since = CASE WHEN live_since = 0 THEN $3 ELSE live_since END
		WHERE account = $1`, t.account, next, nanos(run.StartedAt)); err != nil {
		return err
	}
	if next == since {
		return nil
	}
	return t.markAll(ctx, KindUser, mark)
}

func (t *tx) rewind(ctx context.Context, stream string, run Run) error {
	query := `INSERT INTO cursors (account, stream, run_id, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account, stream) DO UPDATE SET run_id = excluded.run_id, updated_at = excluded.updated_at,
		row_count = 0, page_count = 0, at_end = FALSE, skipped = ''`
	if run.Type != "incremental" {
		query += ", value = ''"
	}
	_, err := t.exec(ctx, query, t.account, stream, run.ID, nanos(run.StartedAt))
	return err
}

// EndRun records how a run ended, once: later calls change nothing. It returns ErrNotFound for a run that never began.
func (a *Account) EndRun(ctx context.Context, id, status string, stats RunStats, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		text, err := encode(stats)
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, "UPDATE runs SET status = $3, stats = $4, ended_at = $5 WHERE account = $1 AND id = $2 AND ended_at = 0",
			t.account, id, status, text, nanos(now))
		if err != nil {
			return err
		}
		if n == 1 { // what a person accepted was a change of this run
			return t.dropAcceptance(ctx)
		}
		var one int
		return t.QueryRowContext(ctx, "SELECT 1 FROM runs WHERE account = $1 AND id = $2", t.account, id).Scan(&one)
	})
	if err != nil {
		return fmt.Errorf("end run: %w", err)
	}
	return nil
}

// LastRun returns the run that started last among those with one of the statuses, or among all when none is given. It
// returns ErrNotFound when there is none.
func (a *Account) LastRun(ctx context.Context, statuses ...string) (Run, error) {
	return a.lastRun(ctx, "", statuses...)
}

// LastRunOtherThan is LastRun among the runs of other types.
func (a *Account) LastRunOtherThan(ctx context.Context, runType string, statuses ...string) (Run, error) {
	return a.lastRun(ctx, runType, statuses...)
}

func (a *Account) lastRun(ctx context.Context, otherThan string, statuses ...string) (Run, error) {
	var out Run
	err := a.read(ctx, func(t *tx) (err error) {
		query, args := "SELECT "+runColumns+" FROM runs WHERE account = $1 AND type <> $2", []any{t.account, otherThan}
		if len(statuses) > 0 {
			query, args = query+" AND "+t.in("status", "$3"), append(args, many(t, statuses))
		}
		out, err = scanRun(t.QueryRowContext(ctx, query+" ORDER BY started_at DESC, id DESC LIMIT 1", args...))
		return err
	})
	if err != nil {
		return Run{}, fmt.Errorf("last run: %w", err)
	}
	return out, nil
}

func scanRun(row *sql.Row) (Run, error) {
	var r Run
	var streams, stats string
	var since, started, ended int64
	if err := row.Scan(&r.ID, &r.Type, &streams, &since, &started, &ended, &r.Status, &stats); err != nil {
		return Run{}, err
	}
	r.Since, r.StartedAt, r.EndedAt = moment(since), moment(started), moment(ended)
	return r, errors.Join(decode(streams, &r.Streams), decode(stats, &r.Stats))
}

// Since is the bound on tickets and ratings that count; zero when all count.
func (a *Account) Since(ctx context.Context) (time.Time, error) { return a.moment(ctx, "since_at") }

// LiveSince is when the account's first run started; zero before it.
func (a *Account) LiveSince(ctx context.Context) (time.Time, error) {
	return a.moment(ctx, "live_since")
}

func (a *Account) moment(ctx context.Context, name string) (time.Time, error) {
	var n int64
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT "+name+" FROM accounts WHERE account = $1", t.account).Scan(&n)
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return time.Time{}, fmt.Errorf("read account: %w", err)
	}
	return moment(n), nil
}

// CompleteStreams tells which streams once reached their end.
func (a *Account) CompleteStreams(ctx context.Context) (map[mapping.Stream]bool, error) {
	cursors, err := a.Cursors(ctx)
	if err != nil {
		return nil, err
	}
	out := map[mapping.Stream]bool{}
	for _, c := range cursors {
		if !c.Completed.IsZero() {
			out[mapping.Stream(c.Stream)] = true
		}
	}
	return out, nil
}
