package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ReasonErased is the reason of a delivery whose user was deleted for good.
const ReasonErased = "erased"

// Erase forgets whatever tells of users as people, who were deleted for good and whose contacts have lost what we delivered: of
// the user stay the id and the state; of the delivery that it was left, not to whom or under which Brevo id. Rejects and
// payloads of imports go, and the mirrored contact unless that is another user's by now. It clears the marks that still have
// the version given and releases the claims, all in one transaction, and is idempotent. It returns
// ErrClaimLost, with nothing written, when one of the claims is not the owner's.
func (a *Account) Erase(ctx context.Context, owner string, users []Dirty, now time.Time) error {
	if len(users) == 0 {
		return nil
	}
	ids := make([]int64, len(users))
	for i, u := range users {
		ids[i] = u.ID
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
		if len(held) != len(distinct(ids)) {
			return ErrClaimLost
		}
		var left []int64
		for id, c := range held {
			if c.state == DeliverySent {
				left = append(left, id)
			}
		}
		return errors.Join(t.eraseContacts(ctx, ids, held), t.erase(ctx, ids), t.clear(ctx, KindUser, users), t.markOrganizationsOf(ctx, left, mark))
	})
	if err != nil {
		return fmt.Errorf("erase users: %w", err)
	}
	return nil
}

// eraseContacts forgets the mirrored contacts of users, except those that somebody else was delivered to.
func (t *tx) eraseContacts(ctx context.Context, users []int64, held map[int64]claim) error {
	var contacts []int64
	var emails []string
	for _, c := range held {
		if c.brevoID != 0 {
			contacts = append(contacts, c.brevoID)
		}
		if c.email != "" {
			emails = append(emails, c.email)
		}
	}
	if len(contacts)+len(emails) == 0 {
		return nil
	}
	const of = "SELECT 1 FROM deliveries d WHERE d.account = brevo_contacts.account AND d.state = 'sent' AND NOT "
	_, err := t.exec(ctx, "DELETE FROM brevo_contacts WHERE account = $1 AND ("+t.in("id", "$2")+" OR (email <> '' AND "+t.in("email", "$3")+`))
		AND NOT EXISTS (`+of+"("+t.in("d.user_id", "$4")+") AND d.brevo_id <> 0 AND d.brevo_id = brevo_contacts.id)"+`
		AND NOT EXISTS (`+of+"("+t.in("d.user_id", "$4")+") AND d.email <> '' AND d.email = brevo_contacts.email)",
		t.account, many(t, contacts), many(t, emails), many(t, users))
	return err
}

// erase goes through the other tables that hold personal data.
func (t *tx) erase(ctx context.Context, users []int64) error {
	for _, statement := range []string{
		`UPDATE users SET email = '', name = '', phone = '', phone164 = '', tags = '', fields = '', external_id = '', locale = '', time_zone = ''
			WHERE account = $1 AND ` + t.in("id", "$2"),
		`UPDATE deliveries SET state = CASE WHEN sent_at > 0 THEN 'left' ELSE 'skipped' END, reason = '` + ReasonErased + `', email = '', brevo_id = 0, attributes = '', lists = '', refused = '',
			made = FALSE, owner = '', lease_until = 0 WHERE account = $1 AND ` + t.in("user_id", "$2"),
		"DELETE FROM rejects WHERE account = $1 AND kind = '" + string(KindUser) + "' AND " + t.in("id", "$2"),
		"DELETE FROM import_rows WHERE account = $1 AND " + t.in("user_id", "$2"),
	} {
		if _, err := t.exec(ctx, statement, t.account, many(t, users)); err != nil {
			return err
		}
	}
	return nil
}
