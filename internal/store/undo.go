package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Undo are the deliveries that something can be taken back of: of contacts that are there, on lists or, if Attributes is true, with
// attributes. Only, if not empty, leaves everybody out whose contact has none of these addresses (lower case).
type Undo struct {
	Attributes bool
	Only       []string
}

// where is the condition of these deliveries with its arguments, which come first.
func (u Undo) where(t *tx) (condition string, args []any) {
	condition, args = "account = $1 AND state <> 'gone' AND (lists <> '' OR ($2 AND attributes <> ''))", []any{t.account, u.Attributes}
	if len(u.Only) > 0 {
		condition, args = condition+" AND "+t.in("email", "$3"), append(args, many(t, u.Only))
	}
	return condition, args
}

// Undoable returns up to limit users with an id greater than after, ascending.
func (a *Account) Undoable(ctx context.Context, of Undo, after int64, limit int) ([]int64, error) {
	var out []int64
	err := a.read(ctx, func(t *tx) error {
		out = nil
		where, args := of.where(t)
		query := fmt.Sprintf("SELECT user_id FROM deliveries WHERE %s AND user_id > $%d ORDER BY user_id LIMIT $%d", where, len(args)+1, len(args)+2)
		return t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			out = append(out, id)
			return err
		}, query, append(args, after, int64(limit))...)
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return out, nil
}

// CountUndoable counts these deliveries.
func (a *Account) CountUndoable(ctx context.Context, of Undo) (n int64, _ error) {
	err := a.read(ctx, func(t *tx) error {
		where, args := of.where(t)
		return t.QueryRowContext(ctx, "SELECT COUNT(*) FROM deliveries WHERE "+where, args...).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count deliveries: %w", err)
	}
	return n, nil
}

// CountUndoableBut counts these deliveries of everybody whom Only leaves out.
func (a *Account) CountUndoableBut(ctx context.Context, of Undo) (int64, error) {
	all, err := a.CountUndoable(ctx, Undo{Attributes: of.Attributes})
	if err != nil || len(of.Only) == 0 {
		return 0, err
	}
	some, err := a.CountUndoable(ctx, of)
	return all - some, err
}
