package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const deliveryColumns = "user_id, state, reason, email, brevo_id, attributes, lists, refused, sent_at, made"

// upsertDeliveries writes deliveries with their claims; an owner of "" leaves the claim free.
var upsertDeliveries = newUpsert("deliveries", 1, `user_id bigint, state text, reason text, email text, brevo_id bigint,
	attributes text, lists text, refused text, sent_at bigint, made boolean, owner text, lease_until bigint, import_id text`)

// Attempt names the owner of claims for one attempt at a step, which began at some time: no two attempts have the same name, and a later
// one may take over what the earlier ones hold.
func Attempt(step string, began time.Time) string { return fmt.Sprintf("%s#%019d", step, nanos(began)) }

// stepOf is what the names of an owner and its earlier attempts begin with.
func stepOf(owner string) string { return owner[:strings.LastIndexByte(owner, '#')+1] }

// Claim takes the claims on users that are free, expired, the owner's already, or those of earlier attempts, until the lease ends, and
// reads those users as Peek does. Users whose claim somebody else holds, or an import, are left out.
func (a *Account) Claim(ctx context.Context, ids []int64, owner string, lease time.Duration, now time.Time) ([]Claimed, error) {
	var out []Claimed
	err := a.write(ctx, func(t *tx) error {
		taken, err := t.take(ctx, distinct(ids), owner, now.Add(lease), now)
		if err != nil {
			return err
		}
		mine := make([]int64, 0, len(taken))
		for _, id := range ids {
			if taken[id] {
				mine = append(mine, id)
			}
		}
		out, err = t.peek(ctx, mine)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return out, nil
}

func (t *tx) take(ctx context.Context, ids []int64, owner string, until, now time.Time) (map[int64]bool, error) {
	if _, err := t.exec(ctx, "INSERT INTO deliveries (account, user_id) SELECT CAST($1 AS TEXT), ids.id FROM "+t.values("$2")+
		" WHERE TRUE ON CONFLICT (account, user_id) DO NOTHING", t.account, many(t, ids)); err != nil {
		return nil, err
	}
	taken := make(map[int64]bool, len(ids))
	err := t.each(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		taken[id] = true
		return err
	}, `UPDATE deliveries SET owner = $3, lease_until = $4 WHERE account = $1 AND `+t.in("user_id", "$2")+`
		AND import_id = '' AND (owner = '' OR owner = $3 OR lease_until <= $5 OR `+earlier("$3", "$6")+`) RETURNING user_id`,
		t.account, many(t, ids), owner, nanos(until), nanos(now), stepOf(owner))
	return taken, err
}

// earlier is the condition that a claim is held by an earlier attempt: what tells attempts of one step apart has one length.
func earlier(owner, step string) string {
	step = "CAST(" + step + " AS TEXT)"
	return "(" + step + " <> '' AND owner < " + owner + " AND substr(owner, 1, length(" + step + ")) = " + step + ")"
}

// Release gives up every claim of an owner and of its earlier attempts. Claims that were handed to an import stay there.
func (a *Account) Release(ctx context.Context, owner string) error {
	err := a.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "UPDATE deliveries SET owner = '', lease_until = 0 WHERE account = $1 AND owner <> '' AND (owner = $2 OR "+earlier("$2", "$3")+")",
			t.account, owner, stepOf(owner))
		return err
	})
	if err != nil {
		return fmt.Errorf("release claims: %w", err)
	}
	return nil
}

// Record stores what writes to Brevo came to, clears the marks that still have the version given, and releases the claims
// except where the result keeps it, all in one transaction. It returns ErrClaimLost, with nothing written, when one of
// the claims is no longer the owner's. The organization of a user whose Brevo id became known or changed, or who entered
// or left the state sent, is marked dirty.
func (a *Account) Record(ctx context.Context, owner string, results []Result, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		ids := make([]int64, 0, len(results))
		for _, r := range results {
			ids = append(ids, r.UserID)
		}
		held, err := t.held(ctx, ids, "owner = $3 AND owner <> '' AND import_id = ''", owner)
		if err != nil {
			return err
		}
		if len(held) != len(distinct(ids)) {
			return ErrClaimLost
		}
		return t.settle(ctx, results, held, mark, now)
	})
	if err != nil {
		return fmt.Errorf("record deliveries: %w", err)
	}
	return nil
}

// Renew begins the leases of claims anew. It returns ErrClaimLost, with nothing changed, when one of them ran out or is not the owner's.
func (a *Account) Renew(ctx context.Context, owner string, ids []int64, lease time.Duration, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	err := a.write(ctx, func(t *tx) error {
		ids := distinct(ids)
		n, err := t.exec(ctx, `UPDATE deliveries SET lease_until = $4 WHERE account = $1 AND `+t.in("user_id", "$2")+`
			AND owner = $3 AND owner <> '' AND import_id = '' AND lease_until > $5`, t.account, many(t, ids), owner, nanos(now.Add(lease)), nanos(now))
		if err == nil && n != int64(len(ids)) {
			return ErrClaimLost
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("renew claims: %w", err)
	}
	return nil
}

// Book stores deliveries as they are before a call that may change them, and begins their leases anew. Marks and claims stay. It returns
// ErrClaimLost, with nothing written, when one of the claims ran out or is not the owner's: then the call is not to be made.
func (a *Account) Book(ctx context.Context, owner string, deliveries []Delivery, lease time.Duration, now time.Time) error {
	if len(deliveries) == 0 {
		return nil
	}
	ids, results := make([]int64, len(deliveries)), make([]Result, len(deliveries))
	for i, d := range deliveries {
		ids[i], results[i] = d.UserID, Result{Delivery: d, Keep: true}
	}
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		held, err := t.held(ctx, ids, "owner = $3 AND owner <> '' AND import_id = ''", owner)
		if err != nil {
			return err
		}
		for id, c := range held {
			if c.until <= nanos(now) {
				return ErrClaimLost
			}
			c.until = nanos(now.Add(lease))
			held[id] = c
		}
		if len(held) != len(distinct(ids)) {
			return ErrClaimLost
		}
		return t.settle(ctx, results, held, mark, now)
	})
	if err != nil {
		return fmt.Errorf("book deliveries: %w", err)
	}
	return nil
}

// claim is a stored claim and what of its delivery decides on marks.
type claim struct {
	owner    string
	until    int64
	state    DeliveryState
	email    string
	brevoID  int64
	importID string
}

// held locks and returns the claims on users that meet a condition, in which $3 is arg.
func (t *tx) held(ctx context.Context, ids []int64, condition string, arg any) (map[int64]claim, error) {
	out := make(map[int64]claim, len(ids))
	err := t.each(ctx, func(rows *sql.Rows) error {
		var id int64
		var c claim
		err := rows.Scan(&id, &c.owner, &c.until, &c.state, &c.email, &c.brevoID, &c.importID)
		out[id] = c
		return err
	}, "SELECT user_id, owner, lease_until, state, email, brevo_id, import_id FROM deliveries WHERE account = $1 AND "+
		t.in("user_id", "$2")+" AND "+condition+" ORDER BY user_id"+t.forUpdate(), t.account, many(t, distinct(ids)), arg)
	return out, err
}

// settle writes results over claims that are known to be held.
func (t *tx) settle(ctx context.Context, results []Result, held map[int64]claim, mark int64, now time.Time) error {
	last := make(map[int64]int, len(results))
	for i, r := range results {
		last[r.UserID] = i
	}
	rows := make([][]any, 0, len(results))
	var clear []Dirty
	var moved []int64
	for i, r := range results {
		if r.Dirty != 0 {
			clear = append(clear, Dirty{r.UserID, r.Dirty})
		}
		if last[r.UserID] != i {
			continue
		}
		d, old := r.Delivery, held[r.UserID]
		if d.BrevoID == 0 && d.Email == old.email {
			d.BrevoID = old.brevoID // found by a scan since the caller read it
		}
		if d.SentAt.IsZero() && d.State == DeliverySent {
			d.SentAt = now
		}
		if d.BrevoID != old.brevoID || (d.State == DeliverySent) != (old.state == DeliverySent) {
			moved = append(moved, r.UserID)
		}
		c := claim{}
		if r.Keep {
			c = old
		}
		row, err := deliveryRow(d, c)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return errors.Join(t.run(ctx, &upsertDeliveries, rows), t.outdate(ctx, results), t.clear(ctx, KindUser, clear), t.markOrganizationsOf(ctx, moved, mark))
}

func deliveryRow(d Delivery, c claim) ([]any, error) {
	attributes, err := encodeMap(d.Attributes)
	if err != nil {
		return nil, err
	}
	refused, err := encodeMap(d.Refused)
	if err != nil {
		return nil, err
	}
	lists, err := encodeList(d.Lists)
	if err != nil {
		return nil, err
	}
	return []any{
		d.UserID, string(d.State), clean(d.Reason), clean(d.Email), d.BrevoID, attributes, lists, refused, nanos(d.SentAt),
		d.Made, c.owner, c.until, c.importID,
	}, nil
}

func scanDelivery(rows *sql.Rows) (Delivery, error) {
	var d Delivery
	var attributes, lists, refused string
	var sent int64
	if err := rows.Scan(&d.UserID, &d.State, &d.Reason, &d.Email, &d.BrevoID, &attributes, &lists, &refused, &sent, &d.Made); err != nil {
		return Delivery{}, err
	}
	d.SentAt = moment(sent)
	var err error
	if d.Attributes, err = decodeValues[string](attributes); err != nil {
		return Delivery{}, err
	}
	if d.Refused, err = decodeValues[string](refused); err != nil {
		return Delivery{}, err
	}
	return d, decode(lists, &d.Lists)
}

// DeliveryCounts counts users by the state of their delivery, and within it by reason.
func (a *Account) DeliveryCounts(ctx context.Context) (map[DeliveryState]map[string]int64, error) {
	out := map[DeliveryState]map[string]int64{}
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		return t.each(ctx, func(rows *sql.Rows) error {
			var state DeliveryState
			var reason string
			var n int64
			err := rows.Scan(&state, &reason, &n)
			if out[state] == nil {
				out[state] = map[string]int64{}
			}
			out[state][reason] = n
			return err
		}, "SELECT state, reason, COUNT(*) FROM deliveries WHERE account = $1 AND state <> '' GROUP BY state, reason", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	return out, nil
}
