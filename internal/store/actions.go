package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"zendesk-brevo/internal/rules"
)

// ActionState is the life of an action: planned, then open from just before the vendor is called, then how it ended.
type ActionState string

const (
	ActionPlanned   ActionState = "planned"   // waits until it is due
	ActionOpen      ActionState = "open"      // the vendor may have been called; only the vendor can tell
	ActionDone      ActionState = "done"      // the vendor accepted it
	ActionRefused   ActionState = "refused"   // the vendor will never accept it; Reason says why
	ActionInDoubt   ActionState = "in_doubt"  // nobody can tell whether it happened, so it is not repeated
	ActionCancelled ActionState = "cancelled" // something of the rule's unless happened first
	ActionLimited   ActionState = "limited"   // the rule acted often enough for this person or ticket
	ActionSkipped   ActionState = "skipped"   // it has nobody to reach, or must not reach them; Reason says why
	ActionShadow    ActionState = "shadow"    // it would have been done: automations_mode is shadow
)

// Ended reports whether nothing more will happen.
func (s ActionState) Ended() bool { return s != ActionPlanned && s != ActionOpen }

// Action is one planned action and what became of it.
type Action struct {
	rules.Planned
	State     ActionState
	Reason    string // short; no personal data
	PlannedAt time.Time
	OpenedAt  time.Time // when the vendor was first called for this attempt; zero before
	EndedAt   time.Time
}

// Subject is the ticket or user whose story the action belongs to.
func (a *Action) Subject() string { return a.Transition.Subject() }

var insertActions = newBatch(
	`action_key text, transition_key text, subject text, rule text, kind text, plan text, state text, limit_key text,
		due_at bigint, planned_at bigint, nth bigint`,
	`INSERT INTO actions (account, action_key, transition_key, subject, rule, kind, plan, state, limit_key, due_at, planned_at, nth)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (action_key, account) DO NOTHING`,
	`INSERT INTO actions (account, action_key, transition_key, subject, rule, kind, plan, state, limit_key, due_at, planned_at, nth)
		SELECT $1::text, u.* FROM ROWS ON CONFLICT (action_key, account) DO NOTHING`)

// PlanActions settles judged transitions and stores what follows from them, in one transaction. It is idempotent: an action
// whose key is known stays as it is, however it stands.
func (a *Account) PlanActions(ctx context.Context, judged []string, planned []rules.Planned, now time.Time) error {
	rows := make([][]any, 0, len(planned))
	for i := range planned {
		p := &planned[i]
		plan, err := encode(p)
		if err != nil {
			return err
		}
		rows = append(rows, []any{
			p.Key, p.Transition.Key, p.Transition.Subject(), p.Rule, p.Action.Kind, plan, string(ActionPlanned), p.LimitKey,
			nanos(p.Due), nanos(now), int64(i),
		})
	}
	err := a.write(ctx, func(t *tx) error {
		if err := t.run(ctx, &insertActions, rows); err != nil {
			return err
		}
		_, err := t.exec(ctx, "UPDATE transitions SET state = '"+transitionJudged+"' WHERE account = $1 AND state = '"+transitionNew+"' AND "+
			t.in("transition_key", "$2"), t.account, many(t, judged))
		return err
	})
	if err != nil {
		return fmt.Errorf("plan actions: %w", err)
	}
	return nil
}

const actionColumns = "plan, state, reason, planned_at, opened_at, ended_at"

// UnfinishedActions returns the actions of a subject that have not ended: those due first come first, and of those due at once
// the ones planned first.
func (a *Account) UnfinishedActions(ctx context.Context, subject string) ([]Action, error) {
	return a.actions(ctx, "subject = $2 AND state IN ('planned', 'open') ORDER BY due_at, planned_at, nth", subject)
}

// Actions returns every action of a subject, in the order in which they were or will be due.
func (a *Account) Actions(ctx context.Context, subject string) ([]Action, error) {
	return a.actions(ctx, "subject = $2 ORDER BY due_at, planned_at, nth", subject)
}

// ActionsIn returns up to limit actions in a state, the latest first.
func (a *Account) ActionsIn(ctx context.Context, state ActionState, limit int) ([]Action, error) {
	return a.actions(ctx, "state = $2 ORDER BY ended_at DESC, due_at DESC, action_key LIMIT $3", string(state), int64(limit))
}

// Action returns one action by its key, or ErrNotFound.
func (a *Account) Action(ctx context.Context, key string) (Action, error) {
	found, err := a.actions(ctx, "action_key = $2", key)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("read action: %w", ErrNotFound)
	}
	if err != nil {
		return Action{}, err
	}
	return found[0], nil
}

func (a *Account) actions(ctx context.Context, condition string, args ...any) ([]Action, error) {
	var out []Action
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			x, err := scanAction(rows.Scan)
			out = append(out, x)
			return err
		}, "SELECT "+actionColumns+" FROM actions WHERE account = $1 AND "+condition, append([]any{t.account}, args...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read actions: %w", err)
	}
	return out, nil
}

func scanAction(scan func(...any) error) (Action, error) {
	var x Action
	var plan string
	var planned, opened, ended int64
	if err := scan(&plan, &x.State, &x.Reason, &planned, &opened, &ended); err != nil {
		return Action{}, err
	}
	x.PlannedAt, x.OpenedAt, x.EndedAt = moment(planned), moment(opened), moment(ended)
	return x, decode(plan, &x.Planned)
}

// OpenAction writes down that the vendor is about to be called, before it is. An action that has ended already, or that the
// rule's limit stops, comes back in the state it has then; an open one gets the new time. Two workers that ask at once for
// actions under one limit cannot both be let through.
func (a *Account) OpenAction(ctx context.Context, key string, now time.Time) (Action, error) {
	var out Action
	err := a.write(ctx, func(t *tx) (err error) {
		if err := t.lock(ctx); err != nil {
			return err
		}
		if out, err = scanAction(t.QueryRowContext(ctx, "SELECT "+actionColumns+" FROM actions WHERE account = $1 AND action_key = $2",
			t.account, key).Scan); err != nil || out.State.Ended() {
			return err
		}
		out.State, out.OpenedAt = ActionOpen, now
		if allowed, err := t.allowed(ctx, &out, now); err != nil {
			return err
		} else if !allowed {
			out.State, out.Reason, out.OpenedAt, out.EndedAt = ActionLimited, out.Limit.String(), time.Time{}, now
		}
		_, err = t.exec(ctx, "UPDATE actions SET state = $3, reason = $4, opened_at = $5, ended_at = $6 WHERE account = $1 AND action_key = $2",
			t.account, key, string(out.State), out.Reason, nanos(out.OpenedAt), nanos(out.EndedAt))
		return err
	})
	if err != nil {
		return Action{}, fmt.Errorf("open action: %w", err)
	}
	return out, nil
}

// lock keeps every other transaction of the account that locks or writes the mirror waiting until this one ends.
func (t *tx) lock(ctx context.Context) error {
	_, err := t.exec(ctx, "UPDATE accounts SET mark = mark WHERE account = $1", t.account)
	return err
}

// allowed asks the limit of an action's rule, for which the other actions of the same transition do not count.
func (t *tx) allowed(ctx context.Context, x *Action, now time.Time) (bool, error) {
	if x.Limit == nil {
		return true, nil
	}
	fired, err := t.fired(ctx, []string{x.LimitKey}, x.Transition.Key)
	return x.Limit.Allows(fired[x.LimitKey], now), err
}

// Fired returns when the rules acted before, by limit key: once for each transition that they acted on.
func (a *Account) Fired(ctx context.Context, limitKeys []string) (map[string][]time.Time, error) {
	var out map[string][]time.Time
	err := a.read(ctx, func(t *tx) (err error) {
		out, err = t.fired(ctx, limitKeys, "")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read fired rules: %w", err)
	}
	return out, nil
}

func (t *tx) fired(ctx context.Context, limitKeys []string, except string) (map[string][]time.Time, error) {
	out := map[string][]time.Time{}
	err := t.each(ctx, func(rows *sql.Rows) error {
		var key string
		var at int64
		err := rows.Scan(&key, &at)
		out[key] = append(out[key], moment(at))
		return err
	}, `SELECT limit_key, MAX(opened_at) FROM actions WHERE account = $1 AND limit_key <> '' AND opened_at > 0
		AND state IN ('open', 'done', 'in_doubt') AND transition_key <> $3 AND `+t.in("limit_key", "$2")+`
		GROUP BY limit_key, transition_key`, t.account, many(t, limitKeys), except)
	return out, err
}

// ReplanAction takes an open action back to planned: the vendor certainly never got the call.
func (a *Account) ReplanAction(ctx context.Context, key string) error {
	return a.do(ctx, "replan action", "UPDATE actions SET state = 'planned', opened_at = 0 WHERE account = $1 AND action_key = $2 AND state = 'open'", key)
}

// EndAction records how an action ended, once: of an action that has ended, nothing changes. The reason is short and holds no
// personal data.
func (a *Account) EndAction(ctx context.Context, key string, state ActionState, reason string, now time.Time) error {
	if !state.Ended() {
		return errors.New("end action: " + string(state) + " is no end")
	}
	return a.do(ctx, "end action", `UPDATE actions SET state = $3, reason = $4, ended_at = $5
		WHERE account = $1 AND action_key = $2 AND state IN ('planned', 'open')`, key, string(state), clean(reason), nanos(now))
}

// CountActions counts actions by state, and within it by rule.
func (a *Account) CountActions(ctx context.Context) (map[ActionState]map[string]int64, error) {
	out := map[ActionState]map[string]int64{}
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		return t.each(ctx, func(rows *sql.Rows) error {
			var state ActionState
			var rule string
			var n int64
			err := rows.Scan(&state, &rule, &n)
			if out[state] == nil {
				out[state] = map[string]int64{}
			}
			out[state][rule] = n
			return err
		}, "SELECT state, rule, COUNT(*) FROM actions WHERE account = $1 GROUP BY state, rule", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("count actions: %w", err)
	}
	return out, nil
}
