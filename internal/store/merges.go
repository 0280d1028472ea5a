package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Merge is one user merged into another.
type Merge struct {
	LoserID, WinnerID int64
	At                time.Time
	Settled           bool // the loser's consent was carried over, and the loser's contact dealt with
}

// AddMerge records a merge and marks both users dirty. Of a merge that is known nothing changes; one with somebody who was
// forgotten is not recorded.
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
		if x.ids[m.LoserID] || x.ids[m.WinnerID] { // nothing is known that could be carried over
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
