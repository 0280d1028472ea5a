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
	OpenedAt  time.Time // when the vendor was called, or when a call was given up whose answer never came; zero before
	ContactID int64     // in Brevo, whom that call was about; 0 when it was not known
	EndedAt   time.Time
}

// Subject is the ticket or user whose story the action belongs to.
func (a *Action) Subject() string { return a.Transition.Subject() }

var insertActions = newBatch(
	`action_key text, transition_key text, subject text, rule text, kind text, plan text, state text, limit_key text,
		due_at bigint, planned_at bigint, nth bigint, reason text, ended_at bigint`,
	`INSERT INTO actions (account, action_key, transition_key, subject, rule, kind, plan, state, limit_key, due_at, planned_at, nth, reason, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (action_key, account) DO NOTHING`,
	`INSERT INTO actions (account, action_key, transition_key, subject, rule, kind, plan, state, limit_key, due_at, planned_at, nth, reason, ended_at)
		SELECT $1::text, u.* FROM ROWS ON CONFLICT (action_key, account) DO NOTHING`)

// PlanActions settles judged transitions and stores what follows from them, in one transaction. It is idempotent: an action
// whose key is known stays as it is, however it stands. One that failed is skipped for that reason. For somebody who was forgotten
// meanwhile nothing is planned.
func (a *Account) PlanActions(ctx context.Context, judged []string, planned []rules.Planned, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		out, err := t.tombs(ctx)
		if err != nil {
			return err
		}
		rows := make([][]any, 0, len(planned))
		for i := range planned {
			p := &planned[i]
			if out.ids[p.Transition.UserID] || out.ids[p.Transition.MergedID] {
				continue
			}
			plan, err := encode(p)
			if err != nil {
				return err
			}
			state, ended := ActionPlanned, time.Time{}
			if p.Failure != "" {
				state, ended = ActionSkipped, now
			}
			rows = append(rows, []any{
				p.Key, p.Transition.Key, p.Transition.Subject(), p.Rule, p.Action.Kind, plan, string(state), p.LimitKey,
				nanos(p.Due), nanos(now), int64(i), clean(p.Failure), nanos(ended),
			})
		}
		if err := t.run(ctx, &insertActions, rows); err != nil {
			return err
		}
		_, err = t.exec(ctx, "UPDATE transitions SET state = '"+transitionJudged+"' WHERE account = $1 AND state = '"+transitionNew+"' AND "+
			t.in("transition_key", "$2"), t.account, many(t, judged))
		return err
	})
	if err != nil {
		return fmt.Errorf("plan actions: %w", err)
	}
	return nil
}

const actionColumns = "plan, state, reason, planned_at, opened_at, contact_id, ended_at"

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
	index := "state IN ('planned', 'open')"
	if state.Ended() {
		index = "ended_at > 0"
	}
	return a.actions(ctx, index+" AND state = $2 ORDER BY ended_at DESC, due_at DESC, action_key LIMIT $3", string(state), int64(limit))
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
	if err := scan(&plan, &x.State, &x.Reason, &planned, &opened, &x.ContactID, &ended); err != nil {
		return Action{}, err
	}
	x.PlannedAt, x.OpenedAt, x.EndedAt = moment(planned), moment(opened), moment(ended)
	return x, decode(plan, &x.Planned)
}

// ErrActionMoved: somebody else has taken the action on since it was read.
var ErrActionMoved = errors.New("the action has moved on")

// Acting says whom an action is about to reach.
type Acting struct {
	User    int64 // whom a limit per person counts for; 0: whom the action was planned for
	Contact int64 // in Brevo; 0 when there is none
	Shadow  bool  // nothing is called: an action that the limit lets through comes back as shadow
	Lost    bool  // an earlier call may have arrived, and no vendor tells: what stops the action now leaves it in doubt
}

// LostThen begins the reason of an action in doubt whose call may have arrived, and which something stopped from being repeated:
// the reason of that follows.
const LostThen = "the answer to a call was lost; then: "

// OpenAction writes down that the vendor is about to be called, before it is. It takes the action as it was read: where it stands
// otherwise now, the answer is ErrActionMoved, so of two attempts at one action one is let through. An action that the rule's
// limit stops comes back limited; of those that ask at once under one limit, no more are let through than it allows.
func (a *Account) OpenAction(ctx context.Context, read *Action, who Acting, now time.Time) (Action, error) {
	var out Action
	err := a.write(ctx, func(t *tx) (err error) {
		if err := t.lock(ctx); err != nil {
			return err
		}
		if out, err = scanAction(t.QueryRowContext(ctx, "SELECT "+actionColumns+" FROM actions WHERE account = $1 AND action_key = $2",
			t.account, read.Key).Scan); err != nil {
			return err
		}
		if out.State.Ended() || out.State != read.State || !out.OpenedAt.Equal(read.OpenedAt) {
			return ErrActionMoved
		}
		out.State, out.OpenedAt, out.ContactID = ActionOpen, now, who.Contact
		if out.Limit != nil && out.Limit.Per == rules.PerPerson && who.User != 0 {
			out.LimitKey = rules.PersonKey(out.Rule, who.User)
		}
		allowed, err := t.allowed(ctx, &out, who, now)
		switch {
		case err != nil:
			return err
		case !allowed:
			out.State, out.Reason, out.OpenedAt, out.EndedAt = ActionLimited, out.Limit.String(), time.Time{}, now
		case who.Shadow:
			out.State, out.OpenedAt, out.EndedAt = ActionShadow, time.Time{}, now
		}
		if who.Lost && out.State.Ended() {
			out.OpenedAt, out.ContactID = read.OpenedAt, read.ContactID
			out.Reason = LostThen + map[ActionState]string{ActionLimited: "limit reached: " + out.Reason, ActionShadow: "automations_mode is shadow"}[out.State]
			out.State = ActionInDoubt
		}
		_, err = t.exec(ctx, `UPDATE actions SET state = $3, reason = $4, opened_at = $5, contact_id = $6, ended_at = $7, limit_key = $8
			WHERE account = $1 AND action_key = $2`, t.account, read.Key, string(out.State), out.Reason, nanos(out.OpenedAt), out.ContactID,
			nanos(out.EndedAt), out.LimitKey)
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

// ReplanAction takes an action that was opened at a time back to planned: the vendor certainly never got the call. One that
// somebody else has opened since stays as it is.
func (a *Account) ReplanAction(ctx context.Context, opened *Action) error {
	return a.do(ctx, "replan action", "UPDATE actions SET state = 'planned', opened_at = 0 WHERE account = $1 AND action_key = $2 AND state = 'open' AND opened_at = $3",
		opened.Key, nanos(opened.OpenedAt))
}

// GiveUpCall notes that a call of an open action ended now without an answer, in the same way.
func (a *Account) GiveUpCall(ctx context.Context, opened *Action, now time.Time) error {
	return a.do(ctx, "give up call", "UPDATE actions SET opened_at = $4 WHERE account = $1 AND action_key = $2 AND state = 'open' AND opened_at = $3",
		opened.Key, nanos(opened.OpenedAt), nanos(now))
}

// Woken notes that the workflows of subjects were woken, so that those that are stuck are not signalled again and again.
func (a *Account) Woken(ctx context.Context, subjects []string, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "UPDATE actions SET woken_at = $3 WHERE account = $1 AND state IN ('planned', 'open') AND "+t.in("subject", "$2"),
			t.account, many(t, subjects), nanos(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("note woken workflows: %w", err)
	}
	return nil
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

// CountFailures counts the actions that were skipped because their rule failed, by rule.
func (a *Account) CountFailures(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		return t.each(ctx, func(rows *sql.Rows) error {
			var rule string
			var n int64
			err := rows.Scan(&rule, &n)
			out[rule] = n
			return err
		}, "SELECT rule, COUNT(*) FROM actions WHERE account = $1 AND state = '"+string(ActionSkipped)+"' AND reason LIKE '"+rules.FailurePrefix+
			"%' GROUP BY rule", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("count failures of rules: %w", err)
	}
	return out, nil
}
