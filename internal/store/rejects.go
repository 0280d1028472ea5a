package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

var otherReasons = newBatch("id bigint, reason text",
	"DELETE FROM rejects WHERE account = $1 AND kind = 'user' AND id = $2 AND reason <> $3",
	"DELETE FROM rejects USING ROWS WHERE rejects.account = $1 AND rejects.kind = 'user' AND rejects.id = u.id AND rejects.reason <> u.reason")

var upsertRejects = newUpsert("rejects", 3, "kind text, id bigint, reason text, detail text, run_id text, rejected_at bigint, extra text")

// AddRejects stores rejects; one with the same kind, id and reason replaces the former.
func (a *Account) AddRejects(ctx context.Context, rejects []Reject) error {
	type key struct {
		kind   Kind
		id     int64
		reason string
	}
	last := make(map[key]int, len(rejects))
	for i, r := range rejects {
		last[key{r.Kind, r.ID, r.Reason}] = i
	}
	rows := make([][]any, 0, len(rejects))
	for i, r := range rejects {
		if last[key{r.Kind, r.ID, r.Reason}] != i {
			continue
		}
		rows = append(rows, []any{string(r.Kind), r.ID, r.Reason, clean(r.Detail), r.RunID, nanos(r.At), clean(string(r.Extra))})
	}
	err := a.write(ctx, func(t *tx) error {
		x, err := t.tombs(ctx)
		if err != nil {
			return err
		}
		kept := slices.DeleteFunc(slices.Clone(rows), func(row []any) bool { return row[0] == string(KindUser) && x.ids[row[1].(int64)] })
		return t.run(ctx, &upsertRejects, kept)
	})
	if err != nil {
		return fmt.Errorf("add rejects: %w", err)
	}
	return nil
}

// ClearRejects removes every reject of ids of a kind.
func (a *Account) ClearRejects(ctx context.Context, kind Kind, ids []int64) error {
	err := a.write(ctx, func(t *tx) error { return t.clearRejects(ctx, kind, ids) })
	if err != nil {
		return fmt.Errorf("clear rejects: %w", err)
	}
	return nil
}

func (t *tx) clearRejects(ctx context.Context, kind Kind, ids []int64) error {
	_, err := t.exec(ctx, "DELETE FROM rejects WHERE account = $1 AND kind = $2 AND "+t.in("id", "$3"), t.account, string(kind), many(t, ids))
	return err
}

// outdate removes the rejects of users that results have outlived: all of those who are not rejected any more, and of those who
// are what they are not rejected for. A result that keeps its claim is not the last word.
func (t *tx) outdate(ctx context.Context, results []Result) error {
	last := make(map[int64]*Result, len(results))
	for i := range results {
		last[results[i].UserID] = &results[i]
	}
	var others []int64
	var rejected [][]any
	for id, r := range last {
		switch {
		case r.Keep:
		case r.State == DeliveryRejected:
			rejected = append(rejected, []any{id, clean(r.Reason)})
		default:
			others = append(others, id)
		}
	}
	if err := t.run(ctx, &otherReasons, rejected); err != nil || len(others) == 0 {
		return err
	}
	return t.clearRejects(ctx, KindUser, others)
}

// Rejects returns up to limit rejects, the newest first.
func (a *Account) Rejects(ctx context.Context, limit int) ([]Reject, error) {
	return a.rejects(ctx, "TRUE ORDER BY rejected_at DESC, kind, id, reason LIMIT $2", int64(limit))
}

// RejectsOf returns the rejects of one record, the newest first.
func (a *Account) RejectsOf(ctx context.Context, kind Kind, id int64) ([]Reject, error) {
	return a.rejects(ctx, "kind = $2 AND id = $3 ORDER BY rejected_at DESC, reason", string(kind), id)
}

func (a *Account) rejects(ctx context.Context, condition string, args ...any) ([]Reject, error) {
	var out []Reject
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var r Reject
			var at int64
			var extra string
			err := rows.Scan(&r.Kind, &r.ID, &r.Reason, &r.Detail, &r.RunID, &at, &extra)
			r.At = moment(at)
			if extra != "" {
				r.Extra = []byte(extra)
			}
			out = append(out, r)
			return err
		}, "SELECT kind, id, reason, detail, run_id, rejected_at, extra FROM rejects WHERE account = $1 AND "+condition, append([]any{t.account}, args...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read rejects: %w", err)
	}
	return out, nil
}

// RejectedIDs returns, ascending, the ids of a kind that have a reject; with a reason, those rejected for it.
func (a *Account) RejectedIDs(ctx context.Context, kind Kind, reason string) ([]int64, error) {
	return a.ids(ctx, "SELECT DISTINCT id FROM rejects WHERE account = $1 AND kind = $2 AND ($3 = '' OR reason = $3) ORDER BY id", string(kind), reason)
}

// RetryRejects marks records dirty and takes back what keeps a push from trying them again: that their address, or their
// company, was refused as it is. What people opted out of stays. The rejects stay too, until a push has got through. It may
// be repeated, and returns the ids it left alone, ascending: somebody is writing their contacts to Brevo right now.
func (a *Account) RetryRejects(ctx context.Context, kind Kind, ids []int64, now time.Time) (busy []int64, err error) {
	ids = distinct(ids)
	err = a.write(ctx, func(t *tx) error {
		busy = nil
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		free := ids
		if kind == KindOrganization {
			_, err = t.exec(ctx, "UPDATE companies SET state = '', attributes = '' WHERE account = $1 AND state = 'refused' AND "+
				t.in("organization_id", "$2"), t.account, many(t, ids))
		} else {
			free, busy, err = t.forgive(ctx, ids, now)
		}
		if err != nil {
			return err
		}
		return t.mark(ctx, kind, free, mark)
	})
	if err != nil {
		return nil, fmt.Errorf("retry rejects: %w", err)
	}
	return busy, nil
}

// refusedAddress is the key in Delivery.Refused of an address that Brevo did not take.
const refusedAddress = "EMAIL"

// forgive forgets that the addresses of users were refused, except of those whose claim somebody holds: what they record
// would bring it back.
func (t *tx) forgive(ctx context.Context, ids []int64, now time.Time) (free, busy []int64, err error) {
	held, err := t.held(ctx, ids, "(import_id <> '' OR (owner <> '' AND lease_until > $3))", nanos(now))
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		if _, taken := held[id]; taken {
			busy = append(busy, id)
			continue
		}
		free = append(free, id)
	}
	had, err := t.deliveries(ctx, free)
	if err != nil {
		return nil, nil, err
	}
	for id, d := range had {
		if _, refused := d.Refused[refusedAddress]; !refused {
			continue
		}
		delete(d.Refused, refusedAddress)
		refused, err := encodeMap(d.Refused)
		if err != nil {
			return nil, nil, err
		}
		if _, err := t.exec(ctx, "UPDATE deliveries SET refused = $3 WHERE account = $1 AND user_id = $2", t.account, id, refused); err != nil {
			return nil, nil, err
		}
	}
	return free, busy, nil
}

// CountRejects counts rejects by reason: those of a kind, or of all with an empty one.
func (a *Account) CountRejects(ctx context.Context, kind Kind) (map[string]int64, error) {
	out := map[string]int64{}
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		return t.each(ctx, func(rows *sql.Rows) error {
			var reason string
			var n int64
			err := rows.Scan(&reason, &n)
			out[reason] = n
			return err
		}, "SELECT reason, COUNT(*) FROM rejects WHERE account = $1 AND ($2 = '' OR kind = $2) GROUP BY reason", t.account, string(kind))
	})
	if err != nil {
		return nil, fmt.Errorf("count rejects: %w", err)
	}
	return out, nil
}
