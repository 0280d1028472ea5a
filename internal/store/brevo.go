package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

const brevoColumns = "id bigint, email text, email_blacklisted boolean, sms_blacklisted boolean, lists text, unsubscribed text, attributes text, modified_at bigint"

var (
	upsertBrevo = newUpsert("brevo_contacts", 1, brevoColumns+", phone_digits text, scan text, asked bigint")
	fillBrevoID = newBatch("user_id bigint, brevo_id bigint",
		"UPDATE deliveries SET brevo_id = $3 WHERE account = $1 AND user_id = $2",
		"UPDATE deliveries SET brevo_id = u.brevo_id FROM ROWS WHERE deliveries.account = $1 AND deliveries.user_id = u.user_id")
)

// ApplyBrevoContacts stores contacts as Brevo shows them, and stamps them with the look's scan. One that was written or seen
// since the look asked stays as it is known, but for opt-outs. An e-mail belongs to one contact: another that was known by it
// loses it. A delivery in state sent with that e-mail and no Brevo id yet learns it, and the user's organization is marked
// dirty.
func (a *Account) ApplyBrevoContacts(ctx context.Context, look Look, rows []BrevoContact, now time.Time) error {
	if len(rows) == 0 {
		return nil
	}
	err := a.write(ctx, func(t *tx) error { return t.applyBrevo(ctx, look, rows, now) })
	if err != nil {
		return fmt.Errorf("apply brevo contacts: %w", err)
	}
	return nil
}

func (t *tx) applyBrevo(ctx context.Context, look Look, rows []BrevoContact, now time.Time) error {
	mark, err := t.nextMark(ctx, now)
	if err != nil {
		return err
	}
	if look.Asked == 0 {
		look.Asked = mark
	}
	if rows, err = t.keepOutContacts(ctx, rows); err != nil {
		return err
	}
	last := make(map[int64]int, len(rows)) // a contact may come twice when it changes during the scan
	for i := range rows {
		last[rows[i].ID] = i
	}
	newer, held, err := t.knownSince(ctx, look.Asked, rows, last)
	if err != nil {
		return err
	}
	values := make([][]any, 0, len(rows))
	owner := make(map[string]int64, len(rows)) // of each e-mail
	for i := range rows {
		if last[rows[i].ID] != i {
			continue
		}
		contact, as := &rows[i], look
		if known, since := newer[contact.ID]; since {
			contact, as.Asked = &known, mark
		}
		row, err := brevoRow(contact, as)
		if err != nil {
			return err
		}
		values = append(values, row)
		if email := row[1].(string); email != "" {
			owner[email] = contact.ID
		}
	}
	if err := t.disown(ctx, owner, held, look.Asked); err != nil {
		return err
	}
	for _, row := range values {
		if owner[row[1].(string)] != row[0] {
			row[1] = ""
		}
	}
	if err := t.run(ctx, &upsertBrevo, values); err != nil {
		return err
	}
	return t.learn(ctx, owner, mark)
}

func brevoRow(c *BrevoContact, look Look) ([]any, error) {
	lists, err := encodeList(c.Lists)
	if err != nil {
		return nil, err
	}
	unsubscribed, err := encodeList(c.Unsubscribed)
	if err != nil {
		return nil, err
	}
	attributes, err := encodeMap(c.Attributes)
	if err != nil {
		return nil, err
	}
	phone, _ := c.Attributes["SMS"].(string)
	return []any{
		c.ID, clean(strings.ToLower(c.Email)), c.EmailBlacklisted, c.SMSBlacklisted, lists, unsubscribed, attributes,
		nanos(c.ModifiedAt), digits(phone), look.Scan, look.Asked,
	}, nil
}

// digits is a phone number without anything but its digits: Brevo shows numbers without the plus.
func digits(phone string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone), "0")
}

// disown takes e-mails from the contacts that no longer have them. Who is known to have one since the look asked stays its
// owner, and an e-mail that its owner held before is nobody else's.
func (t *tx) disown(ctx context.Context, owner map[string]int64, held map[int64]string, asked int64) error {
	var emails []string
	for e, id := range owner {
		if held[id] != e {
			emails = append(emails, e)
		}
	}
	if len(emails) == 0 {
		return nil
	}
	var former []int64
	err := t.each(ctx, func(rows *sql.Rows) error {
		var id, since int64
		var email string
		err := rows.Scan(&id, &email, &since)
		switch {
		case owner[email] == id:
		case since > asked:
			owner[email] = id
		default:
			former = append(former, id)
		}
		return err
	}, "SELECT id, email, asked FROM brevo_contacts WHERE account = $1 AND email <> '' AND "+t.in("email", "$2"), t.account, many(t, emails))
	if err != nil || len(former) == 0 {
		return err
	}
	_, err = t.exec(ctx, "UPDATE brevo_contacts SET email = '' WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, former))
	return err
}

// learn gives deliveries the Brevo ids of their e-mails.
func (t *tx) learn(ctx context.Context, owner map[string]int64, mark int64) error {
	emails := make([]string, 0, len(owner))
	for e := range owner {
		emails = append(emails, e)
	}
	var found [][]any
	var users []int64
	err := t.each(ctx, func(rows *sql.Rows) error {
		var user int64
		var email string
		err := rows.Scan(&user, &email)
		found, users = append(found, []any{user, owner[email]}), append(users, user)
		return err
	}, "SELECT user_id, email FROM deliveries WHERE account = $1 AND state = 'sent' AND brevo_id = 0 AND email <> '' AND "+
		t.in("email", "$2")+" ORDER BY user_id"+t.forUpdate(), t.account, many(t, emails))
	if err != nil {
		return err
	}
	return errors.Join(t.run(ctx, &fillBrevoID, found), t.markOrganizationsOf(ctx, users, mark))
}

// UnseenBrevoContacts returns up to limit known contacts with an id greater than after, ascending, that a scan did not
// show. After a scan of everything they are candidates for "deleted in Brevo".
func (a *Account) UnseenBrevoContacts(ctx context.Context, scan string, after int64, limit int) ([]BrevoContact, error) {
	out, err := a.brevo(ctx, func(*tx) (string, []any) {
		return "scan <> $2 AND id > $3 ORDER BY id LIMIT $4", []any{scan, after, int64(limit)}
	})
	if err != nil {
		return nil, fmt.Errorf("read unseen brevo contacts: %w", err)
	}
	return out, nil
}

// RemoveBrevoContact forgets a contact that was deleted in Brevo. Its delivery in state sent, found by Brevo id or else by
// e-mail, becomes gone and keeps its id, attributes and lists for the record, and what the contact had opted out of; the user and
// the user's organization are marked dirty. It is idempotent.
func (a *Account) RemoveBrevoContact(ctx context.Context, id int64, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		found, err := t.brevo(ctx, "id = $2", id)
		if err != nil {
			return err
		}
		var contact BrevoContact
		if len(found) > 0 {
			contact = found[0]
		}
		if _, err := t.exec(ctx, "DELETE FROM brevo_contacts WHERE account = $1 AND id = $2", t.account, id); err != nil {
			return err
		}
		users, err := t.ids(ctx, `UPDATE deliveries SET state = 'gone', brevo_id = $2 WHERE account = $1 AND state = 'sent'
			AND ((brevo_id = $2 AND brevo_id <> 0) OR (brevo_id = 0 AND email <> '' AND email = $3)) RETURNING user_id`, id, contact.Email)
		if err != nil {
			return err
		}
		optOuts := map[int64]map[string]any{}
		for _, user := range users {
			optOuts[user] = OptOutsOf(&contact)
		}
		return errors.Join(t.keepOptOuts(ctx, optOuts), t.mark(ctx, KindUser, distinct(users), mark), t.markOrganizationsOf(ctx, users, mark))
	})
	if err != nil {
		return fmt.Errorf("remove brevo contact: %w", err)
	}
	return nil
}

// BrevoByEmail returns the known contacts with these e-mails, by lower-cased e-mail.
func (a *Account) BrevoByEmail(ctx context.Context, emails []string) (map[string]BrevoContact, error) {
	lower := make([]string, 0, len(emails))
	for _, e := range emails {
		if e != "" {
			lower = append(lower, strings.ToLower(e))
		}
	}
	found, err := a.brevo(ctx, func(t *tx) (string, []any) {
		return "email <> '' AND " + t.in("email", "$2"), []any{many(t, distinct(lower))}
	})
	if err != nil {
		return nil, fmt.Errorf("read brevo contacts by e-mail: %w", err)
	}
	out := make(map[string]BrevoContact, len(found))
	for _, c := range found {
		out[c.Email] = c
	}
	return out, nil
}

// BrevoByPhone returns the known contacts whose SMS attribute has the same digits, by the number asked for.
func (a *Account) BrevoByPhone(ctx context.Context, phones []string) (map[string]BrevoContact, error) {
	asked := make([]string, 0, len(phones))
	for _, p := range phones {
		if d := digits(p); d != "" {
			asked = append(asked, d)
		}
	}
	found, err := a.brevo(ctx, func(t *tx) (string, []any) {
		return "phone_digits <> '' AND " + t.in("phone_digits", "$2") + " ORDER BY id", []any{many(t, distinct(asked))}
	})
	if err != nil {
		return nil, fmt.Errorf("read brevo contacts by phone: %w", err)
	}
	byDigits := make(map[string]BrevoContact, len(found))
	for _, c := range found {
		phone, _ := c.Attributes["SMS"].(string)
		byDigits[digits(phone)] = c
	}
	out := make(map[string]BrevoContact, len(found))
	for _, p := range phones {
		if c, ok := byDigits[digits(p)]; ok {
			out[p] = c
		}
	}
	return out, nil
}

// BrevoByID returns the known contacts with these Brevo ids.
func (a *Account) BrevoByID(ctx context.Context, ids []int64) (map[int64]BrevoContact, error) {
	found, err := a.brevo(ctx, func(t *tx) (string, []any) { return t.in("id", "$2"), []any{many(t, distinct(ids))} })
	if err != nil {
		return nil, fmt.Errorf("read brevo contacts by id: %w", err)
	}
	out := make(map[int64]BrevoContact, len(found))
	for _, c := range found {
		out[c.ID] = c
	}
	return out, nil
}

// brevo reads the contacts that query finds.
func (a *Account) brevo(ctx context.Context, query func(*tx) (condition string, args []any)) ([]BrevoContact, error) {
	var out []BrevoContact
	err := a.read(ctx, func(t *tx) (err error) {
		condition, args := query(t)
		out, err = t.brevo(ctx, condition, args...)
		return err
	})
	return out, err
}

func (t *tx) brevo(ctx context.Context, condition string, args ...any) ([]BrevoContact, error) {
	var out []BrevoContact
	err := t.each(ctx, func(rows *sql.Rows) error {
		var c BrevoContact
		var lists, unsubscribed, attributes string
		var modified int64
		err := rows.Scan(&c.ID, &c.Email, &c.EmailBlacklisted, &c.SMSBlacklisted, &lists, &unsubscribed, &attributes, &modified)
		if err != nil {
			return err
		}
		c.ModifiedAt = moment(modified)
		if c.Attributes, err = decodeValues[string](attributes); err != nil {
			return err
		}
		err = errors.Join(decode(lists, &c.Lists), decode(unsubscribed, &c.Unsubscribed))
		out = append(out, c)
		return err
	}, "SELECT "+names(columns(brevoColumns))+" FROM brevo_contacts WHERE account = $1 AND "+condition, append([]any{t.account}, args...)...)
	return out, err
}
