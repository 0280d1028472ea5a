package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Merge is one user merged into another.
type Merge struct {
	LoserID, WinnerID int64
	At                time.Time
	Settled           bool // the loser's consent was carried over, and the loser's contact dealt with
}

// AddMerge records a merge and marks both users dirty. Of a merge that is known nothing changes. One with somebody who was
// forgotten is not recorded: what the loser is known to have opted out of is carried over at once. It returns ErrBeingWritten, with
// nothing written, while the winner's contact is held.
func (a *Account) AddMerge(ctx context.Context, m Merge, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		x, err := t.tombs(ctx)
		if err != nil {
			return err
		}
		if x.ids[m.LoserID] || x.ids[m.WinnerID] {
			if err := t.mergeForgotten(ctx, &x, m, now); err != nil {
				return err
			}
			return t.mark(ctx, KindUser, distinct([]int64{m.LoserID, m.WinnerID}), mark)
		}
		n, err := t.exec(ctx, `INSERT INTO merges (account, loser_id, winner_id, merged_at, settled) VALUES ($1, $2, $3, $4, FALSE)
			ON CONFLICT (account, loser_id) DO NOTHING`, t.account, m.LoserID, m.WinnerID, nanos(m.At))
		if err != nil || n == 0 {
			return err
		}
		return t.mark(ctx, KindUser, distinct([]int64{m.LoserID, m.WinnerID}), mark)
	})
	if err != nil {
		return fmt.Errorf("add merge: %w", err)
	}
	return nil
}

// mergeForgotten carries the loser's opt-outs over to the winner, one or both of whom are kept out.
func (t *tx) mergeForgotten(ctx context.Context, x *tombs, m Merge, now time.Time) error {
	optOuts, err := t.optOutsOf(ctx, m.LoserID)
	if err != nil {
		return err
	}
	optOuts = WithOptOuts(optOuts, x.of(m.LoserID))
	if x.ids[m.WinnerID] {
		return t.noteOptOuts(ctx, x, x.hashesOf(m.WinnerID), Owed(optOuts))
	}
	if len(optOuts) == 0 {
		return nil
	}
	return errors.Join(t.unheld(ctx, []int64{m.WinnerID}, now), t.keepOptOuts(ctx, map[int64]map[string]any{m.WinnerID: Owed(optOuts)}))
}

// carryOver hands what is known of opt-outs on through the open merges of people: from them, and to them. Of the people themselves
// seen is known too. The merges stay as they are.
func (t *tx) carryOver(ctx context.Context, people []int64, seen map[string]any, mark int64, now time.Time) error {
	var open []Merge
	err := t.each(ctx, func(rows *sql.Rows) error {
		var m Merge
		err := rows.Scan(&m.LoserID, &m.WinnerID)
		open = append(open, m)
		return err
	}, "SELECT loser_id, winner_id FROM merges WHERE account = $1 AND NOT settled AND ("+t.in("loser_id", "$2")+" OR "+t.in("winner_id", "$2")+")",
		t.account, many(t, people))
	if err != nil {
		return err
	}
	var winners []int64
	for _, m := range open {
		winners = append(winners, m.WinnerID)
	}
	if err := t.unheld(ctx, winners, now); err != nil {
		return err
	}
	for range open { // who lost may have won before
		for _, m := range open {
			optOuts, err := t.optOutsOf(ctx, m.LoserID)
			if err != nil {
				return err
			}
			if slices.Contains(people, m.LoserID) {
				optOuts = WithOptOuts(optOuts, seen)
			}
			if err := t.keepOptOuts(ctx, map[int64]map[string]any{m.WinnerID: Owed(optOuts)}); err != nil {
				return err
			}
		}
	}
	return t.mark(ctx, KindUser, distinct(winners), mark)
}

// optOutsOf is what a user has opted out of, as far as their delivery and the mirror of their contact tell.
func (t *tx) optOutsOf(ctx context.Context, user int64) (map[string]any, error) {
	had, err := t.deliveries(ctx, []int64{user})
	if err != nil {
		return nil, err
	}
	d := had[user]
	out := OptOuts(d.Refused)
	found, err := t.brevo(ctx, "((id <> 0 AND id = $2) OR (email <> '' AND email = $3))", d.BrevoID, d.Email)
	for i := range found {
		out = WithOptOuts(out, OptOutsOf(&found[i]))
	}
	return out, err
}

// SettleMerge records that nothing is left to do about a merge.
func (a *Account) SettleMerge(ctx context.Context, loser int64) error {
	return a.do(ctx, "settle merge", "UPDATE merges SET settled = TRUE WHERE account = $1 AND loser_id = $2", loser)
}

// Merges returns the merges of which one of the users is part, by the loser.
func (a *Account) Merges(ctx context.Context, users []int64) (map[int64]Merge, error) {
	out := map[int64]Merge{}
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		return t.each(ctx, func(rows *sql.Rows) error {
			var m Merge
			var at int64
			err := rows.Scan(&m.LoserID, &m.WinnerID, &at, &m.Settled)
			m.At = moment(at)
			out[m.LoserID] = m
			return err
		}, "SELECT loser_id, winner_id, merged_at, settled FROM merges WHERE account = $1 AND ("+t.in("loser_id", "$2")+" OR "+t.in("winner_id", "$2")+")",
			t.account, many(t, users))
	})
	if err != nil {
		return nil, fmt.Errorf("read merges: %w", err)
	}
	return out, nil
}
