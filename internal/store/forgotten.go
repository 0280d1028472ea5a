package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// keepOutUsers leaves out the rows of people who are kept out. Somebody new who has a forgotten address is kept out like them from
// then on, with everything that is known of them. Of addresses that are not kept out any more it carries the opt-outs over.
func (t *tx) keepOutUsers(ctx context.Context, rows []UserRow, content []content, mark int64) ([]UserRow, []content, error) {
	x, err := t.tombs(ctx)
	if err != nil || x.key == nil {
		return rows, content, err
	}
	if err := t.eraseRest(ctx, &x, mark); err != nil {
		return nil, nil, err
	}
	optOuts := map[int64]map[string]any{}
	keptRows, keptContent := make([]UserRow, 0, len(rows)), content[:0:0]
	for i := range rows {
		hash, out := x.address(rows[i].Email)
		if out && !x.ids[rows[i].ID] {
			if err := t.keepOutUser(ctx, hash, &rows[i], x.consent[hash], mark); err != nil {
				return nil, nil, err
			}
			x.ids[rows[i].ID] = true
		}
		if x.ids[rows[i].ID] {
			continue
		}
		keptRows, keptContent = append(keptRows, rows[i]), append(keptContent, content[i])
		if known := x.consent[hash]; len(known) > 0 {
			optOuts[rows[i].ID] = known
		}
	}
	return keptRows, keptContent, t.optOutUsers(ctx, optOuts)
}

// keepOutUser keeps somebody out and erases them, unless something about them is under way: eraseRest comes back then.
func (t *tx) keepOutUser(ctx context.Context, hash string, r *UserRow, optOuts map[string]any, mark int64) error {
	e := &eraser{tx: t, users: []int64{r.ID}, email: r.Email, rows: map[string]int64{}, mark: mark, optOuts: optOuts}
	erased, err := e.eraseIdle(ctx)
	if err == nil && !erased { // a merge that is under way carries them over
		err = t.keepOptOuts(ctx, map[int64]map[string]any{r.ID: optOuts})
	}
	if err != nil {
		return err
	}
	return t.bury(ctx, hash, e.users, e.rows, e.optOuts, moment(mark))
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
func (t *tx) eraseRest(ctx context.Context, x *tombs, mark int64) error {
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
		if _, err := t.exec(ctx, `UPDATE forgotten SET erased = CASE WHEN erased = '' THEN CAST($3 AS TEXT) ELSE erased END
			WHERE account = $1 AND user_id = $2 AND lifted_at = 0`, t.account, id, counts); err != nil {
			return err
		}
		if err := t.noteOptOuts(ctx, x, x.hashesOf(id), e.optOuts); err != nil {
			return err
		}
	}
	return nil
}

// noteOptOuts notes in the evidence what addresses that are kept out have opted out of, beside what is known of them.
func (t *tx) noteOptOuts(ctx context.Context, x *tombs, hashes []string, optOuts map[string]any) error {
	for _, hash := range hashes {
		known := WithOptOuts(x.consent[hash], optOuts)
		if len(known) == len(x.consent[hash]) {
			continue
		}
		x.consent[hash] = known
		consent, err := encodeMap(known)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE forgotten SET opted_out = $3, consent = $4 WHERE account = $1 AND lifted_at = 0 AND address_hash = $2",
			t.account, hash, ofEmail(known), consent); err != nil {
			return err
		}
	}
	return nil
}

// ofEmail reports whether opt-outs tell of e-mail as a whole.
func ofEmail(optOuts map[string]any) bool {
	return optOuts[Blocklisted] == true || optOuts[OwedEmail] == true
}

// optOutUsers has contacts that may be made of users respect what was opted out of. Whose contact is there has its consent in Brevo.
func (t *tx) optOutUsers(ctx context.Context, of map[int64]map[string]any) error {
	had, err := t.deliveries(ctx, slices.Collect(maps.Keys(of)))
	if err != nil {
		return err
	}
	for id := range had {
		if had[id].State == DeliverySent {
			delete(of, id)
		}
	}
	return t.keepOptOuts(ctx, of)
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

// keepOutContacts leaves out contacts of Brevo that have an address which is kept out. What they have opted out of meanwhile is noted.
func (t *tx) keepOutContacts(ctx context.Context, rows []BrevoContact) ([]BrevoContact, error) {
	x, err := t.tombs(ctx)
	if err != nil || len(x.hashes) == 0 {
		return rows, err
	}
	var out []int64
	kept := make([]BrevoContact, 0, len(rows))
	for i := range rows {
		if hash, forgotten := x.address(rows[i].Email); forgotten {
			out = append(out, rows[i].ID)
			if err := t.noteOptOuts(ctx, &x, []string{hash}, OptOutsOf(&rows[i])); err != nil {
				return nil, err
			}
			continue
		}
		kept = append(kept, rows[i])
	}
	if len(out) == 0 {
		return kept, nil
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

// Remember lifts Forget: whoever has the address may be read again from now on, and nothing is brought back. What somebody had opted
// out of is remembered for the contact that may be made of them, or of whoever has the address later. It returns the users, ascending, and
// whether the address was kept out at all.
func (a *Account) Remember(ctx context.Context, email string, now time.Time) (users []int64, lifted bool, err error) {
	err = a.write(ctx, func(t *tx) error {
		users, lifted = nil, false
		key, err := t.forgetKey(ctx)
		if err != nil || key == nil {
			return err
		}
		var optOuts map[string]any
		err = t.each(ctx, func(rows *sql.Rows) error {
			var id int64
			of, err := scanConsent(rows, &id)
			lifted, optOuts = true, WithOptOuts(optOuts, of)
			if id != 0 {
				users = append(users, id)
			}
			return err
		}, "UPDATE forgotten SET lifted_at = $3 WHERE account = $1 AND address_hash = $2 AND lifted_at = 0 RETURNING user_id, opted_out, consent",
			t.account, keyed(key, email), nanos(now))
		users = distinct(users)
		if err != nil || len(optOuts) == 0 {
			return err
		}
		of := map[int64]map[string]any{}
		for _, id := range users {
			of[id] = optOuts
		}
		return t.optOutUsers(ctx, of)
	})
	if err != nil {
		return nil, false, fmt.Errorf("remember: %w", err)
	}
	return users, lifted, nil
}
