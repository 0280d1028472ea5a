package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/budget"
)

var upsertBudgets = newUpsert("budgets", 1, "bucket text, unit_limit bigint, remaining bigint, resets_at bigint, probe_until bigint, waited bigint, waited_until bigint")

// stored is a budget as the table holds it.
type storedBudget struct {
	bucket      string
	window      budget.Window
	period      time.Duration
	waited      int64
	waitedUntil int64
}

func (b storedBudget) row() []any {
	w := b.window
	return []any{b.bucket, int64(w.Limit), int64(w.Remaining), nanos(w.ResetsAt), nanos(w.ProbeUntil), b.waited, b.waitedUntil}
}

// ReserveBudget takes one unit of every need or none at all. A positive wait says that nothing was taken, when to ask
// again, and which bucket made it so.
func (a *Account) ReserveBudget(ctx context.Context, needs []budget.Need, now time.Time) (wait time.Duration, bucket string, err error) {
	// All take their rows in one order, so that two callers on PostgreSQL do not wait for each other in a circle.
	needs = slices.SortedFunc(slices.Values(needs), func(x, y budget.Need) int { return cmp.Compare(x.Bucket, y.Bucket) })
	err = a.write(ctx, func(t *tx) error {
		wait, bucket = 0, ""
		windows := map[string]storedBudget{}
		for _, n := range needs {
			b, ok := windows[n.Bucket]
			if !ok {
				var err error
				if b, err = t.budget(ctx, n.Bucket, n.Period); err != nil {
					return err
				}
			}
			next, w := b.window.Reserve(now, n)
			if w > wait {
				wait, bucket = w, n.Bucket
			}
			b.window = next
			windows[n.Bucket] = b
		}
		if wait > 0 {
			return t.waited(ctx, bucket, now, now.Add(wait))
		}
		rows := make([][]any, 0, len(windows))
		for _, b := range windows {
			rows = append(rows, b.row())
		}
		return t.run(ctx, &upsertBudgets, rows)
	})
	if err != nil {
		return 0, "", fmt.Errorf("reserve budget: %w", err)
	}
	return wait, bucket, nil
}

// budget locks and reads a bucket; a bucket without a row gets one. A period of 0 keeps the one that is known.
func (t *tx) budget(ctx context.Context, bucket string, period time.Duration) (storedBudget, error) {
	b := storedBudget{bucket: bucket}
	var limit, remaining, resets, probe int64
	err := t.QueryRowContext(ctx, `INSERT INTO budgets (account, bucket, period) VALUES ($1, $2, $3) ON CONFLICT (account, bucket)
		DO UPDATE SET period = CASE WHEN excluded.period > 0 THEN excluded.period ELSE budgets.period END
		RETURNING unit_limit, remaining, resets_at, probe_until, period, waited, waited_until`, t.account, bucket, int64(period)).
		Scan(&limit, &remaining, &resets, &probe, (*int64)(&b.period), &b.waited, &b.waitedUntil)
	b.window = budget.Window{Limit: int(limit), Remaining: int(remaining), ResetsAt: moment(resets), ProbeUntil: moment(probe)}
	return b, err
}

// waited adds the time from now to until to what callers waited for a bucket; time that several wait counts once.
func (t *tx) waited(ctx context.Context, bucket string, now, until time.Time) error {
	_, err := t.exec(ctx, `UPDATE budgets SET waited_until = CAST($4 AS BIGINT),
		waited = waited + CAST($4 AS BIGINT) - CASE WHEN waited_until > CAST($3 AS BIGINT) THEN waited_until ELSE CAST($3 AS BIGINT) END
		WHERE account = $1 AND bucket = $2 AND waited_until < CAST($4 AS BIGINT)`, t.account, bucket, nanos(now), nanos(until))
	return err
}

// ObserveBudget folds what a response's headers said into the buckets' windows.
func (a *Account) ObserveBudget(ctx context.Context, readings []budget.Reading, now time.Time) error {
	if len(readings) == 0 {
		return nil
	}
	readings = slices.SortedFunc(slices.Values(readings), func(x, y budget.Reading) int { return cmp.Compare(x.Bucket, y.Bucket) })
	err := a.write(ctx, func(t *tx) error {
		for _, r := range readings {
			b, err := t.budget(ctx, r.Bucket, 0)
			if err != nil {
				return err
			}
			b.window = b.window.Observe(now, r, b.period)
			if err := t.run(ctx, &upsertBudgets, [][]any{b.row()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("observe budget: %w", err)
	}
	return nil
}

// Budgets returns every bucket of the account, by name.
func (a *Account) Budgets(ctx context.Context) ([]Budget, error) {
	var out []Budget
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var b Budget
			var resets, probe int64
			err := rows.Scan(&b.Bucket, &b.Window.Limit, &b.Window.Remaining, &resets, &probe, (*int64)(&b.WaitedTotal))
			b.Window.ResetsAt, b.Window.ProbeUntil = moment(resets), moment(probe)
			out = append(out, b)
			return err
		}, "SELECT bucket, unit_limit, remaining, resets_at, probe_until, waited FROM budgets WHERE account = $1 ORDER BY bucket", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("read budgets: %w", err)
	}
	return out, nil
}
