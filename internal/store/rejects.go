package store

import (
	"context"
	"database/sql"
	"fmt"
)

var upsertRejects = newUpsert("rejects", 3, "kind text, id bigint, reason text, detail text, run_id text, rejected_at bigint, extra text")

// AddRejects stores rejects; one with the same kind, id and reason replaces the former.
func (a *Account) AddRejects(ctx context.Context, rejects []Reject) error {
	type key struct {
		kind   Kind
		id     int64
		reason string
	}
	last := make(map[key]int, len(rejects))
	for i, r := range rejects {
		last[key{r.Kind, r.ID, r.Reason}] = i
	}
	rows := make([][]any, 0, len(rejects))
	for i, r := range rejects {
		if last[key{r.Kind, r.ID, r.Reason}] != i {
			continue
		}
		rows = append(rows, []any{string(r.Kind), r.ID, r.Reason, clean(r.Detail), r.RunID, nanos(r.At), clean(string(r.Extra))})
	}
	if err := a.write(ctx, func(t *tx) error { return t.run(ctx, &upsertRejects, rows) }); err != nil {
		return fmt.Errorf("add rejects: %w", err)
	}
	return nil
}

// ClearRejects removes every reject of ids of a kind.
func (a *Account) ClearRejects(ctx context.Context, kind Kind, ids []int64) error {
	err := a.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM rejects WHERE account = $1 AND kind = $2 AND "+t.in("id", "$3"), t.account, string(kind), many(t, ids))
		return err
	})
	if err != nil {
		return fmt.Errorf("clear rejects: %w", err)
	}
	return nil
}

// Rejects returns up to limit rejects, the newest first.
func (a *Account) Rejects(ctx context.Context, limit int) ([]Reject, error) {
	var out []Reject
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var r Reject
			var at int64
			var extra string
			err := rows.Scan(&r.Kind, &r.ID, &r.Reason, &r.Detail, &r.RunID, &at, &extra)
			r.At = moment(at)
			if extra != "" {
				r.Extra = []byte(extra)
			}
			out = append(out, r)
			return err
		}, `SELECT kind, id, reason, detail, run_id, rejected_at, extra FROM rejects WHERE account = $1
			ORDER BY rejected_at DESC, kind, id, reason LIMIT $2`, t.account, int64(limit))
	})
	if err != nil {
		return nil, fmt.Errorf("read rejects: %w", err)
	}
	return out, nil
}

// CountRejects counts rejects by reason.
func (a *Account) CountRejects(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		return t.each(ctx, func(rows *sql.Rows) error {
			var reason string
			var n int64
			err := rows.Scan(&reason, &n)
			out[reason] = n
			return err
		}, "SELECT reason, COUNT(*) FROM rejects WHERE account = $1 GROUP BY reason", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("count rejects: %w", err)
	}
	return out, nil
}
