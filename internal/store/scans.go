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

// Look is how contacts of Brevo came to be known. The zero Look is a write of ours, which left them so.
type Look struct {
	Scan  string // the look at many that they are part of; empty: none
	Asked int64  // the account's newest mark when Brevo was asked
}

// BeginLook comes before the request that shows contacts: what is written to the mirror from now on is newer than its answer.
func (a *Account) BeginLook(ctx context.Context, scan string) (Look, error) {
	look := Look{Scan: scan}
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT COALESCE(MAX(mark), 0) FROM accounts WHERE account = $1", t.account).Scan(&look.Asked)
	})
	if err != nil {
		return Look{}, fmt.Errorf("begin look: %w", err)
	}
	look.Asked = max(1, look.Asked)
	return look, nil
}

// knownSince are those contacts of a look that were written or seen since it asked, as they are known. They take over the look's
// opt-outs, which a write need not have known of. Held are the known e-mails of all of the look's contacts.
func (t *tx) knownSince(ctx context.Context, asked int64, rows []BrevoContact, last map[int64]int) (
	newer map[int64]BrevoContact, held map[int64]string, err error,
) {
	held, newer = make(map[int64]string, len(last)), map[int64]BrevoContact{}
	var since []int64
	err = t.each(ctx, func(rows *sql.Rows) error {
		var id, at int64
		var email string
		err := rows.Scan(&id, &email, &at)
		held[id] = email
		if at > asked {
			since = append(since, id)
		}
		return err
	}, "SELECT id, email, asked FROM brevo_contacts WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, slices.Collect(maps.Keys(last))))
	if err != nil || len(since) == 0 {
		return newer, held, err
	}
	known, err := t.brevo(ctx, t.in("id", "$2"), many(t, since))
	for _, c := range known {
		shown := &rows[last[c.ID]]
		c.EmailBlacklisted, c.SMSBlacklisted = c.EmailBlacklisted || shown.EmailBlacklisted, c.SMSBlacklisted || shown.SMSBlacklisted
		c.Unsubscribed = distinct(append(c.Unsubscribed, shown.Unsubscribed...))
		newer[c.ID] = c
	}
	return newer, held, err
}

// ScanState returns where reading Brevo's contacts stands; all zero before the first scan.
func (a *Account) ScanState(ctx context.Context) (modifiedSince time.Time, offset int, scanID string, err error) {
	var since int64
	err = a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT modified_since, next_offset, scan FROM scans WHERE account = $1", t.account).
			Scan(&since, &offset, &scanID)
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return time.Time{}, 0, "", fmt.Errorf("read scan state: %w", err)
	}
	return moment(since), offset, scanID, nil
}

// SetScanState stores where reading Brevo's contacts stands.
func (a *Account) SetScanState(ctx context.Context, modifiedSince time.Time, offset int, scanID string) error {
	err := a.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO scans (account, modified_since, next_offset, scan) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account) DO UPDATE SET modified_since = excluded.modified_since, next_offset = excluded.next_offset,
			scan = excluded.scan`, t.account, nanos(modifiedSince), int64(offset), scanID)
		return err
	})
	if err != nil {
		return fmt.Errorf("set scan state: %w", err)
	}
	return nil
}
