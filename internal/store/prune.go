package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// pruneBatch is how many rows Prune deletes in one transaction: on SQLite nobody else writes meanwhile.
var pruneBatch = 2000

// endedStates are those in which nothing more happens. An index finds each, but not "all but two".
var endedStates = []ActionState{ActionDone, ActionRefused, ActionInDoubt, ActionCancelled, ActionLimited, ActionSkipped, ActionShadow}

// Prune forgets actions that ended, and transitions that were settled and have no actions left, before a bound. It returns how
// many rows went. It looks for them without keeping writers waiting, and may be repeated after an error.
func (a *Account) Prune(ctx context.Context, before time.Time) (int64, error) {
	var gone int64
	for _, state := range endedStates {
		n, err := a.prune(ctx, "actions", "action_key", "ended_at", "state = '"+string(state)+"'", before)
		gone += n
		if err != nil {
			return gone, fmt.Errorf("prune actions: %w", err)
		}
	}
	n, err := a.prune(ctx, "transitions", "transition_key", "occurred_at", "state <> '"+transitionNew+`' AND NOT EXISTS (
		SELECT 1 FROM actions a WHERE a.account = transitions.account AND a.transition_key = transitions.transition_key)`, before)
	gone += n
	if err != nil {
		return gone, fmt.Errorf("prune transitions: %w", err)
	}
	return gone, nil
}

// prune deletes the rows of a table that were over (0: not yet) before a bound, the oldest first. The condition is asked again
// of each row before it goes.
func (a *Account) prune(ctx context.Context, table, key, over, condition string, before time.Time) (gone int64, _ error) {
	from := int64(0)
	for {
		var keys []string
		err := a.read(ctx, func(t *tx) error {
			keys = nil
			return t.each(ctx, func(rows *sql.Rows) error {
				var k string
				err := rows.Scan(&k, &from)
				keys = append(keys, k)
				return err
			}, "SELECT "+key+", "+over+" FROM "+table+" WHERE account = $1 AND "+over+" > 0 AND "+over+" >= $2 AND "+over+" < $3 AND "+condition+
				" ORDER BY "+over+" LIMIT $4", t.account, from, nanos(before), int64(pruneBatch))
		})
		if err != nil || len(keys) == 0 {
			return gone, err
		}
		var n int64
		err = a.write(ctx, func(t *tx) (err error) {
			n, err = t.exec(ctx, "DELETE FROM "+table+" WHERE account = $1 AND "+t.in(key, "$2")+" AND "+condition, t.account, many(t, keys))
			return err
		})
		gone += n
		if err != nil || len(keys) < pruneBatch {
			return gone, err
		}
	}
}
