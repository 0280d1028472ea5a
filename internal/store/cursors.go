package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

const cursorColumns = "stream, value, page_size, row_count, page_count, run_id, at_end, completed_at, skipped, updated_at"

// Replayed begins the names of the streams whose cursors belong to replays: they read a stretch of a stream again, and say
// nothing of how far the stream itself was read.
const Replayed = "replay/"

// Cursor returns where a stream stands; a stream that was never read has the zero cursor with its name.
func (a *Account) Cursor(ctx context.Context, stream string) (Cursor, error) {
	out := Cursor{Stream: stream}
	err := a.read(ctx, func(t *tx) error {
		return t.each(ctx, func(rows *sql.Rows) (err error) {
			out, err = scanCursor(rows)
			return err
		}, "SELECT "+cursorColumns+" FROM cursors WHERE account = $1 AND stream = $2", t.account, stream)
	})
	if err != nil {
		return Cursor{}, fmt.Errorf("read cursor: %w", err)
	}
	return out, nil
}

// Cursors returns every cursor of the account, by stream.
func (a *Account) Cursors(ctx context.Context) ([]Cursor, error) {
	var out []Cursor
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			c, err := scanCursor(rows)
			out = append(out, c)
			return err
		}, "SELECT "+cursorColumns+" FROM cursors WHERE account = $1 ORDER BY stream", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("read cursors: %w", err)
	}
	return out, nil
}

func scanCursor(rows *sql.Rows) (Cursor, error) {
	var c Cursor
	var completed, updated int64
	err := rows.Scan(&c.Stream, &c.Value, &c.PageSize, &c.Rows, &c.Pages, &c.RunID, &c.AtEnd, &completed, &c.Skipped, &updated)
	c.Completed, c.UpdatedAt = moment(completed), moment(updated)
	return c, err
}

// SetPageSize changes the size of the stream's next page while the cursor still is from; else it returns ErrCursorMoved.
func (a *Account) SetPageSize(ctx context.Context, stream, from string, size int, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "UPDATE cursors SET page_size = $4, updated_at = $5 WHERE account = $1 AND stream = $2 AND value = $3",
			t.account, stream, from, int64(size), nanos(now))
		if err == nil && n == 0 && from == "" {
			n, err = t.exec(ctx, `INSERT INTO cursors (account, stream, page_size, updated_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (account, stream) DO NOTHING`, t.account, stream, int64(size), nanos(now))
		}
		if err == nil && n == 0 {
			return ErrCursorMoved
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("set page size: %w", err)
	}
	return nil
}

// SkipStream records why the latest run could not read a stream.
func (a *Account) SkipStream(ctx context.Context, stream, reason string, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO cursors (account, stream, skipped, updated_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account, stream) DO UPDATE SET skipped = excluded.skipped, updated_at = excluded.updated_at`,
			t.account, stream, reason, nanos(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("skip stream: %w", err)
	}
	return nil
}

// ResetStream sends a stream back to its start: the next run reads it all. Its rows stay, and that it was once read whole; a page that
// is under way is thrown away, because its cursor has moved.
func (a *Account) ResetStream(ctx context.Context, stream string, now time.Time) error {
	return a.do(ctx, "reset stream", `UPDATE cursors SET value = '', page_size = 0, row_count = 0, page_count = 0, at_end = FALSE, updated_at = $3
		WHERE account = $1 AND stream = $2`, stream, nanos(now))
}

// moveCursor sets the cursor to the page's end if it still is where the page was fetched from.
func (t *tx) moveCursor(ctx context.Context, p Page, rows int) error {
	completed := int64(0)
	if p.End {
		completed = nanos(p.Now)
	}
	n, err := t.exec(ctx, `UPDATE cursors SET value = $4, page_size = CASE WHEN CAST($5 AS BIGINT) > 0 THEN CAST($5 AS BIGINT) ELSE page_size END,
		row_count = row_count + $6, page_count = page_count + 1, at_end = $7,
		completed_at = CASE WHEN CAST($8 AS BIGINT) > 0 THEN CAST($8 AS BIGINT) ELSE completed_at END, updated_at = $9
		WHERE account = $1 AND stream = $2 AND value = $3`,
		t.account, p.Stream, p.From, p.To, int64(p.PageSize), int64(rows), p.End, completed, nanos(p.Now))
	if err != nil || n == 1 {
		return err
	}
	if p.From != "" {
		return ErrCursorMoved
	}
	n, err = t.exec(ctx, `INSERT INTO cursors (account, stream, value, page_size, row_count, page_count, at_end, completed_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8) ON CONFLICT (account, stream) DO NOTHING`,
		t.account, p.Stream, p.To, int64(p.PageSize), int64(rows), p.End, completed, nanos(p.Now))
	if err == nil && n == 0 {
		return ErrCursorMoved
	}
	return err
}

// firstEnd reports whether a page is the first to reach the end of its stream: from then on it may be said of everybody
// what the stream shows, and of those it does not name that they have nothing.
func (t *tx) firstEnd(ctx context.Context, p Page) (bool, error) {
	if !p.End || strings.HasPrefix(p.Stream, Replayed) {
		return false, nil
	}
	var before bool
	err := t.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM cursors WHERE account = $1 AND stream = $2 AND completed_at > 0)",
		t.account, p.Stream).Scan(&before)
	return !before, err
}

// commit applies a page's rows and moves its cursor in one transaction.
func (a *Account) commit(ctx context.Context, p Page, rows int, apply func(*tx, int64) (Applied, error)) (Applied, error) {
	var out Applied
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, p.Now)
		if err != nil {
			return err
		}
		first, err := t.firstEnd(ctx, p)
		if err != nil {
			return err
		}
		if err := t.moveCursor(ctx, p, rows); err != nil {
			return err
		}
		if out, err = apply(t, mark); err != nil || !first {
			return err
		}
		return t.markAll(ctx, KindUser, mark)
	})
	if err != nil {
		return Applied{}, fmt.Errorf("commit page of %s: %w", p.Stream, err)
	}
	return out, nil
}

// apply applies rows that came outside of a page.
func (a *Account) apply(ctx context.Context, now time.Time, what string, apply func(*tx, int64) (Applied, error)) (Applied, error) {
	var out Applied
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		out, err = apply(t, mark)
		return err
	})
	if err != nil {
		return Applied{}, fmt.Errorf("apply %s: %w", what, err)
	}
	return out, nil
}
