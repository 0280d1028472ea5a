package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"zendesk-brevo/internal/rules"
)

// allowed asks the limit of an action's rule, for which the other actions of the same transition do not count. What the rule did
// for users who have become the person counts for that person; what it would have done, in shadow only.
func (t *tx) allowed(ctx context.Context, x *Action, who Acting, now time.Time) (bool, error) {
	if x.Limit == nil {
		return true, nil
	}
	keys := []string{x.LimitKey}
	if x.Limit.Per == rules.PerPerson {
		losers, err := t.absorbed(ctx, who.User)
		if err != nil {
			return false, err
		}
		for _, id := range losers {
			keys = append(keys, rules.PersonKey(x.Rule, id))
		}
	}
	fired, err := t.fired(ctx, keys, x.Transition.Key, who.Shadow)
	var all []time.Time
	for _, at := range fired {
		all = append(all, at...)
	}
	return x.Limit.Allows(all, now), err
}

// absorbed are the users that were merged into one, and into those in turn.
func (t *tx) absorbed(ctx context.Context, user int64) (all []int64, _ error) {
	seen := map[int64]bool{user: true}
	for next := []int64{user}; len(next) > 0; {
		winners := next
		next = nil
		err := t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			if !seen[id] {
				seen[id] = true
				next = append(next, id)
			}
			return err
		}, "SELECT loser_id FROM merges WHERE account = $1 AND "+t.in("winner_id", "$2"), t.account, many(t, winners))
		if err != nil {
			return nil, err
		}
		all = append(all, next...)
	}
	return all, nil
}

// Fired returns when the rules acted before, by limit key: once for each transition that they acted on. In shadow, what they
// would have done counts too.
func (a *Account) Fired(ctx context.Context, limitKeys []string, shadow bool) (map[string][]time.Time, error) {
	var out map[string][]time.Time
	err := a.read(ctx, func(t *tx) (err error) {
		out, err = t.fired(ctx, limitKeys, "", shadow)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read fired rules: %w", err)
	}
	return out, nil
}

func (t *tx) fired(ctx context.Context, limitKeys []string, except string, shadow bool) (map[string][]time.Time, error) {
	acted := "opened_at > 0 AND state IN ('open', 'done', 'in_doubt')"
	if shadow {
		acted = "(" + acted + " OR state = 'shadow')"
	}
	out := map[string][]time.Time{}
	err := t.each(ctx, func(rows *sql.Rows) error {
		var key string
		var at int64
		err := rows.Scan(&key, &at)
		out[key] = append(out[key], moment(at))
		return err
	}, `SELECT limit_key, MAX(CASE WHEN opened_at > 0 THEN opened_at ELSE ended_at END) FROM actions WHERE account = $1 AND limit_key <> ''
		AND `+acted+` AND transition_key <> $3 AND `+t.in("limit_key", "$2")+` GROUP BY limit_key, transition_key`,
		t.account, many(t, limitKeys), except)
	return out, err
}
