package activities

import (
	"context"
	"time"

	"zendesk-brevo/internal/brevo"
)

// eachCompany reads the companies made since a time, each once, until visit returns false. What GET /companies means by
// page is not documented ("index of the first document of the page"), nor is the largest limit: it is learned from what
// page 1 brings compared with a request that names no page.
// https://developers.brevo.com/reference/get-companies
func (s *companySync) eachCompany(ctx context.Context, since time.Time, visit func(*brevo.Company) (more bool)) error {
	r := &companyReader{seen: map[string]bool{}, visit: visit, more: true, query: brevo.CompanyQuery{
		CreatedSince: since, Limit: companyPage, Sort: "asc",
	}}
	first, err := s.brevo.ListCompanies(ctx, r.query)
	if err != nil && Classify(err) == Reject {
		r.query.Limit = 0 // too large for this account: its own default then
		first, err = s.brevo.ListCompanies(ctx, r.query)
	}
	if err != nil || r.take(first) == 0 || !r.more {
		return err
	}
	for r.query.Page = 1; ; r.query.Page = r.next(r.query.Page) {
		page, err := s.brevo.ListCompanies(ctx, r.query)
		if err != nil {
			return err
		}
		fresh := r.take(page)
		if !r.more || r.ended(fresh, len(page), len(first)) {
			return nil
		}
		if r.query.Page == 1 {
			r.byRow = fresh > 0 && fresh < len(page)
		}
	}
}

// companyReader is one reading of the companies, with what it has learned of the account's pages.
type companyReader struct {
	query brevo.CompanyQuery
	seen  map[string]bool
	visit func(*brevo.Company) bool
	more  bool
	byRow bool // page counts companies: page 1 brought rows of the first answer, and others
}

// take visits the companies of a page that were not seen before, and counts them.
func (r *companyReader) take(page []brevo.Company) (fresh int) {
	for i := range page {
		if !r.seen[page[i].ID] {
			r.seen[page[i].ID] = true
			fresh++
			r.more = r.more && r.visit(&page[i])
		}
	}
	return fresh
}

// ended reports whether there is nothing left to read. Page 1 may repeat the whole first answer, where pages count from 1;
// any other page that brings nothing new is beyond the end.
func (r *companyReader) ended(fresh, rows, first int) bool {
	return fresh == 0 && (r.query.Page > 1 || rows < first)
}

func (r *companyReader) next(page int) int {
	if r.byRow {
		return len(r.seen)
	}
	return page + 1
}
