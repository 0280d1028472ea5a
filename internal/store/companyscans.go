package store

import (
	"context"
	"fmt"
	"time"
)

// CompanyScan is how far a look through Brevo's companies has come.
type CompanyScan struct {
	CreatedSince time.Time // which companies are looked through
	Page         int       // the last that was read; 0: none
	Limit        int       // rows of a page; 0: as many as Brevo gives by itself
	ByRow        bool      // Page counts companies, not pages
}

// CompanyScan returns where the unfinished look through Brevo's companies stands; ErrNotFound when there is none.
func (a *Account) CompanyScan(ctx context.Context) (CompanyScan, error) {
	var out CompanyScan
	var since int64
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT created_since, page, page_size, by_row FROM company_scans WHERE account = $1", t.account).
			Scan(&since, &out.Page, &out.Limit, &out.ByRow)
	})
	if err != nil {
		return CompanyScan{}, fmt.Errorf("read company scan: %w", err)
	}
	out.CreatedSince = moment(since)
	return out, nil
}

// SaveCompanyScan stores where a look through Brevo's companies stands.
func (a *Account) SaveCompanyScan(ctx context.Context, scan *CompanyScan) error {
	err := a.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO company_scans (account, created_since, page, page_size, by_row) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account) DO UPDATE SET created_since = excluded.created_since, page = excluded.page,
			page_size = excluded.page_size, by_row = excluded.by_row`,
			t.account, nanos(scan.CreatedSince), int64(scan.Page), int64(scan.Limit), scan.ByRow)
		return err
	})
	if err != nil {
		return fmt.Errorf("save company scan: %w", err)
	}
	return nil
}

// EndCompanyScan says that no look through Brevo's companies is unfinished.
func (a *Account) EndCompanyScan(ctx context.Context) error {
	err := a.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM company_scans WHERE account = $1", t.account)
		return err
	})
	if err != nil {
		return fmt.Errorf("end company scan: %w", err)
	}
	return nil
}
