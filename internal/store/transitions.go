package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/rules"
)

// The states of a transition.
const (
	transitionNew    = "new"    // nobody has judged it yet
	transitionJudged = "judged" // its rules were evaluated, and what followed is in the actions
	transitionPassed = "passed" // no rule wanted it, or it was too old, when a sync last looked
)

var insertTransitions = newBatch(
	"transition_key text, type text, subject text, body text, state text, occurred_at bigint, seq bigint, nth bigint",
	`INSERT INTO transitions (account, transition_key, type, subject, body, state, occurred_at, seq, nth)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (transition_key, account) DO NOTHING`,
	`INSERT INTO transitions (account, transition_key, type, subject, body, state, occurred_at, seq, nth)
		SELECT $1::text, u.* FROM ROWS ON CONFLICT (transition_key, account) DO NOTHING`)

// record keeps transitions, in the transaction of the write that showed them. One whose key is known is the same one again.
func (t *tx) record(ctx context.Context, transitions []rules.Transition, seq int64) error {
	if len(transitions) == 0 {
		return nil
	}
	out, err := t.tombs(ctx)
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(transitions))
	rows := make([][]any, 0, len(transitions))
	for i, x := range transitions {
		if seen[x.Key] || out.ids[x.UserID] || out.ids[x.MergedID] {
			continue
		}
		seen[x.Key] = true
		body, err := encode(x)
		if err != nil {
			return err
		}
		rows = append(rows, []any{x.Key, x.Type, x.Subject(), body, transitionNew, nanos(x.OccurredAt), seq, int64(i)})
	}
	return t.run(ctx, &insertTransitions, rows)
}

// sinceLive keeps, of what is seen to have happened to a row that was last read at asked, what belongs to the account's life:
// a row may have been mirrored before, by a preview.
func sinceLive(happened []rules.Transition, asked int64, live time.Time) []rules.Transition {
	if !live.IsZero() && asked >= nanos(live) {
		return happened
	}
	return rules.DatedAfter(happened, live)
}

// liveSince is when the account's first run started; zero before it.
func (t *tx) liveSince(ctx context.Context) (time.Time, error) {
	var n int64
	err := t.QueryRowContext(ctx, "SELECT live_since FROM accounts WHERE account = $1", t.account).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return moment(n), err
}

// RecordTransitions keeps transitions that no row shows: merges, which only a webhook tells of.
func (a *Account) RecordTransitions(ctx context.Context, transitions []rules.Transition, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		return t.record(ctx, transitions, mark)
	})
	if err != nil {
		return fmt.Errorf("record transitions: %w", err)
	}
	return nil
}

// NewTransitions returns the transitions of a subject that nobody has judged, in the order in which they were recorded.
func (a *Account) NewTransitions(ctx context.Context, subject string) ([]rules.Transition, error) {
	return a.transitions(ctx, "subject = $2 AND state = '"+transitionNew+"' ORDER BY seq, nth", subject)
}

// Transitions returns everything recorded of a subject, in the order in which it was recorded.
func (a *Account) Transitions(ctx context.Context, subject string) ([]rules.Transition, error) {
	return a.transitions(ctx, "subject = $2 ORDER BY seq, nth", subject)
}

// RecordedSubjects are those of subjects of which anything was recorded, or is planned, in their order.
func (a *Account) RecordedSubjects(ctx context.Context, subjects []string) ([]string, error) {
	var known map[string]bool
	err := a.read(ctx, func(t *tx) error {
		known = map[string]bool{}
		return t.each(ctx, func(rows *sql.Rows) error {
			var subject string
			err := rows.Scan(&subject)
			known[subject] = true
			return err
		}, "SELECT subject FROM transitions WHERE account = $1 AND "+t.in("subject", "$2")+
			" UNION SELECT subject FROM actions WHERE account = $1 AND "+t.in("subject", "$2"), t.account, many(t, subjects))
	})
	if err != nil {
		return nil, fmt.Errorf("read recorded subjects: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(subjects), func(s string) bool { return !known[s] }), nil
}

func (a *Account) transitions(ctx context.Context, condition string, args ...any) ([]rules.Transition, error) {
	var out []rules.Transition
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var body string
			if err := rows.Scan(&body); err != nil {
				return err
			}
			var x rules.Transition
			err := decode(body, &x)
			out = append(out, x)
			return err
		}, "SELECT body FROM transitions WHERE account = $1 AND "+condition, append([]any{t.account}, args...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read transitions: %w", err)
	}
	return out, nil
}

// PassTransitions settles the transitions that nobody will act on: those of types that no rule wants, and those that
// happened before a bound. A rule that is made tomorrow acts on what happens from then on.
func (a *Account) PassTransitions(ctx context.Context, wanted []string, before time.Time) (int64, error) {
	var n int64
	err := a.write(ctx, func(t *tx) (err error) {
		n, err = t.exec(ctx, "UPDATE transitions SET state = '"+transitionPassed+"' WHERE account = $1 AND state = '"+transitionNew+
			"' AND (occurred_at < $2 OR NOT ("+t.in("type", "$3")+"))", t.account, nanos(before), many(t, wanted))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("pass transitions: %w", err)
	}
	return n, nil
}

// WaitingSubjects returns up to limit subjects greater than after, ascending, that somebody should look after: they have a
// transition to be judged, or an action that was due before overdue and has not ended, whose workflow may be gone and was not
// woken since again.
func (a *Account) WaitingSubjects(ctx context.Context, overdue, again time.Time, after string, limit int) ([]string, error) {
	var out []string
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var subject string
			err := rows.Scan(&subject)
			out = append(out, subject)
			return err
		}, `SELECT subject FROM transitions WHERE account = $1 AND state = 'new' AND subject > $2
			UNION SELECT subject FROM actions WHERE account = $1 AND state IN ('planned', 'open') AND due_at < $3 AND woken_at < $4 AND subject > $2
			ORDER BY subject LIMIT $5`, t.account, after, nanos(overdue), max(1, nanos(again)), int64(limit))
	})
	if err != nil {
		return nil, fmt.Errorf("read waiting subjects: %w", err)
	}
	return out, nil
}
