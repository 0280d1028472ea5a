package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// find looks for the companies of intents among those made since, books the ones it meets, and gives the rest.
func (s *companySync) find(ctx context.Context, intents []store.Company) (missing []store.Company, _ error) {
	r := &companyReader{companySync: s, seen: map[string]bool{}, open: make(map[int64]store.Company, len(intents))}
	earliest := intents[0].IntentAt
	for i := range intents {
		r.open[intents[i].OrganizationID] = intents[i]
		if intents[i].IntentAt.Before(earliest) {
			earliest = intents[i].IntentAt
		}
	}
	if err := r.resume(ctx, earliest.Add(-scanOverlap)); err != nil {
		return nil, err
	}
	// A look that Brevo refuses is over as well: the next one begins where its pages may be read.
	if err := r.read(ctx); err != nil && Classify(err) != Reject {
		return nil, err
	} else if endErr := r.end(ctx); err != nil || endErr != nil {
		return nil, errors.Join(err, endErr)
	}
	for _, id := range slices.Sorted(maps.Keys(r.open)) {
		missing = append(missing, r.open[id])
	}
	return missing, nil
}

// companyReader is one look through the companies, with what it has learned of the account's pages. Its place is kept:
// thousands of companies take more requests than Brevo allows in an hour, and nothing is made while a look is unfinished,
// so what was looked through cannot come to hold what is looked for.
type companyReader struct {
	*companySync
	at   store.CompanyScan
	kept bool // the store has a place
	seen map[string]bool
	open map[int64]store.Company // by organization: not found yet
}

// resume takes up the look that was not ended, with the page that it read last, or begins one.
func (r *companyReader) resume(ctx context.Context, since time.Time) error {
	at, err := r.store.CompanyScan(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	r.kept = err == nil
	if !r.kept || at.CreatedSince.After(since) {
		at = store.CompanyScan{CreatedSince: since, Limit: companyPage}
	}
	r.at = at
	return nil
}

func (r *companyReader) end(ctx context.Context) error {
	if !r.kept {
		return nil
	}
	return r.store.EndCompanyScan(ctx)
}

// read looks through the companies until all are found. What GET /companies means by page is not documented ("index of the
// first document of the page"), nor is the largest limit: it is learned from what page 1 brings compared with a request
// that names no page.
// https://developers.brevo.com/reference/get-companies
func (r *companyReader) read(ctx context.Context) error {
	first := 0
	if r.at.Page == 0 {
		page, err := r.list(ctx)
		if err != nil && r.at.Limit > 0 && Classify(err) == Reject {
			r.at.Limit = 0 // too large for this account: its own default then
			page, err = r.list(ctx)
		}
		if err != nil {
			return err
		}
		if fresh, err := r.take(ctx, page); err != nil || fresh == 0 {
			return err
		}
		first, r.at.Page = len(page), 1
	}
	for len(r.open) > 0 {
		page, err := r.list(ctx)
		if err != nil {
			return err
		}
		fresh, err := r.take(ctx, page)
		if err != nil || r.ended(fresh, len(page), first) {
			return err
		}
		if err := r.turn(ctx, fresh, len(page)); err != nil {
			return err
		}
	}
	return nil
}

func (r *companyReader) list(ctx context.Context) ([]brevo.Company, error) {
	return r.brevo.ListCompanies(ctx, brevo.CompanyQuery{CreatedSince: r.at.CreatedSince, Page: r.at.Page, Limit: r.at.Limit, Sort: "asc"})
}

// take books what a page shows of the companies looked for, and counts the rows that were not seen before.
func (r *companyReader) take(ctx context.Context, page []brevo.Company) (fresh int, _ error) {
	var read, made []store.Company
	var ids []int64
	for i := range page {
		if r.seen[page[i].ID] {
			continue
		}
		r.seen[page[i].ID] = true
		fresh++
		id := r.keyOf(&page[i])
		c, open := r.open[id]
		if !open {
			continue
		}
		read = append(read, c)
		c.State, c.BrevoID, c.ProcessID, c.SentAt = companySent, page[i].ID, 0, time.Time{}
		r.arrived(&c)
		made, ids = append(made, c), append(ids, id)
		delete(r.open, id)
	}
	if len(made) == 0 {
		return fresh, nil
	}
	if _, err := r.store.SaveCompanies(ctx, read, made, r.now()); err != nil {
		return fresh, fmt.Errorf("store companies: %w", err)
	}
	return fresh, r.store.ClearRejects(ctx, store.KindOrganization, ids)
}

// ended reports whether there is nothing left to read. Page 1 may repeat the whole first answer, where pages count from 1;
// any other page that brings nothing new is beyond the end.
func (r *companyReader) ended(fresh, rows, first int) bool {
	return fresh == 0 && (r.at.Page > 1 || rows < first)
}

// turn keeps the place and goes on to the next page. Page 1 tells nothing to a later look, which has not seen the page
// before it.
func (r *companyReader) turn(ctx context.Context, fresh, rows int) error {
	if r.at.Page == 1 {
		r.at.ByRow = fresh > 0 && fresh < rows
	} else {
		if err := r.store.SaveCompanyScan(ctx, &r.at); err != nil {
			return err
		}
		r.kept = true
	}
	if r.at.ByRow {
		r.at.Page += rows
	} else {
		r.at.Page++
	}
	return nil
}
