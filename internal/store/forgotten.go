package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// tombs are the people who are kept out.
type tombs struct {
	key    []byte
	ids    map[int64]bool
	hashes map[string]bool
	byHash map[string][]int64
	opted  map[string]bool // addresses that had opted out of e-mail; also once they are not kept out any more
}

// tombs reads them; every write of the mirror asks, so that whoever is forgotten by one program is kept out by all.
func (t *tx) tombs(ctx context.Context) (tombs, error) {
	out := tombs{ids: map[int64]bool{}, hashes: map[string]bool{}, byHash: map[string][]int64{}, opted: map[string]bool{}}
	err := t.each(ctx, func(rows *sql.Rows) error {
		var hash string
		var id, lifted int64
		var opted bool
		err := rows.Scan(&hash, &id, &lifted, &opted)
		if opted {
			out.opted[hash] = true
		}
		if err != nil || lifted != 0 {
			return err
		}
		out.hashes[hash] = true
		if id != 0 {
			out.ids[id] = true
			out.byHash[hash] = append(out.byHash[hash], id)
		}
		return err
	}, "SELECT address_hash, user_id, lifted_at, opted_out FROM forgotten WHERE account = $1 AND (lifted_at = 0 OR opted_out)", t.account)
	if err != nil || len(out.hashes)+len(out.opted) == 0 {
		return out, err
	}
	out.key, err = t.forgetKey(ctx)
	return out, err
}

// address reports whether an address is kept out, and gives its hash.
func (x *tombs) address(email string) (hash string, out bool) {
	if x.key == nil || email == "" {
		return "", false
	}
	hash = keyed(x.key, email)
	return hash, x.hashes[hash]
}

func keyed(key []byte, email string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.ToLower(strings.TrimSpace(email))))
	return hex.EncodeToString(mac.Sum(nil))
}

// forgetKey is nil before anybody was forgotten.
func (t *tx) forgetKey(ctx context.Context) ([]byte, error) {
	var text string
	err := t.QueryRowContext(ctx, "SELECT forget_key FROM accounts WHERE account = $1", t.account).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && text == "") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// hashOf makes the account's key when there is none: nextMark comes before it.
func (t *tx) hashOf(ctx context.Context, email string) (string, error) {
	key, err := t.forgetKey(ctx)
	if err != nil {
		return "", err
	}
	if key == nil {
		key = make([]byte, sha256.Size)
		rand.Read(key) //nolint:errcheck // it never fails
		if _, err := t.exec(ctx, "UPDATE accounts SET forget_key = $2 WHERE account = $1", t.account, hex.EncodeToString(key)); err != nil {
			return "", err
		}
	}
	return keyed(key, email), nil
}

// keepOutUsers leaves out the rows of people who are kept out. Somebody new who has a forgotten address is kept out like them from
// then on, with everything that is known of them. Of addresses that are not kept out any more it carries the opt-outs over.
func (t *tx) keepOutUsers(ctx context.Context, rows []UserRow, content []content, mark int64) ([]UserRow, []content, error) {
	x, err := t.tombs(ctx)
	if err != nil || x.key == nil {
		return rows, content, err
	}
	if err := t.eraseRest(ctx, mark); err != nil {
		return nil, nil, err
	}
	var opted []int64
	keptRows, keptContent := make([]UserRow, 0, len(rows)), content[:0:0]
	for i := range rows {
		hash, out := x.address(rows[i].Email)
		if out && !x.ids[rows[i].ID] {
			if err := t.keepOutUser(ctx, hash, &rows[i], x.opted[hash], mark); err != nil {
				return nil, nil, err
			}
			x.ids[rows[i].ID] = true
		}
		if x.ids[rows[i].ID] {
			continue
		}
		keptRows, keptContent = append(keptRows, rows[i]), append(keptContent, content[i])
		if x.opted[hash] {
			opted = append(opted, rows[i].ID)
		}
	}
	return keptRows, keptContent, t.optOutUsers(ctx, opted)
}

// keepOutUser keeps somebody out and erases them, unless something about them is under way: eraseRest comes back then.
func (t *tx) keepOutUser(ctx context.Context, hash string, r *UserRow, optedOut bool, mark int64) error {
	e := &eraser{tx: t, users: []int64{r.ID}, email: r.Email, rows: map[string]int64{}, mark: mark, optedOut: optedOut}
	if _, err := e.eraseIdle(ctx); err != nil {
		return err
	}
	return t.bury(ctx, hash, e.users, e.rows, e.optedOut, moment(mark))
}

// eraseIdle erases, unless something about the people is under way: erased is false then.
func (e *eraser) eraseIdle(ctx context.Context) (erased bool, err error) {
	err = e.mayForget(ctx, e.users, moment(e.mark))
	if errors.Is(err, ErrBeingWritten) || errors.Is(err, ErrMergeOpen) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, e.erase(ctx)
}

// eraseRest erases what is left of people who are kept out, because something was under way when they were met.
func (t *tx) eraseRest(ctx context.Context, mark int64) error {
	rest, err := t.ids(ctx, `SELECT DISTINCT f.user_id FROM forgotten f WHERE f.account = $1 AND f.lifted_at = 0 AND f.user_id <> 0 AND (
		EXISTS (SELECT 1 FROM users u WHERE u.account = f.account AND u.id = f.user_id)
		OR EXISTS (SELECT 1 FROM deliveries d WHERE d.account = f.account AND d.user_id = f.user_id)
		OR f.user_id IN (SELECT loser_id FROM merges WHERE account = $1 UNION ALL SELECT winner_id FROM merges WHERE account = $1)
		) ORDER BY f.user_id`)
	if err != nil {
		return err
	}
	for _, id := range rest {
		e := &eraser{tx: t, users: []int64{id}, rows: map[string]int64{}, mark: mark}
		if erased, err := e.eraseIdle(ctx); err != nil {
			return err
		} else if !erased {
			continue
		}
		counts, err := encodeMap(e.rows)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE forgotten SET erased = CASE WHEN erased = '' THEN CAST($3 AS TEXT) ELSE erased END, opted_out = opted_out OR $4
			WHERE account = $1 AND user_id = $2 AND lifted_at = 0`, t.account, id, counts, e.optedOut); err != nil {
			return err
		}
	}
	return nil
}

// optOut notes in the evidence that addresses have opted out of e-mail.
func (t *tx) optOut(ctx context.Context, hashes []string) error {
	if len(hashes) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "UPDATE forgotten SET opted_out = TRUE WHERE account = $1 AND lifted_at = 0 AND "+t.in("address_hash", "$2"), t.account, many(t, hashes))
	return err
}

// optOutUsers has a contact that may be made of users not be mailable. Whose contact is there has its consent in Brevo.
func (t *tx) optOutUsers(ctx context.Context, users []int64) error {
	had, err := t.deliveries(ctx, users)
	if err != nil {
		return err
	}
	users = slices.DeleteFunc(distinct(users), func(id int64) bool { return had[id].State == DeliverySent })
	if len(users) == 0 {
		return nil
	}
	if _, err := t.exec(ctx, "INSERT INTO deliveries (account, user_id) SELECT CAST($1 AS TEXT), ids.id FROM "+t.values("$2")+
		" WHERE TRUE ON CONFLICT (account, user_id) DO NOTHING", t.account, many(t, users)); err != nil {
		return err
	}
	return t.keepOptOut(ctx, users)
}

// keepOutTickets leaves out tickets whose requester is kept out. One that was somebody else's until now goes, and its former
// requester is marked.
func (t *tx) keepOutTickets(ctx context.Context, rows []TicketRow, mark int64) ([]TicketRow, error) {
	x, err := t.tombs(ctx)
	if err != nil || len(x.ids) == 0 {
		return rows, err
	}
	var out []int64
	kept := make([]TicketRow, 0, len(rows))
	for i := range rows {
		if x.ids[rows[i].RequesterID] {
			out = append(out, rows[i].ID)
			continue
		}
		kept = append(kept, rows[i])
	}
	if len(out) == 0 {
		return kept, nil
	}
	former, err := t.ids(ctx, "DELETE FROM tickets WHERE account = $1 AND "+t.in("id", "$2")+" RETURNING requester_id", many(t, out))
	if err != nil {
		return nil, err
	}
	return kept, t.mark(ctx, KindUser, distinct(former), mark)
}

// keepOutContacts leaves out contacts of Brevo that have an address which is kept out. That one has opted out meanwhile is noted.
func (t *tx) keepOutContacts(ctx context.Context, rows []BrevoContact) ([]BrevoContact, error) {
	x, err := t.tombs(ctx)
	if err != nil || len(x.hashes) == 0 {
		return rows, err
	}
	var out []int64
	var opted []string
	kept := make([]BrevoContact, 0, len(rows))
	for i := range rows {
		if hash, forgotten := x.address(rows[i].Email); forgotten {
			out = append(out, rows[i].ID)
			if rows[i].EmailBlacklisted && !x.opted[hash] {
				opted = append(opted, hash)
			}
			continue
		}
		kept = append(kept, rows[i])
	}
	if len(out) == 0 {
		return kept, nil
	}
	if err := t.optOut(ctx, opted); err != nil {
		return nil, err
	}
	_, err = t.exec(ctx, "DELETE FROM brevo_contacts WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, out))
	return kept, err
}

// notForgotten is the condition that a column holds no user who is kept out.
const notForgotten = "NOT EXISTS (SELECT 1 FROM forgotten f WHERE f.account = $1 AND f.lifted_at = 0 AND f.user_id = "

// Remembered are those of users who are not kept out, in their order.
func (a *Account) Remembered(ctx context.Context, users []int64) ([]int64, error) {
	var x tombs
	err := a.read(ctx, func(t *tx) (err error) {
		x, err = t.tombs(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read forgotten people: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(users), func(id int64) bool { return x.ids[id] }), nil
}

// ForgottenAt tells whether an address, or a user, is kept out, and since when.
func (a *Account) ForgottenAt(ctx context.Context, email string, user int64) (at time.Time, forgotten bool, err error) {
	var n int64
	err = a.read(ctx, func(t *tx) error {
		key, err := t.forgetKey(ctx)
		if err != nil || key == nil {
			return err
		}
		return t.QueryRowContext(ctx, `SELECT COALESCE(MIN(forgotten_at), 0) FROM forgotten WHERE account = $1 AND lifted_at = 0
			AND (address_hash = $2 OR (user_id <> 0 AND user_id = $3))`, t.account, keyed(key, email), user).Scan(&n)
	})
	if err != nil {
		return at, false, fmt.Errorf("read forgotten people: %w", err)
	}
	return moment(n), n != 0, nil
}

// Remember lifts Forget: whoever has the address may be read again from now on, and nothing is brought back. That somebody had opted
// out of e-mail is remembered for the contact that may be made of them, or of whoever has the address later. It returns the users, ascending, and whether the
// address was kept out at all.
func (a *Account) Remember(ctx context.Context, email string, now time.Time) (users []int64, lifted bool, err error) {
	err = a.write(ctx, func(t *tx) error {
		users, lifted = nil, false
		key, err := t.forgetKey(ctx)
		if err != nil || key == nil {
			return err
		}
		opted := false
		err = t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			var out bool
			err := rows.Scan(&id, &out)
			lifted, opted = true, opted || out
			if id != 0 {
				users = append(users, id)
			}
			return err
		}, "UPDATE forgotten SET lifted_at = $3 WHERE account = $1 AND address_hash = $2 AND lifted_at = 0 RETURNING user_id, opted_out",
			t.account, keyed(key, email), nanos(now))
		users = distinct(users)
		if err != nil || !opted {
			return err
		}
		return t.optOutUsers(ctx, slices.Clone(users))
	})
	if err != nil {
		return nil, false, fmt.Errorf("remember: %w", err)
	}
	return users, lifted, nil
}
