package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// column is a column with its SQL type.
type column struct{ name, kind string }

// columns reads "id bigint, email text".
func columns(spec string) []column {
	var out []column
	for part := range strings.SplitSeq(spec, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(part), " ")
		out = append(out, column{name, kind})
	}
	return out
}

func names(cols []column) string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.name
	}
	return strings.Join(out, ", ")
}

// batch is a statement for many rows. modernc's SQLite is fastest with one prepared statement run for each row,
// PostgreSQL with one statement for all rows, which come as one array for each column.
type batch struct {
	one  string // for SQLite: $1 is the account, $2 and on are the columns
	all  string // for PostgreSQL: $1 is the account; the rows are the relation u
	cols []column
}

// newBatch makes a batch of two statements. In all, ROWS stands for the relation u.
func newBatch(spec, one, all string) batch {
	cols := columns(spec)
	args := make([]string, len(cols))
	for i, c := range cols {
		args[i] = "$" + strconv.Itoa(i+2) + "::" + c.kind + "[]"
	}
	rows := "unnest(" + strings.Join(args, ", ") + ") AS u(" + names(cols) + ")"
	return batch{one: one, all: strings.ReplaceAll(all, "ROWS", rows), cols: cols}
}

// newUpsert makes the batch that inserts rows or replaces all their columns; the key is the account and the first keys
// columns.
func newUpsert(table string, keys int, spec string) batch {
	cols := columns(spec)
	sets := make([]string, 0, len(cols))
	for _, c := range cols[keys:] {
		sets = append(sets, c.name+" = excluded."+c.name)
	}
	into := "INSERT INTO " + table + " (account, " + names(cols) + ") "
	conflict := " ON CONFLICT (account, " + names(cols[:keys]) + ") DO UPDATE SET " + strings.Join(sets, ", ")
	return newBatch(spec,
		// SQLite's driver looks up the name of each parameter that has one.
		into+"VALUES (?"+strings.Repeat(", ?", len(cols))+")"+conflict,
		into+"SELECT $1::text, u.* FROM ROWS"+conflict)
}

// run executes the batch for rows, each with one value for each column: int64, string, bool or float64.
func (t *tx) run(ctx context.Context, b *batch, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	if t.engine == postgres {
		return t.runAll(ctx, b, rows)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	still := t.steady(ctx)
	stmt, err := t.PrepareContext(still, b.one)
	if err != nil {
		return err
	}
	defer stmt.Close()
	args := make([]any, len(b.cols)+1)
	args[0] = t.account
	for _, row := range rows {
		copy(args[1:], row)
		if _, err := stmt.ExecContext(still, args...); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) runAll(ctx context.Context, b *batch, rows [][]any) error {
	args := make([]any, len(b.cols)+1)
	args[0] = t.account
	for i, c := range b.cols {
		switch c.kind {
		case "bigint":
			args[i+1] = transpose[int64](rows, i)
		case "boolean":
			args[i+1] = transpose[bool](rows, i)
		case "float8":
			args[i+1] = transpose[float64](rows, i)
		case "text":
			args[i+1] = transpose[string](rows, i)
		default:
			return fmt.Errorf("column %s: unknown kind %s", c.name, c.kind)
		}
	}
	_, err := t.ExecContext(ctx, b.all, args...)
	return err
}

func transpose[V any](rows [][]any, i int) []V {
	out := make([]V, len(rows))
	for r := range rows {
		out[r] = rows[r][i].(V)
	}
	return out
}
