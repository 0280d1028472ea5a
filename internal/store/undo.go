package store

import (
	"context"
	"database/sql"
	"fmt"
)

// undoable are the deliveries that something can be taken back of: of contacts that are there, and on lists or, where $2 is true,
// with attributes.
const undoable = "account = $1 AND state <> 'gone' AND (lists <> '' OR ($2 AND attributes <> ''))"

// Undoable returns up to limit users with an id greater than after, ascending, whose contacts we put on lists or, if attributes
// is true, gave attributes.
func (a *Account) Undoable(ctx context.Context, attributes bool, after int64, limit int) ([]int64, error) {
	var out []int64
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			out = append(out, id)
			return err
		}, "SELECT user_id FROM deliveries WHERE "+undoable+" AND user_id > $3 ORDER BY user_id LIMIT $4", t.account, attributes, after, int64(limit))
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return out, nil
}

// CountOnLists counts the contacts that we put on lists and that are there.
func (a *Account) CountOnLists(ctx context.Context) (n int64, _ error) {
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT COUNT(*) FROM deliveries WHERE "+undoable, t.account, false).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count deliveries: %w", err)
	}
	return n, nil
}
