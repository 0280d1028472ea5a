package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

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
