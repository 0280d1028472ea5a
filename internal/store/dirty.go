package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

var (
	deleteDirty = newBatch("kind text, id bigint, version bigint",
		"DELETE FROM dirty WHERE account = $1 AND kind = $2 AND id = $3 AND version = $4",
		"DELETE FROM dirty USING ROWS WHERE dirty.account = $1 AND dirty.kind = u.kind AND dirty.id = u.id AND dirty.version = u.version")
	planDirty = newBatch("kind text, id bigint, version bigint, plan text",
		"UPDATE dirty SET plan = $5 WHERE account = $1 AND kind = $2 AND id = $3 AND version = $4",
		"UPDATE dirty SET plan = u.plan FROM ROWS WHERE dirty.account = $1 AND dirty.kind = u.kind AND dirty.id = u.id AND dirty.version = u.version")
)

// nextMark returns the version of the marks that this transaction makes: greater than every one before it, also than
// those of marks that were cleared. It comes first in its transaction, and until the end of that no other transaction
// of the account gets past it: mirror writes see each other whole.
func (t *tx) nextMark(ctx context.Context, now time.Time) (int64, error) {
	var mark int64
	err := t.QueryRowContext(ctx, `INSERT INTO accounts (account, mark) VALUES ($1, $2) ON CONFLICT (account) DO UPDATE
		SET mark = CASE WHEN accounts.mark >= excluded.mark THEN accounts.mark + 1 ELSE excluded.mark END RETURNING mark`,
		t.account, max(1, nanos(now))).Scan(&mark)
	return mark, err
}

func (t *tx) mark(ctx context.Context, kind Kind, ids []int64, mark int64) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := t.ExecContext(t.steady(ctx), `INSERT INTO dirty (account, kind, id, version, plan)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), ids.id, CAST($3 AS BIGINT), '' FROM `+t.values("$4")+`
		WHERE CAST($2 AS TEXT) <> 'user' OR `+notForgotten+`ids.id)
		ON CONFLICT (account, kind, id) DO UPDATE SET version = excluded.version, plan = ''`, t.account, string(kind), mark, many(t, ids))
	return err
}

// markWhere marks every mirrored row of a kind that meets a condition, in which $4 is arg.
func (t *tx) markWhere(ctx context.Context, kind Kind, mark int64, condition string, arg any) error {
	_, err := t.exec(ctx, `INSERT INTO dirty (account, kind, id, version, plan)
		SELECT account, CAST($2 AS TEXT), id, CAST($3 AS BIGINT), '' FROM `+table(kind)+` WHERE account = $1 AND `+condition+`
		ON CONFLICT (account, kind, id) DO UPDATE SET version = excluded.version, plan = ''`, t.account, string(kind), mark, arg)
	return err
}

func (t *tx) markAll(ctx context.Context, kind Kind, mark int64) error {
	return t.markWhere(ctx, kind, mark, "id <> $4", int64(-1))
}

func table(kind Kind) string {
	if kind == KindOrganization {
		return "organizations"
	}
	return "users"
}

// markOrganizationsOf marks the default organizations of users.
func (t *tx) markOrganizationsOf(ctx context.Context, users []int64, mark int64) error {
	if len(users) == 0 {
		return nil
	}
	set := map[int64]struct{}{}
	err := t.each(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		set[id] = struct{}{}
		return err
	}, "SELECT DISTINCT organization_id FROM users WHERE account = $1 AND organization_id <> 0 AND "+t.in("id", "$2"), t.account, many(t, users))
	if err != nil {
		return err
	}
	return t.mark(ctx, KindOrganization, sorted(set), mark)
}

// CountDirty counts the marks of a kind.
func (a *Account) CountDirty(ctx context.Context, kind Kind) (int64, error) {
	var n int64
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT COUNT(*) FROM dirty WHERE account = $1 AND kind = $2", t.account, string(kind)).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count dirty: %w", err)
	}
	return n, nil
}

// CountPlans counts the marks of a kind by their plan; marks without one are under "".
func (a *Account) CountPlans(ctx context.Context, kind Kind) (map[string]int64, error) {
	out := map[string]int64{}
	err := a.read(ctx, func(t *tx) error {
		return t.each(ctx, func(rows *sql.Rows) error {
			var plan string
			var n int64
			err := rows.Scan(&plan, &n)
			out[plan] = n
			return err
		}, "SELECT plan, COUNT(*) FROM dirty WHERE account = $1 AND kind = $2 GROUP BY plan", t.account, string(kind))
	})
	if err != nil {
		return nil, fmt.Errorf("count plans: %w", err)
	}
	return out, nil
}

// DirtyIDs returns up to limit marked ids greater than after, ascending, with the given plan; "*" is any plan.
func (a *Account) DirtyIDs(ctx context.Context, kind Kind, plan string, after int64, limit int) ([]int64, error) {
	var out []int64
	err := a.read(ctx, func(t *tx) error {
		out = nil
		query, args := "SELECT id FROM dirty WHERE account = $1 AND kind = $2 AND id > $3", []any{t.account, string(kind), after}
		if plan != "*" {
			query, args = query+" AND plan = $5", append(args, int64(limit), plan)
		} else {
			args = append(args, int64(limit))
		}
		return t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			out = append(out, id)
			return err
		}, query+" ORDER BY id LIMIT $4", args...)
	})
	if err != nil {
		return nil, fmt.Errorf("read dirty ids: %w", err)
	}
	return out, nil
}

// DirtyVersions returns the versions of the marks on ids; ids without a mark are left out.
func (a *Account) DirtyVersions(ctx context.Context, kind Kind, ids []int64) (map[int64]int64, error) {
	var out map[int64]int64
	err := a.read(ctx, func(t *tx) (err error) {
		out, err = t.dirtyVersions(ctx, kind, ids)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read dirty versions: %w", err)
	}
	return out, nil
}

func (t *tx) dirtyVersions(ctx context.Context, kind Kind, ids []int64) (map[int64]int64, error) {
	out := make(map[int64]int64, len(ids))
	err := t.each(ctx, func(rows *sql.Rows) error {
		var id, version int64
		err := rows.Scan(&id, &version)
		out[id] = version
		return err
	}, "SELECT id, version FROM dirty WHERE account = $1 AND kind = $2 AND "+t.in("id", "$3"), t.account, string(kind), many(t, ids))
	return out, err
}

// SetPlans stores plans on marks that still have the version the plan was made for.
func (a *Account) SetPlans(ctx context.Context, kind Kind, plans []Planned) error {
	rows := make([][]any, 0, len(plans))
	for _, p := range plans {
		rows = append(rows, []any{string(kind), p.ID, p.Version, p.Plan})
	}
	if err := a.write(ctx, func(t *tx) error { return t.run(ctx, &planDirty, rows) }); err != nil {
		return fmt.Errorf("set plans: %w", err)
	}
	return nil
}

// MarkDirty marks ids whether they are mirrored or not; their plans are dropped.
func (a *Account) MarkDirty(ctx context.Context, kind Kind, ids []int64, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		return t.mark(ctx, kind, distinct(ids), mark)
	})
	if err != nil {
		return fmt.Errorf("mark dirty: %w", err)
	}
	return nil
}

// MarkAllDirty marks every mirrored row of a kind.
func (a *Account) MarkAllDirty(ctx context.Context, kind Kind, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		return t.markAll(ctx, kind, mark)
	})
	if err != nil {
		return fmt.Errorf("mark all dirty: %w", err)
	}
	return nil
}

// ClearDirty removes marks that still have the given version.
func (a *Account) ClearDirty(ctx context.Context, kind Kind, marks []Dirty) error {
	err := a.write(ctx, func(t *tx) error { return t.clear(ctx, kind, marks) })
	if err != nil {
		return fmt.Errorf("clear dirty: %w", err)
	}
	return nil
}

func (t *tx) clear(ctx context.Context, kind Kind, marks []Dirty) error {
	rows := make([][]any, 0, len(marks))
	for _, m := range marks {
		rows = append(rows, []any{string(kind), m.ID, m.Version})
	}
	return t.run(ctx, &deleteDirty, rows)
}
